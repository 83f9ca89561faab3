"""The facts of a trust list as JSON Lines: a head, then one root a line, so that a run reads the few lines it needs."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from msgspec import Struct

from certready.errors import MISSHAPEN, StoreError
from certready.model import Limits
from certready.roots.trustlist import Entry, TrustList

SCHEMA = "certready.trust/1"


class Facts(Struct, frozen=True):
    """The facts in text form: ``as_of`` is the list's date, ``digest`` the SHA-256 of the list, ``count`` its roots."""

    text: str
    as_of: datetime
    digest: str
    count: int

    def find(self, sha256: str) -> Entry | None:
        """The entry of the root with this SHA-256, or None where the list does not name it."""
        start = self.text.find(f'\n{{"sha256":"{sha256}"')
        if start < 0:
            return None
        end = self.text.find("\n", start + 1)
        return _entry(self.text[start + 1 : end if end > 0 else None])

    def entries(self) -> tuple[Entry, ...]:
        """Every entry, in the list's order."""
        return tuple(_entry(line) for line in self.text.splitlines()[1:])


def load(data: bytes) -> Facts:
    """Facts as :func:`dump` wrote them. Raises StoreError for anything else."""
    try:
        text = data.decode("utf-8")
        head = json.loads(text.partition("\n")[0])
        facts = Facts(text, _moment(head["as_of"]), str(head["digest"]), int(head["roots"]))
    except MISSHAPEN:
        raise StoreError("The facts of the trust list are damaged.", hint="Install certready again.") from None
    if head.get("schema") != SCHEMA:
        raise StoreError("The facts of the trust list are of another release.", hint="Install certready again.")
    return facts


def dump(trust_list: TrustList) -> bytes:
    """The facts of a verified list."""
    head = {
        "schema": SCHEMA,
        "as_of": _text(trust_list.as_of),
        "digest": trust_list.digest,
        "roots": len(trust_list.entries),
    }
    lines = [head, *(_fields(entry) for entry in trust_list.entries)]
    return "".join(json.dumps(line, separators=(",", ":")) + "\n" for line in lines).encode()


def _fields(entry: Entry) -> dict[str, object]:
    """An entry as JSON values; what is absent is left out, so that a line shows what limits a root."""
    limits = entry.limits
    fields: dict[str, object] = {"sha256": entry.sha256, "name": entry.name}
    fields |= {
        name: value
        for name, value in (
            ("usages", limits.usages),
            ("disabled_from", limits.disabled_from and _text(limits.disabled_from)),
            ("disabled_usages", limits.disabled_usages),
            ("cutoff", limits.cutoff and _text(limits.cutoff)),
            ("cutoff_usages", limits.cutoff_usages),
            ("unclear", limits.unclear or None),
        )
        if value is not None
    }
    return fields


def _entry(line: str) -> Entry:
    try:
        fields = json.loads(line)
        limits = Limits(
            usages=_usages(fields.get("usages")),
            disabled_from=_moment(fields["disabled_from"]) if "disabled_from" in fields else None,
            disabled_usages=_usages(fields.get("disabled_usages")),
            cutoff=_moment(fields["cutoff"]) if "cutoff" in fields else None,
            cutoff_usages=_usages(fields.get("cutoff_usages")),
            unclear=bool(fields.get("unclear")),
        )
        return Entry(str(fields["sha256"]), str(fields["name"]), limits)
    except MISSHAPEN:
        raise StoreError("The facts of the trust list are damaged.", hint="Install certready again.") from None


def _usages(value: object) -> tuple[str, ...] | None:
    if value is None:
        return None
    if not isinstance(value, list):
        raise TypeError("usages are a list")
    return tuple(map(str, value))


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
