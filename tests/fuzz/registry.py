"""Every parser and dialogue that hostile input is made for, by name: crashers are called after it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from tests.fuzz import answers, containers, files, talks
from tests.fuzz.parser import Parser

_GROUPS = (containers.PARSERS, answers.PARSERS, files.PARSERS, talks.PARSERS)
PARSERS: Mapping[str, Parser] = MappingProxyType(
    {name: each._replace(samples=cache(each.samples)) for group in _GROUPS for name, each in group.items()}
)
