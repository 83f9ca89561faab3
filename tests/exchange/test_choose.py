"""Which connectors are judged: every property that makes one a candidate, and every reason that prefers one."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from certready.errors import UsageError
from certready.exchange import Accepted, associated, candidates, find, match_of, select, value_of
from certready.exchange.choose import LISTED, is_partners, judged_of
from certready.exchange.matching import parse_value
from certready.model import Connector, Tenant
from tests.decisions import domains, inbound, outbound

NAME = "mail.contoso.com"


def gateway(name: str, value: str | None = NAME, **settings: Any) -> Connector:
    return inbound(name, value, **settings)


@pytest.mark.parametrize(
    ("connectors", "accepted", "judged", "nearest"),
    [
        # The match decides, then the depth of the value.
        ((gateway("wild", "*.contoso.com"), gateway("exact")), None, ["exact"], None),
        ((gateway("exact"), gateway("wild", "*.contoso.com")), None, ["exact"], None),
        ((gateway("deep", "*.contoso.com"), gateway("shallow", "*.com.")), None, ["deep"], None),
        ((gateway("A"), gateway("B")), None, ["A", "B"], None),
        # An accepted domain comes before both.
        ((gateway("exact"), gateway("wild", "*.contoso.com")), ("contoso.com",), ["wild"], None),
        ((gateway("exact"), gateway("wild", "*.contoso.com")), ("mail.contoso.com",), ["exact"], None),
        ((gateway("exact"), gateway("wild", "*.contoso.com")), ("fabrikam.com",), ["exact"], None),
        ((gateway("exact"), gateway("wild", "*.contoso.com")), (), ["exact"], None),
        # Only enabled inbound ones that ask for a certificate are candidates.
        ((gateway("off", enabled=False), gateway("wild", "*.contoso.com")), None, ["wild"], None),
        ((replace(gateway("out"), direction="outbound"), gateway("wild", "*.contoso.com")), None, ["wild"], None),
        ((gateway("by address", None),), None, [], None),
        # A Partner connector is looked for where no other matches.
        ((gateway("partner", kind="Partner"), gateway("wild", "*.contoso.com")), None, ["wild"], None),
        ((gateway("partner", kind="Partner"), gateway("other", "x.org")), None, ["partner"], None),
        # One whose certificate name cannot be read may be the one that matches.
        ((gateway("lost", None, unread=("TlsSenderCertificateName",)), gateway("A")), None, ["lost", "A"], None),
        ((gateway("lost", None, unread=("TlsSenderCertificateName",)), gateway("other", "x.org")), None, ["lost"], None),
        ((gateway("off", None, unread=("TlsSenderCertificateName",), enabled=False),), None, [], None),
        ((gateway("A", unread=("TlsSenderCertificateName",)), gateway("other", "x.org")), None, ["A"], None),
        ((gateway("other", "x.org", unread=("TlsSenderCertificateName",)),), None, [], "other"),
        ((gateway("other", "x.org", unread=("Enabled",)),), None, [], "other"),
        # Where none matches, the nearest is named.
        ((gateway("far", "x.org"), gateway("near", "smtp.contoso.com")), None, [], "near"),
        ((gateway("near", "smtp.contoso.com"), gateway("far", "x.org")), None, [], "near"),
        ((gateway("partner", "smtp.contoso.com", kind="Partner"), gateway("own", "x.org")), None, [], "own"),
        ((gateway("partner", "smtp.contoso.com", kind="Partner"), gateway("own", "x.org")), ("contoso.com",), [],
         "partner"),
        ((gateway("partner", "smtp.contoso.com", kind="Partner"), gateway("own", "mx.contoso.com")), ("contoso.com",),
         [], "own"),
        ((gateway("bad", "m*.x.org"), gateway("own", "x.org")), None, [], "own"),
        ((gateway("bad", "m*.x.org"), gateway("partner", "x.org", kind="Partner")), None, [], "bad"),
    ],
)  # fmt: skip
def test_client(
    connectors: tuple[Connector, ...], accepted: tuple[str, ...] | None, judged: list[str], nearest: str | None
) -> None:
    """Of a tenant's inbound connectors those are judged that Exchange Online would prefer for the certificate."""
    tenant = Tenant(connectors, None if accepted is None else domains(accepted))
    chosen = select(tenant, "client", [NAME], named=False)
    assert [connector.name for connector in chosen.judged] == judged
    assert (chosen.nearest.name if chosen.nearest else None) == nearest
    assert {*chosen.judged, *chosen.not_applicable} == set(connectors)
    assert not {*chosen.judged} & {*chosen.not_applicable}


def test_accepted_domains_given() -> None:
    """Accepted domains that a caller has normalised already stand for those of the tenant."""
    tenant = Tenant((gateway("exact"), gateway("wild", "*.contoso.com")))
    given = select(tenant, "client", [NAME], named=False, accepted=Accepted(domains(("contoso.com",))))
    assert [connector.name for connector in given.judged] == ["wild"]


CONTOSO = domains(("contoso.com",))
OUT, OFF, TEST = outbound("out"), outbound("off", enabled=False), outbound("test", test_mode=True)


@pytest.mark.parametrize(
    ("role", "value", "judged", "nearest"),
    [
        ("server", NAME, ["out"], None),
        ("client", NAME, ["in"], None),
        ("both", NAME, ["in", "out"], None),
        ("client", "x.org", [], "in"),
        ("both", "x.org", ["in", "out"], "in"),
        ("server", "x.org", ["out"], None),
    ],
)
def test_roles(role: Any, value: str, judged: list[str], nearest: str | None) -> None:
    """A server is judged for the outbound connectors in use, a client for inbound ones, and a mismatch of both is not
    hidden by outbound ones."""
    chosen = select(Tenant((gateway("in", value), OUT, OFF, TEST)), role, [NAME], named=False)
    assert [connector.name for connector in chosen.judged] == judged
    assert (chosen.nearest.name if chosen.nearest else None) == nearest


def test_named() -> None:
    """Connectors that were named are judged, each, whatever they are."""
    connectors = (gateway("off", enabled=False), OFF, TEST, gateway("other", "x.org"))
    assert select(Tenant(connectors), "client", [NAME], named=True).judged == connectors


def test_nearest_alone() -> None:
    """Where no outbound connector is judged, the nearest inbound one is named and not judged, both roles or one."""
    chosen = select(Tenant((gateway("in", "x.org"), OFF)), "both", [NAME], named=False)
    assert (chosen.judged, chosen.nearest) == ((), gateway("in", "x.org"))


def test_candidates() -> None:
    """An inbound connector in use with a value is a candidate, and one whose value cannot be read."""
    lost = gateway("lost", None, unread=("TlsSenderCertificateName",))
    other = gateway("other", None, unread=("Enabled",))
    assert candidates([gateway("A"), lost, other, OUT, gateway("off", enabled=False)]) == (gateway("A"), lost)


@pytest.mark.parametrize(
    ("value", "kind", "accepted", "expected"),
    [
        ("mail.partner.example", "Partner", ("contoso.com",), True),
        ("mail.partner.example", "Partner", None, True),
        ("mail.contoso.com", "Partner", ("contoso.com",), False),
        ("contoso.com", "Partner", ("contoso.com",), False),
        ("mail.partner.example", "OnPremises", ("contoso.com",), False),
        (None, "Partner", ("contoso.com",), True),
        ("m*.contoso.com", "Partner", ("contoso.com",), True),
    ],
)
def test_is_partners(value: str | None, kind: Any, accepted: tuple[str, ...] | None, expected: bool) -> None:
    """A Partner connector's name is another organisation's unless it lies under a domain of the tenant."""
    held = None if accepted is None else Accepted(domains(accepted))
    assert is_partners(gateway("x", value, kind=kind), held) is expected


def test_values() -> None:
    """A connector without a value, or with a malformed one, has none and matches nothing."""
    assert value_of(gateway("x", None)) is None
    assert value_of(gateway("x", "m*.contoso.com")) is None
    assert value_of(gateway("x")) == parse_value(NAME)
    assert match_of(gateway("x", None), [NAME]).kind == "none"
    assert match_of(gateway("x"), [NAME]).kind == "exact"


def test_associated() -> None:
    """AssociatedAcceptedDomains limits a connector to what it names, however it is written."""
    value = parse_value("*.contoso.com")
    assert associated(gateway("x"), value)
    assert associated(gateway("x", associated_domains=("x.org", "Contoso.COM.")), value)
    assert not associated(gateway("x", associated_domains=("x.org",)), value)
    assert not associated(gateway("x", associated_domains=("mail.contoso.com",)), value)


TENANT = Tenant((gateway("Mail"), gateway("mail relay"), outbound("Mail"), outbound("To gateway"), gateway("Seppmail")))


@pytest.mark.parametrize(
    ("name", "direction", "found"),
    [
        ("mail relay", "inbound", "mail relay"),
        ("  mail relay ", "inbound", "mail relay"),
        ("MAIL RELAY", "inbound", "mail relay"),
        ("inbound:mail", "inbound", "Mail"),
        ("OUTBOUND:MAIL", "outbound", "Mail"),
        ("mail r", "inbound", "mail relay"),
        ("to", "outbound", "To gateway"),
        ("SEPP", "inbound", "Seppmail"),
    ],
)
def test_find(name: str, direction: str, found: str) -> None:
    """A connector is found by its name, in any case, with its direction, or by the beginning of its name."""
    (connector,) = find(TENANT, [name])
    assert (connector.direction, connector.name) == (direction, found)


def test_find_several() -> None:
    """Names are looked for in the order given, each connector once."""
    assert [connector.name for connector in find(TENANT, ["to", "sepp", "To gateway"])] == ["To gateway", "Seppmail"]


@pytest.mark.parametrize(
    ("name", "message", "hint"),
    [
        ("Mail", "'Mail' names 2 connectors of the tenant.",
         "Name one of them in full: 'inbound:Mail', 'outbound:Mail'."),
        ("mail", "'mail' names 2 connectors of the tenant.",
         "Name one of them in full: 'inbound:Mail', 'outbound:Mail'."),
        ("gone", "The tenant has no connector named 'gone'.",
         "The connectors are: 'Mail', 'mail relay', 'Mail', 'To gateway', 'Seppmail'."),
        ("", "The tenant has no connector named ''.",
         "The connectors are: 'Mail', 'mail relay', 'Mail', 'To gateway', 'Seppmail'."),
        ("inbound:", "The tenant has no connector named 'inbound:'.",
         "The connectors are: 'Mail', 'mail relay', 'Mail', 'To gateway', 'Seppmail'."),
    ],
)  # fmt: skip
def test_not_found(name: str, message: str, hint: str) -> None:
    """A name that none has, or several have, is answered with the names there are."""
    with pytest.raises(UsageError) as error:
        find(TENANT, [name])
    assert (str(error.value), error.value.hint) == (message, hint)


def test_not_found_in_nothing() -> None:
    """A tenant file without a connector says so."""
    with pytest.raises(UsageError) as error:
        find(Tenant(), ["Mail"])
    assert error.value.hint == "The tenant file holds no connector."


FROM_FILE = Tenant((gateway("Mail"), OUT), CONTOSO)


def option(direction: Any, value: str, level: Any = None) -> Connector:
    return Connector(f"--{direction} {value}", direction, value, level)


@pytest.mark.parametrize(
    ("tenant", "asked", "expected", "named"),
    [
        # Nothing is named: a file that lists connectors is chosen from, anything else is judged as it is.
        (FROM_FILE, {"from_file": True}, FROM_FILE, False),
        (Tenant(), {"from_file": True}, Tenant(), False),
        (Tenant(lists_connectors=False), {"from_file": True}, Tenant(lists_connectors=False), True),
        (Tenant(), {}, Tenant(), True),
        (Tenant(lists_connectors=False), {}, Tenant(lists_connectors=False), True),
        (Tenant(), {"certificate_only": True}, Tenant(), True),
        # What is named is judged, out of the file before what is given by value; the rest of the file stays.
        (FROM_FILE, {"from_file": True, "connectors": ["out"]}, Tenant((OUT,), CONTOSO), True),
        (FROM_FILE, {"from_file": True, "connectors": ["out", "Mail"]}, Tenant((OUT, gateway("Mail")), CONTOSO), True),
        (FROM_FILE, {"from_file": True, "inbound": [NAME]}, Tenant((option("inbound", NAME),), CONTOSO), True),
        (FROM_FILE, {"from_file": True, "inbound": [NAME], "connectors": ["out"]},
         Tenant((OUT, option("inbound", NAME)), CONTOSO), True),
        (Tenant(), {"inbound": [f" {NAME} ", "*.contoso.com", NAME], "outbound": [NAME]},
         Tenant((option("inbound", NAME), option("inbound", "*.contoso.com"),
                 option("outbound", NAME, "certificate-validation"))), True),
        (Tenant(), {"outbound": [NAME, "x.org"]},
         Tenant((option("outbound", NAME, "certificate-validation"),
                 option("outbound", "x.org", "certificate-validation"))), True),
    ],
)  # fmt: skip
def test_judged(tenant: Tenant, asked: dict[str, Any], expected: Tenant, named: bool) -> None:
    """Connectors are named out of a file or given by value, each once; where none is, the whole file is chosen from."""
    assert judge(tenant, **asked) == (expected, named)


@pytest.mark.parametrize(
    ("asked", "message", "hint"),
    [
        ({"certificate_only": True, "from_file": True}, "--certificate-only judges no connector.",
         "Leave it out, or leave the connector out."),
        ({"certificate_only": True, "inbound": [NAME]}, "--certificate-only judges no connector.",
         "Leave it out, or leave the connector out."),
        ({"certificate_only": True, "outbound": [NAME]}, "--certificate-only judges no connector.",
         "Leave it out, or leave the connector out."),
        ({"certificate_only": True, "connectors": ["Mail"]}, "--certificate-only judges no connector.",
         "Leave it out, or leave the connector out."),
        ({"connectors": ["Mail"]}, "--connector chooses out of a tenant file.",
         "Add --tenant FILE, or use --inbound VALUE."),
        ({"from_file": True, "connectors": ["gone"]}, "The tenant has no connector named 'gone'.",
         "The connectors are: 'Mail', 'out'."),
        ({"inbound": ["*"]}, ("--inbound: '*' alone is not a connector value: it names no domain; write *.contoso.com "
         "for one domain's hosts."),
         "Write --inbound contoso.com for one name, --inbound *.contoso.com for the hosts of a domain."),
        ({"outbound": [NAME, " "]}, ("--outbound: The connector value is empty; it is a domain such as contoso.com or "
         "*.contoso.com."),
         "Write --outbound contoso.com for one name, --outbound *.contoso.com for the hosts of a domain."),
    ],
)  # fmt: skip
def test_contradictions(asked: dict[str, Any], message: str, hint: str) -> None:
    """Options that contradict each other, and values that are none, are refused with what to write instead."""
    with pytest.raises(UsageError) as error:
        judge(FROM_FILE, **asked)
    assert (str(error.value), error.value.hint) == (message, hint)


def judge(tenant: Tenant, **asked: Any) -> tuple[Tenant, bool]:
    settings = {"connectors": (), "inbound": (), "outbound": (), "from_file": False, "certificate_only": False}
    return judged_of(tenant, level="certificate-validation", **{**settings, **asked})  # type: ignore[arg-type]


def test_long_lists() -> None:
    """At most twenty names are listed; what is left out is counted."""
    many = Tenant(tuple(gateway(f"C{number:02}") for number in range(LISTED + 2)))
    with pytest.raises(UsageError) as error:
        find(many, ["gone"])
    assert "'C19'" in (error.value.hint or "")
    assert "'C20'" not in (error.value.hint or "")
    with pytest.raises(UsageError) as error:
        find(many, ["c"])
    assert str(error.value) == "'c' names 22 connectors of the tenant."
