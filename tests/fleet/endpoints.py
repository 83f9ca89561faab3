"""Many SMTP gateways on loopback, each with a fault of its own or none: one thread accepts for all of them."""

from __future__ import annotations

import selectors
import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from certready.demo.pki import Authority, Issued

PATIENCE = 10.0
CRL = "http://crl.example.test/"


class Material:
    """One PKI in a folder: a chain file for each kind of gateway, the root, and the CRLs at hand."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        root = Authority.root(crl_url=f"{CRL}root.crl")
        issuing = root.intermediate(crl_url=f"{CRL}issuing.crl")
        self.issuing = issuing
        good = issuing.issue("mail.contoso.com", key="rsa")
        revoked = issuing.issue("mail.contoso.com", key="rsa")
        self.chains: Mapping[str, tuple[Issued, bytes]] = {
            "good": (good, good.chain_pem),
            "incomplete": (good, good.pem),
            "revoked": (revoked, revoked.chain_pem),
            "expired": self._chain(issuing.issue("mail.contoso.com", key="rsa", age=100, days=90)),
            "stranger": self._chain(issuing.issue("mail.fabrikam.com", key="rsa")),
            "self-signed": self._self_signed(Authority.root("mail.contoso.com", key="rsa")),
        }
        for kind, (issued, pem) in self.chains.items():
            (folder / f"{kind}.pem").write_bytes(pem + issued.key_pem)
        (folder / "root.pem").write_bytes(root.pem)
        (folder / "issuing.crl").write_bytes(issuing.crl([(revoked.x509.serial_number, issuing.moment, None)]))
        (folder / "root.crl").write_bytes(root.crl())

    @staticmethod
    def _chain(issued: Issued) -> tuple[Issued, bytes]:
        return issued, issued.chain_pem

    @staticmethod
    def _self_signed(issued: Issued) -> tuple[Issued, bytes]:
        return issued, issued.pem

    def __truediv__(self, name: str) -> str:
        return str(self.folder / name)

    @property
    def options(self) -> list[str]:
        """Options under which the good gateway is ready, without a network for revocation."""
        return [
            *("--trust", self / "root.pem", "--crl", self / "issuing.crl", "--crl", self / "root.crl", "--no-cache"),
            *("--outbound", "mail.contoso.com", "--proxy", "http://127.0.0.1:1"),
        ]


KINDS = (
    *("good", "incomplete", "revoked", "expired", "stranger", "self-signed"),
    *("no-starttls", "busy", "refused", "garbage", "silent-end", "closed"),
)


@contextmanager
def endpoints(material: Material, kinds: list[str]) -> Iterator[list[str]]:
    """One gateway for each of these kinds; yields where each listens, ``127.0.0.1:PORT``."""
    contexts = {kind: _context(material / f"{kind}.pem") for kind in material.chains}
    listeners = [socket.create_server(("127.0.0.1", 0), backlog=64) for _ in kinds]
    places = [f"127.0.0.1:{one.getsockname()[1]}" for one in listeners]
    selector = selectors.DefaultSelector()
    for listener, kind in zip(listeners, kinds, strict=True):
        if kind == "closed":
            listener.close()
        else:
            selector.register(listener, selectors.EVENT_READ, kind)
    ours, theirs = socket.socketpair()
    selector.register(theirs, selectors.EVENT_READ, None)
    accepting = threading.Thread(target=_accept, args=(selector, contexts), daemon=True)
    accepting.start()
    try:
        yield places
    finally:
        ours.send(b"x")
        accepting.join()
        for one in (*listeners, ours, theirs):
            one.close()
        selector.close()


def _accept(selector: selectors.BaseSelector, contexts: Mapping[str, ssl.SSLContext]) -> None:
    while True:
        for key, _ in selector.select():
            if key.data is None:
                return
            with suppress(OSError):
                connection, _ = key.fileobj.accept()  # type: ignore[union-attr]
                threading.Thread(target=_serve, args=(connection, key.data, contexts), daemon=True).start()


def _serve(connection: socket.socket, kind: str, contexts: Mapping[str, ssl.SSLContext]) -> None:
    with connection, suppress(OSError):
        connection.settimeout(PATIENCE)
        if kind == "busy":
            connection.sendall(b"421 4.3.2 Try again later\r\n")
            return
        if kind == "refused":
            connection.sendall(b"554 5.7.1 Not from you\r\n")
            return
        if kind == "silent-end":
            return
        connection.sendall(b"220 mail.contoso.com ESMTP\r\n")
        if _talk(connection, offers=kind != "no-starttls") and kind == "garbage":
            connection.recv(16_000)  # the client's hello: what comes before it is plain text and not garbage
            connection.sendall(b"This is no TLS\r\n" * 4)
            connection.recv(1000)
        elif kind in contexts:
            with contexts[kind].wrap_socket(connection, server_side=True) as secured:
                _talk(secured, offers=False)


def _talk(connection: socket.socket, *, offers: bool) -> bool:
    """Answer commands until the client leaves (False) or TLS is due (True)."""
    with connection.makefile("rb") as lines:
        for line in lines:
            verb = line.strip().upper().partition(b" ")[0]
            if verb == b"EHLO":
                connection.sendall(
                    b"250-mail.contoso.com\r\n" + (b"250-STARTTLS\r\n" if offers else b"") + b"250 HELP\r\n"
                )
            elif verb == b"STARTTLS" and offers:
                connection.sendall(b"220 Go ahead\r\n")
                return True
            elif verb == b"QUIT":
                connection.sendall(b"221 Bye\r\n")
                return False
            else:
                connection.sendall(b"502 No\r\n")
    return False


def _context(file: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context
