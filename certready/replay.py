"""Saved evidence, read back to be judged again: by ``--replay`` and by callers of the library alike."""

from __future__ import annotations

from msgspec.structs import replace

from certready import serial
from certready.model import Evidence

_PROGRAMMES = ("microsoft", "mozilla")  # stores that are the same everywhere, so that a name can be looked up


def load(data: bytes) -> Evidence:
    """The evidence in a file that :func:`certready.dump_evidence` or ``--save-evidence`` wrote.

    Whoever edits a file can write any root into it under the name of a programme: those that no list of it known here
    has are in ``unlisted``, and a chain that leads to one is never ready.

    Raises:
        EvidenceError: whatever is wrong with the bytes.
        StoreError: the programme's list cannot be read here.
    """
    evidence = serial.load(data)
    return evidence if evidence.redacted else replace(evidence, unlisted=_unlisted(evidence))


def _unlisted(evidence: Evidence) -> tuple[str, ...]:
    if evidence.store.name not in _PROGRAMMES or not evidence.roots:
        return ()
    from certready.roots import stores

    store = stores.load(evidence.store.name)
    return tuple(
        root.certificate.sha256 for root in evidence.roots if not root.extra and store.holds(root.certificate) is None
    )
