"""Fixtures of the tests against real servers: a small PKI, and Postfix and Exim where the machine has them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from certready.demo.pki import Authority
from tests.live.servers import Exim, Postfix, UnavailableError, exim_root, sendmail_root

Start = Callable[..., Any]


@pytest.fixture(scope="session")
def authority() -> Authority:
    """An intermediate CA under a private root."""
    return Authority.root("Live Test Root").intermediate("Live Test Intermediate")


@pytest.fixture(scope="session")
def exim() -> Iterator[Path]:
    """The root directory of an Exim, for as long as the tests run. Skips where the machine has none."""
    with ExitStack() as kept:
        try:
            root = kept.enter_context(exim_root())
        except UnavailableError as reason:
            pytest.skip(str(reason))
        yield root


@pytest.fixture(scope="session")
def sendmail() -> Iterator[Path]:
    """The root directory of an unpacked Sendmail, likewise."""
    with ExitStack() as kept:
        try:
            root = kept.enter_context(sendmail_root())
        except UnavailableError as reason:
            pytest.skip(str(reason))
        yield root


@pytest.fixture
def start_postfix() -> Iterator[Start]:
    """Start a Postfix; it is stopped when the test ends. Skips where the machine has none."""
    yield from _starter(Postfix)


@pytest.fixture
def start_exim(exim: Path) -> Iterator[Start]:
    """Start an Exim, likewise."""
    yield from _starter(partial(Exim, root=exim))


def _starter(kind: Start) -> Iterator[Start]:
    with ExitStack() as running:

        def start(*args: object, **options: object) -> object:
            try:
                server = kind(*args, **options)
            except UnavailableError as reason:
                pytest.skip(str(reason))
            return running.enter_context(server)

        yield start
