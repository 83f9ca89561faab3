"""Hostile files and exports: within 300 MiB of memory and 10 seconds of processor time, and answered in a few lines."""

from __future__ import annotations

import json
from base64 import encodebytes
from collections.abc import Callable
from pathlib import Path

import pytest

from certready.demo.pki import Authority
from certready.x509.der import SEQUENCE
from tests.measured import MEBIBYTES, measured
from tests.odd import CDP, EKU, POINT, SAN, changed, named, tlv, with_extension

ROOT = Authority.root("Bounds Root")
CA = ROOT.intermediate("Bounds CA")
LEAF = CA.issue("mail.contoso.com")
LARGEST = 10 * 1024 * 1024
LONGEST_OUTPUT = 100_000  # characters


def pem(der: bytes) -> bytes:
    return b"-----BEGIN CERTIFICATE-----\n" + encodebytes(der) + b"-----END CERTIFICATE-----\n"


def filled(part: bytes) -> bytes:
    """As many copies as a file may hold."""
    return part * (LARGEST // len(part))


def distinct() -> bytes:
    """Certificates that differ in the last bytes of their signatures."""
    count = LARGEST // (len(pem(LEAF.der)) + 1)
    return b"".join(pem(LEAF.der[:-4] + number.to_bytes(4, "big")) for number in range(count))


def nested(depth: int, tag: int = SEQUENCE) -> bytes:
    """Elements of definite length, each inside the last."""
    heads: list[bytes] = []
    length = 0
    for _ in range(depth):
        octets = length.to_bytes((length.bit_length() + 7) // 8, "big")
        heads.append(bytes([tag, length]) if length < 0x80 else bytes([tag, 0x80 | len(octets)]) + octets)
        length += len(heads[-1])
    return b"".join(reversed(heads))


def common_names(count: int) -> bytes:
    attribute = bytes.fromhex("0603550403")
    return tlv(
        SEQUENCE, *(tlv(0x31, tlv(SEQUENCE, attribute, tlv(0x0C, b"a%d.contoso.com" % n))) for n in range(count))
    )


def rsa_key(modulus: int) -> bytes:
    numbers = tlv(SEQUENCE, tlv(0x02, b"\x11" * modulus), bytes.fromhex("0203010001"))
    return tlv(SEQUENCE, tlv(SEQUENCE, bytes.fromhex("06092a864886f70d0101010500")), tlv(0x03, b"\0", numbers))


FILES: dict[str, Callable[[], bytes]] = {
    "one certificate, again and again": lambda: filled(LEAF.pem),
    "many certificates": distinct,
    "many blocks of nothing": lambda: filled(pem(b"\x30\x00")),
    "many beginnings": lambda: filled(b"-----BEGIN CERTIFICATE-----\n"),
    "many keys": lambda: LEAF.pem + filled(LEAF.key_pem)[: LARGEST - 2000],
    "a CN of 200 KB": lambda: pem(changed(LEAF, subject=named(0x0C, b"m" * 200_000))) + CA.pem,
    "a CN of 7 MB": lambda: pem(changed(LEAF, subject=named(0x0C, b"m" * 7_000_000))) + CA.pem,
    "100,000 CNs": lambda: changed(LEAF, subject=common_names(100_000)),
    "200,000 alternative names": lambda: with_extension(
        LEAF, SAN, tlv(SEQUENCE, *(tlv(0x82, b"a%d.contoso.com" % number) for number in range(200_000)))
    ),
    "an alternative name of 6 MB": lambda: with_extension(LEAF, SAN, tlv(SEQUENCE, tlv(0x82, b"a." * 3_000_000))),
    "200,000 distribution points": lambda: with_extension(LEAF, CDP, tlv(SEQUENCE, *[POINT] * 200_000)),
    "a million usages": lambda: with_extension(LEAF, EKU, tlv(SEQUENCE, *[b"\x06\x02\x2a\x03"] * 1_000_000)),
    "a serial number of 9 MB": lambda: changed(LEAF, serial=tlv(0x02, b"\x11" * 9_000_000)),
    "a key of 4 MB": lambda: changed(LEAF, key=rsa_key(4_000_000)),
    "a name nested a million times": lambda: changed(LEAF, subject=nested(1_000_000)),
    "names nested a million times": lambda: with_extension(LEAF, SAN, nested(1_000_000)),
    "two million sequences, each inside the last": lambda: nested(2_000_000),
    "five million sequences without an end": lambda: b"\x30\x80" * 5_000_000,
    "octet strings, each inside the last": lambda: nested(2_000_000, 0x24),
}


@pytest.mark.parametrize("name", FILES)
def test_files(name: str, tmp_path: Path) -> None:
    """A file of up to 10 MB is answered by a report or one clear error, whatever it holds."""
    (tmp_path / "root.pem").write_bytes(ROOT.pem)
    (tmp_path / "hostile").write_bytes(FILES[name]())
    judged = ("--inbound", "contoso.com", "--accepted-domain", "contoso.com", "--offline", "--no-cache", "-v")
    commands = [("check", "hostile", *judged, "--trust", "root.pem")]
    commands += [("show", "hostile")] if " C" in name or "alternative" in name or "serial" in name else []
    for words in commands:
        ran = measured(*words, folder=tmp_path)
        assert ran.code in ((1, 2, 3) if words[0] == "check" else (0, 2)), ran.err[-1000:]
        assert ran.mebibytes < MEBIBYTES
        assert len(ran.out) + len(ran.err) < LONGEST_OUTPUT


def connectors(count: int, **settings: object) -> list[dict[str, object]]:
    values = (f"a{number}.contoso{number}.com" for number in range(count))
    return [
        {"Name": f"C{number}", "Enabled": True, "ConnectorType": "OnPremises", "TlsSenderCertificateName": value}
        | settings
        for number, value in enumerate(values)
    ]


EXPORTS: dict[str, Callable[[], str]] = {
    "2,000 connectors, 17,000 domains": lambda: json.dumps(
        {
            "InboundConnectors": connectors(2000),
            "AcceptedDomains": [{"DomainName": f"d{number}.example{number}.org"} for number in range(17_000)],
        }
    ),
    "2,000 connectors for everything": lambda: json.dumps(
        {
            "InboundConnectors": connectors(
                2000,
                ConnectorType="Partner",
                SenderDomains=["*"],
                RestrictDomainsToCertificate=True,
                TlsSenderCertificateName="*.contoso.com",
            )
        }
    ),
    "2,000 names, each under the last": lambda: json.dumps(
        {
            "InboundConnectors": [
                one | {"TlsSenderCertificateName": "*." + "a." * (n % 100) + "contoso.com"}
                for n, one in enumerate(connectors(2000))
            ]
        }
    ),
    "a connector with 40,000 domains": lambda: json.dumps(
        {"InboundConnectors": connectors(1, AssociatedAcceptedDomains=[f"d{n}.example.org" for n in range(40_000)])}
    ),
    "10,000 connectors": lambda: json.dumps({"InboundConnectors": connectors(10_000)}),
    "a million brackets": lambda: "[" * 1_000_000,
    "lists, each inside the last": lambda: '{"InboundConnectors":' + "[" * 400_000 + "]" * 400_000 + "}",
    "a number of 900,000 digits": lambda: '{"InboundConnectors":[{"Name":' + "9" * 900_000 + "}]}",
}


@pytest.mark.parametrize("name", EXPORTS)
def test_exports(name: str, tmp_path: Path) -> None:
    """An export of a megabyte is linted and judged, or refused, however many connectors and domains it names."""
    (tmp_path / "root.pem").write_bytes(ROOT.pem)
    names = tlv(SEQUENCE, *(tlv(0x82, b"a%d.contoso.com" % number) for number in range(5000)))
    (tmp_path / "leaf.pem").write_bytes(pem(with_extension(LEAF, SAN, names)) + CA.pem)
    (tmp_path / "tenant.json").write_text(EXPORTS[name](), encoding="utf-8")
    judged = ("--tenant", "tenant.json", "--trust", "root.pem", "--offline", "--no-cache")
    for words in (("tenant", "tenant.json"), ("check", "leaf.pem", *judged)):
        ran = measured(*words, folder=tmp_path)
        assert ran.code in (0, 1, 2, 3), ran.err[-1000:]
        assert ran.mebibytes < MEBIBYTES
