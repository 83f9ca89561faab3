"""What the smart host answers to a rehearsal."""

from __future__ import annotations

from certready.rules import sources
from certready.rules.model import F, P, Rule, U, W, columns, everywhere

ACCEPTED = Rule(
    "rehearse.accepted",
    "The smart host took the recipient for this certificate",
    what="The real smart host asked for this certificate and took a recipient who lives outside of Microsoft 365.",
    why="That is the answer the gateway would get, from this address and with this sender and recipient.",
    confidence="documented",
    sources=(sources.ATTRIBUTION, sources.RELAY),
    weights=(everywhere(P), everywhere(W, "sender", "the sender's domain may have decided beside it", counted=False)),
    fix="Rehearse with --null-sender: then the certificate alone decides, and not the sender's domain.",
)

REFUSED = Rule(
    "rehearse.refused",
    "The smart host refuses mail from a client with this certificate",
    what=(
        "The real smart host asked for this certificate and ended TLS because of it, or answered 5.7.64, 5.7.51 or "
        "their like."
    ),
    why="That host takes no mail from the gateway by this certificate, mostly because it does not recognise it.",
    confidence="documented",
    sources=(sources.ATTRIBUTION, sources.RELAY),
    weights=(columns(F, U, U),),
    fix="certready explain with the quoted reply lists the causes; check with --tenant says which one it is.",
)

INCONCLUSIVE = Rule(
    "rehearse.inconclusive",
    "The smart host's answer says nothing about the certificate",
    what=(
        "The smart host's answer has another reason than the certificate, it did not ask for one, or the recipient may "
        "live in a tenant of Microsoft 365, this one or another."
    ),
    why=(
        "Exchange Online takes mail for its tenants from anybody, so taking such a recipient proves nothing; a refusal "
        "of this host's address, or of a certificate that was never asked for, proves as little."
    ),
    confidence="documented",
    sources=(sources.ATTRIBUTION, sources.RELAY),
    weights=(everywhere(U),),
    fix="Rehearse from the address that the gateway sends from, with a recipient outside of Microsoft 365.",
)

SMART_HOST = Rule(
    "rehearse.smart-host",
    "The smart host's own certificate",
    what="Name, issuer and dates of the smart host's own certificate, and whether it leads to a root of the store.",
    why="A smart host's name that is guessed leads to another region or to nobody (451 4.4.62, ATTR35).",
    confidence="documented",
    sources=(sources.DNS_RECORDS,),
    weights=(
        everywhere(P),
        everywhere(
            W,
            "doubtful",
            "its name, dates or chain are not in order, or it is no Exchange Online",
            counted=False,
        ),
    ),
    fix="See that the smart host's name is right: the one out of the tenant's MX record.",
)
