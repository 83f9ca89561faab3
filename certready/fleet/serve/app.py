"""What is answered to a request: pages that are made already, to who asks for them by a name of this machine. Pure but
for the clock that it is given."""

from __future__ import annotations

import io
import ipaddress
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs

from msgspec import Struct

from certready.fleet.serve.board import Board, Page
from certready.net.web import LOCAL_ADDRESS

LOOPBACK_NAMES = ("localhost",)
POLICY = "default-src 'none'; base-uri 'none'; form-action 'none'"
TEXT = "text/plain; charset=utf-8"
HEADERS = (
    ("Cache-Control", "no-store"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Referrer-Policy", "no-referrer"),
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
)

StartResponse = Callable[[str, list[tuple[str, str]]], object]


def all_headers(policy: str = POLICY) -> list[tuple[str, str]]:
    """The headers of every answer; ``policy`` is what the page may load and run."""
    return [*HEADERS, ("Content-Security-Policy", f"{policy}; frame-ancestors 'none'")]


class Answer(Struct, frozen=True):
    """What is said to a request."""

    status: str
    page: Page
    headers: tuple[tuple[str, str], ...] = ()


class App:
    """The application, by WSGI. It reads the board and nothing else, and never waits for a check.

    Args:
        board: what was published last.
        hosts: names that requests may be addressed to, beside those of loopback and the address they came in at; as
            A-labels, or addresses.
        clock: the present.
        note: told a sentence where an answer failed inside.
    """

    def __init__(
        self, board: Board, hosts: Iterable[str], clock: Callable[[], datetime], note: Callable[[str], None]
    ) -> None:
        self._board = board
        self._hosts = frozenset((*LOOPBACK_NAMES, *hosts))
        self._clock = clock
        self._note = note

    def __call__(self, environ: Mapping[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        try:
            answer = self._answer(environ)
        except Exception as error:  # noqa: BLE001 - one page's fault must not show its inside, nor end the server
            self._note(f"an answer failed inside: {type(error).__name__}: {error}")
            answer = _said("500 Internal Server Error", "certready failed inside; its log says how.")
        page = answer.page
        start_response(
            answer.status,
            [
                ("Content-Type", page.kind),
                ("Content-Length", str(len(page.body))),
                *answer.headers,
                *all_headers(page.policy or POLICY),
            ],
        )
        if environ["REQUEST_METHOD"] == "HEAD" or not page.body:
            return []
        # Handed over as a file the page is read where it lies: slow readers share it.
        wrapper = environ.get("wsgi.file_wrapper")
        return wrapper(io.BytesIO(page.body)) if wrapper else [page.body]

    def _answer(self, environ: Mapping[str, Any]) -> Answer:
        host = environ.get("HTTP_HOST")
        if host is None:
            return _said("400 Bad Request", "The request names no host.")
        if not self._is_ours(host, str(environ.get(LOCAL_ADDRESS, ""))):
            return _said("421 Misdirected Request", "This server does not answer to that name; --host NAME adds it.")
        if environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
            return _said("405 Method Not Allowed", "Pages are read here, no more.", (("Allow", "GET, HEAD"),))
        path: str = environ.get("PATH_INFO", "")
        if path == "/":
            return Answer("200 OK", self._board.overview())
        if path == "/metrics":
            return Answer("200 OK", self._board.metrics())
        if path == "/healthz":
            trouble = self._board.trouble(self._clock())
            return _said("503 Service Unavailable", trouble) if trouble else _said("200 OK", "ok")
        page = self._report(path, environ.get("QUERY_STRING", ""))
        return Answer("200 OK", page) if page else _said("404 Not Found", "There is no such page.")

    def _report(self, path: str, query: str) -> Page | None:
        start = "/report/"
        if not path.startswith(start):
            return None
        key = path.removeprefix(start).encode("latin-1")  # as WSGI hands over bytes
        if key:
            return self._board.report(key)
        (line,) = parse_qs(query, max_num_fields=5).get("line", [""])[:1]
        return self._board.report_of_line(int(line)) if line.isascii() and line.isdigit() and len(line) < 9 else None

    def _is_ours(self, host: str, local: str) -> bool:
        """Whether a Host header names this server: a page of somebody else's, whose name was led here, may not read
        what is said (DNS rebinding)."""
        name = _without_port(host).lower().removesuffix(".")
        address = _address(name)
        if address is None:
            return name in self._hosts
        return address.is_loopback or address == _address(local) or str(address) in self._hosts


def _without_port(host: str) -> str:
    if host.startswith("["):
        return host[1:].partition("]")[0]
    name, _, port = host.rpartition(":")
    return name if name and (port.isdigit() or not port) else host


def _address(name: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(name.partition("%")[0])
    except ValueError:
        return None


def _said(status: str, sentence: str, headers: tuple[tuple[str, str], ...] = ()) -> Answer:
    return Answer(status, Page(f"{sentence}\n".encode("ascii", "backslashreplace"), TEXT), headers)
