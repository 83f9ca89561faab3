"""MTA-STS: whether the policy of a mail domain covers its MX hosts and what they present as TLS servers.

Exchange Online follows policies on all mail that it sends, and so does every other sender that knows MTA-STS.
"""

from __future__ import annotations

from certready.rules import sources
from certready.rules.model import F, P, Row, Rule, U, W, everywhere
from certready.rules.sources import rfc

TESTING_ONLY = "the policy is of mode testing"


def _enforced() -> tuple[Row, ...]:
    """What fails under a policy that is enforced is a warning under one that is being tested."""
    return (everywhere(F), everywhere(W, "testing", TESTING_ONLY))


COVERS = Rule(
    "mta-sts.covers",
    "The policy covers the MX host and its certificate",
    why="Senders that follow the policy deliver.",
    confidence="documented",
    sources=(sources.MTA_STS, rfc(8461, "4")),
    weights=(everywhere(P),),
)

MX_MISMATCH = Rule(
    "mta-sts.mx-mismatch",
    "The policy does not name the MX host",
    what="No mx of the policy is the MX host's name, or a star and the domain right above it.",
    why=(
        "Exchange Online delivers no mail to this host (4.4.8, MX hosts failed MTA-STS validation) and returns it "
        "after 24 hours where no other host serves."
    ),
    confidence="documented",
    sources=(sources.MTA_STS, rfc(8461, "4.1")),
    weights=_enforced(),
    fix="Add the host to the policy first, then give the TXT record a new id.",
)

CERTIFICATE = Rule(
    "mta-sts.certificate",
    "The certificate does not meet the policy, or may not",
    what=(
        "It is not for the MX host's name by SAN, not within its dates, not for TLS servers, or not under a root that "
        "is trusted for them."
    ),
    why="Exchange Online delivers no mail to this host (4.7.5, Remote certificate failed MTA-STS validation).",
    confidence="documented",
    sources=(sources.MTA_STS, rfc(8461, "4.2")),
    weights=(
        *_enforced(),
        everywhere(W, "cn", "only the CN carries the name: Microsoft's text allows it, RFC 8461 does not"),
        everywhere(U, "unclear", "it was not seen or cannot be read"),
    ),
    fix="Install a certificate of a public CA whose subject alternative names hold the MX host's name.",
)

NO_TLS = Rule(
    "mta-sts.no-tls",
    "The policy demands TLS, and none came up with the MX host",
    why="Senders that follow the policy deliver no mail to this host.",
    confidence="documented",
    sources=(sources.MTA_STS, rfc(8461, "4.2")),
    weights=(*_enforced(), everywhere(U, "unclear", "STARTTLS is masked or refused, or the handshake failed")),
    fix="Enable STARTTLS on every address of the host.",
)

POLICY_UNREACHABLE = Rule(
    "mta-sts.policy-unreachable",
    "The policy or its DNS records cannot be fetched",
    what=(
        "The domain's record announces a policy, and its host does not serve it as senders fetch it; or DNS did not "
        "tell the record or the domain's MX hosts."
    ),
    why=(
        "A sender that has the policy from before goes by that until its max_age ends, any other as if there were "
        "none: mail flows today, and the next change of an MX host or certificate meets an old policy."
    ),
    confidence="documented",
    sources=(sources.MTA_STS, rfc(8461, "3.3")),
    weights=(everywhere(W), everywhere(U, "dns", "DNS did not tell")),
    fix=(
        "Serve the policy at https://mta-sts.<domain>/.well-known/mta-sts.txt without a redirect, under a certificate "
        "for that name by a public CA."
    ),
)

POLICY_INVALID = Rule(
    "mta-sts.policy-invalid",
    "The policy cannot be followed",
    what="Its media type, version, mode, max_age or an mx is not as RFC 8461 has it.",
    why="Senders go on as if there were no policy, or by an older one.",
    confidence="documented",
    sources=(rfc(8461, "3.2"),),
    weights=(everywhere(W),),
    fix="Correct the policy, serve it as text/plain, then give the TXT record a new id.",
)

RECORD_INVALID = Rule(
    "mta-sts.record-invalid",
    "The MTA-STS record is not one that senders follow",
    what="There are several records that begin with v=STSv1; or the only one is malformed.",
    why="Senders go on as if there were no policy, or by an older one, and never learn of a new one.",
    confidence="documented",
    sources=(rfc(8461, "3.1"),),
    weights=(everywhere(W),),
    fix="Leave one TXT record at _mta-sts.<domain>, of the form: v=STSv1; id=20270101T000000",
)

ABSENT = Rule(
    "mta-sts.absent",
    "The mail domain has no MTA-STS policy in force",
    what="There is no record at _mta-sts.<domain>, or the policy is of mode none.",
    why="Senders use TLS as they do without a policy.",
    confidence="documented",
    sources=(sources.MTA_STS, rfc(8461, "3.1")),
    weights=(everywhere(P), everywhere(W, "served", "the record is gone and the policy is still served")),
    fix="Serve a policy of mode none for as long as the max_age of the old one, and only then take both away.",
)

TESTING = Rule(
    "mta-sts.testing",
    "The policy is of mode testing",
    why="Senders report what fails, and deliver all the same.",
    confidence="documented",
    sources=(rfc(8461, "5"),),
    weights=(everywhere(P),),
)
