"""Which certificates belong into a repaired bundle, and what that changes. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from certready.case import Case
from certready.errors import UsageError
from certready.model import Bundle, Chain
from certready.x509.certificate import Certificate
from certready.x509.signature import signed_by


class Chosen(Struct, frozen=True):
    """Leaf, its intermediates in the order of issue, and the root where it is known (never of a self-signed leaf)."""

    leaf: Certificate
    intermediates: tuple[Certificate, ...]
    root: Certificate | None

    @property
    def sent(self) -> tuple[Certificate, ...]:
        """What a gateway shall send."""
        return (self.leaf, *self.intermediates)


def judged_leaf(bundle: Bundle) -> Certificate:
    """The one certificate to repair a bundle for. Raises UsageError where there are several and no key decides."""
    leaves = [chain.leaf_certificate for chain in bundle.chains]
    if len(leaves) > 1:
        names = ", ".join(f"{leaf.parsed.label} ({leaf.parsed.serial:x})" for leaf in leaves[:5])
        raise UsageError(
            f"There are several certificates to repair a bundle for: {names}.",
            hint="Name the file of one of them, or the private key that belongs to it as well.",
        )
    return leaves[0]


def choose(case: Case, chain: Chain) -> Chosen | None:
    """The complete chain, as far as a root in the store or a self-signed certificate; None where its issuer is missing
    and was found nowhere."""
    path = case.full_path(chain)
    leaf, end = path[0], path[-1]
    anchored = end in {root.certificate for root in case.evidence.roots}
    if not anchored and not (end.parsed.self_issued and signed_by(end, end) in ("valid", "weak")):
        return None
    return Chosen(leaf, path[1:-1], end if end != leaf else None)


def changes(case: Case, chain: Chain, chosen: Chosen, *, pem: bool) -> Iterator[str]:
    """What is different from the ``chain`` that was given, a sentence each; ``chosen`` is what is written instead, in
    PEM files or (``pem`` False) in a PFX alone."""
    given = chain.certificates
    sources = {known.certificate: known.source for known in case.evidence.known}
    sent = [certificate for certificate in given if certificate in chosen.sent]
    if sent != [certificate for certificate in chosen.sent if certificate in given]:
        yield "The certificates are in the order of issue now, the gateway's own first."
    for certificate in chosen.intermediates:
        if certificate not in given:
            yield f"{certificate.parsed.label} is added; it was found in {sources.get(certificate, 'the root store')}."
    for certificate in given:
        if certificate == chosen.root:
            yield f"The root {certificate.parsed.label} is left out: a client has its own copy or none."
        elif certificate not in chosen.sent:
            label = certificate.parsed.label if not certificate.parsed.error else "A certificate that cannot be read"
            yield f"{label} is left out: the chain does not need it."
    for fault in chain.faults:
        if pem and fault.kind in ("refused", "passed-over"):
            yield f"{fault.message} The new file is as OpenSSL wants it."
    for note in chain.notes:
        if "it was read once" in note:
            yield note.replace("it was read once", "it is written once")
    if pem and chain.container != "pem":
        yield f"The certificates are written as PEM; they came as {chain.container.upper()}."
