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
        (" MS=ms12345678 ", True),
        ("ms=MS12345", True),
        ("MS=ms1234", False),
        ("MS=ms12345678 or so", False),
        ("v=spf2 include:spf.protection.outlook.com -all", False),
        ("v=spf10 include:spf.protection.outlook.com -all", False),
        ("v=spf1 include:spf.protection.outlook.de -all", True),
        ("v=spf1 +include:spf.protection.outlook.com", True),
        ("v=spf1 -include:spf.protection.outlook.com", True),
        ("v=spf1 ~include:spf.protection.outlook.com", True),
        ("v=spf1 exists:spf.protection.outlook.com", False),
        ("v=spf1 include:spf.protection.outlook.org", False),
        ("v=spf1 include:spf.protection.outlookxcom", False),
    ],
)
def test_texts_that_name_microsoft(text: str, theirs: bool) -> None:
    """SPF that includes Microsoft's senders, and the record that verifies a domain, tell of a tenant."""
    assert theirs == names_microsoft(text)


LONG = "v=spf1 include:spf.protection.outlook.com " + "x" * 100


@pytest.mark.parametrize(
    ("exchangers", "texts", "expected"),
    [
        (("mx.example.net",), (), None),
        ((), (), None),
        (("mx.example.net", "a.mail.protection.outlook.com", "b.mail.protection.outlook.com"), ("MS=ms12345678",),
         "the MX of example.org is a.mail.protection.outlook.com, a host of Microsoft's"),
        (("mx.example.net",), ("MS=ms12345678",), 'the TXT record "MS=ms12345678" of example.org names Microsoft 365'),
        ((), ("MS=ms12345678", "MS=ms87654321"), 'the TXT record "MS=ms12345678" of example.org names Microsoft 365'),
        ((), (LONG,), f'the TXT record "{LONG[:100]}" of example.org names Microsoft 365'),
    ],
)  # fmt: skip
def test_why(exchangers: tuple[str, ...], texts: tuple[str, ...], expected: str | None) -> None:
    """The MX tells before the TXT records do; of those the first is quoted, at most 100 characters of it."""
    assert in_a_tenant(Rehearsal(True, "example.org", exchangers, texts=texts)) == expected
