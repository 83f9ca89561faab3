"""Over which connectors DANE and MTA-STS count."""

from __future__ import annotations

from typing import Any

import pytest

from certready.exchange.modes import Standard, mandatory, mode, uncertain
from tests.decisions import inbound, outbound


@pytest.mark.parametrize(
    ("standard", "settings", "expected"),
    [
        ("dane", {}, "opportunistic"),
        ("mta-sts", {}, "opportunistic"),
        ("dane", {"dane_mode": "Mandatory", "mta_sts_mode": "None"}, "mandatory"),
        ("mta-sts", {"dane_mode": "Mandatory", "mta_sts_mode": "None"}, "none"),
        ("dane", {"dane_mode": " None "}, "none"),
        ("dane", {"dane_mode": ""}, "opportunistic"),
    ],
)
def test_mode(standard: Standard, settings: dict[str, Any], expected: str) -> None:
    """Each standard has a mode of its own, read in any case; where it is not stated it is the default."""
    assert mode(outbound(**settings), standard) == expected


DANE_OFF = "Over the connector 'To gateway' Exchange Online does not check it (SmtpDaneMode None); other senders do."
MTA_STS_OFF = "Over the connector 'To gateway' Exchange Online does not check it (MtaStsMode None); other senders do."
SMART_HOST = (
    "The connector 'To gateway' sends to a smart host, and whether {} is checked there is not documented (fact U13); "
    "other senders check it where the MX leads."
)


@pytest.mark.parametrize(
    ("standard", "settings", "expected"),
    [
        ("dane", {"use_mx": True}, ""),
        ("dane", {"use_mx": True, "dane_mode": "Mandatory"}, ""),
        ("dane", {"use_mx": True, "dane_mode": "None"}, DANE_OFF),
        ("mta-sts", {"use_mx": True, "dane_mode": "None"}, ""),
        ("mta-sts", {"use_mx": True, "mta_sts_mode": "None"}, MTA_STS_OFF),
        ("dane", {"use_mx": True, "mta_sts_mode": "None"}, ""),
        ("dane", {"use_mx": False}, SMART_HOST.format("DANE")),
        ("mta-sts", {"use_mx": False}, SMART_HOST.format("MTA-STS")),
        ("dane", {"use_mx": False, "smart_hosts": ()}, SMART_HOST.format("DANE")),
        ("dane", {"use_mx": None}, SMART_HOST.format("DANE")),
        ("dane", {"use_mx": None, "smart_hosts": ()}, ""),
        ("dane", {"use_mx": False, "dane_mode": "None"}, DANE_OFF),
    ],
)
def test_uncertain(standard: Standard, settings: dict[str, Any], expected: str) -> None:
    """A failure does not count where the connector turns the check off, or leads to a smart host."""
    assert uncertain(outbound(**settings), standard) == expected


def test_inbound() -> None:
    """An inbound connector says nothing about what is checked of where mail is sent."""
    connector = inbound("Gateway", dane_mode="None", mta_sts_mode="None", use_mx=False)
    assert (uncertain(connector, "dane"), uncertain(connector, "mta-sts")) == ("", "")
    assert not mandatory(inbound("Gateway", dane_mode="Mandatory"))


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"dane_mode": "Mandatory"}, True),
        ({"dane_mode": "MANDATORY"}, True),
        ({"dane_mode": "Opportunistic"}, False),
        ({"dane_mode": "None"}, False),
        ({}, False),
        ({"mta_sts_mode": "Mandatory"}, False),
    ],
)
def test_mandatory(settings: dict[str, Any], expected: bool) -> None:
    """Only an outbound connector whose SmtpDaneMode is Mandatory holds mail back without DANE."""
    assert mandatory(outbound(**settings)) is expected
