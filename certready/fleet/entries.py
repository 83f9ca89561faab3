"""What is kept in memory of each line of a run: enough for the table, the overview and what lines have in common."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from msgspec import Struct

from certready.model.report import Verdict

ORDER: tuple[Verdict | None, ...] = ("ready", "cannot-tell", None, "not-ready")


class Held(Struct, frozen=True):
    """A certificate of a line: the subject's shortest ``label``, its end (None where it cannot be read), its role."""

    sha256: str
    label: str
    issuer: str
    not_before: datetime | None
    not_after: datetime | None
    role: str


class Entry(Struct, frozen=True):
    """A line of a run as the overview has it. ``rule``, ``message`` and ``fix`` are those of the finding that decides,
    or of the error. ``connectors`` are (name, direction, value). ``counts`` are the findings that fail, are unknown and
    warn, the counted ones. ``extra`` are the inventory's ``x_`` keys. ``checked_at`` is when it was looked at, whatever
    moment it was judged for."""

    line: int
    digest: str
    evaluated_at: datetime
    name: str
    target: str
    verdict: Verdict | None
    code: int
    elapsed_ms: int
    rule: str = ""
    message: str = ""
    fix: str = ""
    counts: tuple[int, int, int] = (0, 0, 0)
    leaves: tuple[Held, ...] = ()
    issuers: tuple[Held, ...] = ()
    connectors: tuple[tuple[str, str, str], ...] = ()
    nodes_differ: bool = False
    findings: tuple[str, ...] = ()
    extra: tuple[tuple[str, str], ...] = ()
    checked_at: datetime | None = None

    @property
    def rank(self) -> tuple[int, int, int]:
        """Worse is larger: the verdict, then how much fails."""
        return ORDER.index(self.verdict), *self.counts[:2]

    @property
    def ends(self) -> datetime | None:
        """When the first of its leaves ends."""
        return min((one.not_after for one in self.leaves if one.not_after), default=None)


def worst_first(entries: Iterable[Entry]) -> list[Entry]:
    """What fails first, then what could not be run, then what is unknown; equal ones in the inventory's order."""
    return sorted(entries, key=lambda one: (*(-part for part in one.rank), one.line))


def exit_code(codes: Iterable[int]) -> int:
    """The worst of several exit codes (contract, "Exit codes"); of none at all nothing is known."""
    order = (0, 3, 1, 2, 4)
    return max(codes, key=order.index, default=3)


def entry(document: dict[str, Any]) -> Entry:
    """The entry of a ``certready.fleet-line/1``. Raises KeyError, TypeError or ValueError for anything else."""
    report, error = document["report"], document["error"]
    known = {
        "line": int(document["line"]),
        "digest": str(document["digest"]),
        "evaluated_at": datetime.fromisoformat(document["evaluated_at"]),
        "name": str(document["name"]),
        "target": str(document["target"]),
        "verdict": document["verdict"],
        "code": int(document["code"]),
        "elapsed_ms": int(document["elapsed_ms"]),
        "extra": tuple((key, str(value)) for key, value in document.items() if key.startswith("x_")),
    }
    if document["verdict"] not in ORDER or document["code"] not in (0, 1, 2, 3, 4):
        raise ValueError("no verdict of a line")
    if report is None:
        return Entry(**known, message=str(error["error"]), fix=str(error["hint"] or ""))
    return Entry(**known, **_seen(report))


def _seen(report: dict[str, Any]) -> dict[str, Any]:
    troubles = [one for one in report["findings"] if one["severity"] != "pass" and one["counted"]]
    decides = next(iter(troubles), None)
    held = {one["sha256"]: _held(one) for one in report["certificates"]}
    leaves = dict.fromkeys((chain["path"] or chain["sent"])[0] for chain in report["chains"] if chain["sent"])
    above = dict.fromkeys(sha256 for chain in report["chains"] for sha256 in chain["path"][1:])
    severities = [one["severity"] for one in troubles]
    return {
        "checked_at": datetime.fromisoformat(report["gathered_at"]),
        "rule": decides["rule"] if decides else "",
        "message": decides["message"] if decides else "all required checks passed",
        "fix": (decides["fix"] or "").partition("\n")[0] if decides else "",
        "counts": tuple(severities.count(word) for word in ("fail", "unknown", "warn")),
        "leaves": tuple(held[sha256] for sha256 in leaves if sha256 in held),
        "issuers": tuple(held[sha256] for sha256 in above if sha256 in held),
        "connectors": tuple((one["name"], one["direction"], one["value"] or "") for one in report["connectors"]),
        "nodes_differ": any(one["rule"] == "tls.nodes-differ" for one in troubles),
        "findings": tuple(sorted({one["rule"] for one in troubles if one["severity"] in ("fail", "unknown")})),
    }


def _held(certificate: dict[str, Any]) -> Held:
    names = certificate["names"]
    dates = [certificate[key] and datetime.fromisoformat(certificate[key]) for key in ("not_before", "not_after")]
    label = names[0] if names else certificate["subject"]
    return Held(certificate["sha256"], label, certificate["issuer"], dates[0], dates[1], certificate["role"])
