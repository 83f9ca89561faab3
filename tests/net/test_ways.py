"""OCSP by GET and by POST: which comes first, and when the other is tried; the server counts."""

from __future__ import annotations

import base64
from urllib.parse import unquote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from certready.demo.pki import Authority
from certready.model import Ask, Reply
from certready.net.http.fetcher import HttpFetcher
from certready.net.http.ocsp import OCSP_REQUEST, SHORT, refused, ways
from certready.net.http.request import Request, Result
from certready.revocation import questions
from certready.x509.certificate import Certificate
from tests.net.serving import NOT_FOUND, AnyPath, Page, page, raw, serving

CA = Authority.root(ocsp_url="http://pki.example/ocsp")
LEAF = CA.issue("mail.contoso.com")
ANSWER = CA.ocsp(LEAF.x509)
MALFORMED = bytes.fromhex("30030a0101")
UNAUTHORIZED = bytes.fromhex("30030a0106")
HTML = b"<html><body>Please log in</body></html>"


def question(url: str, body: bytes = b"question") -> Ask:
    return Ask(url, body, OCSP_REQUEST, 100_000)


def asked(get: Page, post: Page, body: bytes = b"question") -> tuple[Reply, list[str]]:
    """The reply of a server that answers these, and the methods it saw."""
    with serving(AnyPath(lambda handler: (get if handler.command == "GET" else post)(handler))) as server:
        fetcher = HttpFetcher(allow_private=True, backoff=0.001)
        (reply,) = fetcher.fetch_all((question(f"{server.url}/ocsp", body),))
    return reply, [hit[0] for hit in server.hits]


def test_a_real_question_goes_by_get() -> None:
    """The question about a certificate is short enough for GET, and arrives as it was made."""
    (found,) = (one.ask for one in questions(Certificate(LEAF.der), Certificate(CA.der)) if one.ask)
    (first, second) = ways(found)
    assert (None, found.body) == (first.body, second.body)
    assert len(first.url) <= SHORT
    assert base64.b64decode(unquote(first.url.removeprefix("http://pki.example/ocsp/"))) == found.body


@settings(max_examples=50, deadline=None)
@given(st.binary(min_size=1, max_size=300), st.integers(min_value=0, max_value=200))
def test_get_is_first_up_to_255_bytes(body: bytes, padding: int) -> None:
    """GET comes first exactly where its whole URL has at most 255 bytes, and never holds a bare "/", "+" or "="."""
    base = f"http://pki.example/{'a' * padding}"
    requests = list(ways(question(base, body)))
    assert {None, body} == {one.body for one in requests}
    url = next(one.url for one in requests if one.body is None)
    assert (len(url) <= SHORT) == (requests[0].body is None)
    encoded = url.removeprefix(base + ("" if base.endswith("/") else "/"))
    assert not set("/+=") & set(encoded)
    assert body == base64.b64decode(unquote(encoded))


def test_one_slash() -> None:
    """A responder's URL that ends in a slash gets no second one."""
    assert "http://pki.example/ocsp/cQ%3D%3D" == next(ways(question("http://pki.example/ocsp/", b"q"))).url


@pytest.mark.parametrize("url", ["http://pki.example/ocsp?ca=1", "http://pki.example/ocsp#x"])
def test_only_post_where_get_has_no_place(url: str) -> None:
    """A URL with a query or fragment leaves POST alone."""
    assert [b"question"] == [one.body for one in ways(question(url))]


def test_other_bodies_are_posted() -> None:
    """What is no OCSP question is posted, and once."""
    ask = Ask("http://pki.example/", b"x", "text/plain")
    assert [Request("http://pki.example/", b"x", (("Content-Type", "text/plain"),))] == list(ways(ask))
    assert not refused(ask, Result(status=404))


def test_get_alone() -> None:
    """A responder that answers GET is asked once."""
    reply, methods = asked(page(ANSWER), NOT_FOUND)
    assert (ANSWER, ["GET"]) == (reply.body, methods)


@pytest.mark.parametrize("status", [400, 403, 404, 405, 411, 414, 500, 501])
def test_post_where_get_is_refused(status: int) -> None:
    """A responder that refuses GET is asked by POST, once."""
    reply, methods = asked(page(b"no", status), page(ANSWER))
    assert (ANSWER, ["GET", "POST"]) == (reply.body, methods)


@pytest.mark.parametrize("body", [HTML, b"", MALFORMED, b"\x30\x80\x00\x00", LEAF.der])
def test_post_where_get_brings_no_answer(body: bytes) -> None:
    """So is one that answers GET with a web page, with nothing, with malformedRequest or with something else."""
    reply, methods = asked(page(body), page(ANSWER))
    assert (ANSWER, ["GET", "POST"]) == (reply.body, methods)


def test_get_where_post_is_refused() -> None:
    """A long question goes by POST first, and by GET where that is refused."""
    reply, methods = asked(page(ANSWER), page(b"no", 405), b"q" * 300)
    assert (ANSWER, ["POST", "GET"]) == (reply.body, methods)


@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_responder_is_not_asked_in_another_way(status: int) -> None:
    """A responder that is overloaded is asked again after a pause, and not by the other method."""
    reply, methods = asked(page(b"", status), page(ANSWER))
    assert (None, ["GET"] * 3) == (reply.body, methods)


def test_unauthorized_is_an_answer() -> None:
    """An unsuccessful OCSP answer is an answer: the other method would bring the same."""
    reply, methods = asked(page(UNAUTHORIZED), page(ANSWER))
    assert (UNAUTHORIZED, ["GET"]) == (reply.body, methods)


def test_both_refused() -> None:
    """Where both are refused the last error stands; what came at all is kept for the judgement to name."""
    assert "It answered with HTTP status 500." == asked(NOT_FOUND, page(b"", 500))[0].error
    assert asked(page(HTML), page(b"", 405))[0].body == HTML
    assert asked(page(HTML), page(MALFORMED))[0].body == MALFORMED


def test_a_broken_connection_is_no_refusal() -> None:
    """A connection that breaks is tried again as it was, and not by the other method."""
    reply, methods = asked(raw(b""), page(ANSWER))
    assert (None, ["GET"] * 3) == (reply.body, methods)
