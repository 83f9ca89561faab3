"""One HTTP exchange: a URL that may be asked, redirects within bounds, a body within bounds, and no exception."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from certready._version import __version__
from certready.model.budget import SPENT, Budget
from certready.net.http.guard import GuardedError, Run, refused_host
from certready.net.http.trouble import sentence, will_pass

if TYPE_CHECKING:
    import requests

MOST_REDIRECTS = 5
LONGEST_URL = 8192
CHUNK = 64 * 1024
SPOOLED = 1024 * 1024  # bytes of a body that are kept in memory while it arrives
REDIRECTS = (301, 302, 303, 307, 308)
PASSING = (429, 502, 503, 504)  # statuses of a server that may answer in a moment
VALIDATORS = {"ETag": "If-None-Match", "Last-Modified": "If-Modified-Since"}  # RFC 9110, 8.8 and 13.1
_URL = re.compile(r"[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=%-]+")  # RFC 3986, 2: anything else readers take differently
_HOST = re.compile(r"[A-Za-z0-9._:-]+")
_VALIDATOR = re.compile(r"[!-~](?:[ -~]{0,198}[!-~])?")
_SECONDS = re.compile(r"[0-9]{1,6}")


@dataclass(frozen=True, slots=True)
class Request:
    """What is sent: a GET, or a POST where there is a ``body``; at most ``limit`` bytes of answer are read. ``follow``
    says whether redirects are followed."""

    url: str
    body: bytes | None = None
    headers: tuple[tuple[str, str], ...] = ()
    limit: int = 64 * 1024 * 1024
    follow: bool = True


@dataclass(frozen=True, slots=True)
class Route:
    """How servers are reached: by which proxy, and which PEM file of roots counts for https (None: certifi's)."""

    proxy: str | None = field(default=None, repr=False)
    ca_bundle: str | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a request: ``body`` of a 200 answer, or ``error``, a sentence; ``status`` where HTTP came at all.

    ``passing`` says that it may be otherwise in a moment, ``slow`` that the time ran out, ``after`` in how many
    seconds the server wants to be asked again (Retry-After), ``validators`` the conditional headers that fit the body,
    ``date`` what the server's clock said, ``media_type`` its Content-Type.
    """

    body: bytes | None = None
    error: str | None = None
    status: int | None = None
    passing: bool = False
    slow: bool = False
    after: float | None = None
    validators: tuple[tuple[str, str], ...] = ()
    date: datetime | None = None
    media_type: str = ""


def exchange(request: Request, route: Route, run: Run, budget: Budget) -> Result:
    """Send the request, follow its redirects, read the answer. Never raises."""
    try:
        return _exchange(request, route, run, budget)
    except GuardedError as trouble:
        return Result(error=str(trouble), passing=trouble.passing, slow=trouble.slow)
    except Exception as trouble:  # noqa: BLE001 - whatever a hostile server provokes in the libraries is its error
        passing, slow = will_pass(trouble)
        return Result(error=sentence(trouble, run.timeout, proxied=bool(route.proxy)), passing=passing, slow=slow)


def _exchange(request: Request, route: Route, run: Run, budget: Budget) -> Result:
    """Raises GuardedError, or whatever requests and urllib3 raise."""
    url, body = request.url, request.body
    visited: set[tuple[str, bool]] = set()
    with _session(route, run) as session:
        for _ in range(MOST_REDIRECTS + 1):
            _check(url, run, "The URL that it redirects to" if visited else "Its URL")
            if url.startswith("https:") and route.ca_bundle and not Path(route.ca_bundle).is_file():
                raise GuardedError("It was not asked: the file of --ca-bundle cannot be read.")
            if (url, body is None) in visited:
                raise GuardedError("It redirects in a circle.")
            visited.add((url, body is None))
            if budget.spent:
                raise GuardedError(f"It was not asked: {SPENT}")
            headers = dict(request.headers) if body is not None or request.body is None else {}
            with _send(session, url, body, headers, run) as response:
                if response.status_code not in REDIRECTS:
                    return _result(response, request.limit, run, budget)
                if not request.follow:
                    error = f"It redirects (HTTP status {response.status_code}), which is not followed."
                    return Result(error=error, status=response.status_code)
                url = _location(url, response.headers.get("Location"))
                body = None if response.status_code == 303 else body
    raise GuardedError(f"It redirects more than {MOST_REDIRECTS} times.")


def _session(route: Route, run: Run) -> requests.Session:
    """A session that takes nothing from its surroundings: no environment, netrc, cookies or credentials."""
    from http.cookiejar import DefaultCookiePolicy

    import requests

    from certready.net.http.guard import guarded_adapter

    class Session(requests.Session):
        def get_redirect_target(self, resp: requests.Response) -> None:
            """None: redirects are ours to follow, and requests would read their bodies, however long, to look ahead."""

    session = Session()
    session.trust_env = False
    session.verify = route.ca_bundle or True
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    session.headers = requests.structures.CaseInsensitiveDict(
        {
            "User-Agent": f"certready/{__version__}",
            "Accept": "*/*",
            "Accept-Encoding": "identity",
            "Connection": "close",
        }
    )
    if route.proxy:
        session.proxies = {"http": route.proxy, "https": route.proxy}
    adapter = guarded_adapter(run)
    session.mount("http://", adapter)
    session.mount("https://", adapter)
    return session


def _send(
    session: requests.Session, url: str, body: bytes | None, headers: dict[str, str], run: Run
) -> requests.Response:
    method = "GET" if body is None else "POST"
    wait = max(0.001, min(run.timeout, run.left() + 1))  # a second more than is left: the run's own end comes first
    return session.request(method, url, data=body, headers=headers, timeout=wait, allow_redirects=False, stream=True)


def _check(url: str, run: Run, called: str) -> None:
    """Raises GuardedError for a URL that must not be asked, which is called so."""
    if len(url) > LONGEST_URL or not _URL.fullmatch(url):
        raise GuardedError(f"{called} is too long or holds characters that no URL may hold.")
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise GuardedError(f"{called} is malformed.") from None
    if parts.scheme not in ("http", "https"):
        raise GuardedError(f"{called} is neither http nor https.")
    if "@" in parts.netloc:
        raise GuardedError(f"{called} holds a user name or password, which is not sent to anybody.")
    if not host or not _HOST.fullmatch(host):
        raise GuardedError(f"{called} names no host.")
    refused = None if run.allow_private else refused_host(host)
    if refused:
        raise GuardedError(refused)


def _location(url: str, location: str | None) -> str:
    if not location:
        raise GuardedError("It redirects without saying where to.")
    try:
        return urljoin(url, location)
    except ValueError:
        raise GuardedError("It redirects to a malformed URL.") from None


def _result(response: requests.Response, limit: int, run: Run, budget: Budget) -> Result:
    """The answer at the end of the redirects. Raises GuardedError."""
    status = response.status_code
    if status == 200:
        body = _read(response, limit, run, budget)
        kind = response.headers.get("Content-Type", "")
        return Result(body, status=200, validators=_validators(response), date=_date(response), media_type=kind)
    error = f"It answered with HTTP status {status}."
    if status == 407:  # RFC 9110, 15.5.8: no server but a proxy answers so
        error = "A proxy demands a user name and password (HTTP status 407), so the server itself was not asked."
    return Result(error=error, status=status, passing=status in PASSING, after=_after(response), date=_date(response))


def _validators(response: requests.Response) -> tuple[tuple[str, str], ...]:
    """The conditional headers of a later request for the same (RFC 9110, 13.1), as far as they are sound."""
    headers = ((sent, response.headers.get(received, "")) for received, sent in VALIDATORS.items())
    return tuple((name, value) for name, value in headers if _VALIDATOR.fullmatch(value))


def _date(response: requests.Response) -> datetime | None:
    """The present by the server's clock: the Date of the answer and the Age that caches on the way added to it."""
    from email.utils import parsedate_to_datetime

    age = response.headers.get("Age", "0").strip()
    try:
        dated = parsedate_to_datetime(response.headers.get("Date", ""))
        dated = dated.replace(tzinfo=UTC) if dated.tzinfo is None else dated.astimezone(UTC)
        present = dated + timedelta(seconds=int(age) if _SECONDS.fullmatch(age) else 0)
    except (ValueError, TypeError, OverflowError):
        return None
    return present if 1970 <= present.year < 9000 else None


def _after(response: requests.Response) -> float | None:
    """Retry-After in seconds (RFC 9110, 10.2.3); a date counts from the server's own Date."""
    from email.utils import parsedate_to_datetime

    text = response.headers.get("Retry-After", "").strip()
    if _SECONDS.fullmatch(text):
        return float(text)
    try:
        seconds = parsedate_to_datetime(text) - parsedate_to_datetime(response.headers.get("Date", ""))
    except (ValueError, TypeError, OverflowError):
        return None
    return max(0.0, seconds.total_seconds())


def _read(response: requests.Response, limit: int, run: Run, budget: Budget) -> bytes:
    """The body, at most ``limit`` bytes after decompression and within the run's budget. Raises GuardedError."""
    # A long one is written to disk as it comes: buffers that many threads let grow side by side take twice their size.
    with SpooledTemporaryFile(max_size=SPOOLED) as body:
        try:
            _fill(body, response, limit, run, budget)
        except BaseException:
            budget.give_back(body.tell())
            raise
        body.seek(0)
        return body.read()


def _fill(body: SpooledTemporaryFile[bytes], response: requests.Response, limit: int, run: Run, budget: Budget) -> None:
    """Reads to the end. Raises GuardedError."""
    expand = _expander(response.headers.get("Content-Encoding", "").strip().lower())
    while True:
        if run.left() <= 0:
            raise GuardedError(run.late, passing=True, slow=True)
        received = response.raw.read1(CHUNK, decode_content=False)
        if not received:
            return
        piece = expand(received, limit - body.tell() + 1)
        if not budget.take(len(piece)):
            raise GuardedError(f"It was not read to its end: {SPENT}")
        body.write(piece)
        if body.tell() > limit:
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
