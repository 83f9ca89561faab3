"""show: what stands in the inventory of files and hosts, in text and in JSON, and what never does."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.hashes import SHA1
from jsonschema import Draft202012Validator

from certready import schemas
from certready.bundle import read_files
from certready.cli import main
from certready.model.plain import json_values
from certready.render.layout import plain
from certready.show import document, from_files, lines
from certready.show.tree import tree
from certready.x509.certificate import Certificate
from tests.bundle.test_bundle import (
    CHAIN_PEM,
    CRIPPLED,
    ISSUER,
    LEAF,
    P7B,
    PASSWORD,
    ROOT,
    armour,
    encrypted_key,
    openssl,
    pfx,
)
from tests.pki import circle, mesh

VALIDATOR = Draft202012Validator(schemas.load("contents"))


def shown(*files: bytes, password: str | None = PASSWORD) -> dict[str, object]:
    """The document of these files, valid by its schema and with nothing secret in it."""
    found = from_files(read_files([(f"file{n}", data) for n, data in enumerate(files)], password=password))
    said = json_values(document(found))
    VALIDATOR.validate(said)
    text = plain(lines(found, None)) + plain(lines(found, 60)) + json.dumps(said)
    assert PASSWORD not in text
    assert LEAF.key_pem.splitlines()[1].decode() not in text
    assert "PRIVATE KEY--" not in text
    return said


def test_a_pfx() -> None:
    """A PFX shows cipher, MAC, rounds, friendly names, the key of each certificate, and who cannot import it."""
    (container,) = shown(pfx())["containers"]  # type: ignore[misc]
    assert (container["kind"], container["encryption"]["algorithm"], container["mac"]["algorithm"]) == (
        "pfx",
        "PBES2 AES-256-CBC",
        "MAC SHA-256",
    )
    leaf = Certificate(LEAF.der)
    assert [(entry["kind"], entry["digest"]) for entry in container["entries"]] == [
        *(("certificate", Certificate(issued.der).sha256) for issued in (LEAF, ISSUER, ROOT)),
        ("key", leaf.parsed.spki_sha256),
    ]
    assert {entry["friendly_name"] for entry in container["entries"]} == {"mail gw", None}
    assert next(one["system"] for one in container["cannot_import"]) == "Windows Server 2016 or 2012 R2"


@pytest.mark.parametrize(
    ("options", "system"),
    [
        (("-certpbe", "PBE-SHA1-RC2-40", "-keypbe", "PBE-SHA1-3DES", "-macalg", "sha1"), "OpenSSL 3"),
        (("-certpbe", "PBE-SHA1-3DES", "-keypbe", "PBE-SHA1-3DES", "-macalg", "sha1"), None),
        (("-nomac",), "OpenSSL 1.1.1 or older"),
    ],
)
def test_who_cannot_import(options: tuple[str, ...], system: str | None, tmp_path: Path) -> None:
    """A file of 3DES and SHA-1 is imported everywhere; RC2 and a missing MAC have their own opponents."""
    (tmp_path / "all.pem").write_bytes(LEAF.key_pem + CHAIN_PEM)
    source = ("pkcs12", "-export", "-legacy", "-in", str(tmp_path / "all.pem"), "-passout", f"pass:{PASSWORD}")
    (container,) = shown(openssl(*source, *options))["containers"]  # type: ignore[misc]
    systems = [one["system"] for one in container["cannot_import"]]
    assert (system in systems) if system else not systems


def test_provider_and_key_spec(tmp_path: Path) -> None:
    """The Windows key provider that a PFX names is shown, and what a CNG key means for Exchange."""
    (tmp_path / "all.pem").write_bytes(LEAF.key_pem + CHAIN_PEM)
    source = ("pkcs12", "-export", "-in", str(tmp_path / "all.pem"), "-passout", f"pass:{PASSWORD}", "-keyex")
    data = openssl(*source, "-CSP", "Microsoft Software Key Storage Provider")
    (container,) = shown(data)["containers"]  # type: ignore[misc]
    (key,) = (entry for entry in container["entries"] if entry["kind"] == "key")
    assert (key["provider"], key["key_spec"]) == ("Microsoft Software Key Storage Provider", "exchange")
    assert any("OWA and ECP" in remark for remark in container["remarks"])


def test_files_of_other_kinds() -> None:
    """PEM, DER, P7B and keys, locked or open, alone or with certificates, each with what is in it."""
    said = shown(CHAIN_PEM + encrypted_key(LEAF), LEAF.der, P7B, LEAF.key_pem, password=None)
    kinds = [(one["kind"], len(one["entries"]), one["encryption"]) for one in said["containers"]]  # type: ignore[attr-defined]
    assert kinds == [("pem", 3, None), ("der", 1, None), ("p7b", 2, None), ("pem", 1, None)]
    assert len(said["certificates"]) == 2  # type: ignore[arg-type]


def test_a_certificate() -> None:
    """Thumbprint and <I>..<S>.. are as Exchange writes them."""
    leaf = shown(LEAF.pem)["certificates"][0]  # type: ignore[index]
    assert leaf["thumbprint"] == Certificate(LEAF.der).parsed.x509.fingerprint(SHA1()).hex().upper()  # type: ignore[union-attr]
    assert leaf["i_s"] == "<I>CN=Test Intermediate, O=Example Test<S>CN=mail.example.test, O=Example Test"
    assert leaf["extended_key_usage"] == ["1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2"]


def test_a_certificate_that_cannot_be_read() -> None:
    """Bytes that are no certificate are shown as that, beside the others."""
    said = shown(CHAIN_PEM + armour(CRIPPLED, "CERTIFICATE"))["certificates"]
    assert [bool(one["unreadable"]) for one in said] == [False, False, True]  # type: ignore[attr-defined]


def test_the_chain_as_a_tree() -> None:
    """Issuers stand above what they issued, whatever the order; one whose issuer is not there stands alone."""
    ders = [Certificate(issued.der) for issued in (LEAF, ROOT, ISSUER)]
    assert [(depth, one.der) for depth, one in tree(ders)] == [(0, ROOT.der), (1, ISSUER.der), (2, LEAF.der)]
    assert [depth for depth, _ in tree(ders[:2])] == [0, 0]
    for odd in (circle(4), mesh(12)):
        certificates = [Certificate(issued.der) for issued in odd]
        assert {one for _, one in tree(certificates)} == set(certificates)


def test_on_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """0 when read, 2 with a sentence when not, 3 when the host cannot be reached."""
    file, word = tmp_path / "gw.pfx", tmp_path / "word.txt"
    file.write_bytes(pfx())
    word.write_bytes(b"\xff\xfe" + f"{PASSWORD}\r\n".encode("utf-16-le"))
    assert main(["show", str(file), "--password-file", str(word), "--format", "json"]) == 0
    VALIDATOR.validate(json.loads(capsys.readouterr().out))
    assert main(["show", str(file)]) == 2
    assert "needs a password" in capsys.readouterr().err
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        assert main(["show", f"127.0.0.1:{closed.getsockname()[1]}", "--timeout", "2"]) == 3
    assert "127.0.0.1" in capsys.readouterr().out
