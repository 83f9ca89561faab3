"""What a probe saw of TLS (contract: tls.* fail where the outbound connector asks for it, else they are unknown)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from certready.model import Options
from certready.model.endpoint import Handshake
from tests.weights.case import (
    FAIL,
    PASS,
    UNKNOWN,
    WARN,
    Cases,
    Checked,
    by_audience,
    everywhere,
    inbound_and_outbound,
)
from tests.weights.material import CA, LEAF, OTHER, node, probed, sent

CASES = Cases()
BOTH = (sent(LEAF, CA), sent(OTHER, CA, name="c2"))
RSA_SUITE = "ECDHE-RSA-AES256-SHA"
ANOTHER: Any = {"outcome": "done", "tls_version": "TLSv1.2", "cipher": RSA_SUITE}


@CASES.add("tls.established", everywhere(PASS))
def tls_works() -> Checked:
    """An address that speaks TLS 1.2 or 1.3 passes."""
    return probed(node())


@CASES.add("tls.unreachable", everywhere(UNKNOWN))
def nobody_is_there() -> Checked:
    """A gateway that cannot be reached is unknown, whoever asks: an unreachable host is never ready."""
    return probed(node(trouble="unreachable"))


@CASES.add("tls.no-starttls", inbound_and_outbound(UNKNOWN, FAIL))
def no_starttls() -> Checked:
    """A clean EHLO without STARTTLS fails an outbound connector that asks for TLS; of the client it proves nothing."""
    return probed(node(trouble="no-starttls", stage="ehlo", reply="250-gw.contoso.com\n250 SIZE 1000"))


@CASES.add("tls.no-starttls", everywhere(UNKNOWN))
def starttls_hidden_by_a_firewall() -> Checked:
    """STARTTLS overwritten with X by an inspecting firewall is unknown: it may stand on either side."""
    return probed(node(trouble="no-starttls", stage="ehlo", reply="250-gw.contoso.com\n250-XXXXXXXA\n250 SIZE 1000"))


@CASES.add("tls.no-starttls", everywhere(UNKNOWN))
def starttls_refused() -> Checked:
    """STARTTLS that is offered and refused is unknown."""
    return probed(node(trouble="no-starttls", stage="starttls", reply="502 5.5.1 Not for you"))


@CASES.add("tls.deferred", everywhere(UNKNOWN))
def put_off() -> Checked:
    """A gateway that answers with a temporary error is unknown."""
    return probed(node(trouble="deferred", stage="banner", reply="421 4.7.0 Later"))


@CASES.add("tls.handshake-failed", everywhere(UNKNOWN))
def a_handshake_that_fails() -> Checked:
    """A failed handshake is unknown."""
    return probed(node(trouble="handshake-failed", stage="handshake"))


@CASES.add("tls.old-version", inbound_and_outbound(UNKNOWN, FAIL))
def an_old_version() -> Checked:
    """Nothing from TLS 1.2 up fails an outbound connector that asks for TLS; of the client it proves nothing."""
    return probed(node(tls_version="TLSv1.1", cipher="ECDHE-RSA-AES256-SHA"))


@CASES.add("tls.nodes-differ", everywhere(WARN))
def nodes_with_different_certificates() -> Checked:
    """Nodes that present different certificates, of which none fails for it, are a warning."""
    return probed(node(), node("192.0.2.2", "c2"), chains=BOTH)


@CASES.add("tls.nodes-differ", everywhere(WARN))
def a_node_that_was_not_seen() -> Checked:
    """A node that could not be asked is a warning beside its own finding."""
    return probed(node(), node("192.0.2.2", trouble="unreachable"))


@CASES.add("tls.nodes-differ", everywhere(FAIL))
def a_node_that_fails() -> Checked:
    """Nodes differ, and one of them fails: that fails for a part of the mail."""
    return probed(node(), node("192.0.2.2", trouble="handshake-failed", stage="handshake"))


@CASES.add("tls.direction", by_audience(inbound=UNKNOWN, partner=UNKNOWN, validation=None, domain=None, alone=None))
def a_probe_for_an_inbound_connector() -> Checked:
    """A probe proves nothing about the certificate that an inbound connector is shown: that is unknown."""
    return replace(probed(node()), options=Options(certificate_only=True))


@CASES.add("tls.several-certificates", everywhere(PASS))
def another_certificate_for_older_clients() -> Checked:
    """A second certificate for other clients is said and judged as a chain of its own."""
    return probed(node(handshakes=(Handshake("exchange", chain="c2", **ANOTHER),)), chains=BOTH)


@CASES.add("tls.several-certificates", everywhere(WARN))
def another_certificate_for_clients_that_name_no_server() -> Checked:
    """A second certificate for clients that name no server is a warning: whether Exchange Online does is not known."""
    return probed(node(handshakes=(Handshake("no-name", chain="c2", **ANOTHER),)), chains=BOTH)


@CASES.add("tls.no-common-cipher", everywhere(WARN))
def none_of_the_published_suites() -> Checked:
    """None of the TLS 1.2 suites that Exchange Online publishes is a warning where TLS 1.3 works."""
    return probed(node(handshakes=(Handshake("exchange", "refused"), Handshake("rsa", chain="c1", **ANOTHER))))


@CASES.add("tls.no-common-cipher", everywhere(UNKNOWN))
def none_of_the_published_suites_and_nothing_else() -> Checked:
    """None of the suites that Exchange Online publishes is unknown where there is nothing but TLS 1.2."""
    handshakes = (Handshake("exchange", "refused"), Handshake("rsa", chain="c1", **ANOTHER))
    return probed(node(tls_version="TLSv1.2", cipher=RSA_SUITE, handshakes=handshakes))


@CASES.add("tls.unseen-certificate", everywhere(UNKNOWN))
def a_question_that_nobody_answered() -> Checked:
    """A kind of certificate that could not be asked for is unknown: Exchange Online may be shown it."""
    return probed(node(handshakes=(Handshake("exchange", "unanswered"), Handshake("ecdsa", "unanswered"))))


@CASES.add("tls.unseen-certificate", everywhere(WARN))
def a_gentle_probe() -> Checked:
    """What --gentle did not ask for is a warning: the user chose so."""
    return probed(node(handshakes=(Handshake("exchange", "not-asked"), Handshake("ecdsa", "not-asked"))))


@CASES.add("tls.client-certificate-demanded", everywhere(WARN))
def a_server_that_demands_a_client_certificate() -> Checked:
    """A demand for a client certificate is a warning where the server's own certificate is judged."""
    return probed(node(demands_certificate="it ended the session"))


@CASES.add("tls.client-certificate-demanded", everywhere(UNKNOWN))
def a_server_that_demands_one_and_shows_none() -> Checked:
    """The same demand is unknown where the server's own certificate was not seen."""
    return probed(node(chain=None, demands_certificate="it ended the session"))
