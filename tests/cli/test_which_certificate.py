"""check with several certificates: every leaf counts, whatever the order of files and blocks."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Material, Ran

Run = Callable[..., Ran]


def found(ran: Ran) -> dict[str, Any]:
    report: dict[str, Any] = json.loads(ran.out)
    return report


def rules(ran: Ran, *severities: str) -> set[str]:
    return {one["rule"] for one in found(ran)["findings"] if one["severity"] in severities}


@pytest.mark.parametrize("order", list(permutations(("leaf.pem", "issuing.pem", "expired.pem"))))
def test_an_expired_certificate_beside_a_good_one_fails_in_any_order(
    run: Run, material: Material, order: tuple[str, ...]
) -> None:
    """Each certificate given is judged and the worst decides."""
    files = [material / name for name in order]
    ran = run("check", *files, *material.inbound, *material.offline, "--format", "json")
    assert (1, True) == (ran.code, "expiry.expired" in rules(ran, "fail"))
    assert 2 == len(found(ran)["chains"])


@pytest.mark.parametrize("first", [True, False])
def test_blocks_of_one_file_count_as_files_do(run: Run, material: Material, tmp_path: Path, first: bool) -> None:
    """A revoked certificate behind or before a good one in the same PEM fails."""
    good, revoked = (Path(material / name).read_bytes() for name in ("leaf.pem", "revoked.pem"))
    path = tmp_path / "both.pem"
    path.write_bytes(good + revoked if first else revoked + good)
    ran = run("check", str(path), *material.inbound, *material.offline, "--format", "json")
    assert (1, True) == (ran.code, "revocation.revoked" in rules(ran, "fail"))
    assert "bundle.several-leaves" in rules(ran, "warn")


def test_two_good_certificates_are_ready(run: Run, material: Material, tmp_path: Path) -> None:
    """Files of several sound certificates are as ready as each of them."""
    other = tmp_path / "other.pem"
    other.write_bytes(material.issuing.issue("mx.contoso.com", key="rsa").chain_pem)
    ran = run("check", material / "good.pem", str(other), *material.inbound, *material.offline)
    assert 0 == ran.code


def test_a_private_key_chooses_and_the_others_are_named(run: Run, material: Material) -> None:
    """With the key of the good one the expired one is not judged, and said to lie there."""
    ran = run(
        *("check", material / "expired.pem", material / "good.pem", *material.inbound, *material.offline),
        *("--format", "json"),
    )
    assert (0, 1) == (ran.code, len(found(ran)["chains"]))
    assert "bundle.several-leaves" in rules(ran, "warn")


@pytest.mark.parametrize("names", [("issuing.pem",), ("issuing.pem", "root.pem"), ("root.pem",)])
def test_ca_certificates_alone_fail(run: Run, material: Material, names: tuple[str, ...]) -> None:
    """A file of CA certificates says nothing of a gateway's own."""
    files = [material / name for name in names]
    ran = run("check", *files, "--certificate-only", *material.offline, "--format", "json")
    assert (1, True) == (ran.code, "bundle.no-leaf" in rules(ran, "fail"))


def test_the_key_of_a_ca_beside_a_leaf_changes_nothing(run: Run, material: Material, tmp_path: Path) -> None:
    """The expired leaf is judged although only the CA's key lies beside it."""
    path = tmp_path / "ca.pem"
    path.write_bytes(material.issuing.pem + material.issuing.key_pem)
    ran = run(
        *("check", material / "expired.pem", str(path), "--certificate-only", *material.offline),
        *("--format", "json"),
    )
    assert (1, True) == (ran.code, "expiry.expired" in rules(ran, "fail"))


def test_der_files_of_two_leaves_hold_one_each(run: Run, material: Material, tmp_path: Path) -> None:
    """Two DER leaves stay DER: what a gateway sends beside them cannot be seen."""
    other = tmp_path / "other.der"
    other.write_bytes(material.issuing.issue("mx.contoso.com", key="rsa").der)
    ran = run(
        *("check", material / "leaf.der", str(other), *material.inbound, *material.offline),
        *("--format", "json"),
    )
    assert (3, {"der"}) == (ran.code, {one["container"] for one in found(ran)["chains"]})


@pytest.mark.parametrize("kind", ["expired", "revoked"])
def test_certificates_of_one_name_are_told_apart(run: Run, material: Material, kind: str) -> None:
    """Every sentence that names one of two certificates of the same name has its serial number too."""
    options = [*material.offline, "--certificate-only", "--revocation", "require", "--format", "json"]
    ran = run("check", material / "leaf.pem", material / f"{kind}.pem", *options)
    said = [one["message"] for one in found(ran)["findings"] if "mail.contoso.com" in one["message"]]
    assert len(said) > 8
    assert [] == [message for message in said if "(serial number " not in message]


def test_a_certificate_of_a_name_of_its_own_needs_no_number(run: Run, material: Material) -> None:
    """Where no other has its name, a certificate is called by its name alone."""
    ran = run("check", material / "leaf.pem", material / "stranger.pem", *material.offline, "--certificate-only")
    assert "serial number" not in ran.out
