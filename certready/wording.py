"""How lists, counts, places and foreign text are said, wherever they are: bounded, and never without a sign that there
is more."""

from __future__ import annotations

from collections.abc import Sequence

LISTED = 5  # items that are written out where a sentence lists some


def listed(items: Sequence[str], limit: int = LISTED, joint: str = ", ") -> str:
    """The first ``limit`` items with ``joint`` between them, and how many there are besides; "" of none."""
    rest = and_more(len(items), limit)
    return f"{joint.join(items[:limit])} {rest}" if rest else joint.join(items)


def and_more(count: int, shown: int) -> str:
    """``and 3 more`` where not all of ``count`` are shown, else ""."""
    return f"and {count - shown} more" if count > shown else ""


def counted(number: int, singular: str, plural: str | None = None) -> str:
    """The number with its noun: ``1 failure``, ``2 failures``. ``plural`` is for nouns that do not take an s."""
    return f"{number} {singular if number == 1 else plural or singular + 's'}"


def host_port(host: str, port: int | None) -> str:
    """``host:port``, an IPv6 address in brackets; the host alone without a port."""
    return host if port is None else f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def shortened(text: str, most: int) -> str:
    """At most this many characters of a text, the last three of them dots where there are more."""
    return text if len(text) <= most else f"{text[: most - 3]}..."


def visible(text: str) -> str:
    r"""The text with every character that is not seen, or that moves others, written as an escape.

    Control and escape sequences, bidirectional marks, zero-width characters and lone surrogates become ``\x1b``,
    ``\u202e`` and the like: a name in a certificate must not be able to rewrite the report about it.
    """
    if text.isprintable():
        return text
    return "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape").decode("ascii") for letter in text
    )
