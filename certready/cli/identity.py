"""The certificate and private key that listen and rehearse present themselves."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from certready import bundle as bundles
from certready.bundle.private import private_key
from certready.cli import files
from certready.cli.options import present
from certready.cli.shared import Shared
from certready.model import Bundle
from certready.net.session import Identity


def read_identity(paths: Sequence[Path], wanted: Shared) -> tuple[Bundle, Identity]:
    """The files as a bundle, and what of them goes on the wire: the certificate first, then the rest as it lies there.

    The password is asked for where one is needed and a terminal is there. Raises InputError, PasswordError, UsageError.
    """
    secrets = files.passwords(wanted.password_file, wanted.password_env, wanted.password_fd)
    parts = files.named(paths)
    bundle = bundles.load_files(parts, password=secrets)
    chain = bundle.chains[0]
    others = (certificate.der for certificate in chain.certificates if certificate != chain.leaf_certificate)
    return bundle, Identity((chain.leaf_certificate.der, *others), private_key(parts, bundle, secrets))


def throw_away(name: str) -> Identity:
    """A self-signed server certificate for this name, made now and kept in memory alone."""
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import Encoding

    from certready.x509.issue import DAY, SERVER, key_usage, new_key, sign, subject

    key = new_key("rsa2048")  # every gateway that does TLS knows RSA
    own = subject(name[:64], "certready listener, throw-away")
    extensions: tuple[tuple[x509.ExtensionType, bool], ...] = (
        (x509.BasicConstraints(ca=False, path_length=None), True),
        (key_usage("digital_signature", "key_encipherment"), True),
        (x509.ExtendedKeyUsage([SERVER]), False),
        (x509.SubjectAlternativeName([x509.DNSName(name)]), False),
    )
    moment = present()
    certificate = sign(
        own, key, (own, key), (moment - DAY, moment + 7 * DAY), extensions, serial=None, hash_algorithm=None
    )
    return Identity((certificate.public_bytes(Encoding.DER),), key)
