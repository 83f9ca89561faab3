"""Reports as text: one module for each output format, none of which knows another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Protocol, cast

from certready.errors import UsageError
from certready.model.report import Report, Verdict

FORMATS: Mapping[str, str] = MappingProxyType(
    {
        "text": "certready.render.text",
        "json": "certready.render.json",
        "jsonl": "certready.render.jsonl",
        "markdown": "certready.render.markdown",
        "html": "certready.render.html",
        "junit": "certready.render.junit",
        "sarif": "certready.render.sarif",
        "prometheus": "certready.render.prometheus",
        "nagios": "certready.render.nagios",
    }
)


class Renderer(Protocol):
    """What the module of a format offers. Text always ends with a line end."""

    def render(self, report: Report) -> str:
        """One report."""

    def render_many(self, reports: Sequence[Report], verdict: Verdict) -> str:
        """Several reports and the worst verdict among them."""


def format_called(name: str) -> str:
    """The format of this name, in any case. Raises UsageError where there is none."""
    if name.lower() not in FORMATS:
        raise UsageError(f"There is no output format {name[:80]!a}.", hint=f"The formats are: {', '.join(FORMATS)}.")
    return name.lower()


def renderer(name: str) -> Renderer:
    """The module behind a format's name, imported only now: a run pays for no format but its own.

    Raises:
        UsageError: there is no such format.
    """
    from importlib import import_module

    return cast(Renderer, import_module(FORMATS[format_called(name)]))
