"""Domain names as text: normalised, their parents, and what lies under what. Pure.

Host names as in RFC 9525, A-labels as in RFC 5890 and UTS #46.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

MAX_NAME = 253  # octets of a DNS name in text form, without the trailing dot (RFC 1035, 2.3.4)

_HOST_NAME = re.compile(r"(?:(?!-)[a-z0-9_-]{1,63}(?<!-)\.)*(?!-)(?![0-9]+\Z)[a-z0-9_-]{1,63}(?<!-)\Z")
# Second-level labels under which country registries sell names: "*.co.uk" is nobody's connector value.
REGISTRY_LABELS = frozenset(
    {"ac", "co", "com", "edu", "go", "gov", "gv", "ltd", "ne", "net", "nom", "or", "org", "plc"}
)


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


def parent(domain: str) -> str:
    """The name without its left-most label, "" for a single label."""
    return domain.partition(".")[2]


def ancestors(domain: str) -> Iterator[str]:
    """Every name above a normalised one, the nearest first."""
    while domain := parent(domain):
        yield domain


def under(domain: str, ancestor: str) -> bool:
    """Whether a normalised name lies strictly under another, label by label."""
    return domain.endswith(f".{ancestor}")


def registrable(domain: str) -> bool:
    """Whether a normalised name can be somebody's: two labels or more, and not such as ``co.uk``.

    A rule of thumb that saves carrying the public suffix list; it only shapes advice, never a verdict.
    """
    labels = domain.split(".")
    return len(labels) > 2 or (len(labels) == 2 and not (len(labels[1]) == 2 and labels[0] in REGISTRY_LABELS))


def quoted(text: str) -> str:
    """Foreign text for a sentence: quoted, ASCII, at most 80 characters of it."""
    return ascii(text if len(text) <= 80 else f"{text[:77]}...")


def _idna(name: str) -> str | None:
    import idna

    try:
        return idna.encode(name, uts46=True).decode("ascii")
    except (ValueError, IndexError):  # IDNAError is a UnicodeError
        return None
