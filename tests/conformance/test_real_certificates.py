"""Real public chains and x509-limbo, where their data is at hand (``$CERTREADY_DATA``, else ``../shared/data``)."""

from __future__ import annotations

import json
import lzma
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from certready import stores
from certready.certificate import Certificate
from certready.model import Chain, Root
from certready.path import Judgement, judge

DATA = Path(os.environ.get("CERTREADY_DATA") or Path(__file__).parents[3] / "shared" / "data")
REAL, LIMBO, AGREED = (
    DATA / name for name in ("real-certificates.json.xz", "limbo-core-208.json.xz", "limbo-must-pass-ids.json")
)
ABSENT = f"the data of this test is absent: {DATA} (set CERTREADY_DATA)"

# What decides these is the name or the usage of the leaf, which other checks judge.
NOT_ABOUT_THE_CHAIN = ("webpki::san::", "rfc5280::san::ip-in-dns", "rfc5280::eku::ee-wrong-eku")

pytestmark = pytest.mark.filterwarnings("ignore:Parsed a serial number")


def read(path: Path) -> Any:
    return json.loads(lzma.open(path).read() if path.suffix == ".xz" else path.read_bytes())


def certificate(pem: str) -> Certificate:
    (der,) = stores.split(pem.encode())
    return Certificate(der)


def judged(leaf: str, intermediates: list[str], roots: tuple[Root, ...], at: datetime) -> Judgement:
    chain = Chain("c1", "pem", (certificate(leaf), *map(certificate, intermediates)))
    return judge(chain, (), roots, at)


@pytest.mark.skipif(not REAL.exists(), reason=ABSENT)
def test_real_chains() -> None:
    """A chain that OpenSSL accepts is never called invalid but for a CA that is for clients only; precertificates are."""
    store = stores.load("microsoft")
    outcomes: dict[tuple[bool, str], int] = {}
    for case in read(REAL):
        leaf = certificate(case["leaf"])
        sent = (leaf, *map(certificate, case["intermediates"]))
        roots = tuple(dict.fromkeys((*store.candidates(sent), Root(certificate(case["root"])))))
        found = judge(Chain("c1", "pem", sent), (), roots, datetime.fromisoformat(case["as_of"]))
        kinds = {problem.kind for problem in found.problems}
        if case["openssl_accepts"]:
            assert found.outcome in ("trusted", "unreadable") or kinds == {"eku-client-only"}, case["source"]
        key = (case["openssl_accepts"], found.outcome)
        outcomes[key] = outcomes.get(key, 0) + 1
    assert outcomes[True, "trusted"] > 90
    assert outcomes[False, "invalid"] > 15


@pytest.mark.skipif(not (LIMBO.exists() and AGREED.exists()), reason=ABSENT)
def test_limbo() -> None:
    """Where cryptography, Go and OpenSSL agree on a chain of x509-limbo, so does the judgement, dates included."""
    agreed = set(read(AGREED))
    cases = [case for case in read(LIMBO)["testcases"] if case["id"] in agreed]
    wrong = []
    for case in cases:
        at = datetime.fromisoformat(case["validation_time"]) if case["validation_time"] else datetime.now(UTC)
        roots = tuple(Root(certificate(pem)) for pem in case["trusted_certs"])
        found = judged(case["peer_certificate"], case["untrusted_intermediates"], roots, at)
        second = at.replace(microsecond=0)
        holds = all(one.parsed.not_before <= second <= one.parsed.not_after for one in found.path)
        # A CA used as a leaf is refused by strict verifiers and taken by Windows: said, and not called invalid.
        accepted = found.outcome == "trusted" and holds and not found.problems
        if accepted != (case["expected_result"] == "SUCCESS") and not case["id"].startswith(NOT_ABOUT_THE_CHAIN):
            wrong.append((case["id"], found.outcome))
    assert [] == wrong
    assert len(cases) > 100
