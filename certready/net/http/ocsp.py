"""In which ways an Ask can be put: an OCSP question by GET where it is short, else by POST, and by the other of the
two where the first is refused (RFC 6960, A.1; RFC 5019, 5)."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from urllib.parse import quote

from certready.model import Ask
from certready.net.http.request import LONGEST_URL, Request, Result
from certready.x509.der import SEQUENCE, MalformedError, element, members

OCSP_REQUEST = "application/ocsp-request"
SHORT = 255  # bytes of a whole URL up to which GET comes first (RFC 5019, 5)
BUSY = (429, 503)  # of a server that is overloaded: asking it in another way makes that worse
_ENUMERATED = 0x0A
_MALFORMED_REQUEST = b"\x01"


def ways(ask: Ask) -> Iterator[Request]:
    """The requests to try, one after the other as long as the answer is refused."""
    headers = (*ask.headers, ("Content-Type", ask.content_type)) if ask.content_type else ask.headers
    if ask.body is None:
        yield Request(ask.url, None, ask.headers, ask.limit)
        return
    post = Request(ask.url, ask.body, headers, ask.limit)
    url = _by_get(ask)
    if url is None:
        yield post
        return
    get = Request(url, None, ask.headers, ask.limit)
    yield from (get, post) if len(url) <= SHORT else (post, get)


def refused(ask: Ask, result: Result) -> bool:
    """Whether the other way may do better: an error that is not about load, or a 200 that brings no OCSP answer."""
    if ask.content_type != OCSP_REQUEST:
        return False
    if result.body is not None:
        return not _is_answer(result.body)
    return result.status is not None and result.status >= 400 and result.status not in BUSY


def _by_get(ask: Ask) -> str | None:
    """The URL of an OCSP question put by GET, or None where there is no such URL."""
    if ask.content_type != OCSP_REQUEST or ask.body is None or set("?#") & set(ask.url):
        return None
    encoded = quote(base64.b64encode(ask.body), safe="")
    url = f"{ask.url}{'' if ask.url.endswith('/') else '/'}{encoded}"
    return url if len(url) <= LONGEST_URL else None


def _is_answer(body: bytes) -> bool:
    """Whether this is an OCSPResponse (RFC 6960, 4.2.1) other than malformedRequest: a responder that knows only the
    other way says that too."""
    try:
        outer = element(body)
        status = members(outer, 1)
    except MalformedError:
        return False
    return (
        outer.tag == SEQUENCE
        and bool(status)
        and status[0].tag == _ENUMERATED
        and status[0].content != (_MALFORMED_REQUEST)
    )
