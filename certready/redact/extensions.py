"""Extensions written again: those that are judged with other names, the rest without their content or not at all."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from certready.redact.general import NULL, Rewriter, children, wrap
from certready.x509.der import (
    BOOLEAN,
    OCTET_STRING,
    SEQUENCE,
    Element,
    MalformedError,
    dotted,
    element,
    encoded,
    members,
)

CERTIFICATE, LIST = 0xA3, 0xA0  # where the extensions of a certificate and of a revocation list are
_ISSUER = "2.5.29.29"

# What says nothing about whose a certificate is: key usage, basic constraints, numbers of lists, reasons, usages, ...
_KEPT = frozenset(
    {
        *("2.5.29.15", "2.5.29.19", "2.5.29.20", "2.5.29.21", "2.5.29.24", "2.5.29.27", "2.5.29.33", "2.5.29.36"),
        *("2.5.29.37", "2.5.29.54", "1.3.6.1.5.5.7.1.24", "1.3.6.1.5.5.7.48.1.5", "1.3.6.1.4.1.11129.2.4.3"),
    }
)


def rewritten(extensions: Element, rewriter: Rewriter) -> bytes:
    """A list of extensions; what is not known is left out or, where it is critical, emptied. Raises MalformedError."""
    encodings = []
    for extension in children(extensions):
        kind, *rest = members(extension)
        oid, critical = dotted(kind.content), rest[0].tag == BOOLEAN and rest[0].content != b"\0"
        head = kind.encoded + (rest[0].encoded if rest[0].tag == BOOLEAN else b"")
        content = rest[-1].content
        if oid in _KEPT:
            encodings.append(extension.encoded)
        elif oid in _REWRITTEN:
            inner = element(content)
            if inner.end != len(content):
                raise MalformedError(f"the extension {oid} cannot be taken apart")
            encodings.append(wrap(SEQUENCE, head, encoded(OCTET_STRING, _REWRITTEN[oid](inner, rewriter))))
        elif critical:
            encodings.append(wrap(SEQUENCE, head, encoded(OCTET_STRING, NULL)))
    return wrap(SEQUENCE, *encodings)


def names_issuer(extensions: Element) -> bool:
    """Whether an entry of a revocation list says whose certificate it is about."""
    return any(dotted(members(extension)[0].content) == _ISSUER for extension in children(extensions))


def _general_names(inner: Element, rewriter: Rewriter) -> bytes:
    return wrap(inner.tag, *(rewriter.general(name) for name in children(inner)))


def _points(inner: Element, rewriter: Rewriter) -> bytes:
    """CRLDistributionPoints and freshestCRL."""
    return wrap(inner.tag, *(_point(point, rewriter) for point in children(inner)))


def _point(point: Element, rewriter: Rewriter) -> bytes:
    fields = []
    for field in members(point):
        if field.tag == 0xA0:
            fields.append(_place(field, rewriter))
        else:  # the reasons, and whose list it is
            fields.append(_general_names(field, rewriter) if field.tag == 0xA2 else field.encoded)
    return wrap(point.tag, *fields)


def _place(field: Element, rewriter: Rewriter) -> bytes:
    """A DistributionPointName, which is tagged explicitly."""
    name = members(field)[0]
    if name.tag != 0xA0:
        raise MalformedError("a distribution point is named relative to its issuer")
    return wrap(field.tag, _general_names(name, rewriter))


def _access(inner: Element, rewriter: Rewriter) -> bytes:
    """AuthorityInfoAccess."""
    described = (members(description) for description in children(inner))
    return wrap(inner.tag, *(wrap(SEQUENCE, kind.encoded, rewriter.general(place)) for kind, place in described))


def _constraints(inner: Element, rewriter: Rewriter) -> bytes:
    """NameConstraints."""
    written = []
    for subtrees in members(inner):
        by_subtree = (members(subtree) for subtree in children(subtrees))
        written.append(
            wrap(
                subtrees.tag,
                *(
                    wrap(SEQUENCE, rewriter.general(base), *(part.encoded for part in rest))
                    for base, *rest in by_subtree
                ),
            )
        )
    return wrap(inner.tag, *written)


def _subject_key(inner: Element, rewriter: Rewriter) -> bytes:
    return encoded(inner.tag, rewriter.identifier(inner.content))


def _authority_key(inner: Element, rewriter: Rewriter) -> bytes:
    written = []
    for field in members(inner):
        if field.tag == 0x80:
            written.append(encoded(field.tag, rewriter.identifier(field.content)))
        else:
            written.append(_general_names(field, rewriter) if field.tag == 0xA1 else rewriter.serial(field))
    return wrap(inner.tag, *written)


def _policies(inner: Element, _: Rewriter) -> bytes:
    """CertificatePolicies without their qualifiers, which are addresses and texts."""
    return wrap(inner.tag, *(wrap(SEQUENCE, members(policy)[0].encoded) for policy in children(inner)))


def _scope(inner: Element, rewriter: Rewriter) -> bytes:
    """IssuingDistributionPoint."""
    fields = members(inner)
    return wrap(inner.tag, *(_place(field, rewriter) if field.tag == 0xA0 else field.encoded for field in fields))


_REWRITTEN: Mapping[str, Callable[[Element, Rewriter], bytes]] = {
    "2.5.29.17": _general_names,
    "2.5.29.18": _general_names,
    "2.5.29.31": _points,
    "2.5.29.46": _points,
    "1.3.6.1.5.5.7.1.1": _access,
    "1.3.6.1.5.5.7.1.11": _access,
    "2.5.29.30": _constraints,
    "2.5.29.14": _subject_key,
    "2.5.29.35": _authority_key,
    "2.5.29.32": _policies,
    "2.5.29.28": _scope,
}
