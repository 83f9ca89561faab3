"""The dates (contract: expired or not yet valid, expiry soon, an issuer that expires first, lifetime over the limit)."""

from __future__ import annotations

from certready.demo.pki import DAY
from tests.weights.case import FAIL, PASS, UNKNOWN, WARN, Cases, Checked, everywhere
from tests.weights.material import AT, CA, CRL, ROOT, checked, file, node, probed, sent

CASES = Cases()


@CASES.add("expiry.valid", everywhere(PASS))
def within_its_dates() -> Checked:
    """A chain of which every certificate is valid at the moment passes."""
    return checked(file())


@CASES.add("expiry.valid", everywhere(UNKNOWN))
def dates_that_cannot_be_read() -> Checked:
    """The dates of what cannot be read are unknown."""
    return probed(node(), chains=(sent(b"\x30\x00"),))


@CASES.add("expiry.expired", everywhere(FAIL))
def an_expired_leaf() -> Checked:
    """An expired certificate fails, whoever asks."""
    return checked(file(CA.issue("mail.contoso.com", age=100, days=90)))


@CASES.add("expiry.expired", everywhere(FAIL))
def an_expired_issuer() -> Checked:
    """An expired issuer on the only path fails."""
    old = ROOT.intermediate("Old CA", age=400, days=300, crl_url=CRL)
    return checked(file(old.issue("mail.contoso.com")))


@CASES.add("expiry.not-yet-valid", everywhere(FAIL))
def a_leaf_of_tomorrow() -> Checked:
    """A certificate that is not yet valid fails, whoever asks."""
    return checked(file(CA.issue("mail.contoso.com", age=-1)))


@CASES.add("expiry.not-yet-valid", everywhere(FAIL))
def an_issuer_of_tomorrow() -> Checked:
    """An issuer that is not yet valid fails."""
    new = ROOT.intermediate("New CA", age=-1, crl_url=CRL)
    return checked(file(new.issue("mail.contoso.com")))


@CASES.add("expiry.soon", everywhere(WARN))
def a_week_left() -> Checked:
    """A certificate with a week of its 90 days left is a warning."""
    return checked(file(CA.issue("mail.contoso.com", age=83, days=90)))


@CASES.add("expiry.issuer-first", everywhere(WARN))
def an_issuer_that_expires_first() -> Checked:
    """An issuer that expires before the leaf is a warning."""
    brief = ROOT.intermediate("Brief CA", not_after=AT + 60 * DAY)
    return checked(file(brief.issue("mail.contoso.com", days=90)))


@CASES.add("expiry.lifetime-too-long", everywhere(WARN))
def four_hundred_days() -> Checked:
    """A lifetime over the limit in force at notBefore (200 days since 2026-03-15) is a warning."""
    return checked(file(CA.issue("mail.contoso.com", days=201)))
