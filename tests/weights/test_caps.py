"""What holds across the table: no finding weighs more than the evidence, or the connector's level, bears out."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

import certready
from certready import Connector
from certready.model.endpoint import Handshake
from tests.weights.case import FAIL, PASS, UNKNOWN, WARN, Checked, Weight
from tests.weights.material import CA, LEAF, checked, file, node, probed, sent

EXPIRED = CA.issue("mail.contoso.com", age=100, days=90)
INBOUND = Connector("From gateway", "inbound", "*.contoso.com")
DOMAIN = Connector("To gateway", "outbound", "mail.contoso.com", "domain-validation")
ENCRYPTION = replace(DOMAIN, level="encryption-only", value=None)
NONE = replace(ENCRYPTION, level="none")
NO_STARTTLS = node(trouble="no-starttls", stage="ehlo", reply="250-gw.contoso.com\n250 SIZE 1000")
COUNTED = {one: Weight(one, counted=one is not PASS) for one in (PASS, WARN, UNKNOWN, FAIL)}


def weight(given: Checked, connector: Connector, rule: str, **options: Any) -> Weight:
    """The one weight of this rule where the situation is checked for this connector."""
    chosen = replace(given.options, certificate_only=False, **options)
    report = certready.check(given.bundle, connector, options=chosen, **given.settings)
    (found,) = {Weight(one.severity, one.counted) for one in report.findings if one.rule == rule}
    return found


@pytest.mark.parametrize("connector", [ENCRYPTION, NONE], ids=["encryption-only", "none"])
def test_what_a_level_does_not_enforce_is_a_warning_at_most(connector: Connector) -> None:
    """Below certificate-validation an expired certificate, an untrusted chain and a wrong host name are warnings that
    --strict does not count; what passes still passes."""
    given = checked(file(EXPIRED), options={"hostname": "gw.contoso.com"})
    for rule in ("expiry.expired", "names.hostname-mismatch"):
        assert Weight(WARN, counted=False) == weight(given, connector, rule)
    assert Weight(WARN, counted=False) == weight(checked(certready.load(LEAF.pem)), connector, "chain.incomplete")
    assert COUNTED[PASS] == weight(given, connector, "chain.trusted")


def test_encryption_only_asks_for_tls_and_none_for_nothing() -> None:
    """A gateway without STARTTLS, or with TLS 1.1 alone, fails an encryption-only connector; at the level none it is a
    warning that --strict does not count."""
    for given, rule in (
        (probed(NO_STARTTLS), "tls.no-starttls"),
        (probed(node(tls_version="TLSv1.1")), "tls.old-version"),
    ):
        assert COUNTED[FAIL] == weight(given, ENCRYPTION, rule)
        assert Weight(WARN, counted=False) == weight(given, NONE, rule)


@pytest.mark.parametrize("connector", [INBOUND, DOMAIN, ENCRYPTION, NONE])
def test_an_unreachable_host_is_unknown_at_every_level(connector: Connector) -> None:
    """tls.unreachable is unknown for every connector and level."""
    assert COUNTED[UNKNOWN] == weight(probed(node(trouble="unreachable")), connector, "tls.unreachable")


def test_a_probe_does_not_fail_the_certificate_of_an_inbound_connector() -> None:
    """What a probe sees of the certificate is unknown at most for an inbound connector, unless it is said to be the
    same; a warning stays one; and a connector's own setting fails all the same."""
    given = probed(node(), chains=(sent(EXPIRED, CA),))
    assert COUNTED[UNKNOWN] == weight(given, INBOUND, "expiry.expired", same_certificate=False)
    assert COUNTED[FAIL] == weight(given, INBOUND, "expiry.expired", same_certificate=True)
    assert COUNTED[FAIL] == weight(given, DOMAIN, "expiry.expired", same_certificate=False)
    assert COUNTED[WARN] == weight(given, INBOUND, "key.not-rsa", same_certificate=False)
    off = replace(INBOUND, source="tenant", enabled=False)
    assert COUNTED[FAIL] == weight(given, off, "connector.disabled", same_certificate=False)


def test_of_what_cannot_be_read_nothing_is_known_to_be_wrong() -> None:
    """A certificate that cannot be read fails nothing, not even the host name: it is unknown."""
    given = probed(node(), chains=(sent(b"\x30\x00"),))
    assert COUNTED[UNKNOWN] == weight(given, DOMAIN, "names.unreadable", hostname="gw.contoso.com")
    assert COUNTED[UNKNOWN] == weight(given, DOMAIN, "usage.unreadable")


def test_a_certificate_for_nameless_clients_alone_is_unknown_at_most() -> None:
    """What is wrong with a certificate that only clients without a server name are shown is unknown: whether Exchange
    Online is one of them is not known."""
    shown = Handshake("no-name", "done", "c2", "TLSv1.3", "TLS_AES_256_GCM_SHA384")
    chains = (sent(LEAF, CA), sent(EXPIRED, CA, name="c2"))
    assert COUNTED[UNKNOWN] == weight(probed(node(handshakes=(shown,)), chains=chains), DOMAIN, "expiry.expired")
    asked = replace(shown, question="exchange")
    assert COUNTED[FAIL] == weight(probed(node(handshakes=(asked,)), chains=chains), DOMAIN, "expiry.expired")
