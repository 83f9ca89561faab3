"""records: a record of a cmdlet into the model, and what is said of what it does not hold."""

from __future__ import annotations

from typing import Any

import pytest

from certready.errors import TenantError
from certready.exchange.export.records import Kind, Place, accepted, inbound, kind_of, outbound
from certready.model import AcceptedDomain, Connector

PLACE = Place("t.json", 3)
# One that leaves nothing open, so that whatever a case says of itself is all that is said.
PLAIN: dict[str, Any] = {"name": "C", "connectortype": "OnPremises", "enabled": True, "tlssettings": None}
UNREAD = "of connector 'C' cannot be read in the file; export the whole object with -Depth 5."
LEVELS = "EncryptionOnly, CertificateValidation, DomainValidation or null"


@pytest.mark.parametrize(
    ("place", "expected"), [(PLACE, "record 3 of 't.json'"), (Place("", 1), "record 1"), (Place("\u00e4", 1), "record 1 of '\\xe4'")]
)  # fmt: skip
def test_a_place_is_named_in_ascii(place: Place, expected: str) -> None:
    """The file where there is one, and the record's number."""
    assert expected == str(place)


@pytest.mark.parametrize(
    ("keys", "hint", "expected"),
    [
        *(((key,), None, "inbound") for key in ("senderdomains", "tlssendercertificatename")),
        *(((key,), None, "inbound") for key in ("restrictdomainstocertificate", "senderipaddresses")),
        *(((key,), None, "outbound") for key in ("recipientdomains", "usemxrecord", "smarthosts")),
        *(((key,), None, "outbound") for key in ("tlssettings", "tlsdomain")),
        *(((key,), None, "accepted") for key in ("domainname", "domaintype", "matchsubdomains")),
        *(((key,), "inbound", "inbound") for key in ("requiretls", "trustedorganizations")),
        *(((key,), "outbound", "outbound") for key in ("allaccepteddomains", "istransportrulescoped")),
        *(((key,), "accepted", "accepted") for key in ("name", "identity", "id", "guid", "default")),
        (("smarthosts",), "inbound", "outbound"),
        (("smarthosts", "senderdomains"), "inbound", "inbound"),
        (("smarthosts", "senderdomains"), "outbound", "outbound"),
        (("smarthosts", "requiretls"), "inbound", "outbound"),
    ],
)
def test_a_record_is_what_its_keys_and_its_section_say(
    keys: tuple[str, ...], hint: Kind | None, expected: Kind
) -> None:
    """One key that a single cmdlet prints is enough; the section decides where the keys allow it."""
    assert expected == kind_of(dict.fromkeys(keys), hint, PLACE)


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        ({"cippconnectortype": "Inbound"}, "inbound"),
        ({"cippconnectortype": "OUTBOUND", "name": "a"}, "outbound"),
        ({"cippconnectortype": "outbound", "senderdomains": [], "smarthosts": []}, "outbound"),
        ({"cippconnectortype": "inbound", "senderdomains": [], "smarthosts": []}, "inbound"),
        ({"cippconnectortype": "inbound", "smarthosts": []}, "outbound"),
        ({"cippconnectortype": None, "smarthosts": []}, "outbound"),
    ],
)
def test_a_declared_kind_decides_where_the_keys_allow_it(record: dict[str, Any], expected: Kind) -> None:
    """What CIPP wrote beside a record decides between two cmdlets, never against the keys."""
    assert expected == kind_of(record, None, PLACE)


@pytest.mark.parametrize(
    ("record", "hint", "said"),
    [
        ({}, None, "has no key of a connector or an accepted domain"),
        ({"name": "a"}, "inbound", "has no key of a connector or an accepted domain"),
        ({"requiretls": True}, None, "has no key of a connector or an accepted domain"),
        ({"requiretls": True}, "outbound", "has no key of a connector or an accepted domain"),
        ({"senderdomains": [], "tlsdomain": ""}, None, "mixes keys of several cmdlets"),
        ({"senderdomains": [], "tlsdomain": ""}, "accepted", "mixes keys of several cmdlets"),
        ({"senderdomains": [], "tlsdomain": "", "cippconnectortype": "both"}, None, "mixes keys of several cmdlets"),
        ({"senderdomains": [], "addressspaces": []}, "inbound",
         "was printed by Get-SendConnector of an on-premises server, not by Exchange Online"),
        ({"tlsdomain": "", "bindings": []}, None,
         "was printed by Get-ReceiveConnector of an on-premises server, not by Exchange Online"),
    ],
)  # fmt: skip
def test_a_record_of_nothing_certain_is_refused(record: dict[str, Any], hint: Kind | None, said: str) -> None:
    """What no cmdlet, more than one or an on-premises one prints is no connector of Exchange Online."""
    with pytest.raises(TenantError) as raised:
        kind_of(record, hint, PLACE)
    assert f"Record 3 of 't.json' {said}." == raised.value.message
    assert "ConvertTo-Json" in (raised.value.hint or "")


def test_every_property_of_an_inbound_connector_is_read() -> None:
    """Each key lands in its own field, and nothing is noted where nothing is missing."""
    record = {
        "name": "From the gateway",
        "identity": "other",
        "connectortype": "Partner",
        "enabled": "False",
        "tlssendercertificatename": "*.contoso.com",
        "requiretls": True,
        "trustedorganizations": ["fabrikam.com"],
        "senderdomains": ["smtp:*.adatum.com;1"],
        "senderipaddresses": ["192.0.2.1", "192.0.2.0/24"],
        "restrictdomainstocertificate": "True",
        "restrictdomainstoipaddresses": 0,
        "associatedaccepteddomains": "contoso.com contoso.de",
        "cloudservicesmailenabled": "$true",
        "treatmessagesasinternal": False,
        "connectorsource": "HybridWizard",
    }
    expected = Connector(
        name="From the gateway",
        direction="inbound",
        value="*.contoso.com",
        level=None,
        kind="Partner",
        enabled=False,
        source="tenant",
        require_tls=True,
        trusted_organizations=("fabrikam.com",),
        sender_domains=("*.adatum.com",),
        sender_ips=("192.0.2.1", "192.0.2.0/24"),
        restrict_to_certificate=True,
        restrict_to_ips=False,
        associated_domains=("contoso.com", "contoso.de"),
        cloud_services_mail=True,
        treat_as_internal=False,
        made_by_hybrid_wizard=True,
    )
    assert (expected, ()) == inbound(record, PLACE)


def test_every_property_of_an_outbound_connector_is_read() -> None:
    """Each key lands in its own field, and nothing is noted where nothing is missing."""
    record = {
        "name": "To the gateway",
        "connectortype": "Partner",
        "enabled": False,
        "tlsdomain": "*.contoso.com",
        "tlssettings": "DomainValidation",
        "cloudservicesmailenabled": False,
        "recipientdomains": ["smtp:*.adatum.com;1"],
        "smarthosts": ["gw.contoso.com", "[192.0.2.1]"],
        "usemxrecord": "False",
        "allaccepteddomains": True,
        "istransportrulescoped": "True",
        "testmode": 1,
        "routeallmessagesviaonpremises": False,
        "smtpdanemode": "Opportunistic",
        "mtastsmode": "None",
        "isvalidated": "$false",
        "connectorsource": "HybridWizard",
    }
    expected = Connector(
        name="To the gateway",
        direction="outbound",
        value="*.contoso.com",
        level="domain-validation",
        kind="Partner",
        enabled=False,
        source="tenant",
        cloud_services_mail=False,
        recipient_domains=("*.adatum.com",),
        smart_hosts=("gw.contoso.com", "[192.0.2.1]"),
        use_mx=False,
        all_accepted_domains=True,
        transport_rule_scoped=True,
        test_mode=True,
        route_via_on_premises=False,
        dane_mode="Opportunistic",
        mta_sts_mode="None",
        validated=False,
        made_by_hybrid_wizard=True,
    )
    assert (expected, ()) == outbound(record, PLACE)


def test_what_a_record_does_not_say_stays_open() -> None:
    """Of a record with hardly a key nothing is made up: booleans stay open, the level is the strictest, the connector
    counts as in use, and what is missing is named and said."""
    into = Connector("inbound connector 3", "inbound", source="tenant", unread=("ConnectorType", "Enabled"))
    out = Connector(
        "outbound connector 3",
        "outbound",
        level="certificate-validation",
        source="tenant",
        unread=("ConnectorType", "Enabled"),
    )
    lost = "ConnectorType, Enabled of connector '{}' cannot be read in the file; export the whole object with -Depth 5."
    level = "Connector 'outbound connector 3' has no TlsSettings in the file; it was read as certificate-validation."
    assert (into, (lost.format("inbound connector 3"),)) == inbound({}, PLACE)
    assert (out, (level, lost.format("outbound connector 3"))) == outbound({}, PLACE)


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        ({"name": " A ", "identity": "B"}, "A"),
        ({"name": "", "identity": "B", "id": "C"}, "B"),
        ({"id": "C", "guid": "D"}, "C"),
        ({"guid": "D", "tlssendercertificatename": "e.com", "tlsdomain": "e.com"}, "D"),
        ({"name": "System.Object", "tlssendercertificatename": "e.com", "tlsdomain": "e.com"}, "e.com"),
    ],
)
def test_a_connector_is_named_by_what_it_has(record: dict[str, Any], expected: str) -> None:
    """Its name, else its identity, else its value."""
    assert [expected] * 2 == [read(record, PLACE)[0].name for read in (inbound, outbound)]


LISTS = {
    "inbound": {
        "trustedorganizations": "TrustedOrganizations",
        "senderdomains": "SenderDomains",
        "senderipaddresses": "SenderIPAddresses",
        "associatedaccepteddomains": "AssociatedAcceptedDomains",
    },
    "outbound": {"recipientdomains": "RecipientDomains", "smarthosts": "SmartHosts"},
}


@pytest.mark.parametrize(
    "lost",
    [
        "System.Object[]",
        ["a.com", "System.Object"],
        [{"Unknown": 1}],
        ["a.com", {"Unknown": 1}],
        {"Unknown": 1},
        {"value": {"Unknown": 1}},
        {"value": [{"Unknown": 1}], "Count": 1},
        [["a.com", "b.com"]],
    ],
)
@pytest.mark.parametrize(("direction", "key"), [(direction, key) for direction, keys in LISTS.items() for key in keys])
def test_a_list_that_cannot_be_read_is_never_an_empty_one(direction: str, key: str, lost: object) -> None:
    """Addresses, domains and hosts of which an entry cannot be read are named as unread, and said to be."""
    connector, notes = (inbound if direction == "inbound" else outbound)(PLAIN | {key: lost}, PLACE)
    name = LISTS[direction][key]
    assert ((name,), (f"{name} {UNREAD}",)) == (connector.unread, notes)


@pytest.mark.parametrize("empty", [None, "", [], {}, {"value": [], "Count": 0}, "a.com b.com", ["a.com", None]])
@pytest.mark.parametrize(("direction", "key"), [(direction, key) for direction, keys in LISTS.items() for key in keys])
def test_a_list_that_can_be_read_leaves_nothing_open(direction: str, key: str, empty: object) -> None:
    """An empty list in any form is one, and so is a text of values."""
    connector, notes = (inbound if direction == "inbound" else outbound)(PLAIN | {key: empty}, PLACE)
    assert ((), ()) == (connector.unread, notes)


@pytest.mark.parametrize(
    ("record", "into", "out"),
    [
        ({"enabled": None}, ("Enabled",), ("Enabled",)),
        ({"enabled": "FALSCH"}, ("Enabled",), ("Enabled",)),
        ({"enabled": "System.Object"}, ("Enabled",), ("Enabled",)),
        ({"enabled": "0"}, (), ()),
        ({"restrictdomainstocertificate": "WAHR"}, ("RestrictDomainsToCertificate",), ()),
        ({"restrictdomainstoipaddresses": {"Unknown": 1}}, ("RestrictDomainsToIPAddresses",), ()),
        (
            {"restrictdomainstocertificate": None, "restrictdomainstoipaddresses": "", "requiretls": "WAHR"},
            ("RequireTls",),
            (),
        ),
        ({"connectortype": ""}, ("ConnectorType",), ("ConnectorType",)),
        ({"connectortype": 2}, ("ConnectorType",), ("ConnectorType",)),
        ({"connectortype": "1"}, ("ConnectorType",), ("ConnectorType",)),
        ({"connectortype": "System.Object"}, ("ConnectorType",), ("ConnectorType",)),
        ({"tlssendercertificatename": {"Unknown": 1}}, ("TlsSenderCertificateName",), ()),
        ({"tlssendercertificatename": ["a.com", "b.com"]}, ("TlsSenderCertificateName",), ()),
        ({"tlssendercertificatename": "@{Domain=a.com}"}, ("TlsSenderCertificateName",), ()),
        ({"tlssendercertificatename": None}, (), ()),
        ({"tlsdomain": {"Unknown": 1}}, (), ("TlsDomain",)),
        ({"tlsdomain": ["a.com", "b.com"]}, (), ("TlsDomain",)),
        ({"tlsdomain": ""}, (), ()),
        ({"tlssettings": {"value__": 3}}, (), ("TlsSettings",)),
        ({"tlssettings": "Microsoft.Exchange.Data.TlsAuthLevel"}, (), ("TlsSettings",)),
        ({"tlssettings": 0}, (), ("TlsSettings",)),
        ({"tlssettings": "1"}, (), ("TlsSettings",)),
        ({"tlssettings": 2}, (), ("TlsSettings",)),
        ({"tlssettings": 3}, (), ()),
        ({"connectortype": 3, "tlssettings": 3}, ("ConnectorType",), ("ConnectorType",)),
        ({"smtpdanemode": 1}, (), ("SmtpDaneMode",)),
        ({"smtpdanemode": "Erforderlich"}, (), ("SmtpDaneMode",)),
        ({"smtpdanemode": {"value__": 1}}, (), ("SmtpDaneMode",)),
        ({"smtpdanemode": "System.Object"}, (), ("SmtpDaneMode",)),
        *(({"smtpdanemode": mode}, (), ()) for mode in (None, "", "None", "OPPORTUNISTIC", "mandatory")),
        (
            {
                "connectortype": None,
                "tlsdomain": [1, 2],
                "tlssettings": 1,
                "recipientdomains": [{"X": 1}],
                "enabled": "",
            },
            ("ConnectorType", "Enabled"),
            ("ConnectorType", "TlsDomain", "TlsSettings", "RecipientDomains", "Enabled"),
        ),
    ],
)
def test_what_decides_and_cannot_be_read_is_named(
    record: dict[str, Any], into: tuple[str, ...], out: tuple[str, ...]
) -> None:
    """A property that decides and is missing, cut off, of another shape or a number that no document explains is named
    in the cmdlet's spelling and in its order, by the connector that has it, and the note says the same."""
    for read, unread in ((inbound, into), (outbound, out)):
        connector, notes = read(PLAIN | record, PLACE)
        assert unread == connector.unread
        assert ([f"{', '.join(unread)} {UNREAD}"] if unread else []) == [note for note in notes if "-Depth" in note]


@pytest.mark.parametrize(
    ("record", "level", "said"),
    [
        ({"tlssettings": None}, "none", ()),
        ({"tlssettings": ""}, "none", ()),
        ({"tlssettings": "None"}, "none", ()),
        ({"tlssettings": "EncryptionOnly"}, "encryption-only", ()),
        ({"tlssettings": "encryption-only"}, "encryption-only", ()),
        ({"tlssettings": "CERTIFICATEVALIDATION"}, "certificate-validation", ()),
        ({"tlssettings": "DomainValidation"}, "domain-validation", ()),
        ({"tlssettings": 0}, "none", ("0", "no TLS setting")),
        ({"tlssettings": 1}, "encryption-only", ("1", "EncryptionOnly")),
        ({"tlssettings": "2"}, "certificate-validation", ("2", "CertificateValidation")),
        ({"tlssettings": 3}, "domain-validation", ("3", "DomainValidation")),
        ({"tlssettings": "System.Object"}, "certificate-validation", None),
        ({"tlssettings": "System.Object", "tlsdomain": "a.com"}, "domain-validation", None),
        ({"tlssettings": {"value__": 0}}, "certificate-validation", None),
        ({"tlssettings": {"value__": 0}, "tlsdomain": "a.com"}, "domain-validation", None),
    ],
)
def test_a_level_is_a_word_a_number_by_its_order_or_the_strictest(
    record: dict[str, Any], level: str, said: tuple[str, str] | tuple[()] | None
) -> None:
    """Null is opportunistic TLS; a number is read by its order, and said to be; what cannot be read is the strictest
    that the record allows."""
    connector, notes = outbound(PLAIN | record, PLACE)
    assert level == connector.level
    if said is not None:
        expected = [
            f"Connector 'C' has the number {number} as TlsSettings; it was read by its order as {name}, which no "
            "document confirms."
            for number, name in [said]
        ] if said else []  # fmt: skip
        assert expected == [note for note in notes if "-Depth" not in note]


@pytest.mark.parametrize(("domain", "level"), [(None, "certificate-validation"), ("a.com", "domain-validation")])
def test_a_missing_level_is_the_strictest_and_said(domain: str | None, level: str) -> None:
    """A record without TlsSettings is read as the strictest level that it could have, and the connector named in ASCII,
    shortened, as everywhere."""
    written = "Z\u00fcrich " * 20
    record = {"name": written, "connectortype": "Partner", "enabled": True, "tlsdomain": domain}
    connector, notes = outbound(record, PLACE)
    name = ascii(f"{written[:77]}...")
    assert (level, ()) == (connector.level, connector.unread)
    assert (f"Connector {name} has no TlsSettings in the file; it was read as {level}.",) == notes


def test_a_number_for_the_type_is_said() -> None:
    """Which type a number is no document states; of a long one nine digits are shown."""
    for read in (inbound, outbound):
        connector, notes = read(PLAIN | {"connectortype": "1234567890"}, PLACE)
        said = "Connector 'C' has the number 123456789 as ConnectorType: no document says which that is."
        assert ("OnPremises", (said, f"ConnectorType {UNREAD}")) == (connector.kind, notes)


@pytest.mark.parametrize(
    ("record", "said"),
    [
        ({"connectortype": "Both"}, "ConnectorType of connector 'C' ({}) is 'Both', not OnPremises or Partner."),
        ({"tlssettings": "Strict"}, f"TlsSettings of connector 'C' ({{}}) is 'Strict', not {LEVELS}."),
        ({"tlssettings": 4}, f"TlsSettings of connector 'C' ({{}}) is '4', not {LEVELS}."),
    ],
)
def test_a_word_that_no_cmdlet_prints_is_refused(record: dict[str, Any], said: str) -> None:
    """A type or a level of another name is no connector's; the message names the connector, where it is and what may
    stand there."""
    with pytest.raises(TenantError) as raised:
        outbound(PLAIN | record, PLACE)
    assert said.format("record 3 of 't.json'") == raised.value.message
    assert "ConvertTo-Json" in (raised.value.hint or "")


def test_a_connector_of_another_origin_is_not_the_wizards() -> None:
    """Only a ConnectorSource of HybridWizard says that the wizard makes the connector anew."""
    for source in (None, "AdminUI", "Default", {"Unknown": 1}):
        for read in (inbound, outbound):
            assert not read(PLAIN | {"connectorsource": source}, PLACE)[0].made_by_hybrid_wizard


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        (
            {
                "domainname": "Contoso.COM.",
                "matchsubdomains": "True",
                "default": 1,
                "initialdomain": "$true",
                "domaintype": "InternalRelay",
                "mailflowregion": "GBR",
            },
            AcceptedDomain("contoso.com", True, True, True, "InternalRelay", "GBR"),
        ),
        ({"domainname": "a.com", "mailflowregion": "None"}, AcceptedDomain("a.com")),
        ({"domainname": None, "name": "b.com", "identity": "c.com", "domaintype": ""}, AcceptedDomain("b.com")),
        ({"identity": "c.com", "id": "d.com", "matchsubdomains": False}, AcceptedDomain("c.com")),
        ({"domainname": {"Domain": "e.com"}, "default": None}, AcceptedDomain("e.com")),
    ],
)
def test_every_property_of_an_accepted_domain_is_read(record: dict[str, Any], expected: AcceptedDomain) -> None:
    """Each key lands in its own field; a domain goes by another of its names where DomainName is not set."""
    assert (expected, ()) == accepted(record, PLACE)


def test_a_switch_of_an_accepted_domain_that_cannot_be_read_is_said() -> None:
    """It is read as off, which a note says of each."""
    record = {"domainname": "contoso.com", "matchsubdomains": "Wahr", "default": {"x": 1}, "initialdomain": "True"}
    domain, notes = accepted(record, PLACE)
    assert domain == AcceptedDomain("contoso.com", initial=True)
    assert notes == (
        "MatchSubDomains, Default of the accepted domain contoso.com cannot be read in the file and was read as off.",
    )


@pytest.mark.parametrize(("record", "written"), [({"domainname": "*.a.com"}, "'*.a.com'"), ({"domaintype": "x"}, "''")])
def test_an_accepted_domain_of_no_name_is_left_out_and_said(record: dict[str, Any], written: str) -> None:
    """What is no domain name is no accepted domain, and the note says which record it was."""
    said = f"The accepted domain {written} (record 3 of 't.json') is not a domain name and was left out."
    assert (None, (said,)) == accepted(record, PLACE)
