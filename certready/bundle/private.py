"""The private key out of the files that a bundle was read from, for the commands that present or write its certificate.

It stays within this process: it is never part of a bundle, of evidence or of a message.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial

from cryptography.exceptions import InternalError
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa

from certready.bundle import der, keys, pem, pfx
from certready.bundle.asn1 import Asn1Error, read
from certready.bundle.passwords import Passwords
from certready.bundle.text import decode, from_base64
from certready.errors import InputError
from certready.model import Bundle
from certready.x509.certificate import UNREADABLE
from certready.x509.key import spki_sha256

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | ed448.Ed448PrivateKey


def private_key(files: Sequence[tuple[str, bytes]], bundle: Bundle, passwords: Passwords) -> PrivateKey:
    """The private key of the bundle's leaf.

    Args:
        files: (name, content) of each file that the bundle was read from, all of them readable.
        bundle: what :func:`certready.bundle.load_files` made of them.
        passwords: those that opened them.

    Raises:
        InputError: there is no such key, it cannot be opened, or it is of a kind that TLS does not use.
        PasswordError: the only key there is needs a password.
    """
    chain = bundle.chains[0]
    leaf_key = chain.leaf_certificate.parsed.spki_sha256
    refused: InputError | None = None
    for name, data in files:
        passwords.begin()
        for opened in _sealed(data, name, passwords):
            try:
                key = serialization.load_der_private_key(opened(), None)
            except InputError as error:
                refused = refused or error
            except (*UNREADABLE, InternalError):
                continue
            else:
                if isinstance(key, PrivateKey) and spki_sha256(key.public_key()) == leaf_key:
                    return key
    raise refused or InputError(
        f"{bundle.target.name} holds no private key that belongs to its certificate.",
        hint="Name the PFX, or the certificate and the key file together.",
    )


def _sealed(data: bytes, name: str, passwords: Passwords) -> Iterator[Callable[[], bytes]]:
    """What opens each private key of one file, as DER; opening raises InputError."""
    if der.looks_binary(data):
        yield from _binary(data, name, passwords)
        return
    text = decode(data) or ""
    blocks = tuple(pem.blocks(text))
    for block in blocks:
        place = block.place(name)
        if "Proc-Type" in block.body:
            yield partial(_legacy, block, place, passwords)
        elif "CERTIFICATE" not in block.label:
            yield from _binary(from_base64(block.body) or b"", place, passwords)
    if not blocks:
        yield from _binary(from_base64(text) or b"", name, passwords)


def _binary(data: bytes, place: str, passwords: Passwords) -> Iterator[Callable[[], bytes]]:
    offset = 0
    while offset < len(data):
        try:
            node = read(data, offset)
        except Asn1Error:
            return
        offset = node.after
        match der.kind_of(node):
            case "pfx":
                yield from pfx.private_keys(node, place, passwords)
            case "encrypted-key":
                yield partial(keys.decrypted, node, place, passwords)
            case "key":
                yield partial(bytes, node.raw)
            case _:
                pass


def _legacy(block: pem.Block, place: str, passwords: Passwords) -> bytes:
    return keys.legacy(pem.legacy_pem(block, place), place, passwords)
