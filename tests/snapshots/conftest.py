"""Snapshots as one text file each, and the command line run in a folder of files made on the fly.

``pytest tests/snapshots --snapshot-update`` writes them anew; what changed is then read in the diff.
"""

from __future__ import annotations

import contextlib
import io
import shlex
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode
from syrupy.location import PyTestLocation

from certready.cli import main
from certready.model import Root, RootStore
from certready.roots import stores
from certready.x509.certificate import Certificate
from tests.snapshots.normal import normal
from tests.snapshots.world import write_files


class OneFileEach(SingleFileSnapshotExtension):
    """``test_text[expired]`` in ``test_reports.py`` is kept as ``kept/test_reports/test_text[expired].txt``."""

    _write_mode = WriteMode.TEXT
    file_extension = "txt"

    @classmethod
    def dirname(cls, *, test_location: PyTestLocation) -> str:
        here = Path(test_location.filepath)
        return str(here.parent / "kept" / here.stem)


@pytest.fixture
def snapshot(snapshot: SnapshotAssertion) -> SnapshotAssertion:
    return snapshot.use_extension(OneFileEach)


class Screen(io.StringIO):
    """Standard output that says whether it is a terminal."""

    encoding = "utf-8"

    def __init__(self, *, terminal: bool) -> None:
        super().__init__()
        self._terminal = terminal

    def isatty(self) -> bool:
        return self._terminal


Typed = Callable[..., str]


class Programme:
    """A root programme that has the root of these files as well: a replay asks whether it does."""

    def __init__(self, store: RootStore) -> None:
        self.store = store
        self.info = store.info
        self.candidates = store.candidates

    def holds(self, certificate: Certificate) -> Root | None:
        own = certificate.parsed.label.startswith("Contoso")
        return Root(certificate) if own else self.store.holds(certificate)


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files that the commands below name, made once."""
    made = tmp_path_factory.mktemp("gateway")
    write_files(made)
    return made


@pytest.fixture
def typed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Typed:
    """Runs a command line in the folder; gives it with what it printed and its exit code, as a terminal would show it."""
    monkeypatch.chdir(folder)
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    monkeypatch.setenv("CERTREADY_DATA_HOME", str(folder / "data"))

    def run(*words: str, terminal: bool = False, columns: int = 100) -> str:
        monkeypatch.setenv("COLUMNS", str(columns))
        out, err = Screen(terminal=terminal), Screen(terminal=False)
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), monkeypatch.context() as patched:
            patched.setattr(sys, "stdin", io.StringIO())
            if "--replay" in words:
                patched.setattr(stores, "load", lambda name, load=stores.load: Programme(load(name)))
            code = main(words)
        where = f"  # on a terminal of {columns} columns" if terminal else ""
        parts = [f"$ certready {shlex.join(words)}{where}\n", out.getvalue(), err.getvalue(), f"exit code {code}\n"]
        return normal("".join(parts))

    return run
