"""The files of a repaired bundle, named as a gateway wants them, and the lines that install them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from certready.bundle.pem import armoured
from certready.bundle.private import PrivateKey
from certready.errors import InputError
from certready.exchange import cmdlets
from certready.remedy import exchange, gateways
from certready.repair.model import Gateway, Install, Output, PfxFor, Sealed
from certready.repair.plan import Chosen
from certready.x509.certificate import Certificate

FULL_CHAIN, CHAIN, KEY, ROOT, BUNDLE = "fullchain.pem", "chain.pem", "key.pem", "root.pem", "bundle.pfx"
_ONE_FILE = "gateway.pem"


def outputs(
    chosen: Chosen,
    key: PrivateKey | None,
    gateway: Gateway | None,
    sealed: Sealed | None,
    *,
    with_key: bool,
    root: bool,
) -> tuple[Output, ...]:
    """Every file to write.

    Args:
        chosen: the certificates.
        key: the leaf's private key where one of the files needs it.
        gateway: whose names and order to use, None for those of this command.
        sealed: how to encrypt ``bundle.pfx``, None where none is wanted.
        with_key: whether the key is written as a PEM file of its own.
        root: whether the root is written, into a file of its own.
    """
    pem = b"".join(map(_pem, chosen.sent))
    private = _private(key) if key else b""
    files: list[Output] = []
    match gateway:
        case "postfix":
            files = [Output(_ONE_FILE, private + pem, secret=True)]
        case "haproxy":
            files = [Output(_ONE_FILE, pem + private, secret=True)]
        case "exim":
            files = [Output("gateway-chain.pem", pem), Output("gateway-key.pem", private, secret=True)]
        case "seppmail":
            chain = b"".join(map(_pem, chosen.intermediates))
            files = [
                Output("certificate.pem", _pem(chosen.leaf)),
                Output(CHAIN, chain),
                Output(KEY, private, secret=True),
            ]
        case "exchange":
            pass
        case None:
            files = [Output(FULL_CHAIN, pem), Output(CHAIN, b"".join(map(_pem, chosen.intermediates)))]
    if with_key and not any(file.name == KEY for file in files):
        files.append(Output(KEY, private, secret=True))
    if root and chosen.root:
        files.append(Output(ROOT, _pem(chosen.root)))
    if sealed and key:
        files.append(Output(BUNDLE, pfx_for(chosen, key, sealed), secret=True))
    return tuple(files)


def installation(folder: Path, chosen: Chosen, gateway: Gateway | None) -> Iterator[Install]:
    """What to type where, so that the gateway (None: any) presents the files that were written into ``folder``."""
    one_file = (folder / _ONE_FILE).absolute().as_posix()
    match gateway:
        case "postfix":
            yield Install("In main.cf:", (*gateways.postfix_client(one_file), *gateways.postfix_server(one_file)))
            yield Install("Then:", ("postfix reload",))
        case "haproxy":
            yield Install("In haproxy.cfg, for each listener:", gateways.haproxy_server(one_file))
        case "exim":
            chain, key = ((folder / f"gateway-{part}.pem").absolute().as_posix() for part in ("chain", "key"))
            yield Install("In the smtp transport:", gateways.exim_client(chain, key))
            yield Install("In the main section:", gateways.exim_server(chain, key))
        case "exchange":
            _, *bound = exchange.bind_certificate(chosen.leaf).lines
            path = str((folder / BUNDLE).absolute())
            yield Install("In the Exchange Management Shell:", (cmdlets.import_certificate(path), *bound))
        case "seppmail":
            yield Install("On the appliance:", gateways.seppmail("<TlsSenderCertificateName>").lines)
        case None:
            return


def pfx_for(chosen: Chosen, key: PrivateKey, sealed: Sealed) -> bytes:
    """A PFX with key, leaf and intermediates, encrypted for what shall import it.

    Raises InputError where the library that writes it cannot read one of the certificates as a whole.
    """
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.serialization import PrivateFormat, pkcs12

    algorithm, mac = _PROTECTION[sealed.target]
    builder = PrivateFormat.PKCS12.encryption_builder().key_cert_algorithm(getattr(pkcs12.PBES, algorithm))
    for certificate in chosen.sent:
        if certificate.parsed.x509 is None:
            raise InputError(
                f"{certificate.parsed.label} is encoded so oddly that it cannot be put into a PFX.",
                hint="Leave out --pfx, or ask its CA for a certificate that keeps to X.509.",
            )
    chain = [certificate.parsed.x509 for certificate in chosen.intermediates if certificate.parsed.x509]
    return pkcs12.serialize_key_and_certificates(
        chosen.leaf.parsed.label.encode("utf-8"),
        key,
        chosen.leaf.parsed.x509,
        chain,
        builder.hmac_hash(getattr(hashes, mac)()).build(sealed.password),
    )


# Windows Server 2016 and older know triple DES and SHA-1 alone (Microsoft support, AES256-SHA256 encrypted PFX).
_PROTECTION: dict[PfxFor, tuple[str, str]] = {
    "windows-2016": ("PBESv1SHA1And3KeyTripleDESCBC", "SHA1"),
    "modern": ("PBESv2SHA256AndAES256CBC", "SHA256"),
}


def _pem(certificate: Certificate) -> bytes:
    return armoured(certificate.der, "CERTIFICATE")


def _private(key: PrivateKey) -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
