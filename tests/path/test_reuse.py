"""What is kept between chains over the same issuers: the verdict on a leaf never comes from another leaf."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from certready.demo.pki import Authority, now
from certready.path import engines
from certready.path.engines import Word
from certready.x509.certificate import Certificate
from tests import pki

ROOT = Authority.root("Root")
CA = ROOT.intermediate("Issuing CA")
NAMESAKE = ROOT.intermediate("Issuing CA")  # another key
LIMITED = ROOT.intermediate("Limited CA", extra=(pki.constrained(["a.example"]),))
UNDER_LIMITED = LIMITED.intermediate("Under the limited CA")
SHORT = ROOT.intermediate("Short CA", path_length=0)
Path = tuple[Certificate, ...]


def path(leaf: bytes, *above: Authority) -> Path:
    return (Certificate(leaf), *(pki.certificate(one) for one in (*above, ROOT)))


def cold(chain: Path) -> Word:
    """The engine's word on a chain that is the first it sees."""
    for kept in (engines.strict, engines._accepted, engines._verifier):
        kept.cache_clear()
    return engines.strict(chain, now())[0]


@pytest.fixture(autouse=True)
def emptied() -> Iterator[None]:
    """Nothing that these tests make is kept for others."""
    yield
    cold(path(CA.issue("z.example").der, CA))


def cases() -> dict[str, tuple[Path, Path]]:
    """By name: a good chain, and another over the very same issuers."""
    good = path(CA.issue("a.example").der, CA)
    limited = path(UNDER_LIMITED.issue("a.example").der, UNDER_LIMITED, LIMITED)
    return {
        "good": (good, path(CA.issue("b.example").der, CA)),
        "signed by a namesake": (good, path(NAMESAKE.issue("b.example").der, CA)),
        "broken signature": (good, path(pki.broken_signature(CA.issue("b.example")), CA)),
        "a CA as leaf": (good, path(CA.intermediate("Below").der, CA)),
        "of another issuer": (good, path(ROOT.intermediate("Other").issue("b.example").der, CA)),
        "excluded name": (limited, path(UNDER_LIMITED.issue("b.other").der, UNDER_LIMITED, LIMITED)),
        "permitted name": (limited, path(UNDER_LIMITED.issue("x.a.example").der, UNDER_LIMITED, LIMITED)),
    }


@pytest.mark.parametrize("name", cases())
def test_second_leaf(name: str) -> None:
    """A leaf over issuers that were accepted before gets the word it gets alone, and the same reason."""
    first, second = cases()[name]
    alone = cold(second), engines.strict(second, now())
    assert cold(first) == "accepted"
    assert (alone[0], alone[1]) == (engines.strict(second, now())[0], engines.strict(second, now()))


def test_each_outcome_occurs() -> None:
    """The cases are worth something: some leaves are accepted, others refused."""
    words = {name: cold(second) for name, (_, second) in cases().items()}
    assert words == {
        "good": "accepted",
        "signed by a namesake": "refused",
        "broken signature": "refused",
        "a CA as leaf": "refused",
        "of another issuer": "refused",
        "excluded name": "refused",
        "permitted name": "accepted",
    }


def test_another_moment() -> None:
    """Issuers that were accepted at one moment are judged anew at another."""
    brief = ROOT.intermediate("Brief CA", not_after=now() + timedelta(days=10))
    chain = path(brief.issue("a.example", days=300).der, brief)
    late = now() + timedelta(days=100)
    assert cold(chain) == "accepted"
    assert engines.strict(path(brief.issue("b.example", days=300).der, brief), late)[0] == "refused"


def test_path_length() -> None:
    """A deeper path over accepted issuers is held against their limit of path length."""
    assert cold(path(SHORT.issue("a.example").der, SHORT)) == "accepted"
    below = SHORT.intermediate("Too deep")
    assert engines.strict(path(below.issue("a.example").der, below, SHORT), now())[0] == "refused"


def test_unreadable_constraint() -> None:
    """Issuers that constrain names, readably or not, are never passed over."""
    assert engines._constrains((pki.certificate(LIMITED), pki.certificate(ROOT)))
    assert not engines._constrains((pki.certificate(CA), pki.certificate(ROOT)))


def test_a_reading_is_no_part_of_a_certificate() -> None:
    """What was read of a certificate stays with it, and takes no part in comparing, hashing or storing it."""
    import pickle

    import msgspec

    fresh, read = pki.certificate(CA), pki.certificate(CA)
    assert read.parsed.label == "Issuing CA"
    assert (fresh, hash(fresh), pickle.dumps(fresh)) == (read, hash(read), pickle.dumps(read))
    assert msgspec.structs.asdict(read) == {"der": CA.der}
