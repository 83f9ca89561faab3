"""IMAP (RFC 9051, 6.2.1) and POP3 (RFC 2595, 4): the servers from which mail is read."""

from __future__ import annotations

from collections.abc import Generator

from certready.smtp.replies import MAX_LINES
from certready.smtp.starttls.talk import Dialogue, Step, StoppedError, Talk, at, deferral, quoted


def imap(_ehlo: str) -> Dialogue:
    """Greeting, CAPABILITY, STARTTLS."""
    talk = Talk("IMAP")
    try:
        yield from _imap_greeting(talk)
        offered = yield from _imap_ask(talk, b"a1", "CAPABILITY", "ehlo")
        _must_offer(offered, "STARTTLS", talk.asked)
        yield from _imap_ask(talk, b"a2", "STARTTLS", "starttls")
        return talk.upgraded()
    except StoppedError as stop:
        return talk.stopped(stop)


def pop3(_ehlo: str) -> Dialogue:
    """Greeting, CAPA (RFC 2449, 5; a server may be older than that), STLS."""
    talk = Talk("POP3")
    try:
        yield from _pop_ask(talk, "")
        if (yield from _pop_ask(talk, "CAPA")):
            offered = yield from _pop_list(talk)
            _must_offer(offered, "STLS", talk.asked)
        _must_accept(talk, accepted=(yield from _pop_ask(talk, "STLS")))
        return talk.upgraded()
    except StoppedError as stop:
        return talk.stopped(stop)


def _must_offer(offered: set[bytes], command: str, asked: str) -> None:
    if command.encode("ascii") not in offered:
        raise StoppedError("no-starttls", f"The server does not offer {command} in its answer to {asked}.")


# -- IMAP -----------------------------------------------------------------------------------------------------------


def _imap_greeting(talk: Talk) -> Generator[Step, bytes, None]:
    line = yield from talk.line()
    talk.last = quoted(line)
    words = line.upper().split()
    if words[:2] == [b"*", b"PREAUTH"]:
        raise StoppedError(
            "no-starttls", f"The server considers us logged in already, where STARTTLS is not allowed: {talk.last}"
        )
    if words[:2] == [b"*", b"BYE"]:
        raise _turned_away(talk, words)
    if words[:2] != [b"*", b"OK"]:
        raise talk.nonsense(f'"{quoted(line[:60])}" is not an IMAP greeting')


def _imap_ask(talk: Talk, tag: bytes, command: str, stage: str) -> Generator[Step, bytes, set[bytes]]:
    """Send a command, read to its tagged answer; the words of the untagged CAPABILITY lines before it."""
    name = command.encode("ascii")
    yield from talk.say(tag + b" " + name + b"\r\n", "starttls" if stage == "starttls" else "ehlo", command)
    words: set[bytes] = set()
    for _ in range(MAX_LINES):
        line = yield from talk.line()
        parts = line.upper().split()
        if parts[:2] == [b"*", b"BYE"]:
            talk.last = quoted(line)
            raise _turned_away(talk, parts)
        if parts[:1] == [tag.upper()]:
            talk.last = quoted(line)
            _imap_accepted(talk, parts)
            return words
        if parts[:1] != [b"*"]:
            raise talk.nonsense(f'"{quoted(line[:60])}" is not a line of an IMAP answer')
        if parts[1:2] == [b"CAPABILITY"]:
            words.update(parts[2:])
    raise talk.nonsense(f"an answer has more than {MAX_LINES} lines")


def _imap_accepted(talk: Talk, parts: list[bytes]) -> None:
    if parts[1:2] == [b"OK"]:
        return
    if parts[1:2] not in ([b"NO"], [b"BAD"]):
        raise talk.nonsense(f'"{talk.last}" is not a tagged IMAP answer')
    if b"[UNAVAILABLE]" in parts:  # RFC 5530, 3: temporary
        raise deferral(talk.stage, talk.asked, talk.last or "")
    raise StoppedError("no-starttls", f"The server refuses {talk.asked}: {talk.last}")


def _turned_away(talk: Talk, words: list[bytes]) -> StoppedError:
    if b"[UNAVAILABLE]" in words:
        return deferral(talk.stage, talk.asked, talk.last or "")
    return StoppedError("unreachable", f"The server refused the session {at(talk.stage, talk.asked)}: {talk.last}")


# -- POP3 -----------------------------------------------------------------------------------------------------------


def _pop_ask(talk: Talk, command: str) -> Generator[Step, bytes, bool]:
    """Send a command ("" for the greeting): whether it was taken. Raises StoppedError for a refused greeting."""
    if command:
        yield from talk.say(command.encode("ascii") + b"\r\n", "starttls" if command == "STLS" else "ehlo", command)
    line = yield from talk.line()
    talk.last = quoted(line)
    word, _, text = line.partition(b" ")
    if word.upper() == b"+OK":
        return True
    if word.upper() != b"-ERR":
        raise talk.nonsense(f'"{quoted(line[:60])}" is not a line of a POP3 answer')
    if text.upper().startswith((b"[SYS/TEMP]", b"[IN-USE]", b"[LOGIN-DELAY]")):  # RFC 3206 and RFC 2449, 8
        raise deferral(talk.stage, talk.asked, talk.last)
    if not command:
        raise StoppedError("unreachable", f"The server refused the session in its banner: {talk.last}")
    return False


def _must_accept(talk: Talk, *, accepted: bool) -> None:
    if not accepted:
        raise StoppedError("no-starttls", f"The server refuses {talk.asked}: {talk.last}")


def _pop_list(talk: Talk) -> Generator[Step, bytes, set[bytes]]:
    """The first word of each line up to the one that is a dot."""
    words: set[bytes] = set()
    for _ in range(MAX_LINES):
        line = yield from talk.line()
        if line == b".":
            return words
        words.update(line.upper().split()[:1])
    raise talk.nonsense(f"an answer has more than {MAX_LINES} lines")
