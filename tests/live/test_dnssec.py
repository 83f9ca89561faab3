"""Zones that Knot signs, behind unbound: our validation against unbound's own, name by name."""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import dns.exception
import dns.flags
import dns.message
import dns.query
import dns.rcode
import pytest

from certready.cli import main
from certready.demo.pki import Authority
from certready.dnssec import Status, Validator, parse, read
from certready.net.dnssec import Recorder
from tests.ending import Child
from tests.live.servers import free_port

PROGRAMS = ("knotd", "keymgr", "unbound")
pytestmark = [
    pytest.mark.live,
    pytest.mark.skipif(not all(map(shutil.which, PROGRAMS)), reason="Knot and unbound are not both here"),
]

# Zone, its policy (None: unsigned), and whether the parent knows its key.
ZONES = {"signed.test": "nsec", "nsec3.test": "nsec3", "bogus.test": "nsec", "plain.test": None}
HEAD = "$ORIGIN {0}.\n$TTL 3600\n@ SOA ns hostmaster 1 3600 600 86400 300\n@ NS ns\nns A 127.0.0.1\n"
CONTENT = f"""@ MX 10 mx
mx A 192.0.2.1
mx AAAA 2001:db8::1
_25._tcp.mx TLSA 3 1 1 {"ab" * 32}
alias CNAME mx
away CNAME mx.plain.test.
*.wild TLSA 3 1 1 {"ab" * 32}
"""
NAMES = (
    ("{}", "MX"),
    ("mx.{}", "A"),
    ("mx.{}", "AAAA"),
    ("_25._tcp.mx.{}", "TLSA"),
    ("alias.{}", "A"),
    ("away.{}", "A"),
    ("_25._tcp.any.wild.{}", "TLSA"),
    ("any.wild.{}", "A"),
    ("_tcp.mx.{}", "TLSA"),
    ("mx.{}", "TLSA"),
    ("_25._tcp.alias.{}", "TLSA"),
    ("nobody.{}", "A"),
)


class Lab(NamedTuple):
    """Where unbound listens, and the anchor that it trusts."""

    port: int
    anchor: str

    def ours(self, name: str, kind: str) -> Status:
        """What we make of it, over unbound as a resolver that is told not to judge."""
        now = datetime.now(UTC)
        recorder = Recorder([("127.0.0.1", self.port)], 5.0)
        return Validator(recorder, parse(read(self.anchor, "anchor")), now, now).look_up(name, kind).status

    def theirs(self, name: str, kind: str) -> Status:
        """What unbound makes of it: AD is secure, SERVFAIL bogus, for these servers all answer."""
        query = dns.message.make_query(f"{name}.", kind, want_dnssec=True)
        query.flags |= dns.flags.AD
        reply, _ = dns.query.udp_with_fallback(query, "127.0.0.1", port=self.port, timeout=10)
        if reply.rcode() == dns.rcode.SERVFAIL:
            return "bogus"
        return "secure" if reply.flags & dns.flags.AD else "insecure"


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """Knot, which signs, and unbound in front of it."""
    folder = tmp_path_factory.mktemp("dnssec")
    authoritative, resolver = free_port(), free_port()
    for name in ("run", "db"):
        (folder / name).mkdir()
    (folder / "knot.conf").write_text(_knot(folder, authoritative))
    parent = HEAD.format("test")
    for zone, policy in ZONES.items():
        (folder / f"{zone}.zone").write_text(HEAD.format(zone) + CONTENT)
        parent += f"{zone}. NS ns.{zone}.\n"
        if policy:
            record = _key(folder, zone)
            parent += (record[:-4] + "0000" if zone == "bogus.test" else record) + "\n"
    (folder / "test.zone").write_text(parent)
    anchor = _key(folder, "test")
    (folder / "anchor").write_text(f"{anchor}\n")
    (folder / "unbound.conf").write_text(_unbound(folder, resolver, authoritative))
    knot = ["knotd", "-c", "knot.conf"], authoritative
    unbound = ["unbound", "-c", "unbound.conf"], resolver
    with _running(folder, *knot), _running(folder, *unbound):
        yield Lab(resolver, anchor)


def _knot(folder: Path, port: int) -> str:
    zones = {"test": "nsec3", **ZONES}
    signing = "    dnssec-signing: on\n    dnssec-policy: {}\n"
    return (
        f"server:\n  listen: 127.0.0.1@{port}\n  rundir: {folder}/run\n"
        f"database:\n  storage: {folder}/db\n"
        "policy:\n  - id: nsec\n    algorithm: ECDSAP256SHA256\n    single-type-signing: on\n"
        "  - id: nsec3\n    algorithm: RSASHA256\n    single-type-signing: on\n    nsec3: on\n    nsec3-iterations: 0\n"
        f"template:\n  - id: default\n    storage: {folder}\n    zonefile-sync: -1\n    journal-content: none\n"
        '    file: "%s.zone"\nzone:\n'
        + "".join(f"  - domain: {zone}\n{signing.format(policy) if policy else ''}" for zone, policy in zones.items())
    )


def _unbound(folder: Path, port: int, upstream: int) -> str:
    return (
        f'server:\n  interface: 127.0.0.1@{port}\n  module-config: "validator iterator"\n'
        '  do-not-query-localhost: no\n  local-zone: "test." nodefault\n'
        f'  trust-anchor-file: {folder}/anchor\n  username: ""\n  chroot: ""\n  directory: {folder}\n'
        f"  pidfile: {folder}/unbound.pid\n  use-syslog: no\n  do-daemonize: no\n"
        f'stub-zone:\n  name: "test."\n  stub-addr: 127.0.0.1@{upstream}\n'
    )


def _key(folder: Path, zone: str) -> str:
    """Makes the zone's key; its DS record by SHA-256, as a line."""
    kind = "ECDSAP256SHA256" if ZONES.get(zone) == "nsec" else "RSASHA256"
    for words in (["generate", f"algorithm={kind}", "ksk=yes", "zsk=yes"], ["ds"]):
        done = subprocess.run(
            ["keymgr", "-c", "knot.conf", zone, *words], cwd=folder, capture_output=True, check=True, text=True
        )
    return next(line for line in done.stdout.splitlines() if line.split()[4] == "2")


@contextlib.contextmanager
def _running(folder: Path, words: list[str], port: int) -> Iterator[None]:
    """A server, from its first answer on."""
    with (folder / f"{words[0]}.log").open("wb") as log:
        process = Child(words, cwd=folder, stdout=log, stderr=log)
    query = dns.message.make_query("test.", "SOA")
    try:
        for _ in range(100):
            with contextlib.suppress(OSError, dns.exception.DNSException):
                if dns.query.udp(query, "127.0.0.1", port=port, timeout=0.2).rcode() == dns.rcode.NOERROR:
                    break
            assert process.poll() is None, (folder / f"{words[0]}.log").read_text()
        else:
            pytest.fail((folder / f"{words[0]}.log").read_text())
        yield
    finally:
        process.terminate()
        process.wait(20)


@pytest.mark.parametrize("zone", ZONES)
def test_unbound_agrees(lab: Lab, zone: str) -> None:
    """Records, wildcards, aliases in and out of the zone and every kind of denial are secure, insecure or bogus alike."""
    questions = [(name.format(zone), kind) for name, kind in NAMES]
    ours = {question: lab.ours(*question) for question in questions}
    assert ours == {question: lab.theirs(*question) for question in questions}
    expected = {"plain.test": {"insecure"}, "bogus.test": {"bogus"}}.get(zone, {"secure", "insecure"})
    assert set(ours.values()) == expected


@pytest.mark.parametrize(
    ("host", "code", "rule", "severity"),
    [
        ("mx.signed.test", 1, "dane.mismatch", "fail"),
        ("mx.nsec3.test", 1, "dane.mismatch", "fail"),
        ("mx.plain.test", 0, "dane.not-applied", "warn"),
        ("mx.bogus.test", 1, "dane.bogus", "fail"),
        ("ns.signed.test", 0, "dane.absent", "pass"),
        ("ns.nsec3.test", 0, "dane.absent", "pass"),
        ("nobody.signed.test", 3, "dane.unanswered", "unknown"),
    ],
)
def test_the_command_line(
    lab: Lab, tmp_path: Path, capsys: pytest.CaptureFixture[str], host: str, code: int, rule: str, severity: str
) -> None:
    """check --dane over a validating resolver tells zones that are signed, unsigned and forged apart, by exit code and
    finding."""
    root = Authority.root()
    (tmp_path / "root.pem").write_bytes(root.pem)
    (tmp_path / "leaf.pem").write_bytes(root.issue(host).pem)
    (tmp_path / "anchor").write_text(f"{lab.anchor}\n")
    trust = ("--trust", str(tmp_path / "root.pem"), "--revocation", "off", "--certificate-only")
    dns = ("--dane", host, "--dns", f"127.0.0.1:{lab.port}", "--dns-anchor", str(tmp_path / "anchor"))
    assert main(["check", str(tmp_path / "leaf.pem"), *trust, *dns, "--format", "json"]) == code
    findings = json.loads(capsys.readouterr().out)["findings"]
    said = [(finding["rule"], finding["severity"]) for finding in findings if finding["rule"].startswith("dane.")]
    assert said == [(rule, severity)]


def test_nobody(lab: Lab) -> None:
    """A name that the anchored zone itself denies is secure: it is proved that it is not there."""
    assert (lab.ours("nobody.test", "A"), lab.theirs("nobody.test", "A")) == ("secure", "secure")
