"""The cache command: what is kept of earlier answers, and clear it."""

from __future__ import annotations

import sys
from datetime import UTC, datetime

from certready.cli import output
from certready.cli.commands import group
from certready.cli.shared import Form

SCHEMA = "certready.cache/1"


def show(*, form: Form = "text") -> int:
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


def clear() -> int:
    """Remove every answer that certready keeps, and no other file."""
    from certready.cache.entries import clear as remove
    from certready.cli.fetching import answers_directory

    directory = answers_directory()
    count = remove(directory)
    output.write(sys.stdout, f"{count} answer{'' if count == 1 else 's'} removed from {directory}.\n")
    return 0


cache = group(
    "What is kept of earlier OCSP answers, CRLs and issuers, and clear it. CERTREADY_CACHE names the directory.",
    {"show": show, "clear": clear},
    "certready cache show",
    "certready cache show --format json",
    "certready cache clear",
)


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
