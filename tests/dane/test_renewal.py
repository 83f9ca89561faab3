"""What the next renewal does to the records that fit now."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID

from certready.dane import Outlook, outlook, record_of
from certready.dane.renewal import LEFT
from certready.demo.pki import Authority
from certready.x509.certificate import Certificate
from tests.dane.test_matching import MOMENT, NAMES, World
from tests.dane.test_matching import world as world  # noqa: PLC0414 - the fixture


def seen(world: World, records: str, chain: str = "leaf") -> Outlook:
    """What becomes of these records under a chain."""
    return outlook(world.records(records), world.sent(chain), NAMES, MOMENT)


@pytest.mark.parametrize(
    ("records", "state", "said"),
    [
        ("3 1 1 leaf", "alone", "a renewal with a new key"),
        ("3 0 1 leaf", "alone", "every renewal breaks it, even with the same key"),
        ("3 1 1 leaf,3 0 1 leaf", "alone", "a renewal with a new key"),
        ("3 1 2 leaf,3 1 1 other", "alone", "a renewal with a new key"),
        ("3 1 1 leaf,1 1 1 other", "alone", "a renewal with a new key"),
        ("3 1 1 leaf,3 1 1 other", "prepared", "for the next renewal perhaps"),
        ("3 1 1 leaf,2 1 1 alone", "prepared", "for the next renewal perhaps"),
        ("3 1 1 leaf,2 1 1 middle", "prepared", "the authority Test Intermediate fits too"),
        ("2 1 1 middle,3 1 1 leaf", "prepared", "the authority Test Intermediate fits too"),
        ("2 1 1 middle", "authority", "as long as the next certificate is issued by that same one"),
        ("2 1 1 middle,3 1 1 other", "authority", "as long as the next certificate is issued by that same one"),
    ],
)
def test_states(world: World, records: str, state: str, said: str) -> None:
    """A second record that decides, whether it fits or not, is what the next renewal may rest on; an unusable one, a
    weaker digest and another record of the same key are none."""
    found = seen(world, records)
    assert (found.state, said in found.sentence) == (state, True), found


def test_an_authority_under_a_foreign_name_carries_nothing(world: World) -> None:
    """A record of an authority under which the name does not hold is no second way."""
    found = seen(world, "3 1 1 foreign,2 1 1 middle", "foreign")
    assert found.state == "prepared"
    assert "for the next renewal perhaps" in found.sentence


class TestAuthoritiesThatTheirCaHasLeft:
    def seen(self, name: str, usages: tuple[int, ...], at: datetime, organization: str = "Let's Encrypt") -> Outlook:
        """Records of these usages for a certificate that an intermediate of this name issued."""
        root = Authority.root(moment=at)
        subject = x509.Name(
            [
                x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization),
                x509.NameAttribute(NameOID.COMMON_NAME, name),
            ]
        )
        middle = root.intermediate(moment=at, subject_name=subject)
        sent = [Certificate(one.der) for one in (middle.issue(NAMES[0]), middle)]
        return outlook([record_of(sent[3 - usage], usage) for usage in usages], sent, NAMES, at)

    def test_alone(self) -> None:
        """A record of an intermediate that its CA has left does not fit the next certificate, and that is said."""
        since = LEFT["Let's Encrypt", "R10"].since
        found = self.seen("R10", (2,), since)
        assert found.state == "authority"
        assert found.sentence == (
            "The record of R10, an intermediate of Let's Encrypt, does not fit the next certificate: by default it is "
            "issued from others since 2026-05-13 (reported)."
        )

    def test_before(self) -> None:
        """Before that day nothing is said of it."""
        since = LEFT["Let's Encrypt", "R10"].since
        assert "since" not in self.seen("R10", (2,), since - timedelta(days=1)).sentence

    def test_beside_the_key(self) -> None:
        """Such a record beside one of the key does not carry the next renewal."""
        found = self.seen("R3", (3, 2), datetime(2024, 7, 1, tzinfo=UTC))
        assert found.state == "alone"
        assert "No other record stands beside it" in found.sentence
        assert "issued from others since 2024-06-06 (announced)." in found.sentence

    @pytest.mark.parametrize(("name", "organization"), [("R10", "Contoso"), ("YR1", "Let's Encrypt")])
    def test_others(self, name: str, organization: str) -> None:
        """Another CA's intermediate of that name, and one that still issues, are not meant."""
        found = self.seen(name, (3, 2), datetime(2026, 11, 27, tzinfo=UTC), organization)
        assert found.state == "prepared"
