"""clouds: which host names are Exchange Online's, by their form, and which cloud they belong to."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from certready.exchange.clouds import CLOUDS, SmartHost, cloud_of, is_exchange_online, of_microsoft, recognise


@pytest.mark.parametrize(
    ("host", "form", "own"),
    [
        ("contoso-com.mail.protection.outlook.com", "worldwide", True),  # 8.1
        ("groups-contoso-com.mail.protection.outlook.com", "worldwide", True),
        ("Contoso-Com.Mail.Protection.Outlook.COM.", "worldwide", True),
        ("fabrikam.mail.protection.outlook.com", "worldwide", True),  # 8.2
        ("practicelabs-com02b.mail.protection.outlook.com", "worldwide", True),  # 8.3
        ("contosotest-com.o-v1.mx.microsoft", "dnssec", True),  # 8.5
        ("contoso-com.mail.protection.office365.us", "us-government", True),  # 8.6
        ("contoso-cn.mail.protection.partner.outlook.cn", "china", True),
        ("contoso-de.mail.protection.outlook.de", "germany", False),
        ("mail.protection.outlook.com", "other", False),  # the certificate's name, no tenant's host
        ("a.b.mail.protection.outlook.com", "other", False),
        ("mx.microsoft", "other", False),
        ("contoso-com.mx.microsoft", "other", False),
        ("contoso-com.mail.protection.outlook.com.evil.example", "other", False),
        ("evilmail.protection.outlook.com", "other", False),
        ("mail.messaging.microsoft.com", "legacy", False),  # 8.7
        ("mail.eo.outlook.com", "legacy", False),
        ("smtp.office365.com", "submission", False),
        ("smtp.office365.us", "submission", False),
        ("smtp-legacy.office365.com", "submission", False),
        ("smtp-hve.office365.com", "submission", False),
        ("smtp.hve.mx.microsoft", "submission", False),
        ("outlook.office365.com", "submission", False),
        ("smtp-mail.outlook.com", "submission", False),
        ("outlook.office365.us", "submission", False),
        ("smtp.partner.outlook.cn", "submission", False),
        ("SMTP.Office365.com.", "submission", False),
        ("frontbridge.com", "legacy", False),
        ("mail.bigfish.com", "legacy", False),
        ("eu.mail.messaging.microsoft.com", "legacy", False),
        ("notbigfish.com", "other", False),
        (" contoso-com.mail.protection.outlook.com\n", "worldwide", True),
        ("contoso.mail.protection.outlook.com.example", "other", False),
        ("contosotest-com.o-v12.mx.microsoft.example", "other", False),
        ("a.contosotest-com.o-v1.mx.microsoft", "other", False),
        (" [2001:db8::1] ", "address", False),
        ("192.0.2.1/24", "address", False),
        ("X192.0.2.1", "other", False),
        ("localhost", "other", False),
        ("mail.contoso.mx.microsoft", "other", False),
        ("192.0.2.1", "address", False),
        ("[192.0.2.1]", "address", False),
        ("2001:db8::1", "address", False),
        ("192.0.2.0/24", "address", False),
        ("gw.contoso.com", "other", False),
        ("", "other", False),
        ("not a host", "other", False),
    ],
)
def test_a_host_is_recognised_by_its_form(host: str, form: str, own: bool) -> None:
    """Only the forms in use are Exchange Online's, label by label, and each answer is a sentence."""
    found = recognise(host)
    assert (form, own) == (found.form, found.exchange_online)
    assert found.sentence.endswith(".")
    assert found.sentence.isascii()


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("contoso-cn.mail.protection.partner.outlook.cn", True),
        ("contoso-com.mail.protection.office365.us", True),
        ("contosotest-com.o-v1.mx.microsoft", True),
        ("contoso-de.mail.protection.outlook.de", True),
        (" mail.bigfish.com\n", True),
        ("smtp.office365.com", False),
        ("192.0.2.1", False),
        ("mail.protection.outlook.com", False),
    ],
)
def test_every_name_of_exchange_online_leads_to_it(host: str, expected: bool) -> None:
    """The hosts of every cloud, the closed one's and former names; not those at which clients log in."""
    assert expected is is_exchange_online(host)


def test_what_a_host_is_comes_with_the_name_as_given() -> None:
    """The answer has the name as it was written, quoted and shortened in the sentence."""
    sentence = "' GW.example ' is none of the forms of Exchange Online's own hosts."
    assert SmartHost(" GW.example ", "other", False, sentence) == recognise(" GW.example ")
    sentence = (
        "'a-com.o-v1.mx.microsoft' is a host of Exchange Online (mx.microsoft, the form that DNSSEC can protect)."
    )
    assert SmartHost("a-com.o-v1.mx.microsoft", "dnssec", True, sentence) == recognise("a-com.o-v1.mx.microsoft")
    assert f"'{'x' * 77}...' is none" in recognise("x" * 100).sentence


def test_a_former_name_still_leads_to_exchange_online() -> None:
    """Mail sent to a former name goes to Exchange Online too, so a connector to it is a loop."""
    hosts = ("contoso-com.mail.protection.outlook.com", "mail.messaging.microsoft.com", "gw.contoso.com")
    assert [True, True, False] == [is_exchange_online(host) for host in hosts]


@pytest.mark.parametrize(
    ("host", "cloud"),
    [
        ("contoso-com.mail.protection.outlook.com", "worldwide"),
        ("contoso-com.mail.protection.office365.us", "GCC High"),
        ("contoso-cn.mail.protection.partner.outlook.cn", "operated by 21Vianet in China"),
        ("gw.contoso.com", None),
        ("smtp.office365.us", None),
        ("contoso.onmicrosoft.com", "worldwide"),
        ("contoso.onmicrosoft.us", "GCC High"),
        ("contoso.partner.onmschina.cn", "operated by 21Vianet in China"),
        (" Contoso.onmicrosoft.US ", "GCC High"),
        ("onmicrosoft.com", None),
        ("notonmicrosoft.com", None),
    ],
)
def test_a_smart_host_tells_the_cloud(host: str, cloud: str | None) -> None:
    """The cloud follows from a smart host, and nothing follows from a host that is none."""
    assert cloud == ((found := cloud_of(["192.0.2.1", host])) and found.name)


def test_every_cloud_is_one_row() -> None:
    """Names are distinct, and the name on the certificate lies in the cloud's own zone."""
    assert len(CLOUDS) == len({cloud.name for cloud in CLOUDS})
    assert [] == [cloud.name for cloud in CLOUDS if not cloud.certificate_name.endswith(cloud.suffix)]


def test_each_cloud_has_its_own_addresses() -> None:
    """What is printed of a cloud is what its documents say, whole."""
    by_name = {cloud.name: cloud for cloud in CLOUDS}
    assert ["worldwide", "GCC High", "DoD", "operated by 21Vianet in China"] == list(by_name)
    assert [None, "O365USGovGCCHigh", "O365USGovDoD", "O365China"] == [cloud.environment for cloud in CLOUDS]
    assert {"onmicrosoft.com", "onmicrosoft.us", "partner.onmschina.cn"} == {cloud.initial_suffix for cloud in CLOUDS}
    assert ["https://admin.exchange.microsoft.com", "https://admin.exchange.office365.us", None, None] == [
        cloud.exchange for cloud in CLOUDS
    ]
    assert [
        "https://admin.microsoft.com",
        "https://portal.office365.us",
        None,
        "https://portal.partner.microsoftonline.cn",
    ] == [cloud.admin for cloud in CLOUDS]


def test_microsofts_own_names_are_told_from_customers() -> None:
    """Hosts and mail domains of Microsoft's are its own; a tenant's initial domain is the customer's."""
    own = (
        *("prod.outlook.com", "hotmail.com", "contoso-com.mail.protection.outlook.com", "microsoft.com"),
        *("smtp.office365.com", "office.com", "office365.us", "outlook.cn", "x.outlook.de", "a.mx.microsoft"),
        *("microsoftonline.com", "live.com", "microsoft365.com", "bigfish.com", "A.FrontBridge.com."),
    )
    assert [True] * len(own) == [of_microsoft(name) for name in own]
    assert not of_microsoft("contoso.onmicrosoft.com")
    for name in ("gw.contoso.com", "notmicrosoft.com", "microsoft.com.example", "not a host", ""):
        assert not of_microsoft(name)


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=300))
def test_any_text_is_answered(text: str) -> None:
    """No text, however odd, makes the recognition raise or print what is not ASCII."""
    assert recognise(text).sentence.isascii()
