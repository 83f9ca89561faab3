"""The third answer: it is there and cannot be read. Whoever asks a certificate for a part must handle it, because a
part that cannot be read is not absent."""

from __future__ import annotations

from typing import Generic, TypeVar

from msgspec import Struct

Part = TypeVar("Part")

MALFORMED = "its encoding is malformed"


class Unreadable(Struct, Generic[Part], frozen=True):
    """Something is there and cannot be read: ``reason`` is a clause about it ("it is there twice"). ``rest`` is what
    of a list can be read all the same, None where nothing can."""

    reason: str
    rest: Part | None = None


def readable(part: Part | Unreadable[Part] | None) -> Part | None:
    """What can be read of a part: the whole, the rest, or None. For whoever has handled the unreadable elsewhere."""
    return part.rest if isinstance(part, Unreadable) else part


def first_line(error: BaseException) -> str:
    """The first line of an error's text in words, at most 200 characters: library errors quote whole structures."""
    text = (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
    dump = any(word in text.lower() for word in ("parseerror", "asn1", "asn.1"))
    return MALFORMED if dump else text
