"""Help for people at a terminal as typer draws it, and away from one as plain text that can be searched and cut."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from typer import TyperException
from typer.core import TyperCommand, TyperGroup

from certready.cli.output import drawn, outlasting, write
from certready.errors import UsageError

MAY_BE_EMPTY = ("--sni", "--sender")  # no name is asked for, the null sender


class Command(TyperCommand):
    """A command whose help is plain away from a terminal."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        _help(self, super().format_help, ctx, formatter)

    def get_help(self, ctx: Any) -> str:
        return _written(super().get_help(ctx))

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        try:
            left = super().parse_args(ctx, args)
        except TyperException as error:
            vars(error)["ctx"] = getattr(error, "ctx", None) or ctx  # its parser does not always say whose help helps
            raise
        for parameter in self.params:
            _refuse_empty(parameter, ctx.params.get(parameter.name))
        return left


class Group(TyperGroup):
    """A group of commands whose help is plain away from a terminal."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        _help(self, super().format_help, ctx, formatter)

    def get_help(self, ctx: Any) -> str:
        return _written(super().get_help(ctx))


def _help(command: TyperCommand | TyperGroup, draw: Callable[..., None], context: Any, formatter: Any) -> None:
    """The help as typer draws it, or as plain text."""
    if drawn(sys.stdout):
        with outlasting(sys.stdout):
            draw(context, formatter)
    else:
        write_page(command, context, formatter)


def _refuse_empty(parameter: Any, value: object) -> None:
    """Raises UsageError for an empty value: a variable of the shell was not set, and whatever stood in for it, the
    working folder or nothing at all, would be judged in silence."""
    name = parameter.opts[0] if parameter.param_type_name == "option" else parameter.metavar
    if "" in (value if isinstance(value, (list, tuple)) else (value,)) and name not in MAY_BE_EMPTY:
        raise UsageError(f"{name} is empty.", hint="Write a value; where a variable stands there, it is not set.")


def _written(page: str) -> str:
    """Writes the page, all but the line end that typer adds to what is left of it: nothing."""
    write(sys.stdout, page)
    return ""


def write_page(command: TyperCommand | TyperGroup, context: Any, formatter: Any) -> None:
    """Usage, what the command does, its options by section, the commands below it, examples: no frames, no colours."""
    formatter.write_usage(context.command_path, " ".join(command.collect_usage_pieces(context)))
    for paragraph in _unescaped(command.help or "").split("\n\n"):
        formatter.write_paragraph()
        with formatter.indentation():
            formatter.write_text(" ".join(paragraph.split()))
    for panel, rows in sections(command, context).items():
        with formatter.section(panel):
            formatter.write_dl(rows)
    below = getattr(command, "commands", {})
    if below:
        with formatter.section("Commands"):
            formatter.write_dl([(name, each.get_short_help_str(limit=200)) for name, each in below.items()])
    formatter.write_paragraph()
    formatter.write("".join(f"{line}\n" for line in _unescaped(command.epilog or "").splitlines() if line))


def sections(command: TyperCommand | TyperGroup, context: Any) -> dict[str, list[tuple[str, str]]]:
    """The rows of the help by their section: names with the value, and what it says."""
    rows: dict[str, list[tuple[str, str]]] = {}
    for parameter in command.get_params(context):
        row = parameter.get_help_record(context)
        if row is not None:
            own = "Arguments" if parameter.param_type_name == "argument" else "Options"
            panel = getattr(parameter, "rich_help_panel", None) or own
            rows.setdefault(panel, []).append((_unescaped(row[0]), _unescaped(row[1])))
    return rows


def _unescaped(text: str) -> str:
    """Text for people without what keeps brackets from being markup."""
    return text.replace("\\[", "[")
