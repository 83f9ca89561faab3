"""What a client offers in a handshake: versions, cipher suites, groups, and the signature algorithms that choose, in
TLS 1.3, the kind of certificate that is shown.

pyOpenSSL has no setter for signature algorithms and groups; the binding of cryptography that it rests on has them,
which are no public names. They are used here and in `requested`; :func:`make_context` says where they are gone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from msgspec import Struct

from certready.net.session import CIPHERS

if TYPE_CHECKING:
    from OpenSSL import SSL

Version = Literal["TLSv1", "TLSv1.2", "TLSv1.3"]

# Not the post-quantum ones, whose keys take longer than all else in a ClientHello: who has no others is asked again.
CLASSICAL_GROUPS = b"X25519:P-256:X448:P-384:P-521:ffdhe2048:ffdhe3072"


class Offer(Struct, frozen=True):
    """OpenSSL's cipher list (for TLS up to 1.2), the oldest and newest version, and signature algorithms by their names
    in RFC 8446, 4.2.3; without any, every one that OpenSSL knows. So it is with the ``groups`` of the key exchange."""

    ciphers: bytes = CIPHERS
    oldest: Version = "TLSv1"
    newest: Version = "TLSv1.3"
    algorithms: bytes = b""
    groups: bytes = CLASSICAL_GROUPS


# Microsoft Learn, "Technical reference details about encryption": the TLS 1.2 suites of Exchange Online, by
# OpenSSL's names. Every one of them needs a server certificate with an RSA key.
EXCHANGE_CIPHERS = (
    "ECDHE-RSA-AES256-GCM-SHA384",
    "ECDHE-RSA-AES128-GCM-SHA256",
    "ECDHE-RSA-AES256-SHA384",
    "ECDHE-RSA-AES128-SHA256",
    "ECDHE-RSA-AES256-SHA",
    "ECDHE-RSA-AES128-SHA",
    "AES256-GCM-SHA384",
    "AES128-GCM-SHA256",
)
_EXCHANGE_SUITES = ":".join(EXCHANGE_CIPHERS).encode("ascii")
_RSA_SUITES, _ECDSA_SUITES = b"aRSA:!eNULL:!PSK:@SECLEVEL=0", b"aECDSA:!eNULL:!PSK:@SECLEVEL=0"
_RSA_ALGORITHMS = (
    b"rsa_pss_rsae_sha256:rsa_pss_rsae_sha384:rsa_pss_rsae_sha512:rsa_pss_pss_sha256:rsa_pss_pss_sha384:"
    b"rsa_pss_pss_sha512:rsa_pkcs1_sha256:rsa_pkcs1_sha384:rsa_pkcs1_sha512:rsa_pkcs1_sha1"
)
_ECDSA_ALGORITHMS = b"ecdsa_secp256r1_sha256:ecdsa_secp384r1_sha384:ecdsa_secp521r1_sha512:ecdsa_sha1"

EVERYTHING = Offer()
EXCHANGE = Offer(_EXCHANGE_SUITES + b":@SECLEVEL=0", "TLSv1.2", "TLSv1.2")
RSA_TLS12 = Offer(_EXCHANGE_SUITES + b":" + _RSA_SUITES, "TLSv1.2", "TLSv1.2")  # Exchange Online's before the others
ECDSA_TLS12 = Offer(_ECDSA_SUITES, "TLSv1.2", "TLSv1.2")
RSA_TLS13 = Offer(_RSA_SUITES, "TLSv1.3", "TLSv1.3", _RSA_ALGORITHMS)
ECDSA_TLS13 = Offer(_ECDSA_SUITES, "TLSv1.3", "TLSv1.3", _ECDSA_ALGORITHMS)
RSA = Offer(_RSA_SUITES, algorithms=_RSA_ALGORITHMS)
ECDSA = Offer(_ECDSA_SUITES, algorithms=_ECDSA_ALGORITHMS)


class NotOfferedError(Exception):
    """This installation cannot make such an offer; the text is the sentence about it."""


def make_context(offer: Offer) -> SSL.Context:
    """A client's context that makes this offer and verifies nothing. Raises NotOfferedError."""
    from OpenSSL import SSL

    versions = {"TLSv1": SSL.TLS1_VERSION, "TLSv1.2": SSL.TLS1_2_VERSION, "TLSv1.3": SSL.TLS1_3_VERSION}
    context = SSL.Context(SSL.TLS_CLIENT_METHOD)
    context.set_verify(SSL.VERIFY_NONE)
    context.set_min_proto_version(versions[offer.oldest])
    context.set_max_proto_version(versions[offer.newest])
    context.set_cipher_list(offer.ciphers)
    if offer.algorithms and not _restrict(context, "SSL_CTX_set1_sigalgs_list", offer.algorithms):
        raise NotOfferedError("The installed OpenSSL binding cannot ask for one kind of certificate in TLS 1.3.")
    if offer.groups:
        _restrict(context, "SSL_CTX_set1_curves_list", offer.groups)  # where that is gone, every group is offered
    context.set_options(SSL.OP_LEGACY_SERVER_CONNECT)  # gateways from before RFC 5746 still have a certificate
    context.set_session_cache_mode(SSL.SESS_CACHE_OFF)
    return context


def _restrict(context: SSL.Context, setter: str, names: bytes) -> bool:
    """Whether OpenSSL took these names."""
    from cryptography.hazmat.bindings.openssl.binding import Binding

    library = Binding().lib
    try:
        accepted: int = getattr(library, setter)(context._context, names)  # noqa: SLF001
    except AttributeError:
        accepted = 0
    if accepted != 1:
        library.ERR_clear_error()  # or the next handshake would report it as its own
    return accepted == 1
