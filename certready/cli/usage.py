"""Command lines that typer refuses, in sentences of ours. Imported where there is one."""

from __future__ import annotations

from typing import Any

from typer import TyperException


def sentence(error: TyperException) -> str:
    """What is wrong with the command line, in one sentence or two."""
    context: Any = getattr(error, "ctx", None)
    parameter: Any = getattr(error, "param", None)
    name: str | None = getattr(error, "option_name", None)
    if hasattr(error, "possibilities"):
        return f"There is no option {str(name)[:80]!a}.{_suggested(error.possibilities)}"
    if name and context:
        if "does not take" in error.message:
            return f"{name} takes no value."
        return f"{name} needs a value: {name} {_metavar(context, name)}."
    if parameter is not None:
        return _of_value(error, parameter)
    place = context.command_path if context else "certready"
    _, extra, words = error.message.partition("extra argument(s) ")
    if extra:
        return f"{place} takes no further argument: {words.strip('()')}"
    if error.message == "Missing command.":
        return f"{place} needs a command: {', '.join(context.command.commands)}."
    return error.format_message()


def _suggested(names: list[str] | None) -> str:
    if not names:
        return ""
    *others, last = sorted(names)
    return f" Did you mean {', '.join(others)}{' or ' if others else ''}{last}?"


def _metavar(context: Any, name: str) -> str:
    """What stands for the value of an option in its help."""
    return str(next(each.make_metavar(context) for each in context.command.params if name in each.opts))


def _of_value(error: TyperException, parameter: Any) -> str:
    name = parameter.opts[0] if parameter.param_type_name == "option" else parameter.metavar
    if hasattr(error, "param_type"):
        return f"{name} is missing."
    least, most = getattr(parameter.type, "min", None), getattr(parameter.type, "max", None)
    if parameter.type.name.startswith("int"):
        limits = "" if least is None else f" from {least} to {most}" if most is not None else f", at least {least}"
        return f"{name} is a whole number{limits}."
    return f"{name}: {error.message}"
