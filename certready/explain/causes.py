"""Causes that several entries share."""

from __future__ import annotations

from certready.explain import commands as c
from certready.explain.model import Cause

NO_MATCH = Cause(
    "No name of the certificate is what the connector's TlsSenderCertificateName asks for, often since a renewal "
    "or a new host name.",
    "documented",
    "Set-InboundConnector -TlsSenderCertificateName to a name of the certificate, or reissue with the old name.",
    (c.CHECK, c.LISTEN),
)
INCOMPLETE = Cause(
    "The gateway sends its certificate without the intermediate: Exchange Online fetches none and trusts nothing.",
    "documented",
    "Install the whole chain on every gateway node, the intermediate behind the leaf.",
    (c.CHECK, c.REPAIR),
)
NOT_ACCEPTED = Cause(
    "The domain of the connector's value is no accepted domain of the tenant, so that the certificate counts for "
    "nothing; mail with an accepted sender domain may have passed all the same until now.",
    "documented",
    "Register and verify the domain in the Microsoft 365 admin center, or use a value under an accepted domain.",
    (c.LINT, c.ATTRIBUTE),
)
NULL_SENDER = Cause(
    "Only bounces, automatic replies and forwarded mail are refused: they have an empty or foreign sender, and the "
    "mail was so far attributed by address or sender domain, not by certificate.",
    "documented",
    "Make the certificate decide: value and certificate name under an accepted domain.",
    (c.ATTRIBUTE_NULL, c.REHEARSE_NULL),
)
NOT_VALID = Cause(
    "The certificate is expired, revoked, self-signed or of a private CA: then nobody is authenticated.",
    "documented",
    "Install a valid certificate of a public CA that Microsoft's root programme trusts.",
    (c.CHECK,),
)
NOT_SENT = Cause(
    "The gateway presents no client certificate, or another than you think (its default one), or a firewall in "
    "between ends the TLS session.",
    "reported",
    "Choose the certificate for outgoing TLS on the gateway; take TLS inspection off port 25.",
    (c.LISTEN, c.REHEARSE),
)
DISABLED = Cause(
    "The inbound connector is disabled, is of type Partner, or asks for addresses that have changed.",
    "documented",
    "Enable it (a new tenant may need Microsoft support for that), or create an OnPremises certificate connector.",
    (c.LINT,),
)
OLD_EXCHANGE = Cause(
    "The gateway is an Exchange 2016 or 2019 older than its October 2025 build, which Exchange Online slows down and "
    "refuses since September 2026.",
    "documented",
    "Update Exchange Server.",
)
