"""What the shell offers as a value, where it is not a file: words, protocols, rules, connectors of the tenant."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

STORES = ("microsoft", "mozilla", "system")  # root stores that have a name
Offer = Callable[[Any], Iterable[str]]  # of the command line so far, as typer's context of it


def offering(offer: Offer) -> Mapping[str, Any]:
    """Settings of an option or argument whose value the shell completes out of these; else it offers files."""

    def complete(ctx, incomplete):  # type: ignore[no-untyped-def]
        return [value for value in offer(ctx) if value.startswith(incomplete)]

    return {"autocompletion": complete}


def stores(_: Any) -> Iterable[str]:
    """The root stores that have a name."""
    return STORES


def protocols(_: Any) -> Iterable[str]:
    """The protocols that a probe speaks."""
    from certready.smtp.starttls import PROTOCOLS

    return PROTOCOLS


def rules(_: Any) -> Iterable[str]:
    """The ids of all rules."""
    from certready.rules import RULES

    return RULES


def connectors(context: Any) -> Iterable[str]:
    """The connectors of the tenant files that were typed; none where one cannot be read."""
    from certready.cli import files
    from certready.errors import CertreadyError
    from certready.exchange.export.load import load

    paths = [Path(name) for name in context.params.get("tenant") or ()]
    if not paths or files.STDIN in paths:
        return ()
    try:
        tenant = load(files.exports(paths))
    except CertreadyError:
        return ()
    names = [connector.name for connector in tenant.connectors]
    if os.environ.get("_CERTREADY_COMPLETE") == "complete_bash":
        return [re.sub(r"([^\w.*@/-])", r"\\\1", name) for name in names]
    # Other shells quote by themselves, and typer garbles for them what has quotes of its own.
    return [name for name in names if not set(name) & set("'\"`$:\\")]
