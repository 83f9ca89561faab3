"""What the certificate is for, and its key (contract: EKU with and without serverAuth and clientAuth, RSA under 2048)."""

from __future__ import annotations

from cryptography import x509

from certready import Bundle
from certready.demo.pki import CLIENT, DAY, SERVER, Issued, key_usage
from tests.weights.case import (
    FAIL,
    PASS,
    UNKNOWN,
    WARN,
    Cases,
    Checked,
    everywhere,
    inbound_and_outbound,
)
from tests.weights.material import AT, CA, ROOT, checked, file, node, pem, probed, sent

CASES = Cases()


def _of_an_odd_kind() -> Bundle:
    """A certificate for a key that no signature can be made with (X25519)."""
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import x25519

    like = CA.issue("mail.contoso.com")
    builder = x509.CertificateBuilder().subject_name(like.x509.subject).issuer_name(like.x509.issuer)
    builder = builder.public_key(x25519.X25519PrivateKey.generate().public_key()).serial_number(7)
    builder = builder.not_valid_before(AT - DAY).not_valid_after(AT + 80 * DAY)
    for extension in like.x509.extensions:
        if extension.oid != x509.oid.ExtensionOID.SUBJECT_KEY_IDENTIFIER:
            builder = builder.add_extension(extension.value, critical=extension.critical)
    return pem(Issued(builder.sign(CA.key, hashes.SHA256()), like.key, CA), CA)  # type: ignore[arg-type]


@CASES.add("usage.server-auth", everywhere(PASS))
def for_servers() -> Checked:
    """A certificate for TLS servers passes."""
    return checked(file())


@CASES.add("usage.server-auth", everywhere(PASS))
def for_whatever() -> Checked:
    """A certificate without an extended key usage is restricted to nothing and passes."""
    return checked(file(CA.issue("mail.contoso.com", ekus=None)))


@CASES.add("usage.server-auth-missing", inbound_and_outbound(UNKNOWN, FAIL))
def for_clients_only() -> Checked:
    """An EKU without serverAuth fails where the gateway is the server; as client it is unknown, only inferred."""
    return checked(file(CA.issue("mail.contoso.com", ekus=(CLIENT,))))


@CASES.add("usage.client-auth-missing", inbound_and_outbound(WARN, None))
def for_servers_only() -> Checked:
    """An EKU without clientAuth is a warning where the gateway is the client, and nothing where it is the server."""
    return checked(file(CA.issue("mail.contoso.com", ekus=(SERVER,))))


@CASES.add("usage.key-usage", everywhere(WARN))
def a_key_that_may_not_sign() -> Checked:
    """A key usage without digitalSignature is a warning."""
    return checked(file(CA.issue("mail.contoso.com", usage=key_usage("key_agreement"))))


@CASES.add("usage.unreadable", everywhere(UNKNOWN))
def usages_that_cannot_be_read() -> Checked:
    """Usages that are there and cannot be read are unknown."""
    broken = x509.UnrecognizedExtension(x509.oid.ExtensionOID.EXTENDED_KEY_USAGE, b"\x30\x05\x00")
    return checked(file(CA.issue("mail.contoso.com", ekus=None, extra=[(broken, False)])))


@CASES.add("key.strong", everywhere(PASS))
def a_strong_key() -> Checked:
    """An RSA key of 2048 bits passes."""
    return checked(file(CA.issue("mail.contoso.com", key="rsa")))


@CASES.add("key.weak", everywhere(FAIL))
def a_weak_key() -> Checked:
    """An RSA key under 2048 bits fails, whoever asks."""
    return checked(file(CA.issue("mail.contoso.com", key="rsa1024")))


@CASES.add("key.weak", everywhere(FAIL))
def a_weak_key_of_the_issuer() -> Checked:
    """An RSA key under 2048 bits in an issuing CA fails."""
    weak = ROOT.intermediate("Weak CA", key="rsa1024")
    return checked(file(weak.issue("mail.contoso.com")))


@CASES.add("key.weak", everywhere(UNKNOWN))
def a_key_that_cannot_be_read() -> Checked:
    """The key of what cannot be read is unknown."""
    return probed(node(), chains=(sent(b"\x30\x00"),))


@CASES.add("key.weak", everywhere(UNKNOWN))
def a_key_of_no_known_kind() -> Checked:
    """A key of an algorithm that TLS servers do not use is unknown."""
    return checked(_of_an_odd_kind())


@CASES.add("key.weak", everywhere(WARN))
def a_key_of_an_odd_length() -> Checked:
    """An RSA key over 2048 bits that is no whole number of bytes is a warning."""
    return checked(file(CA.issue("mail.contoso.com", key="rsa2052")))


@CASES.add("key.not-rsa", everywhere(WARN))
def a_key_on_a_curve() -> Checked:
    """An ECDSA key is a warning."""
    return checked(file())
