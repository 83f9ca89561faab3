"""Honest input with some of it changed: as bytes, or by the structure that it has, so that lengths still fit.

A shape takes the samples of a parser and draws one that is changed. Where a sample has not the structure of the shape,
its bytes are changed instead.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from io import BytesIO
from random import Random
from typing import Any

from certready.x509.der import head

Shape = Callable[[Sequence[bytes], Random], bytes]

LARGEST = 10 * 1024 * 1024  # bytes, as much as a file may have
DEEPEST = 24  # elements inside each other that are told apart


def octets(samples: Sequence[bytes], chance: Random) -> bytes:
    """Bits, bytes, lengths; pieces lost, doubled, moved, or of another sample."""
    data = bytearray(chance.choice(samples))
    for _ in range(chance.choice((1, 1, 2, 4, 16))):
        if not data:
            break
        at = chance.randrange(len(data))
        size = min(chance.choice((1, 2, 4, 16, 64, 512)), len(data) - at)
        match chance.randrange(9):
            case 0:
                data[at] ^= 1 << chance.randrange(8)
            case 1:
                data[at] = chance.choice((0, 1, 0x30, 0x31, 0x7F, 0x80, 0x81, 0x84, 0xA0, 0xFF))
            case 2:
                del data[at : at + size]
            case 3:
                data[at:at] = data[at : at + size] * chance.choice((1, 2, 8))
            case 4:
                other = chance.choice(samples)
                start = chance.randrange(len(other)) if other else 0
                data[at : at + size] = other[start : start + size]
            case 5:
                del data[at:]
            case 6:
                data[at : at + size] = chance.randbytes(size)
            case 7:
                data[at:at] = bytes((0x30, 0x84)) + chance.randbytes(4)
            case _:
                piece = data[at : at + size]
                del data[at : at + size]
                place = chance.randrange(len(data) + 1)
                data[place:place] = piece
    return bytes(data)


# -- DER --------------------------------------------------------------------------------------------------------------


class _Element:
    """A tag, and what is in it: bytes, or elements, behind the ``lead`` that a bit string has."""

    def __init__(self, tag: int, content: bytes | list[_Element], lead: bytes = b"") -> None:
        self.tag = tag
        self.content = content
        self.lead = lead

    def encoded(self) -> bytes:
        """With the length that fits."""
        inside = self.content if isinstance(self.content, bytes) else b"".join(one.encoded() for one in self.content)
        inside = self.lead + inside
        return head(self.tag, len(inside)) + inside


def _elements(data: bytes, depth: int = 0) -> list[_Element] | None:
    """The elements that these bytes are, None where they are not that."""
    elements: list[_Element] = []
    at = 0
    while at < len(data):
        if at + 2 > len(data) or data[at] & 0x1F == 0x1F:
            return None
        tag, length, at = data[at], data[at + 1], at + 2
        if length & 0x80:
            size = length & 0x7F
            if not 0 < size <= 4 or at + size > len(data):
                return None
            length, at = int.from_bytes(data[at : at + size], "big"), at + size
        if at + length > len(data):
            return None
        content, at = data[at : at + length], at + length
        lead = content[:1] if tag == 0x03 else b""
        inside = None
        if depth < DEEPEST and content and (tag & 0x20 or tag in (0x03, 0x04)):
            inside = _elements(content[len(lead) :], depth + 1)
        elements.append(_Element(tag, content, b"") if inside is None else _Element(tag, inside, lead))
    return elements


def _places(elements: list[_Element]) -> Iterator[tuple[list[_Element], int]]:
    """Every element by the list that it is in and its place there."""
    for number, one in enumerate(elements):
        yield elements, number
        if isinstance(one.content, list):
            yield from _places(one.content)


_ODD_CONTENTS = (
    *(b"", b"\0", b"\xff", b"\x05\x00", b"\x30\x80", b"\0" * 20, b"\xff" * 20, b"\x80" * 9, b"\x7f" * 64),
    *(b"99991231235959Z", b"000101000000Z", b"20260230000000Z", b"-1", b"*", b"*.*.", b".", b"xn--a", b"\xc3\x28"),
    *(b"http://[::1", b"ldap:///", b"\x01" * 300, b"\xd8\x00", b"a\0b", b"\x1b[2J"),
)


def tree(samples: Sequence[bytes], chance: Random) -> bytes:
    """Elements of DER lost, doubled, exchanged, retagged, filled with something else, or wrapped, all lengths right."""
    data = chance.choice(samples)
    if not _elements(data):
        return octets(samples, chance)
    for _ in range(chance.choice((1, 1, 1, 2, 4))):
        elements = _elements(data)
        if not elements or len(data) > LARGEST // 10:
            break
        _change_element(elements, chance)
        data = b"".join(one.encoded() for one in elements)
    return data


def _change_element(elements: list[_Element], chance: Random) -> None:
    places = list(_places(elements))
    inside, at = chance.choice(places)
    one = inside[at]
    match chance.randrange(9):
        case 0:
            del inside[at]
        case 1:
            inside[at:at] = [one] * chance.choice((1, 1, 3, 10))
        case 2:
            one.tag = chance.choice((1, 2, 3, 4, 5, 6, 10, 12, 19, 22, 23, 24, 30, 48, 49, 128, 130, 160, 161, 163))
        case 3:
            one.content, one.lead = chance.choice(_ODD_CONTENTS), b""
        case 4:
            elsewhere, there = chance.choice(places)
            inside[at] = _elements(elsewhere[there].encoded())[0]  # a copy: an element must not come to be in itself
        case 5:
            inside[at] = _Element(chance.choice((0x30, 0x31, 0x04, 0xA0, 0xA3)), [one])
        case 6 if isinstance(one.content, bytes):
            one.content = octets((one.content,), chance)
        case 7:
            one.content, one.lead = chance.randbytes(chance.choice((1, 2, 8, 32))), b""
        case _:
            chance.shuffle(inside)


_BLOCK = re.compile(rb"(-----BEGIN [A-Z0-9 ]+-----)([A-Za-z0-9+/=\s]+)(-----END [A-Z0-9 ]+-----)")


def armoured(samples: Sequence[bytes], chance: Random) -> bytes:
    """The DER inside one block of PEM, changed as :func:`tree` does; the armour around it is whole."""
    data = chance.choice(samples)
    blocks = list(_BLOCK.finditer(data))
    if not blocks:
        return octets(samples, chance)
    block = chance.choice(blocks)
    try:
        der = base64.b64decode(block[2])
    except (binascii.Error, ValueError):
        return octets(samples, chance)
    inside = base64.encodebytes(tree((der,), chance))
    return data[: block.start()] + block[1] + b"\n" + inside + block[3] + data[block.end() :]


# -- texts ------------------------------------------------------------------------------------------------------------

_ODD_VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1, 1e308, -0.0, 10**30, 2**63, "", " ", "\0", "\ud800", "\u202e", "🦄", "x" * 5000),
    *([], {}, [[]], [None], {"": None}, [{}], "true", "null", "*", "*.", "1", "2026-02-30T00:00:00Z", "/Date(9e99)/"),
    *("9999-12-31T23:59:59Z", "0001-01-01T00:00:00+23:59", "AAAA", "MAA=", "<b>", "{0}", "..\\..", "=1+1"),
)


def values(samples: Sequence[bytes], chance: Random) -> bytes:
    """JSON, or lines of it, of which some values are others, lost, doubled, or under another key; base64 is changed
    inside."""
    data = chance.choice(samples)
    code = "utf-16-le" if data[1:2] == b"\0" else "utf-16" if data.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8"
    try:
        rows = _documents(data.decode(code))
        at = chance.randrange(len(rows))
        document = [json.loads(rows[at])]
    except (ValueError, RecursionError):
        return octets(samples, chance)
    for _ in range(chance.choice((1, 1, 2, 4))):
        _change_value(document, chance)
    rows[at] = json.dumps(document[0], ensure_ascii=chance.random() < 0.5) if document else ""
    return "\n".join([*rows, ""][: len(rows) + (len(rows) > 1)]).encode(code, "surrogatepass")


def _documents(text: str) -> list[str]:
    """The text whole where it is JSON, else its lines. Raises ValueError where it has none."""
    try:
        json.loads(text)
    except ValueError:
        return text.splitlines() or [text]
    return [text]


def _change_value(document: list[Any], chance: Random) -> None:
    places = list(_values(document))
    if not places:
        return
    inside, at = chance.choice(places)
    value = inside[at]
    match chance.randrange(7):
        case 0:
            inside[at] = deepcopy(chance.choice(_ODD_VALUES))
        case 1:
            elsewhere, there = chance.choice(places)
            inside[at] = json.loads(json.dumps(elsewhere[there]))
        case 2 if inside is not document:
            del inside[at]
        case 3 if isinstance(inside, dict):
            inside[chance.choice((at.upper(), f"{at}x", "", "x_y", *inside))] = inside.pop(at)
        case 4 if isinstance(inside, list) and inside is not document:
            inside[at:at] = [value] * chance.choice((1, 3, 200))
        case 5:
            inside[at] = [value] if chance.random() < 0.5 else {"value": value}
        case _ if isinstance(value, str) and value:
            inside[at] = _changed_text(value, chance)
        case _:
            inside[at] = deepcopy(chance.choice(_ODD_VALUES))


def _changed_text(text: str, chance: Random) -> str:
    if len(text) > 8 and re.fullmatch(r"[A-Za-z0-9+/]+={0,2}", text) and len(text) % 4 == 0:
        return base64.b64encode(tree((base64.b64decode(text),), chance)).decode()
    return octets((text.encode("utf-8", "surrogatepass"),), chance).decode("utf-8", "replace")


def _values(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every value by what it is in and its key or place there."""
    keys = list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    for key in keys:
        yield value, key
        yield from _values(value[key])


_ODD_WORDS = (
    *(
        b"",
        b"-",
        b"--",
        b"0",
        b"-1",
        b"99999999999999999999",
        b"\0",
        b"\xff\xfe",
        b"250",
        b"250-",
        b"421 4.3.2 x",
        b"*",
    ),
    *(
        b"*.",
        b"=",
        b";",
        b",",
        b'"',
        b"'",
        b"${x}",
        b"[[[[",
        b"{}",
        b"!!python/object",
        b"&a [*a, *a]",
        b"\t",
        b"\x1b[2J",
    ),
    *(
        b"? [a]",
        b"? {a: b}",
        b"[a]: b",
        b"<<: *a",
        b"!!binary x",
        b"|",
        b">-",
        b"---",
        b"%YAML 9.9",
        b"'''",
        b"1e999",
        b"nan",
    ),
    *(b"STARTTLS", b"a1 OK", b"+OK", b"-ERR", b"http://[", b"mx:", b"::1", b"[::1]:99999", b"xn--\x80", b"A" * 3000),
)
_WORD = re.compile(rb"[^\s,;:=<>\"'|()\[\]]+")


def lines(samples: Sequence[bytes], chance: Random) -> bytes:
    """Lines lost, doubled, moved, of another sample, endless or ended otherwise; and words that are others."""
    rows = chance.choice(samples).splitlines(keepends=True)
    for _ in range(chance.choice((1, 1, 2, 4, 8))):
        if not rows:
            break
        at = chance.randrange(len(rows))
        match chance.randrange(8):
            case 0:
                del rows[at]
            case 1:
                rows[at:at] = [rows[at]] * chance.choice((1, 2, 100))
            case 2:
                rows.insert(chance.randrange(len(rows)), rows.pop(at))
            case 3:
                others = chance.choice(samples).splitlines(keepends=True) or [b""]
                rows[at] = chance.choice(others)
            case 4:
                end = chance.choice((b"\n", b"\r\n", b"\r", b"", b"\0", b"\x0b", b"\xe2\x80\xa8"))
                rows[at] = rows[at].rstrip(b"\r\n") + end
            case 5:
                rows[at] = octets((rows[at],), chance)
            case 6:
                rows[at] = rows[at].rstrip(b"\r\n") * chance.choice((2, 50)) + b"\r\n"
            case _:
                words = list(_WORD.finditer(rows[at]))
                if words:
                    word = chance.choice(words)
                    rows[at] = rows[at][: word.start()] + chance.choice(_ODD_WORDS) + rows[at][word.end() :]
    return b"".join(rows)


# -- archives ---------------------------------------------------------------------------------------------------------

_ODD_NAMES = ("/", "..", "../x.pem", "C:\\x.pem", "a/" * 200 + "x.pem", "x\0.pem", "\u202e.pem", "CON.pem", "x.zip")


def archive(samples: Sequence[bytes], chance: Random) -> bytes:
    """A ZIP archive put together anew, with a member changed, doubled, renamed or lost."""
    try:
        with zipfile.ZipFile(BytesIO(chance.choice(samples))) as given:
            members = [(info.filename, given.read(info)) for info in given.infolist()]
    except (zipfile.BadZipFile, zlib.error, ValueError, NotImplementedError, RuntimeError, OSError, EOFError):
        return octets(samples, chance)
    if not members:
        return octets(samples, chance)
    at = chance.randrange(len(members))
    name, content = members[at]
    match chance.randrange(5):
        case 0:
            members[at] = (chance.choice(_ODD_NAMES), content)
        case 1:
            members += [
                (f"{number}/{name}" if number % 2 else name, content) for number in range(chance.choice((1, 300)))
            ]
        case 2:
            del members[at]
        case 3:
            members[at] = (name, armoured((content,), chance))
        case _:
            members[at] = (name, octets((content,), chance))
    data = BytesIO()
    with zipfile.ZipFile(data, "w", chance.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED))) as made:
        for name, content in members:
            made.writestr(zipfile.ZipInfo(name), content)
    return data.getvalue()


def mutated(samples: Sequence[bytes], shapes: Sequence[Shape], chance: Random) -> bytes:
    """One of the samples changed by one of the shapes; now and then by two, and now and then as large as may be."""
    try:
        data = chance.choice(shapes)(samples, chance)
    except MemoryError:  # where this process may have little
        data = octets(samples, chance)
    if not chance.randrange(10):
        data = chance.choice(shapes)((data[: LARGEST // 100],), chance)
    if data and chance.randrange(200) == 137:
        data *= LARGEST // len(data)
    return data[:LARGEST]
