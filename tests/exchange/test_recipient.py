"""Whether a recipient may live in a tenant of Microsoft 365, by what DNS says."""

from __future__ import annotations

import pytest

from certready.exchange.recipient import in_a_tenant, names_microsoft
from certready.model.dialogue import Rehearsal


@pytest.mark.parametrize(
    ("host", "theirs"),
    [
        ("contoso-com.mail.protection.outlook.com", True),
        ("CONTOSO-COM.mail.protection.outlook.com.", True),
        ("contoso-com.o-v1.mx.microsoft", True),
        ("outlook-com.olc.protection.outlook.com", True),
        ("contoso-us.mail.protection.office365.us", True),
        ("contoso-cn.mail.protection.partner.outlook.cn", True),
        ("mail.messaging.microsoft.com", True),
        ("mx.example.org", False),
        ("outlook.com.example.org", False),
        ("notoutlook.com", False),
        ("", False),
        ("not a host", False),
    ],
)
def test_hosts_of_microsoft(host: str, theirs: bool) -> None:
    """Whatever mail host is Microsoft's is recognised by its domain, and nothing that only looks like it."""
    assert theirs == bool(in_a_tenant(Rehearsal(True, "example.org", ("mx.example.net", host))))


@pytest.mark.parametrize(
    ("text", "theirs"),
    [
        ("MS=ms12345678", True),
        ("v=spf1 include:spf.protection.outlook.com -all", True),
        ("V=SPF1 ip4:192.0.2.1 INCLUDE:SPF.protection.outlook.com ~all", True),
        ("v=spf1 redirect=spf.protection.office365.us", True),
        ("v=spf1 ?include:spf.protection.partner.outlook.cn -all", True),
        ("v=spf1 include:_spf.example.org -all", False),
        ("v=spf1 include:protection.outlook.com.example.org -all", False),
        ("we left spf.protection.outlook.com", False),
        ("MS=12345678", False),
        ("", False),
    ],
)
def test_texts_that_name_microsoft(text: str, theirs: bool) -> None:
    """SPF that includes Microsoft's senders, and the record that verifies a domain, tell of a tenant."""
    assert theirs == names_microsoft(text)
