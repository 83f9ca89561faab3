"""What becomes of mail where a certificate does not fit the TLSA records of its host, in words. Pure."""

from __future__ import annotations

from certready.dane.matching import Fit
from certready.dane.tlsa import TRUST_ANCHOR

FACTS = {"4.7.321": "E6", "4.7.322": "E7", "4.7.323": "E8", "4.7.325": "E10"}
"""The fact behind each answer of Exchange Online's, as ``certready explain`` shows it."""
UNLESS = ", unless another MX host serves"

_HOLDS = "Exchange Online holds the mail ({code}{unless})"
_HELD = f"{_HOLDS} and returns it after 24 hours; every other sender that checks DANE holds it too"
_INFERRED = (
    f"{_HOLDS}; that the dates of {{whose}} matter to it is inferred (fact U14), and senders that keep to RFC 7672 "
    "accept it all the same"
)
_UNSETTLED = (
    "Postfix and other senders that keep to RFC 7671 hold the mail{unless}; whether Exchange Online does is not "
    "documented (fact U15)"
)


def consequence(fit: Fit, unless: str = UNLESS) -> str:
    """What Exchange Online and other senders do, without a full stop. ``unless`` is empty where it is known that no
    other MX host serves."""
    words = _UNSETTLED if not fit.code else _INFERRED if fit.others_accept else _HELD
    whose = "the pinned authority" if fit.record and fit.record.usage == TRUST_ANCHOR else "a certificate under usage 3"
    return words.format(code=fit.code, unless=unless, whose=whose)
