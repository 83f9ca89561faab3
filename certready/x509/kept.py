"""``functools.cached_property`` as Python has it since 3.12: without the lock, which in 3.11 costs more than most
of what is kept by it."""

from __future__ import annotations

import sys

if sys.version_info >= (3, 12):
    from functools import cached_property
else:
    from collections.abc import Callable
    from typing import Any, Generic, TypeVar, overload

    T = TypeVar("T")

    class cached_property(Generic[T]):  # noqa: N801 - it stands in for the standard library's
        """A property that is worked out when first asked for, and kept in the instance's ``__dict__``."""

        def __init__(self, work: Callable[[Any], T]) -> None:
            self._work = work
            self._name = ""
            self.__doc__ = work.__doc__

        def __set_name__(self, owner: type, name: str) -> None:
            self._name = name

        @overload
        def __get__(self, holder: None, owner: type | None = None) -> cached_property[T]: ...

        @overload
        def __get__(self, holder: object, owner: type | None = None) -> T: ...

        def __get__(self, holder: object, owner: type | None = None) -> cached_property[T] | T:
            if holder is None:
                return self
            value = self._work(holder)
            holder.__dict__[self._name] = value
            return value


__all__ = ["cached_property"]
