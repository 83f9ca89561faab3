"""The fetcher against servers that help, hinder and attack; everything on loopback."""

from __future__ import annotations

import gzip
import ipaddress
import socket
import ssl
import threading
import time
import zlib
from collections.abc import Callable

import pytest
import requests

from certready.model import Ask, Reply
from certready.model.budget import Budget
from certready.net.http import guard
from certready.net.http.fetcher import HttpFetcher
from certready.net.http.guard import public, refused_host
from tests.net.serving import AnyPath, Handler, closed_port, moved, page, raw, serving

QUICK = HttpFetcher(allow_private=True, backoff=0.001)


def get(url: str, *, limit: int = 1000, fetcher: HttpFetcher | None = None) -> Reply:
    return (fetcher or QUICK).fetch_all((Ask(url, limit=limit),))[0]


def test_body_of_a_good_answer() -> None:
    """The body of a 200 answer comes back, with the time it took."""
    with serving(ca=page(b"list")) as server:
        reply = get(f"{server.url}/ca")
    assert (b"list", None) == (reply.body, reply.error)
    assert reply.elapsed_ms >= 0


def test_request_gives_nothing_away(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    """The request names certready, asks for no compression, and carries neither cookies nor credentials."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    with serving(ca=page(b"list", Set_Cookie="a=b; Path=/"), go=moved("/ca")) as server:
        get(f"{server.url}/ca")
        assert b"list" == get(f"{server.url}/go").body
    for _, _, _, headers in server.hits:
        assert headers["User-Agent"].startswith("certready/")
        assert "identity" == headers["Accept-Encoding"]
        assert not {"Cookie", "Authorization", "Referer"} & set(headers)


def test_post() -> None:
    """An Ask with a body is posted with its content type."""
    with serving(put=page(b"good")) as server:
        ask = Ask(f"{server.url}/put", b"question", "text/plain", 1000)
        assert b"good" == QUICK.fetch_all((ask,))[0].body
    method, _, body, headers = server.hits[0]
    assert ("POST", b"question", "text/plain") == (method, body, headers["Content-Type"])


def test_post_is_kept_over_a_redirect() -> None:
    """A redirected question is asked again with its body."""
    with serving(put=moved("/new", 307), new=page(b"good")) as server:
        ask = Ask(f"{server.url}/put", b"question", "text/plain", 1000)
        assert b"good" == QUICK.fetch_all((ask,))[0].body
    assert [("POST", b"question")] * 2 == [(hit[0], hit[2]) for hit in server.hits]


def test_equal_asks_are_fetched_once() -> None:
    """Equal URL and body are fetched once and answered to everyone, in the order asked."""
    with serving(a=page(b"a"), b=page(b"b")) as server:
        asks = tuple(Ask(f"{server.url}/{name}", limit=10) for name in "abaab")
        found = HttpFetcher(allow_private=True).fetch_all(asks)
    assert [b"a", b"b", b"a", b"a", b"b"] == [reply.body for reply in found]
    assert ["/a", "/b"] == sorted(hit[1] for hit in server.hits)


def test_asks_overlap() -> None:
    """Every request is under way before any is answered: each waits here for all the others."""
    barrier = threading.Barrier(8, timeout=20)

    def together(handler: Handler) -> None:
        barrier.wait()
        page(b"all")(handler)

    with serving(**{f"p{n}": together for n in range(8)}) as server:
        asks = tuple(Ask(f"{server.url}/p{n}", limit=10) for n in range(8))
        found = HttpFetcher(allow_private=True).fetch_all(asks)
    assert [b"all"] * 8 == [reply.body for reply in found]


def test_nothing_asked() -> None:
    """Without any Ask there is no reply."""
    assert () == HttpFetcher().fetch_all(())


@pytest.mark.parametrize("status", [201, 204, 304, 404, 410, 500, 503])
def test_other_statuses(status: int) -> None:
    """Anything but 200 is an error that names the status."""
    with serving(x=page(b"" if status in (204, 304) else b"no", status)) as server:
        reply = get(f"{server.url}/x")
    assert (None, f"It answered with HTTP status {status}.") == (reply.body, reply.error)


def test_redirects() -> None:
    """Redirects are followed, relative ones too, up to five."""
    steps = {f"s{n}": moved(f"/s{n + 1}") for n in range(6)}
    with serving(**steps, s6=page(b"there")) as server:
        assert b"there" == get(f"{server.url}/s1").body
        assert "It redirects more than 5 times." == get(f"{server.url}/s0").error


def test_redirect_loop() -> None:
    """A circle of redirects is named as one."""
    with serving(a=moved("/b"), b=moved("/a")) as server:
        assert "It redirects in a circle." == get(f"{server.url}/a").error
    assert 2 == len(server.hits)


@pytest.mark.parametrize(
    ("location", "word"),
    [
        ("ftp://pki.example/ca.crl", "neither http nor https"),
        ("file:///etc/passwd", "neither http nor https"),
        ("http://user:secret@pki.example/", "user name or password"),
        ("http://[::1", "malformed"),
        ("http://pki.example:99999/", "malformed"),
        ("http://a b/", "characters"),
        ("", "without saying where"),
    ],
)
def test_redirects_that_are_not_followed(location: str, word: str) -> None:
    """A redirect is judged like any URL before it is followed, and its secrets are not repeated."""
    with serving(go=moved(location)) as server:
        reply = get(f"{server.url}/go")
    assert reply.body is None
    assert word in (reply.error or "")
    assert "redirects" in (reply.error or "")  # of the URL itself nothing is wrong
    assert "secret" not in (reply.error or "")


@pytest.mark.parametrize(
    ("url", "word"),
    [
        ("ldap://pki.example/cn=ca", "neither http nor https"),
        ("http:///ca.crl", "no host"),
        ("http://user@127.0.0.1/", "user name or password"),
        ("http://127.0.0.1\\@pki.example/", "characters"),
        ("http://127.0.0.1/\r\nX: y", "characters"),
        ("http://%31%32%37.0.0.1/", "no host"),
        ("http://pki.example/" + "a" * 9000, "too long"),
        ("", "characters"),
    ],
)
def test_urls_that_are_not_asked(url: str, word: str) -> None:
    """A URL of another scheme, with user information, or that readers take differently is refused with a sentence."""
    reply = get(url)
    assert reply.body is None
    assert word in (reply.error or "")


# -- the address guard --------------------------------------------------------------------------------------------


KEPT_OUT = """
    127.0.0.1 127.8.8.8 10.1.2.3 172.16.0.1 192.168.1.1 169.254.169.254 100.64.0.1 0.0.0.0 0.1.2.3 224.0.0.1
    239.255.255.255 240.0.0.1 255.255.255.255 192.0.2.1 198.18.0.1 198.51.100.1 203.0.113.1
    :: ::1 fe80::1 fec0::1 fc00::1 fd12::1 ff02::1 ff0e::1 2001:db8::1 100::1 4000::1
    ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::127.0.0.1 ::8.8.8.8 2002:7f00:1:: 2002:a00:1::1
    64:ff9b::7f00:1 64:ff9b::a00:1 64:ff9b:1::1 2001::1
"""
LET_THROUGH = "8.8.8.8 1.1.1.1 172.15.0.1 2606:4700::1111 2a00:1450::1 ::ffff:8.8.8.8 64:ff9b::808:808 2002:808:808::1"
HOSTS_KEPT_OUT = """
    localhost LOCALHOST a.localhost localhost. 127.0.0.1 127.1 0x7f000001 2130706433 0177.0.0.1 8.8 ::1 fe80::1%eth0
    10.0.0.1. 1.2.3.4.5
"""
HOSTS_LET_THROUGH = "pki.example 8.8.8.8 2606:4700::1111 localhost.example 1.example x1"


@pytest.mark.parametrize("address", KEPT_OUT.split())
def test_addresses_kept_out(address: str) -> None:
    """Private, loopback, link-local, multicast, unspecified and reserved addresses are not public, embedded or not."""
    assert not public(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", LET_THROUGH.split())
def test_addresses_let_through(address: str) -> None:
    """Public addresses are public, embedded or not."""
    assert public(ipaddress.ip_address(address))


@pytest.mark.parametrize("host", HOSTS_KEPT_OUT.split())
def test_hosts_kept_out(host: str) -> None:
    """Literal private addresses and numbers in odd notations are refused without asking any resolver."""
    assert "--allow-private" in (refused_host(host) or "")


@pytest.mark.parametrize("host", HOSTS_LET_THROUGH.split())
def test_hosts_let_through(host: str) -> None:
    """Names and public addresses pass the first look."""
    assert refused_host(host) is None


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "2130706433", "0x7f.1"])
def test_loopback_is_never_connected_to(host: str) -> None:
    """Without --allow-private no connection to loopback is made, however it is spelled, and the sentence says why."""
    with serving(ca=page(b"list")) as server:
        reply = get(f"http://{host}:{server.port}/ca", fetcher=HttpFetcher())
        assert b"list" == get(f"{server.url}/ca").body
    assert reply.body is None
    assert "--allow-private" in (reply.error or "")
    assert 1 == server.accepted


class Resolver:
    """Answers for names as told, one answer after another, and counts."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *answers: str) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []
        monkeypatch.setattr(guard.socket, "getaddrinfo", self)

    def __call__(self, host: str, port: int, *_: object, **__: object) -> list[tuple[object, ...]]:
        self.asked.append(host)
        chosen = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 0, "", (one, port)) for one in chosen.split()]


def test_name_of_a_private_address(monkeypatch: pytest.MonkeyPatch) -> None:
    """A public name with a private address is refused where the connection would be made."""
    Resolver(monkeypatch, "127.0.0.1")
    with serving(ca=page(b"list")) as server:
        reply = get(f"http://pki.example:{server.port}/ca", fetcher=HttpFetcher())
    assert "--allow-private" in (reply.error or "")
    assert 0 == server.accepted


def test_redirect_to_a_private_address(monkeypatch: pytest.MonkeyPatch) -> None:
    """A redirect from a public address to a private one is refused, and the private one is never connected to."""
    monkeypatch.setattr(guard, "public", lambda address: str(address) == "127.0.0.1")
    with serving(ca=page(b"secret")) as inner, serving(go=moved(f"http://127.0.0.2:{inner.port}/ca")) as outer:
        reply = get(f"{outer.url}/go", fetcher=HttpFetcher())
    assert "--allow-private" in (reply.error or "")
    assert (1, 0) == (outer.accepted, inner.accepted)


def test_redirect_to_a_name_of_a_private_address(monkeypatch: pytest.MonkeyPatch) -> None:
    """So is a redirect to a name that resolves to one."""
    monkeypatch.setattr(guard, "public", lambda address: str(address) == "127.0.0.1")
    Resolver(monkeypatch, "127.0.0.1", "10.0.0.1")
    with serving(go=moved("http://inside.example/ca")) as outer:
        reply = get(f"http://pki.example:{outer.port}/go", fetcher=HttpFetcher())
    assert "--allow-private" in (reply.error or "")


def test_the_address_checked_is_the_one_connected_to(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name is resolved once for each connection, so that a second answer cannot slip in after the check."""
    monkeypatch.setattr(guard, "public", lambda address: str(address) == "127.0.0.1")
    with serving(ca=page(b"list")) as server:
        resolver = Resolver(monkeypatch, "127.0.0.1", "10.0.0.1")
        assert b"list" == get(f"http://rebind.example:{server.port}/ca", fetcher=HttpFetcher()).body
    assert ["rebind.example"] == resolver.asked


def test_only_public_ones_of_several_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a name's addresses the private ones are left out and the public ones are used."""
    monkeypatch.setattr(guard, "public", lambda address: str(address) == "127.0.0.1")
    Resolver(monkeypatch, "10.0.0.1 127.0.0.1")
    with serving(ca=page(b"list")) as server:
        assert b"list" == get(f"http://both.example:{server.port}/ca", fetcher=HttpFetcher()).body


# -- bounds -------------------------------------------------------------------------------------------------------


def test_size_limit() -> None:
    """An answer of exactly the limit is read, one of a byte more is refused."""
    with serving(ca=page(b"x" * 100)) as server:
        assert b"x" * 100 == get(f"{server.url}/ca", limit=100).body
        assert "larger than" in (get(f"{server.url}/ca", limit=99).error or "")


def test_budget_of_a_run() -> None:
    """All answers of a run share their bytes: what is too much for the rest is not read, and nothing is asked then."""
    with serving(one=page(b"x" * 600), two=page(b"x" * 600), three=page(b"x" * 300)) as server:
        fetcher = HttpFetcher(allow_private=True, budget=Budget(1000))
        errors = [get(f"{server.url}/{name}", fetcher=fetcher).error for name in ("one", "two", "three")]
        assert [None, "not read to its end", "was not asked"] == [
            error and next(words for words in ("not read to its end", "was not asked") if words in error)
            for error in errors
        ]
        assert ["/one", "/two"] == [path for _, path, _, _ in server.hits]


def test_budget_counts_what_is_kept() -> None:
    """An answer that is refused half-way gives its bytes back."""
    with serving(large=page(b"x" * 900), small=page(b"x" * 900)) as server:
        fetcher = HttpFetcher(allow_private=True, budget=Budget(1000))
        assert "larger than" in (get(f"{server.url}/large", limit=500, fetcher=fetcher).error or "")
        assert b"x" * 900 == get(f"{server.url}/small", fetcher=fetcher).body


def test_endless_body() -> None:
    """A body without end is cut off at the limit."""

    def endless(handler: Handler) -> None:
        handler.send_response(200)
        handler.end_headers()
        while True:
            handler.wfile.write(b"x" * 65536)

    with serving(ca=endless) as server:
        assert "larger than" in (get(f"{server.url}/ca", limit=200_000).error or "")


def test_endless_body_of_a_redirect() -> None:
    """The body of a redirect is not read at all."""
    written = threading.Event()

    def endless(handler: Handler) -> None:
        handler.send_response(302)
        handler.send_header("Location", "/ca")
        handler.end_headers()
        try:
            while True:
                handler.wfile.write(b"x" * 65536)
        except OSError:
            written.set()

    with serving(go=endless, ca=page(b"list")) as server:
        assert b"list" == get(f"{server.url}/go").body
        assert written.wait(20)


def test_endless_chunks() -> None:
    """So is one in chunks."""

    def endless(handler: Handler) -> None:
        handler.protocol_version = "HTTP/1.1"
        handler.send_response(200)
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        while True:
            handler.wfile.write(b"1000\r\n" + b"x" * 4096 + b"\r\n")

    with serving(ca=endless) as server:
        assert "larger than" in (get(f"{server.url}/ca", limit=200_000).error or "")


@pytest.mark.parametrize(
    ("encoding", "pack"), [("gzip", gzip.compress), ("deflate", zlib.compress), ("identity", bytes)]
)
def test_compressed_answers(encoding: str, pack: Callable[[bytes], bytes]) -> None:
    """An answer that comes compressed although not asked for is unpacked, and the limit counts what comes out."""
    with serving(ca=page(pack(b"x" * 5000), Content_Encoding=encoding)) as server:
        assert b"x" * 5000 == get(f"{server.url}/ca", limit=5000).body
        assert "larger than" in (get(f"{server.url}/ca", limit=4999).error or "")


def test_gzip_bomb() -> None:
    """A bomb of 50 MB in 50 KB is refused, having been unpacked no further than the limit."""
    bomb = gzip.compress(b"\0" * 50_000_000)
    with serving(ca=page(bomb, Content_Encoding="gzip")) as server:
        assert "larger than" in (get(f"{server.url}/ca", limit=1_000_000).error or "")


@pytest.mark.parametrize(
    ("encoding", "word"), [("gzip", "damaged"), ("br", "not asked for"), ("gzip, gzip", "not asked")]
)
def test_odd_compression(encoding: str, word: str) -> None:
    """Damaged or unknown compression is an error with a sentence."""
    with serving(ca=page(b"not compressed at all", Content_Encoding=encoding)) as server:
        assert word in (get(f"{server.url}/ca").error or "")


def drip(handler: Handler) -> None:
    """A body that comes one byte at a time and would take minutes."""
    handler.send_response(200)
    handler.send_header("Content-Length", "100000")
    handler.end_headers()
    while True:
        handler.wfile.write(b"x")
        time.sleep(0.05)


def header_drip(handler: Handler) -> None:
    """A header that never ends."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Long: ")
    while True:
        handler.wfile.write(b"x")
        time.sleep(0.05)


def silence(handler: Handler) -> None:
    """Nothing, until the other side gives up."""
    handler.rfile.read(1)


@pytest.mark.parametrize("dripping", [drip, header_drip, silence])
def test_total_deadline(dripping: Callable[[Handler], None]) -> None:
    """Bytes that trickle never hold up the rest: at the deadline what is complete is returned."""
    with serving(slow=dripping, ca=page(b"list")) as server:
        asks = tuple(Ask(f"{server.url}/{name}", limit=1000) for name in ("slow", "ca"))
        fetcher = HttpFetcher(allow_private=True, timeout=60.0, total=1.0)
        slow, quick = fetcher.fetch_all(asks)
    assert b"list" == quick.body
    assert (None, "It did not answer completely within 1 seconds.") == (slow.body, slow.error)


def test_resolver_that_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    """A resolver that does not return holds up nothing either."""
    release = threading.Event()

    def hang(*_: object, **__: object) -> list[object]:
        release.wait(60)
        return []

    monkeypatch.setattr(guard.socket, "getaddrinfo", hang)
    reply = get("http://pki.example/ca", fetcher=HttpFetcher(total=0.3))
    release.set()
    assert (None, "It did not answer completely within 0.3 seconds.") == (reply.body, reply.error)


def test_threads_end_after_the_deadline() -> None:
    """At the deadline the sockets are closed, so that abandoned threads end instead of piling up."""
    before = set(threading.enumerate())
    with serving(slow=header_drip) as server:
        get(f"{server.url}/slow", fetcher=HttpFetcher(allow_private=True, timeout=60.0, total=0.3))
        ours = [one for one in threading.enumerate() if one not in before and "_work" in one.name]
        for thread in ours:
            thread.join(20)
    assert [] == [thread for thread in ours if thread.is_alive()]


def test_timeout_of_one_step() -> None:
    """A server that says nothing is given up on after the timeout, with a sentence."""
    with serving(ca=silence) as server:
        reply = get(f"{server.url}/ca", fetcher=HttpFetcher(allow_private=True, timeout=0.2))
    assert (None, "It did not answer within 0.2 seconds.") == (reply.body, reply.error)


# -- what goes wrong ----------------------------------------------------------------------------------------------


def test_refused_connection() -> None:
    """A port that nobody listens on is a refusal."""
    assert "It refused the connection." == get(f"http://127.0.0.1:{closed_port()}/").error


def test_no_such_host(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that does not resolve is named."""

    def fail(*_: object, **__: object) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(guard.socket, "getaddrinfo", fail)
    assert "There is no such host, pki.example." == get("http://pki.example/").error


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"220 mail.contoso.com ESMTP\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5, 6\r\n\r\nabcdef",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 300 + b"\r\n",
        b"HTTP/1.1 abc OK\r\n\r\n",
        b"HTTP/1.1 302 Found\r\nLocation: \xff\xfe\r\nContent-Length: 0\r\n\r\n",
    ],
)
def test_broken_answers(data: bytes) -> None:
    """A server that breaks off or speaks something else gives an error with a sentence, never an exception."""
    with serving(ca=raw(data)) as server:
        reply = get(f"{server.url}/ca")
    assert reply.body is None
    assert (reply.error or "").endswith(".")


@pytest.mark.parametrize(
    "data",
    [
        b"220 gw.contoso.com ESMTP\r\n",
        b"HTTP/1.1 abc OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 300 + b"\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 100_000,
    ],
)
def test_answers_that_are_no_http(data: bytes) -> None:
    """What is no HTTP is said to be none, not to have broken off, and is not asked for again."""
    with serving(ca=raw(data)) as server:
        assert "Its answer is no HTTP that can be read." == get(f"{server.url}/ca").error
    assert len(server.hits) == 1


def test_tls_that_is_not_trusted() -> None:
    """An https server whose handshake fails is a TLS problem, said as one."""
    with serving(ca=page(b"list")) as server:
        reply = get(f"https://127.0.0.1:{server.port}/ca")
    assert (None, "Its TLS certificate or handshake is not acceptable.") == (reply.body, reply.error)


def test_http_builds_no_tls_context(monkeypatch: pytest.MonkeyPatch) -> None:
    """Plain http loads no TLS roots: that costs more than the whole request."""
    assert requests.Session  # imported before, because importing may prepare things once
    loaded: list[object] = []
    monkeypatch.setattr(ssl.SSLContext, "load_verify_locations", lambda *given, **_: loaded.append(given))
    with serving(ca=page(b"list")) as server:
        assert b"list" == get(f"{server.url}/ca").body
    assert [] == loaded


# -- with a proxy -------------------------------------------------------------------------------------------------


def test_proxy() -> None:
    """Through a proxy the whole URL is asked and the name is left to the proxy; literals are still checked here."""
    with serving(AnyPath(page(b"by proxy"))) as server:
        fetcher = HttpFetcher(proxy=server.url)
        named, literal = fetcher.fetch_all((Ask("http://pki.example/ca"), Ask("http://10.0.0.1/ca")))
    assert b"by proxy" == named.body
    assert "the proxy, which resolves names itself" in named.note
    assert "--allow-private" in (literal.error or "")
    assert ["http://pki.example/ca"] == [hit[1] for hit in server.hits]


def test_proxy_and_redirects() -> None:
    """What a redirect leads to is checked again where a proxy would fetch it: its literals are no way in."""
    with serving(AnyPath(moved("http://169.254.169.254/latest/"))) as server:
        reply = get("http://pki.example/ca", fetcher=HttpFetcher(proxy=server.url))
    assert "--allow-private" in (reply.error or "")
    assert ["http://pki.example/ca"] == [hit[1] for hit in server.hits]


def test_without_a_proxy_there_is_no_note() -> None:
    """A direct answer needs no explanation."""
    with serving(ca=page(b"list")) as server:
        assert "" == get(f"{server.url}/ca").note


def test_proxy_that_wants_a_password() -> None:
    """A 407 is the proxy's answer and not that of the server, which was never asked (RFC 9110, 15.5.8)."""
    with serving(AnyPath(page(b"who are you", status=407))) as server:
        reply = get("http://pki.example/ca", fetcher=HttpFetcher(proxy=server.url))
    expected = "A proxy demands a user name and password (HTTP status 407), so the server itself was not asked."
    assert expected == reply.error


def test_proxy_that_is_down() -> None:
    """A proxy that does not answer is named as the cause, and its password is in no text."""
    fetcher = HttpFetcher(proxy=f"http://user:secret@127.0.0.1:{closed_port()}")
    reply = get("http://pki.example/ca", fetcher=fetcher)
    assert "proxy" in (reply.error or "")
    assert "secret" not in (reply.error or "") + repr(fetcher)
