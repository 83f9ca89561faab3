"""Load on the listener: 2,000 connections, a third of them hostile, from 40 addresses of loopback.

    python benchmarks/listen.py [--connections 2000] [--workers 8]

Every honest client must be answered as its certificate deserves, nothing may crash, and the memory of the process must
stay where it is. The listener judges by the whole pipeline; clients and listener share the process and its cores.
Needs Linux: other systems do not answer on all of 127.0.0.0/8, and have no /proc.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import socket
import ssl
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from certready import gathering as pipeline
from certready.cli.identity import throw_away
from certready.cli.listening import Sessions
from certready.demo.pki import Authority
from certready.exchange import from_options
from certready.model import Bundle, Evidence, Options
from certready.net.admission import Limits
from certready.net.listener import Listener
from certready.roots import plain
from certready.x509.certificate import Certificate

HOSTILE = (b"", b"\0" * 4096, b"A" * 100_000, b"EHLO x\r\nSTARTTLS\r\nMAIL\r\n", b"EHLO x\r\nSTARTTLS\r\n")


class Counting(Sessions):
    """Sessions that count what the log would say and print nothing."""

    def log(self, line: str) -> None:
        """Nothing: two thousand lines are of no use here."""


@dataclass
class Load:
    """What the workers share: the connections still to be made, the answers, and samples of the memory in KiB."""

    port: int
    contexts: list[ssl.SSLContext]
    todo: Iterator[int]
    answers: Counter[str] = field(default_factory=Counter)
    samples: list[int] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)


def main() -> int:
    """Run the load and print what came of it; 0 where every honest client was answered rightly."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--connections", type=int, default=2000)
    parser.add_argument("--workers", type=int, default=8)
    wanted = parser.parse_args()
    root = Authority.root()
    issuing = root.intermediate()
    leaves = [issuing.issue("mail.contoso.com"), issuing.issue("mail.fabrikam.com")]
    sessions = Counting(_gather(root), ())
    listener = Listener(
        ("127.0.0.1", 0),
        throw_away("exo.test"),
        sessions,
        name="exo.test",
        clock=lambda: datetime.now(UTC),
        limits=Limits(step=5.0, total=30.0),
    )
    with listener, tempfile.TemporaryDirectory() as directory, Path(os.devnull).open("w") as nowhere:
        contexts = [_context(Path(directory), one.key_pem + one.chain_pem) for one in leaves]
        threading.Thread(target=listener.run, daemon=True).start()
        load = Load(listener.address[1], contexts, iter(range(wanted.connections)), samples=[_resident()])
        workers = [threading.Thread(target=_work, args=(load,), daemon=True) for _ in range(wanted.workers)]
        began = time.monotonic()
        with contextlib.redirect_stderr(nowhere):
            for worker in workers:
                worker.start()
            for worker in workers:
                worker.join()
        took = time.monotonic() - began
    kinds = Counter(number % 3 for number in range(wanted.connections))
    expected = {"ready 250": kinds[0], "stranger 450": kinds[1], "hostile": kinds[2]}
    right = dict(load.answers) == expected
    start, tenth, end = (load.samples[index] / 1024 for index in (0, len(load.samples) // 10, -1))
    print(f"{wanted.connections} connections in {took:.1f} s, {wanted.connections / took:.0f}/s")
    print(f"answers {dict(load.answers)}: {'as expected' if right else f'WRONG, expected {expected}'}")
    print(f"resident {start:.1f} MiB at first, {tenth:.1f} after a tenth, {end:.1f} at the end")
    print(f"worst verdict {sessions.verdict}, {sessions.count} sessions reported, {listener.refused} turned away")
    return 0 if right else 1


def _gather(root: Authority) -> Callable[[Bundle], Evidence]:
    roots = plain.from_certificates("load", (Certificate(root.der),))
    connectors = from_options(("*.contoso.com",), (), "domain-validation")

    def gather(bundle: Bundle) -> Evidence:
        return pipeline.gather(
            bundle,
            connectors,
            now=datetime.now(UTC).replace(microsecond=0),
            roots=roots,
            accepted_domains=["contoso.com"],
            options=Options(revocation="off"),
        )

    return gather


def _context(directory: Path, chain: bytes) -> ssl.SSLContext:
    file = directory / "client.pem"
    file.write_bytes(chain)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.load_cert_chain(file)
    return context


def _work(load: Load) -> None:
    while True:
        with load.lock:
            number = next(load.todo, None)
        if number is None:
            return
        source = (f"127.0.1.{1 + number % 40}", 0)
        try:
            outcome = _hostile(load, source, number) if number % 3 == 2 else _honest(load, source, number % 3)
        except OSError:
            outcome = "failed"
        with load.lock:
            load.answers[outcome] += 1
            if number % 20 == 0:
                load.samples.append(_resident())


def _honest(load: Load, source: tuple[str, int], kind: int) -> str:
    """A client that says what a gateway says, and comes again where it is told 421, as a gateway does."""
    name = ("ready", "stranger")[kind]
    while True:
        with socket.create_connection(("127.0.0.1", load.port), 60, source_address=source) as plain:
            if _reply(plain).startswith("421"):
                time.sleep(0.05)
                continue
            _say(plain, "EHLO gw.contoso.com")
            _say(plain, "STARTTLS")
            with load.contexts[kind].wrap_socket(plain) as secured:
                _say(secured, "EHLO gw.contoso.com")
                _say(secured, "MAIL FROM:<>")
                code = _say(secured, "RCPT TO:<a@example.org>")[:3]
                _say(secured, "QUIT")
                return f"{name} {code}"


def _hostile(load: Load, source: tuple[str, int], number: int) -> str:
    """Garbage, floods, injections, half a handshake; some stay and say nothing more until they are dropped."""
    with (
        contextlib.suppress(OSError),
        socket.create_connection(("127.0.0.1", load.port), 60, source_address=source) as it,
    ):
        it.sendall(HOSTILE[number // 3 % len(HOSTILE)])
        if number % 50 == 2:
            while it.recv(4096):
                pass
    return "hostile"


def _say(connection: socket.socket, line: str) -> str:
    connection.sendall(line.encode() + b"\r\n")
    return _reply(connection)


def _reply(connection: socket.socket) -> str:
    data = b""
    while not data.endswith(b"\r\n") or data[:-2].rpartition(b"\n")[2][3:4] == b"-":
        piece = connection.recv(4096)
        if not piece:
            raise ConnectionError("closed")
        data += piece
    return data.decode()


def _resident() -> int:
    """Resident memory of this process in KiB."""
    text = Path("/proc/self/status").read_text()
    return int(text.partition("VmRSS:")[2].split()[0])


if __name__ == "__main__":
    sys.exit(main())
