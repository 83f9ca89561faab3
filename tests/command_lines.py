"""Whether the real command line accepts a command line that certready prints."""

from __future__ import annotations

import re
import shlex

import click

from certready.cli.app import app

COMMAND = re.compile(r"\bcertready [a-z]+(?: [^\n`;]*)?")
_PLACE = re.compile(r"<[^<>]*>")


def parsed(line: str) -> click.Context:
    """The context that the real command makes of the line, places in angle brackets filled with a word.

    Nothing is run. Raises click.ClickException for a command or an option that does not exist.
    """
    words = shlex.split(_PLACE.sub("x", line).replace("[", "").replace("]", ""))
    assert words[0] == "certready", line
    context = click.Context(app, info_name="certready")
    name, command, rest = app.resolve_command(context, words[1:])  # type: ignore[attr-defined]
    return command.make_context(name, list(rest), parent=context)  # type: ignore[no-any-return]
