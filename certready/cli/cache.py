"""The cache command: what is kept of earlier answers, and clear it."""

from __future__ import annotations

import sys
from datetime import UTC, datetime

import click

from certready.cli import output

SCHEMA = "certready.cache/1"


@click.group(short_help="What is kept of earlier answers, and clear it.")
def cache() -> None:
    """What is kept of earlier OCSP answers, CRLs and issuers, and clear it. CERTREADY_CACHE names the directory."""


@cache.command(short_help="Where the cache is and what is in it.")
@click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", help="text (the default) or json."
)
def show(form: str) -> int:
    """Where the cache is, how many answers it holds, how large it is, and how old they are."""
    from certready.cache import MOST_BYTES
    from certready.cache.entries import SUFFIX, files
    from certready.cli.fetching import answers_directory

    directory = answers_directory()
    kept = [one for one in files(directory) if one.path.suffix == SUFFIX]
    changed = sorted(one.changed for one in kept)
    facts = {
        "directory": str(directory),
        "entries": len(kept),
        "bytes": sum(one.size for one in kept),
        "most_bytes": MOST_BYTES,
        "oldest": _moment(changed[0]) if changed else None,
        "newest": _moment(changed[-1]) if changed else None,
    }
    if form == "json":
        import json

        output.write(sys.stdout, json.dumps({"schema": SCHEMA, **facts}, indent=2) + "\n")
        return 0
    rows = [
        ("directory", facts["directory"]),
        ("entries", facts["entries"]),
        ("size", f"{facts['bytes']} of {MOST_BYTES} bytes"),
        ("oldest", facts["oldest"] or "-"),
        ("newest", facts["newest"] or "-"),
    ]
    output.write(sys.stdout, "".join(f"{name:<9}  {value}\n" for name, value in rows))
    return 0


@cache.command(short_help="Remove what is kept.")
def clear() -> int:
    """Remove every answer that certready keeps, and no other file."""
    from certready.cache.entries import clear as remove
    from certready.cli.fetching import answers_directory

    directory = answers_directory()
    count = remove(directory)
    output.write(sys.stdout, f"{count} answer{'' if count == 1 else 's'} removed from {directory}.\n")
    return 0


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
