"""How the certificates arrived: with their key, in order, with strangers, and with what a PFX is encrypted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import partial

from certready import remedy
from certready.case import Case
from certready.model import Chain, Fault
from certready.rules import bundle as rules
from certready.rules.importers import MODERN, OUTDATED, WEAK, refusing
from certready.rules.model import NotApplicable, Observation
from certready.wording import listed
from certready.x509.certificate import Certificate, told_apart
from certready.x509.leaves import ca_like

_KEYLESS = {
    "der": "A DER certificate holds no private key",
    "p7b": "A P7B file holds no private key",
    "pfx": "The PFX holds no private key",
}


def check_bundle(case: Case) -> Iterator[Observation | NotApplicable]:
    """Everything about the container and the order of each chain; nothing about trust, which is ``chain.*``.

    A chain off the wire that is in order and alone gives no observation: there is no file to speak of.
    """
    observations = [observation for chain in case.chains for observation in _chain(case, chain)]
    observations += _several(case)
    observations += [
        rules.UNREADABLE.observed(fault.message, "file", fix=fault.hint or None) for fault in case.evidence.faults
    ]
    if observations:
        yield from observations
    elif case.chains:
        yield NotApplicable("the chain was sent in order and with nothing beside it, and there is no file to judge")
    else:
        yield NotApplicable("there is no certificate")


def _chain(case: Case, chain: Chain) -> Iterator[Observation]:
    path = case.judgement(chain).path
    unrelated = frozenset(case.judgement(chain).unrelated)
    leaves = tuple(
        certificate for certificate in case.leaves(chain) if certificate not in (chain.leaf_certificate, *path)
    )
    # A root of another chain is a stranger.
    roots = tuple(certificate for certificate in _roots(chain) if certificate.sha256 not in unrelated)
    if chain.container != "tls":
        yield from _no_leaf(case, chain)
        yield from _key(case, chain)
        yield from _encryption(chain)
    yield from _files(case, chain, path)
    if chain.container in ("pem", "tls"):
        yield from _order(case, chain, path)
    yield from _leaves(case, chain, leaves)
    yield from _root_included(case, chain, roots)
    unread = {certificate.sha256 for certificate in chain.certificates if certificate.parsed.error}
    yield from _unrelated(case, chain, unrelated - unread - {certificate.sha256 for certificate in (*leaves, *roots)})


def _key(case: Case, chain: Chain) -> Iterator[Observation]:
    leaf = chain.leaf_certificate
    owners = {
        certificate.parsed.spki_sha256: certificate
        for certificate in reversed(chain.certificates if chain.keys else ())
        if certificate.parsed.spki_sha256
    }
    strays = [key for key in chain.keys if key not in owners]
    unopened = [fault for fault in chain.faults if fault.kind == "key"]
    notes = {"notes": list(chain.notes)} if chain.notes else {}
    fits = bool(chain.keys) and bool(leaf.parsed.spki_sha256) and leaf.parsed.spki_sha256 in chain.keys
    if fits:
        message = f"The private key of {case.label(leaf)} is there ({leaf.parsed.key})."
        yield rules.KEY_PRESENT.observed(message, chain=chain, evidence=notes)
    elif not strays and not unopened:
        what = _KEYLESS.get(chain.container, "No private key came along")
        message = f"{what}; the gateway needs the one that belongs to {case.label(leaf)}."
        fix = partial(remedy.certificates.exported_again, chain, "AES256_SHA256")
        yield rules.KEY_MISSING.observed(message, chain.container, chain=chain, fix=fix, evidence=notes)
    for fault in unopened:
        yield rules.KEY_UNREADABLE.observed(fault.message, chain=chain, evidence=notes)
    for key in strays:
        yield _stray(case, chain, key, needed=not fits and not unopened)
    for owner in (owners[key] for key in chain.keys if key in owners):
        if owner.parsed.is_ca and owner != leaf:
            message = f"The private key of the CA {owner.parsed.label} came along: it belongs on no gateway."
            yield rules.CA_KEY.observed(message, chain=chain, certificate=owner)


def _stray(case: Case, chain: Chain, key: str, *, needed: bool) -> Observation:
    """A key without a certificate: fatal where the leaf's own is not there, else a left-over."""
    leaf = chain.leaf_certificate
    label = case.label(leaf)
    evidence = {"key": key, "certificate_key": leaf.parsed.spki_sha256}
    if not needed:
        message = f"A private key came along that belongs neither to {label} nor to any other certificate."
        return rules.KEY_MISMATCH.observed(
            message, "stray", chain=chain, fix="Remove that key from the file.", evidence=evidence
        )
    message = (
        f"The private key does not belong to {label}: the certificate's public key begins "
        f"{leaf.parsed.spki_sha256[:16] or '(unreadable)'}, that of the private key {key[:16]} (SHA-256)."
    )
    return rules.KEY_MISMATCH.observed(
        message, chain=chain, fix=partial(remedy.certificates.keyed, case, chain), evidence=evidence
    )


def _files(case: Case, chain: Chain, path: tuple[Certificate, ...]) -> Iterator[Observation]:
    """What cannot be read, and where OpenSSL, with which most gateways load their file, reads it otherwise."""
    leaf = chain.leaf_certificate
    said = {digest for fault in chain.faults if fault.kind == "certificate" for digest in fault.certificates}
    for fault in chain.faults:
        if fault.kind == "certificate":
            yield rules.UNREADABLE.observed(fault.message, chain=chain)
        elif fault.kind == "refused":
            message = f"{fault.message} A gateway that uses it does not start with this file."
            yield rules.IRREGULAR_PEM.observed(
                message, "refused", chain=chain, fix=partial(remedy.certificates.sent_again, case, chain)
            )
        elif fault.kind == "passed-over":
            yield _passed_over(case, chain, path, fault)
        elif fault.kind == "several":
            fix = partial(remedy.certificates.sent_again, case, chain)
            yield rules.SEVERAL_LEAVES.observed(
                fault.message, chain=chain, fix=fix, evidence={"leaves": list(fault.certificates)}
            )
    for index, certificate in enumerate(chain.certificates, 1):
        if certificate.parsed.error and certificate != leaf and certificate.sha256 not in said:
            message = f"Certificate {index} of those that came along cannot be read: {certificate.parsed.error}."
            yield rules.UNREADABLE.observed(message, chain=chain, certificate=certificate)


def _passed_over(case: Case, chain: Chain, path: tuple[Certificate, ...], fault: Fault) -> Observation:
    """OpenSSL loads the file without some certificates: without the leaf it takes another for the gateway's own, which
    the private key then does not fit; without an intermediate the gateway sends less than was judged."""
    leaf, lost = chain.leaf_certificate, set(fault.certificates)
    needed = [
        certificate.parsed.label
        for certificate in path
        if certificate.sha256 in lost and not certificate.parsed.self_issued
    ]
    if leaf.sha256 in lost:
        more, variant = "It takes another for the gateway's own, and refuses the private key.", "refused"
    elif needed:
        more, variant = f"A gateway that uses it sends its chain without {' and '.join(needed)}.", ""
    else:
        more, variant = "The chain does not need it.", "unused"
    fix = partial(remedy.certificates.sent_again, case, chain)
    return rules.IRREGULAR_PEM.observed(f"{fault.message} {more}", variant, chain=chain, fix=fix)


def _encryption(chain: Chain) -> Iterator[Observation]:
    """Old algorithms are refused by new systems and new ones by old systems; each name stands on one side only."""
    outdated, weak, modern = (
        [name for name in chain.encryption if name.startswith(starts)] for starts in (OUTDATED, WEAK, MODERN)
    )
    if outdated:
        message = f"The PFX is encrypted with {', '.join((*outdated, *weak))}: {_refused_by(outdated)}."
        yield rules.LEGACY.observed(
            message, chain=chain, fix=partial(remedy.certificates.exported_again, chain, "AES256_SHA256")
        )
    elif weak:
        message = (
            f"The PFX is encrypted with {', '.join(weak)}: most systems open it, those in FIPS mode do not, "
            "and a short password can be guessed."
        )
        yield rules.LEGACY.observed(
            message, "weak", chain=chain, fix=partial(remedy.certificates.exported_again, chain, "AES256_SHA256")
        )
    if modern:
        message = f"The PFX is encrypted with {', '.join(modern)}: {_refused_by(modern)}."
        yield rules.MODERN.observed(
            message, chain=chain, fix=partial(remedy.certificates.exported_again, chain, "TripleDES_SHA1")
        )


def _refused_by(names: list[str]) -> str:
    return "; ".join(map(str, refusing(names)))


def _order(case: Case, chain: Chain, path: tuple[Certificate, ...]) -> Iterator[Observation]:
    """Leaf first, then upwards along the judged path. Strangers in between have their own finding."""
    position = {certificate: index for index, certificate in reversed(list(enumerate(chain.certificates)))}
    there = [position[certificate] for certificate in path if certificate in position]
    if chain.leaf == 0 and there == sorted(there):
        return
    names = ", ".join(certificate.parsed.label for certificate in chain.certificates)
    right = ", ".join(chain.certificates[index].parsed.label for index in there)
    message = f"The certificates came in the order {names}; leaf first and each followed by its issuer is {right}."
    yield rules.ORDER.observed(message, chain=chain, fix=partial(remedy.certificates.sent_again, case, chain))


def _no_leaf(case: Case, chain: Chain) -> Iterator[Observation]:
    """Whatever else holds of a file of nothing but CA certificates: it says nothing of the gateway's own."""
    if not case.leaves(chain):
        message = (
            f"{chain.leaf_certificate.parsed.label} is the certificate of a CA, and there is no certificate of a "
            "gateway: CA certificates alone are nothing that a gateway can present."
        )
        yield rules.NO_LEAF.observed(message, chain=chain)


def _leaves(case: Case, chain: Chain, others: tuple[Certificate, ...]) -> Iterator[Observation]:
    if others:
        judged, *beside = told_apart((chain.leaf_certificate, *others))
        message = f"Besides {judged}, which is judged, there is also {', '.join(beside)}."
        yield rules.SEVERAL_LEAVES.observed(
            message, chain=chain, fix=partial(remedy.certificates.sent_again, case, chain)
        )


def _several(case: Case) -> Iterator[Observation]:
    """Several end-entity certificates of which no private key chose one."""
    filed = [chain for chain in case.chains if chain.container != "tls"]
    if len(filed) > 1 and not any(chain.keys for chain in filed):
        leaves = [chain.leaf_certificate for chain in filed]
        names = listed([case.label(certificate) for certificate in leaves])
        message = f"There are {len(leaves)} end-entity certificates, each judged as a chain of its own: {names}."
        fix = partial(remedy.certificates.sent_again, case, filed[0])
        yield rules.SEVERAL_LEAVES.observed(
            message, fix=fix, evidence={"leaves": [certificate.sha256 for certificate in leaves]}
        )


def _root_included(case: Case, chain: Chain, roots: tuple[Certificate, ...]) -> Iterator[Observation]:
    for root in roots:
        if chain.container == "tls":
            message = f"The root {root.parsed.label} was sent along, and need not be."
            fix = partial(remedy.certificates.sent_again, case, chain)
            yield rules.ROOT_INCLUDED.observed(message, "wire", chain=chain, certificate=root, fix=fix)
        else:
            message = f"The file also holds the root {root.parsed.label}, which a gateway need not send."
            yield rules.ROOT_INCLUDED.observed(message, "file", chain=chain, certificate=root)


def _unrelated(case: Case, chain: Chain, unrelated: frozenset[str]) -> Iterator[Observation]:
    for certificate, count in Counter(chain.certificates).items():
        label = certificate.parsed.label if certificate.parsed.x509 else "that cannot be read"
        if certificate.sha256 in unrelated:
            message = f"The certificate {label} has no part in the chain of {chain.leaf_certificate.parsed.label}."
            fix = partial(remedy.certificates.sent_again, case, chain)
            yield rules.UNRELATED.observed(message, chain=chain, certificate=certificate, fix=fix)
        if count > 1:
            message = f"The certificate {label} was sent {count} times."
            fix = partial(remedy.certificates.sent_again, case, chain, "Send it once.")
            yield rules.UNRELATED.observed(message, chain=chain, certificate=certificate, fix=fix)


def _roots(chain: Chain) -> tuple[Certificate, ...]:
    """Self-signed CAs besides the leaf, once each."""
    return tuple(
        certificate
        for certificate in dict.fromkeys(chain.certificates)
        if certificate != chain.leaf_certificate
        and certificate.parsed.self_issued
        and ca_like(certificate)
        and _own_key(certificate)
    )


def _own_key(certificate: Certificate) -> bool:
    """Whether the key identifiers let it be self-signed: a key roll-over certificate names another key."""
    theirs, own = certificate.parsed.authority_key_id, certificate.parsed.subject_key_id
    return theirs is None or own is None or theirs == own
