"""Two independent engines judge a path in which our own lint found nothing.

Both get one single path and a moment at which all of it is valid, so that they answer one question only: is this
chain sound. Neither their types nor their exceptions leave this module.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, Literal

from cryptography import x509
from cryptography.x509 import verification

from certready.x509.certificate import ANY_EKU, SERVER_AUTH, Certificate
from certready.x509.unreadable import first_line

MAX_BYTES = 256 * 1024  # of a whole path; more is not given to the second engine, which has no budget of its own

Word = Literal["accepted", "refused", "inconclusive"]


def moment(path: tuple[Certificate, ...], at: datetime) -> datetime | None:
    """The moment nearest to ``at`` at which every certificate of the path is valid; None where there is none."""
    parsed = [certificate.parsed for certificate in path]
    start = max([certificate.not_before for certificate in parsed])
    end = min([certificate.not_after for certificate in parsed])
    return min(max(at, start), end) if start <= end else None


@lru_cache(maxsize=64)
def strict(path: tuple[Certificate, ...], at: datetime) -> tuple[Word, str]:
    """What ``cryptography.x509.verification`` says of the path, with its reason.

    The client verifier is asked, since it alone lets the names of the leaf be left out.
    """
    if not all(certificate.parsed.x509 for certificate in path):
        return "inconclusive", "it does not read one of the certificates"
    above = path[1:]
    try:
        # What it finds of the issuers depends on nothing of the leaf but on names that somebody constrains: where the
        # very same issuers were accepted at this moment, only what the leaf and its own issuer are to each other is
        # left. A refusal is never decided that way.
        known = None if _constrains(above) else _accepted(above, at)
        if not (known and _holds(path[:2], at, len(path))):
            _verify(path, at, len(path))
            if known is not None:
                known.append(True)
    except verification.VerificationError as error:
        return "refused", _reason(error)
    except Exception as error:  # noqa: BLE001 - whatever an engine stumbles over is an answer, not our failure
        return "inconclusive", first_line(error)
    # It processes no policies and passes over a demand for them that is not marked critical.
    if any(certificate.parsed.extension(x509.PolicyConstraints) for certificate in path):
        word, _ = lenient(path, at)
        return (word, "") if word == "accepted" else ("refused", "it does not process the policies that a CA demands")
    return "accepted", ""


def _constrains(above: tuple[Certificate, ...]) -> bool:
    """Whether any of these issuers limits the names below it; what cannot be read may."""
    return any(issuer.parsed.extension(x509.NameConstraints) is not None for issuer in above)


@lru_cache(maxsize=256)
def _accepted(_above: tuple[Certificate, ...], _at: datetime) -> list[bool]:
    """Where it is noted that a path over these issuers was accepted at this moment: empty as long as none was."""
    return []


def _holds(path: tuple[Certificate, ...], at: datetime, depth: int) -> bool:
    try:
        _verify(path, at, depth)
    except verification.VerificationError:
        return False
    return True


def _verify(path: tuple[Certificate, ...], at: datetime, depth: int) -> None:
    """Raises VerificationError where the path, whose last certificate is trusted, is refused."""
    loaded = [certificate.parsed.x509 for certificate in path]
    _verifier(path[-1], at, depth).verify(loaded[0], loaded[1:-1])


@lru_cache(maxsize=256)
def _verifier(anchor: Certificate, at: datetime, depth: int) -> Any:
    """A client verifier that trusts this certificate alone, for any number of leaves. Raises what the engine raises."""
    store: Any = verification.Store([anchor.parsed.x509])  # type: ignore[list-item]
    builder = verification.PolicyBuilder().time(at).store(store)
    builder = builder.extension_policies(ca_policy=_CA, ee_policy=_LEAF)
    return builder.max_chain_depth(depth).build_client_verifier()


def _reason(error: Exception) -> str:
    """The engine's reason without its frame and without the dumps of structures behind it."""
    text = first_line(error).removeprefix("validation failed: ").removeprefix("candidates exhausted: ")
    return text.partition(" (encountered processing")[0].partition(": AlgorithmIdentifier")[0]


def _may_issue_for_servers(
    _policy: object, _certificate: x509.Certificate, usages: x509.ExtendedKeyUsage | None
) -> None:
    if usages is not None and not {usage.dotted_string for usage in usages} & {SERVER_AUTH, ANY_EKU}:
        raise ValueError("the extended key usage of a CA does not allow serverAuth")


# The web's profile, as it comes, for the CAs. Of the leaf, names and extended key usage are left out, because other
# checks judge them by what the connector asks.
_CA = verification.ExtensionPolicy.webpki_defaults_ca().may_be_present(
    x509.ExtendedKeyUsage, verification.Criticality.AGNOSTIC, _may_issue_for_servers
)
_LEAF = (
    verification.ExtensionPolicy.webpki_defaults_ee()
    .may_be_present(x509.SubjectAlternativeName, verification.Criticality.AGNOSTIC, None)
    .may_be_present(x509.ExtendedKeyUsage, verification.Criticality.AGNOSTIC, None)
)


def lenient(path: tuple[Certificate, ...], at: datetime) -> tuple[Word, str]:
    """What ``pyhanko-certvalidator`` says of the path, with its reason: RFC 5280, 6.1 and nothing beyond it.

    It fetches nothing, asks for no revocation and searches no path.
    """
    if sum(len(certificate.der) for certificate in path) > MAX_BYTES:
        return "inconclusive", "the chain is too large for the second engine"
    try:
        from pyhanko_certvalidator.errors import PathValidationError
    except ImportError as error:
        return "inconclusive", first_line(error)
    try:
        _validate(path, at)
    except PathValidationError as error:
        return "refused", first_line(error)
    except Exception as error:  # noqa: BLE001 - it leaks exceptions of many kinds on hostile input
        return "inconclusive", first_line(error)
    return "accepted", ""


def _validate(path: tuple[Certificate, ...], at: datetime) -> None:
    """Raises PathValidationError where the path is refused, anything at all where the engine stumbles."""
    from asn1crypto import x509 as asn1
    from pyhanko_certvalidator.authority import CertTrustAnchor, TrustQualifiers
    from pyhanko_certvalidator.context import ValidationContext
    from pyhanko_certvalidator.path import ValidationPath
    from pyhanko_certvalidator.validate import async_validate_path

    decode: Callable[..., Any] = asn1.Certificate.load
    leaf, *intermediates, root = (decode(certificate.der, strict=True) for certificate in path)
    basic = root.basic_constraints_value
    limit = basic["path_len_constraint"].native if basic is not None else None
    anchor = CertTrustAnchor(root, quals=TrustQualifiers(max_path_length=limit, max_aa_path_length=limit))
    context = ValidationContext(
        trust_roots=[root],
        moment=at,
        allow_fetching=False,
        revocation_mode="none",
        time_tolerance=timedelta(0),
    )
    question = async_validate_path(context, ValidationPath(anchor, reversed(intermediates), leaf))
    try:
        # Without fetching nothing is awaited: the first step runs to the end, no event loop is needed.
        question.send(None)
    except StopIteration:
        return
    finally:
        question.close()
    raise RuntimeError("the second engine waited for something")
