"""What lines have in common: twins, shared ends, distrust, the calendar, and what changed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from certready.fleet.across import Across, Owners, across
from certready.fleet.entries import Entry, Held
from certready.model import Connector, Limits, Tenant

NOW = datetime(2026, 11, 26, tzinfo=UTC)
DAY = timedelta(days=1)
NOBODY = Owners({}, {})


def held(label: str, days: float = 200, *, role: str = "leaf", sha256: str = "") -> Held:
    return Held(sha256 or f"{label}-{days}", label, "CN=Issuer", NOW - DAY, NOW + days * DAY, role)


def entry(name: str, *leaves: Held, issuers: tuple[Held, ...] = (), **more: object) -> Entry:
    line = Entry(1, "0" * 64, NOW, NOW, name, name, "ready", 0, 5, leaves=leaves, issuers=issuers)
    return replace(line, **more)


def found(
    *entries: Entry,
    owners: Owners = NOBODY,
    limits: dict[str, Limits] | None = None,
    earlier: dict[str, Entry] | None = None,
) -> dict[str, list[Across]]:
    """What the entries have in common, by kind."""
    result: dict[str, list[Across]] = {}
    for one in across(entries, owners, (limits or {}).get, NOW, earlier):
        result.setdefault(one.kind, []).append(one)
    return result


def test_lines_that_share_nothing_have_nothing_in_common() -> None:
    """Lines with certificates of their own that end far ahead give nothing."""
    owners = Owners({"a": "A", "b": "B"}, {})
    assert {} == found(entry("a", held("a.test")), entry("b", held("b.test")), owners=owners)


def test_one_certificate_in_two_tenants() -> None:
    """The same certificate in two tenants is said with both lines; twice in one tenant it is not."""
    leaf = held("mail.contoso.com")
    lines = (entry("a", leaf), entry("b", leaf), entry("c", leaf))
    (one,) = found(*lines, owners=Owners({"a": "A", "b": "B", "c": "B"}, {}))["same-certificate"]
    assert ("a", "b", "c") == one.lines
    assert one.message.startswith("2 tenants share the certificate mail.contoso.com")
    assert "same-certificate" not in found(*lines, owners=Owners(dict.fromkeys("abc", "A"), {}))


def test_one_value_in_two_tenants() -> None:
    """The same value of inbound connectors in two tenants is said, in whatever case; outbound ones are no trouble."""
    lines = [
        entry("a", connectors=(("In", "inbound", "*.Contoso.com"),)),
        entry("b", connectors=(("In", "inbound", "*.contoso.com"),)),
        entry("c", connectors=(("Out", "outbound", "out.test"),)),
        entry("d", connectors=(("Out", "outbound", "out.test"),)),
    ]
    (one,) = found(*lines, owners=Owners({"a": "A", "b": "B", "c": "A", "d": "B"}, {}))["same-value"]
    assert (("a", "b"), True) == (one.lines, "*.contoso.com: A, B" in one.message)


def test_one_sender_address_in_two_tenants() -> None:
    """An address under SenderIPAddresses of two tenants is said; that of a disabled connector is not."""

    def tenant(address: str, *, enabled: bool = True) -> Tenant:
        return Tenant((Connector("In", "inbound", source="tenant", enabled=enabled, sender_ips=(address,)),))

    tenants = {"A": tenant("192.0.2.1"), "B": tenant("192.0.2.1"), "C": tenant("192.0.2.1", enabled=False)}
    (one,) = found(entry("a"), owners=Owners({"a": "A", "b": "B", "c": "C"}, tenants))["same-sender-ip"]
    assert (("a", "b"), True) == (one.lines, "A, B" in one.message)


def test_different_certificates_of_one_name_within_a_tenant() -> None:
    """Two certificates of one name within a tenant are said; of different names, or in two tenants, they are not."""
    lines = [entry("a", held("mail.test", 100)), entry("b", held("mail.test", 200)), entry("c", held("other.test"))]
    kind = "different-certificates"
    (one,) = found(*lines, owners=Owners(dict.fromkeys("abc", "A"), {}))[kind]
    assert ("a", "b") == one.lines
    assert kind not in found(*lines, owners=Owners({"a": "A", "b": "B", "c": "A"}, {}))


def test_a_client_s_and_a_server_s_certificate_are_two() -> None:
    """Different certificates of one name are no trouble where one is presented as client and the other as server; two
    as server are said."""
    sides = {"a": "inbound", "b": "outbound", "c": "outbound"}
    lines = [
        entry(name, held("mail.test", days), directions=(side,)) for days, (name, side) in enumerate(sides.items(), 100)
    ]
    owners = Owners(dict.fromkeys("abc", "A"), {})
    assert "different-certificates" not in found(*lines[:2], owners=owners)
    (one,) = found(*lines, owners=owners)["different-certificates"]
    assert (("b", "c"), True) == (one.lines, "as server" in one.message)


def test_nodes_that_differ() -> None:
    """The lines whose nodes differ are named together."""
    (one,) = found(entry("a", nodes_differ=True), entry("b"), entry("c", nodes_differ=True))["nodes-differ"]
    assert ("a", "c") == one.lines


@pytest.mark.parametrize(("days", "word"), [(30, "ends"), (-1, "ended"), (400, None)])
def test_an_issuer_that_ends_and_hits_many(days: int, word: str | None) -> None:
    """An issuer that ends within a year is said with every line that rests on it; a later end is not."""
    issuer = held("Issuing CA", days, role="intermediate")
    one = found(entry("a", issuers=(issuer,)), entry("b", issuers=(issuer,))).get("issuer-ends", [])
    assert [word] * bool(word) == [word for each in one if f"issuer Issuing CA {word} on" in each.message]
    assert [("a", "b")] * bool(word) == [each.lines for each in one]


def test_an_issuer_of_one_line_is_that_lines_own_trouble() -> None:
    """Where one line rests on it alone, the report of that line says enough."""
    assert {} == found(entry("a", issuers=(held("Issuing CA", 30, role="intermediate"),)))


def test_scheduled_distrust() -> None:
    """A root's distrust that lies ahead is said with the day and the lines that stop; a cut-off with the renewals; what
    lies behind, or concerns other usages, is not."""
    root = held("Old Root", 4000, role="root", sha256="r")
    lines = (entry("a", issuers=(root,)), entry("b", issuers=(root,)))
    (stop,) = found(*lines, limits={"r": Limits(disabled_from=NOW + 20 * DAY)})["distrust"]
    assert (("a", "b"), NOW + 20 * DAY) == (stop.lines, stop.at)
    assert "from 2026-12-16 on. 2 lines rest on it and need another root by then: a, b." in stop.message
    (cut,) = found(*lines, limits={"r": Limits(cutoff=NOW + 20 * DAY)})["distrust"]
    assert "issues after 2026-12-16. 2 lines rest on it and need another root for renewals" in cut.message
    for limits in (
        Limits(disabled_from=NOW - DAY),
        Limits(cutoff=NOW - DAY),
        Limits(disabled_from=NOW + DAY, disabled_usages=("1.3.6.1.5.5.7.3.4",)),
        Limits(),
    ):
        assert "distrust" not in found(*lines, limits={"r": limits})


def test_the_calendar_of_ninety_days() -> None:
    """Certificates that end within ninety days are listed by day, each once with all its lines."""
    soon, later = held("soon.test", 10.5), held("later.test", 80)
    lines = (entry("a", later), entry("b", soon), entry("c", soon), entry("d", held("far.test", 91)))
    due = found(*lines)["renewal"]
    assert [("b", "c"), ("a",)] == [one.lines for one in due]
    assert due[0].message == "2026-12-06, in 10 days: soon.test, for b, c."


def test_the_calendar_knows_what_a_renewal_breaks() -> None:
    """A renewal that breaks the TLSA records of some of its lines says of which."""
    leaf = held("soon.test", 10.5)
    lines = (entry("a", leaf), entry("b", leaf, pinned=frozenset({leaf.sha256})))
    (due,) = found(*lines)["renewal"]
    assert due.lines == ("a", "b")
    assert due.message.endswith("for a, b. Publish the TLSA record (DANE) of the next one before it is installed: b.")


def test_what_changed() -> None:
    """Since an earlier run: verdicts, certificates, findings that came and went, lines that are new or gone."""
    before = {
        "a": entry("a", held("a.test"), verdict="not-ready", findings=("expiry.expired",)),
        "b": entry("b"),
        "gone": entry("gone"),
    }
    now = (entry("a", held("a.test", 300)), entry("b"), entry("c", verdict=None, code=2))
    messages = [one.message for one in found(*now, earlier=before)["changed"]]
    assert messages == [
        "a: was not ready, is ready; has another certificate, which ends on 2027-09-22; gone: expiry.expired.",
        "c is new: in error.",
        "No longer in the inventory: gone.",
    ]
