"""How a function becomes a command of typer's: its options, the shared ones, its examples."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from typing import Annotated, Any, cast, get_args, get_origin

import typer
from msgspec import Struct
from typer.core import TyperCommand, TyperGroup

from certready.cli.completing import offering
from certready.cli.help import Command, Group
from certready.typed import word

Function = Callable[..., int]


def command(*examples: str) -> Callable[[Function], TyperCommand]:
    """The function as a command of typer's, with these command lines as examples under its help.

    A parameter annotated ``tuple[X, ...]`` is an option or argument that may be given several times; one annotated
    with a struct, such as :class:`certready.cli.shared.Shared`, stands for every field of it.
    """

    def build(function: Function) -> TyperCommand:
        app = typer.Typer(add_completion=False, rich_markup_mode="rich")
        app.command(cls=Command, epilog=epilog(examples))(_with_signature(function))
        return cast(TyperCommand, typer.main.get_command(app))

    return build


def group(summary: str, functions: Mapping[str, Function], *examples: str) -> TyperGroup:
    """A command that has commands of its own, with examples under its help."""
    app = typer.Typer(
        cls=Group, add_completion=False, rich_markup_mode="rich", help=escape(summary), epilog=epilog(examples)
    )
    for name, function in functions.items():
        app.command(name, cls=Command)(_with_signature(function))
    return cast(TyperGroup, typer.main.get_command(app))


def epilog(examples: tuple[str, ...]) -> str:
    """The examples as typer shows them below the options: a line each."""
    return escape("\n\n".join(("Examples:", *(f"  {example}" for example in examples))))


def escape(text: str) -> str:
    """Text without markup of rich's: a bracket is a bracket."""
    return text.replace("[", "\\[")


def option(*names: str, help: str, panel: str | None = None, **settings: Any) -> Any:  # noqa: A002 - typer's word
    """``typer.Option`` of these names in this section of the help, its text without markup."""
    return typer.Option(*names, help=escape(help), rich_help_panel=panel, **settings)


def argument(metavar: str, *, help: str, **settings: Any) -> Any:  # noqa: A002 - typer's word
    """``typer.Argument``, its text without markup."""
    return typer.Argument(metavar=metavar, help=escape(help), show_default=False, **settings)


def words(choices: tuple[str, ...]) -> Mapping[str, Any]:
    """Settings of an option that takes one of these words, in any case and either spelling."""

    def parse(text: str) -> str:
        chosen = word(text, choices)
        if chosen is None:
            raise typer.BadParameter(f"{text[:80]!a} is not one of {', '.join(choices)}.")
        return chosen

    return {"parser": parse, "metavar": "|".join(choices), **offering(lambda _: choices)}


def _with_signature(function: Function) -> Function:
    """The function as typer wants it: every field of a struct a parameter of its own, lists where it takes tuples."""
    own = inspect.signature(function, eval_str=True).parameters
    parameters: list[inspect.Parameter] = []
    structs: dict[str, type[Struct]] = {}
    for parameter in own.values():
        if isinstance(parameter.annotation, type) and issubclass(parameter.annotation, Struct):
            structs[parameter.name] = parameter.annotation
            parameters += inspect.signature(parameter.annotation).parameters.values()
        else:
            parameters.append(parameter)
    repeated = {parameter.name for parameter in parameters if _repeats(parameter.annotation)}

    @functools.wraps(function)
    def run(**values: Any) -> int:
        for name in repeated:
            values[name] = tuple(values[name] or ())
        for name, struct in structs.items():
            values[name] = struct(**{field: values.pop(field) for field in struct.__struct_fields__})
        return function(**values)

    run.__signature__ = inspect.Signature([_for_typer(parameter) for parameter in parameters])  # type: ignore[attr-defined]
    run.__annotations__ = {}
    return run


def _repeats(annotation: Any) -> bool:
    return get_origin(annotation) is Annotated and get_origin(get_args(annotation)[0]) is tuple


def _for_typer(parameter: inspect.Parameter) -> inspect.Parameter:
    """A parameter by keyword, of the kind of list that typer knows where it may be given several times."""
    if not _repeats(parameter.annotation):
        return parameter.replace(kind=parameter.KEYWORD_ONLY)
    items, *extra = get_args(parameter.annotation)
    annotation = Annotated[(list[get_args(items)[0]], *extra)]  # type: ignore[misc, valid-type]
    return parameter.replace(kind=parameter.KEYWORD_ONLY, annotation=annotation, default=None)
