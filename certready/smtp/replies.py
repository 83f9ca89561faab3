"""SMTP replies out of bytes that come cut anywhere (RFC 5321, 4.2), bounded whatever arrives."""

from __future__ import annotations

import re
from functools import lru_cache

from msgspec import Struct, field

from certready.wording import shortened

# RFC 5321, 4.5.3.1.5 allows reply lines of 512 octets; real banners are longer, hostile ones are endless.
MAX_LINE = 4096
MAX_LINES = 100
MAX_BYTES = 64 * 1024
MAX_REPLY_TEXT = 500
MAX_QUOTED = 200  # characters of what a server said in a sentence

_CODE = re.compile(rb"([2-5][0-9]{2})(?:([ -])(.*))?", re.DOTALL)


class SmtpReply(Struct, frozen=True):
    """One whole reply: its ``code`` and the text of each line without the code, printable ASCII only."""

    code: int
    lines: tuple[str, ...]

    @property
    def text(self) -> str:
        """As the server wrote it, one line each, at most 500 characters."""
        *before, last = self.lines
        text = "\n".join([*(f"{self.code}-{line}" for line in before), f"{self.code} {last}"])
        return shortened(text, MAX_REPLY_TEXT)

    @property
    def quoted(self) -> str:
        """For use in a sentence: on one line, at most 200 characters."""
        text = f"{self.code} {' '.join(self.lines)}".strip()
        return shortened(text, MAX_QUOTED)


class NotSmtpError(ValueError):
    """What arrived is no SMTP reply, or exceeds a limit; the text is a clause that says in which way."""


class LineReader(Struct):
    """Cuts what arrives into lines that end in CRLF or in a bare LF, however the bytes were cut.

    ``buffer`` holds what was received and not yet read; ``received`` counts every byte fed.
    """

    buffer: bytearray = field(default_factory=bytearray)
    received: int = 0

    def feed(self, data: bytes) -> None:
        """Take in what arrived. Only as much is kept as ``read`` may ever look at."""
        room = MAX_BYTES + 1 - self.received
        self.buffer += data[: max(room, 0)]
        self.received += len(data)

    @property
    def left_over(self) -> bool:
        """Whether more was received than has been read."""
        return bool(self.buffer) or self.received > MAX_BYTES

    def read(self) -> bytes | None:
        """The next line without its end, or None where it is not complete yet. Raises NotSmtpError for too much."""
        end = self.buffer.find(b"\n", 0, MAX_LINE + 1)
        if end < 0:
            if len(self.buffer) > MAX_LINE:
                raise NotSmtpError(f"a line is longer than {MAX_LINE} bytes")
            if self.received > MAX_BYTES:
                raise NotSmtpError(f"more than {MAX_BYTES // 1024} KiB arrived before TLS")
            return None
        line = bytes(self.buffer[:end]).removesuffix(b"\r")
        del self.buffer[: end + 1]
        return line


_SHOWN = {byte: f"\\x{byte:02x}" for byte in range(256) if not 32 <= byte < 127}


class ReplyReader(Struct):
    """Puts SMTP replies together from bytes cut anywhere (RFC 5321, 4.2.1). A reply that turns into a refusal is that
    refusal.

    The result does not depend on how the bytes were cut.
    """

    lines: LineReader = field(default_factory=LineReader)
    _code: int | None = None
    _lines: list[str] = field(default_factory=list)

    @property
    def buffer(self) -> bytearray:
        """What was received and not yet read."""
        return self.lines.buffer

    @property
    def left_over(self) -> bool:
        """Whether more was received than has been read."""
        return self.lines.left_over

    def feed(self, data: bytes) -> None:
        """Take in what arrived."""
        self.lines.feed(data)

    def read(self) -> SmtpReply | None:
        """The next reply, or None where it is not complete yet. Raises NotSmtpError."""
        return self._all_at_once() or self._line_by_line()

    def _all_at_once(self) -> SmtpReply | None:
        """The reply, where what is to be read is one and nothing else, as it is of most servers most of the time."""
        data = self.lines.buffer
        if (
            self._code is not None
            or not data.endswith(b"\n")
            or len(data) > MAX_LINE
            or self.lines.received > MAX_BYTES
        ):
            return None
        reply = _whole(bytes(data))
        if reply is not None:
            data.clear()
        return reply

    def _line_by_line(self) -> SmtpReply | None:
        while (line := self.lines.read()) is not None:
            reply = self._add(line)
            if reply:
                return reply
        return None

    def _add(self, line: bytes) -> SmtpReply | None:
        match = _CODE.fullmatch(line)
        if not match:
            raise NotSmtpError(f'"{printable(line[:60])}" is not a line of an SMTP reply')
        code, mark, text = int(match[1]), match[2], match[3] or b""
        if self._code is not None and self._code < 400 <= code:
            self._code, self._lines = None, []  # it began to greet and then refused (postscreen): the refusal counts
        if self._code not in (None, code):
            raise NotSmtpError(f"one reply carries both the code {self._code} and the code {code}")
        self._code = code
        self._lines.append(printable(text))
        if mark == b"-":
            if len(self._lines) >= MAX_LINES:
                raise NotSmtpError(f"a reply has more than {MAX_LINES} lines")
            return None
        reply = SmtpReply(code, tuple(self._lines))
        self._code, self._lines = None, []
        return reply


@lru_cache(maxsize=256)  # a gateway says the same in each of the connections to it
def _whole(data: bytes) -> SmtpReply | None:
    """The reply that these bytes are, None where they are something else, more or less."""
    reader = ReplyReader()
    reader.feed(data)
    try:
        reply = reader._line_by_line()  # noqa: SLF001
    except NotSmtpError:
        return None
    return None if reader.left_over else reply


def printable(raw: bytes) -> str:
    r"""Bytes as printable ASCII: every other byte is shown as ``\xNN``, so that no server controls the terminal."""
    if raw.isascii() and (text := raw.decode("ascii")).isprintable():
        return text
    return raw.decode("latin-1").translate(_SHOWN)
