"""Revocation by mode (contract: revoked, unanswered, no pointer, short-lived, must-staple without staple)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from cryptography import x509
from cryptography.x509 import ocsp

from certready.demo.pki import DAY, Authority, Issued
from tests.outside import Web
from tests.weights.case import FAIL, PASS, UNKNOWN, WARN, Cases, Checked, everywhere
from tests.weights.material import AT, CA, CRL, LEAF, OCSP, PAGES, checked, file, node, probed, sent

CASES = Cases()
Mode = Literal["require", "report", "off"]
STAPLE = (x509.TLSFeature([x509.TLSFeatureType.status_request]), False)


def _answered(pages: Mapping[str, bytes], mode: Mode, leaf: Issued = LEAF) -> Checked:
    """The leaf, its own answer replaced by what ``pages`` say; its issuer's stays good."""
    left = {address: page for address, page in PAGES.items() if address != CRL}
    return checked(file(leaf), fetcher=Web({**left, **pages}), options={"revocation": mode})


def _unknown(mode: Mode) -> Checked:
    leaf = CA.issue("mail.contoso.com", crl_urls=[], ocsp_urls=[OCSP])
    return _answered({OCSP: CA.ocsp(leaf.x509, status=ocsp.OCSPCertStatus.UNKNOWN)}, mode, leaf)


def _stale(mode: Mode) -> Checked:
    return _answered({CRL: CA.crl(this_update=AT - 20 * DAY, next_update=AT - 13 * DAY)}, mode)


def _invalid(mode: Mode) -> Checked:
    return _answered({CRL: CA.crl(signer=Authority.root("Stranger").key)}, mode)


def _unreachable(mode: Mode) -> Checked:
    return _answered({}, mode)


def _pointless(mode: Mode, days: float = 90, crl_urls: tuple[str, ...] = ()) -> Checked:
    leaf = CA.issue("mail.contoso.com", days=days, crl_urls=crl_urls)
    return _answered({}, mode, leaf)


@CASES.add("revocation.good", everywhere(PASS))
def not_on_the_list() -> Checked:
    """A certificate that an authentic list does not name passes."""
    return checked(file())


@CASES.add("revocation.good", everywhere(WARN))
def good_today_judged_for_next_week() -> Checked:
    """Judged for a later moment than that of the gathering, a good answer is a warning: nobody can tell yet."""
    return checked(file(), options={"at": AT + 5 * DAY})


@CASES.add("revocation.revoked", everywhere(FAIL))
def on_the_list() -> Checked:
    """A revoked certificate fails, whoever asks."""
    return _answered({CRL: CA.crl([(LEAF.x509.serial_number, AT - 3 * DAY, None)])}, "require")


@CASES.add("revocation.revoked", everywhere(FAIL))
def on_the_list_and_only_reported() -> Checked:
    """A revoked certificate fails in the mode report too."""
    return _answered({CRL: CA.crl([(LEAF.x509.serial_number, AT - 3 * DAY, None)])}, "report")


@CASES.add("revocation.unknown", everywhere(UNKNOWN))
def a_responder_that_does_not_know() -> Checked:
    """A responder that says unknown leaves it unknown where an answer is required."""
    return _unknown("require")


@CASES.add("revocation.unknown", everywhere(WARN))
def a_responder_that_does_not_know_is_reported() -> Checked:
    """A responder that says unknown is a warning where its lack is only reported."""
    return _unknown("report")


@CASES.add("revocation.stale", everywhere(UNKNOWN))
def a_list_out_of_date() -> Checked:
    """A list that is out of date leaves it unknown where an answer is required."""
    return _stale("require")


@CASES.add("revocation.stale", everywhere(WARN))
def a_list_out_of_date_is_reported() -> Checked:
    """A list that is out of date is a warning where its lack is only reported."""
    return _stale("report")


@CASES.add("revocation.invalid", everywhere(UNKNOWN))
def a_list_of_somebody_else() -> Checked:
    """A list that the issuer did not sign leaves it unknown where an answer is required."""
    return _invalid("require")


@CASES.add("revocation.invalid", everywhere(WARN))
def a_list_of_somebody_else_is_reported() -> Checked:
    """A list that the issuer did not sign is a warning where its lack is only reported."""
    return _invalid("report")


@CASES.add("revocation.unreachable", everywhere(UNKNOWN))
def nobody_answers() -> Checked:
    """Where nobody answers it is unknown where an answer is required."""
    return _unreachable("require")


@CASES.add("revocation.unreachable", everywhere(WARN))
def nobody_answers_and_that_is_reported() -> Checked:
    """Where nobody answers it is a warning where that is only reported."""
    return _unreachable("report")


@CASES.add("revocation.not-checkable", everywhere(FAIL))
def no_pointer() -> Checked:
    """A certificate of 90 days that names nowhere to ask fails where an answer is required."""
    return _pointless("require")


@CASES.add("revocation.not-checkable", everywhere(FAIL))
def an_ldap_pointer() -> Checked:
    """A certificate of 90 days that names a directory alone fails where an answer is required."""
    return _pointless("require", crl_urls=("ldap://directory.example/cn=CA?certificateRevocationList",))


@CASES.add("revocation.not-checkable", everywhere(WARN))
def no_pointer_is_reported() -> Checked:
    """A certificate of 90 days that names nowhere to ask is a warning where that is only reported."""
    return _pointless("report")


@CASES.add("revocation.short-lived", everywhere(PASS))
def six_days_and_no_pointer() -> Checked:
    """A certificate of six days need not name where to ask: it passes."""
    return _pointless("require", days=6)


@CASES.add("revocation.skipped", everywhere(WARN, counted=False))
def not_asked() -> Checked:
    """With --revocation off it is said that nothing was asked, which --strict does not count."""
    return checked(file(), options={"revocation": "off"})


@CASES.add("revocation.staple-missing", everywhere(WARN))
def a_staple_that_is_demanded_and_missing() -> Checked:
    """A certificate that demands a stapled answer, from a gateway that sends none, is a warning."""
    settings: dict[str, Any] = {"chains": (sent(CA.issue("mail.contoso.com", extra=[STAPLE]), CA),)}
    return probed(node(), **settings)
