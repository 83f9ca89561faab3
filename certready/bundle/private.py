"""The private key out of the files that a bundle was read from, for the two commands that present its certificate.

It is handed to TLS within this process and to nobody else: it is no part of any bundle, evidence or message.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cryptography.exceptions import InternalError
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa

from certready.bundle import der, pem
from certready.bundle.asn1 import Asn1Error, Node, read
from certready.bundle.keys import password_bytes
from certready.bundle.text import decode, from_base64
from certready.errors import InputError
from certready.model import Bundle
from certready.x509.certificate import UNREADABLE
from certready.x509.key import spki_sha256

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | ed448.Ed448PrivateKey


def private_key(files: Sequence[tuple[str, bytes]], bundle: Bundle, password: bytes | None) -> PrivateKey:
    """The private key of the bundle's leaf.

    Args:
        files: name and content, as they were read as this bundle; what is unreadable has been refused then.
        bundle: what :func:`certready.bundle.load_files` made of them.
        password: the one that opened them, None where none was needed.

    Raises:
        InputError: there is no such key, or it is of a kind that TLS does not use.
    """
    wanted = bundle.chains[0].leaf_certificate.parsed.spki_sha256
    for _, data in files:
        for key in _keys(data, password_bytes(password)):
            if spki_sha256(getattr(key, "public_key")()) != wanted:  # noqa: B009 - every private key has it
                continue
            if isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey):
                return key
    raise InputError(
        f"{bundle.target.name} holds no private key that belongs to its certificate.",
        hint="Name the PFX, or the certificate and the key file together.",
    )


def _keys(data: bytes, password: bytes | None) -> Iterator[object]:
    """Every private key of one file."""
    if der.looks_binary(data):
        yield from _binary(data, password)
        return
    text = decode(data) or ""
    found = False
    for block in pem.blocks(text):
        found = True
        if "Proc-Type" in block.body:  # RFC 1421 headers: the library reads these as PEM only
            whole = f"-----BEGIN {block.label}-----\n{block.body}\n-----END {block.label}-----\n"
            yield from _opened(whole.encode("ascii", "replace"), password)
        elif "CERTIFICATE" not in block.label:
            yield from _binary(from_base64(block.body) or b"", password)
    if not found:
        yield from _binary(from_base64(text) or b"", password)


def _binary(data: bytes, password: bytes | None) -> Iterator[object]:
    try:
        node = read(data)
    except Asn1Error:
        return
    kind = der.kind_of(node)
    if kind == "pfx":
        yield from _pfx(node, password)
    elif kind in ("key", "encrypted-key"):
        yield from _opened(node.raw, password if kind == "encrypted-key" else None)


def _pfx(node: Node, password: bytes | None) -> Iterator[object]:
    from cryptography.hazmat.primitives.serialization import pkcs12

    for candidate in dict.fromkeys((password, None)):
        try:
            opened = pkcs12.load_pkcs12(node.raw, candidate)
        except (*UNREADABLE, InternalError):
            continue
        if opened.key:
            yield opened.key
        return


def _opened(data: bytes, password: bytes | None) -> Iterator[object]:
    load = serialization.load_pem_private_key if data[:5] == b"-----" else serialization.load_der_private_key
    try:
        yield load(data, password)
    except (*UNREADABLE, InternalError):
        return
