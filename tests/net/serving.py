"""A web server on loopback that answers by path as it is told and counts what it was asked."""

from __future__ import annotations

import http.server
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

Handler = http.server.BaseHTTPRequestHandler
Page = Callable[[Handler], None]


class Server:
    """A loopback server that answers by path and counts what it was asked."""

    def __init__(self, pages: Mapping[str, Page], address: str, tls: Path | None, port: int = 0) -> None:
        hits: list[tuple[str, str, bytes, dict[str, str]]] = []

        class Answering(Handler):
            def do_GET(self) -> None:  # noqa: N802
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                hits.append((self.command, self.path, body, dict(self.headers)))
                outer.pages.get(self.path, NOT_FOUND)(self)

            do_POST = do_GET  # noqa: N815

            def log_message(self, *_: object) -> None:
                pass

        self.pages = pages
        self.hits = hits
        self.accepted = 0
        outer = self

        class Counting(http.server.ThreadingHTTPServer):
            daemon_threads = True
            block_on_close = False
            address_family = socket.AF_INET6 if ":" in address else socket.AF_INET

            def get_request(self) -> tuple[socket.socket, object]:
                found = super().get_request()
                outer.accepted += 1
                return found

            def handle_error(self, *_: object) -> None:
                pass  # a client that hangs up is what is tested

        self.server = Counting((address, port), Answering)
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(tls)
            self.server.socket = context.wrap_socket(
                self.server.socket, server_side=True, do_handshake_on_connect=False
            )
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        self.port = self.server.server_address[1]


@contextmanager
def serving(
    anything: Mapping[str, Page] | None = None,
    *,
    address: str = "127.0.0.1",
    port: int = 0,
    tls: Path | None = None,
    **pages: Page,
) -> Iterator[Server]:
    """Serves each page under its name, or ``anything`` by path; over TLS with the chain and key in the file ``tls``.
    What is not there is 404. Any free port is taken where none is named."""
    by_path = anything if anything is not None else {f"/{path}": page for path, page in pages.items()}
    server = Server(by_path, address, tls, port)
    thread = threading.Thread(target=server.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.server.shutdown()
        server.server.server_close()


def page(body: bytes, status: int = 200, **headers: str) -> Page:
    """A page; header names are written with underscores."""

    def answer(handler: Handler) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return answer


def moved(location: str, status: int = 302) -> Page:
    return page(b"", status, Location=location)


def raw(data: bytes) -> Page:
    def answer(handler: Handler) -> None:
        handler.wfile.write(data)
        handler.wfile.flush()

    return answer


def each(*pages: Page) -> Page:
    """One page after the other, the last for good."""
    left = list(pages)

    def answer(handler: Handler) -> None:
        (left.pop(0) if len(left) > 1 else left[0])(handler)

    return answer


class AnyPath(dict[str, Page]):
    """The same page under every path, as a proxy sees it."""

    def __init__(self, page: Page) -> None:
        super().__init__()
        self.page = page

    def get(self, path: str, default: object = None) -> Page:  # type: ignore[override]
        return self.page


NOT_FOUND = page(b"There is no such page.", 404)


def closed_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])
