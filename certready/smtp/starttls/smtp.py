"""SMTP (RFC 5321 with RFC 3207) and LMTP (RFC 2033), which differs in its greeting alone."""

from __future__ import annotations

import re
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from functools import partial

from certready.model.endpoint import Stage
from certready.smtp.replies import NotSmtpError, ReplyReader, SmtpReply
from certready.smtp.starttls.talk import Dialogue, Step, StoppedError, Talk, cut, deferral

_MASK = re.compile(r"X{4,}[A-Z]?", re.IGNORECASE)


def smtp(ehlo: str) -> Dialogue:
    """Banner, EHLO, STARTTLS (RFC 3207): how far a gateway goes with a client that greets as ``ehlo``."""
    return _dialogue(_Mail(Talk("SMTP")), partial(_hello, ehlo=ehlo))


def lmtp(lhlo: str) -> Dialogue:
    """Banner, LHLO (RFC 2033, 4.1), STARTTLS."""
    return _dialogue(_Mail(Talk("LMTP")), partial(_local_hello, lhlo=lhlo))


def masked(reply: str | None) -> bool:
    """Whether replies were overwritten as inspecting firewalls do it: the banner with stars, all but some digits (Cisco
    PIX), or a keyword of an EHLO reply with X (Cisco ASA)."""
    greeting, *lines = (reply or "").split("\n")
    starred = greeting.startswith("220") and greeting.count("*") >= 10 and not re.search(r"[A-Za-z]", greeting)
    return starred or any(_MASK.fullmatch(line[4:].split(" ")[0]) for line in lines)


@dataclass(slots=True)
class _Mail:
    """One conversation in whole replies."""

    talk: Talk
    reader: ReplyReader = field(init=False)

    def __post_init__(self) -> None:
        self.reader = ReplyReader(self.talk.lines)

    def ask(self, command: bytes, stage: Stage) -> Generator[Step, bytes, SmtpReply]:
        """Send one command (none for the banner), return the whole reply; a 4xx ends the conversation."""
        talk = self.talk
        yield from talk.say(command, stage, command.split()[0].decode("ascii") if command else "banner")
        while (reply := self._read()) is None:
            yield from talk.wait()
        talk.last = reply.text
        if 400 <= reply.code < 500:
            raise deferral(stage, talk.asked, reply.quoted)
        return reply

    def _read(self) -> SmtpReply | None:
        try:
            return self.reader.read()
        except NotSmtpError as error:
            raise self.talk.nonsense(str(error)) from None


_Hello = Callable[[_Mail], Generator[Step, bytes, tuple[str, ...]]]


def _dialogue(mail: _Mail, hello: _Hello) -> Dialogue:
    try:
        yield from _banner(mail)
        lines = yield from hello(mail)
        _must_offer(lines, mail.talk.asked)
        yield from _upgrade(mail)
        return mail.talk.upgraded()
    except StoppedError as stop:
        return mail.talk.stopped(stop)


def _banner(mail: _Mail) -> Generator[Step, bytes, None]:
    reply = yield from mail.ask(b"", "banner")
    if reply.code != 220:
        raise StoppedError("unreachable", f"The gateway refused the session in its banner: {reply.quoted}")


def _hello(mail: _Mail, ehlo: str) -> Generator[Step, bytes, tuple[str, ...]]:
    """The lines of a 250 to EHLO. Where it is refused, HELO only shows whether the server is just very old."""
    banner = mail.talk.last
    reply = yield from mail.ask(f"EHLO {ehlo}\r\n".encode("ascii", "replace"), "ehlo")
    if reply.code == 250:
        return reply.lines
    if reply.code < 500:
        raise StoppedError("unreachable", f"The gateway does not answer EHLO as SMTP demands: {reply.quoted}")
    again = yield from mail.ask(f"HELO {ehlo}\r\n".encode("ascii", "replace"), "ehlo")
    if again.code != 250:
        raise StoppedError("unreachable", f"The gateway refuses EHLO and HELO alike: {again.quoted}")
    if masked(banner):
        mail.talk.last = f"{banner}\n{reply.text}"
        raise StoppedError(
            "no-starttls",
            "A firewall on the way inspects SMTP (the stars in the banner are those of Cisco's PIX) and lets no EHLO "
            f"pass, without which there is no STARTTLS: {reply.quoted}",
        )
    mail.talk.last = reply.text
    raise StoppedError(
        "no-starttls", f"The gateway knows HELO but not EHLO, and without EHLO there is no STARTTLS: {reply.quoted}"
    )


def _local_hello(mail: _Mail, lhlo: str) -> Generator[Step, bytes, tuple[str, ...]]:
    reply = yield from mail.ask(f"LHLO {lhlo}\r\n".encode("ascii", "replace"), "ehlo")
    if reply.code != 250:
        raise StoppedError("unreachable", f"The gateway refuses LHLO, so it does not speak LMTP: {reply.quoted}")
    return reply.lines


def _must_offer(lines: tuple[str, ...], asked: str) -> None:
    # RFC 5321, 4.1.1.1: the first line is a greeting
    keywords = [line.strip().split(" ")[0].upper() for line in lines[1:]]
    if "STARTTLS" in keywords:
        return
    hidden = next((keyword for keyword in keywords if _MASK.fullmatch(keyword)), None)
    if hidden:
        raise StoppedError(
            "no-starttls",
            f"A firewall on the way inspects SMTP and hides STARTTLS: the answer to {asked} holds {cut(hidden)} in "
            "place of a keyword (Cisco ASA and PIX do this).",
        )
    raise StoppedError("no-starttls", f"The gateway answers {asked} and does not offer STARTTLS.")


def _upgrade(mail: _Mail) -> Generator[Step, bytes, None]:
    reply = yield from mail.ask(b"STARTTLS\r\n", "starttls")
    if reply.code >= 500:
        raise StoppedError("no-starttls", f"The gateway offers STARTTLS and then refuses it: {reply.quoted}")
    if reply.code != 220:
        raise StoppedError(
            "handshake-failed", f"The gateway answers STARTTLS with something else than 220: {reply.quoted}"
        )
