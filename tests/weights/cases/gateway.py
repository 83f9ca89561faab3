"""What listen and rehearse saw: the gateway as client, and the smart host's answer."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from certready import Bundle
from certready.model import Endpoint, Target
from certready.model.dialogue import Rehearsal
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
from tests.weights.material import CA, LEAF, checked, dialogue, file, node, sent

CASES = Cases()
HEARD = (("", "220 certready"), ("EHLO", "250 STARTTLS"), ("STARTTLS", "220 Ready"), ("EHLO", "250 Hello"))
RECIPIENT = "RCPT TO:<user@example.org>"
OUTBOUND_ONLY = by_audience(validation=UNKNOWN, domain=UNKNOWN, inbound=None, partner=None, alone=None)


def _listened(*turns: tuple[str, str], **endpoint: Any) -> Checked:
    """A session with a gateway as client, after STARTTLS with these turns."""
    there = node("192.0.2.9", endpoint.pop("chain", "c1"), **endpoint)
    chains = (sent(LEAF, CA),) if there.chain else ()
    return checked(Bundle(Target("listen", "0.0.0.0:25"), chains, (there,)), seen=dialogue(*HEARD, *turns))


def _rehearsed(
    answer: str, *, asks: bool = True, name: str = "smart.example", sender: str = "", **evidence: Any
) -> Checked:
    """A rehearsal with the usual file whose recipient is answered like this."""
    host = Endpoint(name, "198.51.100.7", 25, None, "TLSv1.3", "TLS_AES_256_GCM_SHA384", stage="done")
    bundle = replace(
        file(), target=Target("rehearse", "gateway.pem"), endpoints=(replace(host, asks_certificate=asks),)
    )
    talk = (
        ("EHLO gw.contoso.com", "250 smart.example"),
        (f"MAIL FROM:<{sender}>", "250 2.1.0 OK"),
        (RECIPIENT, answer),
    )
    rests_on = Rehearsal(presented=asks, domain="example.org", exchangers=("mx.example.org",))
    return checked(bundle, seen=dialogue(*talk, rehearsal=rests_on, **evidence))


@CASES.add("listen.client-certificate", everywhere(PASS))
def a_client_certificate() -> Checked:
    """A gateway that presents a client certificate to the listener passes."""
    return _listened(("MAIL", "450 Later"))


@CASES.add("tls.no-client-certificate", inbound_and_outbound(FAIL, UNKNOWN))
def no_client_certificate() -> Checked:
    """A gateway that presents no client certificate fails an inbound connector; of the server it says nothing."""
    return _listened(("MAIL", "450 Later"), chain=None)


@CASES.add("listen.distrusted", everywhere(UNKNOWN))
def the_listener_is_distrusted() -> Checked:
    """A gateway that breaks TLS off because of the listener's own certificate leaves its own unknown."""
    return _listened(trouble="handshake-failed", stage="handshake")


@CASES.add("listen.distrusted", everywhere(WARN, counted=False))
def the_gateway_leaves_after_the_handshake() -> Checked:
    """A gateway that leaves after TLS has shown its certificate: a warning that --strict does not count."""
    return _listened(("QUIT", "221 Bye"))


@CASES.add("tls.direction", OUTBOUND_ONLY)
def a_listener_for_an_outbound_connector() -> Checked:
    """What a gateway presents as client says nothing about an outbound connector: that is unknown."""
    return _listened(("MAIL", "450 Later"))


@CASES.add("rehearse.accepted", everywhere(PASS))
def the_recipient_is_taken() -> Checked:
    """A 2xx to a recipient elsewhere, from a host that asked for the certificate, passes."""
    return _rehearsed("250 2.1.5 OK")


@CASES.add("rehearse.accepted", everywhere(WARN, counted=False))
def the_sender_may_have_decided() -> Checked:
    """A 2xx to a recipient elsewhere with a sender of the tenant's is a warning: the sender may have decided."""
    return _rehearsed("250 2.1.5 OK", sender="user@contoso.com")


@CASES.add("rehearse.refused", inbound_and_outbound(FAIL, UNKNOWN))
def the_recipient_is_refused() -> Checked:
    """A refusal because of the certificate fails an inbound connector; of the server it says nothing."""
    return _rehearsed("550 5.7.64 TenantAttribution; Relay Access Denied")


@CASES.add("rehearse.inconclusive", everywhere(UNKNOWN))
def the_answer_says_nothing() -> Checked:
    """An answer that says nothing of the certificate is unknown."""
    return _rehearsed("451 4.7.500 Server busy")


@CASES.add("rehearse.inconclusive", everywhere(UNKNOWN))
def nobody_asked_for_the_certificate() -> Checked:
    """A 2xx from a host that did not ask for a client certificate is unknown."""
    return _rehearsed("250 2.1.5 OK", asks=False)


@CASES.add("rehearse.smart-host", everywhere(PASS))
def a_sound_smart_host() -> Checked:
    """A smart host with a trusted certificate for its name is said and passes."""
    peer = sent(CA.issue("mail.protection.outlook.com", "*.mail.protection.outlook.com"), CA, name="p1")
    return _rehearsed("250 2.1.5 OK", name="contoso-com.mail.protection.outlook.com", peers=(peer,))


@CASES.add("rehearse.smart-host", everywhere(WARN, counted=False))
def a_doubtful_smart_host() -> Checked:
    """A smart host whose certificate does not cover its name is a warning that --strict does not count."""
    return _rehearsed("250 2.1.5 OK", peers=(sent(CA.issue("else.example"), CA, name="p1"),))
