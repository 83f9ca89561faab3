"""HTTP for what certificates point to: OCSP answers, CRLs, issuers. Guarded, because the URLs are hostile input.

Every request runs in a thread of its own under one total deadline, so that neither a resolver that hangs nor an
answer that drips can hold up the run. ``requests`` is imported when something is asked, not before.
"""

from __future__ import annotations

import queue
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from certready._version import __version__
from certready.model import Ask, Reply
from certready.net.guard import GuardedError, Run, refused_host

if TYPE_CHECKING:
    import requests

MOST_REDIRECTS = 5
MOST_THREADS = 64
LONGEST_URL = 8192
CHUNK = 64 * 1024
REDIRECTS = (301, 302, 303, 307, 308)
_URL = re.compile(r"[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=%-]+")  # RFC 3986, 2: anything else readers take differently
_HOST = re.compile(r"[A-Za-z0-9._:-]+")


@dataclass(frozen=True, slots=True)
class HttpFetcher:
    """Fetches over http and https; implements :class:`certready.model.Fetcher`.

    Args:
        allow_private: whether URLs and their redirects may reach private, loopback and link-local addresses.
        timeout: seconds for connecting and for each wait for bytes.
        proxy: URL of an HTTP proxy, which then resolves the names; only addresses written out in a URL are checked.
            It may hold a password and is never shown.
        total: seconds after which :meth:`fetch_all` returns, whatever is still under way.
        clock: seconds that only grow.
    """

    allow_private: bool = False
    timeout: float = 10.0
    proxy: str | None = field(default=None, repr=False)
    total: float = 30.0
    clock: Callable[[], float] = time.monotonic

    def fetch_all(self, asks: tuple[Ask, ...]) -> tuple[Reply, ...]:
        """One Reply for each Ask, in order, all under way at once, equal URL and body fetched once. Never raises."""
        unique = list(dict.fromkeys((ask.url, ask.body) for ask in asks))
        first = {(ask.url, ask.body): ask for ask in reversed(asks)}
        began = self.clock()
        run = Run(self.allow_private, self.timeout, began + self.total, self.clock)
        waiting: queue.SimpleQueue[Ask] = queue.SimpleQueue()
        done: queue.SimpleQueue[tuple[Ask, Reply]] = queue.SimpleQueue()
        for key in unique:
            waiting.put(first[key])
        for _ in range(min(MOST_THREADS, len(unique))):
            threading.Thread(target=_work, args=(self, run, waiting, done), daemon=True).start()
        replies = _collect(done, len(unique), run)
        run.abandon()
        late = Reply(None, f"It did not answer completely within {self.total:g} seconds.", _ms(self.clock() - began))
        return tuple(replies.get((ask.url, ask.body), late) for ask in asks)


def _collect(done: queue.SimpleQueue[tuple[Ask, Reply]], count: int, run: Run) -> dict[tuple[str, bytes | None], Reply]:
    """The replies that come in before the deadline."""
    replies: dict[tuple[str, bytes | None], Reply] = {}
    while len(replies) < count and run.left() > 0:
        try:
            ask, reply = done.get(timeout=run.left())
        except queue.Empty:
            break
        except ValueError:  # the deadline passed between the two looks at the clock
            break
        replies[ask.url, ask.body] = reply
    return replies


def _work(
    fetcher: HttpFetcher,
    run: Run,
    waiting: queue.SimpleQueue[Ask],
    done: queue.SimpleQueue[tuple[Ask, Reply]],
) -> None:
    """One thread: answers asks until none is left or the run is over."""
    while run.left() > 0:
        try:
            ask = waiting.get_nowait()
        except queue.Empty:
            return
        began = fetcher.clock()
        try:
            body, error = _fetch(ask, fetcher, run), None
        except GuardedError as trouble:
            body, error = None, str(trouble)
        except Exception as trouble:  # noqa: BLE001 - whatever a hostile server provokes in the libraries is its error
            body, error = None, _sentence(trouble, fetcher)
        done.put((ask, Reply(body, error, _ms(fetcher.clock() - began))))


def _ms(seconds: float) -> int:
    return max(0, round(seconds * 1000))


def _fetch(ask: Ask, fetcher: HttpFetcher, run: Run) -> bytes:
    """The body of a 200 answer, redirects followed. Raises GuardedError, or whatever requests and urllib3 raise."""
    url, body = ask.url, ask.body
    visited: set[tuple[str, bool]] = set()
    with _session(fetcher, run) as session:
        for _ in range(MOST_REDIRECTS + 1):
            _check(url, fetcher)
            if (url, body is None) in visited:
                raise GuardedError("It redirects in a circle.")
            visited.add((url, body is None))
            with _request(session, url, body, ask.content_type, run) as response:
                if response.status_code not in REDIRECTS:
                    return _read(response, ask.limit, run)
                url = _location(url, response.headers.get("Location"))
                body = None if response.status_code == 303 else body
    raise GuardedError(f"It redirects more than {MOST_REDIRECTS} times.")


def _session(fetcher: HttpFetcher, run: Run) -> requests.Session:
    """A session that takes nothing from its surroundings: no environment, netrc, cookies or credentials."""
    from http.cookiejar import DefaultCookiePolicy

    import requests

    from certready.net.guard import guarded_adapter

    class Session(requests.Session):
        def get_redirect_target(self, resp: requests.Response) -> None:
            """None: redirects are ours to follow, and requests would read their bodies, however long, to look ahead."""

    session = Session()
    session.trust_env = False
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    session.headers = requests.structures.CaseInsensitiveDict(
        {
            "User-Agent": f"certready/{__version__}",
            "Accept": "*/*",
            "Accept-Encoding": "identity",
            "Connection": "close",
        }
    )
    if fetcher.proxy:
        session.proxies = {"http": fetcher.proxy, "https": fetcher.proxy}
    adapter = guarded_adapter(run)
    session.mount("http://", adapter)
    session.mount("https://", adapter)
    return session


def _request(
    session: requests.Session, url: str, body: bytes | None, content_type: str | None, run: Run
) -> requests.Response:
    headers = {"Content-Type": content_type} if body is not None and content_type else {}
    method = "GET" if body is None else "POST"
    wait = max(0.001, min(run.timeout, run.left()))
    return session.request(method, url, data=body, headers=headers, timeout=wait, allow_redirects=False, stream=True)


def _check(url: str, fetcher: HttpFetcher) -> None:
    """Raises GuardedError for a URL that must not be asked."""
    if len(url) > LONGEST_URL or not _URL.fullmatch(url):
        raise GuardedError("Its URL is too long or holds characters that no URL may hold.")
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise GuardedError("Its URL is malformed.") from None
    if parts.scheme not in ("http", "https"):
        raise GuardedError("Its URL is neither http nor https.")
    if "@" in parts.netloc:
        raise GuardedError("Its URL holds a user name or password, which is not sent to anybody.")
    if not host or not _HOST.fullmatch(host):
        raise GuardedError("Its URL names no host.")
    refused = None if fetcher.allow_private else refused_host(host)
    if refused:
        raise GuardedError(refused)


def _location(url: str, location: str | None) -> str:
    if not location:
        raise GuardedError("It redirects without saying where to.")
    try:
        return urljoin(url, location)
    except ValueError:
        raise GuardedError("It redirects to a malformed URL.") from None


def _read(response: requests.Response, limit: int, run: Run) -> bytes:
    """The body, at most ``limit`` bytes after decompression. Raises GuardedError."""
    if response.status_code != 200:
        raise GuardedError(f"It answered with HTTP status {response.status_code}.")
    expand = _expander(response.headers.get("Content-Encoding", "").strip().lower())
    parts: list[bytes] = []
    size = 0
    while True:
        if run.left() <= 0:
            raise GuardedError("It did not answer completely in time.")
        received = response.raw.read1(CHUNK, decode_content=False)
        if not received:
            return b"".join(parts)
        piece = expand(received, limit - size + 1)
        parts.append(piece)
        size += len(piece)
        if size > limit:
            raise GuardedError(f"Its answer is larger than the {limit} bytes that are read.")


def _expander(encoding: str) -> Callable[[bytes, int], bytes]:
    """What undoes a Content-Encoding, never producing more than it is asked for: a bomb ends at the limit."""
    import zlib

    if encoding in ("", "identity"):
        return lambda data, _: data
    if encoding not in ("gzip", "x-gzip", "deflate"):
        raise GuardedError("Its answer is compressed in a way that was not asked for.")
    decompressor = zlib.decompressobj(wbits=47)  # gzip or zlib, whichever the header says

    def expand(data: bytes, most: int) -> bytes:
        try:
            return decompressor.decompress(data, most)
        except zlib.error:
            raise GuardedError("Its compressed answer is damaged.") from None

    return expand


def _sentence(trouble: Exception, fetcher: HttpFetcher) -> str:
    """An exception of the libraries as a sentence of ours; its own text may hold addresses or credentials."""
    import ssl

    import requests
    import urllib3

    causes = _causes(trouble)
    if any(
        isinstance(cause, ssl.SSLError | requests.exceptions.SSLError | urllib3.exceptions.SSLError) for cause in causes
    ):
        return "Its TLS certificate or handshake is not acceptable."
    if any(isinstance(cause, requests.exceptions.ProxyError | urllib3.exceptions.ProxyError) for cause in causes):
        return "The proxy does not answer or refuses."
    if any(
        isinstance(cause, TimeoutError | requests.exceptions.Timeout | urllib3.exceptions.TimeoutError)
        for cause in causes
    ):
        return f"It did not answer within {fetcher.timeout:g} seconds."
    if any(isinstance(cause, ConnectionRefusedError) for cause in causes):
        return "The proxy refused the connection." if fetcher.proxy else "It refused the connection."
    if any(
        isinstance(cause, requests.exceptions.ConnectionError | urllib3.exceptions.HTTPError | OSError)
        for cause in causes
    ):
        return "The connection was closed or broke before the answer was complete."
    return "Its answer is no HTTP that can be read."


def _causes(trouble: BaseException) -> list[BaseException]:
    """The exception and those behind it, as libraries wrap them: by cause, by context, and as an argument."""
    found: list[BaseException] = []
    waiting: list[object] = [trouble]
    while waiting and len(found) < 20:
        one = waiting.pop()
        if isinstance(one, BaseException) and one not in found:
            found.append(one)
            waiting += [one.__cause__, one.__context__, getattr(one, "reason", None), *one.args]
    return found
