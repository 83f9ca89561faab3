"""Certificates, revocation lists and OCSP answers written again with other names, serial numbers and keys.

What was signed by a key that is here is signed by the key that takes its place, by the same algorithm; what was not,
by one that nobody has. So whatever a judge of signatures, paths and revocation sees is as it was.
"""

from __future__ import annotations

import contextlib
import hashlib
import secrets
from collections.abc import Callable, Iterator, Sequence

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from certready.redact import extensions
from certready.redact.general import Rewriter, children, wrap
from certready.redact.words import Words
from certready.x509.certificate import Certificate
from certready.x509.der import (
    BIT_STRING,
    INTEGER,
    OCTET_STRING,
    SEQUENCE,
    VERSION,
    Element,
    MalformedError,
    Signed,
    element,
    encoded,
    members,
    names,
    signed,
)
from certready.x509.signature import sign, verify

_HASHES = {20: hashlib.sha1, 32: hashlib.sha256, 48: hashlib.sha384, 64: hashlib.sha512}
_KEYS = 60  # different keys in one piece of evidence; a real one has a dozen


class Documents:
    """Everything in DER of one piece of evidence. ``certificates`` are all there are, those inside answers too.

    Raises MalformedError from every method for what cannot be taken apart or made again; its text is a clause.
    """

    def __init__(self, words: Words, certificates: Sequence[Certificate]) -> None:
        self._rewriter = Rewriter(words)
        self._originals = tuple(dict.fromkeys(certificates))
        self._stand_ins: dict[Certificate, Certificate] = {}
        self._keys: dict[bytes, object] = {}
        self._hashes: dict[str, str] = {}
        self._serials: set[bytes] = {_serial(certificate) for certificate in self._originals}
        for original in self._originals:
            self._identify(original)

    def certificate(self, original: Certificate) -> Certificate:
        """The stand-in of a certificate."""
        if original not in self._stand_ins:
            self._stand_ins[original] = Certificate(self._certificate(original))
        return self._stand_ins[original]

    def digest(self, sha256: str) -> str:
        """The SHA-256 of the stand-in of the certificate with this one; a random one for none."""
        for original in self._originals:
            if original.sha256 == sha256:
                return self.certificate(original).sha256
        return self._random(sha256)

    def key_digest(self, sha256: str) -> str:
        """As :meth:`digest`, for the SHA-256 of a public key."""
        for original in self._originals:
            if original.parsed.spki_sha256 == sha256:
                return self.certificate(original).parsed.spki_sha256
        return self._random(sha256)

    def _random(self, sha256: str) -> str:
        return self._hashes.setdefault(sha256, secrets.token_hex(32))

    # -- certificates ---------------------------------------------------------------------------------------------

    def _certificate(self, original: Certificate) -> bytes:
        outer = element(original.der)
        if outer.end != len(original.der):
            raise MalformedError("something follows a certificate")
        parts = signed(outer)
        return self._signed(parts, b"".join(self._fields(parts.tbs, original)))

    def _fields(self, tbs: Element, original: Certificate) -> Iterator[bytes]:
        fields = list(members(tbs))
        if fields[0].tag == VERSION:
            yield fields.pop(0).encoded
        serial, algorithm, issuer, validity, subject, info, *rest = fields
        yield self._rewriter.serial(serial)
        yield algorithm.encoded
        yield self._rewriter.name(issuer.encoded)
        yield validity.encoded
        yield self._rewriter.name(subject.encoded)
        yield self._info(info, original)
        for field in rest:  # unique identifiers, which nobody uses, are left out
            if field.tag == extensions.CERTIFICATE:
                yield wrap(field.tag, extensions.rewritten(members(field)[0], self._rewriter))

    def _identify(self, original: Certificate) -> None:
        """Makes the key that takes the place of this certificate's, and the identifier that is its SHA-1."""
        if original.parsed.error or original.parsed.public_key is None:
            raise MalformedError(f"the certificate {original.parsed.label} or its key cannot be read")
        before, after = names(original.der).key_bits, _bits(self._key(original)).content[1:]
        self._rewriter.identifiers[_sha1(before)] = _sha1(after)

    def _info(self, info: Element, original: Certificate) -> bytes:
        """The SubjectPublicKeyInfo of the key that takes the place of this one, its algorithm as it was written."""
        return wrap(SEQUENCE, members(info)[0].encoded, _bits(self._key(original)).encoded)

    def _key(self, original: Certificate) -> object:
        key = names(original.der).key_bits
        if key not in self._keys:
            if len(self._keys) >= _KEYS:
                raise MalformedError(f"there are more than {_KEYS} different keys")
            self._keys[key] = _like(original.parsed.public_key)
        return self._keys[key]

    def _signed(self, parts: Signed, tbs_content: bytes, beside: Sequence[Certificate] = ()) -> bytes:
        """The three parts of SIGNED{...} with a signature as good or bad as the one there was."""
        tbs = encoded(SEQUENCE, tbs_content)
        signature = self._signature(parts, tbs, beside)
        return encoded(SEQUENCE, tbs + parts.algorithm.encoded + encoded(BIT_STRING, b"\0" + signature))

    def _signature(self, parts: Signed, tbs: bytes, beside: Sequence[Certificate]) -> bytes:
        tried: set[bytes] = set()
        for signer in (*beside, *self._originals):
            bits = names(signer.der).key_bits if not signer.parsed.error else b""
            if bits in tried:
                continue
            tried.add(bits)
            if verify(parts, signer) in ("valid", "weak"):
                with contextlib.suppress(MalformedError):  # over MD2, which nobody makes any more
                    return sign(self._key(signer), tbs, parts.algorithm)
        rsa_bits = max(1024, len(parts.signature) * 8)
        for stranger in (
            lambda: rsa.generate_private_key(65537, rsa_bits),
            lambda: ec.generate_private_key(ec.SECP256R1()),
        ):
            try:
                return sign(stranger(), tbs, parts.algorithm)
            except (MalformedError, ValueError):
                continue
        return secrets.token_bytes(len(parts.signature))

    # -- answers --------------------------------------------------------------------------------------------------

    def crl(self, body: bytes) -> bytes:
        """A revocation list with those of its entries alone that are about a certificate here."""
        parts = signed(element(body))
        return self._signed(parts, b"".join(self._list(parts.tbs)))

    def _list(self, tbs: Element) -> Iterator[bytes]:
        fields = list(children(tbs))
        if fields[0].tag == INTEGER:
            yield fields.pop(0).encoded
        yield fields[0].encoded
        yield self._rewriter.name(fields[1].encoded)
        for field in fields[2:]:
            if field.tag == SEQUENCE:
                entries = b"".join(self._entries(field))
                yield encoded(SEQUENCE, entries) if entries else b""
            elif field.tag == extensions.LIST:
                yield wrap(field.tag, extensions.rewritten(members(field)[0], self._rewriter))
            else:
                yield field.encoded  # thisUpdate, nextUpdate

    def _entries(self, revoked: Element) -> Iterator[bytes]:
        for entry in children(revoked):
            serial, date, *rest = members(entry)
            if rest and extensions.names_issuer(rest[0]):
                raise MalformedError("a revocation list is of several issuers")
            if serial.content in self._serials:
                more = extensions.rewritten(rest[0], self._rewriter) if rest else b""
                yield wrap(SEQUENCE, self._rewriter.serial(serial), date.encoded, more)

    def ocsp(self, body: bytes) -> bytes:
        """An OCSP answer about the stand-ins."""
        outer = members(element(body))
        if len(outer) < 2:
            return body  # a refusal, which names nothing
        kind, content = members(members(outer[1])[0])
        basic = element(content.content)
        parts = signed(basic)
        inside = embedded(body)
        tbs = b"".join(self._responses(parts.tbs))
        fields = members(element(self._signed(parts, tbs, inside)))
        certificates = b"".join(self.certificate(certificate).der for certificate in inside)
        wrapped_certificates = wrap(VERSION, wrap(SEQUENCE, certificates)) if inside else b""
        basic_response = wrap(SEQUENCE, *(field.encoded for field in fields), wrapped_certificates)
        return wrap(
            SEQUENCE,
            outer[0].encoded,
            wrap(VERSION, wrap(SEQUENCE, kind.encoded, encoded(OCTET_STRING, basic_response))),
        )

    def _responses(self, tbs: Element) -> Iterator[bytes]:
        fields = list(members(tbs))
        if fields[0].tag == VERSION:
            yield fields.pop(0).encoded
        responder, produced, responses = fields[:3]  # extensions, such as a nonce, are left out
        if responder.tag == 0xA1:
            yield wrap(responder.tag, self._rewriter.name(members(responder)[0].encoded))
        else:
            yield wrap(responder.tag, encoded(OCTET_STRING, self._rewriter.identifier(members(responder)[0].content)))
        yield produced.encoded
        yield wrap(SEQUENCE, *(self._single(response) for response in children(responses)))

    def _single(self, single: Element) -> bytes:
        asked_id, *rest = members(single)
        algorithm, name, key, serial = members(asked_id)
        digest = _HASHES.get(len(name.content), hashlib.sha1)
        for original in self._originals:
            whose = names(original.der)
            if (digest(whose.subject).digest(), digest(whose.key_bits).digest()) == (name.content, key.content):
                stand_in = names(self.certificate(original).der)
                hashed = digest(stand_in.subject).digest(), digest(stand_in.key_bits).digest()
                break
        else:
            hashed = secrets.token_bytes(len(name.content)), secrets.token_bytes(len(key.content))
        certificate_id = wrap(
            SEQUENCE,
            algorithm.encoded,
            *(encoded(OCTET_STRING, digest_value) for digest_value in hashed),
            self._rewriter.serial(serial),
        )
        return wrap(
            SEQUENCE, certificate_id, *(field.encoded for field in rest if field.tag != 0xA1 or field is rest[0])
        )


def embedded(body: bytes) -> tuple[Certificate, ...]:
    """The certificates inside an OCSP answer; none of what is no such answer."""
    try:
        outer = members(element(body))
        basic = members(element(members(members(outer[1])[0])[1].content))
        return tuple(
            Certificate(certificate.encoded) for field in basic[3:] for certificate in members(members(field)[0])
        )
    except (MalformedError, IndexError):
        return ()


def _serial(certificate: Certificate) -> bytes:
    """The content of the serial number, b"" where it cannot be found."""
    try:
        fields = members(members(element(certificate.der))[0])
    except (MalformedError, IndexError):
        return b""
    return next((field.content for field in fields if field.tag == INTEGER), b"")


def _bits(key: object) -> Element:
    """The BIT STRING of a private key's public half."""
    form = Encoding.DER, PublicFormat.SubjectPublicKeyInfo
    return members(element(key.public_key().public_bytes(*form)))[1]  # type: ignore[attr-defined]


def _sha1(data: bytes) -> bytes:
    return hashlib.sha1(data, usedforsecurity=False).digest()  # a key identifier (RFC 5280, 4.2.1.2)


def _like(public: object) -> object:
    """A new private key of the kind and size of a public one."""
    try:
        if isinstance(public, rsa.RSAPublicKey):
            return rsa.generate_private_key(public.public_numbers().e, public.key_size)
        if isinstance(public, ec.EllipticCurvePublicKey):
            return ec.generate_private_key(public.curve)
    except (ValueError, UnsupportedAlgorithm):
        raise MalformedError("a key is of a size that cannot be made again") from None
    makers: dict[type, Callable[[], object]] = {
        ed25519.Ed25519PublicKey: ed25519.Ed25519PrivateKey.generate,
        ed448.Ed448PublicKey: ed448.Ed448PrivateKey.generate,
    }
    for kind, make in makers.items():
        if isinstance(public, kind):
            return make()
    raise MalformedError("a key is of a kind that cannot be made again")
