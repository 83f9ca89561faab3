"""The dialogues beside SMTP: LMTP, IMAP, POP3 and LDAP, without a socket."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from certready.smtp.replies import MAX_BYTES
from certready.smtp.starttls import PROTOCOLS, Outcome, Step
from certready.smtp.starttls.ldap import MAX_MESSAGE, REQUEST, START_TLS

few = settings(max_examples=80, deadline=None)

IMAP = (
    b"* OK [CAPABILITY IMAP4rev1 STARTTLS] Dovecot ready.\r\n",
    b"* CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED\r\na1 OK done\r\n",
    b"a2 OK Begin TLS negotiation now.\r\n",
)
POP3 = (b"+OK ready\r\n", b"+OK\r\nUIDL\r\nSTLS\r\n.\r\n", b"+OK Begin TLS\r\n")
LMTP = (b"220 gw LMTP\r\n", b"250-gw\r\n250-STARTTLS\r\n250 PIPELINING\r\n", b"220 Ready\r\n")


def response(code: int, text: bytes = b"", *, message: int = 1, tail: bytes = b"", long: bool = False) -> bytes:
    """An LDAP extended response in BER; ``long`` writes lengths in four bytes, as Active Directory does."""

    def tlv(tag: int, content: bytes) -> bytes:
        size = b"\x84" + len(content).to_bytes(4, "big") if long else bytes([len(content)])
        return bytes([tag]) + size + content

    name = b"" if message == 0 else tlv(0x8A, START_TLS)
    body = tlv(0x0A, bytes([code])) + tlv(0x04, b"") + tlv(0x04, text) + name
    return tlv(0x30, tlv(0x02, bytes([message])) + tlv(0x78, body)) + tail


GOOD = {"imap": IMAP, "pop3": POP3, "lmtp": LMTP, "ldap": (response(0),)}
FIRST = {"imap": b"", "pop3": b"", "lmtp": b"", "ldap": REQUEST}


def talk(protocol: str, *replies: bytes, chop: int = 1 << 30) -> tuple[Outcome, list[bytes]]:
    """The outcome of a dialogue with a server that sends one of ``replies`` each time, and then closes."""
    dialogue, sent, waiting = PROTOCOLS[protocol].dialogue("probe.example.org"), [], list(replies)
    pending = b""
    step: Step = next(dialogue)
    if not step.send:
        pending = waiting.pop(0) if waiting else b""
    try:
        while True:
            if step.send:
                sent.append(step.send)
                pending += waiting.pop(0) if waiting else b""  # what was under way still arrives
            chunk, pending = pending[:chop], pending[chop:]
            step = dialogue.send(chunk)
    except StopIteration as end:
        return end.value, sent


def ended(protocol: str, *replies: bytes) -> tuple[str, str]:
    """Trouble and stage of such a dialogue."""
    outcome, _ = talk(protocol, *replies)
    return outcome.trouble, outcome.stage


@pytest.mark.parametrize("chop", [1, 2, 3, 7, 1 << 30])
@pytest.mark.parametrize("protocol", list(GOOD))
def test_upgrade(protocol: str, chop: int) -> None:
    """A server that behaves reaches TLS, however its bytes are cut."""
    outcome, _ = talk(protocol, *GOOD[protocol], chop=chop)
    assert (outcome.trouble, outcome.stage, outcome.error) == ("", "handshake", None)


@pytest.mark.parametrize(
    ("protocol", "said"),
    [
        ("imap", [b"a1 CAPABILITY\r\n", b"a2 STARTTLS\r\n"]),
        ("pop3", [b"CAPA\r\n", b"STLS\r\n"]),
        ("lmtp", [b"LHLO probe.example.org\r\n", b"STARTTLS\r\n"]),
        ("ldap", [b"\x30\x1d\x02\x01\x01\x77\x18\x80\x161.3.6.1.4.1.1466.20037"]),
    ],
)
def test_commands(protocol: str, said: list[bytes]) -> None:
    """The client says what the protocol's document demands, and no more."""
    assert talk(protocol, *GOOD[protocol])[1] == said


@pytest.mark.parametrize("protocol", list(GOOD))
@pytest.mark.parametrize("injected", [b"x", b"\r\n", b"\x16\x03\x03\x00\x00"])
def test_injection(protocol: str, injected: bytes) -> None:
    """Plain text behind the last answer was not protected by TLS, and is refused."""
    *others, last = GOOD[protocol]
    outcome, _ = talk(protocol, *others, last + injected)
    assert (outcome.trouble, outcome.stage) == ("handshake-failed", "starttls")
    assert "Plain text follows the answer to" in str(outcome.error)


@pytest.mark.parametrize(
    ("protocol", "replies", "trouble", "stage"),
    [
        ("imap", [], "unreachable", "banner"),
        ("imap", [b"* BYE overloaded\r\n"], "unreachable", "banner"),
        ("imap", [b"* BYE [UNAVAILABLE] later\r\n"], "deferred", "banner"),
        ("imap", [b"* PREAUTH welcome\r\n"], "no-starttls", "banner"),
        ("imap", [b"220 smtp\r\n"], "unreachable", "banner"),
        ("imap", [IMAP[0], b"* CAPABILITY IMAP4rev1\r\na1 OK\r\n"], "no-starttls", "ehlo"),
        ("imap", [IMAP[0], b"a1 BAD what\r\n"], "no-starttls", "ehlo"),
        ("imap", [IMAP[0], b"b7 OK what\r\n"], "unreachable", "ehlo"),
        ("imap", [IMAP[0], b"a1 MAYBE\r\n"], "unreachable", "ehlo"),
        ("imap", [IMAP[0], b"* BYE\r\n"], "unreachable", "ehlo"),
        ("imap", [IMAP[0], b"* X\r\n" * 200], "unreachable", "ehlo"),
        ("imap", [*IMAP[:2], b"a2 NO TLS is not set up\r\n"], "no-starttls", "starttls"),
        ("imap", [*IMAP[:2], b"a2 NO [UNAVAILABLE] later\r\n"], "deferred", "starttls"),
        ("imap", [*IMAP[:2]], "unreachable", "starttls"),
        ("pop3", [b"-ERR no\r\n"], "unreachable", "banner"),
        ("pop3", [b"-ERR [SYS/TEMP] later\r\n"], "deferred", "banner"),
        ("pop3", [b"* OK imap\r\n"], "unreachable", "banner"),
        ("pop3", [POP3[0], b"+OK\r\nUIDL\r\n.\r\n"], "no-starttls", "ehlo"),
        ("pop3", [POP3[0], b"+OK\r\n" + b"X\r\n" * 200], "unreachable", "ehlo"),
        ("pop3", [POP3[0], b"-ERR what\r\n", b"+OK go\r\n"], "", "handshake"),
        ("pop3", [POP3[0], b"-ERR what\r\n", b"-ERR what\r\n"], "no-starttls", "starttls"),
        ("pop3", [*POP3[:2], b"-ERR no\r\n"], "no-starttls", "starttls"),
        ("pop3", [*POP3[:2], b"nonsense\r\n"], "handshake-failed", "starttls"),
        ("lmtp", [LMTP[0], b"500 what\r\n"], "unreachable", "ehlo"),
        ("lmtp", [LMTP[0], b"250 gw\r\n"], "no-starttls", "ehlo"),
        ("lmtp", [LMTP[0], b"451 later\r\n"], "deferred", "ehlo"),
        ("ldap", [], "unreachable", "starttls"),
        ("ldap", [response(0, long=True)], "", "handshake"),
        ("ldap", [response(2, b"unsupported extended operation")], "no-starttls", "starttls"),
        ("ldap", [response(52, b"Error initializing SSL/TLS")], "deferred", "starttls"),
        ("ldap", [response(51)], "deferred", "starttls"),
        ("ldap", [response(52, message=0)], "unreachable", "starttls"),
        ("ldap", [b"220 smtp\r\n"], "handshake-failed", "starttls"),
        ("ldap", [b"\x30\x0b\x02\x01\x01\x78\x06\x0a\x00\x04\x00\x04\x00"], "handshake-failed", "starttls"),
        ("ldap", [b"\x30\x10\x02\x01\x01\x78\x0b\x0a\x05\0\0\0\0\x34\x04\0\x04\0"], "handshake-failed", "starttls"),
        ("ldap", [b"\x30\x80\x00\x00"], "handshake-failed", "starttls"),
        ("ldap", [b"\x30\x84\x7f\xff\xff\xff"], "handshake-failed", "starttls"),
        ("ldap", [b"\x30\x05\x02\x01\x01\x61\x00"], "handshake-failed", "starttls"),
        ("ldap", [b"\x30\x02\x02\x09"], "handshake-failed", "starttls"),
    ],
)
def test_classification(protocol: str, replies: list[bytes], trouble: str, stage: str) -> None:
    """Each way to fail has its class and its sentence, in each protocol."""
    outcome, _ = talk(protocol, *replies)
    assert (trouble, stage) == (outcome.trouble, outcome.stage)
    assert bool(trouble) == bool(outcome.error)


def test_what_the_server_said_is_quoted() -> None:
    """The refusal of an LDAP server is quoted with its name and its text, printable."""
    outcome, _ = talk("ldap", response(52, b"LdapErr: \x1b[2J\x00"))
    assert outcome.reply == "52 unavailable: LdapErr: \\x1b[2J"
    assert str(outcome.error).endswith("52 unavailable: LdapErr: \\x1b[2J")


@given(
    st.sampled_from(list(GOOD)),
    st.lists(st.binary(min_size=1, max_size=80), max_size=3),
    st.integers(0, 3),
    st.integers(1, 60),
)
@few
def test_any_server(protocol: str, strange: list[bytes], kept: int, chop: int) -> None:
    """Whatever a server sends, the dialogue ends in a known class, the same however the bytes are cut."""
    replies = [*GOOD[protocol][:kept], *strange]
    outcome, _ = talk(protocol, *replies)
    assert outcome.trouble in ("", "unreachable", "deferred", "no-starttls", "handshake-failed")
    assert (outcome.trouble == "") == (outcome.error is None)
    assert (outcome.error or "").isascii()
    assert len(outcome.reply or "") <= 500


@given(st.sampled_from(list(GOOD)), st.integers(1, 40), st.data())
@few
def test_any_split_of_any_reply(protocol: str, chop: int, data: st.DataObject) -> None:
    """Replies with something strange in them give the same outcome in one piece and in many."""
    replies = list(GOOD[protocol])
    place = data.draw(st.integers(0, len(replies) - 1))
    at = data.draw(st.integers(0, len(replies[place]) - 1))
    replies[place] = replies[place][:at] + data.draw(st.binary(min_size=1, max_size=1)) + replies[place][at + 1 :]
    whole, sent = talk(protocol, *replies)
    cut, said = talk(protocol, *replies, chop=chop)
    if "Plain text follows" in (whole.error or ""):  # what has not arrived yet is for TLS to refuse
        assert cut.trouble in ("", "handshake-failed")
    else:
        assert (whole.trouble, whole.stage, sent) == (cut.trouble, cut.stage, said)


@pytest.mark.parametrize("protocol", list(GOOD))
@pytest.mark.parametrize("flood", [b"* OK x\r\n", b"+OK\r\n", b"x", b"\x30\x84\x00", b"220-x\r\n"])
def test_a_flood_ends(protocol: str, flood: bytes) -> None:
    """A server that never stops sending is left after a bounded number of bytes."""
    assert eaten(protocol, flood * 64) <= MAX_BYTES + MAX_MESSAGE + 64 * len(flood)


def eaten(protocol: str, flood: bytes) -> int:
    """How many bytes of a flood a dialogue takes before it ends."""
    dialogue, total = PROTOCOLS[protocol].dialogue("probe.example.org"), 0
    next(dialogue)
    try:
        while True:
            total += len(flood)
            dialogue.send(flood)
    except StopIteration:
        return total
