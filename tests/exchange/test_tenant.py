"""tenant: every shape of an export, what is refused and how, and which connector is judged."""

from __future__ import annotations

import codecs
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from certready.errors import TenantError, UsageError
from certready.exchange import Accepted, candidates, find, fitting_values, from_options, select, value_of
from certready.exchange.export.load import load
from certready.exchange.export.read import EXPORT
from certready.exchange.matching import Value
from certready.exchange.powershell import command, quote
from certready.model import AcceptedDomain, Connector, Tenant
from certready.model.report import Severity
from certready.tenant.lint import lint

SOME = settings(max_examples=60, deadline=None)

INBOUND: dict[str, Any] = {
    "Enabled": True,
    "ConnectorType": "OnPremises",
    "ConnectorSource": "AdminUI",
    "Comment": None,
    "SenderIPAddresses": [],
    "SenderDomains": ["smtp:*;1"],
    "TrustedOrganizations": [],
    "RequireTls": True,
    "RestrictDomainsToIPAddresses": False,
    "RestrictDomainsToCertificate": False,
    "CloudServicesMailEnabled": False,
    "TlsSenderCertificateName": "*.contoso.com",
    "EFSkipIPs": [],
    "Name": "From gateway",
    "Identity": "From gateway",
    "WhenChangedUTC": "2026-07-23T22:55:13.0000000Z",
}
OUTBOUND: dict[str, Any] = {
    "Enabled": True,
    "UseMXRecord": False,
    "ConnectorType": "OnPremises",
    "RecipientDomains": ["*"],
    "SmartHosts": ["gw.contoso.com"],
    "TlsDomain": "*.contoso.com",
    "TlsSettings": "DomainValidation",
    "IsTransportRuleScoped": False,
    "CloudServicesMailEnabled": False,
    "AllAcceptedDomains": False,
    "TestMode": False,
    "Name": "To gateway",
    "WhenCreated": "/Date(1772500523000)/",
}
DOMAIN: dict[str, Any] = {
    "DomainName": "contoso.com",
    "DomainType": "Authoritative",
    "Default": True,
    "InitialDomain": False,
    "MatchSubDomains": False,
    "Name": "contoso.com",
}
ALL: dict[str, Any] = {
    "InboundConnectors": [INBOUND],
    "OutboundConnectors": [OUTBOUND],
    "AcceptedDomains": [DOMAIN],
}
EXPECTED = Tenant(
    connectors=(
        Connector(
            name="From gateway",
            direction="inbound",
            value="*.contoso.com",
            source="tenant",
            require_tls=True,
            sender_domains=("*",),
            restrict_to_certificate=False,
            restrict_to_ips=False,
            cloud_services_mail=False,
        ),
        Connector(
            name="To gateway",
            direction="outbound",
            value="*.contoso.com",
            level="domain-validation",
            source="tenant",
            cloud_services_mail=False,
            recipient_domains=("*",),
            smart_hosts=("gw.contoso.com",),
            use_mx=False,
            all_accepted_domains=False,
            transport_rule_scoped=False,
            test_mode=False,
        ),
    ),
    accepted_domains=(AcceptedDomain("contoso.com", default=True),),
)
TOML = """
# by hand
[[InboundConnectors]]
Name = "From gateway"
ConnectorType = "OnPremises"
Enabled = true
SenderDomains = ["*"]
RequireTls = true
RestrictDomainsToIPAddresses = false
RestrictDomainsToCertificate = false
CloudServicesMailEnabled = false
TlsSenderCertificateName = "*.contoso.com"

[[OutboundConnectors]]
Name = "To gateway"
ConnectorType = "OnPremises"
Enabled = true
UseMXRecord = false
RecipientDomains = ["*"]
SmartHosts = ["gw.contoso.com"]
TlsSettings = "DomainValidation"
TlsDomain = "*.contoso.com"
CloudServicesMailEnabled = false
AllAcceptedDomains = false
IsTransportRuleScoped = false
TestMode = false

[[AcceptedDomains]]
DomainName = "contoso.com"
Default = true
"""


def dump(value: object, encoding: str = "utf-8") -> bytes:
    """JSON text in this encoding."""
    return json.dumps(value, indent=2).encode(encoding)


def deserialised(record: dict[str, Any]) -> dict[str, Any]:
    """The record with its lists as Windows PowerShell wraps them and with side car keys of the admin API."""
    wrapped = {key: {"value": one, "Count": len(one)} if isinstance(one, list) else one for key, one in record.items()}
    return wrapped | {f"{key}@data.type": "System.String" for key in record} | {"SomethingNew": {"a": [1, None]}}


def texts(record: dict[str, Any]) -> dict[str, Any]:
    """The record as it comes through CSV or a shallow depth: booleans and lists as text."""
    plain = {key: str(one) if isinstance(one, bool) else one for key, one in record.items()}
    return {key: " ".join(one) if isinstance(one, list) else one for key, one in plain.items()}


def nulls(record: dict[str, Any]) -> dict[str, Any]:
    """The record with null where a list is empty."""
    return {key: None if one == [] else one for key, one in record.items()}


# The keys of live exports that mean nothing here (captures of 2026), and those that Windows PowerShell 5.1 adds.
LIVE_INBOUND: dict[str, Any] = {
    "ClientHostNames": [],
    "AssociatedAcceptedDomains": [],
    "EFTestMode": False,
    "ScanAndDropRecipients": [],
    "EFSkipLastIP": False,
    "EFSkipMailGateway": [],
    "EFUsers": [],
    "AdminDisplayName": "",
    "IsValid": True,
    "Guid": "b3a7d5c0-0000-4000-8000-000000000001",
    "WhenCreatedUTC": "2026-07-23T22:55:13.0000000Z",
}
LIVE_OUTBOUND: dict[str, Any] = {
    "Comment": None,
    "ConnectorSource": "AdminUI",
    "SenderRewritingEnabled": False,
    "ValidationRecipients": [],
    "LastValidationTimestamp": None,
    "AdminDisplayName": "",
    "IsValid": True,
    "Guid": "b3a7d5c0-0000-4000-8000-000000000002",
    "WhenChangedUTC": "2026-07-23T22:55:13.0000000Z",
}
LIVE_DOMAIN: dict[str, Any] = {
    "CatchAllRecipientID": None,
    "AddressBookEnabled": True,
    "EmailOnly": False,
    "ExternallyManaged": False,
    "AuthenticationType": "Managed",
    "LiveIdInstanceType": "Business",
    "PendingRemoval": False,
    "OutboundOnly": False,
    "FederatedOrganizationLink": None,
    "MailFlowPartner": None,
    "IsCoexistenceDomain": False,
    "SmtpDaneStatus": "Disabled",
    "SendingFromDomainDisabled": False,
    "CanHaveCloudCache": False,
    "MailFlowRegion": None,
    "ObjectState": "Changed",
}
WINDOWS: dict[str, Any] = {
    "NameHashGuid": "b3a7d5c0", "OrganizationalUnitRootInternal": "contoso.onmicrosoft.com", "ExchangeVersion": "0.20",
    "DistinguishedName": "CN=x,OU=contoso.onmicrosoft.com", "ObjectCategory": "msExchTenant", "ObjectClass": ["top"],
    "WhenChanged": "/Date(1772500523000)/", "ExchangeObjectId": "b3a7d5c0", "OrganizationId": "System.Object",
    "OriginatingServer": "DC01", "ObjectState": "Unchanged",
}  # fmt: skip

SHAPES: dict[str, bytes | list[tuple[str, bytes]]] = {
    "one object with three sections": dump(ALL),
    "sections holding single objects": dump({key: one[0] for key, one in ALL.items()}),
    "a mixed list": dump([INBOUND, OUTBOUND, DOMAIN]),
    "a list of lists": dump([[INBOUND], [OUTBOUND], [DOMAIN]]),
    "value and Count around the list": dump({"value": [INBOUND, OUTBOUND, DOMAIN], "Count": 3}),
    "value and Count in the sections": dump({key: {"value": one, "Count": 1} for key, one in ALL.items()}),
    "a REST answer": dump({"@odata.context": "https://example.test/$metadata", "value": [INBOUND, OUTBOUND, DOMAIN]}),
    "lists wrapped and side cars": dump([deserialised(INBOUND), deserialised(OUTBOUND), deserialised(DOMAIN)]),
    "booleans and lists as text": dump([texts(INBOUND), texts(OUTBOUND), texts(DOMAIN)]),
    "dates in either form": dump([INBOUND | {"WhenChanged": "/Date(1772500523000)/"}, OUTBOUND | {"WhenCreated": "2026-07-23T22:55:13Z"}, DOMAIN]),
    "null for every empty list": dump([nulls(INBOUND), nulls(OUTBOUND), DOMAIN]),
    "every key of a live export": dump({"InboundConnectors": [LIVE_INBOUND | INBOUND], "OutboundConnectors": [LIVE_OUTBOUND | OUTBOUND], "AcceptedDomains": [LIVE_DOMAIN | DOMAIN]}),
    "keys of Windows PowerShell as well": dump([WINDOWS | INBOUND, WINDOWS | OUTBOUND, WINDOWS | DOMAIN]),
    "a CIPP list with keys in another case": dump([INBOUND | {"CIPPCONNECTORTYPE": "inbound"}, OUTBOUND | {"cippConnectorType": "Outbound"}, DOMAIN]),
    "lists as text by a shallow depth": dump({"InboundConnectors": [texts(INBOUND)], "OutboundConnectors": [texts(OUTBOUND)], "AcceptedDomains": [texts(DOMAIN)]}),
    "keys in another case": dump([{key.lower(): one for key, one in record.items()} for record in (INBOUND, OUTBOUND, DOMAIN)]),
    "a CIPP list": dump(
        [INBOUND | {"cippConnectorType": "Inbound"}, OUTBOUND | {"cippconnectortype": "outbound"}, DOMAIN]
    ),
    "nulls beside records": dump({"InboundConnectors": [None, INBOUND], "OutboundConnectors": [OUTBOUND], "AcceptedDomains": DOMAIN}),
    "one document behind the other": dump(INBOUND) + b"\r\n" + dump([OUTBOUND]) + b"\n" + dump(DOMAIN),
    "UTF-8 with a mark": codecs.BOM_UTF8 + dump(ALL),
    "UTF-16 LE with a mark": codecs.BOM_UTF16_LE + dump(ALL, "utf-16-le"),
    "UTF-16 BE with a mark": codecs.BOM_UTF16_BE + dump(ALL, "utf-16-be"),
    "UTF-16 LE without a mark": dump(ALL, "utf-16-le"),
    "UTF-16 BE without a mark": dump(ALL, "utf-16-be"),
    "a file for each cmdlet": [("in.json", dump(INBOUND)), ("out.json", dump([OUTBOUND])), ("domains.json", dump([DOMAIN]))],
    "the same file twice": [("a.json", dump(ALL)), ("b.json", dump(ALL))],
    "an empty file beside others": [("none.json", b"\r\n"), ("a.json", dump(ALL))],
    "TOML by hand": TOML.encode(),
    "TOML by its name": [("tenant.toml", TOML.encode())],
}  # fmt: skip


@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_loads_to_the_same_tenant(shape: str) -> None:
    """However PowerShell wrapped, encoded and split the export, the tenant read out of it is the same."""
    assert EXPECTED == load(SHAPES[shape])


@pytest.mark.parametrize(
    ("number", "level", "unread"),
    [
        (0, "none", ("TlsSettings",)),
        (1, "encryption-only", ("TlsSettings",)),
        ("2", "certificate-validation", ("TlsSettings",)),
        (3, "domain-validation", ()),
    ],
)
def test_a_number_for_the_level_is_read_by_its_order_and_said(
    number: object, level: str, unread: tuple[str, ...]
) -> None:
    """No document states the numbers: each is read by its order with a note, and all but the strictest are marked."""
    tenant = load(dump(OUTBOUND | {"TlsSettings": number}))
    assert (level, unread) == (tenant.connectors[0].level, tenant.connectors[0].unread)
    assert f"the number {number} as TlsSettings" in tenant.notes[0]


def test_a_number_for_the_type_is_marked() -> None:
    """Which type a number is no document states: the connector loads, marked, with a note."""
    tenant = load(dump(INBOUND | {"ConnectorType": 1}))
    assert ("OnPremises", ("ConnectorType",)) == (tenant.connectors[0].kind, tenant.connectors[0].unread)
    assert "no document" in tenant.notes[0]


@pytest.mark.parametrize(
    ("record", "field", "expected", "unread"),
    [
        (INBOUND | {"TrustedOrganizations": "System.Object[]"}, "trusted_organizations", (), "TrustedOrganizations"),
        (INBOUND | {"SenderDomains": "System.Collections.Generic.List`1[System.String]"}, "sender_domains", (), "SenderDomains"),
        (INBOUND | {"SenderDomains": ["System.Object"]}, "sender_domains", (), "SenderDomains"),
        (INBOUND | {"AssociatedAcceptedDomains": {"value": "System.Object[]", "Count": 0}}, "associated_domains", (), "AssociatedAcceptedDomains"),
        (OUTBOUND | {"SmartHosts": "System.Collections.ArrayList"}, "smart_hosts", (), "SmartHosts"),
        (OUTBOUND | {"TlsSettings": "Microsoft.Exchange.Data.TlsAuthLevel"}, "level", "domain-validation", "TlsSettings"),
        (OUTBOUND | {"TlsSettings": {"value__": 2}}, "level", "domain-validation", "TlsSettings"),
        (OUTBOUND | {"TlsDomain": "@{Domain=contoso.com}"}, "value", None, "TlsDomain"),
    ],
)  # fmt: skip
def test_what_the_depth_cut_off_is_marked(record: dict[str, Any], field: str, expected: object, unread: str) -> None:
    """A value of which the depth left a type's name, or an object that says nothing, is empty, marked on the connector,
    and noted with the way out; a level is then the strictest it could be."""
    tenant = load(dump(record))
    (connector,) = tenant.connectors
    assert (expected, (unread,)) == (getattr(connector, field), connector.unread)
    assert "-Depth 5" in tenant.notes[-1]


def test_the_newer_properties_are_read() -> None:
    """What only some connectors have arrives as it is set."""
    tenant = load(
        dump(
            [
                INBOUND | {"TreatMessagesAsInternal": True},
                OUTBOUND
                | {"SmtpDaneMode": "Mandatory", "MtaStsMode": "None", "IsValidated": False}
                | {"RouteAllMessagesViaOnPremises": "True"},
            ]
        )
    )
    into, out = tenant.connectors
    assert (True, "Mandatory", "None", False, True) == (
        into.treat_as_internal,
        out.dane_mode,
        out.mta_sts_mode,
        out.validated,
        out.route_via_on_premises,
    )


@pytest.mark.parametrize("text", ["[null]", "[]", "null", '{"InboundConnectors": [], "OutboundConnectors": {}}'])
def test_an_export_of_nothing_is_an_empty_tenant(text: str) -> None:
    """No connector at all is written as ``[null]`` or the like; it loads, with a note, and knows no accepted domains."""
    tenant = load(text.encode())
    assert () == tenant.connectors
    assert tenant.accepted_domains is None
    assert 1 == len(tenant.notes)


@pytest.mark.parametrize(
    ("record", "field", "expected"),
    [
        (INBOUND | {"TlsSenderCertificateName": ""}, "value", None),
        (INBOUND | {"TlsSenderCertificateName": "  "}, "value", None),
        (INBOUND | {"TlsSenderCertificateName": "m*.contoso.com"}, "value", "m*.contoso.com"),
        (INBOUND | {"TlsSenderCertificateName": {"Domain": "contoso.com", "Address": "*.contoso.com"}}, "value", "*.contoso.com"),
        (INBOUND | {"Enabled": "False"}, "enabled", False),
        (INBOUND | {"ConnectorType": "Partner"}, "kind", "Partner"),
        (INBOUND | {"ConnectorType": "partner"}, "kind", "Partner"),
        (INBOUND | {"RequireTls": None}, "require_tls", None),
        (INBOUND | {"SenderDomains": ["SMTP:*.a.com;12", "b.com"]}, "sender_domains", ("*.a.com", "b.com")),
        (INBOUND | {"SenderDomains": "smtp:a.com;1 smtp:b.com;1"}, "sender_domains", ("a.com", "b.com")),
        (INBOUND | {"TrustedOrganizations": ["fabrikam.com"]}, "trusted_organizations", ("fabrikam.com",)),
        (INBOUND | {"Name": "Von Z\u00fcrich\u202e\r\n"}, "name", "Von Z\u00fcrich?"),
        (INBOUND | {"Name": "half \ud800"}, "name", "half ?"),
        (INBOUND | {"Name": None, "Identity": "By identity"}, "name", "By identity"),
        (INBOUND | {"Name": None, "Identity": None}, "name", "*.contoso.com"),
        (OUTBOUND | {"TlsSettings": None}, "level", "none"),
        (OUTBOUND | {"TlsSettings": "EncryptionOnly"}, "level", "encryption-only"),
        (OUTBOUND | {"TlsSettings": "CertificateValidation"}, "level", "certificate-validation"),
        (OUTBOUND | {"TestMode": True}, "test_mode", True),
        (OUTBOUND | {"SmartHosts": []}, "smart_hosts", ()),
    ],
)  # fmt: skip
def test_properties_are_read_as_they_come(record: dict[str, Any], field: str, expected: object) -> None:
    """Each property arrives in the model, cleaned of what serialisation added to it and of unprintable characters."""
    assert expected == getattr(load(dump(record)).connectors[0], field)


@pytest.mark.parametrize(
    ("record", "key"),
    [
        *((INBOUND, key) for key in ("RestrictDomainsToCertificate", "RestrictDomainsToIPAddresses", "RequireTls")),
        *((INBOUND, key) for key in ("CloudServicesMailEnabled", "TreatMessagesAsInternal")),
        *((OUTBOUND, key) for key in ("AllAcceptedDomains", "IsTransportRuleScoped", "TestMode", "UseMXRecord")),
        *((OUTBOUND, key) for key in ("RouteAllMessagesViaOnPremises", "CloudServicesMailEnabled")),
    ],
)
def test_a_switch_that_cannot_be_read_is_neither_on_nor_off(record: dict[str, Any], key: str) -> None:
    """A word of another language, or an object, is marked; what is not set, and every spelling of a boolean, is not."""
    for value in ("Wahr", 7, {"x": 1}, [True, False]):
        tenant = load(dump(record | {key: value}))
        assert tenant.connectors[0].unread == (key,)
        assert f"{key} of connector" in tenant.notes[0]
    for value in (None, "", True, False, "True", "$false", 1, {"value": True}):
        assert load(dump(record | {key: value})).connectors[0].unread == ()


def test_a_missing_level_is_read_as_the_strictest() -> None:
    """A record without TlsSettings is judged by the strictest level it could have, and a note says so."""
    with_name = load(dump({"Name": "To", "ConnectorType": "Partner", "TlsDomain": "contoso.com", "UseMXRecord": True}))
    without = load(dump({"Name": "To", "ConnectorType": "Partner", "UseMXRecord": True}))
    assert ["domain-validation", "certificate-validation"] == [one.connectors[0].level for one in (with_name, without)]
    assert "TlsSettings" in with_name.notes[0]


def test_a_missing_type_is_never_taken_for_on_premises() -> None:
    """A record without ConnectorType is read, and what it is stays open: the cmdlet's default is Partner."""
    tenant = load(b'InboundConnectors = [{Name = "A", Enabled = true, TlsSenderCertificateName = "contoso.com"}]')
    assert ("OnPremises", ("ConnectorType",)) == (tenant.connectors[0].kind, tenant.connectors[0].unread)
    assert "ConnectorType" in tenant.notes[0]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("Enabled", "FALSCH"),
        ("Enabled", None),
        ("ConnectorType", None),
        ("TlsSenderCertificateName", {"Unknown": "mail.contoso.com"}),
        ("TlsSenderCertificateName", ["mail.contoso.com", "mx.contoso.com"]),
        ("TrustedOrganizations", [{"Unknown": 1}]),
        ("AssociatedAcceptedDomains", {"Unknown": 1}),
    ],
)
def test_what_decides_and_cannot_be_read_stays_open(key: str, value: object) -> None:
    """A property that decides and holds something illegible is named as unread, and the lint cannot tell."""
    tenant = load(dump({"InboundConnectors": INBOUND | {key: value}, "AcceptedDomains": DOMAIN}))
    assert (key,) == tenant.connectors[0].unread
    assert ["connector.unread"] == [one.rule for one in lint(tenant) if one.severity is Severity.UNKNOWN]


@pytest.mark.parametrize("mode", [2, "Required", {"value__": 2}, "Microsoft.Exchange.Data.SmtpDaneMode"])
def test_a_dane_mode_that_cannot_be_read_may_be_mandatory(mode: object) -> None:
    """A SmtpDaneMode that is none of the three words is named as unread, never taken for the default."""
    tenant = load(dump({"OutboundConnectors": OUTBOUND | {"SmtpDaneMode": mode}}))
    assert ("SmtpDaneMode",) == tenant.connectors[0].unread
    assert ["connector.unread"] == [one.rule for one in lint(tenant) if one.severity is Severity.UNKNOWN]


@pytest.mark.parametrize("mode", [None, "", "None", "opportunistic", "MANDATORY"])
def test_every_word_for_a_dane_mode_is_read(mode: object) -> None:
    """The three words in any case, and a mode that is not set, are read."""
    assert load(dump({"OutboundConnectors": OUTBOUND | {"SmtpDaneMode": mode}})).connectors[0].unread == ()


def test_the_hint_is_the_line_of_the_readme() -> None:
    """README.md and docs/tenants.md show the very line of PowerShell that hints and remedies print."""
    top = Path(__file__).parents[2]
    for page in (top / "README.md", top / "docs" / "tenants.md"):
        assert EXPORT in page.read_text("utf-8").splitlines()


def test_accepted_domains_are_normalised_and_odd_ones_left_out_with_a_note() -> None:
    """Names become lower-case A-labels, text alone is enough by hand, and what is no domain is noted."""
    tenant = load(dump({"AcceptedDomains": ["B\u00dcCHER.de.", DOMAIN | {"DomainName": "*.x.com"}, {"Name": "a.com"}]}))
    assert ("xn--bcher-kva.de", "a.com") == tuple(one.name for one in tenant.accepted_domains or ())
    assert "'*.x.com'" in tenant.notes[0]


@pytest.mark.parametrize(("written", "region"), [("GBR", "GBR"), (None, None), ("None", None), ("", None)])
def test_the_region_of_an_accepted_domain_is_read(written: str | None, region: str | None) -> None:
    """MailFlowRegion is the domain's region; None as text, as an enumeration prints it, is none."""
    (domain,) = load(dump({"AcceptedDomains": [DOMAIN | {"MailFlowRegion": written}]})).accepted_domains or ()
    assert region == domain.region


def test_a_file_in_another_code_page_loads_with_a_note() -> None:
    """A file that is not UTF-8 is read as Western European text, which can only touch names, and says so."""
    tenant = load(
        '[{"Name": "Z\u00fcrich", "SenderDomains": [], "ConnectorType": "Partner"}]'.encode("latin-1"), "t.json"
    )
    assert "Z\u00fcrich" == tenant.connectors[0].name
    assert "not UTF-8" in tenant.notes[0]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "is empty"),
        (b" \r\n", "is empty"),
        (codecs.BOM_UTF8, "is empty"),
        (b"-----BEGIN CERTIFICATE-----\nMII", "PEM file"),
        (b"\x30\x82\x01\x00\xff\xfe\x00", "not a text file"),
        (b"<Objs Version='1.1.0.1'>", "XML"),
        (b"Name         SenderDomains\n----         -------------", "neither JSON nor TOML (line 1, column 1)"),
        (b'[{"Name": "a",\n "SenderDomains" ["x"]}]', "line 2, column 18"),
        (b'{"Name": "a"', "line 1, column 13"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"a":' * 100_000, "nested too deeply"),
        (b"[" * 20 + b"null" + b"]" * 20, "nested too deeply"),
        (b"[" + b"9" * 5000 + b"]", "number too long"),
        (b"1 " * 60, "more than 50"),
        (b"[1]", "Record 1 is not an object"),
        (b'"text"', "Record 1 is not an object"),
        (b"{}", "Record 1 has no key"),
        (b'{"Name": "a"}', "Record 1 has no key"),
        (b'[{"SenderDomains": []}, {"foo": 1}]', "Record 2 has no key"),
        (b'{"InboundConnectors": [{"Name": "a"}]}', "Record 1 has no key"),
        (b'{"SenderDomains": [], "SmartHosts": []}', "mixes keys"),
        (b'{"Name": "a", "AddressSpaces": [], "SmartHosts": []}', "Get-SendConnector"),
        (b'{"Name": "a", "Bindings": []}', "Get-ReceiveConnector"),
        (b'{"Name": "a", "SenderDomains": [], "ConnectorType": "Both"}', "ConnectorType"),
        (b'{"InboundConnectors": ["@{Name=a; SenderDomains=System.Object[]}"]}', "was cut off by the depth"),
        (b'{"AcceptedDomains": "System.Object[]"}', "was cut off by the depth"),
        (b'{"Name": "a", "ConnectorType": "Partner", "TlsSettings": "Strict"}', "'Strict'"),
        (b"InboundConnectors = [", "not valid TOML"),
        (b"# c\n[[InboundConnectors]]\nName = 'a'\nx\n", "line 4"),
        (b"a = " + b"[" * 5000, "nested too deeply"),
        (b"Name = 'a'\n" + b"#" * 1_100_000, "over 1 MiB"),
        (b"[" + b"null," * 30_000 + b"null]", "more than 20000 records"),
        (b" " * (20 * 1024 * 1024 + 1), "over 20 MiB"),
    ],
)
def test_a_wrong_file_is_refused_in_one_sentence_with_the_way_to_export(data: bytes, said: str) -> None:
    """Whatever is no export is refused with where and why, and the hint is the PowerShell line that makes one."""
    with pytest.raises(TenantError) as raised:
        load(data)
    assert said in raised.value.message
    assert "\n" not in raised.value.message
    assert raised.value.message.isascii()
    assert "ConvertTo-Json" in (raised.value.hint or "")


def test_too_many_values_in_a_property_are_refused() -> None:
    """A list of over 10,000 values is no property of a connector."""
    with pytest.raises(TenantError, match="at most 10000"):
        load(dump(INBOUND | {"SenderDomains": ["a.com"] * 10_001}))


def test_too_many_connectors_are_refused() -> None:
    """A file of over 2,000 connectors is no tenant's."""
    with pytest.raises(TenantError, match="more than 2000 connectors"):
        load(dump([{"Name": f"C{number}", "SenderDomains": []} for number in range(2_001)]))


def test_the_file_is_named_where_several_are_given() -> None:
    """With several files the message says which one is wrong."""
    with pytest.raises(TenantError, match=r"Record 1 of 'b\.json'"):
        load([("a.json", dump(ALL)), ("b.json", b"{}")])


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from([*INBOUND, *OUTBOUND, *DOMAIN, *ALL, "value", "Count", "x"]), inner, max_size=6
        )
    ),
    max_leaves=20,
)


@SOME
@given(JSON_VALUES)
def test_any_json_loads_or_is_refused(value: object) -> None:
    """No JSON value makes the reader raise anything but TenantError, and what loads can be judged."""
    try:
        tenant = load(dump(value))
    except TenantError as error:
        assert error.hint  # noqa: PT017
    else:
        assert isinstance(select(tenant, "both", ["a.com"], named=False).judged, tuple)


@SOME
@given(st.binary(max_size=200))
def test_any_bytes_load_or_are_refused(data: bytes) -> None:
    """No bytes make the reader raise anything but TenantError."""
    try:
        loaded = load(data)
    except TenantError as error:
        assert error.message  # noqa: PT017
    else:
        assert isinstance(loaded, Tenant)


# -- choosing -----------------------------------------------------------------------------------------------------


def inbound(name: str, value: str | None, **more: Any) -> Connector:
    """An inbound connector of the tenant."""
    return Connector(name, "inbound", value, source="tenant", **more)


def outbound(name: str, **more: Any) -> Connector:
    """An outbound connector of the tenant."""
    return Connector(name, "outbound", "contoso.com", level="domain-validation", source="tenant", **more)


GATEWAY, BACKUP, OUT = inbound("From gateway", "*.contoso.com"), inbound("From backup", None), outbound("To gateway")
TENANT = Tenant((GATEWAY, BACKUP, OUT, inbound("Shared", None), outbound("Shared")))


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ("From gateway", GATEWAY),
        ("FROM GATEWAY", GATEWAY),
        ("from g", GATEWAY),
        (" To gateway ", OUT),
        ("inbound:from backup", BACKUP),
        ("outbound:Shared", TENANT.connectors[4]),
    ],
)
def test_find_takes_the_exact_name_then_any_case_then_a_unique_beginning(wanted: str, expected: Connector) -> None:
    """A connector is found by its name, by the name in another case, or by an unambiguous beginning."""
    assert (expected,) == find(TENANT, [wanted, wanted])


def test_find_prefers_the_exact_name_to_a_longer_one() -> None:
    """A name that begins another one names itself."""
    tenant = Tenant((inbound("Gate", None), inbound("Gateway", None)))
    assert "Gate" == find(tenant, ["gate"])[0].name


@pytest.mark.parametrize("wanted", ["Nobody", "", "from", "Shared", "inbound:"])
def test_find_refuses_unknown_and_ambiguous_names(wanted: str) -> None:
    """What names no connector or several is a usage error that lists names."""
    with pytest.raises(UsageError) as raised:
        find(TENANT, [wanted])
    assert "'" in (raised.value.hint or "")
    assert 2 == raised.value.code


def test_find_says_that_a_tenant_has_no_connectors() -> None:
    """Without any connector the hint says that instead of an empty list."""
    with pytest.raises(UsageError) as raised:
        find(Tenant(), ["x"])
    assert "no connector" in (raised.value.hint or "")


def judged(connectors: list[Connector], names: list[str], role: Any = "client") -> list[str]:
    """The names of the connectors a whole tenant's selection judges."""
    return [one.name for one in select(Tenant(tuple(connectors)), role, names, named=False).judged]


EXACT, WILD, DEEPER = (
    inbound("exact", "mail.eu.contoso.com"),
    inbound("wild", "*.contoso.com"),
    inbound("deeper", "*.eu.contoso.com"),
)


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["mail.eu.contoso.com"], ["exact"]),
        (["gw.eu.contoso.com"], ["deeper"]),
        (["mail.contoso.com"], ["wild"]),
        (["contoso.com"], ["wild"]),
        (["mail.contoso.com", "gw.eu.contoso.com"], ["deeper"]),
        (["*.eu.contoso.com"], ["deeper"]),
        (["a.b.contoso.com"], ["wild"]),
        (["mail.fabrikam.com"], []),
        ([], []),
    ],
)
def test_the_best_match_of_a_whole_tenant_is_judged(names: list[str], expected: list[str]) -> None:
    """Exact beats wildcard and a deeper value a shallower one (fact 1.2.9), whatever the order; the others are not
    applicable."""
    for connectors in ([WILD, DEEPER, EXACT], [EXACT, DEEPER, WILD]):
        chosen = select(Tenant(tuple(connectors)), "client", names, named=False)
        assert expected == [one.name for one in chosen.judged]
        assert 3 == len(chosen.judged) + len(chosen.not_applicable)
        assert bool(expected) == (chosen.nearest is None)


def test_a_certain_match_goes_before_an_inferred_one_of_the_same_kind() -> None:
    """A domain under its own wildcard value is documented to match; one that only its wildcard certificate covers is
    inferred to: the certain one wins alone, in either order."""
    certain, inferred = inbound("certain", "*.contoso.com"), inbound("inferred", "fabrikam.com")
    names = ["contoso.com", "*.fabrikam.com"]
    for connectors in ([certain, inferred], [inferred, certain]):
        accepted = domains("contoso.com", "fabrikam.com")
        chosen = select(Tenant(tuple(connectors), accepted), "client", names, named=False)
        assert ["certain"] == [one.name for one in chosen.judged]
    assert ["inferred"] == judged([inferred], names)


def test_equally_good_connectors_are_all_judged() -> None:
    """Nothing documents which of two equal values wins, so each must hold."""
    twin = inbound("twin", "*.CONTOSO.com")
    assert ["wild", "twin"] == judged([WILD, twin, EXACT], ["mail.contoso.com"])


def test_of_equally_good_connectors_the_accepted_one_is_judged() -> None:
    """Between equal matches the one whose domain is accepted goes first (fact 1.3.1)."""
    other = inbound("other", "mail.fabrikam.com")
    both, names = [EXACT, other, inbound("host", "gw.contoso.com")], ["gw.contoso.com", "mail.fabrikam.com"]
    chosen = select(Tenant(tuple(both), domains("mail.fabrikam.com")), "client", names, named=False)
    assert ["other"] == [one.name for one in chosen.judged]
    assert ["other", "host"] == [one.name for one in select(Tenant(tuple(both)), "client", names, named=False).judged]


def test_on_premises_connectors_go_before_partners() -> None:
    """A Partner connector is only looked for where no OnPremises one matches (fact 1.3.1)."""
    partner = inbound("partner", "mail.contoso.com", kind="Partner")
    assert ["wild"] == judged([partner, WILD], ["mail.contoso.com"])
    assert ["partner"] == judged([partner, DEEPER], ["mail.contoso.com"])


def test_disabled_and_certificate_less_connectors_are_no_candidates() -> None:
    """Only enabled connectors with a value can win; a malformed value matches nothing."""
    off = inbound("off", "mail.contoso.com", enabled=False)
    odd = inbound("odd", "m*.contoso.com")
    assert ["wild"] == judged([off, inbound("ip", None), odd, WILD], ["mail.contoso.com"])
    assert (odd, WILD) == candidates([off, inbound("ip", None), odd, WILD])
    assert value_of(odd) is None


def test_the_nearest_connector_is_named_where_none_matches() -> None:
    """Where nothing matches, the candidate that shares most labels is the nearest; without candidates there is none."""
    far = inbound("far", "*.fabrikam.com")
    assert EXACT == select(Tenant((far, EXACT)), "client", ["mx.eu.contoso.com"], named=False).nearest
    assert select(Tenant((OUT,)), "client", ["mail.contoso.com"], named=False).nearest is None


def test_the_server_role_judges_every_outbound_connector_in_use() -> None:
    """As a server the certificate is judged for each enabled outbound connector outside test mode."""
    connectors = [WILD, OUT, outbound("off", enabled=False), outbound("test", test_mode=True)]
    assert ["To gateway"] == judged(connectors, ["mail.contoso.com"], "server")
    assert ["wild", "To gateway"] == judged(connectors, ["mail.contoso.com"], "both")


def test_an_inbound_mismatch_is_not_hidden_by_outbound_connectors() -> None:
    """In both roles the nearest inbound connector is judged where none matches, so that its mismatch counts."""
    chosen = select(Tenant((WILD, OUT)), "both", ["mail.fabrikam.com"], named=False)
    assert (WILD, OUT) == chosen.judged
    assert WILD == chosen.nearest


def test_named_connectors_are_all_judged() -> None:
    """What the user names is judged, disabled or not, in either direction."""
    off = inbound("off", None, enabled=False)
    assert (off, OUT) == select(Tenant((off, OUT)), "client", ["x.com"], named=True).judged


def test_options_make_connectors() -> None:
    """``--inbound`` is an OnPremises connector, ``--outbound`` one of the given level; their names are the options."""
    made = from_options([" *.contoso.com", "*.contoso.com"], ["mail.contoso.com"], "domain-validation")
    assert (
        Connector("--inbound *.contoso.com", "inbound", "*.contoso.com"),
        Connector("--outbound mail.contoso.com", "outbound", "mail.contoso.com", level="domain-validation"),
    ) == made


@pytest.mark.parametrize("value", ["", "*", "*.com", "m*.contoso.com", "10.0.0.1", "a b"])
def test_malformed_options_are_usage_errors(value: str) -> None:
    """A malformed value on the command line is wrong usage, with the option in the message."""
    for options, name in (([value], []), "--inbound"), (([], [value]), "--outbound"):
        with pytest.raises(UsageError) as raised:
            from_options(*options, "domain-validation")
        assert raised.value.message.startswith(f"{name}: ")


# -- accepted domains ---------------------------------------------------------------------------------------------


def domains(*names: str) -> list[AcceptedDomain]:
    """Accepted domains; one with a ``+`` in front has MatchSubDomains."""
    return [AcceptedDomain(one.lstrip("+"), match_subdomains=one.startswith("+")) for one in names]


@pytest.mark.parametrize(
    ("value", "accepted", "standing", "decides"),
    [
        (Value("mail.contoso.com"), ["mail.contoso.com"], "accepted", "mail.contoso.com"),  # 1.3.5, 1.3.8
        (Value("contoso.com"), ["fabrikam.com", "CONTOSO.com."], "accepted", "contoso.com"),
        (Value("contoso.com", wildcard=True), ["contoso.com"], "accepted", "contoso.com"),  # 1.3.6
        (Value("contoso.com", wildcard=True), ["a.contoso.com", "contoso.com"], "accepted", "contoso.com"),
        (Value("xn--bcher-kva.de"), ["b\u00fccher.de"], "accepted", "xn--bcher-kva.de"),
        (Value("contoso.com", wildcard=True), ["jpn.contoso.com"], "subdomain", "jpn.contoso.com"),  # 1.3.6, 2017 note
        (Value("contoso.com"), ["jpn.contoso.com"], "not-accepted", None),  # 1.3.5: a plain value itself
        (Value("mail.contoso.com"), ["contoso.com"], "not-accepted", None),  # 1.3.5, 1.3.7
        (Value("sub.contoso.com", wildcard=True), ["contoso.com"], "not-accepted", None),  # 1.3.7
        (Value("mail.contoso.com"), ["+contoso.com"], "match-subdomains", "contoso.com"),  # 1.3.15
        (Value("sub.contoso.com", wildcard=True), ["+contoso.com"], "match-subdomains", "contoso.com"),
        (Value("contoso.com"), ["evilcontoso.com"], "not-accepted", None),
        (Value("evilcontoso.com"), ["+contoso.com"], "not-accepted", None),
        (Value("contoso.com"), [], "not-accepted", None),
        (Value("contoso.com"), ["not a domain"], "not-accepted", None),
    ],
)
def test_the_decision_table_of_accepted_domains(
    value: Value, accepted: list[str], standing: str, decides: str | None
) -> None:
    """A value's domain must be accepted itself; a subdomain or MatchSubDomains leaves it open; anything else is no."""
    found = Accepted(domains(*accepted)).acceptance(value)
    assert (standing, decides) == (found.standing, found.domain)


def test_a_value_whose_domain_is_accepted_comes_first_however_it_is_spelt() -> None:
    """Of the values that a certificate satisfies those under an accepted domain go first, in capitals too."""
    names = ("gw.fabrikam.example", "gw.contoso.com")
    assert "*.contoso.com" == fitting_values(names, Accepted(domains("Contoso.COM")))[0]
    assert "gw.fabrikam.example" == fitting_values(names, None)[0]


def test_accepted_above_is_the_deepest() -> None:
    """Of several accepted domains over a name the deepest is meant; one that merely ends alike is none."""
    known = Accepted(domains("contoso.com", "eu.contoso.com", "oso.com"))
    assert "eu.contoso.com" == known.above("mail.eu.contoso.com")
    assert known.above("mail.fabrikam.com") is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("From gateway", "'From gateway'"),
        ("O'Brien", "'O''Brien'"),
        ("$(Remove-Item *)", "'$(Remove-Item *)'"),
        ("a\u2019b\u2018c", "'a\u2019\u2019b\u2018\u2018c'"),
        ("[SEPPmail] in", "'[SEPPmail] in'"),
    ],
)
def test_powershell_quoting_leaves_nothing_to_expand(text: str, expected: str) -> None:
    """A name is one single-quoted string, every kind of single quotation mark in it doubled."""
    assert expected == quote(text)


def test_a_connector_given_by_hand_has_a_placeholder_for_its_name() -> None:
    """A fix names the tenant's connector, or leaves a place for the name where only a value was given."""
    assert "Set-InboundConnector -Identity 'From gateway' -X" == command(GATEWAY, "-X")
    assert "Set-OutboundConnector -Identity '<connector>' -X" == command(from_options([], ["a.com"], "none")[0], "-X")
