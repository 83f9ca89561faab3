"""What administrators describe in their own words: symptoms without an error line."""

from __future__ import annotations

from certready.exchange import cmdlets as lines
from certready.explain import sources as s
from certready.explain.causes import (
    DISABLED,
    INCOMPLETE,
    NO_INSPECTION,
    NO_MATCH,
    NOT_ACCEPTED,
    NOT_SENT,
    NULL_SENDER,
    SHARED,
    WILDCARD,
)
from certready.explain.model import INBOUND, Cause, Entry, typed
from certready.explain.sources import quote
from certready.remedy import commands as c
from certready.remedy import connectors

ENTRIES: tuple[Entry, ...] = (
    Entry(
        "spf-failures",
        "SPF failures: legitimate mail is marked as spoofed",
        "inbound",
        "Mail that no connector recognises is checked like Internet mail, and the sender's SPF record does not list "
        "the gateway's address.",
        s.SEPPMAIL,
        (
            *(("spf", "fail"), ("spf", "failure"), ("spf", "failures"), ("spf", "failed")),
            *(("spf", "softfail"), ("spf", "spoofed")),
        ),
        (
            SHARED,
            NO_MATCH,
            Cause(
                "The gateway sits in front of Exchange Online and enhanced filtering for connectors is off, so the "
                "gateway is taken for the sender.",
                "documented",
                "Let Exchange Online skip the gateway's hop for SPF; it authenticates nothing.",
                (c.LINT,),
                quote(
                    s.FILTERING,
                    "the source of the inbound connector isn't necessarily the true indicator of where the message "
                    "came from",
                ),
                typed(connectors.skipping_the_last_hop(INBOUND)),
            ),
        ),
        symptom=True,
    ),
    Entry(
        "wrong-tenant-logs",
        "Traffic is logged in the wrong tenant, or in none you can see",
        "inbound",
        "The mail was attributed to another tenant; its message trace is there.",
        s.SEPPMAIL,
        (
            *(("wrong tenant",), ("other tenant", "log"), ("another tenant",), ("different tenant",)),
            *(("message trace", "missing"), ("not in the message trace",), ("logs", "not visible")),
        ),
        (SHARED, WILDCARD, NO_MATCH),
        symptom=True,
    ),
    Entry(
        "misrouted-mail",
        "Mail is misrouted, or handled by another organization's policies",
        "either",
        "The mail was attributed, or the connector chosen, differently from what you intended.",
        s.SEPPMAIL,
        (
            *(("misrouted",), ("misrouting",), ("wrong connector",), ("different organization",), ("wrong route",)),
            ("wrong policies",),
        ),
        (
            SHARED,
            WILDCARD,
            Cause(
                "Outbound: another connector's recipient domains are more specific than those of the one you meant.",
                "documented",
                "See which connector wins for the recipient, and narrow or widen RecipientDomains.",
                (c.ROUTE,),
                quote(s.ROUTE_MAIL, "selects the most specific connector possible"),
            ),
        ),
        symptom=True,
    ),
    Entry(
        "looping-mail",
        "Mail loops between Exchange Online and the gateway",
        "either",
        "Each side hands the message back to the other until the hop count is exceeded (554 5.4.14).",
        s.LOOP,
        (
            ("mail loop",),
            ("mail loops",),
            ("mail looping",),
            ("looping", "mail"),
            ("loops", "mail"),
            ("loop", "gateway"),
        ),
        (
            Cause(
                "Exchange Online does not recognise the gateway when the mail comes back, so the rule that sent it "
                "there applies again.",
                "inferred",
                "Correct the certificate or the connector, and exempt mail that the gateway has marked from the mail "
                "flow rule.",
                (c.CHECK, c.LISTEN),
            ),
            SHARED,
            Cause(
                "An InternalRelay domain whose recipients exist on neither side.",
                "documented",
                "Make the domain Authoritative.",
                (c.ROUTE,),
                quote(s.LOOP, "This failure is likely caused by accepted domain configuration issues."),
            ),
        ),
        symptom=True,
    ),
    Entry(
        "stopped-after-renewal",
        "Mail stopped after the certificate was renewed",
        "either",
        "The most common cause: something still refers to the old certificate.",
        s.HYBRID_TLS,
        (
            *(("certificate", "renewed"), ("certificate", "renewal"), ("renew", "certificate", "mail")),
            *(("new certificate", "mail"), ("replaced", "certificate"), ("certificate", "exchanged", "mail")),
        ),
        (
            Cause(
                "Exchange Server's connectors are bound to the old <I>issuer<S>subject.",
                "documented",
                "Bind the send and receive connectors to the new certificate.",
                (c.DIFF,),
                quote(
                    s.HYBRID_TLS,
                    "issues can arise when the on-premises SMTP-assigned trusted third-party certificate is renewed, "
                    "potentially disrupting email flow",
                ),
                (lines.import_certificate(), lines.enable_certificate(), *lines.bind()),
            ),
            INCOMPLETE,
            NO_MATCH,
            Cause(
                "Only some nodes have the new certificate, or one has it without its private key.",
                "reported",
                "Install the PFX and the intermediates on every node, and restart whatever still uses the old one.",
                (c.COMPARE,),
            ),
        ),
        symptom=True,
    ),
    Entry(
        "only-some-messages",
        "Bounces, automatic replies or forwarded mail are refused, normal mail passes",
        "inbound",
        "Mail with an empty or foreign sender can only be relayed by certificate.",
        s.RELAY_2023,
        (
            *(("null sender",), ("out of office",), ("automatic replies",), ("forwarded", "refused")),
            *(("forwarded", "rejected"), ("bounces", "refused"), ("bounces", "rejected"), ("ndr", "rejected")),
        ),
        (NULL_SENDER, NOT_ACCEPTED, NOT_SENT),
        symptom=True,
    ),
    Entry(
        "only-sometimes",
        "Mail is refused only sometimes",
        "either",
        "There are several nodes or addresses, and not all of them present the same certificate.",
        s.PRACTICE,
        (
            *(("intermittent",), ("intermittently",), ("sometimes", "mail"), ("sometimes", "fails")),
            *(("only some nodes",), ("one node",), ("some servers",)),
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
        s.PRACTICE,
        (
            *(("xxxxxxxa",), ("xxxxxxxxa",), ("250 xxxxxxxa",)),
            *(("smtp inspection",), ("smtp fixup",), ("esmtp inspection",), ("tls inspection",)),
        ),
        (
            Cause(
                "The firewall between the gateway and Exchange Online inspects SMTP and removes STARTTLS.",
                "reported",
                NO_INSPECTION,
                (c.PROBE, c.LISTEN),
            ),
        ),
    ),
    Entry(
        "no-client-certificate",
        "The gateway presents no client certificate",
        "inbound",
        "Without one, a certificate connector has nothing to match; many mail servers do not send one unless told to.",
        s.PRACTICE,
        (
            *(("no client certificate",), ("client certificate", "not sent"), ("sends no", "client certificate")),
            *(("certificate", "not presented"), ("no certificate", "presented")),
        ),
        (NOT_SENT, DISABLED),
        symptom=True,
    ),
    Entry(
        "client-certificate-missing",
        "Protocol log: EmptyCertificate, NoRemoteCertificate",
        "inbound",
        "The session used TLS, and the sending side presented no certificate.",
        s.PRACTICE,
        (("emptycertificate",), ("noremotecertificate",)),
        (NOT_SENT,),
    ),
)
