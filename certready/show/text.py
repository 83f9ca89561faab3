"""An inventory for people: containers, certificates, and who issued whom."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from certready.bundle.ciphers import Cipher
from certready.bundle.contents import Entry
from certready.exchange.matching import satisfiable
from certready.remedy.dotnet import thumbprint, tls_certificate_name
from certready.render.layout import Line, hanging, listed_shortened
from certready.show.contents import KINDS, Container, Shown, unreadable
from certready.show.pick import Pick, binding
from certready.show.tree import tree
from certready.wording import counted
from certready.x509.certificate import Certificate
from certready.x509.unreadable import readable

_USAGES = {
    "1.3.6.1.5.5.7.3.1": "server",
    "1.3.6.1.5.5.7.3.2": "client",
    "1.3.6.1.5.5.7.3.3": "code signing",
    "1.3.6.1.5.5.7.3.4": "e-mail",
    "1.3.6.1.5.5.7.3.8": "time stamps",
    "1.3.6.1.5.5.7.3.9": "OCSP signing",
    "2.5.29.37.0": "any",
}
_NAMES = 100
_LABEL = 16


def lines(shown: Shown, width: int | None) -> Iterator[Line]:
    """The inventory as lines; ``width`` None: none of them wrapped."""
    labels = {certificate.sha256: certificate.parsed.label for certificate in shown.certificates}
    labels |= {certificate.parsed.spki_sha256: certificate.parsed.label for certificate in reversed(shown.certificates)}
    for container in shown.containers:
        yield from _container(container, labels, width)
        yield ()
    for _, reason in shown.unread:
        yield from hanging((("", ""),), reason, "warn", width, 4)
        yield ()
    for certificate in shown.certificates:
        yield from _certificate(certificate, shown, width)
        yield ()
    for endpoint in shown.endpoints:
        if endpoint.error:
            yield from hanging(((f"{endpoint.address}:{endpoint.port} ", "bold"),), endpoint.error, "warn", width, 4)
    if len(shown.certificates) > 1:
        yield (("Chain", "bold"),)
        for depth, certificate in tree(shown.certificates):
            yield from _branch(depth, certificate, width)
    if shown.pick:
        yield ()
        yield from _pick(shown.pick, width)


def _pick(pick: Pick, width: int | None) -> Iterator[Line]:
    """Which certificate Exchange Server takes, by which steps, and what to type so that it is the right one."""
    yield from hanging((), pick.answer, "bold", width, 2)
    for step in pick.steps:
        yield from hanging((("  - ", "dim"),), f"{step.text} ({step.confidence})", "", width, 4)
    for source in dict.fromkeys(step.source for step in pick.steps if step.source):
        yield from hanging((("  Source: ", "dim"),), source, "dim", width, 4)
    if not pick.bind:
        return
    yield from hanging((("  ", ""),), f"Bind {thumbprint(pick.bind)} by TlsCertificateName:", "", width, 4)
    yield from ((("    ", ""), (line, "")) for line in binding(pick))
    if pick.rival:
        text = (
            "Another certificate here has the same issuer and subject, so the name does not tell them apart: export "
            "and remove the other."
        )
        yield from hanging((("  ", ""),), text, "warn", width, 4)


def _branch(depth: int, certificate: Certificate, width: int | None) -> Iterator[Line]:
    parsed = certificate.parsed
    missing = "" if depth or parsed.self_issued or parsed.error else f"  (its issuer {parsed.issuer} is not here)"
    indent = 2 + 2 * depth
    text = "(unreadable)" if parsed.error else f"{parsed.label}{missing}"
    yield from hanging(((" " * indent, ""),), text, "", width, indent + 2)


def _container(container: Container, labels: dict[str, str], width: int | None) -> Iterator[Line]:
    yield ((container.name, "bold"), (f": {_protected(container)}", ""))
    for entry in container.entries:
        yield from hanging((("  ", ""),), _entry(entry, labels), "", width, 4)
    for importer in container.cannot_import:
        text = f"{importer.system} cannot import it: {importer.reason} ({importer.confidence}; {importer.source})."
        yield from hanging((("  ", ""),), text, "warn", width, 4)
    for remark in container.remarks:
        yield from hanging((("  ", ""),), remark, "warn", width, 4)


def _protected(container: Container) -> str:
    kind = KINDS[container.kind]
    if container.kind != "pfx":
        return f"{kind}, {counted(len(container.entries), 'entry', 'entries')}"
    ciphers = ", ".join(map(_rounds, container.ciphers)) or "nothing"
    mac = _rounds(container.mac).removeprefix("MAC ") if container.mac else "none"
    return f"{kind}, encrypted with {ciphers}; MAC {mac}"


def _rounds(cipher: Cipher) -> str:
    return f"{cipher.name} ({counted(cipher.rounds, 'round')})"


def _entry(entry: Entry, labels: dict[str, str]) -> str:
    text = {"certificate": "certificate", "key": "private key", "crl": "revocation list", "secret": "secret"}[
        entry.kind
    ]
    if entry.digest:
        text += f" of {labels[entry.digest]}" if entry.digest in labels else " that belongs to no certificate here"
    elif entry.kind in ("certificate", "key"):
        text += " that cannot be opened"
    details = (
        ("friendly name", entry.friendly_name),
        ("local key id", entry.local_key_id),
        ("provider", entry.provider),
        ("key spec", entry.key_spec),
        ("services", entry.services),
        ("status", entry.status),
        ("private key in the store:", {True: "yes", False: "no", None: ""}[entry.has_private_key]),
    )
    return "; ".join((text, *(f"{name} {value}" for name, value in details if value)))


def _certificate(certificate: Certificate, shown: Shown, width: int | None) -> Iterator[Line]:
    parsed = certificate.parsed
    yield ((parsed.label if not parsed.error else "A certificate that cannot be read", "bold"),)
    for label, value in _rows(certificate, shown):
        if value:
            yield from hanging(((f"  {label:<{_LABEL}}", "dim"),), value, "", width, _LABEL + 2)


def _rows(certificate: Certificate, shown: Shown) -> Iterable[tuple[str, str]]:
    parsed = certificate.parsed
    yield "thumbprint", thumbprint(certificate)
    yield "SHA-256", certificate.sha256
    yield from (("cannot be read", clause) for clause in unreadable(parsed))
    if parsed.error:
        return
    yield "subject", parsed.subject or "(empty)"
    yield "issuer", parsed.issuer
    yield "serial", f"{parsed.serial:x}"
    if not parsed.dates_unreadable:
        yield "valid", f"{_moment(parsed.not_before)} to {_moment(parsed.not_after)} UTC"
    yield "key", str(parsed.key)
    yield "names", listed_shortened((*parsed.names, *parsed.ip_names), _NAMES)
    yield (
        "usages",
        ", ".join(f"{_USAGES[oid]} ({oid})" if oid in _USAGES else oid for oid in readable(parsed.ekus) or ()),
    )
    yield "CRL", " ".join(parsed.crl_urls)
    yield "OCSP", " ".join(parsed.ocsp_urls)
    yield "issuer from", " ".join(parsed.ca_issuer_urls)
    if not parsed.is_ca:
        yield "private key", "is here" if parsed.spki_sha256 in shown.keys else "is not here"
        yield "Exchange name", tls_certificate_name(certificate) or ""
        yield "meets", listed_shortened(satisfiable(parsed.names), _NAMES)


def _moment(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M")
