"""Which connector value which certificate name satisfies, and by which rule.

Exchange Online compares TlsSenderCertificateName (inbound) and TlsDomain (outbound) with the subject's CN and with the
DNS names of the subject alternative name. The comparison itself is documented in pieces only: what follows from a
document counts as certain, what is only inferred, or where documents disagree, as ``uncertain``.
Sources: New-InboundConnector, Set-InboundConnector, New-OutboundConnector (ExchangePowerShell reference), Exchange Team
"Office 365 Message Attribution"; host names as in RFC 9525, A-labels as in RFC 5890 and UTS #46.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import NamedTuple

from certready.model.connector import MatchKind

KINDS: tuple[MatchKind, ...] = ("exact", "wildcard-value", "apex", "wildcard-certificate", "deep", "none")
MAX_NAME = 253  # octets of a DNS name in text form, without the trailing dot (RFC 1035, 2.3.4)
SATISFIABLE = 20

_HOST_NAME = re.compile(r"(?:(?!-)[a-z0-9_-]{1,63}(?<!-)\.)*(?!-)(?![0-9]+\Z)[a-z0-9_-]{1,63}(?<!-)\Z")
_ISSUER_SUBJECT = re.compile(r"(?:<I>(?P<issuer>[^<>]*))?<S>(?P<subject>[^<>]*)\Z", re.IGNORECASE)
_COMMON_NAME = re.compile(r"(?:\A|[,;+])\s*CN\s*=\s*(\"[^\"]*\"|[^,;+]*)", re.IGNORECASE)
# Second-level labels under which country registries sell names: "*.co.uk" is nobody's connector value.
_REGISTRY_LABELS = frozenset(
    {"ac", "co", "com", "edu", "go", "gov", "gv", "ltd", "ne", "net", "nom", "or", "org", "plc"}
)


class Value(NamedTuple):
    """A connector value, normalised: ``contoso.com``, or with ``wildcard`` ``*.contoso.com``.

    ``domain`` is a lower-case A-label name without the wildcard label. ``issuer`` is the issuer that a value of the
    form ``<I>issuer<S>subject`` also asks for (the parameter's type TlsCertificate allows it); it is not compared here.
    """

    domain: str
    wildcard: bool = False
    issuer: str | None = None

    def __str__(self) -> str:
        return f"*.{self.domain}" if self.wildcard else self.domain


class Match(NamedTuple):
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


def a_label(name: str) -> str | None:
    """The name in lower-case A-labels without a trailing dot, or None where it is no host or domain name.

    Refused: empty labels, more than 63 octets in a label or 253 in all, spaces and other characters, a hyphen at the
    end of a label, and a last label of digits alone, which makes an IP address of it (RFC 1123, 2.1). An underscore is
    let through: DNS allows it (RFC 2181, 11), and Exchange compares text.
    """
    name = name.removesuffix(".")
    if not 0 < len(name) <= MAX_NAME:
        return None
    if not name.isascii():
        encoded = _idna(name)
        if encoded is None:
            return None
        name = encoded.removesuffix(".")
    name = name.lower()
    return name if len(name) <= MAX_NAME and _HOST_NAME.match(name) else None


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
        raise ValueError(_why_malformed(text))
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
    best = NO_MATCH
    for name in names:
        presented = _presented(name) or _mapped(name)
        found = _compare(value, presented) if presented else None
        if found:
            plain = name.isascii()
            candidate = Match(found[0], name, found[1] or not plain, plain)
            best = min(best, candidate, key=lambda one: one.rank)
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
    for name in names:
        presented = _presented(name)
        if presented == Value(host):
            return name
        if wildcard is None and presented and presented.wildcard and parent(host) == presented.domain:
            wildcard = name
    return wildcard


def satisfiable(names: Iterable[str]) -> tuple[str, ...]:
    """Connector values these certificate names satisfy with certainty, at most 20: each name of two labels or more, and
    the wildcard over a host's parent (over the name itself where it is a domain right under a public suffix)."""
    found: dict[str, None] = {}
    for presented in filter(None, map(_presented, names)):
        above = parent(presented.domain)
        if above:
            found[str(presented)] = None
        if above and not presented.wildcard:
            found[f"*.{above}" if registrable(above) else f"*.{presented.domain}"] = None
        if len(found) >= SATISFIABLE:
            break
    return tuple(found)[:SATISFIABLE]


def nearest(value: Value, names: Iterable[str]) -> str | None:
    """The certificate name that shares most labels with the value from the right, at least two; else None."""
    best: tuple[int, str] | None = None
    for name in names:
        presented = _presented(name)
        shared = shared_labels(value.domain, presented.domain) if presented else 0
        if shared >= 2 and (best is None or shared > best[0]):
            best = shared, name
    return best[1] if best else None


def closeness(value: Value, names: Iterable[str]) -> int:
    """How many labels from the right the value shares with the nearest of these names."""
    presented = filter(None, map(_presented, names))
    return max((shared_labels(value.domain, one.domain) for one in presented), default=0)


def shared_labels(one: str, other: str) -> int:
    """How many labels two normalised names have in common, counted from the right."""
    pairs = zip(reversed(one.split(".")), reversed(other.split(".")), strict=False)
    count = 0
    for left, right in pairs:
        if left != right:
            break
        count += 1
    return count


def parent(domain: str) -> str:
    """The name without its left-most label, "" for a single label."""
    return domain.partition(".")[2]


def under(domain: str, ancestor: str) -> bool:
    """Whether a normalised name lies strictly under another, label by label."""
    return domain.endswith(f".{ancestor}")


def registrable(domain: str) -> bool:
    """Whether a normalised name can be somebody's: two labels or more, and not such as ``co.uk``.

    A rule of thumb that saves carrying the public suffix list; it only shapes advice, never a verdict.
    """
    labels = domain.split(".")
    return len(labels) > 2 or (len(labels) == 2 and not (len(labels[1]) == 2 and labels[0] in _REGISTRY_LABELS))


def dns_names(names: Iterable[str]) -> tuple[str, ...]:
    """Those of a certificate's names that are DNS names or wildcards over one, normalised, each once."""
    return tuple(dict.fromkeys(str(one) for one in map(_presented, names) if one))


@lru_cache(maxsize=4096)
def _presented(name: str) -> Value | None:
    """A name out of a certificate: the same grammar as a value, but nothing around it is forgiven, and nothing in it
    is mapped: a certificate carries A-labels (RFC 5280, 7.2)."""
    return _plain_or_wildcard(name) if name.isascii() else None


def _mapped(name: str) -> Value | None:
    """What a name that is not plain ASCII would be if it were mapped; None for one that is."""
    return None if name.isascii() else _plain_or_wildcard(name)


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


def _idna(name: str) -> str | None:
    import idna

    try:
        return idna.encode(name, uts46=True).decode("ascii")
    except (ValueError, IndexError):  # IDNAError is a UnicodeError
        return None


def _issuer_and_subject(text: str) -> Value:
    """A value ``<I>issuer<S>subject``: the subject's CN is the name, the issuer is kept and not compared."""
    found = _ISSUER_SUBJECT.match(text)
    names = _COMMON_NAME.findall(found["subject"]) if found else ()
    value = _plain_or_wildcard(names[0].strip().strip('"')) if names else None
    if found is None or value is None:
        raise ValueError(
            f"{quoted(text)} is no connector value: in the form <I>issuer<S>subject the subject needs a CN "
            "that is a domain name."
        )
    return Value(value.domain, value.wildcard, (found["issuer"] or "").strip() or None)


def _why_malformed(text: str) -> str:
    return next(sentence for applies, sentence in _reasons(text) if applies)


def _reasons(text: str) -> Iterator[tuple[bool, str]]:
    shown = quoted(text)
    yield not text, "The connector value is empty; it is a domain such as contoso.com or *.contoso.com."
    yield (
        text == "*",
        "'*' alone is no connector value: it names no domain; write *.contoso.com for one domain's hosts.",
    )
    single = text.startswith("*.") and "." not in text[2:] and a_label(text[2:]) is not None
    yield single, f"{shown} stands for a whole top-level domain, which no connector value may; write *.contoso.com."
    yield "*" in text, f"{shown} is malformed: a wildcard is only the whole left-most label, as in *.contoso.com."
    yield _is_address(text), f"{shown} is an IP address; a connector value is a domain such as contoso.com."
    yield "@" in text or "://" in text, f"{shown} is an address or URL; a connector value is the bare domain."
    yield True, f"{shown} is no domain name; a connector value is one such as contoso.com or *.contoso.com."


def _is_address(text: str) -> bool:
    import ipaddress

    try:
        ipaddress.ip_address(text.strip("[]"))
    except ValueError:
        return False
    return True


def quoted(text: str) -> str:
    """Foreign text for a sentence: quoted, ASCII, at most 80 characters of it."""
    return ascii(text if len(text) <= 80 else f"{text[:77]}...")
