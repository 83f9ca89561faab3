"""Causes that several entries share, each with the sentence of its source."""

from __future__ import annotations

from certready.explain import sources as s
from certready.explain.model import INBOUND, Cause, typed
from certready.explain.sources import quote
from certready.remedy import commands as c
from certready.remedy import connectors
from certready.rules import chain, connector, names

# Changes that causes with words of their own have in common.
NO_INSPECTION = "Turn off SMTP inspection for port 25."
COMMON_TLS = "Allow TLS 1.2 and newer, with ciphers for the certificate's type of key."
ENABLE_FOR_SMTP = "Enable it for SMTP; answer No where it asks whether to replace the default certificate."
RETRY = "Exchange Online retries for about a day before it gives up."

NO_MATCH = Cause(
    "No name on the certificate matches the connector's TlsSenderCertificateName, often after a renewal or a new "
    "host name.",
    "documented",
    names.CONNECTOR_MISMATCH.fix,
    (c.CHECK, c.LISTEN),
    quote(s.RELAY, "the certificate on-premises no longer matches the certificate that is specified in Microsoft 365"),
    typed(connectors.asking_for(INBOUND)),
)
INCOMPLETE = Cause(
    "The gateway sends its certificate without the intermediate. Exchange Online does not fetch missing "
    "intermediates, so it does not trust the certificate.",
    "documented",
    chain.INCOMPLETE.fix,
    (c.CHECK, c.LISTEN),
    quote(
        s.CHAIN,
        "the on-premises server is not sending the required certificate chain during the Transport Layer Security "
        "(TLS) handshake to Exchange Online",
    ),
)
NOT_ACCEPTED = Cause(
    "The domain in the connector's value is not an accepted domain of the tenant, so the certificate has no effect; "
    "until now, mail with an accepted sender domain may have got through anyway.",
    "documented",
    names.DOMAIN_NOT_ACCEPTED.fix,
    (c.ATTRIBUTE, c.LINT),
    quote(
        s.RELAY_2023,
        "Any of the following is an accepted domain of your organization: SMTP certificate domain on the SMTP "
        "connection; or SMTP envelope sender domain in the MAIL FROM command (P1 sender domain).",
    ),
)
NULL_SENDER = Cause(
    "Only bounces, automatic replies and forwarded mail are refused: their sender is empty or foreign, and until now "
    "the mail was attributed by IP address or sender domain, not by certificate.",
    "documented",
    "Use a connector value and a certificate name under an accepted domain, so that the certificate decides.",
    (c.ATTRIBUTE_NULL, c.REHEARSE_NULL),
    quote(
        s.RELAY_2023,
        "In this scenario, the NDRs often have null as the SMTP envelope sender (P1 sender)",
    ),
)
NOT_VALID = Cause(
    "The certificate has expired, was revoked, is self-signed or comes from a private CA, so it authenticates nobody.",
    "documented",
    "Install a valid certificate of a public CA that Microsoft's root programme trusts.",
    (c.CHECK,),
    quote(
        s.HYBRID_TLS,
        "you must use and configure certificates that you have purchased from a trusted third-party CA for hybrid "
        "mail flow",
    ),
)
NOT_SENT = Cause(
    "The gateway presents no client certificate, or a different one than you expect (its default), or a firewall in "
    "between terminates TLS.",
    "reported",
    "Choose the certificate for outgoing TLS on the gateway; turn off TLS inspection for port 25.",
    (c.LISTEN, c.REHEARSE),
)
DISABLED = Cause(
    "The inbound connector is disabled.",
    "documented",
    connector.DISABLED.fix,
    (c.LINT,),
    quote(s.FAQ, "Inbound connector for this service offering is created in a disabled state. Contact Support to"),
    typed(connectors.enabled(INBOUND)),
)
PARTNER = Cause(
    "The inbound connector is of type Partner, which does not allow relaying.",
    "documented",
    connector.WRONG_TYPE.fix,
    (c.LINT,),
    quote(
        s.INBOUND,
        "OnPremises connectors grant special rights to an email that matches the connector",
    ),
    typed(connectors.on_premises(INBOUND)),
)
ADDRESS = Cause(
    "The connector identifies the gateway by IP address, and the gateway now sends from a different one.",
    "documented",
    "Give the connector a certificate name instead of addresses, or update the address.",
    (c.LINT,),
    quote(
        s.RELAY,
        "The IP address that's configured in the Microsoft 365 connector no longer matches the IP address that's being "
        "used by the submitting server.",
    ),
)
EXPIRED_CLIENT = Cause(
    "The gateway's client certificate has expired or cannot be verified; Exchange Online then ends the session, even "
    "for ordinary mail.",
    "reported",
    "Renew the certificate the gateway sends with, or send without one if no connector requires it.",
    (c.CHECK, c.REHEARSE),
    quote(s.SENDMAIL_REPORT, "I looked into this more and found that my email cert had expired."),
)
SHARED = Cause(
    "Several tenants share the gateway's addresses or its certificate, so Exchange Online attributes the mail to "
    "another tenant.",
    "reported",
    "Give each tenant its own certificate, under one of its accepted domains, and its own certificate connector.",
    (c.LINT, c.ATTRIBUTE),
    quote(s.MC1226222, "your on-premises Exchange environment must use a unique client certificate"),
)
WILDCARD = Cause(
    "A wildcard value (*.contoso.com) also matches other systems that present a certificate under that domain: a "
    "sister tenant, a marketing service, another gateway.",
    "reported",
    "Use the exact host name as value, and register that host name as an accepted domain.",
    (c.LINT,),
)
