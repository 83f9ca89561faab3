"""The JSON Schemas (2020-12) of what certready writes, shipped beside the code that writes it."""

from __future__ import annotations

from typing import cast

NAMES = (
    "report",
    "reports",
    "error",
    "evidence",
    "tenant",
    "diff",
    "explain",
    "comparison",
    "contents",
    "repair",
    "fleet",
    "fleet-line",
    "trust",
    "cache",
)


def load(name: str) -> dict[str, object]:
    """The schema of ``certready.<name>/1`` as plain JSON values, complete in itself. ``name`` is one of ``NAMES``.

    Raises:
        KeyError: there is no schema of this name.
    """
    import json
    from importlib.resources import files

    if name not in NAMES:
        raise KeyError(name)
    schema = cast("dict[str, object]", json.loads(files(__name__).joinpath(f"{name}-1.json").read_text("utf-8")))
    if name in ("reports", "diff", "repair", "fleet-line"):
        cast("dict[str, object]", schema.setdefault("$defs", {}))["report"] = load("report")
    return schema
