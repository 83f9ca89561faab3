"""load: lists, wrappers, sections and several files into one tenant, and what it says of itself."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from certready.errors import TenantError
from certready.exchange.export.load import MAX_CONNECTORS, MAX_DEPTH, MAX_RECORDS, load
from certready.model import AcceptedDomain, Connector, Tenant

INBOUND: dict[str, Any] = {"Name": "I", "ConnectorType": "OnPremises", "Enabled": True, "SenderDomains": []}
OUTBOUND: dict[str, Any] = {"Name": "O", "ConnectorType": "OnPremises", "Enabled": True, "TlsSettings": None}
DOMAIN: dict[str, Any] = {"DomainName": "contoso.com"}
INTO = Connector("I", "inbound", source="tenant")
OUT = Connector("O", "outbound", level="none", source="tenant")
OWN = AcceptedDomain("contoso.com")
NOTHING = "The tenant file names no connector and no accepted domain."
NO_MOMENT = "ExportedAt in the tenant file is not a moment that can be read; its age is not judged."
MORNING, EVENING = "2026-03-03T06:00:00Z", "2026-03-03T18:00:00Z"
DAWN = datetime(2026, 3, 3, 6, tzinfo=UTC)


def dump(value: object) -> bytes:
    """JSON text."""
    return json.dumps(value).encode()


def nested(value: object, depth: int) -> object:
    """The value in so many lists."""
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"InboundConnector": INBOUND}, Tenant((INTO,))),
        ({"InboundConnectors": [INBOUND]}, Tenant((INTO,))),
        ({"OutboundConnector": OUTBOUND}, Tenant((OUT,))),
        ({"outboundconnectors": [OUTBOUND]}, Tenant((OUT,))),
        ({"AcceptedDomain": DOMAIN}, Tenant((), (OWN,), lists_connectors=False)),
        ({"ACCEPTEDDOMAINS": ["contoso.com"]}, Tenant((), (OWN,), lists_connectors=False)),
        (
            {"AcceptedDomains": [DOMAIN], "OutboundConnectors": [OUTBOUND], "InboundConnectors": [INBOUND]},
            Tenant((INTO, OUT), (OWN,)),
        ),
        ([OUTBOUND, INBOUND, DOMAIN, DOMAIN, OUTBOUND], Tenant((OUT, INTO), (OWN,))),
        ({"value": [INBOUND], "Count": 1}, Tenant((INTO,))),
        ({"value": INBOUND}, Tenant((INTO,))),
        ({"@odata.context": "x", "@odata.count": 1, "VALUE": [INBOUND]}, Tenant((INTO,))),
        ({"InboundConnectors": {"value": [INBOUND], "Count": 1}}, Tenant((INTO,))),
        (INBOUND | {"value": ["a"]}, Tenant((INTO,))),
        (INBOUND | {"value": {"a": 1}, "Count": 2}, Tenant((INTO,))),
        (INBOUND | {"value": "a"}, Tenant((INTO,))),
        (INBOUND | {"@odata.type": "x", "value": []}, Tenant((INTO,))),
        ([None, INBOUND, None], Tenant((INTO,))),
        ({"InboundConnectors": [None, {}, "", INBOUND]}, Tenant((INTO,))),
        ({"AcceptedDomains": ["", "contoso.com"]}, Tenant((), (OWN,), lists_connectors=False)),
        ({"InboundConnectors": [], "AcceptedDomains": [DOMAIN]}, Tenant((), (OWN,))),
        ({"OutboundConnectors": "", "AcceptedDomains": [DOMAIN]}, Tenant((), (OWN,))),
        ({"InboundConnectors": [INBOUND], "AcceptedDomains": []}, Tenant((INTO,))),
        ({"InboundConnectors": [], "OutboundConnectors": {}}, Tenant(notes=(NOTHING,))),
        ({"OutboundConnectors": None}, Tenant(notes=(NOTHING,))),
        ({"AcceptedDomains": []}, Tenant(notes=(NOTHING,), lists_connectors=False)),
        ([], Tenant(notes=(NOTHING,), lists_connectors=False)),
        (None, Tenant(notes=(NOTHING,), lists_connectors=False)),
    ],
)
def test_every_wrapper_gives_the_same_tenant(value: object, expected: Tenant) -> None:
    """Sections under either spelling, wrappers, lists and records alone are read, each record once, nulls passed over.
    An empty section of connectors says that there is none; where no section says it, that is not known."""
    assert expected == load(dump(value))


@pytest.mark.parametrize(
    ("exported", "expected", "notes"),
    [
        ([MORNING], DAWN, ()),
        ([EVENING, MORNING], DAWN, ()),
        ([MORNING, EVENING], DAWN, ()),
        ([None], None, (NO_MOMENT,)),
        (["yesterday"], None, (NO_MOMENT,)),
        ([MORNING, "yesterday"], None, (NO_MOMENT,)),
        ([], None, ()),
    ],
)
def test_a_tenant_is_as_old_as_its_oldest_file(
    exported: list[str | None], expected: datetime | None, notes: tuple[str, ...]
) -> None:
    """Of several moments the oldest counts; one that cannot be read leaves the age open, and is said."""
    plain = ("connectors.json", dump({"InboundConnectors": [INBOUND]}))
    files = [
        (f"{number}.json", dump({"AcceptedDomains": [DOMAIN], "exportedAt": moment}))
        for number, moment in enumerate(exported)
    ]
    read = load([plain, *files])
    assert Tenant((INTO,), (OWN,) if files else None, notes, exported_at=expected) == read


def test_notes_come_in_order_and_once() -> None:
    """What was noted of the file's text, of its records and of the whole comes in this order, without repetition."""
    file = '{"AcceptedDomains": ["\u00fc b"], "ExportedAt": "x"}'.encode("latin-1")
    latin = "The tenant file 'a.json' is not UTF-8; it was read as Western European text (Latin-1)."
    odd = "The accepted domain '\\xfc b' (record 1 of 'a.json') is not a domain name and was left out."
    assert (latin, odd, NOTHING, NO_MOMENT) == load([("a.json", file), ("a.json", file)]).notes
    assert (latin, odd, NOTHING, NO_MOMENT) == load(file, "a.json").notes


def test_records_are_counted_in_each_file() -> None:
    """The number in a message is the record's own within its file, from 1, nulls counted."""
    with pytest.raises(TenantError, match=r"^Record 3 of 'b\.json' has no key of a connector or an accepted domain\.$"):
        load([("a.json", dump([INBOUND])), ("b.json", dump([INBOUND, None, {"x": 1}]))])


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (["a"], "Record 1 is not an object with the properties of a connector or an accepted domain."),
        ([""], "Record 1 is not an object with the properties of a connector or an accepted domain."),
        ({"InboundConnectors": ["a"]}, "Record 1 is not an object with the properties of a connector or an accepted domain."),
        ({"AcceptedDomains": [1]}, "Record 1 is not an object with the properties of a connector or an accepted domain."),
        ({"AcceptedDomains": [None, "System.Object"]}, "Record 2 was cut off by the depth of ConvertTo-Json; export it with -Depth 5."),
        ("@{Name=a}", "Record 1 was cut off by the depth of ConvertTo-Json; export it with -Depth 5."),
        ({"value": "System.Object[]", "Count": 2}, "Record 1 was cut off by the depth of ConvertTo-Json; export it with -Depth 5."),
        ([{}], "Record 1 has no key of a connector or an accepted domain."),
        ({"value": [{"Name": "a"}], "x": 1}, "Record 1 has no key of a connector or an accepted domain."),
    ],
)  # fmt: skip
def test_what_is_no_record_is_refused(value: object, said: str) -> None:
    """Text, numbers and what the depth left are no records, outside a section of accepted domains; the empty object is
    none of a cmdlet's outside a section."""
    with pytest.raises(TenantError) as raised:
        load(dump(value))
    assert said == raised.value.message
    assert "ConvertTo-Json" in (raised.value.hint or "")


@pytest.mark.parametrize(
    "wrap",
    [
        lambda value: [value],
        lambda value: {"value": value},
        lambda value: {"InboundConnectors": value},
    ],
    ids=["lists", "wrappers", "sections"],
)
def test_a_record_may_stand_in_seven_wrappers(wrap: Callable[[object], object]) -> None:
    """The list of documents and seven more of any kind may be around a record, and no more."""
    value: object = INBOUND
    for _ in range(MAX_DEPTH - 1):
        value = wrap(value)
    assert (INTO,) == load(dump(value)).connectors
    with pytest.raises(TenantError, match=r"^The tenant file is nested too deeply to be a tenant export\.$"):
        load(dump(wrap(value)))


def test_the_bounds_are_those_of_the_messages() -> None:
    """20,000 records and 2,000 connectors are read, one more of either is refused."""
    assert (8, 20_000, 2_000) == (MAX_DEPTH, MAX_RECORDS, MAX_CONNECTORS)
    assert Tenant(notes=(NOTHING,), lists_connectors=False) == load(dump([None] * 20_000))
    with pytest.raises(TenantError, match=r"^The tenant file holds more than 20000 records\.$"):
        load(dump([None] * 20_001))
    assert (INTO,) == load(dump([INBOUND] * 2_000)).connectors
    for record in (INBOUND, OUTBOUND):
        with pytest.raises(TenantError, match=r"^The tenant file holds more than 2000 connectors\.$"):
            load(dump([record] * 2_001))


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ([("a.json", b"")], "The tenant file is empty: the cmdlet printed nothing, or its output went elsewhere."),
        ([("a.json", b" "), ("b.json", b"")],
         "The tenant files are empty: the cmdlet printed nothing, or its output went elsewhere."),
    ],
)  # fmt: skip
def test_blank_files_are_no_tenant(files: list[tuple[str, bytes]], said: str) -> None:
    """Where every file is blank nothing was exported; beside one that holds something a blank one says nothing."""
    with pytest.raises(TenantError) as raised:
        load(files)
    assert said == raised.value.message
    assert Tenant((INTO,)) == load([*files, ("c.json", dump(INBOUND))])


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ("tenant.json", "tenant.json"),
        (Path("tenant.json"), "tenant.json"),
        (["tenant.json"], "certready.load_tenant"),
        ([("tenant.json", "text")], "certready.load_tenant"),
        (("tenant.json", b"{}"), "certready.load_tenant"),
        (None, "certready.load_tenant"),
    ],
)
def test_a_path_is_not_taken_for_bytes(data: Any, said: str) -> None:
    """Called with a path or the like the reader says how it is called."""
    with pytest.raises(TypeError, match=said):
        load(data)
