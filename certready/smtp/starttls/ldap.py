"""LDAP's StartTLS (RFC 4511, 4.14): one extended request, one extended response, in BER."""

from __future__ import annotations

from collections.abc import Generator
from types import MappingProxyType

from msgspec import Struct

from certready.smtp.replies import MAX_QUOTED, printable
from certready.smtp.starttls.talk import Dialogue, Outcome, Step, StoppedError, closed, deferral, injected
from certready.wording import shortened
from certready.x509.der import Element, MalformedError, element

MAX_MESSAGE = 16 * 1024
START_TLS = b"1.3.6.1.4.1.1466.20037"
SEQUENCE, INTEGER, ENUMERATED, EXTENDED_RESPONSE = 0x30, 0x02, 0x0A, 0x78

# LDAPMessage { messageID 1, ExtendedRequest { [0] requestName } }, and { messageID 2, UnbindRequest }
REQUEST = b"\x30\x1d\x02\x01\x01\x77\x18\x80\x16" + START_TLS
UNBIND = b"\x30\x05\x02\x01\x02\x42\x00"

_BUSY, _UNAVAILABLE = 51, 52
_RESULTS = MappingProxyType(
    {
        0: "success",
        1: "operationsError",
        2: "protocolError",
        8: "strongerAuthRequired",
        10: "referral",
        13: "confidentialityRequired",
        50: "insufficientAccessRights",
        _BUSY: "busy",
        _UNAVAILABLE: "unavailable",
        53: "unwillingToPerform",
        80: "other",
    }
)


class Answer(Struct, frozen=True):
    """An extended response: the message it answers (0: none, the server hangs up), result code and diagnostics."""

    message: int
    code: int
    text: str

    @property
    def quoted(self) -> str:
        """``52 unavailable: ...``, at most 200 characters."""
        text = f"{self.code} {_RESULTS.get(self.code, 'unknown result')}{': ' if self.text else ''}{self.text}"
        return shortened(text, MAX_QUOTED)


def ldap(_ehlo: str) -> Dialogue:
    """StartTLS as the first request of the session; the server says nothing before it."""
    try:
        data = yield from _whole_message()
    except StoppedError as stop:
        return Outcome(stop.trouble, "starttls", None, str(stop))
    try:
        message, answer = _read(data)
    except (MalformedError, ValueError) as error:
        return Outcome("handshake-failed", "starttls", None, f"{_NO_LDAP}: {error}.")
    try:
        _accept(answer)
    except StoppedError as stop:
        return Outcome(stop.trouble, "starttls", answer.quoted, str(stop))
    if len(data) > message.end:
        return Outcome("handshake-failed", "starttls", answer.quoted, injected("StartTLS", data[message.end :][:60]))
    return Outcome("", "handshake", answer.quoted)


_NO_LDAP = "The server does not speak LDAP in answer to StartTLS"


def _whole_message() -> Generator[Step, bytes, bytes]:
    """Bytes that begin with a whole message; what follows it is there too. Raises StoppedError."""
    data, send = b"", REQUEST
    while True:
        arrived = yield Step(send, "starttls", None, "StartTLS")
        if not arrived:
            raise StoppedError("unreachable", closed("starttls", "StartTLS"))
        data, send = (data + arrived)[: MAX_MESSAGE + 1], b""
        length = _length(data)
        if length is not None and len(data) >= length:
            return data


def _length(data: bytes) -> int | None:
    """How many bytes the message takes, None where its head is not complete. Raises StoppedError."""
    if data[0] != SEQUENCE:
        raise StoppedError("handshake-failed", f'{_NO_LDAP}: "{printable(data[:1])}" begins no message.')
    if len(data) < 2:
        return None
    size = data[1] & 0x7F if data[1] > 0x80 else 0
    if data[1] == 0x80 or size > 4:
        raise StoppedError("handshake-failed", f"{_NO_LDAP}: the length of its message cannot be read.")
    if len(data) < 2 + size:
        return None
    length = 2 + size + (int.from_bytes(data[2 : 2 + size], "big") if size else data[1])
    if length > MAX_MESSAGE:
        raise StoppedError("handshake-failed", f"{_NO_LDAP}: its message is longer than {MAX_MESSAGE // 1024} KiB.")
    return length


def _read(data: bytes) -> tuple[Element, Answer]:
    """The message and what it answers. Raises MalformedError."""
    message = element(data)
    number = _member(data, message.body, message, INTEGER)
    response = _member(data, number.end, message, EXTENDED_RESPONSE)
    code = _member(data, response.body, response, ENUMERATED)
    matched = _member(data, code.end, response, 0x04)
    text = _member(data, matched.end, response, 0x04)
    diagnostic = printable(text.content[:300].rstrip(b"\0"))
    return message, Answer(_number(number), _number(code), diagnostic)


def _number(member: Element) -> int:
    """A result code or a message's number. What has no digits, or more than there are numbers for, is no zero."""
    if not 0 < len(member.content) <= 4:
        raise MalformedError("a number in it cannot be read")
    return int.from_bytes(member.content, "big")


def _member(data: bytes, start: int, parent: Element, tag: int) -> Element:
    member = element(data, start, parent.end)
    if member.tag != tag:
        raise MalformedError("it is not an extended response")
    return member


def _accept(answer: Answer) -> None:
    if answer.message != 1:
        raise StoppedError("unreachable", f"The server ended the session in answer to StartTLS: {answer.quoted}")
    if answer.code in (_BUSY, _UNAVAILABLE):
        raise deferral("starttls", "StartTLS", answer.quoted)
    if answer.code != 0:
        raise StoppedError("no-starttls", f"The server refuses StartTLS: {answer.quoted}")
