"""Work is bounded by counts, whatever is sent: what is beyond them is not judged, and never trusted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from cryptography import x509

from certready.demo.pki import Authority, now
from certready.path import build, constraints, engines, judge
from tests import pki


def padding(size: int) -> tuple[x509.ExtensionType, bool]:
    """An extension of this many bytes that means nothing."""
    return x509.UnrecognizedExtension(x509.ObjectIdentifier("1.3.6.1.4.1.55555.1"), b"\x04\x00" + bytes(size)), False


def test_a_hundred_namesakes(count: Callable[[Any, str], list[Any]]) -> None:
    """A hundred CAs of one subject that sign each other cost at most 200 signatures for each search, two in all."""
    verified, mesh = count(build, "joins"), pki.mesh(11)
    known = tuple(map(pki.certificate, pki.mesh(4)))
    found = judge(pki.chain(mesh[0].issue("a.example"), *mesh), known, pki.roots(Authority.root("Mesh")), now())
    assert "too-complex" == found.outcome
    # Beside the searches, each path's end asks once whether it is self-signed, and the missing issuer's namesakes sign.
    assert len(mesh) >= 100
    assert build.MAX_CHECKS <= len(verified) <= 2 * (build.MAX_CHECKS + build.MAX_PATHS) + build.MAX_CHECKS


@pytest.mark.parametrize(
    ("name", "expected"), [("n{}.example", "trusted"), ("n{}.long-enough-a-name.example", "too-complex")]
)
def test_ten_thousand_names(name: str, expected: str) -> None:
    """A leaf of 10,000 names is judged up to 256 KiB, and not looked at beyond."""
    root = Authority.root()
    leaf = root.issue(*(name.format(number) for number in range(10_000)))
    assert (expected == "trusted") == (len(leaf.der) <= build.MAX_DER)
    assert expected == judge(pki.chain(leaf), (), pki.roots(root), now()).outcome


def test_two_thousand_constraints(count: Callable[[Any, str], list[Any]]) -> None:
    """2,000 name constraints are compared with a few names, one by one."""
    compared, root = count(constraints, "_within"), Authority.root()
    limited = root.intermediate(extra=[pki.constrained(excluded=(f"n{number}.example" for number in range(2000)))])
    outcomes = [
        judge(pki.chain(limited.issue(name), limited), (), pki.roots(root), now()).outcome
        for name in ("good.example", "n1999.example")
    ]
    assert ["trusted", "invalid"] == outcomes
    assert 0 < len(compared) <= 2 * constraints.MAX_COMPARISONS


def test_many_names_under_many_constraints(count: Callable[[Any, str], list[Any]]) -> None:
    """10,000 names under 2,000 name constraints are not compared at all, by no engine either."""
    compared, asked = count(constraints, "_within"), count(engines, "lenient")
    root = Authority.root()
    limited = root.intermediate(extra=[pki.constrained(excluded=(f"n{number}.example" for number in range(2000)))])
    leaf = limited.issue(*(f"m{number}.example" for number in range(10_000)))
    assert "too-complex" == judge(pki.chain(leaf, limited), (), pki.roots(root), now()).outcome
    assert ([], []) == (compared, asked)


@pytest.mark.parametrize("where", ["leaf", "intermediate", "stranger"])
def test_a_megabyte_of_extension(where: str) -> None:
    """A certificate with an extension of a megabyte is followed nowhere; beside a sound path it does no harm."""
    root = Authority.root()
    middle = root.intermediate(extra=[padding(1_000_000)] if where == "intermediate" else [])
    leaf = middle.issue("a.example", extra=[padding(1_000_000)] if where == "leaf" else [])
    sent = (middle, root.intermediate(extra=[padding(1_000_000)])) if where == "stranger" else (middle,)
    expected = {"leaf": "too-complex", "intermediate": "incomplete", "stranger": "trusted"}
    assert expected[where] == judge(pki.chain(leaf, *sent), (), pki.roots(root), now()).outcome


def test_two_thousand_junk_certificates(count: Callable[[Any, str], list[Any]]) -> None:
    """Certificates that have nothing to do with the leaf cost no signature."""
    verified, root = count(build, "joins"), Authority.root()
    junk = [Authority.root(f"Junk {number}") for number in range(2000)]
    found = judge(pki.chain(root.issue("a.example"), *junk), (), pki.roots(root), now())
    assert ("trusted", 2000) == (found.outcome, len(found.unrelated))
    assert len(verified) <= 1


@pytest.mark.parametrize("age", [1, 60])
def test_an_unverified_signature_joins_nothing(age: float) -> None:
    """Once the signatures that may be verified are used up, nobody counts as the signer of anything: a root of the
    store that only has the issuer's name is on no path, and an expired leaf is not trusted through it either."""
    trusted, stranger = Authority.root("Y"), Authority.root("Y")
    issuing = stranger.intermediate("X")
    leaf = issuing.issue("a.example", age=age, days=30)
    namesakes = [Authority.root("X") for _ in range(build.MAX_CHECKS - 1)]
    found = judge(pki.chain(leaf, issuing, *namesakes), (), pki.roots(trusted), now())
    assert ("too-complex", None) == (found.outcome, found.anchor)
    assert pki.certificate(trusted) not in found.path
