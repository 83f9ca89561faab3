"""Which connector value which certificate name satisfies, and by which rule.

Exchange Online compares TlsSenderCertificateName (inbound) and TlsDomain (outbound) with the subject's CN and with the
DNS names of the subject alternative name. The comparison itself is documented in pieces only: what follows from a
document counts as certain, what is only inferred, or where documents disagree, as ``uncertain``.
Sources: New-InboundConnector, Set-InboundConnector, New-OutboundConnector (ExchangePowerShell reference), Exchange Team
"Office 365 Message Attribution"; host names as in RFC 9525, A-labels as in RFC 5890 and UTS #46.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import NamedTuple

from msgspec import Struct

from certready.exchange.domains import a_label, ancestors, parent, quoted, registrable, under
from certready.model.connector import MatchKind

__all__ = [
    "KINDS",
    "NO_MATCH",
    "SATISFIABLE",
    "Match",
    "Value",
    "a_label",
    "ancestors",
    "closeness",
    "covers",
    "dns_names",
    "is_dns_name",
    "match",
    "nearest",
    "parent",
    "parse_value",
    "quoted",
    "registrable",
    "satisfiable",
    "under",
]

KINDS: tuple[MatchKind, ...] = ("exact", "wildcard-value", "apex", "wildcard-certificate", "deep", "none")
SATISFIABLE = 20

_ISSUER_SUBJECT = re.compile(r"(?:<I>(?P<issuer>[^<>]*))?<S>(?P<subject>[^<>]*)\Z", re.IGNORECASE)
_COMMON_NAME = re.compile(r"(?:\A|[,;+])\s*CN\s*=\s*(\"[^\"]*\"|[^,;+]*)", re.IGNORECASE)


class Value(Struct, frozen=True):
    """A connector value, normalised: ``contoso.com``, or with ``wildcard`` ``*.contoso.com``.

    ``domain`` is a lower-case A-label name without the wildcard label. ``issuer`` is the issuer that a value of the
    form ``<I>issuer<S>subject`` also asks for (the parameter's type TlsCertificate allows it); it is not compared here.
    """

    domain: str
    wildcard: bool = False
    issuer: str | None = None

    def __str__(self) -> str:
        return f"*.{self.domain}" if self.wildcard else self.domain


class Match(Struct, frozen=True):
    """How a value was met: the contract's match kind, the certificate's name as written there (None for ``none``), and
    whether the rule behind it is only inferred or disputed. ``plain`` is False for a name that is not plain ASCII and
    would meet the value only if it were mapped as browsers map what is typed (UTS #46)."""

    kind: MatchKind
    name: str | None = None
    uncertain: bool = False
    plain: bool = True

    @property
    def rank(self) -> int:
        """0 is best: exact, wildcard-value, apex, then what is uncertain in the order of ``KINDS``, then what is not
        plain, then none."""
        worse = 3 if self.kind == "none" else 2 if not self.plain else int(self.uncertain)
        return KINDS.index(self.kind) + worse * len(KINDS)


NO_MATCH = Match("none")


@lru_cache(maxsize=4096)
def parse_value(text: str) -> Value:
    """A TlsSenderCertificateName or TlsDomain as a Value; white space around it is dropped.

    Raises:
        ValueError: with one sentence, where it is malformed. A wildcard is only the whole left-most label, over a
            domain of at least two labels (New-InboundConnector refuses ``domain.*.contoso.com``).
    """
    text = text.strip()
    if "<" in text or ">" in text:
        return _issuer_and_subject(text)
    value = _plain_or_wildcard(text)
    if value is None:
        raise ValueError(next(sentence for applies, sentence in _reasons(text) if applies))
    return value


def match(value: Value, names: Iterable[str]) -> Match:
    """The best match of a value among a certificate's names (CNs and DNS names, as written there).

    Names that are no DNS names, IP addresses among them, match nothing; nothing is compared by substring. A name that
    is not plain ASCII is never mapped and then taken for another: what it would meet so is uncertain, and not plain.

    ========== ================================= ======================================
    value      certificate name                  match
    ========== ================================= ======================================
    ``P``      ``P``                             exact
    ``a.P``    ``*.P``                           wildcard-certificate, uncertain
    ``P``      ``*.P``                           apex, uncertain
    ``*.P``    ``*.P``                           exact
    ``*.P``    ``a.P``                           wildcard-value
    ``*.P``    ``P``                             apex ("domain and all subdomains")
    ``*.P``    ``a.b.P``, ``*.a.P``              deep, uncertain (documents disagree)
    ========== ================================= ======================================
    """
    return _match(value, tuple(names))


@lru_cache(maxsize=4096)
def _match(value: Value, names: tuple[str, ...]) -> Match:
    placed = _sorted(names)
    near = placed.under(value.domain) if value.wildcard else placed.at(parent(value.domain))
    best = NO_MATCH
    for _, name, presented in sorted((*placed.at(value.domain), *near)):
        comparison = _compare(value, presented)
        if comparison:
            plain = name.isascii()
            candidate = Match(comparison[0], name, comparison[1] or not plain, plain)
            best = min(best, candidate, key=lambda candidate: candidate.rank)
    return best


def covers(names: Iterable[str], hostname: str) -> str | None:
    """The certificate name that covers this host, as written, or None.

    A wildcard is the whole left-most label and stands for exactly one (RFC 9525, 6.3); an IP address is never covered.
    The CN counts beside the DNS names, as gateway vendors ask for "CN or SAN". A literal name wins over a wildcard.
    """
    host = a_label(hostname)
    if host is None:
        return None
    wildcard: str | None = None
    literal = Value(host)
    for name in names:
        presented = _presented(name)
        if presented == literal:
            return name
        if wildcard is None and presented and presented.wildcard and parent(host) == presented.domain:
            wildcard = name
    return wildcard


def satisfiable(names: Iterable[str]) -> tuple[str, ...]:
    """Connector values these certificate names satisfy with certainty, at most 20: each name of two labels or more, and
    the wildcard over a host's parent (over the name itself where it is a domain right under a public suffix)."""
    values: dict[str, None] = {}
    for presented in filter(None, map(_presented, names)):
        above = parent(presented.domain)
        if above:
            values[str(presented)] = None
        if above and not presented.wildcard:
            values[f"*.{above}" if registrable(above) else f"*.{presented.domain}"] = None
        if len(values) >= SATISFIABLE:
            break
    return tuple(values)[:SATISFIABLE]


def nearest(value: Value, names: Iterable[str]) -> str | None:
    """The certificate name that shares most labels with the value from the right, at least two; else None."""
    shared, name = _nearest(value, names)
    return name if shared >= 2 else None


def closeness(value: Value, names: Iterable[str]) -> int:
    """How many labels from the right the value shares with the nearest of these names."""
    return _nearest(value, names)[0]


def _nearest(value: Value, names: Iterable[str]) -> tuple[int, str | None]:
    """How many labels a value shares with the nearest plain name, and that name, the first of several."""
    sorted_names = _sorted(tuple(names))
    for domain in (value.domain, *ancestors(value.domain)):
        near = (*sorted_names.at(domain), *sorted_names.under(domain))
        first = min((placed for placed in near if placed.name.isascii()), default=None)
        if first:
            return domain.count(".") + 1, first.name
    return 0, None


def dns_names(names: Iterable[str]) -> tuple[str, ...]:
    """Those of a certificate's names that are DNS names or wildcards over one, normalised, each once."""
    placed = sorted(name for name in _sorted(tuple(names)).names if name.name.isascii())
    return tuple(dict.fromkeys(str(placed.value) for placed in placed))


def is_dns_name(name: str) -> bool:
    """Whether a certificate's name is a plain DNS name or a wildcard over one."""
    return _presented(name) is not None


class _Placed(NamedTuple):
    """A name of a certificate, its value, and its position among the names, from 0."""

    place: int
    name: str
    value: Value


class _Sorted(Struct, frozen=True):
    """The DNS names of a certificate by their reversed domains: what lies under a domain stands together, so that each
    of many connector values is compared with the names near it alone."""

    keys: list[str]
    names: list[_Placed]

    def at(self, domain: str) -> list[_Placed]:
        """The names, and wildcards, of this very domain."""
        key = domain[::-1]
        return self.names[bisect_left(self.keys, key) : bisect_right(self.keys, key)]

    def under(self, domain: str) -> list[_Placed]:
        """The names of every domain under this one."""
        key = domain[::-1]
        return self.names[bisect_left(self.keys, f"{key}.") : bisect_left(self.keys, f"{key}/")]  # / follows .


@lru_cache(maxsize=512)
def _sorted(names: tuple[str, ...]) -> _Sorted:
    # A name that is not plain ASCII is placed as what it would be if it were mapped.
    read = (
        (place, name, _presented(name) or (None if name.isascii() else _plain_or_wildcard(name)))
        for place, name in enumerate(names)
    )
    placed = [_Placed(place, name, value) for place, name, value in read if value]
    placed.sort(key=lambda name: name.value.domain[::-1])
    return _Sorted([name.value.domain[::-1] for name in placed], placed)


@lru_cache(maxsize=4096)
def _presented(name: str) -> Value | None:
    """A name out of a certificate: the same grammar as a value, but nothing around it is forgiven, and nothing in it
    is mapped: a certificate carries A-labels (RFC 5280, 7.2)."""
    return _plain_or_wildcard(name) if name.isascii() else None


def _plain_or_wildcard(text: str) -> Value | None:
    wildcard = text.startswith("*.")
    domain = a_label(text[2:] if wildcard else text)
    if domain is None or (wildcard and "." not in domain):
        return None
    return Value(domain, wildcard)


def _compare(value: Value, name: Value) -> tuple[MatchKind, bool] | None:
    """The kind and whether it is uncertain, for one name; None where it does not match."""
    if value.wildcard:
        return _compare_wildcard(value.domain, name)
    if value.domain == name.domain:
        return ("apex", True) if name.wildcard else ("exact", False)
    if name.wildcard and parent(value.domain) == name.domain:
        return "wildcard-certificate", True
    return None


def _compare_wildcard(domain: str, name: Value) -> tuple[MatchKind, bool] | None:
    if name.domain == domain:
        return ("exact", False) if name.wildcard else ("apex", False)
    if not under(name.domain, domain):
        return None
    if not name.wildcard and parent(name.domain) == domain:
        return "wildcard-value", False
    return "deep", True


def _issuer_and_subject(text: str) -> Value:
    """A value ``<I>issuer<S>subject``: the subject's CN is the name, the issuer is kept and not compared."""
    parts = _ISSUER_SUBJECT.match(text)
    names = _COMMON_NAME.findall(parts["subject"]) if parts else ()
    value = _plain_or_wildcard(names[0].strip().strip('"')) if names else None
    if parts is None or value is None:
        raise ValueError(
            f"{quoted(text)} is not a connector value: in the form <I>issuer<S>subject the subject needs a CN "
            "that is a domain name."
        )
    return Value(value.domain, value.wildcard, (parts["issuer"] or "").strip() or None)


def _reasons(text: str) -> Iterator[tuple[bool, str]]:
    shown = quoted(text)
    yield not text, "The connector value is empty; it is a domain such as contoso.com or *.contoso.com."
    yield (
        text == "*",
        "'*' alone is not a connector value: it names no domain; write *.contoso.com for one domain's hosts.",
    )
    single = text.startswith("*.") and a_label(text[2:]) is not None  # over two labels it would be a value
    yield single, f"{shown} stands for a whole top-level domain, which no connector value may; write *.contoso.com."
    yield "*" in text, f"{shown} is malformed: a wildcard is only the whole left-most label, as in *.contoso.com."
    yield _is_address(text), f"{shown} is an IP address; a connector value is a domain such as contoso.com."
    yield "@" in text or "://" in text, f"{shown} is an address or URL; a connector value is the bare domain."
    yield True, f"{shown} is not a domain name; a connector value is one such as contoso.com or *.contoso.com."


def _is_address(text: str) -> bool:
    import ipaddress

    try:
        ipaddress.ip_address(text.strip("[]"))
    except ValueError:
        return False
    return True
