"""What Exchange Online answers to a gateway about tenant, domains and routes."""

from __future__ import annotations

from certready.explain import commands as c
from certready.explain.causes import (
    DISABLED,
    INCOMPLETE,
    NO_MATCH,
    NOT_ACCEPTED,
    NOT_SENT,
    NOT_VALID,
    NULL_SENDER,
    OLD_EXCHANGE,
)
from certready.explain.model import Cause, Entry

ENTRIES: tuple[Entry, ...] = (
    Entry(
        "relay-denied",
        "550 5.7.64 TenantAttribution; Relay Access Denied",
        "inbound",
        "Exchange Online could not tell whose gateway is speaking, so it may not relay.",
        c.RELAY_KB,
        (("5.7.64",), ("tenantattribution", "relay access denied"), ("relay access denied", "protection.outlook.com")),
        (NO_MATCH, INCOMPLETE, NOT_ACCEPTED, NULL_SENDER, NOT_VALID, NOT_SENT, DISABLED, OLD_EXCHANGE),
    ),
    Entry(
        "relay-denied-attr36",
        "550 5.7.64 TenantAttribution; Relay Access Denied [ATTR36]",
        "inbound",
        "The connector was found, but the certificate's domain is not accepted in its tenant.",
        c.ATTR36_KB,
        (("attr36",),),
        (
            Cause(
                "The immediate parent of the certificate's host name is no accepted domain: for h.sub.contoso.com that "
                "is sub.contoso.com, contoso.com alone does not do.",
                "documented",
                "Register sub.contoso.com too, or use a certificate name directly under an accepted domain.",
                (c.CHECK, c.LINT),
            ),
            NOT_ACCEPTED,
            NULL_SENDER,
            NO_MATCH,
        ),
        beats=("relay-denied",),
    ),
    Entry(
        "partner-lock-down",
        "550 5.7.51 TenantInboundAttribution; a partner connector restricts the domain",
        "inbound",
        "The gateway was not recognised as the tenant's own; its mail was treated as Internet mail and met a Partner "
        "connector with RestrictDomainsToCertificate or RestrictDomainsToIPAddresses.",
        c.TLS_IN_HYBRID,
        (("5.7.51",), ("tenantinboundattribution", "partner connector"), ("restrictdomainstocertificate", "rejected")),
        (
            NO_MATCH,
            NOT_ACCEPTED,
            INCOMPLETE,
            Cause(
                "A Partner connector for every sender (SenderDomains *) locks the domain down, and this gateway is "
                "not the filter it was made for.",
                "documented",
                "Give the gateway an OnPremises certificate connector, or narrow the Partner connector's "
                "SenderDomains.",
                (c.LINT,),
            ),
            NOT_SENT,
        ),
    ),
    Entry(
        "direct-send",
        "550 5.7.68 TenantInboundAttribution; Direct Send not allowed",
        "inbound",
        "RejectDirectSend is on: anonymous mail with one of the tenant's own domains as sender is refused unless a "
        "connector recognises the gateway.",
        "Exchange Team Blog, Reject Direct Send (techcommunity 4408790)",
        (("5.7.68",), ("direct send not allowed",)),
        (NO_MATCH, NOT_SENT, DISABLED, NOT_ACCEPTED),
    ),
    Entry(
        "blocked-connector",
        "550 5.7.711 Access denied, bad inbound connector. AS(2204)",
        "inbound",
        "Microsoft restricted the connector because it was abused to send spam.",
        "Microsoft Learn, Remove blocked connectors",
        (("5.7.711",), ("bad inbound connector",), ("as(2204)",)),
        (
            Cause(
                "The gateway, or somebody with its certificate or address, sent spam through the connector.",
                "documented",
                "Find and stop the source, then Get-BlockedConnector and Remove-BlockedConnector -ConnectorId <id>. "
                "Where the private key may have leaked, have the certificate revoked and reissued with a new key.",
                ("Get-BlockedConnector",),
            ),
        ),
    ),
    Entry(
        "unregistered-domains",
        "550 5.7.750 Service unavailable. Client blocked from sending from unregistered domains",
        "inbound",
        "Much mail was relayed with sender domains that the tenant does not accept.",
        "Microsoft Learn, NDR 5.7.750",
        (("5.7.750",), ("unregistered domains",)),
        (
            Cause(
                "The gateway relays for domains that are not registered in the tenant, and the certificate does not "
                "attribute the mail either.",
                "documented",
                "Register the sender domains, or make the certificate decide: its name under an accepted domain.",
                (c.ATTRIBUTE, c.LINT),
            ),
            Cause(
                "Somebody abuses the gateway as an open relay.",
                "documented",
                "Look through the gateway's log for the senders, and stop them before asking for unblocking.",
            ),
        ),
    ),
    Entry(
        "mail-loop",
        "554 5.4.14 Hop count exceeded (ATTR34)",
        "inbound",
        "The message went round between Exchange Online and the gateway.",
        "Microsoft Learn, NDR 5.4.14",
        (("5.4.14",), ("hop count exceeded",), ("attr34",)),
        (
            Cause(
                "The gateway's mail is attributed to another tenant than the one it was fetched from, and that one "
                "sends it back; typical of one gateway with one certificate for several tenants.",
                "documented",
                "One certificate and one send connector for each tenant.",
                (c.ATTRIBUTE, c.LINT),
            ),
            Cause(
                "An InternalRelay domain whose recipients exist on neither side is sent to and fro.",
                "documented",
                "Make the domain Authoritative, or exempt what comes from the gateway in the mail flow rule.",
                (c.ROUTE,),
            ),
        ),
    ),
    Entry(
        "wrong-region",
        "451 4.4.62 Mail sent to the wrong Office 365 region (ATTR35)",
        "inbound",
        "The smart host belongs to another region than the tenant the mail was attributed to.",
        "Microsoft Learn, NDR 4.4.62",
        (("4.4.62",), ("wrong office 365 region",), ("attr35",)),
        (
            Cause(
                "The gateway's smart host is wrong, guessed from the domain or of old (frontbridge, "
                "mail.messaging.microsoft.com, a bare address).",
                "documented",
                "Read the domain's MX record and use that name as smart host.",
                (c.MX,),
            ),
            Cause(
                "No inbound connector matched, so that the recipient's tenant decided where the mail belongs.",
                "documented",
                "Mend connector or certificate: a matching certificate attributes the mail to your own tenant.",
                (c.CHECK, c.ATTRIBUTE),
            ),
        ),
    ),
    Entry(
        "temporary-attribution",
        "451 or 452 with ATTR3, ATTR5, ATTR38, ATTR55, ATTR55.1 or PRX5",
        "inbound",
        "A temporary fault of attribution, proxying or load at Exchange Online.",
        "Microsoft Learn and support threads",
        (
            *(("attr3",), ("attr5",), ("attr38",), ("attr55",), ("attr55.1",), ("prx5",)),
            ("4.5.3", "recipients"),
        ),
        (
            Cause(
                "Exchange Online is busy or moves the tenant; the gateway's next attempt passes.",
                "reported",
                "Let the gateway retry. Where it goes on for an hour, look at the service health page.",
            ),
            Cause(
                "ATTR38: one session carries recipients of several regions, which must be sent apart.",
                "documented",
                "Let the gateway send one message for each recipient's region, or use the right smart host.",
                (c.MX,),
            ),
        ),
    ),
)
