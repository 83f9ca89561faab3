"""Real public chains, where their data is at hand (``$CERTREADY_DATA``, else ``../shared/data``)."""

from __future__ import annotations

from datetime import datetime

import pytest

from certready.model import Chain, Root
from certready.path import judge
from certready.roots import stores
from tests.conformance.limbo import ABSENT, DATA, certificate, read

REAL = DATA / "real-certificates.json.xz"

pytestmark = pytest.mark.filterwarnings("ignore:Parsed a serial number")


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
