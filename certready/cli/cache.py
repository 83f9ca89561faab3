"""The cache command: what is kept of earlier answers, and clear it."""

from __future__ import annotations

import sys
from datetime import UTC, datetime

from msgspec import Struct

from certready.cli import output
from certready.cli.commands import group
from certready.cli.shared import Form
from certready.model.plain import Moment, json_text, moment
from certready.wording import counted


class CacheDocument(Struct, frozen=True, tag_field="schema", tag="certready.cache/1"):
    """What is kept of earlier answers: where, how many, how large, and how old."""

    directory: str
    entries: int
    bytes: int
    most_bytes: int
    oldest: Moment | None
    newest: Moment | None


def show(*, form: Form = "text") -> int:
    """Where the cache is, how many answers it holds, how large it is, and how old they are."""
    from certready.cache import MOST_BYTES
    from certready.cache.entries import SUFFIX, files
    from certready.cli.fetching import answers_directory

    directory = answers_directory()
    kept = [file for file in files(directory) if file.path.suffix == SUFFIX]
    changed = sorted(file.changed for file in kept)
    facts = CacheDocument(
        str(directory),
        len(kept),
        sum(file.size for file in kept),
        MOST_BYTES,
        _moment(changed[0]) if changed else None,
        _moment(changed[-1]) if changed else None,
    )
    if form == "json":
        output.write(sys.stdout, json_text(facts))
        return 0
    rows = [
        ("directory", facts.directory),
        ("entries", facts.entries),
        ("size", f"{facts.bytes} of {MOST_BYTES} bytes"),
        ("oldest", moment(facts.oldest) if facts.oldest else "-"),
        ("newest", moment(facts.newest) if facts.newest else "-"),
    ]
    output.write(sys.stdout, "".join(f"{name:<9}  {value}\n" for name, value in rows))
    return 0


def clear() -> int:
    """Remove every answer that certready keeps, and no other file."""
    from certready.cache.entries import clear as remove
    from certready.cli.fetching import answers_directory

    directory = answers_directory()
    count = remove(directory)
    output.write(sys.stdout, f"{counted(count, 'answer')} removed from {directory}.\n")
    return 0


cache = group(
    "What is kept of earlier OCSP answers, CRLs and issuers, and clear it. CERTREADY_CACHE names the directory.",
    {"show": show, "clear": clear},
    "certready cache show",
    "certready cache show --format json",
    "certready cache clear",
)


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(int(seconds), UTC)
