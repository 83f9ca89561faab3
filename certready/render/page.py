"""HTML pages that load nothing: for people who were sent them, on paper, on a phone, read aloud.

No script is needed to read one; the script there is copies lines to type. Whatever came from certificates, servers and
exports is text, never markup and never a link, and each page's Content-Security-Policy allows nothing but its own style
and script.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from importlib.resources import files
from itertools import groupby
from typing import TYPE_CHECKING

from msgspec import Struct

from certready._version import __version__
from certready.model.report import Finding
from certready.render.findings import OwnedMessage
from certready.render.layout import Span, filled_columns, is_command
from certready.rules import RULES
from certready.wording import visible

if TYPE_CHECKING:
    from jinja2 import Environment

_LONG_WORD = 32  # characters: a cipher suite's name is whole, a thumbprint and an address may break
_SHORT = 12
TEMPLATES = ("page", "parts", "report", "reports", "tenant", "difference", "comparison", "overview", "line")


class Table(Struct, frozen=True):
    """A table and what it is called; the first cell of a row is its header."""

    label: str
    headers: Sequence[str]
    rows: Sequence[Sequence[Span]]
    caption: str = ""


class Fix(Struct, frozen=True):
    """Lines of a fix that belong together: a sentence, or commands to type."""

    lines: Sequence[str]
    typed: bool


class Entry(Struct, frozen=True):
    """The findings of one rule as a page shows them: their sentences, and what to do and where that is written, each
    once."""

    severity: str
    rule: str
    title: str
    messages: Sequence[str]
    fixes: Sequence[Fix]
    references: Sequence[str]


def page(template: str, title: str, *, parts: Sequence[str] = ("page",), **values: object) -> str:
    """The page that this template of :data:`TEMPLATES` makes of the values, ``title`` being what a tab shows. ``parts``
    name the files of style and script that it is made of."""
    from markupsafe import Markup

    style, script = _style_and_script(parts)
    text = (
        _environment()
        .get_template(template)
        .render(
            **values,
            title=title,
            version=__version__,
            css=Markup(style),  # noqa: S704 - our own file
            js=Markup(script),  # noqa: S704 - our own file
            policy=policy(parts),
        )
    )
    # A console's encoding, or what a shell makes of redirected output, must not change a name.
    return text.encode("ascii", "xmlcharrefreplace").decode("ascii")


def policy(parts: Sequence[str] = ("page",)) -> str:
    """The Content-Security-Policy of a page made of these parts: its own style and script, and nothing else."""
    style, script = map(_digest, _style_and_script(parts))
    return f"default-src 'none'; style-src '{style}'; script-src '{script}'; base-uri 'none'; form-action 'none'"


def table(label: str, headers: Sequence[str], rows: Iterable[Sequence[Span]], caption: str = "") -> Table | None:
    """A table without the columns in which every cell is empty; None without rows. ``label`` is for screen readers,
    ``caption`` is shown."""
    cells = [[(text, _breaking(text, style)) for text, style in row] for row in rows]
    kept = filled_columns(headers, cells)
    if not cells:
        return None
    return Table(label, [headers[place] for place in kept], [[row[place] for place in kept] for row in cells], caption)


def _breaking(text: str, style: str) -> str:
    """The style of a cell: a date or a number stays whole, a word that would make its column wider than a screen may
    break anywhere."""
    if len(text) <= _SHORT:
        return f"{style} short".strip()
    longest = max(map(len, text.split()), default=0)
    return f"{style} any".strip() if longest > _LONG_WORD else style


def entries(groups: Iterable[tuple[Sequence[Finding], Sequence[OwnedMessage]]]) -> Iterator[Entry]:
    """The findings of each rule together, and what they say."""
    for alike, sentences in groups:
        rule = alike[0].rule
        yield Entry(
            str(alike[0].severity),
            rule,
            RULES[rule].title if rule in RULES else rule,
            [f"{', '.join(owners)}: {message}" if owners else message for owners, message in sentences],
            [part for fix in dict.fromkeys(finding.fix or "" for finding in alike) for part in _parts_of(fix)],
            list(dict.fromkeys(finding.reference for finding in alike if finding.reference)),
        )


def _parts_of(fix: str) -> Iterator[Fix]:
    """Sentences, and between them the commands that are typed together."""
    for typed, lines in groupby(fix.splitlines(), key=is_command):
        yield Fix([line.removeprefix("  ") if typed else line for line in lines], typed)


@cache
def _environment() -> Environment:
    """The templates, each compiled once."""
    from jinja2 import DictLoader, StrictUndefined
    from jinja2 import Environment as Made

    return Made(
        loader=DictLoader({name: _part(f"{name}.html.j2") for name in TEMPLATES}),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def _shown(value: object) -> object:
    """Text with what cannot be seen written as escapes; our own markup as it is."""
    from markupsafe import Markup

    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _style_and_script(parts: Sequence[str]) -> tuple[str, str]:
    style, script = ("".join(_part(f"{name}.{ending}") for name in parts) for ending in ("css", "js"))
    return style, script


def _part(name: str) -> str:
    return files(__package__).joinpath("pages", name).read_text("utf-8")


def _digest(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
