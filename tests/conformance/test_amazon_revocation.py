"""Real CRLs of Amazon Trust Services, where they are at hand (``$CERTREADY_DATA``, else ``../shared/data``)."""

from __future__ import annotations

import os
import tarfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path

import pytest

from certready.model import Answer
from certready.model.report import RevocationResult
from certready.revocation import judge, overall, relevant, signed_by
from certready.x509.certificate import Certificate

DATA = Path(os.environ.get("CERTREADY_DATA") or Path(__file__).parents[3] / "shared" / "data")
ARCHIVE = DATA / "amazon-revocation.tar.xz"
AT = datetime(2025, 2, 24, tzinfo=UTC)

pytestmark = [
    pytest.mark.skipif(not ARCHIVE.exists(), reason=f"the data of this test is absent: {ARCHIVE} (set CERTREADY_DATA)"),
    pytest.mark.filterwarnings("ignore:Parsed a serial number"),
]


@lru_cache(maxsize=1)
def files() -> dict[str, bytes]:
    """Every file of the archive by its name."""
    found = {}
    with tarfile.open(ARCHIVE) as archive:
        for member in archive:
            content = archive.extractfile(member) if member.isfile() else None
            if content is not None:
                found[member.name.rpartition("/")[2]] = content.read()
    return found


def certificates(*, leaves: str | None = None) -> dict[str, Certificate]:
    """The CA certificates, or the leaves whose name begins so."""
    wanted = leaves or ""
    return {
        name: Certificate(data)
        for name, data in files().items()
        if name.endswith(".cer") and (".demo." in name) == bool(leaves) and name.startswith(wanted)
    }


def issuer_of(certificate: Certificate) -> Certificate | None:
    """The CA in the archive whose key signed this certificate."""
    return next((one for one in certificates().values() if signed_by(certificate, one) == "valid"), None)


def heard(certificate: Certificate, issuer: Certificate, at: datetime = AT) -> list[RevocationResult]:
    """What every list of the archive that bears the issuer's name says of the certificate."""
    bodies = [data for name, data in files().items() if name.endswith(".crl")]
    mine = [body for body in bodies if relevant("crl", body, certificate, issuer)]
    return [judge(certificate, issuer, Answer(certificate.sha256, "crl", "file", body=body), at) for body in mine]


def said(leaves: str, at: datetime = AT) -> Iterator[tuple[str, str, RevocationResult | None]]:
    """The status of each leaf with this prefix, and of its issuer."""
    for name, leaf in certificates(leaves=leaves).items():
        issuer = issuer_of(leaf)
        assert issuer is not None, name
        status, deciding = overall(heard(leaf, issuer, at))
        yield name, status, deciding


def test_valid_leaves_are_good() -> None:
    """Every leaf that Amazon shows as valid is good by the fresh list of its CA."""
    found = {name: status for name, status, _ in said("valid")}
    assert 4 == len(found)
    assert {"good"} == set(found.values()), found


def test_revoked_leaves_are_revoked() -> None:
    """Every leaf that Amazon shows as revoked is revoked, with a date before the list's own, by one list."""
    found = list(said("revoked"))
    assert 4 == len(found)
    for name, status, deciding in found:
        assert "revoked" == status, name
        assert deciding is not None
        assert deciding.revoked_at is not None
        assert deciding.this_update is not None
        assert deciding.revoked_at <= deciding.this_update <= AT


def test_expired_leaves_are_not_listed() -> None:
    """Lists leave expired certificates out: they are not revoked, and their dates are another check's."""
    assert {"good"} == {status for _, status, _ in said("expired")}


def test_intermediates_are_good() -> None:
    """Every issuing CA is good by the list of its root."""
    statuses = {}
    for name, one in certificates().items():
        issuer = issuer_of(one)
        if issuer not in (None, one) and heard(one, issuer):
            statuses[name] = overall(heard(one, issuer))[0]
    assert len(statuses) >= 16
    assert {"good"} == set(statuses.values()), statuses


def test_lists_of_other_authorities_do_not_count() -> None:
    """A list signed by another CA says nothing, whatever it holds."""
    (leaf, *_) = certificates(leaves="valid").values()
    issuer = issuer_of(leaf)
    assert issuer is not None
    others = [
        judge(leaf, issuer, Answer(leaf.sha256, "crl", "file", body=body), AT).status
        for name, body in files().items()
        if name.endswith(".crl") and not relevant("crl", body, leaf, issuer)
    ]
    assert ["invalid"] * 19 == others


@pytest.mark.parametrize(("days", "expected"), [(-60, "unknown"), (60, "stale")])
def test_outside_of_the_lists_time(days: int, expected: str) -> None:
    """Two months earlier or later no valid leaf is good by these lists."""
    assert {expected} == {status for _, status, _ in said("valid", AT + timedelta(days=days))}
