"""Name constraints: the names a CA may issue for (RFC 5280, 4.2.1.10 and 6.1.3 b, c)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.x509.oid import NameOID

from certready.exchange.matching import dns_names
from certready.wording import listed
from certready.x509.certificate import Certificate
from certready.x509.unreadable import readable

MAX_COMPARISONS = 20_000
MAX_SHOWN = 3  # names in one sentence

# An issuer with constraints, the constraints, and whom they bind: all below but self-issued intermediates.
Constrained = tuple[Certificate, x509.NameConstraints, tuple[Certificate, ...]]


def of(path: tuple[Certificate, ...]) -> list[Constrained]:
    """The name constraints of a path that can be read; what cannot be is said by ``lint``."""
    limited = [
        (index, issuer, limits)
        for index, issuer in enumerate(path)
        if index and (limits := readable(issuer.parsed.extension(x509.NameConstraints)))
    ]
    return [
        (
            issuer,
            limits,
            tuple(
                certificate
                for certificate in path[:index]
                if certificate is path[0] or not certificate.parsed.self_issued
            ),
        )
        for index, issuer, limits in limited
    ]


def comparisons(path: tuple[Certificate, ...], constrained: Sequence[Constrained]) -> int:
    """How many comparisons ``violations`` makes at most."""
    return sum(
        len(_permitted(limits) + _excluded(limits))
        * sum(len(names(certificate, leaf=certificate is path[0])) for certificate in below)
        for _, limits, below in constrained
    )


def violations(path: tuple[Certificate, ...], constrained: Sequence[Constrained]) -> Iterator[tuple[Certificate, str]]:
    """Every certificate with names that an issuer above it may not issue for, and a sentence about those names."""
    for issuer, limits, below in constrained:
        permitted, excluded = _permitted(limits), _excluded(limits)
        for certificate in below:
            bad: dict[str, list[str]] = {}
            for name in names(certificate, leaf=certificate is path[0]):
                trouble = _trouble(name, permitted, excluded)
                if trouble:
                    bad.setdefault(trouble, []).append(shown(name))
            for trouble, several in bad.items():
                names_listed = listed(several, MAX_SHOWN)
                yield certificate, f"The name constraints of {issuer.parsed.label} {trouble} {names_listed}."


def excluded_names(path: tuple[Certificate, ...]) -> tuple[str, ...]:
    """The CNs of a leaf that an issuer above it may not issue for, though none is refused for it: a CN is only checked
    where there is no DNS name (RFC 5280, 4.2.1.10), and whoever compares it all the same has nobody's word for it."""
    leaf = path[0].parsed
    aside = [name for name in leaf.common_names if name not in leaf.dns_names]
    hosts = _hosts(aside) if leaf.dns_names else ()
    limits = [(_permitted(limits), _excluded(limits)) for _, limits, _ in of(path)] if hosts else []
    return tuple(host for host in hosts if any(_trouble(x509.DNSName(host), *each) for each in limits))


def _hosts(common_names: Iterable[str]) -> tuple[str, ...]:
    """Those CNs that are host names or wildcards over one: an IP address, or words, are none."""
    return tuple(name for name in common_names if "." in name and dns_names((name,)))


def _permitted(limits: x509.NameConstraints) -> list[x509.GeneralName]:
    return list(limits.permitted_subtrees or ())


def _excluded(limits: x509.NameConstraints) -> list[x509.GeneralName]:
    return list(limits.excluded_subtrees or ())


def names(certificate: Certificate, *, leaf: bool) -> tuple[x509.GeneralName, ...]:
    """Every name constraints bind: the alternative names, the subject, its e-mail addresses where no alternative name
    has one, and, in a leaf without DNS names, a CN that looks like a host, because it is used as one."""
    parsed = certificate.parsed
    alternative = readable(parsed.extension(x509.SubjectAlternativeName))
    general_names: list[x509.GeneralName] = list(alternative or ())
    if parsed.subject_name and parsed.subject:
        general_names.append(x509.DirectoryName(parsed.subject_name))
        if not any(isinstance(name, x509.RFC822Name) for name in general_names):
            mails = parsed.subject_name.get_attributes_for_oid(NameOID.EMAIL_ADDRESS)
            general_names += [x509.RFC822Name(str(mail.value)) for mail in mails if str(mail.value).isascii()]
    if leaf and not parsed.dns_names:
        general_names += [x509.DNSName(name) for name in _hosts(parsed.common_names)]
    return tuple(general_names)


def _trouble(name: x509.GeneralName, permitted: list[x509.GeneralName], excluded: list[x509.GeneralName]) -> str | None:
    """What forbids the name: excluded by one subtree, or in none of those permitted for names of its form."""
    if any(_within(name, subtree, excluding=True) for subtree in excluded if type(subtree) is type(name)):
        return "exclude"
    same_form = [subtree for subtree in permitted if type(subtree) is type(name)]
    if same_form and not any(_within(name, subtree, excluding=False) for subtree in same_form):
        return "do not permit"
    return None


def _within(name: x509.GeneralName, subtree: x509.GeneralName, *, excluding: bool) -> bool:
    match name, subtree:
        case x509.DNSName(), x509.DNSName():
            return _within_domain(name.value, subtree.value, excluding=excluding)
        case x509.IPAddress(), x509.IPAddress():
            # In a constraint the value is a network; membership is False between the families.
            return name.value in subtree.value  # type: ignore[operator]
        case x509.DirectoryName(), x509.DirectoryName():
            above, whole = _relative(subtree.value), _relative(name.value)
            return whole[: len(above)] == above
        case x509.RFC822Name(), x509.RFC822Name():
            return _within_mailbox(name.value, subtree.value)
        case x509.UniformResourceIdentifier(), x509.UniformResourceIdentifier():
            return _within_host(_host(name.value), subtree.value)
        case _:
            return excluding  # a form that cannot be compared: neither permitted nor not excluded


def _within_domain(name: str, subtree: str, *, excluding: bool) -> bool:
    """Labels added on the left stay inside; a wildcard is excluded as soon as it could stand for an excluded name."""
    host, domain = name.lower().rstrip("."), subtree.lower().rstrip(".")
    if domain.startswith("."):
        return host.endswith(domain)
    if not domain or host == domain or host.endswith("." + domain):
        return True
    return excluding and host.startswith("*.") and domain.partition(".")[2] == host[2:]


def _within_mailbox(name: str, subtree: str) -> bool:
    local, _, host = name.rpartition("@")
    if "@" in subtree:
        wanted, _, domain = subtree.rpartition("@")
        return (local, host.lower()) == (wanted, domain.lower())
    return _within_host(host, subtree)


def _within_host(host: str, subtree: str) -> bool:
    """``.example.com`` stands for every host below, ``example.com`` for that host alone."""
    if subtree.startswith("."):
        return host.lower().endswith(subtree.lower())
    return host.lower() == subtree.lower()


def _host(uri: str) -> str:
    try:
        return urlsplit(uri).hostname or ""
    except ValueError:
        return ""


def _relative(name: x509.Name) -> list[frozenset[tuple[str, str]]]:
    """The RDNs with values folded as RFC 5280, 7.1 compares them: case and runs of white space do not count."""
    return [
        frozenset((part.oid.dotted_string, " ".join(str(part.value).casefold().split())) for part in relative)
        for relative in name.rdns
    ]


def shown(name: x509.GeneralName) -> str:
    """The name for a message."""
    value = getattr(name, "value", "")
    return value.rfc4514_string() if isinstance(value, x509.Name) else str(value)[:200]
