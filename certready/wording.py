"""How lists and foreign text are said, wherever they are: bounded, and never without a sign that there is more."""

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


def shortened(text: str, most: int) -> str:
    """At most this many characters of a text, the last three of them dots where there are more."""
    return text if len(text) <= most else f"{text[: most - 3]}..."
