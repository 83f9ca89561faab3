"""MTA-STS: what a mail domain's record and policy say, and which hosts the policy covers (RFC 8461). Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

from certready.exchange.matching import a_label, parent

LARGEST_POLICY = 64 * 1024  # bytes; senders stop reading about there (RFC 8461, 3.3)
LONGEST_AGE = 31_557_600  # seconds (RFC 8461, 3.2)
MOST_LINES = 1000
MOST_PATTERNS = 100

_ID = re.compile(r"[A-Za-z0-9]{1,32}")
_AGE = re.compile(r"[0-9]{1,10}")
_FIELD = re.compile(r"\s*([A-Za-z0-9][A-Za-z0-9_.-]{0,31})\s*=\s*([!-:<>-~]+)\s*")

Mode = Literal["enforce", "testing", "none"]
_MODES: dict[str, Mode] = {"enforce": "enforce", "testing": "testing", "none": "none"}


class Record(NamedTuple):
    """The TXT record of a domain: its ``identity`` (the ``id``), or ``trouble``, a clause, where senders pass it over.
    Both are None where there is no record."""

    identity: str | None = None
    trouble: str | None = None


class Policy(NamedTuple):
    """A policy that senders follow. ``age`` is in seconds, ``patterns`` are as written, in lower case."""

    mode: Mode
    age: int
    patterns: tuple[str, ...]


def read_record(texts: Sequence[str]) -> Record:
    """The record among the TXT records at ``_mta-sts.<domain>`` (RFC 8461, 3.1)."""
    own = [text for text in texts if re.match(r"v=STSv1\s*;", text)]
    if not own:
        looks = next((text for text in texts if "stsv1" in text.lower()), None)
        return Record(trouble="none of its TXT records begins with v=STSv1;" if looks else None)
    if len(own) > 1:
        return Record(trouble=f"there are {len(own)} records that begin with v=STSv1; and one is allowed")
    fields = [_FIELD.fullmatch(part) for part in own[0].split(";")[1:] if part.strip()]
    named = {field.group(1): field.group(2) for field in reversed(fields) if field}
    if None in fields:
        return Record(trouble="a part of the record is not of the form name=value")
    if "id" not in named:
        return Record(trouble="the record has no id")
    if not _ID.fullmatch(named["id"]):
        return Record(trouble="its id is not 1 to 32 letters and digits")
    return Record(named["id"])


def read_policy(body: bytes, media_type: str) -> Policy | str:
    """The policy in these bytes, or a clause that says why senders pass it over (RFC 8461, 3.2)."""
    if media_type.partition(";")[0].strip().lower() != "text/plain":
        return f"it comes as {media_type[:60]!a}, not as text/plain" if media_type else "it comes without a media type"
    try:
        lines = body.decode("utf-8").splitlines()
    except UnicodeDecodeError:
        return "it is no text"
    if len(body) > LARGEST_POLICY or len(lines) > MOST_LINES:
        return "it is longer than senders read"
    fields: dict[str, str] = {}
    patterns: list[str] = []
    for line in filter(str.strip, lines):
        key, colon, value = (part.strip() for part in line.partition(":"))
        if not colon:
            return f"the line {line.strip()[:60]!a} is not of the form key: value"
        if key == "mx":
            patterns.append(value.lower())
        else:
            fields.setdefault(key, value)  # the first one counts
    return _policy(fields, patterns)


def _policy(fields: dict[str, str], patterns: list[str]) -> Policy | str:
    if fields.get("version") != "STSv1":
        return "its version is not STSv1"
    said = fields.get("mode", "")
    mode = _MODES.get(said)
    if mode is None:
        return f"its mode {said[:40]!a} is none of enforce, testing and none" if said else "it has no mode"
    age = fields.get("max_age", "")
    if not _AGE.fullmatch(age) or int(age) > LONGEST_AGE:
        return f"its max_age {age[:40]!a} is no number of seconds up to {LONGEST_AGE}" if age else "it has no max_age"
    if not patterns and mode != "none":
        return "it names no mx"
    wrong = next((pattern for pattern in patterns if a_label(pattern.removeprefix("*.")) is None), None)
    if wrong is not None:
        return f"its mx {wrong[:60]!a} is neither a host nor *. and a domain"
    if len(patterns) > MOST_PATTERNS:
        return f"it names more than {MOST_PATTERNS} hosts"
    return Policy(mode, int(age), tuple(dict.fromkeys(patterns)))


def covered(host: str, patterns: Iterable[str]) -> str | None:
    """The pattern that covers an MX host: ``*.`` stands for exactly one label (RFC 8461, 4.1). None: none does."""
    name = a_label(host)
    if name is None:
        return None
    for pattern in patterns:
        wanted = a_label(pattern.removeprefix("*."))
        if wanted == (parent(name) if pattern.startswith("*.") else name):
            return pattern
    return None
