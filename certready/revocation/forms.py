"""Are all the entries of a long list well-formed? Told without reading each of them.

Issuers write millions of entries in a handful of forms: a serial number so long, a date, and one of few endings, such
as a reason. One entry of each form is read; the others need only have its form, which one pattern tells in less than
half the time that reading takes. What it does not tell is whether what stands in a date's place makes one.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from certready.x509.der import INTEGER, Element, element, members

MOST_FORMS = 48
MOST_ODD = 48  # entries read one by one where the pattern stops
UTC_TIME = 0x17
_LONGEST = 0x7F  # of an entry with a length of one byte
_DATE = rb"\x17\x0d.{12}+Z"


class _Form(NamedTuple):
    """``size`` of the serial number, whether a zero byte ``pads`` it, and ``rest``, all that follows the date."""

    size: int
    pads: bool
    rest: bytes


def uniform(entries: Element, sampled: int, read: Callable[[slice], object]) -> bool:
    """Whether every entry is one that was read, or has the form of such a one. False proves nothing.

    The first ones, up to the offset ``sampled``, have been read. ``read`` is given the place of any other entry that
    has a form of its own, and may raise whatever it raises for a malformed one. Raises MalformedError where one is cut
    short.
    """
    forms, at = _forms(entries, sampled), sampled
    for _ in range(MOST_ODD):
        if len(forms) > MOST_FORMS:
            return False
        at = _run(forms, entries, at)
        if at == entries.end:
            return True
        odd = element(entries.data, at, entries.end)
        read(slice(odd.start, odd.end))
        forms |= _form(odd)
        at = odd.end
    return False


def _run(forms: frozenset[_Form], entries: Element, at: int) -> int:
    """Where the entries of these forms end that begin here."""
    run = re.compile(_pattern(forms), re.DOTALL).match(entries.data, at, entries.end) if forms else None
    return run.end() if run else at


def _pattern(forms: frozenset[_Form]) -> bytes:
    """Any number of entries of these forms; possessive, so that nothing is remembered of an entry once it is passed."""
    rests: dict[tuple[int, bool, int], list[bytes]] = {}
    for form in sorted(forms):
        rests.setdefault((form.size, form.pads, len(form.rest)), []).append(re.escape(form.rest))
    shapes = [
        _byte(17 + size + length)
        + rb"\x02"
        + _byte(size)
        + (rb"\x00[\x80-\xff].{%d}+" % (size - 2) if pads else rb"[\x01-\x7f].{%d}+" % (size - 1))
        + _DATE
        + b"(?:%s)" % b"|".join(endings)
        for (size, pads, length), endings in rests.items()
    ]
    return b"(?:\\x30(?:%s))*+" % b"|".join(shapes)


def _byte(value: int) -> bytes:
    return rb"\x%02x" % value


def _forms(entries: Element, end: int) -> frozenset[_Form]:
    forms: set[_Form] = set()
    at = entries.body
    while at < end:
        entry = element(entries.data, at, entries.end)
        forms |= _form(entry)
        at = entry.end
    return frozenset(forms)


def _form(entry: Element) -> frozenset[_Form]:
    """The form of an entry that was read; none where it is not one of those that a pattern tells."""
    serial, date = members(entry, 2)
    if entry.end - entry.start > _LONGEST or serial.tag != INTEGER or date.tag != UTC_TIME:
        return frozenset()
    content = serial.content
    pads = content[:1] == b"\0" and len(content) > 1
    if date.end - date.body != 13 or not (pads or b"\0" < content[:1] < b"\x80"):
        return frozenset()
    return frozenset([_Form(len(content), pads, entry.data[date.end : entry.end])])
