"""The listener's side of SMTP: what it answers, and that nothing it hears makes it take a message or grow."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from certready.model.report import Verdict
from certready.smtp.listen import MAX_COMMANDS, MAX_ERRORS, MAX_EXCHANGES, MAX_LINE, REFUSED, Conversation, rcpt_reply

HELLO = b"EHLO gw.contoso.com\r\n"
MAIL = b"MAIL FROM:<>\r\nRCPT TO:<user@example.org>\r\n"
WHOLE = HELLO + MAIL + b"DATA\r\nRSET\r\nNOOP\r\nVRFY x\r\nHELP\r\nQUIT\r\n"


def secured(verdict: Verdict = "ready", *, exact: bool = False) -> Conversation:
    """A conversation that has TLS, a verdict, and the client's second EHLO."""
    talk = Conversation("exo.example.test", "192.0.2.1", exact=exact)
    talk.greet()
    talk.hear(HELLO + b"STARTTLS\r\n")
    talk.secured(verdict)
    talk.hear(HELLO)
    return talk


def codes(sent: bytes) -> list[str]:
    """The code of every reply, multi-line ones once."""
    return [line[:3].decode() for line in sent.splitlines() if line[3:4] == b" "]


def test_banner_and_ehlo_offer_starttls() -> None:
    """The banner is a 220, and EHLO before TLS offers STARTTLS and no PIPELINING."""
    talk = Conversation("exo.example.test", "192.0.2.1")
    assert talk.greet().startswith(b"220 exo.example.test ")
    lines = talk.hear(HELLO).send.decode().split("\r\n")
    assert "250 STARTTLS" in lines
    assert [] == [line for line in lines if "PIPELINING" in line]


def test_starttls_is_not_offered_twice() -> None:
    """Inside TLS EHLO does not offer STARTTLS, and the command is refused."""
    talk = secured()
    assert b"STARTTLS" not in talk.hear(HELLO).send
    assert ["503"] == codes(talk.hear(b"STARTTLS\r\n").send)


@pytest.mark.parametrize("command", [b"MAIL FROM:<>\r\n", b"RCPT TO:<a@b.c>\r\n", b"DATA\r\n", b"AUTH PLAIN x\r\n"])
def test_tls_is_demanded(command: bytes) -> None:
    """Whatever is about mail gets 530 5.7.0 before TLS."""
    talk = Conversation("exo.example.test")
    talk.hear(HELLO)
    assert b"530 5.7.0 Must issue a STARTTLS command first\r\n" == talk.hear(command).send


def test_starttls_needs_a_greeting() -> None:
    """STARTTLS before EHLO is refused; after it the next thing is the handshake."""
    talk = Conversation("exo.example.test")
    assert ["503"] == codes(talk.hear(b"STARTTLS\r\n").send)
    talk.hear(HELLO)
    turn = talk.hear(b"starttls\r\n")
    assert (["220"], "tls") == (codes(turn.send), turn.then)


def test_plain_text_behind_starttls_is_refused() -> None:
    """Commands that arrive together with STARTTLS end the connection and are not carried into TLS."""
    talk = Conversation("exo.example.test")
    talk.hear(HELLO)
    turn = talk.hear(b"STARTTLS\r\nMAIL FROM:<>\r\n")
    assert (["554"], "close") == (codes(turn.send), turn.then)


def test_what_was_said_before_tls_is_forgotten() -> None:
    """After the handshake MAIL waits for a new EHLO."""
    talk = Conversation("exo.example.test")
    talk.hear(HELLO + b"STARTTLS\r\n")
    talk.secured("ready")
    assert ["503"] == codes(talk.hear(b"MAIL FROM:<>\r\n").send)


@pytest.mark.parametrize(
    ("verdict", "exact", "expected"),
    [
        ("ready", False, "250 2.1.5 Recipient OK"),
        ("ready", True, "250 2.1.5 Recipient OK"),
        ("not-ready", False, f"450 4.7.0 certready: not ready; Exchange Online would answer: {REFUSED}"),
        ("not-ready", True, "550 5.7.64 TenantAttribution; Relay Access Denied"),
        ("cannot-tell", True, "550 5.7.64 TenantAttribution; Relay Access Denied"),
    ],
)
def test_rcpt_is_answered_by_the_verdict(verdict: Verdict, exact: bool, expected: str) -> None:
    """250 when ready, else a temporary refusal that quotes Exchange Online's, or the bare one where that is wanted."""
    talk = secured(verdict, exact=exact)
    assert f"250 2.1.0 Sender OK\r\n{expected}\r\n".encode() == talk.hear(MAIL).send


def test_unknown_is_never_taken_for_ready() -> None:
    """Where nothing could be told, RCPT is put off and the answer says so."""
    assert rcpt_reply("cannot-tell", exact=False).startswith("450 4.7.0 certready: cannot tell;")


@pytest.mark.parametrize(("exact", "expected"), [(False, "451"), (True, "554")])
def test_data_is_always_refused(exact: bool, expected: str) -> None:
    """DATA is refused after an accepted recipient too: for the moment, or for good where exact replies are wanted."""
    talk = secured(exact=exact)
    assert ["250", "250", expected] == codes(talk.hear(MAIL + b"DATA\r\n").send)


def test_bdat_ends_the_connection() -> None:
    """A chunk of message is not waited for."""
    turn = secured().hear(MAIL + b"BDAT 100 LAST\r\nSubject: x\r\n")
    assert (["250", "250", "554"], "close") == (codes(turn.send), turn.then)


def test_order_is_kept() -> None:
    """RCPT waits for MAIL, DATA for an accepted recipient, a second MAIL for RSET."""
    talk = secured("not-ready")
    sent = talk.hear(
        b"RCPT TO:<a@b.c>\r\nMAIL FROM:<>\r\nMAIL FROM:<>\r\nRCPT TO:<a@b.c>\r\nDATA\r\nRSET\r\n" + MAIL
    ).send
    assert ["503", "250", "503", "450", "503", "250", "250", "450"] == codes(sent)


def test_malformed_parameters() -> None:
    """MAIL and RCPT without an address, and EHLO without a name, are syntax errors."""
    assert ["501", "501", "501"] == codes(secured().hear(b"MAIL\r\nMAIL TO:<a@b.c>\r\nEHLO\r\n").send)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.integers(0, len(WHOLE)), max_size=12))
def test_any_split_gives_the_same(cuts: list[int]) -> None:
    """However the bytes are cut, the same is answered and the same is noted."""
    whole = secured()
    expected = whole.hear(WHOLE)
    talk, sent, then = secured(), b"", "go-on"
    edges = [0, *sorted(cuts), len(WHOLE)]
    for start, end in pairwise(edges):
        turn = talk.hear(WHOLE[start:end])
        sent, then = sent + turn.send, turn.then if turn.then != "go-on" else then
    assert (expected.send, expected.then, whole.exchanges) == (sent, then, talk.exchanges)


@settings(deadline=None, max_examples=200)
@given(st.lists(st.binary(max_size=300), max_size=20), st.sampled_from(["ready", "not-ready"]))
def test_nothing_makes_it_take_a_message(pieces: list[bytes], verdict: Verdict) -> None:
    """Whatever is said, no answer is a 354, every answer is ASCII with CRLF, and what is kept stays small."""
    talk = secured(verdict)
    sent = b""
    for piece in pieces:
        turn = talk.hear(piece)
        sent += turn.send
        if turn.then != "go-on":
            break
    assert "354" not in codes(sent)
    assert sent.isascii()
    assert sent.count(b"\n") == sent.count(b"\r\n")
    assert len(talk.exchanges) <= MAX_EXCHANGES
    assert len(talk._buffer) <= MAX_LINE + 300


def test_long_lines_end_the_connection() -> None:
    """A line without end is refused once it is longer than any command."""
    turn = secured().hear(b"A" * (MAX_LINE + 1))
    assert (["500"], "close") == (codes(turn.send), turn.then)


def test_many_commands_and_many_errors_end_the_connection() -> None:
    """Neither harmless commands nor mistakes go on for ever."""
    harmless = secured().hear(b"NOOP\r\n" * (MAX_COMMANDS + 1))
    wrong = secured().hear(b"NONSENSE\r\n" * (MAX_ERRORS + 1))
    assert ("close", "421") == (harmless.then, codes(harmless.send)[-1])
    assert (MAX_ERRORS + 1, "close", "421") == (len(codes(wrong.send)), wrong.then, codes(wrong.send)[-1])


def test_notes_hold_verbs_and_no_addresses() -> None:
    """What is kept for the evidence says which commands came and not who wrote to whom."""
    talk = secured()
    talk.hear(MAIL + b"QUIT\r\n")
    assert ["", "EHLO", "STARTTLS", "EHLO", "MAIL", "RCPT", "QUIT"] == [one.sent for one in talk.exchanges]
    assert "example.org" not in repr(talk.exchanges)


def test_hostile_names_are_shown_safely() -> None:
    """Control characters in the client's name reach neither log nor answer."""
    talk = Conversation("exo.example.test")
    talk.greet()
    sent = talk.hear(b"EHLO \x1b[31mgw\x07\xff\r\n").send
    assert r"\x1b[31mgw\x07\xff" == talk.client
    assert b"\x1b" not in sent
