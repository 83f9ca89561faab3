"""An inventory in YAML, built out of the parser's events: nothing is constructed but texts, lists and mappings.

PyYAML's loaders follow aliases into as much as a hostile file asks for, and take an unquoted ``no`` for False; here
every scalar is the text that stands there. An alias stands for what its anchor named, which is kept once.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import yaml

from certready.errors import InputError

MAX_DEPTH = 8
MAX_KEYS = 200  # of one mapping, those of merged ones included
MAX_ALIASES = 100_000
_NULLS = ("", "~", "null", "Null", "NULL")

_Parser = getattr(yaml, "CLoader", yaml.Loader)  # only its events are used: nothing is constructed by it


def load(text: str, called: str, hint: str | None = None) -> object:
    """The first document of an inventory that sentences call ``called``; they go with the ``hint``. Raises ValueError
    for what is no YAML, and InputError for what is no inventory."""
    try:
        reader = _Reader(yaml.parse(text, Loader=_Parser), called, hint)
        document = reader.document()
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        if "nesting depth" in str(error):
            raise RecursionError from None
        where = f" at line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        raise ValueError(f"{getattr(error, 'problem', None) or 'it cannot be read'}{where}") from None
    return document


class _Reader:
    def __init__(self, events: Iterator[Any], called: str, hint: str | None) -> None:
        self._events = events
        self._called = called
        self._hint = hint
        self._anchors: dict[str, object] = {}
        self._aliases = 0

    def document(self) -> object:
        for event in self._events:
            if isinstance(event, yaml.DocumentStartEvent):
                return self._value(next(self._events), 0)
        return None

    def _value(self, event: Any, depth: int) -> object:
        if depth > MAX_DEPTH:
            raise self._refused(event, "is nested too deeply")
        if isinstance(event, yaml.AliasEvent):
            self._aliases += 1
            if self._aliases > MAX_ALIASES or event.anchor not in self._anchors:
                raise self._refused(event, "has an alias that leads nowhere, or too many of them")
            return self._anchors[event.anchor]
        value: object
        if isinstance(event, yaml.ScalarEvent):
            value = None if not event.style and event.value in _NULLS else event.value
        elif isinstance(event, yaml.SequenceStartEvent):
            value = self._sequence(depth)
        else:
            value = self._mapping(event, depth)
        if event.anchor:
            self._anchors[event.anchor] = value
        return value

    def _sequence(self, depth: int) -> list[object]:
        items: list[object] = []
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            items.append(self._value(event, depth + 1))
        return items

    def _mapping(self, start: Any, depth: int) -> dict[str, object]:
        """A mapping, with those that ``<<`` merges into it below its own keys."""
        own: dict[str, object] = {}
        merged: dict[str, object] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            key = self._value(event, depth + 1)
            value = self._value(next(self._events), depth + 1)
            if key == "<<":
                for base in value if isinstance(value, list) else [value]:
                    if not isinstance(base, dict):
                        raise self._refused(event, "merges something that is no mapping")
                    merged = {**base, **merged}
            elif not isinstance(key, str):  # a list or a mapping may be one in YAML
                raise self._refused(event, "has an odd key")
            elif key in own:
                raise self._refused(event, f"has the key {key[:80]!a} twice")
            else:
                own[key] = value
            if len(own) + len(merged) > MAX_KEYS:
                raise self._refused(start, f"has a mapping of more than {MAX_KEYS} keys")
        return {**merged, **own}

    def _refused(self, event: Any, why: str) -> InputError:
        return InputError(f"{self._called} {why}, at line {event.start_mark.line + 1}.", hint=self._hint)
