"""Causes that several entries share, each with the sentence of its source."""

from __future__ import annotations

from certready.exchange import cmdlets as lines
from certready.explain import commands as c
from certready.explain import sources as s
from certready.explain.model import Cause
from certready.explain.sources import quote

NO_MATCH = Cause(
    "No name of the certificate is what the connector's TlsSenderCertificateName asks for, often since a renewal "
    "or a new host name.",
    "documented",
    "Set TlsSenderCertificateName to a name of the certificate, or have it reissued with the old name.",
    (c.CHECK, c.LISTEN),
    quote(s.RELAY, "the certificate on-premises no longer matches the certificate that is specified in Microsoft 365"),
    (lines.inbound_value("<connector>", lines.NAME),),
)
INCOMPLETE = Cause(
    "The gateway sends its certificate without the intermediate: Exchange Online fetches none and trusts nothing.",
    "documented",
    "Install the whole chain on every gateway node, the intermediate behind the leaf.",
    (c.CHECK, c.LISTEN),
    quote(
        s.CHAIN,
        "the on-premises server is not sending the required certificate chain during the Transport Layer Security "
        "(TLS) handshake to Exchange Online",
    ),
)
NOT_ACCEPTED = Cause(
    "The domain of the connector's value is no accepted domain of the tenant, so that the certificate counts for "
    "nothing; mail with an accepted sender domain may have passed all the same until now.",
    "documented",
    "Register and verify the domain in the Microsoft 365 admin center, or use a value under an accepted domain.",
    (c.ATTRIBUTE, c.LINT),
    quote(
        s.RELAY_2023,
        "Any of the following is an accepted domain of your organization: SMTP certificate domain on the SMTP "
        "connection; or SMTP envelope sender domain in the MAIL FROM command (P1 sender domain).",
    ),
)
NULL_SENDER = Cause(
    "Only bounces, automatic replies and forwarded mail are refused: they have an empty or foreign sender, and the "
    "mail was so far attributed by address or sender domain, not by certificate.",
    "documented",
    "Make the certificate decide: value and certificate name under an accepted domain.",
    (c.ATTRIBUTE_NULL, c.REHEARSE_NULL),
    quote(
        s.RELAY_2023,
        "In this scenario, the NDRs often have null as the SMTP envelope sender (P1 sender)",
    ),
)
NOT_VALID = Cause(
    "The certificate is expired, revoked, self-signed or of a private CA: then nobody is authenticated.",
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
    "The gateway presents no client certificate, or another than you think (its default one), or a firewall in "
    "between ends the TLS session.",
    "reported",
    "Choose the certificate for outgoing TLS on the gateway; take TLS inspection off port 25.",
    (c.LISTEN, c.REHEARSE),
)
DISABLED = Cause(
    "The inbound connector is disabled.",
    "documented",
    "Enable it; where the tenant refuses that, ask Microsoft support.",
    (c.LINT,),
    quote(s.FAQ, "Inbound connector for this service offering is created in a disabled state. Contact Support to"),
    (lines.inbound("<connector>", "-Enabled $true"),),
)
PARTNER = Cause(
    "The inbound connector is of type Partner, which grants no relay.",
    "documented",
    "Make it an OnPremises connector.",
    (c.LINT,),
    quote(
        s.INBOUND,
        "OnPremises connectors grant special rights to an email that matches the connector",
    ),
    (lines.inbound("<connector>", "-ConnectorType OnPremises"),),
)
ADDRESS = Cause(
    "The connector goes by the gateway's address, and the gateway now sends from another.",
    "documented",
    "Give the connector a certificate name instead of addresses, or its new address.",
    (c.LINT,),
    quote(
        s.RELAY,
        "The IP address that's configured in the Microsoft 365 connector no longer matches the IP address that's being "
        "used by the submitting server.",
    ),
)
EXPIRED_CLIENT = Cause(
    "The gateway's client certificate has expired, or cannot be verified: Exchange Online then ends the session, for "
    "ordinary mail too.",
    "reported",
    "Renew the certificate the gateway sends with, or send without one where no connector asks for it.",
    (c.CHECK, c.REHEARSE),
    quote(s.SENDMAIL_REPORT, "I looked into this more and found that my email cert had expired."),
)
SHARED = Cause(
    "Several tenants share the gateway's addresses or its certificate, so that Exchange Online takes the mail for "
    "another tenant's.",
    "reported",
    "One certificate under an accepted domain of its own for each tenant, and a certificate connector in each.",
    (c.LINT, c.ATTRIBUTE),
    quote(s.MC1226222, "your on-premises Exchange environment must use a unique client certificate"),
)
WILDCARD = Cause(
    "A wildcard value (*.contoso.com) also catches other systems that show a certificate under that domain: a sister "
    "tenant, a marketing service, another gateway.",
    "reported",
    "Use the exact host name as value, and register that host name as an accepted domain.",
    (c.LINT,),
)
