"""The shipped schemas: made from the types, as strict as the first ones, and true of what 0.1 wrote."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from certready import judge, schemas, serial
from tests.schemas import DOCUMENTS, Schema, text

FIRST = Path(__file__).with_name("first")
NAMES_THEN = ("report", "reports", "error", "tenant", "diff", "explain", "comparison", "evidence")


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_shipped_schema_is_that_of_the_types(name: str) -> None:
    """What is shipped is what ``python -m tests.schemas`` writes, and a schema."""
    assert text(name) == Path(schemas.__file__).with_name(f"{name}-1.json").read_text("ascii")
    Draft202012Validator.check_schema(schemas.load(name))


@pytest.mark.parametrize("name", [name for name in DOCUMENTS if name != "evidence"])
def test_output_may_grow(name: str) -> None:
    """A document with keys that a later release adds is valid by today's schema."""
    assert '"additionalProperties": false' not in text(name)


@pytest.mark.parametrize("name", NAMES_THEN)
def test_nothing_of_the_first_schema_is_loosened_or_forbidden(name: str) -> None:
    """Every key that 0.1 required is required, and no other; every type, pattern, bound and list of words is kept."""
    first = json.loads((FIRST / f"{name}-1.json").read_text("ascii"))
    if name in ("reports", "diff"):
        first.setdefault("$defs", {})["report"] = json.loads((FIRST / "report-1.json").read_text("ascii"))
    assert [] == list(_differences(Node(first, first), Node(schemas.load(name), schemas.load(name)), "$"))


class Node:
    """A place in a schema with its references and alternatives resolved."""

    def __init__(self, root: Schema, part: Schema) -> None:
        self.root = root
        parts = list(_alternatives(root, part))
        self.roots = [at for at, _ in parts]
        self.types = {kind for _, one in parts for kind in _types(one)}
        self.words = {word for _, one in parts for word in one.get("enum", [one["const"]] if "const" in one else [])}
        self.pattern = next((one["pattern"] for _, one in parts if "pattern" in one), None)
        self.bounds = [one.get(key) for _, one in parts for key in ("minimum", "maximum") if key in one]
        self.required = {key for _, one in parts for key in one.get("required", ())}
        self.properties = {
            key: Node(at, value) for at, one in parts for key, value in one.get("properties", {}).items()
        }
        self.items = next(
            (Node(at, item) for at, one in parts for item in [one.get("items"), *one.get("prefixItems", ())] if item),
            None,
        )


def _alternatives(root: Schema, part: Schema) -> Iterator[tuple[Schema, Schema]]:
    if "$ref" in part:
        name = part["$ref"].rpartition("/")[2].removeprefix("urn:certready:").removesuffix(":1")
        target = root["$defs"][name]
        yield from _alternatives(target if "$id" in target else root, target)
    elif "anyOf" in part:
        for one in part["anyOf"]:
            yield from _alternatives(root, one)
    else:
        yield root, part


def _types(part: Schema) -> set[str]:
    names = {str: "string", int: "integer", bool: "boolean", type(None): "null"}
    if "type" in part:
        return {part["type"]} if isinstance(part["type"], str) else set(part["type"])
    return {names[type(word)] for word in part.get("enum", [part.get("const")])}


def _differences(first: Node, now: Node, where: str) -> Iterator[str]:
    """What of the first schema does not hold any more. What may be null now could not be read; where there
    was never anything there may be text; words may be added."""
    if not first.types <= now.types <= first.types | ({"string"} if first.types == {"null"} else {"null"}):
        yield f"{where}: {first.types} became {now.types}"
    if first.words and not first.words <= now.words:
        yield f"{where}: {first.words} became {now.words}"
    if (first.pattern or now.pattern) != now.pattern:
        yield f"{where}: {first.pattern} became {now.pattern}"
    if first.bounds != now.bounds:
        yield f"{where}: {first.bounds} became {now.bounds}"
    if first.properties and first.required != now.required:
        yield f"{where}: required are other keys: {first.required ^ now.required}"
    for key, part in first.properties.items():
        if key not in now.properties:
            yield f"{where}.{key} is gone"
        else:
            yield from _differences(part, now.properties[key], f"{where}.{key}")
    if first.items:
        if not now.items:
            yield f"{where}[] is gone"
        elif now.items:
            yield from _differences(first.items, now.items, f"{where}[]")


@pytest.mark.parametrize("file", sorted((FIRST / "written").glob("*.json")), ids=lambda file: file.stem)
def test_what_the_first_release_wrote_is_valid_today(file: Path) -> None:
    """A document that 0.1 wrote is valid by today's schema of its name."""
    document: dict[str, Any] = json.loads(file.read_text("ascii"))
    name = document["schema"].removeprefix("certready.").removesuffix("/1")
    assert [] == [error.message for error in Draft202012Validator(schemas.load(name)).iter_errors(document)]


@pytest.mark.parametrize("name", ["file", "tenant", "probe"])
def test_evidence_of_the_first_release_replays_to_its_report(name: str) -> None:
    """Evidence that 0.1 saved comes to the verdict that 0.1 gave, by the same findings."""
    written = FIRST / "written"
    then = json.loads((written / f"{name}-report.json").read_text("ascii"))
    now = judge(serial.load((written / f"{name}.evidence").read_bytes())).to_dict()
    assert then["verdict"] == now["verdict"]
    assert _said(then) == _said(now)


def _said(report: dict[str, Any]) -> list[tuple[str, str, str]]:
    return sorted((one["rule"], one["severity"], one["connector"] or "") for one in report["findings"])
