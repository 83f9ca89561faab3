"""Saved evidence read back by a caller of the library: as strict as --replay."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from msgspec.structs import replace

import certready
from certready.demo.pki import Authority
from certready.model import Evidence, Options, StoreInfo
from tests.pki import certificate, chain, evidence, roots


@dataclass(frozen=True)
class Pki:
    root: Authority
    saved: Evidence


@pytest.fixture(scope="module")
def pki() -> Pki:
    root = Authority.root()
    issuing = root.intermediate()
    leaf = issuing.issue("mail.contoso.com", key="rsa")
    options = Options(certificate_only=True, revocation="off")
    return Pki(root, evidence(chain(leaf, issuing), roots=roots(root), options=options))


@pytest.mark.parametrize("name", ["microsoft", "mozilla"])
def test_a_private_root_under_a_programmes_name_is_never_ready(pki: Pki, name: str) -> None:
    """A root that no list of the programme known here has is unknown, whatever the file says of it."""
    edited = replace(pki.saved, store=StoreInfo(name, "2026-10-27", 1), unlisted=())
    report = certready.judge(certready.load_evidence(certready.dump_evidence(edited)))
    assert "cannot-tell" == report.verdict
    assert "evidence.incomplete" in {finding.rule for finding in report.findings}


def test_a_store_of_its_own_name_is_read_as_it_was(pki: Pki) -> None:
    """Of a file of roots there is no list to hold it against: the evidence comes back equal."""
    own = replace(pki.saved, store=StoreInfo("root.pem", None, 1))
    assert own == certready.load_evidence(certready.dump_evidence(own))


def test_what_the_file_says_of_unlisted_roots_does_not_count(pki: Pki) -> None:
    """Which roots are unlisted is found out when the file is read."""
    edited = replace(pki.saved, unlisted=("00",))
    read = certready.load_evidence(certready.dump_evidence(edited))
    assert (certificate(pki.root).sha256,) == read.unlisted
