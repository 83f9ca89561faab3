"""Does the real command line accept a line that a text of certready prints?"""

import shlex

from certready.cli.app import app


def accepted(line: str) -> bool:
    """True where the command line takes these words; raises typer's exception, with its sentence, where it does not.

    Nothing is run and no file is looked at.
    """
    program, *words = shlex.split(line)
    assert program == "certready", line
    context = app.make_context("certready", words)
    command, words = app, [*context._protected_args, *context.args]
    while hasattr(command, "resolve_command"):
        name, command, words = command.resolve_command(context, words)
        context = command.make_context(name, words, parent=context)
        command, words = context.command, [*getattr(context, "_protected_args", ()), *context.args]
        if not hasattr(command, "resolve_command"):
            assert not words, line
    return True
