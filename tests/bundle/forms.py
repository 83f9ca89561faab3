"""Every form in which certificate files arrive, and ``python -m tests.bundle.forms > docs/files.md``, which reads them
all and writes down what certready makes of each.
"""

from __future__ import annotations

import base64
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    pkcs12,
)

from certready.bundle import load
from certready.bundle.asn1 import read
from certready.errors import InputError
from certready.model import Chain
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
    indefinite,
    pfx,
    request,
    without_mac,
)
from tests.bundle.test_pfx import DATA, exported, with_pbmac1

TEXT = CHAIN_PEM.decode()
L, I = LEAF.pem.decode(), ISSUER.pem.decode()  # noqa: E741
BODY = "".join(L.splitlines()[1:-1])
KEY = LEAF.key_pem
TRADITIONAL = LEAF.key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
SSH = LEAF.key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())
PUBLIC = LEAF.key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
TRUST_DATA = bytes.fromhex("300c300a06082b06010505070301")


def legacy() -> bytes:
    """A PFX of the oldest ciphers that Windows ever wrote, which OpenSSL still can."""
    with TemporaryDirectory() as folder:
        ciphers = ("-certpbe", "PBE-SHA1-RC2-40", "-keypbe", "PBE-SHA1-3DES", "-macalg", "sha1")
        return exported(Path(folder), "-legacy", *ciphers)


def indented(text: str) -> str:
    return "".join(f"   {line}\n" for line in text.splitlines())


PEM: Mapping[str, bytes] = {
    "PEM, leaf and intermediate": CHAIN_PEM,
    "with bag attributes, as `openssl pkcs12` writes them": (
        b"Bag Attributes\n    friendlyName: mail gw\nsubject=CN = mail\n"
        + LEAF.pem
        + b"Bag Attributes: <No Attributes>\n"
        + ISSUER.pem
    ),
    "with the text of `openssl x509 -text` before it": b"Certificate:\n    Data:\n        Version: 3 (0x2)\n"
    + CHAIN_PEM,
    "line ends CRLF": TEXT.replace("\n", "\r\n").encode(),
    "line ends CR only": TEXT.replace("\n", "\r").encode(),
    "UTF-8 with byte order mark": TEXT.encode("utf-8-sig"),
    "UTF-16 with byte order mark": TEXT.encode("utf-16"),
    "UTF-16 without one": TEXT.encode("utf-16-le"),
    "intermediate first": ISSUER.pem + LEAF.pem,
    "shuffled, with the root": LEAF.pem + ROOT.pem + ISSUER.pem,
    "the leaf twice": LEAF.pem + LEAF.pem + ISSUER.pem,
    "key first": KEY + CHAIN_PEM,
    "key in the traditional form": CHAIN_PEM + TRADITIONAL,
    "encrypted key, PKCS#8, password given": CHAIN_PEM + encrypted_key(LEAF),
    "encrypted key, traditional, password given": CHAIN_PEM + encrypted_key(LEAF, PrivateFormat.TraditionalOpenSSL),
    "`TRUSTED CERTIFICATE` first": armour(LEAF.der + TRUST_DATA, "TRUSTED CERTIFICATE") + ISSUER.pem,
    "`TRUSTED CERTIFICATE` as intermediate": LEAF.pem + armour(ISSUER.der + TRUST_DATA, "TRUSTED CERTIFICATE"),
    "`X509 CERTIFICATE`": armour(LEAF.der, "X509 CERTIFICATE") + armour(ISSUER.der, "X509 CERTIFICATE"),
    "bare base64, no BEGIN line": base64.b64encode(LEAF.der),
    "one line of base64 in each block": f"-----BEGIN CERTIFICATE-----\n{BODY}\n-----END CERTIFICATE-----\n{I}".encode(),
    "blocks glued together": (L.rstrip() + I).encode(),
    "second block indented": (L + indented(I)).encode(),
    "all blocks indented": indented(TEXT).encode(),
    "typographic dashes": TEXT.replace("-----", "\u2014\u2013\u2014").encode(),
    "quoted in a mail": "".join(f"> {line}\n" for line in TEXT.splitlines()).encode(),
    "in an HTML mail": f"<html><body><pre>\n{TEXT}</pre></body></html>".encode(),
    "last END line lost": CHAIN_PEM.removesuffix(b"-----END CERTIFICATE-----\n"),
    "an END line lost in between": L.replace("-----END CERTIFICATE-----\n", "").encode() + ISSUER.pem,
    "second block damaged": LEAF.pem + ISSUER.pem.replace(b"\nM", b"\n%", 1),
    "a certificate that breaks the rules beside the chain": CHAIN_PEM + armour(CRIPPLED, "CERTIFICATE"),
}
BINARY: Mapping[str, bytes] = {
    "DER": LEAF.der,
    "several DER certificates in a row": LEAF.der + ISSUER.der,
    "P7B in DER": P7B,
    "P7B in PEM": armour(P7B, "PKCS7"),
    "P7B labelled CERTIFICATE": armour(P7B, "CERTIFICATE"),
    "P7B in BER with indefinite lengths": indefinite(P7B, 3),
    "PFX, AES-256 and SHA-256": pfx(),
    "PFX, 3DES and SHA-1": pfx(algorithm=pkcs12.PBES.PBESv1SHA1And3KeyTripleDESCBC),
    "PFX without a MAC": without_mac(pfx()),
    "PFX in BER with indefinite lengths": indefinite(pfx(), 4),
    "PFX of certificates alone": pfx(leaf=None),
    "PFX in base64": base64.b64encode(pfx()),
    "PFX, RC2-40 and SHA-1, as old Windows exports": legacy(),
    "PFX, PBMAC1 (RFC 9579)": with_pbmac1(pfx(), PASSWORD),
}
REFUSED: Mapping[str, bytes] = {
    "a CSR": armour(request(), "CERTIFICATE REQUEST"),
    "a private key alone": KEY,
    "an encrypted private key alone": encrypted_key(LEAF),
    "a public key": PUBLIC,
    "an SSH key": SSH,
    "a CRL": armour(ISSUER.crl(), "X509 CRL"),
    "an OCSP answer": ISSUER.ocsp(LEAF.x509),
    "a Java keystore (JKS)": b"\xfe\xed\xfe\xed\0\0\0\2",
    "an HTML page": b"<!DOCTYPE html><html><body>Log in</body></html>",
    "a ZIP archive": b"PK\x03\x04" + b"\0" * 60,
    "a PDF": b"%PDF-1.7\n",
    "a PEM cut short": LEAF.pem[:300],
    "a DER cut short": LEAF.der[:200],
    "a PFX cut short": pfx()[:400],
    "an empty file": b"",
    "any text": b"Dear customer,\nyour certificate is ready.\n",
}
WHOLE = pfx()
MAC = read(WHOLE).child(2).child(0).child(1).start
AES256_CBC, UNKNOWN = bytes.fromhex("060960864801650304012a"), bytes.fromhex("060960864801650304017f")
SEALED_KEY = LEAF.key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, BestAvailableEncryption(PASSWORD.encode()))
PASSWORDS: Mapping[str, tuple[bytes, str | None]] = {
    "PFX without encryption, no password": (pfx(password=None), None),
    "PFX without encryption, any password": (pfx(password=None), PASSWORD),
    "PFX, no password": (pfx(), None),
    "PFX, wrong password": (pfx(), "wrong"),
    "PFX changed after it was made, right password": (
        WHOLE[:MAC] + bytes([WHOLE[MAC] ^ 1]) + WHOLE[MAC + 1 :],
        PASSWORD,
    ),
    "PFX with a cipher that nobody knows": (without_mac(WHOLE.replace(AES256_CBC, UNKNOWN)), PASSWORD),
    "PFX of damaged structure": (WHOLE.replace(DATA, b"\x06\x89" + DATA[2:]), PASSWORD),
    "PEM with a key of a cipher that nobody knows": (
        CHAIN_PEM + armour(SEALED_KEY.replace(AES256_CBC, UNKNOWN), "ENCRYPTED PRIVATE KEY"),
        PASSWORD,
    ),
    "PEM with an encrypted key, no password": (CHAIN_PEM + encrypted_key(LEAF), None),
    "PEM with an encrypted key, wrong password": (CHAIN_PEM + encrypted_key(LEAF), "wrong"),
}


def said(data: bytes, password: str | None = PASSWORD) -> tuple[str, str]:
    """What certready makes of a file: what was read, and what is said about it; the numbers of bytes left out."""
    try:
        chain = load(data, password=password, name="FILE").chains[0]
    except InputError as error:
        read, words = "-", f"{error.message} {error.hint or ''}"
    else:
        read, words = _read(chain), " ".join((*(fault.message for fault in chain.faults), *chain.notes))
    return read, re.sub(r"\d+ of \d+ bytes", "N of M bytes", words).strip().replace("|", "\\|")


def _read(chain: Chain) -> str:
    counts = (("certificate", len(chain.certificates)), ("key", len(chain.keys)))
    return ", ".join(f"{count} {name}{'s' if count > 1 else ''}" for name, count in counts if count)


FOLDERS = """
## Folders and ZIP archives

`certready check FOLDER` and `certready check mail.zip` read every regular file in it, links followed, and make a report of
each end-entity certificate:

- Judged and named is the fullest file that holds it: most of the chain, then the private key, then any form but DER.
- A private key out of any file that belongs to it is its key. Where none does, a key beside it that belongs to nothing is
  held against it (`bundle.key-mismatch`).
- A leaf that lies alone is read with the intermediates of CA files, and the target names them: `gw.crt + ca.crt`. What a
  file with part of the chain lacks is not added; what other files hold explains and repairs.
- Files and keys named beside a folder or archive belong to it: `certready check mail.zip gateway.key`.
- A file that may hold a certificate and cannot be read (a PFX without its password, a keystore, a cut block, an encrypted
  or nested archive, no permission, a link to nothing) is a report of its own, `bundle.unreadable`, unknown.
- Hidden files, pipes, devices and what holds no certificate are passed over, and said on stderr.
- At most 2000 files, 8 folders deep, 64 MiB together, 10 MiB each, 5000 certificates, 100 reports. Archives are
  decompressed in memory, by Deflate alone; names in them are never used as paths.

Exchange Server's own store, as `Get-ExchangeCertificate | ConvertTo-Json` prints it (RawData as base64 or numbers; by
Windows PowerShell or PowerShell 7), is read alike: a report of each certificate, whose chain the list does not show.

`certready.load_folder(Path("mail.zip"))` gives the same in Python: a bundle for each.
"""


def page() -> Iterator[str]:
    """The lines of docs/files.md."""
    yield "# Files: what is read, and what is said"
    yield ""
    yield "The content decides, never the ending. Written by `python -m tests.bundle.forms`, which reads every form; a test"
    yield "compares. `certready repair` makes a regular file of whatever could be read."
    yield ""
    yield "Whatever the bytes, every loader answers or says one sentence, within 300 MB and two seconds of CPU;"
    yield "`python -m tests.fuzz --minutes 10` tries that on mutated input for as long as wanted."
    for title, forms in (("PEM and text", PEM), ("Containers", BINARY), ("What holds no certificate", REFUSED)):
        yield from _table(title, {name: said(data) for name, data in forms.items()})
    yield from _table("Passwords", {name: said(*form) for name, form in PASSWORDS.items()})
    yield from FOLDERS.rstrip().split("\n")


def _table(title: str, rows: Mapping[str, tuple[str, str]]) -> Iterator[str]:
    yield from ("", f"## {title}", "", "| file | read | said |", "|---|---|---|")
    yield from (f"| {name} | {read} | {words} |" for name, (read, words) in rows.items())


if __name__ == "__main__":
    sys.stdout.write("\n".join(page()) + "\n")
