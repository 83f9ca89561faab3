"""Exchange Server's own store as Get-ExchangeCertificate prints it through ConvertTo-Json."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import certready
from certready.demo.pki import Authority, Issued
from certready.errors import InputError
from certready.remedy.dotnet import thumbprint
from tests.pki import certificate

Row = dict[str, Any]


@pytest.fixture(scope="module")
def issued() -> tuple[Issued, Issued]:
    issuing = Authority.root().intermediate()
    return issuing.issue("mail.contoso.com", key="rsa"), issuing.issue("mx.contoso.com")


def as_text(one: Issued) -> Row:
    """A certificate as the documented line writes it."""
    raw = base64.b64encode(one.der).decode()
    return {"Thumbprint": thumbprint(certificate(one)), "Services": "IIS, SMTP", "Status": "Valid"} | {
        "HasPrivateKey": True,
        "RawData": raw,
    }


def as_numbers(one: Issued) -> Row:
    """A certificate as Windows PowerShell 5.1 writes it by itself."""
    return {"thumbprint": thumbprint(certificate(one)), "Services": 6, "RawData": list(one.der), "FriendlyName": None}


SHAPES: dict[str, Callable[[list[Row]], object]] = {
    "list": lambda rows: rows,
    "wrapped": lambda rows: {"value": rows, "Count": len(rows)},
    "wrapped data": lambda rows: [row | {"RawData": {"value": row["RawData"], "Count": 9}} for row in rows],
}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("row", [as_text, as_numbers])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_every_shape_is_one_target_for_each_certificate(
    issued: tuple[Issued, Issued], tmp_path: Path, shape: str, row: Callable[[Issued], Row], encoding: str
) -> None:
    """RawData as base64 or as numbers, in a list or wrapped, in the encodings of both PowerShells."""
    path = tmp_path / "exchange.json"
    path.write_text(json.dumps(SHAPES[shape]([row(one) for one in issued])), encoding)
    bundles = certready.load_folder(path)
    assert [certificate(one) for one in issued] == [one.chains[0].leaf_certificate for one in bundles]
    assert ["der", "der"] == [one.chains[0].container for one in bundles]
    assert f"{path}/{thumbprint(certificate(issued[0]))}" == bundles[0].target.name


def test_a_single_object_is_read(issued: tuple[Issued, Issued], tmp_path: Path) -> None:
    """A lone certificate is not wrapped in a list; what Exchange uses it for goes with it."""
    path = tmp_path / "exchange.json"
    path.write_text(json.dumps(as_text(issued[0]), indent=4))
    (bundle,) = certready.load_folder(path)
    assert "Exchange Server uses it for IIS, SMTP." in bundle.chains[0].notes


def test_the_library_reads_it_as_one_bundle(issued: tuple[Issued, Issued]) -> None:
    """certready.load gives a chain for each certificate, and finds nothing irregular in a list that is no PEM."""
    bundle = certready.load(json.dumps([as_text(one) for one in issued]).encode(), name="exchange.json")
    assert ([1, 1], ()) == ([len(chain.certificates) for chain in bundle.chains], bundle.chains[0].faults)


def test_data_that_cannot_be_read_is_said(issued: tuple[Issued, Issued], tmp_path: Path) -> None:
    """A certificate without RawData, or with data that is none, is a target of its own and unknown."""
    broken = as_text(issued[1]) | {"RawData": "System.Byte[]"}
    absent = {"Thumbprint": "00", "RawData": None}
    path = tmp_path / "exchange.json"
    path.write_text(json.dumps([as_text(issued[0]), broken, absent, as_text(issued[1]) | {"RawData": "AAAA"}]))
    bundles = certready.load_folder(path)
    assert [1, 0, 0, 0] == [len(bundle.chains) for bundle in bundles]
    assert all(bundle.faults for bundle in bundles[1:])


@pytest.mark.parametrize("text", ['[{"RawData": "MII', "[" * 100_000 + '"RawData"', '{"RawData"'])
def test_a_list_that_is_cut_short_is_an_error(text: str) -> None:
    """What begins like a list and is no JSON has a sentence, and the line that exports it."""
    with pytest.raises(InputError, match="not valid JSON") as raised:
        certready.load(text.encode(), name="exchange.json")
    assert "Get-ExchangeCertificate" in str(raised.value.hint)


def test_another_thumbprint_than_the_datas_is_noted(issued: tuple[Issued, Issued]) -> None:
    """A list whose thumbprint and data disagree says so."""
    bundle = certready.load(json.dumps(as_text(issued[0]) | {"Thumbprint": "ABCD"}).encode())
    assert "by another thumbprint, ABCD" in bundle.chains[0].notes[0]


def test_other_json_is_no_certificate() -> None:
    """JSON without RawData is what it was: text without a certificate."""
    with pytest.raises(InputError, match="without a certificate"):
        certready.load(b'[{"Name": "x"}]')
