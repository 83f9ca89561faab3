"""The two engines: what each is asked, at which moment, and that nothing is accepted for being like what was."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from certready.demo.pki import CLIENT, SERVER, Authority, Issued
from certready.path import engines
from certready.x509.certificate import Certificate
from tests import odd, pki
from tests.path.test_judge import policies

MOMENT = datetime(2026, 11, 21, 9, tzinfo=UTC)
SECOND, DAY = timedelta(seconds=1), timedelta(days=1)
ANY = ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE


def path(*issued: Issued | bytes) -> tuple[Certificate, ...]:
    return tuple(pki.certificate(each) for each in issued)


@pytest.fixture(scope="module")
def root() -> Authority:
    return Authority.root(moment=MOMENT)


@pytest.mark.parametrize(
    ("at", "expected"), [(-1, 0), (0, 0), (1, 1), (2, 2), (3, 2)], ids=["before", "begin", "within", "end", "after"]
)
def test_the_moment(at: int, expected: int, root: Authority) -> None:
    """It is the nearest at which everything is valid."""
    leaf = root.issue("a.example", not_before=MOMENT, not_after=MOMENT + 2 * DAY)
    assert MOMENT + expected * DAY == engines.moment(path(leaf, root), MOMENT + at * DAY)


def test_the_only_moment_or_none(root: Authority) -> None:
    """Validities that share one second have that one; those that share none have no moment."""
    middle = root.intermediate(not_before=MOMENT, not_after=MOMENT + DAY)
    touching = middle.issue("a.example", not_before=MOMENT + DAY, not_after=MOMENT + 2 * DAY)
    assert MOMENT + DAY == engines.moment(path(touching, middle, root), MOMENT)
    apart = middle.issue("a.example", not_before=MOMENT + DAY + SECOND, not_after=MOMENT + 2 * DAY)
    assert engines.moment(path(apart, middle, root), MOMENT) is None


def test_a_certificate_that_is_not_read() -> None:
    """Neither engine says anything of what it does not read, first or last."""
    root = Authority.root(moment=MOMENT)
    leaf = root.issue("a.example", not_before=MOMENT, days=9)
    for each in (path(b"\x30\x00", root), path(leaf, b"\x30\x00")):
        assert ("inconclusive", "it does not read one of the certificates") == engines.strict(each, MOMENT)
        assert "inconclusive" == engines.lenient(each, MOMENT)[0]
        assert engines.lenient(each, MOMENT)[1]


def test_nothing_is_accepted_for_its_issuers_alone(root: Authority) -> None:
    """Issuers that were accepted with one leaf are not asked about again; another leaf is, and so is another issuer
    that is named alike."""
    middle = root.intermediate(moment=MOMENT)
    first, second, third = (middle.issue(f"{name}.example", not_before=MOMENT, days=9) for name in "abc")
    for leaf in (first, second):
        assert ("accepted", "") == engines.strict(path(leaf, middle, root), MOMENT)
    assert "refused" == engines.strict(path(pki.broken_signature(third), middle, root), MOMENT)[0]
    pretender = pki.look_alike(middle)
    forged = pretender.issue("d.example", not_before=MOMENT, days=9)
    assert "refused" == engines.strict(path(forged, pretender, root), MOMENT)[0]


@pytest.mark.parametrize(
    ("usages", "word"),
    [
        (None, "accepted"),
        ([SERVER], "accepted"),
        ([ANY], "accepted"),
        ([CLIENT, SERVER], "accepted"),
        ([CLIENT], "refused"),
    ],
)
def test_usages_of_a_ca(usages: list[x509.ObjectIdentifier] | None, word: str, root: Authority) -> None:
    """The strict engine takes a CA that may issue for servers, or for anything."""
    middle = root.intermediate(moment=MOMENT, ekus=usages) if usages else root.intermediate(moment=MOMENT)
    leaf = middle.issue("a.example", not_before=MOMENT, days=9)
    assert word == engines.strict(path(leaf, middle, root), MOMENT)[0]


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ("validation failed: candidates exhausted: no path", "no path"),
        ("validation failed: no path", "no path"),
        ("candidates exhausted: no path", "no path"),
        ("no path (encountered processing <Certificate(subject=<Name(CN=a)>)>)", "no path"),
        ("no such signature: AlgorithmIdentifier { oid: 1.2.3 }", "no such signature"),
        ("no path\nat all", "no path"),
    ],
)
def test_the_reason_of_the_strict_engine(said: str, reason: str) -> None:
    """It is said without the engine's frame and without dumps of structures."""
    assert reason == engines._reason(ValueError(said))


def test_the_lenient_engine_is_asked_about_the_moment() -> None:
    """It judges dates at the moment it is asked about, to the second."""
    then = datetime(2019, 5, 1, tzinfo=UTC)
    root = Authority.root(moment=then)
    leaf = root.issue("a.example", not_before=then, not_after=then + DAY)
    assert [("accepted", "")] * 2 == [engines.lenient(path(leaf, root), at) for at in (then, then + DAY)]
    for at in (then - SECOND, then + DAY + SECOND):
        assert "refused" == engines.lenient(path(leaf, root), at)[0]


def test_the_lenient_engine_keeps_to_the_roots_path_length() -> None:
    """A root's path length binds there too; a root of version 1 has none."""
    root = Authority.root(moment=MOMENT, path_length=0)
    middle = root.intermediate(moment=MOMENT)
    leaf = middle.issue("a.example", not_before=MOMENT, days=9)
    assert "refused" == engines.lenient(path(leaf, middle, root), MOMENT)[0]
    direct = root.issue("a.example", not_before=MOMENT, days=9)
    assert "accepted" == engines.lenient(path(direct, root), MOMENT)[0]
    old = odd.changed(root, version=b"", extensions=b"")
    assert "accepted" == engines.lenient(path(direct, old), MOMENT)[0]
    assert "accepted" == engines.lenient(path(leaf, middle, old), MOMENT)[0]


def test_bytes_behind_a_certificate_are_not_passed_over(root: Authority) -> None:
    """The lenient engine does not read a certificate with something behind it."""
    leaf = root.issue("a.example", not_before=MOMENT, days=9)
    assert "inconclusive" == engines.lenient((Certificate(leaf.der + b"\0"), pki.certificate(root)), MOMENT)[0]


def test_without_the_second_engine(root: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where its package cannot be imported, it has no word, and says why."""
    monkeypatch.setitem(sys.modules, "pyhanko_certvalidator.errors", None)
    word, reason = engines.lenient(path(root.issue("a.example", not_before=MOMENT, days=9), root), MOMENT)
    assert word == "inconclusive"
    assert "pyhanko_certvalidator" in reason


def test_what_the_strict_engine_stumbles_over(root: Authority) -> None:
    """A name of a form that it does not support is no refusal."""
    leaf = root.issue("a.example", not_before=MOMENT, days=9)
    odd_leaf = odd.with_extension(leaf, *odd.EXTENSIONS["alternative names: X.400 address beside a good one"])
    word, reason = engines.strict(path(odd_leaf, root), MOMENT)
    assert word == "inconclusive"
    assert "x400Address" in reason


def test_constraints_that_are_kept(root: Authority) -> None:
    """A chain below name constraints is accepted as any other."""
    limited = root.intermediate("Limited", extra=[pki.constrained(permitted=["a.example"])])
    leaf = limited.issue("mail.a.example", not_before=MOMENT, days=9)
    assert ("accepted", "") == engines.strict(path(leaf, limited, root), MOMENT)


def test_demands_for_policies(root: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    """The strict engine processes no policies: where a CA demands some, critical or not, the other is asked for it, and
    only there."""
    asked: list[object] = []
    real = engines.lenient
    monkeypatch.setattr(engines, "lenient", lambda *given: asked.append(given) or real(*given))
    plain = root.issue("a.example", not_before=MOMENT, days=9)
    assert (("accepted", ""), []) == (engines.strict(path(plain, root), MOMENT), asked)
    wanted = policies("1.3.6.1.4.1.55555.1")
    middle = root.intermediate("Step", extra=[(wanted, False), (x509.PolicyConstraints(0, None), False)])
    met, unmet = (
        middle.issue("a.example", not_before=MOMENT, days=9, extra=extra) for extra in ([(wanted, False)], [])
    )
    assert ("accepted", "") == engines.strict(path(met, middle, root), MOMENT)
    refused = ("refused", "it does not process the policies that a CA demands")
    assert refused == engines.strict(path(unmet, middle, root), MOMENT)
    assert len(asked) == 2
