"""Error lines as they are pasted: each is taken for itself first, in whatever it is wrapped, folded or quoted."""

from __future__ import annotations

import html
import json
import quopri
import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from certready.explain import CATALOGUE, explain
from certready.explain.find import MAX_TEXT
from certready.explain.show import explanation_lines
from certready.render.layout import plain
from tests.explain.error_lines import FIRST, LINES, SYMPTOMS, UNKNOWN

ROWS = [(line, entry) for entry, lines in LINES.items() for line in lines]


@pytest.mark.parametrize(("line", "expected"), [*ROWS, *SYMPTOMS.items()])
def test_every_line_is_known(line: str, expected: str) -> None:
    """Each line is taken for itself before anything else, and the first cause is the right one."""
    entry = explain(line).entries[0]
    assert expected == entry.id
    assert FIRST[expected] in entry.causes[0].text


def test_the_table_is_large_and_leaves_no_entry_out() -> None:
    """Over 150 lines; every entry of the catalogue has a line that leads to it."""
    assert len({line for line, _ in ROWS}) >= 150
    assert {entry.id for entry in CATALOGUE} == {*LINES, *SYMPTOMS.values()} == set(FIRST)


@pytest.mark.parametrize("text", UNKNOWN)
def test_unknown_lines_stay_unknown(text: str) -> None:
    """A code that nobody wrote about, a code within another, a word on its own: no entry is guessed."""
    assert () == explain(text).entries


# The wrappers: what stands around a reply where administrators copy it from. {} is the reply.
WRAPPERS: dict[str, tuple[str, str | None]] = {
    "the reply alone": ("{}", None),
    "Queue Viewer": ("Last Error: {}", "LastError of an Exchange queue"),
    "Get-Queue": (
        ("Identity : EX01\\5\nStatus : Retry\nLastError : [{{LRT=11/21/2026 9:00:00 AM}};{{LED={}}};"
        "{{FQDN=mail.contoso.com}};{{IP=192.0.2.1}}]"),
        "LastError of an Exchange queue",
    ),
    "LED": (
        "Reason: [{{LED={}}};{{MSG=}};{{FQDN=mail.contoso.com}};{{IP=192.0.2.1}};{{LRT=11/21/2026 9:00:00 AM}}]",
        "Exchange Online message trace",
    ),
    "NDR paragraph": (
        ("Diagnostic information for administrators:\n\nGenerating server: AM0PR01MB1234.eurprd01.prod.outlook.com\n\n"
        "bob@fabrikam.com\nRemote Server returned '{}'\n\nOriginal message headers:\n"),
        "non-delivery report of Exchange",
    ),
    "delivery status": (
        ("Reporting-MTA: dns; gw.contoso.com\nFinal-Recipient: rfc822; bob@fabrikam.com\nAction: failed\n"
        "Diagnostic-Code: smtp; {}\n"),
        "delivery status notification",
    ),
    "Postfix log": (
        ("Nov 21 09:00:00 gw postfix/smtp[815]: 4DB1C1A2: to=<bob@fabrikam.com>, relay=mx.example[192.0.2.1]:25, delay=2, "
        "delays=0/0/1/1, dsn=5.0.0, status=bounced (host mx.example[192.0.2.1] said: {} (in reply to RCPT TO command))"),
        "Postfix log",
    ),
    "Postfix bounce": (
        ("This is the mail system at host gw.contoso.com.\n\nI'm sorry to have to inform you that your message could not\n"
        "be delivered to one or more recipients. It's attached below.\n\n<bob@fabrikam.com>: host mx.example[192.0.2.1] "
        "said: {} (in reply to RCPT TO command)\n"),
        "bounce of Postfix",
    ),
    "Exim log": (
        ("2026-11-21 09:00:00 1rrbSl-000000001Qq-0kPx ** bob@fabrikam.com R=dnslookup T=remote_smtp H=mx.example "
        "[192.0.2.1]: SMTP error from remote mail server after RCPT TO:<bob@fabrikam.com>: {}"),
        "Exim log",
    ),
    "sendmail log": (
        ("Nov 21 09:00:00 gw sm-mta[815]: 5ALDA1: to=<bob@fabrikam.com>, ctladdr=<anna@contoso.com>, delay=00:00:02, "
        "mailer=esmtp, relay=mx.example. [192.0.2.1], dsn=5.0.0, stat=Service unavailable, {}"),
        "sendmail or Proofpoint log",
    ),
    "IronPort log": (
        ("Sat Nov 21 09:00:00 2026 Info: Bounced: DCID 8413 MID 19 to RID 0 - Bounced by destination server with response: "
        "{}"),
        "IronPort log",
    ),
    "Barracuda log": ("barracuda outbound/smtp: 1763715600-0a1b SEND SENT 2 4DB1C1A2 {}", "Barracuda log"),
    "SEPPmail log": ("SEPPmail mail log: 4DB1C1A2 deferred: {}", "SEPPmail log"),
    "Proofpoint log": (
        "2026-11-21T09:00:00 pps sendmail[815]: 5ALDA1: to=<bob@fabrikam.com>, dsn=5.0.0, stat={}",
        "sendmail or Proofpoint log",
    ),
    "event log": (
        ("Log Name: Application\nSource: MSExchangeTransport\nEvent ID: 2004\nTask Category: SmtpSend\nLevel: Information\n"
        "Computer: EX01.contoso.com\nDescription:\nSend connector Outbound: The message was acknowledged with SMTP "
        "response {}"),
        "Windows event",
    ),
    "PowerShell": (
        ("Write-ErrorMessage : {}\n    + CategoryInfo          : NotSpecified: (:) [Validate-OutboundConnector], Exception\n"
        "    + FullyQualifiedErrorId : [Server=X],Validate-OutboundConnector"),
        "PowerShell error",
    ),
    "protocol log": (
        "#Log-type: SMTP Send Protocol Log\n2026-11-21T09:00:00.000Z,Outbound to Office 365,08D5,32,,,<,{},",
        "SMTP protocol log of Exchange",
    ),
}  # fmt: skip
REPLIES = [(line, entry) for line, entry in ROWS if re.match(r"[45]\d\d[ -]", line) and "{" not in line]


@pytest.mark.parametrize("wrapper", WRAPPERS)
def test_a_reply_is_known_in_every_wrapper(wrapper: str) -> None:
    """Whatever it was copied from, a reply has the same first cause, and what it was copied from is named."""
    template, name = WRAPPERS[wrapper]
    assert len(REPLIES) > 90
    wrapped = [(template.format(line), entry) for line, entry in REPLIES]
    assert [] == [(text, entry) for text, entry in wrapped if explain(text).entries[0].id != entry]
    named = {explain(text).wrapper for text, _ in wrapped}
    assert name in named


# -- nothing that happens to a text on its way changes the first cause ------------------------------------------------


def _folded(text: str, draw: st.DataObject) -> str:
    """Broken into lines at blanks, as mail programs do."""
    blank = draw.draw(st.sampled_from(["\n", "\r\n", "\r\n    ", "\n\t", "  ", "\u00a0"]))
    return re.sub(" ", lambda _: draw.draw(st.sampled_from([" ", blank])), text)


def _quoted(text: str, draw: st.DataObject) -> str:
    """Quoted by a reader, line by line, once or more often."""
    mark = draw.draw(st.sampled_from(["> ", ">", "> > ", "| "]))
    return "\n".join(mark + line for line in text.splitlines())


def _as_html(text: str, draw: st.DataObject) -> str:
    """Shown on a page: escaped, with tags between and within words."""
    words = html.escape(text).split(" ")
    tag = draw.draw(st.sampled_from(["b", "span style='color:red'", 'font face="Arial"', "code"]))
    name = tag.partition(" ")[0]
    marked = [f"<{tag}>{word}</{name}>" if draw.draw(st.booleans()) else word for word in words]
    breaks = draw.draw(st.sampled_from([" ", "<br>", "&nbsp;", "<br/>\n"]))
    return f"<html><body><p>{breaks.join(marked)}</p></body></html>"


def _quoted_printable(text: str, draw: st.DataObject) -> str:
    """As it stands in the source of a mail: soft line breaks within words, = as =3D."""
    return quopri.encodestring(text.encode("utf-8"), quotetabs=draw.draw(st.booleans())).decode("ascii")


def _typographic(text: str, draw: st.DataObject) -> str:
    """With the quotation marks of a word processor and an invisible character in it."""
    at = draw.draw(st.integers(0, len(text)))
    return text[:at].replace("'", "\u2019") + "\u200b" + text[at:].replace('"', "\u201d")


def _in_json(text: str, draw: st.DataObject) -> str:
    """As a value of a JSON document of PowerShell's, which escapes quotation marks and angle brackets."""
    return json.dumps({"Detail": text}).replace("'", "\\u0027").replace("<", "\\u003c").replace(">", "\\u003e")


def _in_a_notice(text: str, draw: st.DataObject) -> str:
    """Between the sentences of somebody who asks for help."""
    return f"Hello,\n\nwe get this since Monday, can anybody help?\n\n{text}\n\nThanks, Anna\n"


def _shouted(text: str, draw: st.DataObject) -> str:
    return text.upper() if draw.draw(st.booleans()) else text.lower()


CHANGES = (_folded, _quoted, _as_html, _quoted_printable, _typographic, _in_json, _in_a_notice, _shouted)
# JSON keeps a text on one line, and a page is not put into quoted-printable twice: the order in which it happens.
ORDER = {change: place for place, change in enumerate((_shouted, _in_json, _in_a_notice, _folded, _typographic))}


@settings(max_examples=400, deadline=None)
@given(row=st.sampled_from(ROWS), changes=st.sets(st.sampled_from(CHANGES), max_size=3), draw=st.data())
def test_the_way_a_text_took_changes_nothing(row: tuple[str, str], changes: set[object], draw: st.DataObject) -> None:
    """Line breaks, quoting, HTML, quoted-printable, JSON, case and the words around it never change the first cause."""
    text, expected = row
    last = [change for change in CHANGES if change in changes and change not in ORDER]
    for change in (*sorted((one for one in changes if one in ORDER), key=ORDER.__getitem__), *last[:1]):  # type: ignore[index]
        text = change(text, draw)  # type: ignore[operator]
    assert expected == explain(text).entries[0].id, text


def test_folded_far_in() -> None:
    """A line that is folded with CRLF and four blanks at every word is still one sentence."""
    text = "Expected Subject: mail.contoso.com. Presented Subject: CN=EX01".replace(" ", "\r\n    ")
    assert explain(text).entries[0].id == "outbound-subject-mismatch"


def _generalisations(entry: str) -> set[str]:
    """The entries that say the same less precisely, directly or by way of another."""
    refines = {one.id: one.refines for one in CATALOGUE}
    wider: set[str] = set()
    open_ = [entry]
    while open_:
        open_ += [one for one in refines[open_.pop()] if one not in wider]
        wider |= set(open_)
    return wider


@pytest.mark.parametrize("entry", LINES)
def test_a_line_that_is_cut_off_leads_to_nothing_else(entry: str) -> None:
    """Cut after any word, a line is still itself, or what says the same less precisely, or unknown."""
    allowed = {entry, *_generalisations(entry)}
    for line in LINES[entry]:
        for blank in re.finditer(r"\s+", line):
            found = explain(line[: blank.start()]).entries
            assert not found or found[0].id in allowed, line[: blank.start()]


def test_the_token_decides_not_a_word_of_the_text() -> None:
    """An expired certificate whose names agree is no mismatch; one whose names differ is said to be expired first."""
    agree = (
        "450 4.4.317 [Message=CertificateExpired Expected Subject: a.contoso.com. Presented Subject: CN=a.contoso.com]"
    )
    assert ["outbound-expired"] == [entry.id for entry in explain(agree).entries]
    assert "outbound-expired" == explain(agree.replace("CN=a.", "CN=b.")).entries[0].id
    wildcard = "Expected Subject: *.contoso.com. Presented Subject: CN=mail.contoso.com"
    assert () == explain(wildcard).entries


def test_a_bounce_in_base64_is_read() -> None:
    """A part of a bounce in base64 is read like the text it is."""
    from base64 import encodebytes

    part = encodebytes(f"Remote Server returned '{LINES['relay-denied'][0]}'\n".encode() * 2).decode()
    text = f"Content-Type: text/plain\nContent-Transfer-Encoding: base64\n\n{part}\n"
    assert "relay-denied" == explain(text).entries[0].id


def test_a_reply_of_several_lines_is_one() -> None:
    """The code that repeats at each line of a reply does not come between its words."""
    text = "550-5.7.64 TenantAttribution; Relay\n550-5.7.64 Access\n550 5.7.64 Denied\n"
    assert "relay-denied" == explain(text).entries[0].id
    text = "550-The certificate specified in\n550 TlsCertificateName of the SendConnector could not be found."
    assert "certificate-name-not-found" == explain(text).entries[0].id


def test_several_errors_in_one_text_are_all_named() -> None:
    """A log with two errors leads to both."""
    text = "550 5.7.64 TenantAttribution; Relay Access Denied\n" + "x " * 5000 + "\n450 4.4.316 Connection refused"
    assert {"relay-denied", "outbound-refused"} <= {entry.id for entry in explain(text).entries}


def test_words_far_apart_do_not_make_an_error() -> None:
    """Words of one line that stand far from each other in a log are not read together."""
    assert () == explain("4.7.5 " + "x " * 1000 + " server busy").entries


@pytest.mark.parametrize(
    "unit",
    [
        *("a", "a.", "5.7.64 ", "421 4.4.1 ", "x@y.zz ", "&", "=\n", "Thumbprint: ", "expected subject: ", "-", "attr5"),
        *("\u00fc.", "<b>", "<", "> ", "550-", "message=", "event 12014 ", "A" * 70 + "\n", "host a.b [", "From: <a@b.c>\n"),
        *("message expired, ", "\\u0027", "=3D", "&amp;", "Server at a.b ", "relay=a.b"),
    ],
)  # fmt: skip
def test_hostile_texts_cost_no_more_than_their_length(unit: str) -> None:
    """A pattern that could make a search go back takes at most some times as long as as much of nothing special."""
    size = 128 * 1024

    def cost(text: str) -> float:
        began = time.process_time()
        explain(text)
        return time.process_time() - began

    usual = max(min(cost("lorem ipsum dolor sit amet " * (size // 27)) for _ in range(2)), 0.02)
    assert cost((unit * size)[:size]) < 30 * usual


def test_what_lies_behind_the_first_mib_is_not_read() -> None:
    """A text over the bound is cut, and the answer says so."""
    found = explain("x" * MAX_TEXT + " 550 5.7.64")
    assert (True, ()) == (found.cut, found.entries)
    assert "first MiB" in plain(explanation_lines(found, None))


@pytest.mark.parametrize("wrapper", WRAPPERS)
def test_an_unknown_line_stays_unknown_in_every_wrapper(wrapper: str) -> None:
    """What stands around a line adds nothing that is taken for an error."""
    template, _ = WRAPPERS[wrapper]
    assert [] == [line for line in UNKNOWN if explain(template.format(line)).entries]
