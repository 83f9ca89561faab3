"""The reply reader and the STARTTLS dialogue, without a socket."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from certready.errors import UsageError
from certready.smtp.replies import MAX_BYTES, MAX_LINE, MAX_LINES, NotSmtpError, ReplyReader, SmtpReply
from certready.smtp.starttls import PROTOCOLS, Outcome, check_ehlo, implicit, masked, protocol, smtp

few = settings(max_examples=60, deadline=None)

BANNER = b"220 gw.contoso.com ESMTP\r\n"
EHLO = b"250-gw.contoso.com\r\n250-PIPELINING\r\n250-STARTTLS\r\n250 8BITMIME\r\n"
READY = b"220 2.0.0 Ready\r\n"


def pieces(data: bytes, cuts: Iterable[int]) -> Iterator[bytes]:
    """``data`` cut at these places, no piece empty."""
    places = sorted({cut for cut in cuts if 0 < cut < len(data)})
    return (data[a:b] for a, b in zip([0, *places], [*places, len(data)], strict=True) if a < b)


def read_all(chunks: Iterable[bytes]) -> list[SmtpReply | str]:
    """Every reply, and the text of the error that ended the reading."""
    reader, found = ReplyReader(), []
    try:
        for chunk in chunks:
            reader.feed(chunk)
            while reply := reader.read():
                found.append(reply)
    except NotSmtpError as error:
        found.append(str(error))
    return found


def talk(*replies: bytes, chop: int = 1 << 30) -> tuple[Outcome, list[bytes]]:
    """The outcome of a dialogue with a server that sends one of ``replies`` each time, and then closes."""
    dialogue, sent, waiting = smtp("probe.example.org"), [], list(replies)
    pending = waiting.pop(0) if waiting else b""
    step = next(dialogue)
    try:
        while True:
            if step.send:
                sent.append(step.send)
                pending = waiting.pop(0) if waiting else b""
            chunk, pending = pending[:chop], pending[chop:]
            step = dialogue.send(chunk)
    except StopIteration as end:
        return end.value, sent


def ended(*replies: bytes) -> tuple[str, str]:
    """Trouble and stage of such a dialogue."""
    outcome, _ = talk(*replies)
    return outcome.trouble, outcome.stage


reply_lines = st.lists(st.binary(max_size=20).filter(lambda raw: b"\n" not in raw), min_size=1, max_size=4)


@st.composite
def replies(draw: st.DrawFn) -> bytes:
    """One well-formed reply with any bytes as text, ended by CRLF or LF."""
    code, texts = draw(st.sampled_from([b"220", b"250", b"421", b"554"])), draw(reply_lines)
    end = draw(st.sampled_from([b"\r\n", b"\n"]))
    head = b"".join(code + b"-" + text + end for text in texts[:-1])
    return head + code + b" " + texts[-1] + end


class TestReplies:
    def test_one_line(self) -> None:
        """A reply of one line is its code and its text."""
        assert [SmtpReply(220, ("gw.contoso.com ESMTP",))] == read_all([BANNER])

    def test_several_lines(self) -> None:
        """A hyphen after the code continues the reply; the line without one ends it."""
        expected = [SmtpReply(250, ("gw.contoso.com", "PIPELINING", "STARTTLS", "8BITMIME"))]
        assert expected == read_all([EHLO])

    def test_code_alone(self) -> None:
        """A code with nothing after it is a whole reply."""
        assert [SmtpReply(250, ("",))] == read_all([b"250\r\n"])

    def test_bare_line_feed(self) -> None:
        """A bare LF ends a line as CRLF does."""
        assert read_all([EHLO]) == read_all([EHLO.replace(b"\r", b"")])

    @given(st.lists(replies(), min_size=1, max_size=4), st.binary(max_size=10), st.lists(st.integers(0, 400)))
    @few
    def test_any_cut(self, parts: list[bytes], tail: bytes, cuts: list[int]) -> None:
        """However the bytes are cut, the replies are the same."""
        whole = b"".join(parts) + tail
        assert read_all([whole]) == read_all(pieces(whole, cuts))

    @given(st.binary(max_size=300), st.lists(st.integers(0, 300)))
    @few
    def test_any_cut_of_anything(self, data: bytes, cuts: list[int]) -> None:
        """The same holds for bytes that are no SMTP."""
        assert read_all([data]) == read_all(pieces(data, cuts))

    def test_text_is_safe_to_print(self) -> None:
        """Bytes outside printable ASCII, terminal escapes among them, are shown as escapes."""
        assert [SmtpReply(220, ("caf\\xe9 \\x1b[2J\\x00",))] == read_all([b"220 caf\xe9 \x1b[2J\x00\r\n"])

    @pytest.mark.parametrize(
        ("data", "said"),
        [
            (b"HTTP/1.1 400 Bad Request\r\n", "is not a line of an SMTP reply"),
            (b"\r\n", "is not a line of an SMTP reply"),
            (b"2200 x\r\n", "is not a line of an SMTP reply"),
            (b"250-a\r\n220 b\r\n", "both the code 250 and the code 220"),
            (b"x" * (MAX_LINE + 1), f"a line is longer than {MAX_LINE} bytes"),
            (b"220-x\r\n" * (MAX_LINES + 1), f"more than {MAX_LINES} lines"),
        ],
    )
    def test_no_smtp(self, data: bytes, said: str) -> None:
        """What is no SMTP, or too much of it, is refused in words."""
        assert said in str(read_all([data])[-1])

    @pytest.mark.parametrize("code", [b"521", b"421", b"554"])
    def test_a_greeting_that_turns_into_a_refusal(self, code: bytes) -> None:
        """Where the last line refuses, as postscreen's does, that is the reply, and the greeting before it is none."""
        (reply,) = read_all([b"220-gw.contoso.com\r\n" + code + b" 5.7.1 Service unavailable\r\n"])
        assert reply == SmtpReply(int(code), ("5.7.1 Service unavailable",))

    def test_a_long_line(self) -> None:
        """A line longer than RFC 5321 allows, but within the limit, is read."""
        assert read_all([b"220 " + b"x" * 4000 + b"\r\n"]) == [SmtpReply(220, ("x" * 4000,))]

    def test_a_flood_is_not_kept(self) -> None:
        """Ten megabytes without a line end leave no more than the limit in memory."""
        reader = ReplyReader()
        for _ in range(160):
            reader.feed(b"x" * 65536)
        assert len(reader.buffer) == MAX_BYTES + 1
        with pytest.raises(NotSmtpError):
            reader.read()

    def test_too_much_altogether(self) -> None:
        """Many short replies exceed the limit as one long one does."""
        found = read_all([b"250 ok\r\n" * 10_000])
        assert found[-1] == "more than 64 KiB arrived before TLS"

    def test_text_of_a_long_reply_is_cut(self) -> None:
        """The quoted reply stays within 500 characters, in a sentence within 200."""
        reply = SmtpReply(250, ("x" * 300, "y" * 300))
        assert (len(reply.text), len(reply.quoted)) == (500, 200)


class TestDialogue:
    def test_upgrade(self) -> None:
        """Banner, EHLO, STARTTLS, 220: the next byte belongs to TLS."""
        outcome, sent = talk(BANNER, EHLO, READY)
        assert Outcome("", "handshake", "220 2.0.0 Ready") == outcome
        assert sent == [b"EHLO probe.example.org\r\n", b"STARTTLS\r\n"]

    @pytest.mark.parametrize("chop", [1, 2, 3, 7])
    def test_upgrade_in_small_pieces(self, chop: int) -> None:
        """A server that sends a few bytes at a time is understood just as well."""
        assert talk(BANNER, EHLO, READY) == talk(BANNER, EHLO, READY, chop=chop)

    def test_nothing_is_said_before_the_banner_has_ended(self) -> None:
        """A multi-line banner is read to its last line before EHLO is sent."""
        dialogue = smtp("probe.example.org")
        assert next(dialogue).send == b""
        assert dialogue.send(b"220-first\r\n220-second\r\n").send == b""
        assert dialogue.send(b"220 last\r\n").send == b"EHLO probe.example.org\r\n"

    @pytest.mark.parametrize(
        "offer",
        [
            b"250-gw\r\n250 STARTTLS\r\n",
            b"250-gw\r\n250-STARTTLS\r\n250 SIZE 1000\r\n",
            b"250-gw\r\n250 starttls\r\n",
            b"250-gw\r\n250 StartTLS \r\n",
            b"250-gw\n250-STARTTLS\n250 HELP\n",
        ],
    )
    def test_offers(self, offer: bytes) -> None:
        """The keyword counts in any case and at any place, the last line too."""
        assert ended(BANNER, offer, READY) == ("", "handshake")

    @pytest.mark.parametrize(
        "offer",
        [
            b"250 gw\r\n",
            b"250-gw\r\n250 HELP\r\n",
            b"250-gw\r\n250 STARTTLSX\r\n",
            b"250-gw\r\n250 XSTARTTLS\r\n",
            b"250-gw\r\n250 AUTH STARTTLS\r\n",
            b"250 starttls\r\n",
        ],
    )
    def test_no_offer(self, offer: bytes) -> None:
        """A part of a word, a parameter or the greeting is not the keyword."""
        outcome, sent = talk(BANNER, offer)
        assert (outcome.trouble, outcome.stage, len(sent)) == ("no-starttls", "ehlo", 1)
        assert outcome.error == "The gateway answers EHLO and does not offer STARTTLS."

    @pytest.mark.parametrize("mask", [b"XXXXXXXA", b"XXXX", b"XXXXXXXX", b"xxxxxxxb"])
    def test_masked(self, mask: bytes) -> None:
        """A keyword overwritten with X is an inspecting firewall's doing, and is said to be."""
        outcome, _ = talk(BANNER, b"250-gw\r\n250-SIZE 1000\r\n250 " + mask + b"\r\n")
        assert outcome.trouble == "no-starttls"
        assert "A firewall on the way inspects SMTP and hides STARTTLS" in str(outcome.error)
        assert masked(outcome.reply)

    def test_starred(self) -> None:
        """A banner of stars before a refused EHLO is an inspecting firewall's doing too, and is said to be."""
        banner = b"220 ****************0*2 ******0***********************2002*******2***0*00\r\n"
        outcome, _ = talk(banner, b"500 5.3.3 Unrecognized command\r\n", b"250 gw\r\n")
        assert outcome.trouble == "no-starttls"
        assert "the stars in the banner are those of Cisco's PIX" in str(outcome.error)
        assert masked(outcome.reply)

    @pytest.mark.parametrize(
        "reply",
        [
            None,
            "250 gw",
            "220 *** Welcome to our mail gateway **********",
            "250-XXXX\n250 HELP",
            "250-gw\n250 XCLIENT ADDR",
            "502 XXXX",
        ],
    )
    def test_not_masked(self, reply: str | None) -> None:
        """A private keyword and a strange greeting are no mask."""
        assert not masked(reply)

    @pytest.mark.parametrize(
        ("replies", "trouble", "stage"),
        [
            ([], "unreachable", "banner"),
            ([b"220-half a banner\r\n"], "unreachable", "banner"),
            ([b"554 go away\r\n"], "unreachable", "banner"),
            ([b"250 hello\r\n"], "unreachable", "banner"),
            ([b"421 busy\r\n"], "deferred", "banner"),
            ([b"220-gw\r\n421 busy\r\n"], "deferred", "banner"),
            ([b"220-gw\r\n521 no\r\n"], "unreachable", "banner"),
            ([b"SSH-2.0-OpenSSH_9.2\r\n"], "unreachable", "banner"),
            ([BANNER], "unreachable", "ehlo"),
            ([BANNER, b"450 greylisted\r\n"], "deferred", "ehlo"),
            ([BANNER, b"220 what\r\n"], "unreachable", "ehlo"),
            ([BANNER, b"354 go on\r\n"], "unreachable", "ehlo"),
            ([BANNER, b"502 no\r\n", b"250 gw\r\n"], "no-starttls", "ehlo"),
            ([BANNER, b"550 no\r\n", b"550 no\r\n"], "unreachable", "ehlo"),
            ([BANNER, b"502 no\r\n", b"421 no\r\n"], "deferred", "ehlo"),
            ([BANNER, b"502 no\r\n"], "unreachable", "ehlo"),
            ([BANNER, EHLO], "unreachable", "starttls"),
            ([BANNER, EHLO, b"454 TLS not available\r\n"], "deferred", "starttls"),
            ([BANNER, EHLO, b"502 no\r\n"], "no-starttls", "starttls"),
            ([BANNER, EHLO, b"250 ok\r\n"], "handshake-failed", "starttls"),
            ([BANNER, EHLO, b"\x16\x03\x01\x00\n"], "handshake-failed", "starttls"),
        ],
    )
    def test_classification(self, replies: list[bytes], trouble: str, stage: str) -> None:
        """Each way to fail has its class, and a sentence."""
        outcome, _ = talk(*replies)
        assert (trouble, stage) == (outcome.trouble, outcome.stage)
        assert outcome.error

    def test_temporary_errors_are_quoted(self) -> None:
        """What a 4xx said is repeated to the user, in the reply and in the sentence."""
        outcome, _ = talk(BANNER, b"450-4.7.1 Greylisted\r\n450 4.7.1 Come back in 5 minutes\r\n")
        assert outcome.reply == "450-4.7.1 Greylisted\n450 4.7.1 Come back in 5 minutes"
        assert "450 4.7.1 Greylisted 4.7.1 Come back in 5 minutes" in str(outcome.error)

    def test_helo_is_only_asked_for_the_record(self) -> None:
        """After a refused EHLO the sentence says whether HELO works, and quotes the refusal."""
        outcome, sent = talk(BANNER, b"502 5.5.1 not implemented\r\n", b"250 gw\r\n")
        assert sent == [b"EHLO probe.example.org\r\n", b"HELO probe.example.org\r\n"]
        assert outcome.reply == "502 5.5.1 not implemented"
        assert "knows HELO but not EHLO" in str(outcome.error)

    @pytest.mark.parametrize("injected", [b"250 injected\r\n", b"\n", b"\x16\x03\x03\x00\x00", b"2"])
    def test_injection(self, injected: bytes) -> None:
        """Whatever is already there behind the 220 was not protected by TLS, and is refused (RFC 3207, 6)."""
        outcome, _ = talk(BANNER, EHLO, READY + injected)
        assert (outcome.trouble, outcome.stage) == ("handshake-failed", "starttls")
        assert "Plain text follows the answer to STARTTLS" in str(outcome.error)

    @given(
        st.lists(st.one_of(st.binary(max_size=80), st.sampled_from([BANNER, EHLO, READY, b"502 no\r\n"]))),
        st.integers(1, 200),
    )
    @few
    def test_any_server(self, replies: list[bytes], chop: int) -> None:
        """Whatever a server sends, the dialogue ends in a known class, with a sentence unless all is well."""
        outcome, _ = talk(*replies, chop=chop)
        assert outcome.trouble in ("", "unreachable", "deferred", "no-starttls", "handshake-failed")
        assert (outcome.trouble == "") == (outcome.error is None)
        assert (outcome.error or "").isascii()
        assert len(outcome.reply or "") <= 500

    @pytest.mark.parametrize("flood", [b"220-again\r\n", b"220 x\r\n", b"x", b"\r\n", b"\x00"])
    def test_a_flood_ends(self, flood: bytes) -> None:
        """A server that never stops sending is left after a bounded number of bytes."""
        assert eaten(flood * 64) <= MAX_BYTES + 64 * len(flood)


def eaten(flood: bytes) -> int:
    """How many bytes of a flood a dialogue takes before it ends."""
    dialogue, total = smtp("probe.example.org"), 0
    next(dialogue)
    try:
        while True:
            total += len(flood)
            dialogue.send(flood)
    except StopIteration:
        return total


class TestRegistry:
    def test_default_ports(self) -> None:
        """Each protocol has the port that IANA gave it."""
        expected = {
            "smtp": 25,
            "submission": 587,
            "smtps": 465,
            "lmtp": 24,
            "imap": 143,
            "imaps": 993,
            "pop3": 110,
            "pop3s": 995,
            "ldap": 389,
            "tls": 443,
        }
        assert expected == {name: entry.port for name, entry in PROTOCOLS.items()}

    def test_implicit_tls_says_nothing_first(self) -> None:
        """Implicit TLS has an empty dialogue."""
        with pytest.raises(StopIteration) as end:
            next(implicit("probe.example.org"))
        assert Outcome("", "handshake") == end.value.value

    def test_a_protocol_in_any_case(self) -> None:
        """A protocol is the same however its name is written."""
        assert protocol("imap") is protocol("IMAP")

    def test_unknown_protocol(self) -> None:
        """A protocol that is not known is a usage error that names those that are."""
        with pytest.raises(UsageError) as error:
            protocol("gopher\x1b")
        assert error.value.hint == "Use one of smtp, submission, smtps, lmtp, imap, imaps, pop3, pop3s, ldap, tls."
        assert str(error.value) == '"gopher?" is not a known protocol.'

    @pytest.mark.parametrize("name", ["gw.contoso.com", "[192.0.2.1]", "[IPv6:2001:db8::1]", "host"])
    def test_ehlo_names(self, name: str) -> None:
        """Names and address literals may stand in EHLO."""
        assert name == check_ehlo(name)

    @pytest.mark.parametrize("name", ["", "a b", "gw\r\nMAIL FROM:<>", "gw\n", "x" * 256, "m\u00fcller.example"])
    def test_bad_ehlo_names(self, name: str) -> None:
        """Nothing that could add a command to the line may."""
        with pytest.raises(UsageError):
            check_ehlo(name)
