"""The listener's side of SMTP: what it answers, and that nothing it hears makes it take a message or grow."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from certready.model.report import Verdict
from certready.smtp.listen import (
    MAX_COMMANDS,
    MAX_ERRORS,
    MAX_LINE,
    OTHER,
    REFUSED,
    Conversation,
    Turn,
    clear_text,
    rcpt_reply,
)

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


def plain(*, exact: bool = False) -> Conversation:
    """A conversation without TLS that has heard EHLO."""
    talk = Conversation("exo.example.test", "192.0.2.1", exact=exact)
    talk.greet()
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


def test_no_message_is_too_large_or_too_odd() -> None:
    """EHLO names no limit of size and offers what a message may need (8BITMIME, SMTPUTF8, DSN), inside TLS too: what is
    lacking there would make the sender's own server return its message."""
    for talk in (plain(), secured()):
        offered = {line[4:] for line in talk.hear(HELLO).send.decode().split("\r\n")}
        assert {"SIZE", "8BITMIME", "SMTPUTF8", "DSN", "ENHANCEDSTATUSCODES"} <= offered


def test_starttls_is_not_offered_twice() -> None:
    """Inside TLS EHLO does not offer STARTTLS, and the command is put off."""
    talk = secured()
    assert b"STARTTLS" not in talk.hear(HELLO).send
    assert ["451"] == codes(talk.hear(b"STARTTLS\r\n").send)


def test_mail_in_clear_text_is_put_off() -> None:
    """Without TLS the sender is heard, the recipient refused for the moment with Exchange Online's words, DATA too."""
    talk = plain()
    sent = talk.hear(MAIL + b"DATA\r\n").send
    assert ["250", "450", "451"] == codes(sent)
    assert f"450 4.7.0 certready: no TLS and so no client certificate; Exchange Online would answer: {REFUSED}" in (
        sent.decode()
    )
    assert talk.clear_mail


def test_exact_replies_in_clear_text() -> None:
    """With exact replies the recipient is refused as Exchange Online does; nothing else is permanent."""
    sent = plain(exact=True).hear(MAIL + b"DATA\r\nAUTH PLAIN x\r\nNONSENSE\r\nSTARTTLS x\r\n").send
    assert ["250", "550", "451", "451", "451", "451"] == codes(sent)
    assert REFUSED in sent.decode()


@pytest.mark.parametrize("command", [b"MAIL", b"RCPT TO:<a@b.c>", b"DATA", b"BDAT 5 LAST", b"AUTH PLAIN x"])
def test_wanting_to_send_without_tls_is_noted(command: bytes) -> None:
    """Whatever is about mail and comes before TLS makes it a session in clear text; inside TLS it does not."""
    clear, secret = plain(), secured()
    clear.hear(command + b"\r\n")
    secret.hear(command + b"\r\n")
    assert (True, False) == (clear.clear_mail, secret.clear_mail)


def test_looking_in_without_tls_is_no_mail() -> None:
    """A monitor that greets, resets and leaves has sent nothing."""
    talk = plain()
    talk.hear(b"NOOP\r\nRSET\r\nVRFY x\r\nHELP\r\nQUIT\r\n")
    assert not talk.clear_mail


@pytest.mark.parametrize(
    ("offered", "failure", "words"),
    [(True, None, "did not use it"), (False, None, "HELO"), (True, "Unknown CA.", "after TLS had failed: Unknown CA.")],
)
def test_the_sentence_on_clear_text(offered: bool, failure: str | None, words: str) -> None:
    """It says whether STARTTLS was offered, and that a handshake had failed before where one had."""
    assert words in clear_text(offered=offered, failure=failure)


def test_starttls_needs_a_greeting() -> None:
    """STARTTLS before EHLO is put off; after it the next thing is the handshake."""
    talk = Conversation("exo.example.test")
    assert ["451"] == codes(talk.hear(b"STARTTLS\r\n").send)
    talk.hear(HELLO)
    turn = talk.hear(b"starttls\r\n")
    assert (["220"], "tls") == (codes(turn.send), turn.then)


def test_plain_text_behind_starttls_is_refused() -> None:
    """Commands that arrive together with STARTTLS end the connection and are not carried into TLS; what came before
    them is answered, each command once."""
    talk = Conversation("exo.example.test")
    turn = talk.hear(HELLO + b"STARTTLS\r\nMAIL FROM:<>\r\n")
    assert (["250", "421"], "close") == (codes(turn.send), turn.then)
    assert ["EHLO", "STARTTLS"] == [one.sent for one in talk.exchanges]


def test_what_was_said_before_tls_is_forgotten() -> None:
    """After the handshake MAIL waits for a new EHLO."""
    talk = Conversation("exo.example.test")
    talk.hear(HELLO + b"STARTTLS\r\n")
    talk.secured("ready")
    assert ["451"] == codes(talk.hear(b"MAIL FROM:<>\r\n").send)


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


@pytest.mark.parametrize("exact", [False, True])
def test_data_is_always_put_off(exact: bool) -> None:
    """DATA is refused for the moment after an accepted recipient, with exact replies too: Exchange Online would take
    this message, so nothing of ours may make it bounce."""
    talk = secured(exact=exact)
    assert ["250", "250", "451"] == codes(talk.hear(MAIL + b"DATA\r\n").send)


def test_bdat_ends_the_connection() -> None:
    """A chunk of message is not waited for, and the message stays with its sender."""
    turn = secured().hear(MAIL + b"BDAT 100 LAST\r\nSubject: x\r\n")
    assert (["250", "250", "421"], "close") == (codes(turn.send), turn.then)


def test_order_is_kept() -> None:
    """RCPT waits for MAIL, DATA for an accepted recipient, a second MAIL for RSET."""
    talk = secured("not-ready")
    sent = talk.hear(
        b"RCPT TO:<a@b.c>\r\nMAIL FROM:<>\r\nMAIL FROM:<>\r\nRCPT TO:<a@b.c>\r\nDATA\r\nRSET\r\n" + MAIL
    ).send
    assert ["451", "250", "451", "450", "451", "250", "250", "450"] == codes(sent)


def test_malformed_parameters() -> None:
    """MAIL and RCPT without an address, and EHLO without a name, are put off."""
    assert ["451", "451", "451"] == codes(secured().hear(b"MAIL\r\nMAIL TO:<a@b.c>\r\nEHLO\r\n").send)


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


# Lines as clients say them, right and wrong, and bytes that are none.
LINES = st.sampled_from(
    [
        HELLO,
        b"HELO x\r\n",
        b"EHLO\r\n",
        b"STARTTLS\r\n",
        b"STARTTLS x\r\n",
        b"MAIL FROM:<a@b.c> SIZE=99999999999 SMTPUTF8 BODY=8BITMIME\r\n",
        b"MAIL FROM:<>\r\n",
        b"RCPT TO:<\xc3\xbc@example.org>\r\n",
        b"RCPT TO:<a@b.c>\n",
        b"DATA\r\n",
        b"BDAT 3 LAST\r\nabc",
        b"AUTH PLAIN AGEAYg==\r\n",
        b"AUTH LOGIN\r\n",
        b"RSET\r\n",
        b"NOOP\r\n",
        b"VRFY a\r\n",
        b"EXPN a\r\n",
        b"QUIT\r\n",
        b"Subject: x\r\n.\r\n",
        b"\r\n",
        b"\x16\x03\x01\x02\x00\x01",
        b"A" * (MAX_LINE + 1),
    ]
)
STREAMS = st.lists(st.one_of(LINES, st.binary(max_size=300)), max_size=150)
STATES = st.sampled_from(["greeted", "new", "ready", "not-ready", "cannot-tell"])


def begun(state: str, *, exact: bool = False) -> Conversation:
    """A conversation in one of the states above."""
    if state in ("ready", "not-ready", "cannot-tell"):
        return secured(state, exact=exact)  # type: ignore[arg-type]
    return plain(exact=exact) if state == "greeted" else Conversation("exo.example.test", "192.0.2.1", exact=exact)


def listened(talk: Conversation, pieces: list[bytes]) -> list[Turn]:
    """The turns until the conversation is over or the client falls silent; a handshake succeeds at once."""
    turns = []
    for piece in pieces:
        turns.append(talk.hear(piece))
        if turns[-1].then == "close":
            break
        if turns[-1].then == "tls":
            talk.secured("cannot-tell")
    return turns


@settings(deadline=None, max_examples=400)
@given(STREAMS, STATES)
def test_nothing_permanent_is_ever_said(pieces: list[bytes], state: str) -> None:
    """Whatever a client says in whatever state, no reply is a 5yz, and none is a 354: its message stays with it."""
    replies = codes(b"".join(turn.send for turn in listened(begun(state), pieces)))
    assert [] == [code for code in replies if code[0] not in "24" or code == "354"]


@settings(deadline=None, max_examples=100)
@given(STREAMS, STATES)
def test_exact_replies_are_permanent_in_one_case_alone(pieces: list[bytes], state: str) -> None:
    """With exact replies the one permanent answer is Exchange Online's own."""
    sent = b"".join(turn.send for turn in listened(begun(state, exact=True), pieces))
    assert {REFUSED} >= {line for line in sent.decode().split("\r\n") if line.startswith("5")}


@settings(deadline=None, max_examples=200)
@given(STREAMS, STATES)
def test_what_is_said_and_kept_stays_small(pieces: list[bytes], state: str) -> None:
    """Every answer is ASCII in lines of at most 512 bytes, and neither answers, notes nor buffer grow with what came."""
    talk = begun(state)
    turns = listened(talk, pieces)
    sent = b"".join(turn.send for turn in turns)
    assert sent.isascii()
    assert sent.count(b"\n") == sent.count(b"\r\n")
    assert all(len(line) <= 510 for line in sent.split(b"\r\n"))
    assert len(sent) < MAX_COMMANDS * 600
    assert len(talk.exchanges) <= MAX_COMMANDS + 5
    assert len(talk._buffer) <= MAX_LINE + max((len(piece) for piece in pieces), default=0)


@settings(deadline=None, max_examples=100)
@given(st.lists(st.one_of(LINES, st.binary(min_size=1, max_size=300)), min_size=1, max_size=5), STATES)
def test_every_conversation_ends(pieces: list[bytes], state: str) -> None:
    """A client that repeats itself for ever is sent away after a bounded number of bytes."""
    many = [piece for _ in range(MAX_COMMANDS * 25 + MAX_LINE) for piece in pieces]
    assert "close" == listened(begun(state), many)[-1].then


def test_long_lines_end_the_connection() -> None:
    """A line without end is refused once it is longer than any command."""
    turn = secured().hear(b"A" * (MAX_LINE + 1))
    assert (["421"], "close") == (codes(turn.send), turn.then)


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


def test_what_is_no_command_is_not_kept() -> None:
    """The lines of a login or of a message that follow a refused command are noted as nothing but that."""
    talk = secured()
    talk.hear(b"AUTH LOGIN\r\ndXNlcg==\r\nc2VjcmV0\r\n")
    assert ["AUTH", OTHER, OTHER] == [one.sent for one in talk.exchanges[-3:]]
    assert "c2VjcmV0" not in repr(talk.exchanges).casefold()
    assert "C2VJCMV0" not in repr(talk.exchanges)


def test_mail_is_noted_however_late_it_comes() -> None:
    """Sixty harmless commands before MAIL do not hide it from the evidence."""
    talk = secured()
    talk.hear(b"NOOP\r\n" * 60 + MAIL)
    assert {"MAIL", "RCPT"} <= {one.sent for one in talk.exchanges}


def test_hostile_names_are_shown_safely() -> None:
    """Control characters in the client's name reach neither log nor answer."""
    talk = Conversation("exo.example.test")
    talk.greet()
    sent = talk.hear(b"EHLO \x1b[31mgw\x07\xff\r\n").send
    assert r"\x1b[31mgw\x07\xff" == talk.client
    assert b"\x1b" not in sent
