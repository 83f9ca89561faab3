"""Writes the pages that follow from the code: ``python docs/written.py``. A test compares."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

from certready.cli.app import COMMANDS, app

REFERENCE = Path(__file__).parent / "reference"
SHARED = "#options-that-commands-share"
OWN = ("Arguments", "Options")
Row = tuple[str, str]
Sections = dict[str, list[Row]]
HEAD = """\
# Commands

Written by `python docs/written.py` from the command line itself; `certready COMMAND --help` prints the same. What the
exit codes mean: [exit codes](exit-codes.md).
"""


def commands_page() -> str:
    """Every command with its options, as Markdown."""
    root = app.make_context("certready", [], resilient_parsing=True)
    commands = {name: _below(app, name, root) for name in COMMANDS}
    shared = {panel: rows for panel, rows in _sections(commands["check"]).items() if panel not in OWN}
    parts = [HEAD, *(_listed(panel, rows) for panel, rows in _sections(root).items())]
    for name, context in commands.items():
        parts += [f"## certready {name}", COMMANDS[name].summary, *_command(context, shared)]
    parts += ["## Options that commands share", *(_listed(panel, rows) for panel, rows in shared.items())]
    return "\n\n".join(part.strip("\n") for part in parts) + "\n"


def _below(command: Any, name: str, parent: Any) -> Any:
    """The context of a command of this one's."""
    return command.get_command(parent, name).make_context(name, [], parent=parent, resilient_parsing=True)


def _command(context: Any, shared: Sections) -> Iterator[str]:
    """Usage, options by section and examples of a command, and of those below it."""
    command = context.command
    if hasattr(command, "commands"):
        for name in command.commands:
            inner = _below(command, name, context)
            yield f"### {inner.command_path}"
            yield from _command(inner, shared)
    else:
        yield f"```text\n{context.command_path} {' '.join(command.collect_usage_pieces(context))}\n```"
        yield from _options(context, shared)
    yield from _examples(command)


def _options(context: Any, shared: Sections) -> Iterator[str]:
    """A list for each section of the help page; what commands share by its name alone."""
    common = {row for rows in shared.values() for row in rows}
    known: list[str] = []
    for panel, rows in _sections(context).items():
        own = [row for row in rows if row not in common]
        known += [names.split(" ")[0].rstrip(",") for names, _ in rows if (names, _) in common]
        if own:
            yield _listed(panel, own)
    if len(known) == len(common):
        yield f"And all [options that commands share]({SHARED})."
    elif known:
        yield f"Of the [options that commands share]({SHARED}): {', '.join(f'`{name}`' for name in known)}."


def _sections(context: Any) -> Sections:
    """The rows of the help page by their section: names with the value, and what it says."""
    sections: Sections = {}
    for parameter in context.command.get_params(context):
        row = parameter.get_help_record(context)
        if row is None or "--help" in parameter.opts:
            continue
        own = "Arguments" if parameter.param_type_name == "argument" else "Options"
        sections.setdefault(getattr(parameter, "rich_help_panel", None) or own, []).append(row)
    return sections


def _listed(panel: str, rows: list[Row]) -> str:
    lines = (f"- `{' '.join(names.split())}`: {_text(text)}" for names, text in rows)
    return "\n".join([f"**{panel}**", "", *lines])


def _examples(command: Any) -> Iterator[str]:
    lines = [line.strip() for line in (command.epilog or "").replace("\\[", "[").splitlines()]
    examples = [line for line in lines if line.startswith("certready ")]
    if examples:
        yield "```sh\n" + "\n".join(examples) + "\n```"


def _text(text: str) -> str:
    """Text of the help page on one line, as Markdown."""
    return " ".join(text.replace("\\[", "[").replace("<", "&lt;").replace("*", "\\*").split())


def _cell(text: str) -> str:
    return _text(text).replace("|", "\\|")


DOCUMENTS = """\
# JSON

Written by `python docs/written.py` from the schemas, which ship with the package in `certready/schemas` (JSON Schema
2020-12); every output is tested against them. Every document has a key `schema`, `certready.NAME/VERSION`. Keys are
only ever added; a removed or changed key is a new version.
"""


def documents_page() -> str:
    """Every JSON document with its keys, as Markdown."""
    parts = [DOCUMENTS]
    for resource in sorted(files("certready.schemas").iterdir(), key=lambda resource: resource.name):
        if not resource.name.endswith(".json"):
            continue
        schema = json.loads(resource.read_text("utf-8"))
        parts += [
            f"## {schema['title']}",
            schema.get("description", ""),
            f"Schema: `certready/schemas/{resource.name}`.",
        ]
        parts += _keys(_resolved(schema, schema))
        for name, part in sorted(schema.get("$defs", {}).items()):
            if part.get("properties"):
                parts += [f"### {schema['title']}: {name}", part.get("description", ""), *_keys(part)]
    return "\n\n".join(part.strip("\n") for part in parts if part) + "\n"


def _keys(part: dict[str, Any]) -> Iterator[str]:
    """A table of the keys of an object."""
    rows = []
    for key, value in part.get("properties", {}).items():
        kind = _kind(value) if key in part.get("required", ()) else f"{_kind(value)}, may be absent"
        rows.append(f"| `{key}` | {_cell(kind)} | {_cell(value.get('description', ''))} |")
    if rows:
        yield "\n".join(["| key | holds | |", "|---|---|---|", *rows])


def _kind(value: dict[str, Any]) -> str:
    """What a value is, in words."""
    if "const" in value:
        return f"`{value['const']}`"
    if "enum" in value:
        return ", ".join(f"`{'null' if choice is None else choice}`" for choice in value["enum"])
    if "$ref" in value:
        return str(value["$ref"]).rpartition("/")[2].removeprefix("urn:certready:").removesuffix(":1")
    for choices in ("anyOf", "oneOf"):
        if choices in value:
            return " or ".join(dict.fromkeys(_kind(choice) for choice in value[choices]))
    if value.get("type") == "array":
        return f"list of {_kind(value.get('items', {})) or 'anything'}"
    kinds = value.get("type", "")
    return " or ".join(kinds) if isinstance(kinds, list) else str(kinds)


def _resolved(part: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    """What a reference into the schema itself stands for."""
    name = str(part.get("$ref", "")).removeprefix("#/$defs/")
    return schema["$defs"][name] if name and name in schema.get("$defs", {}) else part


PAGES = {"commands.md": commands_page, "json.md": documents_page}

if __name__ == "__main__":
    for name, page in PAGES.items():
        (REFERENCE / name).write_text(page(), "utf-8", newline="\n")
