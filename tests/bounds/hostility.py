"""Every way in which a gateway or a server of revocation is hostile that the tests know, each as a script."""

from __future__ import annotations

import gzip
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from certready.demo.pki import Authority
from tests.live.servers import Act, Visit, drip, flood, hear_hello_and_drop, hear_line, hold, tls, tls_context

BANNER, EHLO, READY = b"220 gw ESMTP\r\n", b"250-gw\r\n250 STARTTLS\r\n", b"220 go\r\n"
HELLO = (BANNER, EHLO, READY)
BOMB = gzip.compress(bytes(100_000_000))

Script = tuple[bytes | Act, ...]


class Mode(NamedTuple):
    """What a gateway does, and what its line says of it: a part of the sentence, with the verdict."""

    script: Script
    says: str
    verdict: str = "cannot-tell"


def reset(visit: Visit) -> None:
    """End the connection as a crash does, without a word."""
    visit.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    visit.socket.close()


def reset_in_handshake(visit: Visit) -> None:
    """The same after some of the ClientHello."""
    visit.socket.recv(50)
    reset(visit)


def alert(visit: Visit) -> None:
    """Refuse the handshake: handshake_failure."""
    visit.socket.recv(4096)
    visit.socket.sendall(b"\x15\x03\x03\x00\x02\x02\x28")


def garbage(visit: Visit) -> None:
    """Go on in plain text where TLS should begin."""
    visit.socket.recv(4096)
    visit.socket.sendall(b"250 what do you mean\r\n" * 20)


def half_a_handshake(context: ssl.SSLContext) -> Act:
    """Send the first bytes of a flight, and then nothing more."""

    def act(visit: Visit) -> None:
        asked, answered = ssl.MemoryBIO(), ssl.MemoryBIO()
        server = context.wrap_bio(asked, answered, server_side=True)
        asked.write(visit.socket.recv(65536))
        try:
            server.do_handshake()
        except ssl.SSLError:
            visit.socket.sendall(answered.read()[:300])
        visit.drain()

    return act


def flood_inside(context: ssl.SSLContext) -> Act:
    """Shake hands, and talk without end inside TLS."""

    def act(visit: Visit) -> None:
        visit.socket = context.wrap_socket(visit.socket, server_side=True)
        flood(b"250-more\r\n" * 1000)(visit)

    return act


def gateways(authority: Authority, folder: Path) -> Mapping[str, Mode]:
    """Hostile gateways by name. ``authority`` has issued what they show, as far as they show anything."""
    leaf = authority.issue("mail.contoso.com", key="rsa")
    lowest = authority
    for number in range(90):
        lowest = lowest.intermediate(f"Step {number}")
    context = tls_context(leaf, folder)
    many = tls_context(lowest.issue("mail.contoso.com"), folder)
    strangers = [Authority.root(f"Stranger {number}") for number in range(60)]
    crowd = tls_context(leaf, folder, sent=[leaf, *strangers])
    demanding = tls_context(leaf, folder)
    demanding.verify_mode = ssl.CERT_REQUIRED
    return {
        "says nothing": Mode((hold,), "banner"),
        "drips its banner": Mode((drip(b"220 " + b"x" * 100_000, 0.2),), "banner"),
        "drips its answer": Mode((BANNER, drip(b"250-x" * 100_000, 0.2)), "EHLO"),
        "hears and does not answer": Mode((BANNER, hear_line, hold), "EHLO"),
        "floods the banner": Mode((flood(b"220-gw " + b"x" * 60_000 + b"\r\n"),), "banner"),
        "a banner of one line without an end": Mode((flood(b"2" * 60_000),), "banner"),
        "a giant banner": Mode((b"220 " + b"x" * 1_000_000 + b"\r\n", *HELLO[1:]), "banner"),
        "floods the answer to EHLO": Mode((BANNER, hear_line, flood(b"250-SIZE\r\n" * 6000)), "EHLO"),
        "floods the answer to STARTTLS": Mode((BANNER, EHLO, hear_line, flood(b"220-go\r\n" * 6000)), "STARTTLS"),
        "is busy": Mode((b"421 4.3.2 Try again later\r\n",), "421"),
        "refuses": Mode((b"554 5.7.1 Not from you\r\n",), "554"),
        "closes at once": Mode((lambda _: None,), "closed"),
        "resets at once": Mode((reset,), "closed before a whole banner"),
        "closes after EHLO": Mode((BANNER, hear_line), "closed"),
        "offers no STARTTLS": Mode((BANNER, b"250 gw\r\n"), "STARTTLS", "not-ready"),
        "refuses STARTTLS": Mode((BANNER, EHLO, b"454 4.7.0 TLS not available\r\n"), "454"),
        "injects plain text": Mode((BANNER, EHLO, b"220 go\r\n250 injected\r\n", garbage), "Plain text follows"),
        "speaks IMAP": Mode((b"* OK IMAP4rev1 ready\r\n", hold), "SMTP"),
        "speaks POP3": Mode((b"+OK ready\r\n", hold), "SMTP"),
        "speaks HTTP": Mode((hear_line, b"HTTP/1.1 400 Bad Request\r\n\r\n"), "banner"),
        "speaks TLS at once": Mode((tls(context),), "banner"),
        "sends control characters": Mode(
            (b"220 \x1b[2J\x1b]0;owned\x07\r\n", *[b"550 \x1b[31mno\r\n"] * 2), "\\x1b[31mno"
        ),
        "says two codes": Mode((BANNER, b"250-a\r\n251 b\r\n"), "250"),
        "alerts": Mode((*HELLO, alert), "handshake"),
        "sends no TLS": Mode((*HELLO, garbage), "TLS"),
        "floods records": Mode((*HELLO, hear_line, flood(b"\x16\x03\x03\x40\x00" + bytes(0x4000))), "TLS"),
        "closes in the handshake": Mode((*HELLO, hear_hello_and_drop), "handshake"),
        "resets in the handshake": Mode((*HELLO, reset_in_handshake), "handshake"),
        "stops in the handshake": Mode((*HELLO, half_a_handshake(context)), "handshake"),
        "says nothing where TLS begins": Mode((*HELLO, hold), "handshake"),
        "a chain of ninety": Mode((*HELLO, tls(many)), "only to paths of more than"),
        "a crowd of strangers": Mode((*HELLO, tls(crowd)), "is missing", "not-ready"),
        "floods inside TLS": Mode((*HELLO, flood_inside(context)), "", "ready"),
        "demands a certificate": Mode((*HELLO, tls(demanding)), "Its own certificate was seen and is judged", "ready"),
    }


def http(response: bytes | Callable[[Visit], None]) -> Script:
    """A web server that hears a request to its end and then does this."""

    def act(visit: Visit) -> None:
        while visit.line() not in (b"\r\n", b"\n", b""):
            pass
        if isinstance(response, bytes):
            visit.socket.sendall(response)
        else:
            response(visit)

    return (act,)


def _body(*headers: bytes, body: bytes = b"") -> bytes:
    return b"HTTP/1.1 200 OK\r\n" + b"".join(header + b"\r\n" for header in headers) + b"\r\n" + body


def _circle(visit: Visit) -> None:
    port = visit.socket.getsockname()[1]
    host = visit.socket.getsockname()[0]
    where = f"http://{host}:{port}/{len(visit.server.heard)}"
    visit.socket.sendall(f"HTTP/1.1 302 Found\r\nLocation: {where}\r\nContent-Length: 0\r\n\r\n".encode())


def _endless(visit: Visit) -> None:
    visit.socket.sendall(_body() + b"\x30\x84\x03\xff\xff\xff")
    flood(bytes(65536))(visit)


def _header(visit: Visit) -> None:
    visit.socket.sendall(b"HTTP/1.1 200 OK\r\nX: ")
    flood(b"x" * 9999)(visit)


def _dripping(visit: Visit) -> None:
    visit.socket.sendall(_body())
    while True:
        visit.socket.sendall(b"\x30")
        threading.Event().wait(0.2)


# Hostile servers of CRLs and OCSP answers, and what is said of each.
SERVERS: Mapping[str, tuple[Script, str]] = {
    "never answers": (http(hold), "did not answer"),
    "drips": (http(_dripping), "did not answer completely"),
    "an answer without an end": (http(_endless), "larger than"),
    "a header without an end": (http(_header), "no HTTP that can be read"),
    "a bomb": (http(_body(b"Content-Encoding: gzip", body=BOMB)), "larger than"),
    "a circle": (http(_circle), "redirects"),
    "a redirect to a file": (
        http(b"HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\n\r\n"),
        "redirects to is neither http nor https",
    ),
    "resets": (http(reset), "closed or broke"),
    "closes": (http(b""), "closed or broke"),
    "is no web server": (http(b"220 gw ESMTP\r\n" * 3), "no HTTP that can be read"),
    "an error": (http(b"HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n"), "HTTP status 500"),
    "a page": (http(_body(b"Content-Type: text/html", body=b"<html>Log in</html>")), "page"),
    "random bytes": (http(_body(body=b"\x30\x82\x01\x00" + bytes(range(256)))), "CRL"),
}
