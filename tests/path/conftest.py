"""What tests of bounded work share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest


@pytest.fixture
def count(monkeypatch: pytest.MonkeyPatch) -> Callable[[Any, str], list[Any]]:
    """A function that has every call of another one noted, without changing what that does."""

    def noted(module: Any, name: str) -> list[Any]:
        calls: list[Any] = []
        real = getattr(module, name)
        monkeypatch.setattr(module, name, lambda *given, **named: calls.append(given) or real(*given, **named))
        return calls

    return noted
