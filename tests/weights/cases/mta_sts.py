"""What the MTA-STS policy of a mail domain promises, whoever asks (contract, "DANE and MTA-STS")."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from msgspec.structs import replace

from certready import Bundle
from certready.demo.pki import Authority
from certready.model import Endpoint, MtaSts
from tests.weights.case import FAIL, PASS, UNKNOWN, WARN, Cases, Checked, by_audience, everywhere
from tests.weights.material import AT, CA, checked, file, node, pem, probed, sent

CASES = Cases()
HOST, DOMAIN = "gw.contoso.com", "contoso.com"
LEAF = CA.issue(HOST)
EXPIRED = CA.issue(HOST, not_before=AT - timedelta(days=90), not_after=AT - timedelta(days=1))
STRANGER = Authority.root("Nobody's Root", moment=AT).issue(HOST)


def published(mode: str = "enforce", mx: str = HOST, **more: Any) -> MtaSts:
    """A domain with a record and a policy."""
    body = f"version: STSv1\nmode: {mode}\nmx: {mx}\nmax_age: 604800\n".encode()
    fields: dict[str, Any] = {"hosts": (HOST,), "texts": ("v=STSv1; id=1",), "body": body, "media_type": "text/plain"}
    return MtaSts(DOMAIN, url="https://mta-sts.contoso.com/.well-known/mta-sts.txt", **{**fields, **more})


def under(policy: MtaSts, bundle: Bundle | None = None, **more: Any) -> Checked:
    """A file for the host under this policy."""
    return checked(bundle or file(LEAF), seen=lambda evidence: replace(evidence, mta_sts=policy), **more)


def reached(policy: MtaSts, endpoint: Endpoint) -> Checked:
    """A probe that came so far."""
    chains = (sent(LEAF, CA),)
    return probed(endpoint, chains=chains, seen=lambda evidence: replace(evidence, mta_sts=policy))


@CASES.add("mta-sts.covers", everywhere(PASS))
def all_is_well() -> Checked:
    """A host that the policy names, under a certificate for it, passes."""
    return under(published())


@CASES.add("mta-sts.mx-mismatch", everywhere(FAIL))
def host_is_not_named() -> Checked:
    """A host that the policy does not name gets no mail."""
    return under(published(mx="*.contoso.net"))


@CASES.add("mta-sts.mx-mismatch", everywhere(WARN))
def host_is_not_named_in_testing() -> Checked:
    """Under a policy that is being tested it does."""
    return under(published("testing", mx="*.contoso.net"))


@CASES.add("mta-sts.certificate", everywhere(FAIL))
def expired() -> Checked:
    """An expired certificate fails."""
    return under(published(), file(EXPIRED))


@CASES.add("mta-sts.certificate", everywhere(FAIL))
def foreign_name() -> Checked:
    """A certificate for another name fails."""
    return under(published(), file(CA.issue("mail.contoso.com")))


@CASES.add("mta-sts.certificate", everywhere(WARN))
def expired_in_testing() -> Checked:
    """Under a policy that is being tested it is a warning."""
    return under(published("testing"), file(EXPIRED))


@CASES.add("mta-sts.certificate", everywhere(FAIL))
def private_authority() -> Checked:
    """A certificate of a private CA fails, whatever its record would say."""
    return under(published(), pem(STRANGER, STRANGER.key_pem))


@CASES.add("mta-sts.certificate", everywhere(WARN))
def common_name_alone() -> Checked:
    """A name that stands in the CN alone is a warning."""
    return under(published(), file(CA.issue(common_name=HOST)))


@CASES.add("mta-sts.certificate", everywhere(UNKNOWN))
def nothing_was_seen() -> Checked:
    """A host that could not be reached is unknown."""
    return reached(published(), node(trouble="unreachable"))


@CASES.add("mta-sts.no-tls", everywhere(FAIL))
def no_starttls() -> Checked:
    """A host without STARTTLS gets no mail."""
    return reached(published(), node(trouble="no-starttls", stage="ehlo", reply="250-gw.contoso.com\n250 SIZE 1000"))


@CASES.add("mta-sts.no-tls", everywhere(WARN))
def no_starttls_in_testing() -> Checked:
    """Under a policy that is being tested it does."""
    plain = node(trouble="no-starttls", stage="ehlo", reply="250-gw.contoso.com\n250 SIZE 1000")
    return reached(published("testing"), plain)


@CASES.add("mta-sts.no-tls", everywhere(UNKNOWN))
def handshake_failed() -> Checked:
    """A handshake that failed for this probe leaves it open."""
    return reached(published(), node(trouble="handshake-failed", stage="handshake"))


@CASES.add("mta-sts.policy-unreachable", everywhere(WARN))
def policy_host_is_down() -> Checked:
    """A record without a policy is a warning: today's mail flows."""
    return under(published(body=None, error="It answered with HTTP status 404."))


@CASES.add("mta-sts.policy-unreachable", everywhere(UNKNOWN))
def dns_does_not_tell() -> Checked:
    """Where DNS does not tell nothing is known."""
    return under(published(texts=(), texts_error="DNS cannot answer."))


@CASES.add("mta-sts.policy-invalid", everywhere(WARN))
def policy_of_another_media_type() -> Checked:
    """A policy that comes as a web page is a warning."""
    return under(published(media_type="text/html"))


@CASES.add("mta-sts.record-invalid", everywhere(WARN))
def several_records() -> Checked:
    """Several records are as good as none, and a warning."""
    return under(published(texts=("v=STSv1; id=1", "v=STSv1; id=2")))


@CASES.add("mta-sts.absent", everywhere(PASS))
def no_record() -> Checked:
    """A domain without a record has no policy, and it is said."""
    return under(published(texts=(), body=None))


@CASES.add("mta-sts.absent", everywhere(PASS))
def mode_none() -> Checked:
    """A policy of mode none is said to be that."""
    return under(published("none"))


@CASES.add("mta-sts.absent", everywhere(WARN))
def policy_without_a_record() -> Checked:
    """A policy that is still served without a record may still be followed by those that have it."""
    return under(published(texts=()))


@CASES.add("mta-sts.testing", everywhere(PASS))
def mode_testing() -> Checked:
    """A policy that is being tested is said to be that."""
    return under(published("testing"))


@CASES.add("mta-sts.certificate", by_audience(counted=False, validation=WARN, domain=WARN))
def not_checked_over_the_connector() -> Checked:
    """Over a connector that follows no policies nothing weighs more than a warning."""
    return under(published(), file(EXPIRED), tried={"mta_sts_mode": "None"})


@CASES.add("mta-sts.mx-mismatch", by_audience(counted=False, validation=WARN, domain=WARN))
def a_smart_host_of_a_connector() -> Checked:
    """Of a smart host nobody knows."""
    return under(published(mx="*.contoso.net"), tried={"use_mx": False})
