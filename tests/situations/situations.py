"""The situations: what is wrong, what certready should say, and how it is staged."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from datetime import timedelta
from typing import NamedTuple

from cryptography import x509
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID

from certready.demo.pki import Authority, Issued
from tests.live.servers import hold, tls_context
from tests.pki import broken_signature, constrained, weakly_signed
from tests.situations.staging import (
    BANNER,
    EHLO,
    NAME,
    READY,
    Stage,
    answer,
    context_of,
    conversing,
    refusal,
    weak_context,
)

DAY = timedelta(days=1)
REASON = x509.ReasonFlags.key_compromise


class Situation(NamedTuple):
    """A gateway's situation in a sentence, and the verdict that is right for a connector of its name."""

    says: str
    verdict: str
    stage: Callable[[Stage], None]


SITUATIONS: list[Situation] = []


def situation(says: str, verdict: str) -> Callable[[Callable[[Stage], None]], Callable[[Stage], None]]:
    """Register what is staged by the function below."""

    def register(stage: Callable[[Stage], None]) -> Callable[[Stage], None]:
        SITUATIONS.append(Situation(says, verdict, stage))
        return stage

    return register


# -- the certificate ----------------------------------------------------------------------------------------------


@situation("all as it should be", "ready")
def sound(stage: Stage) -> None:
    stage.sends(stage.issue())


@situation("expired yesterday", "not-ready")
def expired(stage: Stage) -> None:
    stage.sends(stage.issue(age=90, days=89))


@situation("valid from tomorrow on", "not-ready")
def not_yet(stage: Stage) -> None:
    stage.sends(stage.issue(age=-1))


@situation("ends in five days", "ready")
def ends_soon(stage: Stage) -> None:
    stage.sends(stage.issue(age=85, days=90))


@situation("for another host", "not-ready")
def another_name(stage: Stage) -> None:
    stage.sends(stage.issue("mail.fabrikam.example"))


@situation("for a host whose name begins alike", "not-ready")
def begins_alike(stage: Stage) -> None:
    stage.sends(stage.issue(f"{NAME}.fabrikam.example"))


@situation("for a host whose name ends alike", "not-ready")
def ends_alike(stage: Stage) -> None:
    stage.sends(stage.issue(f"web{NAME}"))


@situation("for the domain alone, not the host", "not-ready")
def apex(stage: Stage) -> None:
    stage.sends(stage.issue("contoso.example"))


@situation("a wildcard for the host's domain", "ready")
def wildcard(stage: Stage) -> None:
    stage.sends(stage.issue("*.contoso.example"))


@situation("a wildcard one label too high", "not-ready")
def deep_wildcard(stage: Stage) -> None:
    stage.sends(stage.issue("*.example"))


@situation("a wildcard inside a label", "not-ready")
def partial_wildcard(stage: Stage) -> None:
    stage.sends(stage.issue("mail.*.example"))


@situation("key usage for TLS clients alone", "not-ready")
def clients_alone(stage: Stage) -> None:
    stage.sends(stage.issue(ekus=[ExtendedKeyUsageOID.CLIENT_AUTH]))


@situation("an RSA key of 1024 bits", "not-ready")
def small_key(stage: Stage) -> None:
    stage.speaks(BANNER, EHLO, READY, conversing(weak_context(stage, stage.issue(key="rsa1024"))))


@situation("signed with SHA-1", "not-ready")
def sha1(stage: Stage) -> None:
    leaf = stage.issue()
    weak = Issued(x509.load_der_x509_certificate(weakly_signed(leaf, "sha1")), leaf.key, stage.issuing)
    stage.publish(weak)
    stage.speaks(BANNER, EHLO, READY, conversing(weak_context(stage, weak)))


@situation("a signature that is wrong", "not-ready")
def wrong_signature(stage: Stage) -> None:
    leaf = stage.issue()
    broken = Issued(x509.load_der_x509_certificate(broken_signature(leaf)), leaf.key, stage.issuing)
    stage.sends(broken)


@situation("a critical extension that nobody knows", "not-ready")
def critical_extension(stage: Stage) -> None:
    unknown = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.3.6.1.4.1.99999.1"), b"\x05\x00")
    stage.sends(stage.issue(extra=[(unknown, True)]))


# -- the chain ----------------------------------------------------------------------------------------------------


@situation("the intermediate is not sent", "not-ready")
def intermediate_missing(stage: Stage) -> None:
    leaf = stage.issue()
    stage.sends(leaf, [leaf])


@situation("the root is sent as well", "ready")
def root_included(stage: Stage) -> None:
    leaf = stage.issue()
    stage.sends(leaf, [leaf, stage.issuing, stage.root])


@situation("a stranger's certificate is sent as well", "ready")
def stranger(stage: Stage) -> None:
    leaf = stage.issue()
    stage.sends(leaf, [leaf, stage.issuing, Authority.root("Somebody Else")])


@situation("another root", "not-ready")
def another_root(stage: Stage) -> None:
    other = Authority.root("Another Root").intermediate("Another Issuing", **stage.pointers())
    leaf = other.issue(NAME)
    stage.sends(leaf)


@situation("self-signed", "not-ready")
def self_signed(stage: Stage) -> None:
    own = Authority.root(NAME, extra=[(x509.SubjectAlternativeName([x509.DNSName(NAME)]), False)])
    stage.sends(own, [own])


@situation("the intermediate has expired", "not-ready")
def intermediate_expired(stage: Stage) -> None:
    stage.issuing = stage.root.intermediate("Staged Issuing", age=400, days=390, **stage.pointers())
    stage.sends(stage.issue(age=30))


@situation("the intermediate is revoked", "not-ready")
def intermediate_revoked(stage: Stage) -> None:
    stage.published["/root.crl"] = stage.root.crl([(stage.issuing.x509.serial_number, stage.root.moment - DAY, REASON)])
    stage.sends(stage.issue())


@situation("issued by another leaf", "not-ready")
def leaf_as_issuer(stage: Stage) -> None:
    between = stage.issuing.intermediate(
        "Staged Leaf",
        without=[x509.BasicConstraints],
        extra=[(x509.BasicConstraints(ca=False, path_length=None), True)],
        **stage.pointers(),
    )
    stage.sends(between.issue(NAME))


@situation("one CA more than the root allows", "not-ready")
def path_length(stage: Stage) -> None:
    stage.issuing = stage.root.intermediate("Staged Issuing", path_length=0, **stage.pointers())
    below = stage.issuing.intermediate("Staged Below", **stage.pointers())
    stage.sends(below.issue(NAME))


@situation("a name that the intermediate may not certify", "not-ready")
def name_constraints(stage: Stage) -> None:
    stage.issuing = stage.root.intermediate(
        "Staged Issuing", extra=[constrained(permitted=["fabrikam.example"])], **stage.pointers()
    )
    stage.sends(stage.issue())


# -- revocation ---------------------------------------------------------------------------------------------------


@situation("revoked, says the CRL; there is no OCSP", "not-ready")
def revoked_by_crl(stage: Stage) -> None:
    leaf = stage.issue(ocsp_urls=[])
    stage.publish(leaf, [(leaf.x509.serial_number, stage.root.moment - DAY, REASON)], by=["crl"])
    stage.sends(leaf)


@situation("revoked, says OCSP; there is no CRL", "not-ready")
def revoked_by_ocsp(stage: Stage) -> None:
    leaf = stage.issue(crl_urls=[])
    stage.publish(leaf, [(leaf.x509.serial_number, stage.root.moment - DAY, REASON)], by=["ocsp"])
    stage.sends(leaf)


@situation("revoked, says the CRL; OCSP still says good", "not-ready")
def revoked_by_one(stage: Stage) -> None:
    leaf = stage.issue()
    stage.publish(leaf, [(leaf.x509.serial_number, stage.root.moment - DAY, REASON)], by=["crl"])
    stage.sends(leaf)


@situation("responder and CRL do not answer", "cannot-tell")
def nobody_answers(stage: Stage) -> None:
    leaf = stage.issue()
    del stage.published["/issuing/ocsp"], stage.published["/issuing.crl"]
    stage.sends(leaf)


@situation("the responder says: try later", "cannot-tell")
def try_later(stage: Stage) -> None:
    leaf = stage.issue(crl_urls=[])
    stage.published["/issuing/ocsp"] = refusal(ocsp.OCSPResponseStatus.TRY_LATER)
    stage.sends(leaf)


@situation("the responder does not know the certificate", "cannot-tell")
def unknown_to_the_responder(stage: Stage) -> None:
    leaf = stage.issue(crl_urls=[])
    stage.published["/issuing/ocsp"] = answer(leaf, stage.issuing, status=ocsp.OCSPCertStatus.UNKNOWN)
    stage.sends(leaf)


@situation("the OCSP answer is somebody else's", "cannot-tell")
def forged_answer(stage: Stage) -> None:
    leaf = stage.issue(crl_urls=[])
    forger = Authority.root("Staged Issuing")
    stage.published["/issuing/ocsp"] = answer(leaf, forger, issuer=stage.issuing.x509)
    stage.sends(leaf)


@situation("the OCSP answer is out of date", "cannot-tell")
def stale_answer(stage: Stage) -> None:
    leaf = stage.issue(crl_urls=[])
    then = stage.root.moment - 30 * DAY
    stage.published["/issuing/ocsp"] = answer(leaf, stage.issuing, this_update=then, next_update=then + 7 * DAY)
    stage.sends(leaf)


@situation("the CRL is signed by somebody else", "cannot-tell")
def forged_list(stage: Stage) -> None:
    leaf = stage.issue(ocsp_urls=[])
    stage.published["/issuing.crl"] = stage.issuing.crl(signer=Authority.root("Forger").key)
    stage.sends(leaf)


@situation("the CRL is out of date", "cannot-tell")
def stale_list(stage: Stage) -> None:
    leaf = stage.issue(ocsp_urls=[])
    then = stage.root.moment - 30 * DAY
    stage.published["/issuing.crl"] = stage.issuing.crl(this_update=then, next_update=then + 7 * DAY)
    stage.sends(leaf)


@situation("the certificate names neither responder nor CRL", "not-ready")
def not_checkable(stage: Stage) -> None:
    stage.sends(stage.issue(crl_urls=[], ocsp_urls=[]))


# -- the gateway --------------------------------------------------------------------------------------------------


@situation("421 in place of a greeting", "cannot-tell")
def turned_away(stage: Stage) -> None:
    stage.speaks(b"421 4.3.2 Too many connections\r\n")


@situation("no STARTTLS", "not-ready")
def no_starttls(stage: Stage) -> None:
    stage.speaks(BANNER, b"250 gw\r\n", b"502 5.5.1 Unknown command\r\n", b"221 Bye\r\n")


@situation("STARTTLS is offered and refused for now", "cannot-tell")
def starttls_refused(stage: Stage) -> None:
    stage.speaks(BANNER, EHLO, b"454 4.7.0 TLS not available due to temporary reason\r\n")


@situation("a gateway that says nothing", "cannot-tell")
def silent(stage: Stage) -> None:
    stage.speaks(hold)


@situation("TLS 1.3 alone", "ready")
def tls13(stage: Stage) -> None:
    context = tls_context(stage.issue(), stage.directory)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    stage.speaks(BANNER, EHLO, READY, conversing(context))


@situation("TLS 1.1 at most", "not-ready")
def tls11(stage: Stage) -> None:
    stage.sends(stage.issue(), maximum=ssl.TLSVersion.TLSv1_1)


@situation("a sound ECDSA certificate, and an expired RSA one", "not-ready")
def second_certificate(stage: Stage) -> None:
    bad = stage.issue(age=90, days=89)
    good = stage.issue(key="ec")
    stage.speaks(BANNER, EHLO, READY, conversing(context_of(stage, good, bad)))


@situation("a second address with an expired certificate", "not-ready")
def second_node(stage: Stage) -> None:
    bad, good = stage.issue(age=90, days=89), stage.issue()
    stage.sends(good)
    stage.sends(bad)
