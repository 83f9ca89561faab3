"""The certificates, containers and lists of the worlds, with cryptography alone; keys and certificates are used again."""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from collections.abc import Mapping
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    pkcs7,
    pkcs12,
)
from cryptography.x509.oid import ExtendedKeyUsageOID as Usage
from cryptography.x509.oid import NameOID

from tests.worlds.axes import World

NOW = dt.datetime.now(dt.UTC).replace(microsecond=0)
DAY = dt.timedelta(days=1)
PASSWORD = b"world"
NAMES = {
    "exact": "mail.contoso.com",
    "host": "gw.contoso.com",
    "apex": "contoso.com",
    "wildcard": "*.contoso.com",
    "deep": "a.b.contoso.com",
    "foreign": "mail.fabrikam.com",
    "cn-only": "mail.contoso.com",
}
_SHA256_RSA, _SHA1_RSA = (bytes.fromhex(f"06092a864886f70d0101{end}0500") for end in ("0b", "05"))

Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


class Issued:
    """A certificate with its key."""

    def __init__(self, certificate: x509.Certificate, key: Key) -> None:
        self.certificate, self.key = certificate, key

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(Encoding.PEM)

    @property
    def key_pem(self) -> bytes:
        return self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


@cache
def key(kind: str) -> Key:
    """One key for each purpose."""
    if kind == "ec":
        return ec.generate_private_key(ec.SECP256R1())
    return rsa.generate_private_key(65537, 1024 if kind == "small" else 2048)


def build(
    label: str,
    own: Key,
    issuer: Issued | None,
    dates: tuple[dt.datetime, dt.datetime],
    *,
    ca: bool,
    names: tuple[str, ...] = (),
    usages: tuple[x509.ObjectIdentifier, ...] | None = None,
    pointer: str | None = None,
) -> Issued:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, label)])
    signer = issuer.key if issuer else own
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(own.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(dates[0])
        .not_valid_after(dates[1])
        .add_extension(x509.BasicConstraints(ca, None), True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(own.public_key()), False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), False)
        .add_extension(x509.KeyUsage(not ca, False, False, False, False, ca, ca, False, False), True)
    )
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), False)
    if usages:
        builder = builder.add_extension(x509.ExtendedKeyUsage(usages), False)
    if pointer:
        point = x509.DistributionPoint([x509.UniformResourceIdentifier(pointer)], None, None, None)
        builder = builder.add_extension(x509.CRLDistributionPoints([point]), False)
    return Issued(builder.sign(signer, hashes.SHA256()), own)


@cache
def authority(kind: str) -> Issued:
    """ "root" and "ca" are the good ones; "old" expired; "alien" is under "alien-root"; "double" has the name of "ca"
    and another key."""
    long = (NOW - 2000 * DAY, NOW + 2000 * DAY)
    if kind in ("root", "alien-root"):
        return build(f"World {kind}", key(kind), None, long, ca=True)
    above = authority("alien-root" if kind in ("alien", "double") else "root")
    dates = (NOW - 2000 * DAY, NOW - DAY) if kind == "old" else long
    label = "World ca" if kind == "double" else f"World {kind}"
    return build(label, key(kind), above, dates, ca=True, pointer="http://crl.world.example/root.crl")


def issuer_of(world: World) -> str:
    return {"untrusted": "alien", "old-issuer": "old"}.get(world.chain, "ca")


@cache
def leaf(kind: str, names: str, issuer: str, pointer: bool) -> Issued:
    """The gateway's certificate."""
    dates = {"expired": (NOW - 90 * DAY, NOW - DAY), "future": (NOW + DAY, NOW + 90 * DAY)}
    usages: dict[str, tuple[x509.ObjectIdentifier, ...] | None] = {
        "no-eku": None,
        "client-only": (Usage.CLIENT_AUTH,),
    }
    made = build(
        NAMES[names],
        key({"ecdsa": "ec", "small-key": "small"}.get(kind, "leaf")),
        None if kind == "self-signed" else authority(issuer),
        dates.get(kind, (NOW - DAY, NOW + 80 * DAY)),
        ca=False,
        names=() if names == "cn-only" else (NAMES[names],),
        usages=usages.get(kind, (Usage.SERVER_AUTH, Usage.CLIENT_AUTH)),
        pointer="http://crl.world.example/ca.crl" if pointer else None,
    )
    return weakly_signed(made, authority(issuer).key) if kind == "sha1" else made


def weakly_signed(issued: Issued, signer: Key) -> Issued:
    """The certificate with a good signature over SHA-1, which no builder makes any more."""
    assert isinstance(signer, rsa.RSAPrivateKey)
    whole, signed = issued.certificate.public_bytes(Encoding.DER), issued.certificate.tbs_certificate_bytes
    body = signed.replace(_SHA256_RSA, _SHA1_RSA)
    signature = signer.sign(body, padding.PKCS1v15(), hashes.SHA1())
    der = whole.replace(signed, body).replace(_SHA256_RSA, _SHA1_RSA)[: -len(signature)] + signature
    return Issued(x509.load_der_x509_certificate(der), issued.key)


@cache
def second(names: str) -> Issued:
    """An expired certificate of another key under the good CA."""
    dates = (NOW - 90 * DAY, NOW - DAY)
    url = "http://crl.world.example/ca.crl"
    usages = (Usage.SERVER_AUTH, Usage.CLIENT_AUTH)
    own = (NAMES[names],)
    return build(
        "second.contoso.com", key("second"), authority("ca"), dates, ca=False, names=own, usages=usages, pointer=url
    )


def own(world: World) -> Issued:
    """The leaf of this world."""
    return leaf(world.leaf, world.names, issuer_of(world), world.revocation != "no-pointer")


def certificates(world: World) -> tuple[Issued, ...]:
    """What is sent, the leaf first."""
    if world.leaf == "ca-only":
        return (authority("ca"), authority("root"))
    first = own(world)
    if world.leaf == "self-signed" or world.container == "der":
        return (first,)
    ca = authority(issuer_of(world))
    return {
        "with-root": (first, ca, authority("root")),
        "shuffled": (authority("root"), ca, first),
        "stranger": (first, ca, authority("alien")),
        "incomplete": (first,),
        "untrusted": (first, ca, authority("alien-root")),
        "look-alike": (first, authority("double")),
    }.get(world.chain, (first, ca))


@cache
def container(world: World) -> bytes:
    """The file. Give it the world with its other axes plain, so that files are made once."""
    sent = certificates(world)
    if world.container == "der":
        return sent[0].certificate.public_bytes(Encoding.DER)
    beside = world.beside if world.container in ("pem", "p7b", "zip") else "nothing"
    listed = _listed(world, beside)
    if world.container == "p7b":
        return pkcs7.serialize_certificates([one.certificate for one in listed], Encoding.DER)
    if world.container == "pfx":
        cheap = PrivateFormat.PKCS12.encryption_builder().kdf_rounds(1).build(PASSWORD)
        first = next(one for one in sent if world.leaf == "ca-only" or one is own(world))
        others = [one.certificate for one in sent if one is not first]
        return pkcs12.serialize_key_and_certificates(b"world", first.key, first.certificate, others, cheap)
    whole = b"".join(one.pem for one in listed) + _keys(world, beside)
    if world.container != "zip":
        return whole
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mail/gateway.pem", whole)
        archive.writestr("mail/readme.txt", "The certificate and its chain.")
    return packed.getvalue()


def folder(world: World) -> Mapping[str, bytes]:
    """The same as a folder in which every certificate and key has a file of its own."""
    files = {f"{number}.pem": one.pem for number, one in enumerate(_listed(world, world.beside), 1)}
    keys = _keys(world, world.beside)
    return files | ({"key.pem": keys} if keys else {}) | {"readme.txt": b"The certificate and its chain."}


def _listed(world: World, beside: str) -> tuple[Issued, ...]:
    sent = certificates(world)
    other = (second(world.names),) if beside.startswith("expired") else ()
    return (*other, *sent) if beside == "expired-before" else (*sent, *other)


def _keys(world: World, beside: str) -> bytes:
    if beside == "expired-but-keyed" and world.leaf != "ca-only":
        return own(world).key_pem
    return authority("ca").key_pem if beside == "ca-key" else b""


@cache
def revocation_list(issuer: str, kind: str, revoked: int | None = None) -> bytes:
    """A list of an authority: good, stale, forged (by another key) or of the future."""
    by = authority(issuer)
    updated, following = {"stale": (-20, -10), "future": (1, 8)}.get(kind, (-1, 7))
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(by.certificate.subject)
        .last_update(NOW + updated * DAY)
        .next_update(NOW + following * DAY)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(by.key.public_key()), False)
        .add_extension(x509.CRLNumber(1), False)
    )
    if revoked is not None:
        entry = x509.RevokedCertificateBuilder().serial_number(revoked).revocation_date(NOW - 2 * DAY).build()
        builder = builder.add_revoked_certificate(entry)
    signer = key("forger") if kind == "forged" else by.key
    return builder.sign(signer, hashes.SHA256()).public_bytes(Encoding.DER)


def lists(world: World) -> tuple[bytes, ...]:
    """The revocation lists at hand in this world, of the leaf's issuer and of the root."""
    if world.revocation == "unanswered":
        return ()
    issuer = issuer_of(world)
    kind = world.revocation if world.revocation in ("stale", "forged", "future") else "good"
    revoked = (
        own(world).certificate.serial_number if world.revocation == "revoked" and world.leaf != "ca-only" else None
    )
    above = authority(issuer).certificate.serial_number if world.revocation == "issuer-revoked" else None
    root = "alien-root" if issuer == "alien" else "root"
    return (revocation_list(issuer, kind, revoked), revocation_list(root, "good", above))
