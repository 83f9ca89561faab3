"""What a listener saw of a gateway as TLS client: a certificate or none, and whether it put up with ours."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from certready import remedy
from certready.case import Case
from certready.model import Endpoint
from certready.rules import listen as rules
from certready.rules import tls as tls_rules
from certready.rules.model import NotApplicable, Observation
from certready.smtp.listen import STILL_CONNECTED

_CLEAR_TEXT_FIX = (
    "Let the gateway send with TLS or not at all on this route: smtp_tls_security_level = encrypt (Postfix), "
    "hosts_require_tls of the smtp transport (Exim), RequireTLS of the Exchange send connector. Where it gave TLS up "
    "because it distrusts the listener's own certificate, give the listener one that it trusts (--server-cert FILE)."
)


def check_listen(case: Case) -> Iterator[Observation | NotApplicable]:
    """What a gateway presented to the listener, and for whom that counts. Nothing is said of other targets."""
    if case.evidence.target.kind not in ("listen", "rehearse"):
        yield NotApplicable("only a listener sees what a gateway presents as client")
        return
    yield from _direction(case)
    if case.evidence.target.kind == "rehearse":
        yield NotApplicable("in a rehearsal certready is the client itself")
        return
    for endpoint in case.evidence.endpoints:
        yield from _presented(case, endpoint)


def _presented(case: Case, endpoint: Endpoint) -> Iterator[Observation]:
    who = endpoint.address if endpoint.host == endpoint.address else f"{endpoint.host} ({endpoint.address})"
    if endpoint.trouble == "clear-text":
        yield tls_rules.NO_CLIENT_CERTIFICATE.observed(
            f"{who} handed in mail without TLS, so without a client certificate: Exchange Online would have nothing to "
            f"match a connector on. {endpoint.error}",
            "clear-text",
            endpoint=endpoint,
            fix=partial(remedy.certificates.presented, case, None, _CLEAR_TEXT_FIX),
        )
    elif endpoint.trouble == "handshake-failed":
        yield rules.LISTENER_DISTRUSTED.observed(
            f"{endpoint.address} distrusts the listener's own certificate. {endpoint.error} "
            "No client certificate was seen.",
            endpoint=endpoint,
        )
    if endpoint.trouble:
        return
    if endpoint.chain is None:
        yield tls_rules.NO_CLIENT_CERTIFICATE.observed(
            f"{who} was asked for a client certificate and presented none: Exchange Online would have nothing to "
            "match a connector on.",
            chain=endpoint.chain,
            endpoint=endpoint,
            fix=partial(remedy.certificates.presented, case, None),
        )
    else:
        leaf = case.chain(endpoint.chain).leaf_certificate.parsed.label
        yield rules.CLIENT_CERTIFICATE.observed(
            f"{who} presented {leaf} as TLS client to this listener. A gateway may present different certificates to "
            "different destinations: make sure that the route tested is set up like the one to Exchange Online.",
            chain=endpoint.chain,
            endpoint=endpoint,
        )
    if endpoint.error != STILL_CONNECTED and _left_early(case):
        error = f" {endpoint.error}" if endpoint.error else ""
        yield rules.LISTENER_DISTRUSTED.observed(
            f"The session with {who} ended after the TLS handshake and before MAIL, as it does with gateways that "
            f"insist on a server certificate they trust.{error} What the gateway presents was seen all the same.",
            "left",
            chain=endpoint.chain,
            endpoint=endpoint,
        )


def _left_early(case: Case) -> bool:
    """Whether nothing like mail came after STARTTLS, and not because the listener sent the client away."""
    verbs = [exchange.sent for exchange in case.evidence.dialogue]
    sent_away = bool(verbs) and case.evidence.dialogue[-1].reply.startswith("421")
    return not sent_away and "STARTTLS" in verbs and "MAIL" not in verbs[verbs.index("STARTTLS") :]


def _direction(case: Case) -> Iterator[Observation]:
    """An outbound connector looks at what the gateway presents as server, which nothing here has shown."""
    if case.options.same_certificate:
        return
    for connector in case.tenant.connectors:
        if connector.direction == "outbound":
            yield tls_rules.DIRECTION.observed(
                f"This shows the certificate that {case.evidence.target.name} presents as TLS client; the outbound "
                f'connector "{connector.name}" looks at the one it presents as server, which may be another.',
                connector=connector,
                fix="Probe the gateway, or add --same-certificate where it presents this very certificate as server.",
            )
