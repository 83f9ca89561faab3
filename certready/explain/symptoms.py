"""What administrators describe in their own words: symptoms without an error line."""

from __future__ import annotations

from certready.explain import commands as c
from certready.explain.causes import DISABLED, INCOMPLETE, NO_MATCH, NOT_ACCEPTED, NOT_SENT, NULL_SENDER
from certready.explain.model import Cause, Entry

_PRACTICE = "Field reports, ranked by how often they came up"

_SHARED = Cause(
    "Several tenants share the gateway's addresses or its certificate, so that Exchange Online takes the mail for "
    "another tenant's.",
    "documented",
    "One certificate under an accepted domain of its own for each tenant, and a certificate connector in each.",
    (c.ATTRIBUTE, c.LINT),
)
_WILDCARD = Cause(
    "A wildcard value (*.contoso.com) also catches other systems that show a certificate under that domain: a sister "
    "tenant, a marketing service, another gateway.",
    "documented",
    "Use the exact host name as value, and register that host name as an accepted domain.",
    (c.LINT,),
)

ENTRIES: tuple[Entry, ...] = (
    Entry(
        "spf-failures",
        "SPF failures: legitimate mail is marked as spoofed",
        "inbound",
        "Mail that no connector recognises is checked like Internet mail, and the gateway's address stands in no SPF "
        "record of the sender.",
        c.SEPPMAIL,
        (
            ("spf", "fail"),
            ("spf", "failure"),
            ("spf", "failures"),
            ("spf", "failed"),
            ("spf=fail",),
            ("spf", "softfail"),
        ),
        (
            _SHARED,
            NO_MATCH,
            Cause(
                "The gateway stands before Exchange Online, and enhanced filtering for connectors is off: its hop is "
                "taken for the sender.",
                "documented",
                "Set-InboundConnector -EFSkipLastIP $true (it skips the hop for SPF; it authenticates nothing).",
                (c.LINT,),
            ),
        ),
        symptom=True,
    ),
    Entry(
        "wrong-tenant-logs",
        "Traffic is logged in the wrong tenant, or in none you can see",
        "inbound",
        "The mail was attributed to another tenant; its message trace is there.",
        c.SEPPMAIL,
        (
            *(("wrong tenant",), ("other tenant", "log"), ("another tenant",), ("different tenant",)),
            *(("message trace", "missing"), ("not in the message trace",), ("logs", "not visible")),
        ),
        (_SHARED, _WILDCARD, NO_MATCH),
        symptom=True,
    ),
    Entry(
        "misrouted-mail",
        "Mail is misrouted, or handled by another organization's policies",
        "either",
        "Attribution or the choice of a connector went another way than planned.",
        c.SEPPMAIL,
        (
            *(("misrouted",), ("misrouting",), ("wrong connector",), ("different organization",), ("wrong route",)),
            ("wrong policies",),
        ),
        (
            _SHARED,
            _WILDCARD,
            Cause(
                "Outbound: another connector's recipient domains are more specific than those of the one you meant.",
                "documented",
                "See which connector wins for the recipient, and narrow or widen RecipientDomains.",
                (c.ROUTE,),
            ),
        ),
        symptom=True,
    ),
    Entry(
        "looping-mail",
        "Mail loops between Exchange Online and the gateway",
        "either",
        "Each side hands the message back to the other, until the hop count ends it (554 5.4.14).",
        f"{c.SEPPMAIL}; SEPPmail documentation, certificate based connectors",
        (("mail loop",), ("mail loops",), ("looping",), ("loops",), ("loop", "gateway"), ("loop", "mail")),
        (
            Cause(
                "Exchange Online does not recognise the gateway when the mail comes back, so the rule that sends "
                "it there fires again.",
                "inferred",
                "Mend certificate or connector, and exempt in the mail flow rule what the gateway has marked.",
                (c.CHECK, c.LISTEN),
            ),
            _SHARED,
            Cause(
                "An InternalRelay domain whose recipients exist on neither side.",
                "documented",
                "Make the domain Authoritative.",
                (c.ROUTE,),
            ),
        ),
        symptom=True,
    ),
    Entry(
        "stopped-after-renewal",
        "Mail stopped after the certificate was renewed",
        "either",
        "The commonest cause of all: something still refers to the old certificate.",
        f"{c.TLS_IN_HYBRID}; {_PRACTICE}",
        (
            *(("renewed",), ("renewal",), ("renew", "certificate"), ("new certificate",), ("replaced", "certificate")),
            ("certificate", "exchanged"),
        ),
        (
            Cause(
                "Exchange Server's connectors are bound to the old <I>issuer<S>subject.",
                "documented",
                "Set-SendConnector and Set-ReceiveConnector -TlsCertificateName to the new one.",
                (c.DIFF,),
            ),
            INCOMPLETE,
            NO_MATCH,
            Cause(
                "Only some nodes have the new certificate, or one has it without its private key.",
                "reported",
                "Install PFX and intermediates on every node, and restart what holds the old one.",
                (c.COMPARE, c.PFX),
            ),
        ),
        symptom=True,
    ),
    Entry(
        "only-some-messages",
        "Bounces, automatic replies or forwarded mail are refused, normal mail passes",
        "inbound",
        "Mail with an empty or foreign sender relays by certificate alone.",
        c.RELAY_2023,
        (
            *(("null sender",), ("null-sender",), ("out of office",), ("automatic replies",), ("forwarded", "refused")),
            *(("forwarded", "rejected"), ("bounces", "refused"), ("bounces", "rejected"), ("ndr", "rejected")),
        ),
        (NULL_SENDER, NOT_ACCEPTED, NOT_SENT),
        symptom=True,
    ),
    Entry(
        "only-sometimes",
        "Mail is refused only sometimes",
        "either",
        "Several nodes or addresses, and not all of them present the same.",
        _PRACTICE,
        (
            ("intermittent",),
            ("intermittently",),
            ("sometimes",),
            ("only some nodes",),
            ("one node",),
            ("some servers",),
        ),
        (
            Cause(
                "Some nodes present an old or default certificate, or lack the private key.",
                "reported",
                "Install the same certificate, key and intermediates on every node.",
                (c.COMPARE, c.PROBE),
            ),
            Cause(
                "Several connectors match equally well, in this tenant or in another of the forest.",
                "inferred",
                "Keep one certificate connector for each name.",
                (c.LINT,),
            ),
        ),
        symptom=True,
    ),
    Entry(
        "plain-text-greeting",
        "The greeting shows 250-XXXXXXXA instead of STARTTLS",
        "either",
        "A firewall rewrites SMTP (inspection, fixup).",
        _PRACTICE,
        (
            ("250-xxxxxxxa",),
            ("xxxxxxxa",),
            ("tls inspection",),
            ("smtp inspection",),
            ("smtp fixup",),
            ("esmtp inspection",),
        ),
        (
            Cause(
                "The firewall between gateway and Exchange Online inspects SMTP and takes STARTTLS away.",
                "reported",
                "Switch SMTP inspection off for port 25.",
                (c.PROBE, c.LISTEN),
            ),
        ),
        symptom=True,
    ),
    Entry(
        "no-client-certificate",
        "The gateway presents no client certificate",
        "inbound",
        "Without one there is nothing to match a certificate connector with; many mail servers send none unless "
        "told to.",
        _PRACTICE,
        (("client certificate",), ("no certificate", "presented"), ("certificate", "not sent")),
        (NOT_SENT, DISABLED),
        symptom=True,
    ),
)
