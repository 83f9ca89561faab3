"""The JSON Schemas, made from the types of the documents: ``python -m tests.schemas`` writes those that are shipped.

A document of an earlier release stays valid: what was added since 0.1 is always written and never required.
"""

from __future__ import annotations

import inspect
import json
from typing import Any

import msgspec

from certready import serial
from certready.cli.cache import CacheDocument
from certready.cli.trusting import TrustDocument
from certready.compare import ComparisonDocument
from certready.diff.model import DiffDocument
from certready.explain.document import ExplainDocument
from certready.fleet.lines import LineDocument
from certready.fleet.summary import FleetDocument
from certready.model import Evidence
from certready.model.report import ErrorDocument, ReportDocument, ReportsDocument
from certready.render.tenant_json import TenantDocument
from certready.repair.model import RepairDocument
from certready.show.document import ContentsDocument

DOCUMENTS: dict[str, type[msgspec.Struct]] = {
    "report": ReportDocument,
    "reports": ReportsDocument,
    "error": ErrorDocument,
    "evidence": Evidence,
    "tenant": TenantDocument,
    "diff": DiffDocument,
    "explain": ExplainDocument,
    "comparison": ComparisonDocument,
    "contents": ContentsDocument,
    "repair": RepairDocument,
    "fleet": FleetDocument,
    "fleet-line": LineDocument,
    "trust": TrustDocument,
    "cache": CacheDocument,
}
# Keys that documents of 0.1 lack, and those that are written only where there is something to say.
ADDED = {
    ("CertificateInfo", "sha1"),
    ("EndpointDocument", "demands_certificate"),
    ("ExplainDocument", "wrapper"),
    ("EntryDocument", "address"),
    ("CauseDocument", "lines"),
    ("CauseDocument", "quotation"),
    ("Finding", "direction"),
    ("MessageDocument", "certificate"),
    ("LineDocument", "other_reports"),
    ("ReportDocument", "defaults_file"),
    ("FleetDocument", "defaults_file"),
}
Schema = dict[str, Any]
# A fleet's lines hold the keys of the inventory that are the user's own.
WITH_OWN_KEYS = ("LineDocument", "FleetLineDocument")
OWN_KEYS: Schema = {"patternProperties": {"^x_": {"type": "string"}}}
# A line has a report or the error why there is none.
REPORT_OR_ERROR: Schema = {
    "oneOf": [
        {
            "properties": {
                "report": {"type": "null"},
                "verdict": {"type": "null"},
                "error": {"type": "object"},
                "code": {"enum": [2, 4]},
            }
        },
        {
            "properties": {
                "report": {"type": "object"},
                "verdict": {"type": "string"},
                "error": {"type": "null"},
                "code": {"enum": [0, 1, 3]},
            }
        },
    ]
}


def schema(name: str) -> Schema:
    """The schema of ``certready.<name>/1``; what holds a report refers to the report's own schema."""
    kind = DOCUMENTS[name]
    definitions = _components(kind)
    if kind is not ReportDocument and ReportDocument.__name__ in definitions:
        definitions = {key: part for key, part in definitions.items() if key not in _components(ReportDocument)}
    for title, definition in definitions.items():
        _finish(title, definition)
    if kind is Evidence:
        return _strict(definitions)
    document = definitions.pop(kind.__name__)
    head = _head(name, f"{document.pop('description')} Keys may be added.")
    whole = {**head, **{key: part for key, part in document.items() if key != "title"}, "$defs": definitions}
    return _named(whole)


def _head(name: str, description: str) -> Schema:
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:certready:{name}:1",
        "title": f"certready.{name}/1",
        "description": description,
    }


def _strict(definitions: dict[str, Schema]) -> Schema:
    """The schema of evidence: no key but those of the types, and every key but those added since 0.1."""
    encoded = {"description": "A certificate, its DER in base64.", "type": "string", "contentEncoding": "base64"}
    definitions["Certificate"] = encoded
    for title, definition in definitions.items():
        if title != "Certificate":
            definition["required"] = [key for key in definition["properties"] if (title, key) not in serial.ADDED]
            definition["additionalProperties"] = False
    evidence = definitions.pop("Evidence")
    return {
        **_head(
            "evidence", "Everything a verdict rests on, and no verdict: the structs of certready.model, key for key."
        ),
        "type": "object",
        "properties": {"schema": {"const": serial.SCHEMA}, **evidence["properties"]},
        "required": ["schema", *evidence["required"]],
        "additionalProperties": False,
        "$defs": definitions,
    }


def _components(kind: type[msgspec.Struct]) -> dict[str, Schema]:
    return msgspec.json.schema_components([kind], ref_template="#/$defs/{name}")[1]


def _named(part: Any) -> Any:
    """Definitions under the names of what they describe: that of a ``StepDocument`` is ``Step``."""
    match part:
        case {"$ref": "#/$defs/ReportDocument", **rest}:
            return {**rest, "$ref": "urn:certready:report:1"}
        case {"$ref": reference, **rest}:
            return {**rest, "$ref": reference.removesuffix("Document")}
        case {"title": str(title), **rest} if title.endswith("Document"):
            return {"title": title.removesuffix("Document"), **_named(rest)}
        case dict():
            return {key.removesuffix("Document"): _named(inner) for key, inner in part.items()}
        case list():
            return [_named(inner) for inner in part]
        case _:
            return part


def text(name: str) -> str:
    """The schema as it is shipped."""
    return json.dumps(schema(name), indent=1) + "\n"


def _finish(title: str, definition: Schema) -> None:
    """Our own of what msgspec makes of a type: one line of description, and every key required that is always there."""
    if "description" in definition:
        definition["description"] = " ".join(inspect.cleandoc(definition["description"]).replace("``", "").split())
    properties: dict[str, Schema] = definition.get("properties", {})
    optional = {key for key, part in properties.items() if key not in definition["required"] and "default" not in part}
    if title in WITH_OWN_KEYS:
        definition |= OWN_KEYS
    if title == "LineDocument":
        definition |= REPORT_OR_ERROR
    if properties:
        definition["required"] = [key for key in properties if key not in optional and (title, key) not in ADDED]
    for part in properties.values():
        part.pop("default", None)
        _tidy(part)


def _tidy(part: Schema) -> None:
    """A single word as a constant, and null beside a type rather than as an alternative."""
    if len(part.get("enum", ())) == 1:
        part["const"] = part.pop("enum")[0]
    for inner in part.get("anyOf", ()):
        _tidy(inner)
    if part.get("items"):
        _tidy(part["items"])
    match part.get("anyOf"):
        case [{"type": str(kind), **rest}, {"type": "null"}]:
            part.pop("anyOf")
            part.update(rest, type=[kind, "null"])
        case [{"enum": list(words), **rest}, {"type": "null"}]:
            part.pop("anyOf")
            part.update(rest, enum=[*words, None])
