"""What Postfix makes of each row of the decision table; run in a network of its own (``unshare -mn``).

Zones that are signed here stand behind unbound on port 53, a mail host on port 25, and ``posttls-finger`` asks as
Postfix's client does at its level dane. Prints one JSON object: by chain, what came of each set of records in turn.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import ssl
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import dns.exception
import dns.flags
import dns.message
import dns.query
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.dane.test_matching import DOMAIN, HOST, MOMENT, ROWS, World, made
from tests.dnssec.server import DnsServer
from tests.dnssec.zones import Dns, Zone, name
from tests.ending import Child
from tests.live.servers import FaultySmtp, Visit

LOOPBACK = "127.0.0.1"
CHAINS = sorted({chain for chain, *_ in ROWS if chain != "garbage"})


def judged(folder: Path) -> dict[str, list[str]]:
    """By chain, what Postfix's client says of each of its rows: "verified", "encrypted" (nothing is authenticated) or
    "held"; whatever else it says as it stands."""
    world = made()
    content = {"@": {"MX": [f"10 {HOST}."]}, "mx": {"A": [LOOPBACK]}}
    zones = (Zone(".", {}, MOMENT), Zone("com", {}, MOMENT), Zone(DOMAIN, content, MOMENT, ttl=0))
    there = Dns(*zones).delegate()
    outcomes: dict[str, list[str]] = {}
    with DnsServer(there) as server, unbound(folder, there.zones[name(".")].anchor, server.port):
        for chain in CHAINS:
            with mail_host(world, chain, folder):
                outcomes[chain] = [asked(there, world, texts, folder) for one, texts, *_ in ROWS if one == chain]
    return outcomes


def asked(there: Dns, world: World, texts: str, folder: Path) -> str:
    """What comes of these records."""
    records = [f"{record.fields} {record.data.hex()}" for record in world.records(texts)]
    there.zones[name(DOMAIN)].add("_25._tcp.mx", "TLSA", records, 0)
    words = ["posttls-finger", "-c", "-l", "dane", "-L", "summary", "-o", "inet_protocols=ipv4", DOMAIN]
    environment = {"PATH": os.environ["PATH"], "MAIL_CONFIG": str(folder)}
    ran = subprocess.run(words, capture_output=True, text=True, check=False, timeout=60, env=environment)
    said = ran.stdout + ran.stderr
    if re.search("(server|CA) certificate verification failed", said):
        return "held"
    if "Verified TLS connection established" in said:
        return "verified"
    return "encrypted" if " TLS connection established" in said else said


@contextlib.contextmanager
def mail_host(world: World, chain: str, folder: Path) -> Iterator[None]:
    """A server of mail on port 25 that presents a chain."""
    certificates = [world.certificates[label].parsed.x509 for label in world.chains[chain]]
    key = world.keys[world.chains[chain][0]]
    (folder / "key.pem").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    (folder / "chain.pem").write_bytes(b"".join(one.public_bytes(Encoding.PEM) for one in certificates if one))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "chain.pem", folder / "key.pem")

    def encrypted(visit: Visit) -> None:
        visit.socket = context.wrap_socket(visit.socket, server_side=True)
        while line := visit.line():
            visit.socket.sendall(b"221 2.0.0 Bye\r\n" if line.upper().startswith(b"QUIT") else b"250 Ok\r\n")

    script = (b"220 mx ESMTP\r\n", b"250-mx\r\n250 STARTTLS\r\n", b"220 2.0.0 Ready\r\n", encrypted)
    with FaultySmtp(*script, address=LOOPBACK, port=25):
        yield


@contextlib.contextmanager
def unbound(folder: Path, anchor: str, upstream: int) -> Iterator[None]:
    """A validating resolver on port 53, from its first answer on; it keeps nothing."""
    (folder / "anchor").write_text(f"{anchor}\n")
    (folder / "unbound.conf").write_text(
        f'server:\n  interface: {LOOPBACK}@53\n  module-config: "validator iterator"\n  do-not-query-localhost: no\n'
        f'  trust-anchor-file: {folder}/anchor\n  username: ""\n  chroot: ""\n  directory: {folder}\n'
        f"  pidfile: {folder}/unbound.pid\n  use-syslog: no\n  do-daemonize: no\n  cache-max-ttl: 0\n"
        f'  cache-max-negative-ttl: 0\nforward-zone:\n  name: "."\n  forward-addr: {LOOPBACK}@{upstream}\n'
    )
    with (folder / "log").open("wb") as log:
        process = Child(["unbound", "-c", "unbound.conf"], cwd=folder, stdout=log, stderr=log)
    query = dns.message.make_query(HOST, "A", want_dnssec=True)
    try:
        for _ in range(100):
            with contextlib.suppress(OSError, dns.exception.DNSException):
                if dns.query.udp(query, LOOPBACK, timeout=0.2).flags & dns.flags.AD:
                    break
            assert process.poll() is None, (folder / "log").read_text()
        else:
            raise AssertionError((folder / "log").read_text())
        yield
    finally:
        process.terminate()
        process.wait(20)


def main() -> None:
    """Prepare the network and the resolver's configuration, which are this process's own, and print the outcomes."""
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        (folder / "resolv.conf").write_text(f"nameserver {LOOPBACK}\noptions edns0 trust-ad\n")
        subprocess.run(["mount", "--bind", str(folder / "resolv.conf"), "/etc/resolv.conf"], check=True)
        (folder / "main.cf").write_text("myhostname = client.test\n")
        sys.stdout.write(json.dumps(judged(folder)))


if __name__ == "__main__":
    main()
