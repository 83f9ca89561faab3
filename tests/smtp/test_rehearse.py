"""A rehearsal: what is said to a smart host, what its answers mean, and that a message is never sent."""

from __future__ import annotations

import ssl
import tempfile
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from certready.case import Case
from certready.checks.rehearse import check_rehearse
from certready.demo.pki import Authority
from certready.errors import UsageError
from certready.model import AcceptedDomain, Chain, Endpoint, Evidence, Options, Rehearsal, Root, StoreInfo, Target
from certready.model.dialogue import SHOWN, Exchange
from certready.net.client import Plan, Rehearsed, rehearse
from certready.net.session import Identity
from certready.rules.model import Observation
from certready.smtp.rehearse import REPLIES as REPLY_TABLE
from certready.smtp.rehearse import Dialogue, check_address, meaning
from certready.x509.certificate import Certificate
from tests import odd
from tests.live.servers import FaultySmtp, Visit

ROOT = Authority.root("Root")
ISSUING = ROOT.intermediate("Issuing")
LEAF = ISSUING.issue("mail.contoso.com")
EXCHANGE_ONLINE = "contoso-com.mail.protection.outlook.com"
SERVER = ROOT.issue("exo.example.test", EXCHANGE_ONLINE)
HOST = "127.0.0.1"

# Replies as Exchange Online and other smart hosts give them, and what they say of the client certificate.
CATALOGUE = [
    ("250 2.1.5 Recipient OK", "accepted"),
    ("251 2.1.5 will forward", "accepted"),
    ("550 5.7.64 TenantAttribution; Relay Access Denied", "refused"),
    ("550 5.7.64 TenantAttribution; Relay Access Denied SMTP [x.prod.protection.outlook.com]", "refused"),
    ("550 5.4.1 Relay Access Denied; ATTR36. For more information see KB", "refused"),
    (
        "550 5.7.51 TenantInboundAttribution; There is a partner connector configured that matched the message's domain",
        "refused",
    ),
    ("550 5.7.68 TenantInboundAttribution; Direct Send not allowed for this organization", "refused"),
    ("550 5.7.711 Access denied, bad inbound connector. AS(2204)", "refused"),
    ("550 5.7.750 Service unavailable. Client blocked from sending from unregistered domains", "refused"),
    ("454 4.7.0 Failed to establish appropriate TLS channel: UntrustedRoot: Access Denied", "refused"),
    ("454 4.7.0 Failed to establish appropriate TLS channel: Access Denied", "refused"),
    ("451 4.4.62 Mail sent to the wrong Office 365 region. ATTR35.", "refused"),
    ("530 5.7.0 Must issue a STARTTLS command first", "refused"),
    ("530 5.7.57 Client not authenticated to send mail.", "refused"),
    ("554 5.7.1 <user@example.org>: Relay access denied", "refused"),
    ("450 4.7.0 certready: not ready; Exchange Online would answer: 550 5.7.64 TenantAttribution", "refused"),
    (
        "450 4.7.0 certready: cannot tell; what is not ready Exchange Online would answer: 550 5.7.64 TenantAttribution",
        "inconclusive",
    ),
    ("421 4.7.1 Client certificate not trusted", "refused"),
    ("503 5.7.1 Relay not allowed", "refused"),
    ("454 4.7.1 <user@example.org>: Relay access denied", "refused"),
    ("550-5.7.64 TenantAttribution;\n550 5.7.64 Relay Access Denied", "refused"),
    ("530 5.7.1 Authentication required", "refused"),
    ("220 exo.example.test ESMTP", "inconclusive"),
    ("252 2.1.5 Cannot verify", "inconclusive"),
    ("451 4.7.1 Greylisted, see 10.5.7.64 and 5.7.64.1", "inconclusive"),
    ("221 2.0.0 Bye", "inconclusive"),
    ("550 5.7.606 Access denied, banned sending IP [192.0.2.1]", "inconclusive"),
    ("550 5.7.649 Access denied, banned sending IP [192.0.2.1]", "inconclusive"),
    ("550 5.7.1 Service unavailable, Client host [192.0.2.1] blocked using Spamhaus.", "inconclusive"),
    ("451 4.7.500 Server busy. Please try again later from [192.0.2.1]. (S77719)", "inconclusive"),
    ("451 4.7.650 The mail server [192.0.2.1] has been temporarily rate limited due to IP reputation.", "inconclusive"),
    ("450 4.7.1 Client host rejected: cannot find your hostname", "inconclusive"),
    ("451 4.4.4 Mail received as unauthenticated, incoming to a recipient domain ATTR5", "inconclusive"),
    ("452 4.5.3 Recipients belong to multiple regions ATTR38", "inconclusive"),
    ("451 4.3.2 Temporary server error. Please try again later ATTR55", "inconclusive"),
    ("451 4.7.0 Temporary server error. Please try again later. PRX5", "inconclusive"),
    ("421 4.3.2 Service not available", "inconclusive"),
    ("550 5.7.511 Access denied, banned sender[192.0.2.1]", "inconclusive"),
    ("550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup", "inconclusive"),
    ("550 5.4.1 Recipient address rejected: Access denied. AS(201806281)", "inconclusive"),
    ("554 5.0.0 words nobody has seen before", "inconclusive"),
    ("354 go on", "inconclusive"),
]


@pytest.mark.parametrize(("reply", "kind"), CATALOGUE)
def test_meanings(reply: str, kind: str) -> None:
    """Each known reply means what Microsoft's articles say; what is not known is never taken for acceptance."""
    found = meaning(reply)
    assert kind == found.kind
    assert found.why.endswith(".")
    assert (found.kind == "refused") <= bool(found.fix)


@settings(deadline=None, max_examples=300)
@given(st.integers(200, 599), st.text(max_size=600))
def test_every_reply_means_something(code: int, text: str) -> None:
    """Whatever a reply says, it has one meaning, and only 250 and 251 are an acceptance."""
    assert (code in (250, 251)) == (meaning(f"{code} {text}").kind == "accepted")


def test_no_row_of_the_table_is_hidden() -> None:
    """Every row of the table of replies decides some reply of the catalogue: none is hidden by one above it."""
    decided = {meaning(reply) for reply, _ in CATALOGUE}
    assert [] == [row.meaning.why for row in REPLY_TABLE if row.meaning not in decided]


@settings(deadline=None, max_examples=200)
@given(st.integers(300, 599), st.text(max_size=200))
def test_only_a_2xx_is_acceptance(code: int, text: str) -> None:
    """Whatever its text says, a reply that is no 2xx accepts nothing."""
    assert "accepted" != meaning(f"{code} {text}").kind


def test_addresses_are_checked() -> None:
    """What could carry a second command, or is no address, is refused before anything is sent."""
    assert "user+tag@sub.contoso.com" == check_address("user+tag@sub.contoso.com")
    for text in ("", "user", "a b@c.d", "a@b.c>\r\nDATA", "a@b.c\r\nDATA", "<a@b.c>", "\u00fc@contoso.com", "a@", "@b"):
        with pytest.raises(UsageError):
            check_address(text)


# -- the dialogue -------------------------------------------------------------------------------------------------

REPLIES = (
    b"250-exo Hello\r\n250-SIZE 1\r\n250 SMTPUTF8\r\n",
    b"250 2.1.0 Sender OK\r\n",
    b"550-5.7.64 TenantAttribution;\r\n550 5.7.64 Relay Access Denied\r\n",
    b"250 2.0.0 Resetting\r\n",
)


def talked(cuts: list[int], replies: tuple[bytes, ...] = REPLIES) -> tuple[list[bytes], Dialogue]:
    """The dialogue with a server whose replies come cut at these places; the commands and the dialogue."""
    dialogue, commands, queue = Dialogue("gw.contoso.com", "", "a@example.org"), [], list(replies)
    run, pieces = dialogue.run(), list[bytes]()
    with suppress(StopIteration):
        sent = next(run)
        while True:
            if sent:
                commands.append(sent)
                whole = queue.pop(0) if queue else b""
                edges = [0, *sorted(cut % (len(whole) + 1) for cut in cuts), len(whole)]
                pieces = [whole[start:end] for start, end in pairwise(edges) if start < end]
            sent = run.send(pieces.pop(0) if pieces else b"")
    return commands, dialogue


def test_the_words_of_a_rehearsal() -> None:
    """EHLO, MAIL, RCPT and RSET, in this order, with the replies beside them, and no DATA."""
    commands, dialogue = talked([])
    assert [b"EHLO gw.contoso.com", b"MAIL FROM:<>", b"RCPT TO:<a@example.org>", b"RSET"] == [
        one.removesuffix(b"\r\n") for one in commands
    ]
    assert "550-5.7.64 TenantAttribution;\n550 5.7.64 Relay Access Denied" == dialogue.exchanges[2].reply
    assert dialogue.error is None


@settings(deadline=None, max_examples=60)
@given(st.lists(st.integers(0, 100), max_size=30))
def test_any_split_gives_the_same(cuts: list[int]) -> None:
    """However the replies are cut, the dialogue is the same."""
    expected, found = talked([]), talked(cuts)
    assert (expected[0], expected[1].exchanges, expected[1].error) == (found[0], found[1].exchanges, found[1].error)


def test_a_refused_sender_ends_it() -> None:
    """After a refused MAIL no recipient is named."""
    commands, dialogue = talked([], (REPLIES[0], b"550 5.7.64 TenantAttribution\r\n"))
    assert (2, 2) == (len(commands), len(dialogue.exchanges))


@pytest.mark.parametrize("replies", [(), (b"", b""), (b"\x00\xff\r\n",), (REPLIES[0], b"250-a\r\n251 b\r\n")])
def test_no_smtp_is_an_error(replies: tuple[bytes, ...]) -> None:
    """A server that closes, or says what is no reply, ends the dialogue with a sentence."""
    dialogue = talked([], replies)[1]
    assert "The smart host" in (dialogue.error or "")


def test_replies_ahead_of_their_commands_are_no_acceptance() -> None:
    """A server that sends more replies than it was sent commands is out of step: none of them counts for RCPT."""
    dialogue = talked([], (REPLIES[0] + b"250 OK\r\n250 OK\r\n", b"550 no\r\n", b"550 no\r\n"))[1]
    assert ["EHLO"] == [one.sent.split()[0] for one in dialogue.exchanges]
    assert "out of step" in (dialogue.error or "")


@settings(deadline=None, max_examples=300)
@given(st.lists(st.one_of(st.sampled_from([*REPLIES, b"421 x\r\n", b"250-", b"\r\n", b"2"]), st.binary(max_size=80))))
def test_every_dialogue_ends(pieces: list[bytes]) -> None:
    """Whatever a server says, the dialogue ends when it closes at the latest, has said no more than four commands, and
    never DATA; a recipient that was taken was taken by a reply to RCPT."""
    dialogue = Dialogue("gw.contoso.com", "", "a@example.org")
    run, commands = dialogue.run(), list[bytes]()
    with suppress(StopIteration):
        data = next(run)
        for piece in [*pieces, b"", b""]:
            commands += [data] if data else []
            data = run.send(piece)
        pytest.fail("it goes on though the server has closed")
    assert [one.split()[0] for one in commands] == [b"EHLO", b"MAIL", b"RCPT", b"RSET"][: len(commands)]
    assert len(dialogue.exchanges) <= 4


@settings(deadline=None, max_examples=5)
@given(st.binary(min_size=1, max_size=40))
def test_no_server_can_talk_for_ever(piece: bytes) -> None:
    """A server that repeats itself without end is given up after a bounded number of bytes."""
    run = Dialogue("gw.contoso.com", "", "a@example.org").run()
    sent = [next(run)]
    with suppress(StopIteration):
        sent += [run.send(piece) for _ in range(100_000)]
        pytest.fail("it still listens")
    assert sent[0].startswith(b"EHLO")


# -- with a server ------------------------------------------------------------------------------------------------


def server_context(ask: ssl.VerifyMode) -> ssl.SSLContext:
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        (directory / "server.pem").write_bytes(SERVER.pem + SERVER.key_pem)
        (directory / "ca.pem").write_bytes(ROOT.pem)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(directory / "server.pem")
        context.load_verify_locations(directory / "ca.pem")
    context.verify_mode = ask
    return context


def inside(
    *replies: bytes,
    ask: ssl.VerifyMode = ssl.CERT_OPTIONAL,
    peers: list[bytes | None] | None = None,
    maximum: ssl.TLSVersion = ssl.TLSVersion.MAXIMUM_SUPPORTED,
) -> Callable[[Visit], None]:
    """Shake hands as a server that asks for a client certificate, then answer line after line."""
    context = server_context(ask)
    context.maximum_version = maximum

    def act(visit: Visit) -> None:
        secured = context.wrap_socket(visit.socket, server_side=True)
        visit.socket = secured
        if peers is not None:
            peers.append(secured.getpeercert(binary_form=True))
        for reply in replies:
            if not visit.line():
                return
            visit.socket.sendall(reply)
        while visit.line():
            pass

    return act


START = (b"220 exo ESMTP\r\n", b"250-exo\r\n250 STARTTLS\r\n", b"220 go\r\n")
PLAN = Plan(Identity((LEAF.der, ISSUING.der), LEAF.key), "", "user@example.org", timeout=30.0)


def rehearsed(*script: bytes | Callable[[Visit], None], plan: Plan = PLAN) -> tuple[Rehearsed, list[bytes]]:
    with FaultySmtp(*script) as server:
        found = rehearse(HOST, server.port, plan, lambda _: None)
    return found, server.heard


ELSEWHERE = Rehearsal(True, "example.org", ("mx.example.org",))


def evidence(
    found: Rehearsed, domains: tuple[str, ...] | None = (), looked_up: Rehearsal | None = ELSEWHERE
) -> Evidence:
    accepted = None if domains is None else tuple(AcceptedDomain(one) for one in domains)
    return Evidence(
        "0",
        datetime.now(UTC).replace(microsecond=0),
        Target("rehearse", "x"),
        Options(),
        StoreInfo("x"),
        endpoints=(found.endpoint,),
        accepted_domains=accepted,
        roots=(Root(Certificate(ROOT.der)),),
        dialogue=found.dialogue,
        peers=(Chain("s1", "tls", tuple(map(Certificate, found.peer))),) if found.peer else (),
        rehearsal=looked_up and replace(looked_up, presented=found.presented),
    )


def observed(
    found: Rehearsed, domains: tuple[str, ...] | None = (), looked_up: Rehearsal | None = ELSEWHERE
) -> dict[str, Observation]:
    judged = Case(evidence(found, domains, looked_up))
    seen = [one for one in check_rehearse(judged) if isinstance(one, Observation)]
    return {one.rule.id: one for one in seen}


@pytest.mark.parametrize(("reply", "kind"), CATALOGUE)
def test_every_reply_of_the_catalogue_over_tls(reply: str, kind: str) -> None:
    """The certificate is presented, the reply to RCPT is quoted, it counts as it should, and DATA is never sent."""
    peers: list[bytes | None] = []
    act = inside(REPLIES[0], REPLIES[1], reply.encode() + b"\r\n", REPLIES[3], b"221 bye\r\n", peers=peers)
    found, heard = rehearsed(*START, act)
    answer = observed(found)[f"rehearse.{kind}"]
    assert [LEAF.der] == peers
    assert " ".join(reply.split()) in answer.message
    assert [True, None, "done"] == [found.endpoint.asks_certificate, found.endpoint.error, found.endpoint.stage]
    verbs = [line.split()[0].upper() for line in heard]
    assert [b"EHLO", b"STARTTLS", b"EHLO", b"MAIL", b"RCPT", b"RSET", b"QUIT"] == verbs


def accepted(ask: ssl.VerifyMode = ssl.CERT_OPTIONAL, plan: Plan = PLAN) -> Rehearsed:
    return rehearsed(*START, inside(*REPLIES[:2], b"250 OK\r\n", REPLIES[3], ask=ask), plan=plan)[0]


def test_acceptance_without_asking_proves_nothing() -> None:
    """A smart host that did not ask for the certificate has not seen it, whatever it accepts."""
    found = accepted(ssl.CERT_NONE)
    answer = observed(found)["rehearse.inconclusive"]
    assert (False, True) == (found.endpoint.asks_certificate, "did not ask for a client certificate" in answer.message)


REFUSAL = b"550 5.7.64 TenantAttribution; Relay Access Denied\r\n"


def test_refusal_without_asking_proves_nothing() -> None:
    """A refusal by a smart host that never asked for the certificate is not about it."""
    found = rehearsed(*START, inside(*REPLIES[:2], REFUSAL, REPLIES[3], ask=ssl.CERT_NONE))[0]
    answer = observed(found)["rehearse.inconclusive"]
    assert "5.7.64" in answer.message
    assert "did not ask for a client certificate" in answer.message


@pytest.mark.parametrize(("reply", "kind"), [(b"250 OK\r\n", "accepted"), (REFUSAL, "refused")])
def test_a_certificate_that_was_not_sent_proves_nothing(reply: bytes, kind: str) -> None:
    """Where the smart host asks for a certificate of another kind none is sent, and no answer is about this one."""
    found = rehearsed(*START, inside(*REPLIES[:2], reply, REPLIES[3]))[0]
    assert f"rehearse.{kind}" in observed(found)
    assert "none was sent" in observed(replace(found, presented=False))["rehearse.inconclusive"].message


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
@pytest.mark.parametrize(("ask", "expected"), [(ssl.CERT_NONE, (False, False)), (ssl.CERT_OPTIONAL, (True, True))])
def test_what_was_asked_and_sent_is_seen(
    version: ssl.TLSVersion, ask: ssl.VerifyMode, expected: tuple[bool, bool]
) -> None:
    """Whether the certificate was asked for and sent is told from the handshake, in TLS 1.2 and 1.3."""
    found = rehearsed(*START, inside(*REPLIES[:2], b"250 OK\r\n", REPLIES[3], ask=ask, maximum=version))[0]
    assert expected == (found.endpoint.asks_certificate, found.presented)
    assert {ssl.TLSVersion.TLSv1_2: "TLSv1.2", ssl.TLSVersion.TLSv1_3: "TLSv1.3"}[version] == found.endpoint.tls_version


def test_acceptance_of_an_own_recipient_proves_nothing() -> None:
    """A recipient inside the tenant is accepted from anybody, so a 250 for it is inconclusive."""
    found = accepted()
    assert "rehearse.accepted" in observed(found, ("contoso.com",))
    for own in ("example.org", "Example.ORG."):
        assert "from anybody" in observed(found, (own,))["rehearse.inconclusive"].message


@pytest.mark.parametrize(
    ("looked_up", "words"),
    [
        (None, "was not looked up"),
        (Rehearsal(True, "example.com", ("mx.example.com",)), "was not looked up"),
        (Rehearsal(True, "example.org", error="DNS did not answer."), "is unknown: DNS did not answer."),
        (
            Rehearsal(True, "example.org", ("mx.a.org", "x.mail.protection.outlook.com")),
            "x.mail.protection.outlook.com",
        ),
        (Rehearsal(True, "example.org", ("mx.filter.org",), ("MS=ms12345678",)), 'TXT record "MS=ms12345678"'),
    ],
)
def test_acceptance_of_a_recipient_of_another_tenant_proves_nothing(looked_up: Rehearsal | None, words: str) -> None:
    """A recipient who may live in any tenant is accepted from anybody; what could not be looked up is unknown."""
    message = observed(accepted(), None, looked_up)["rehearse.inconclusive"].message
    assert words in message
    assert "from anybody" in message


def test_acceptance_names_where_the_recipient_lives() -> None:
    """A 250 that proves something says by which MX the recipient lives elsewhere."""
    message = observed(accepted(), None)["rehearse.accepted"].message
    assert "By DNS (MX mx.example.org)" in message
    bare = observed(accepted(), None, Rehearsal(True, "example.org"))
    assert "By DNS (no MX)" in bare["rehearse.accepted"].message


def test_a_refusal_needs_no_look_up() -> None:
    """What is refused though it was asked for is refused, wherever the recipient lives."""
    found = rehearsed(*START, inside(*REPLIES[:2], REFUSAL, REPLIES[3]))[0]
    assert "rehearse.refused" in observed(found, None, None)


@pytest.mark.parametrize("last", [b"", b"250 OK\r\n550 5.7.64 too late\r\n"])
def test_acceptance_in_a_broken_session_proves_nothing(last: bytes) -> None:
    """A 250 after which the server falls silent, or says more than it was asked, is no acceptance."""
    replies = (*REPLIES[:2], last or b"250 OK\r\n")
    found = rehearsed(*START, inside(*replies), plan=replace(PLAN, timeout=0.5))[0]
    assert ["EHLO", "MAIL", "RCPT"] == [one.sent.split()[0] for one in found.dialogue]
    assert "did not end as it should" in observed(found)["rehearse.inconclusive"].message


def test_an_alert_after_an_acceptance_decides() -> None:
    """Where the server ends TLS because of the certificate after a 250, its last word counts."""
    found = accepted()
    contradicted = replace(found, dialogue=(*found.dialogue, Exchange(SHOWN, "unknown ca")))
    assert "rehearse.refused" in observed(contradicted)


def test_a_server_that_says_goodbye_unasked() -> None:
    """A 421 that comes ahead of its command, as when a certificate is not trusted, is an answer all the same."""
    hello = REPLIES[0] + b"421 4.7.1 Client certificate not trusted\r\n"
    found = rehearsed(*START, inside(hello), plan=replace(PLAN, timeout=2))[0]
    assert "does not trust the client certificate" in observed(found)["rehearse.refused"].message


def test_a_sender_is_said_to_count_too() -> None:
    """With a sender the message says that its domain may have decided; with the null sender it does not."""
    with_sender = observed(accepted(plan=replace(PLAN, sender="user@contoso.com")))["rehearse.accepted"]
    assert "contoso.com may have decided" in with_sender.message
    assert "sender" == with_sender.variant
    assert "may have decided" not in observed(accepted())["rehearse.accepted"].message


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_certificate_refused_by_tls(version: ssl.TLSVersion) -> None:
    """A server that answers the certificate with an alert has refused it, in TLS 1.2 and in TLS 1.3."""
    context = server_context(ssl.CERT_REQUIRED)
    context.maximum_version = version
    stranger = Authority.root("Stranger").issue("mail.contoso.com")
    plan = replace(PLAN, identity=Identity((stranger.der,), stranger.key))

    def act(visit: Visit) -> None:
        with suppress(ssl.SSLError):
            context.wrap_socket(visit.socket, server_side=True)

    found, _ = rehearsed(*START, act, plan=plan)
    answer = observed(found)["rehearse.refused"]
    assert [SHOWN] == [one.sent for one in found.dialogue]
    assert "ended TLS because of the certificate" in answer.message


@pytest.mark.parametrize(
    ("script", "trouble"),
    [
        ((b"554 go away\r\n",), "unreachable"),
        ((b"421 later\r\n",), "deferred"),
        ((b"220 hi\r\n", b"250 exo\r\n"), "no-starttls"),
        ((*START[:2], b"454 not now\r\n"), "deferred"),
        ((*START[:2], b"220 go\r\nMAIL\r\n"), "handshake-failed"),
        ((*START, lambda visit: visit.socket.sendall(b"no TLS at all, only words\r\n")), "handshake-failed"),
        ((*START, lambda visit: None), "handshake-failed"),
    ],
)
def test_smart_hosts_that_fail_before_mail(script: tuple[bytes, ...], trouble: str) -> None:
    """Whatever goes wrong before MAIL is the endpoint's trouble and an inconclusive rehearsal, never an exception."""
    found, _ = rehearsed(*script)
    assert trouble == found.endpoint.trouble
    assert found.endpoint.error
    assert {"rehearse.inconclusive"} == observed(found).keys()


def test_a_server_that_stops_answering() -> None:
    """Silence inside TLS ends the rehearsal in time, with what had been said until then."""
    found, _ = rehearsed(*START, inside(REPLIES[0], b""), plan=replace(PLAN, timeout=0.5))
    assert ["EHLO"] == [one.sent.split()[0] for one in found.dialogue]
    assert "in time" in (found.endpoint.error or "")
    assert {"rehearse.inconclusive", "rehearse.smart-host"} == observed(found).keys()


def test_the_smart_hosts_own_certificate_is_shown() -> None:
    """It is judged against the store and its name, and that weighs nothing for the client certificate."""
    shown = observed(accepted())["rehearse.smart-host"]
    named = accepted()
    fine, other = (
        observed(replace(named, endpoint=replace(named.endpoint, host=host)))["rehearse.smart-host"]
        for host in (EXCHANGE_ONLINE, "exo.example.test")
    )
    assert ("doubtful", "", "doubtful") == (shown.variant, fine.variant, other.variant)
    assert "does not cover 127.0.0.1" in shown.message
    assert f"is trusted and covers {EXCHANGE_ONLINE}" in fine.message
    assert "is trusted and covers exo.example.test" in other.message
    assert "none of the forms of Exchange Online's own hosts. What it answers is its own word." in other.message


def test_dates_of_the_smart_host_that_cannot_be_read() -> None:
    """Of a smart host's certificate whose dates cannot be read no day is named, and none is said to be past."""
    endless = odd.changed(Authority.root().issue("exo.example.test"), validity=odd.tlv(0x30, b"\x17\x01x\x17\x01x"))
    shown = observed(Rehearsed(Endpoint("exo.example.test", "192.0.2.1", 25), (endless,)))["rehearse.smart-host"]
    assert "has dates that cannot be read" in shown.message
    assert "valid" not in shown.message


def test_nothing_is_said_of_other_targets() -> None:
    """A file or a probe is no rehearsal."""
    other = replace(
        evidence(Rehearsed(Endpoint("x", "192.0.2.1", 25), (), (Exchange("RCPT", "250"),))), target=Target("file", "x")
    )
    assert [] == [one for one in check_rehearse(Case(other)) if isinstance(one, Observation)]
