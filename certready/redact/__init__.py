"""Evidence that can be shown to strangers: every name, address, serial number and key replaced, the verdict unchanged.

A signature cannot survive a changed name, so the certificates, lists and answers are issued anew, under keys that are
made for the purpose and thrown away. What was wrong with the originals is wrong with their stand-ins; where that is not
possible, the evidence is not redacted at all.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable

from certready import schemas
from certready.errors import EvidenceError
from certready.judging import judge
from certready.model import Evidence
from certready.model.report import Report
from certready.redact.der import Documents, embedded
from certready.redact.evidence import Redaction
from certready.redact.words import Words
from certready.rules.evidence import REDACTED
from certready.serial import dump, load
from certready.x509.certificate import Certificate
from certready.x509.der import MalformedError
from certready.x509.extensions import UNREADABLE

__all__ = ["redact"]

_INSTEAD = "Leave out --redact and review the file before you pass it on, or send the report alone."


def redact(evidence: Evidence) -> Evidence:
    """The evidence with a stand-in for every name and address, which is judged as the evidence itself is.

    Raises:
        EvidenceError: something in it cannot be replaced, would still be seen, or would be judged otherwise.
    """
    if evidence.redacted:
        return evidence
    if evidence.dane is not None or evidence.mta_sts is not None:
        raise EvidenceError(
            "The evidence cannot be redacted: signed DNS answers and published policies cannot be made anew.",
            hint="Save it without --dane and --mta-sts.",
        )
    words = Words()
    try:
        redacted = Redaction(words, Documents(words, tuple(certificates(evidence)))).evidence(evidence)
    except (MalformedError, IndexError, *UNREADABLE) as error:
        reason = str(error) if isinstance(error, MalformedError) else "a part of it cannot be taken apart"
        raise EvidenceError(f"The evidence cannot be redacted: {reason}.", hint=_INSTEAD) from None
    visible = next(iter(_seen(words, redacted)), None)
    if visible:
        raise EvidenceError(f"The evidence cannot be redacted: {visible} would still be seen.", hint=_INSTEAD)
    differ = _differences(judge(evidence), judge(load(dump(redacted))))
    if differ:
        raise EvidenceError(
            f"The evidence cannot be redacted: it would be judged otherwise ({', '.join(differ)}).", hint=_INSTEAD
        )
    return redacted


def certificates(evidence: Evidence) -> Iterable[Certificate]:
    """Every certificate in the evidence, those inside OCSP answers too."""
    for chain in (*evidence.chains, *evidence.peers):
        yield from chain.certificates
    yield from (known.certificate for known in evidence.known)
    yield from (root.certificate for root in evidence.roots)
    yield from (elsewhere.root.certificate for elsewhere in evidence.elsewhere)
    staples = [endpoint.staple for endpoint in evidence.endpoints]
    staples += [handshake.staple for endpoint in evidence.endpoints for handshake in endpoint.handshakes]
    for body in (*(answer.body for answer in evidence.answers), *staples):
        yield from embedded(body or b"")


def _seen(words: Words, redacted: Evidence) -> Iterable[str]:
    """Those of the originals that are still there, in text or inside DER."""
    # A stand-in may end as an original does: file13.pem shows nothing of 3.pem.
    stand_ins = b"|".join(re.escape(_escaped(name)) for name in sorted(words.stand_ins, key=len, reverse=True) if name)
    text = re.sub(stand_ins, b"", dump(redacted).lower()) if stand_ins else dump(redacted).lower()
    blobs = [certificate.der for certificate in certificates(redacted)]
    blobs += [answer.body for answer in redacted.answers if answer.body]
    inside = b"\n".join(blobs).lower()
    schema = json.dumps(schemas.load("evidence"))
    for original in words.originals():
        if "." not in original and original.lower() in schema:
            continue  # a word of the file's own, such as the first label of cert.contoso.com
        folded = original.lower().encode("utf-8", "replace")
        wide = original.lower().encode("utf-16-be", "replace")
        if folded in inside or wide in inside or _escaped(original) in text:
            yield original


def _escaped(text: str) -> bytes:
    """A text as the file would hold it, in lower case."""
    return json.dumps(text.lower())[1:-1].encode("ascii")


def _differences(before: Report, after: Report) -> list[str]:
    """What of the judgement is not the same: the verdict, or the rules that weigh otherwise."""
    old, new = (Counter(_weighed(report)) for report in (before, after))
    rules = sorted({rule for rule, *_ in (old - new) + (new - old)})
    verdicts = [f"{before.verdict} became {after.verdict}"] if before.verdict != after.verdict else []
    return verdicts + rules


def _weighed(report: Report) -> Iterable[tuple[str, str, bool]]:
    return (
        (finding.rule, str(finding.severity), finding.counted)
        for finding in report.findings
        if finding.rule != REDACTED.id
    )
