"""What Exchange Online answers to a gateway about tenant and domains."""

from __future__ import annotations

from certready.explain import sources as s
from certready.explain.causes import (
    ADDRESS,
    DISABLED,
    INCOMPLETE,
    NO_MATCH,
    NOT_ACCEPTED,
    NOT_SENT,
    NOT_VALID,
    NULL_SENDER,
    PARTNER,
    SHARED,
)
from certready.explain.model import INBOUND, Cause, Entry, typed
from certready.explain.sources import quote
from certready.remedy import commands as c
from certready.remedy import connectors

ENTRIES: tuple[Entry, ...] = (
    Entry(
        "relay-denied",
        "550 5.7.64 TenantAttribution; Relay Access Denied",
        "inbound",
        "Exchange Online did not recognise the gateway, so the gateway may not relay.",
        s.RELAY,
        (
            ("5.7.64",),
            ("tenantattribution relay access denied",),
            ("relay access denied", "protection outlook com"),
        ),
        (NO_MATCH, INCOMPLETE, NOT_ACCEPTED, NULL_SENDER, NOT_VALID, NOT_SENT, ADDRESS, DISABLED, PARTNER),
    ),
    Entry(
        "relay-denied-attr36",
        "550 5.7.64 TenantAttribution; Relay Access Denied [ATTR36]",
        "inbound",
        "The connector was found, but the certificate's domain is not accepted in its tenant.",
        s.ATTR36,
        (("attr36",),),
        (
            Cause(
                "The domain of the certificate's name is not an accepted domain of the tenant, or only a parent "
                "further up is: for h.sub.contoso.com, sub.contoso.com must be accepted; contoso.com alone is not "
                "enough.",
                "documented",
                "Register the immediate parent too, or use a certificate name directly under an accepted domain.",
                (c.CHECK, c.ATTRIBUTE),
                quote(
                    s.ATTR36,
                    "a subject name that contains a host name that doesn't belong to an immediately accepted domain "
                    "name",
                ),
            ),
            NULL_SENDER,
            NO_MATCH,
        ),
        refines=("relay-denied",),
    ),
    Entry(
        "relay-denied-domain",
        "550 5.4.1 Relay Access Denied",
        "either",
        "The server that answers does not take mail for the recipient's domain.",
        s.NDR_LIST,
        (("5.4.1", "relay access denied"), ("5.4.1", "relaying denied")),
        (
            Cause(
                "The mail went to a server that is not responsible for the recipient's domain: the MX record or the "
                "smart host points to the wrong place, or the domain is not registered there.",
                "documented",
                "Look up the domain's MX record; register the domain in the tenant that should receive its mail.",
                (c.MX, c.ROUTE),
                quote(
                    s.NDR_LIST,
                    "The mail server that's generating the error doesn't accept mail for the recipient's domain.",
                ),
            ),
            NO_MATCH,
        ),
        refines=("relay-denied",),
    ),
    Entry(
        "partner-lock-down",
        "550 5.7.51 TenantInboundAttribution; a partner connector restricts the domain",
        "inbound",
        "The gateway was not recognised as the tenant's own; its mail was treated as Internet mail and met a Partner "
        "connector with RestrictDomainsToCertificate or RestrictDomainsToIPAddresses.",
        s.INBOUND,
        (
            ("5.7.51",),
            ("partner connector configured that matched",),
            ("restrictdomainstoipaddresses or restrictdomainstocertificate set",),
        ),
        (
            Cause(
                "No name on the certificate matches the connector's TlsSenderCertificateName, or its domain is not "
                "accepted, so the tenant does not recognise the gateway.",
                "documented",
                "Set TlsSenderCertificateName to a name of the certificate that lies under an accepted domain.",
                (c.CHECK, c.LISTEN),
                quote(
                    s.INBOUND,
                    "Mail is allowed to use the connector only if the Subject value of the TLS certificate that the "
                    "source email server uses to authenticate matches the TlsSenderCertificateName parameter value.",
                ),
                typed(connectors.asking_for(INBOUND)),
            ),
            INCOMPLETE,
            Cause(
                "A Partner connector for every sender (SenderDomains *) locks the domain down, and this gateway is "
                "not the filter it was meant for.",
                "documented",
                "Give the gateway an OnPremises certificate connector, or narrow the Partner connector's "
                "SenderDomains.",
                (c.LINT,),
                quote(
                    s.INBOUND,
                    "Automatically reject mail from domains that are specified by the SenderDomains parameter",
                ),
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
        s.DIRECT_SEND,
        (("5.7.68",), ("direct send not allowed",)),
        (NO_MATCH, NOT_SENT, DISABLED, NOT_ACCEPTED),
    ),
    Entry(
        "blocked-connector",
        "550 5.7.711 Access denied, bad inbound connector. AS(2204)",
        "inbound",
        "Microsoft restricted the connector because it was abused to send spam.",
        s.BLOCKED,
        (("5.7.711",), ("bad inbound connector",), ("as 2204",)),
        (
            Cause(
                "The gateway, or someone with its certificate or address, sent spam through the connector.",
                "documented",
                "Find and stop the source, then remove the block. If the private key may have leaked, have the "
                "certificate revoked and reissued with a new key.",
                (c.SHOW_BLOCKED,),
                quote(
                    s.BLOCKED,
                    "your organization's email connector is suspected of sending spam or phish and it's no longer "
                    "allowed to send email",
                ),
                ("Remove-BlockedConnector -ConnectorId '<ConnectorId>'",),
            ),
        ),
    ),
    Entry(
        "unregistered-domains",
        "550 5.7.750 Service unavailable. Client blocked from sending from unregistered domains",
        "inbound",
        "A lot of mail was relayed from sender domains that are not accepted domains of the tenant.",
        s.UNREGISTERED,
        (("5.7.750",), ("client blocked from sending from unregistered",)),
        (
            Cause(
                "The gateway relays for domains that are not registered in the tenant, and the certificate does not "
                "attribute the mail either.",
                "documented",
                "Register the sender domains, or use a certificate name under an accepted domain.",
                (c.ATTRIBUTE, c.LINT),
                quote(
                    s.UNREGISTERED,
                    "The error occurs when a large volume of messages are sent from domains that aren't provisioned in "
                    "Office 365 (added as accepted domains and validated).",
                ),
            ),
            Cause(
                "Someone abuses the gateway as an open relay, or created a connector to send spam.",
                "documented",
                "Find the senders in the gateway's log, and stop them before asking to be unblocked.",
                (c.LINT,),
                quote(
                    s.UNREGISTERED,
                    "Attackers will often create new inbound connectors in your Microsoft 365 or Office 365 "
                    "organization to send spam.",
                ),
            ),
        ),
    ),
    Entry(
        "connector-prohibited",
        "The inbound connector is created in a disabled state (OrganizationInboundConnectorProhibitedException)",
        "inbound",
        "New tenants cannot use OnPremises inbound connectors straight away.",
        s.FAQ,
        (
            ("organizationinboundconnectorprohibitedexception",),
            ("inbound connector", "created in a disabled state"),
            ("created in a disabled state", "contact support"),
            ("you can t enable an inbound connector",),
            ("ex505293",),
        ),
        (
            Cause(
                "The tenant is new, or a developer tenant (those cannot have inbound connectors at all).",
                "documented",
                "Open a ticket with Microsoft support and ask for the connector to be enabled.",
                (c.LINT,),
                quote(
                    s.FAQ,
                    "Inbound connector for this service offering is created in a disabled state. Contact Support to "
                    "enable it.",
                ),
            ),
            SHARED,
        ),
    ),
)
