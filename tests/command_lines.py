"""Whether the real command line accepts a command line that certready prints."""

from __future__ import annotations

import re
import shlex
from typing import Any

from certready.cli.app import app

COMMAND = re.compile(r"\bcertready [a-z]+(?: [^\n`;]*)?")
_PLACE = re.compile(r"<[^<>]*>|\[[^\[\]]*\]")


def parsed(line: str) -> Any:
    """The context that the real command makes of the line, with a word for each place in brackets.

    Nothing is run and no file is looked at. Raises typer's exception, with its sentence, for what it does not take.
    """
    program, *words = shlex.split(_PLACE.sub("x", line))
    assert program == "certready", line
    context = app.make_context("certready", words)
    while hasattr(context.command, "resolve_command"):
        name, command, rest = context.command.resolve_command(context, [*context._protected_args, *context.args])
        context = command.make_context(name, rest, parent=context)
    return context
