"""What may pass is asked again, within the one budget; what will not is asked once. The server counts."""

from __future__ import annotations

import errno
import socket
import threading
from pathlib import Path

import pytest

from certready.demo.pki import Authority
from certready.model import Ask, Reply
from certready.net.http import guard
from certready.net.http.fetcher import HttpFetcher, merged
from tests.net.serving import Handler, Page, closed_port, each, moved, page, raw, serving

LIST = page(b"list")
QUICK = HttpFetcher(allow_private=True, backoff=0.001)


def asked(answer: Page, fetcher: HttpFetcher = QUICK, **others: Page) -> tuple[Reply, int]:
    """The reply of a server that answers so under /ca, and how often it was asked there."""
    with serving(ca=answer, **others) as server:
        (reply,) = fetcher.fetch_all((Ask(f"{server.url}/ca", limit=1000),))
    return reply, sum(hit[1] == "/ca" for hit in server.hits)


def silence(handler: Handler) -> None:
    handler.rfile.read(1)


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_statuses_that_may_pass(status: int) -> None:
    """An overloaded or unreachable server behind a gateway is asked again, twice at most."""
    assert (b"list", 2) == _body(asked(each(page(b"", status), LIST)))
    assert (b"list", 3) == _body(asked(each(page(b"", status), page(b"", status), LIST)))
    reply, hits = asked(page(b"", status))
    assert (f"It answered with HTTP status {status}.", status, 3) == (reply.error, reply.status, hits)


@pytest.mark.parametrize("status", [201, 304, 400, 401, 403, 404, 407, 410, 500, 501])
def test_statuses_that_will_not_pass(status: int) -> None:
    """Every other status is final, and the server is asked once."""
    reply, hits = asked(each(page(b"", status), LIST))
    assert (None, 1) == (reply.body, hits)


def test_a_reset_connection() -> None:
    """A connection that breaks, before or within the answer, is made again."""
    assert (b"list", 2) == _body(asked(each(raw(b""), LIST)))
    assert (b"list", 2) == _body(asked(each(raw(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"), LIST)))


def test_a_refused_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    """A refused connection is tried three times in all, and said."""
    tried: list[object] = []

    class Counted(socket.socket):
        def connect(self, address: object) -> None:
            tried.append(address)
            super().connect(address)  # type: ignore[arg-type]

    monkeypatch.setattr(guard.socket, "socket", Counted)
    (reply,) = QUICK.fetch_all((Ask(f"http://127.0.0.1:{closed_port()}/"),))
    assert ("It refused the connection.", 3) == (reply.error, len(tried))


def test_a_timeout_is_tried_once_more() -> None:
    """A server that says nothing is asked twice: more would eat up the time of everything else."""
    fetcher = HttpFetcher(allow_private=True, timeout=0.2, backoff=0.001)
    assert (b"list", 2) == _body(asked(each(silence, LIST), fetcher))
    assert 2 == asked(silence, fetcher)[1]


def test_a_name_server_that_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that cannot be resolved at present is tried again, one that does not exist is not."""
    tried: list[str] = []

    def fail(host: str, *_: object, **__: object) -> None:
        tried.append(host)
        raise socket.gaierror(socket.EAI_AGAIN if host == "later.example" else socket.EAI_NONAME, "no")

    monkeypatch.setattr(guard.socket, "getaddrinfo", fail)
    later, never = QUICK.fetch_all((Ask("http://later.example/"), Ask("http://never.example/")))
    assert "No name server answers about later.example at present." == later.error
    assert "There is no such host, never.example." == never.error
    assert (3, 1) == (tried.count("later.example"), tried.count("never.example"))


def test_an_unreachable_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """A network that is not there is said to be that."""

    class Nowhere(socket.socket):
        def connect(self, address: object) -> None:
            raise OSError(errno.ENETUNREACH, "no")

    monkeypatch.setattr(guard.socket, "socket", Nowhere)
    assert "It cannot be reached." == QUICK.fetch_all((Ask("http://127.0.0.1:1/"),))[0].error


def test_what_the_guard_refuses_is_not_tried_again() -> None:
    """A private address is refused once and never connected to."""
    with serving(ca=LIST) as server:
        (reply,) = HttpFetcher(backoff=0.001).fetch_all((Ask(f"{server.url}/ca"),))
    assert "--allow-private" in (reply.error or "")
    assert 0 == server.accepted


def test_too_large_is_not_tried_again() -> None:
    """An answer over the limit is fetched once: it would be no smaller."""
    reply, hits = asked(page(b"x" * 1001))
    assert ("Its answer is larger than the 1000 bytes that are read.", 1) == (reply.error, hits)


# -- the time ----------------------------------------------------------------------------------------------------------


def test_retry_after() -> None:
    """A server that says when to ask again is asked then, not before, though the own pause would be longer."""
    patient = HttpFetcher(allow_private=True, backoff=1000)
    assert (b"list", 2) == _body(asked(each(page(b"", 503, Retry_After="0"), LIST), patient))


def busy(retry_after: bytes) -> Page:
    """503 of a server in whose world a century begins."""
    head = b"HTTP/1.1 503 Busy\r\nDate: Sat, 01 Jan 2000 00:00:00 GMT\r\nContent-Length: 0\r\n"
    return raw(head + b"Retry-After: " + retry_after + b"\r\n\r\n")


def test_retry_after_a_date() -> None:
    """A date counts from the server's own Date, whatever the time is here."""
    answer = each(busy(b"Sat, 01 Jan 2000 00:00:00 GMT"), LIST)
    assert (b"list", 2) == _body(asked(answer, HttpFetcher(allow_private=True, backoff=1000)))


@pytest.mark.parametrize("value", [b"3600", b"999999", b"Fri, 31 Dec 9999 23:59:59 GMT"])
def test_retry_after_that_does_not_fit(value: bytes) -> None:
    """One that lies beyond the budget ends the matter at once."""
    reply, hits = asked(each(busy(value), LIST))
    assert ("It answered with HTTP status 503.", 1) == (reply.error, hits)


@pytest.mark.parametrize("value", ["-5", "soon", "1e9", "nan", "Sat, 99 Foo 2000"])
def test_retry_after_that_says_nothing(value: str) -> None:
    """One that cannot be read is passed over, and the own pause counts."""
    assert (b"list", 2) == _body(asked(each(page(b"", 503, Retry_After=value), LIST)))


def test_no_pause_beyond_the_budget() -> None:
    """A pause that would not end in time is not begun: the reply tells what came, and how long it took is within it."""
    reply, hits = asked(page(b"", 503), HttpFetcher(allow_private=True, backoff=1000, total=20))
    assert ("It answered with HTTP status 503.", 1) == (reply.error, hits)
    assert reply.elapsed_ms < 20_000


def test_a_pause_ends_with_the_run() -> None:
    """Whoever still pauses when the run is over is woken, and its thread ends."""
    run = guard.Run(allow_private=True, timeout=1, deadline=1e9, clock=lambda: 0.0)
    threading.Timer(0.05, run.abandon).start()
    assert not run.wait(600)


def test_others_do_not_wait_for_a_retry() -> None:
    """While one address is tried again the others have been answered: each is asked as often as its own server needs."""
    with serving(bad=page(b"", 503), good=LIST) as server:
        asks = tuple(Ask(f"{server.url}/{name}") for name in ("bad", "good", "good"))
        bad, good, same = QUICK.fetch_all(asks)
    assert (503, b"list", b"list") == (bad.status, good.body, same.body)
    assert ["/bad"] * 3 + ["/good"] == sorted(hit[1] for hit in server.hits)


# -- what is sent and reported -------------------------------------------------------------------------------------------


def test_the_most_generous_limit_counts() -> None:
    """A URL that two ask for with different limits is fetched once with the larger one."""
    small, large = Ask("http://pki.example/", limit=10), Ask("http://pki.example/", limit=1000)
    assert [1000] == [ask.limit for ask in merged((small, large)).values()]
    with serving(ca=page(b"x" * 500)) as server:
        url = f"{server.url}/ca"
        replies = QUICK.fetch_all((Ask(url, limit=10), Ask(url, limit=1000)))
    assert [b"x" * 500] * 2 == [reply.body for reply in replies]
    assert 1 == len(server.hits)


def test_headers_and_validators() -> None:
    """Headers of an Ask are sent, over redirects too; validators of a good answer come back as what to send next."""
    answer = page(b"list", ETag='"v1"', Last_Modified="Sat, 01 Jan 2000 00:00:00 GMT")
    with serving(ca=answer, go=moved("/ca")) as server:
        (reply,) = QUICK.fetch_all((Ask(f"{server.url}/go", headers=(("If-None-Match", '"v0"'),)),))
    assert (("If-None-Match", '"v1"'), ("If-Modified-Since", "Sat, 01 Jan 2000 00:00:00 GMT")) == reply.validators
    assert ['"v0"'] * 2 == [hit[3]["If-None-Match"] for hit in server.hits]


@pytest.mark.parametrize("value", ["", "x" * 201, "\u00fc", "a\tb"])
def test_odd_validators_are_dropped(value: str) -> None:
    """A validator that is empty, too long or not printable ASCII is not sent to anybody."""
    assert () == asked(page(b"list", ETag=value))[0].validators


def test_not_modified() -> None:
    """304 is reported with its status, for whoever asked for it."""
    reply, _ = asked(page(b"", 304))
    assert (304, None) == (reply.status, reply.body)


@pytest.mark.parametrize("kind", ["text/html", "application/octet-stream", "nonsense", ""])
def test_content_types_do_not_matter(kind: str) -> None:
    """What an answer is, its bytes say: servers label CRLs as they like."""
    assert b"list" == asked(page(b"list", Content_Type=kind))[0].body


def test_an_empty_body() -> None:
    """An answer of no bytes is an answer of no bytes, and the judgement says that it is none."""
    reply, _ = asked(page(b""))
    assert (b"", None) == (reply.body, reply.error)


def test_ipv6_literals() -> None:
    """An IPv6 literal is a host like any other where private addresses are allowed, and is kept out where they are
    not."""
    if not _has_ipv6():
        pytest.skip("this machine has no IPv6 loopback")
    with serving(ca=LIST, address="::1") as server:
        url = f"http://[::1]:{server.port}/ca"
        assert b"list" == QUICK.fetch_all((Ask(url),))[0].body
        assert "--allow-private" in (HttpFetcher().fetch_all((Ask(url),))[0].error or "")
    assert 1 == server.accepted


def _has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


def test_ca_bundle(tmp_path: Path) -> None:
    """An https server counts where its root is in the CA bundle, and not where only certifi's are."""
    root = Authority.root()
    server_certificate = root.issue("localhost", key="rsa")
    (tmp_path / "root.pem").write_bytes(root.pem)
    (tmp_path / "server.pem").write_bytes(server_certificate.chain_pem + server_certificate.key_pem)
    with serving(ca=LIST, tls=tmp_path / "server.pem") as server:
        url = f"https://localhost:{server.port}/ca"
        fetcher = HttpFetcher(allow_private=True, ca_bundle=str(tmp_path / "root.pem"))
        assert b"list" == fetcher.fetch_all((Ask(url),))[0].body
        assert "TLS" in (QUICK.fetch_all((Ask(url),))[0].error or "")
    assert 1 == len(server.hits)


def test_ca_bundle_that_is_gone(tmp_path: Path) -> None:
    """A CA bundle that cannot be read is an error with a sentence, and nothing is asked without it."""
    with serving(ca=LIST) as server:
        fetcher = HttpFetcher(allow_private=True, ca_bundle=str(tmp_path / "none.pem"))
        (reply,) = fetcher.fetch_all((Ask(f"https://127.0.0.1:{server.port}/ca"),))
    assert "It was not asked: the file of --ca-bundle cannot be read." == reply.error
    assert 0 == server.accepted


def _body(found: tuple[Reply, int]) -> tuple[bytes | None, int]:
    return found[0].body, found[1]
