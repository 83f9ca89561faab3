"""Probing a gateway over real sockets on loopback: one that behaves, and every way not to."""

from __future__ import annotations

import errno
import socket
import ssl
import struct
import threading
from pathlib import Path
from typing import NoReturn

import pytest
from cryptography import x509

from certready.demo.pki import Authority, Issued
from certready.errors import UsageError
from certready.model import Bundle, Chain, Endpoint, Target
from certready.net import gateway as scheduling
from certready.net import node as fetching
from certready.net import resolve as resolving
from certready.net.conversation import Plan
from certready.net.dns import ResolveError
from certready.net.gateway import MAX_ADDRESSES, fetch
from certready.net.handshake import SharedContext
from certready.net.jobs import NEVER
from certready.net.names import greeting_name, host_name, server_name
from certready.net.resolve import addresses
from tests.live.servers import (
    Act,
    FaultySmtp,
    Visit,
    drip,
    flood,
    free_port,
    hear_hello_and_drop,
    hear_line,
    hold,
    tls,
    tls_context,
)

BANNER = b"220 gw.contoso.test ESMTP\r\n"
EHLO = b"250-gw.contoso.test\r\n250-PIPELINING\r\n250 STARTTLS\r\n"
READY = b"220 Ready\r\n"
# Seconds: for gateways that never say anything, for those that answer and then stop, and for those that end by
# themselves, however busy the machine is.
SHORT, PATIENT, AMPLE = 0.3, 2.0, 20.0


@pytest.fixture(scope="module")
def authority() -> Authority:
    """An intermediate CA under a private root."""
    return Authority.root().intermediate()


@pytest.fixture(scope="module")
def leaf(authority: Authority) -> Issued:
    """A certificate for the gateway."""
    return authority.issue("gw.contoso.test")


@pytest.fixture
def upgrade(leaf: Issued, tmp_path: Path) -> Act:
    """The turn in which the gateway shakes hands, with the whole chain."""
    return tls(tls_context(leaf, tmp_path))


def probe(*script: bytes | Act, **options: object) -> Endpoint:
    """The one endpoint of a gateway that follows this script."""
    with FaultySmtp(*script) as server:
        wanted = {"ehlo": "probe.example.org", "gentle": True, "timeout": AMPLE, **options}
        return fetch("127.0.0.1", server.port, **wanted).endpoints[0]  # type: ignore[arg-type]


def plain(port: int, **options: object) -> Bundle:
    """What one ordinary handshake with a gateway on loopback shows."""
    return fetch("127.0.0.1", port, gentle=True, **options)  # type: ignore[arg-type]


def sent(bundle: Bundle) -> list[list[bytes]]:
    """Every chain as DER."""
    return [[certificate.der for certificate in chain.certificates] for chain in bundle.chains]


class TestGateway:
    def test_upgrade(self, authority: Authority, leaf: Issued, upgrade: Act) -> None:
        """A gateway that behaves gives its chain as sent, TLS version and cipher, and hears nothing but the truth."""
        with FaultySmtp(BANNER, EHLO, READY, upgrade) as server:
            bundle = plain(server.port, ehlo="probe.example.org", sni="gw.contoso.test")
        (endpoint,) = bundle.endpoints
        assert bundle.target == Target("host", f"127.0.0.1:{server.port}")
        assert (endpoint.stage, endpoint.trouble, endpoint.error) == ("done", "", None)
        assert (endpoint.tls_version, endpoint.chain, endpoint.reply) == ("TLSv1.3", "c1", "220 Ready")
        assert endpoint.cipher
        assert endpoint.elapsed_ms is not None
        assert sent(bundle) == [[leaf.der, authority.der]]
        assert (bundle.chains[0].container, bundle.chains[0].sni) == ("tls", "gw.contoso.test")
        assert server.heard == [b"EHLO probe.example.org\r\n", b"STARTTLS\r\n", b"QUIT\r\n"]
        assert server.server_names == ["gw.contoso.test"]

    def test_implicit_tls(self, leaf: Issued, upgrade: Act) -> None:
        """With smtps TLS comes first, and the farewell is still said inside it."""
        with FaultySmtp(upgrade) as server:
            bundle = plain(server.port, protocol="smtps")
        assert bundle.chains[0].leaf_certificate.der == leaf.der
        assert server.heard == [b"QUIT\r\n"]

    def test_no_name_for_an_address(self, upgrade: Act) -> None:
        """Where the host is an address, no server name is sent (RFC 6066, 3)."""
        with FaultySmtp(upgrade) as server:
            bundle = plain(server.port, protocol="tls")
        assert (server.server_names, bundle.chains[0].sni) == ([None], None)

    def test_name_of_the_host(self, upgrade: Act) -> None:
        """Where the host is a name, that is the server name, as an A-label."""
        with FaultySmtp(upgrade) as server:
            where = {"xn--mller-kva.test": ["127.0.0.1"]}
            fetch("M\u00fcller.test.", server.port, protocol="tls", resolve=where, gentle=True)
        assert server.server_names == ["xn--mller-kva.test"]

    @pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
    @pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1, ssl.TLSVersion.TLSv1_2])
    def test_old_version(self, authority: Authority, tmp_path: Path, version: ssl.TLSVersion) -> None:
        """A gateway that knows old versions only is seen, with the best it can do."""
        context = tls_context(authority.issue("gw.contoso.test", key="rsa"), tmp_path, maximum=version)
        endpoint = probe(BANNER, EHLO, READY, tls(context))
        assert (endpoint.trouble, endpoint.tls_version) == ("", version.name.replace("_", "."))

    def test_certificate_nobody_reads(self, authority: Authority, leaf: Issued, tmp_path: Path) -> None:
        """A certificate that OpenSSL reads and cryptography does not still arrives, as bytes with a reason."""
        strange = leaf.der.replace(b"\xa0\x03\x02\x01\x02", b"\xa0\x03\x02\x01\x09", 1)  # version 10
        directory = tmp_path / "strange"
        directory.mkdir()
        context = tls_context(leaf, directory, sent=[leaf, _Raw(strange)])  # type: ignore[list-item]
        with FaultySmtp(BANNER, EHLO, READY, tls(context)) as server:
            bundle = fetch("127.0.0.1", server.port)
        assert sent(bundle) == [[leaf.der, strange]]
        assert bundle.chains[0].certificates[1].parsed.faults

    def test_progress(self, upgrade: Act) -> None:
        """Each stage is told as it is reached, in the thread that asked."""
        told: list[tuple[str, threading.Thread]] = []
        with FaultySmtp(BANNER, EHLO, READY, upgrade) as server:
            fetch("127.0.0.1", server.port, progress=lambda text: told.append((text, threading.current_thread())))
        where = f"127.0.0.1:{server.port}"
        stages = [f"{where}: {stage}" for stage in ("banner", "ehlo", "starttls", "handshake")]
        assert [text for text, _ in told] == ["looking up 127.0.0.1", f"connecting to {where}", *stages]
        assert {thread for _, thread in told} == {threading.current_thread()}

    def test_greets_honestly(self, upgrade: Act) -> None:
        """Without a name given, EHLO carries this machine's full name or its address, never localhost."""
        with FaultySmtp(BANNER, EHLO, READY, upgrade) as server:
            fetch("127.0.0.1", server.port)
        assert server.heard[0] == f"EHLO {greeting_name('127.0.0.1')}\r\n".encode()


class _Raw:
    """Bytes in the place of an issued certificate."""

    def __init__(self, der: bytes) -> None:
        self.pem = ssl.DER_cert_to_PEM_cert(der).encode()


class TestTrouble:
    def test_refused(self) -> None:
        """A closed port is unreachable, and the firewall is named as a cause."""
        port = free_port()
        (endpoint,) = fetch("127.0.0.1", port).endpoints
        assert (endpoint.trouble, endpoint.stage, endpoint.chain) == ("unreachable", "connect", None)
        assert endpoint.error == (
            f"127.0.0.1 refused the connection on port {port}: nothing listens there, or a firewall may admit only "
            "certain addresses, such as Microsoft's."
        )

    @pytest.mark.parametrize(
        ("script", "trouble", "stage"),
        [
            ([b"554 go away\r\n"], "unreachable", "banner"),
            ([b"421 too busy\r\n"], "deferred", "banner"),
            ([b""], "unreachable", "banner"),
            ([flood(b"220-more\r\n")], "unreachable", "banner"),
            ([flood(b"x" * 65536)], "unreachable", "banner"),
            ([BANNER, b"450 greylisted\r\n"], "deferred", "ehlo"),
            ([BANNER, b"502 no\r\n", b"250 gw\r\n"], "no-starttls", "ehlo"),
            ([BANNER, b"250 gw\r\n"], "no-starttls", "ehlo"),
            ([BANNER, b"250-gw\r\n250 XXXXXXXA\r\n"], "no-starttls", "ehlo"),
            ([BANNER, hear_line], "unreachable", "ehlo"),
            ([BANNER, EHLO, b"454 not now\r\n"], "deferred", "starttls"),
            ([BANNER, EHLO, b"502 no\r\n"], "no-starttls", "starttls"),
            ([BANNER, EHLO, READY + b"250 injected\r\n"], "handshake-failed", "starttls"),
            ([BANNER, EHLO, READY, flood(b"this is not TLS\r\n")], "handshake-failed", ""),
            ([BANNER, EHLO, READY, hear_hello_and_drop], "handshake-failed", "handshake"),
            ([BANNER, EHLO, READY], "handshake-failed", "handshake"),
        ],
    )
    def test_classification(self, script: list[bytes | Act], trouble: str, stage: str) -> None:
        """Each way to fail has its class and a sentence in ASCII, over a real socket too."""
        endpoint = probe(*script)
        assert (endpoint.trouble, stage and endpoint.stage) == (trouble, stage)
        assert (endpoint.error or "").isascii()
        assert endpoint.error
        assert endpoint.chain is None

    def test_silence(self) -> None:
        """A gateway that never greets is unreachable when time is up, and the causes are named."""
        endpoint = probe(hold, timeout=SHORT)
        assert (endpoint.trouble, endpoint.stage) == ("unreachable", "banner")
        assert "no whole banner came within 0.3 s: a firewall may admit only" in str(endpoint.error)

    def test_half_a_banner(self) -> None:
        """A gateway that begins its banner and then waits speaks SMTP, and is not said to expect TLS at once."""
        endpoint = probe(b"220-gw.contoso.test\r\n", hold, timeout=PATIENT)
        assert (endpoint.trouble, endpoint.stage) == ("unreachable", "banner")
        expected = "The gateway began its banner and did not end it within 2 s: it delays the rest on purpose"
        assert str(endpoint.error).startswith(expected)

    @pytest.mark.parametrize(
        ("script", "stage"), [([BANNER, hold], "ehlo"), ([BANNER, EHLO, hear_line, hold], "starttls")]
    )
    def test_silence_later(self, script: list[bytes | Act], stage: str) -> None:
        """Silence after a command is unreachable too, at that stage, with the last reply kept."""
        endpoint = probe(*script, timeout=PATIENT)
        assert (endpoint.trouble, endpoint.stage) == ("unreachable", stage)
        assert endpoint.error == f"The gateway did not answer {stage.upper()} within 2 s."
        assert (endpoint.reply or "").startswith(("220 gw.contoso.test ESMTP", "250-gw.contoso.test"))

    def test_silence_in_the_handshake(self) -> None:
        """Silence after the 220 is a failed handshake."""
        endpoint = probe(BANNER, EHLO, READY, hold, timeout=PATIENT)
        assert (endpoint.trouble, endpoint.stage) == ("handshake-failed", "handshake")
        assert endpoint.error == "The gateway did not finish the TLS handshake in time."

    def test_dripping_buys_no_time(self) -> None:
        """Bytes that keep coming one by one do not extend the time a step has."""
        endpoint = probe(drip(b"220-slow\r\n" * 1000, pause=0.02), timeout=PATIENT)
        assert (endpoint.trouble, endpoint.stage) == ("unreachable", "banner")
        assert "did not end it within 2 s" in str(endpoint.error)

    def test_byte_by_byte(self, upgrade: Act) -> None:
        """Replies in pieces of one byte are understood."""
        banner = b"220-hello\r\n" + BANNER
        assert probe(drip(banner), drip(EHLO), drip(READY), upgrade).trouble == ""

    def test_plain_smtp_on_a_tls_port(self) -> None:
        """A banner where TLS was expected is said to be no TLS."""
        endpoint = probe(BANNER, hold, protocol="smtps")
        assert (endpoint.trouble, endpoint.stage) == ("handshake-failed", "handshake")
        assert "what arrived is not TLS" in str(endpoint.error)

    def test_too_many_certificates(self, leaf: Issued, authority: Authority, tmp_path: Path) -> None:
        """A chain of more than a hundred certificates is refused in words."""
        context = tls_context(leaf, tmp_path, sent=[leaf, *([authority] * 101)])
        endpoint = probe(BANNER, EHLO, READY, tls(context))
        assert (endpoint.trouble, endpoint.chain) == ("handshake-failed", None)
        assert endpoint.error == "The gateway sent 102 certificates; more than 100 are not looked at."

    def test_chain_of_a_hundred(self, leaf: Issued, authority: Authority, tmp_path: Path) -> None:
        """A hundred certificates are the most that is looked at, and they are all there."""
        context = tls_context(leaf, tmp_path, sent=[leaf, *([authority] * 99)])
        with FaultySmtp(BANNER, EHLO, READY, tls(context)) as server:
            bundle = plain(server.port)
        assert [len(chain.certificates) for chain in bundle.chains] == [100]

    def test_handshake_alert(self, leaf: Issued, tmp_path: Path) -> None:
        """A gateway that ends the handshake with an alert is told from one that just hangs up."""
        alert = b"\x15\x03\x03\x00\x02\x02\x28"  # fatal, handshake_failure

        def refuse(visit: Visit) -> None:
            visit.socket.recv(4096)
            visit.socket.sendall(alert)

        endpoint = probe(BANNER, EHLO, READY, refuse)
        assert (endpoint.trouble, endpoint.stage) == ("handshake-failed", "handshake")
        assert "gateway and client have no TLS version, cipher or key type in common" in str(endpoint.error)

    @pytest.mark.parametrize(
        ("script", "trouble", "stage"),
        [
            ([], "unreachable", "banner"),
            ([BANNER], "unreachable", "ehlo"),
            ([BANNER, b"250-gw"], "unreachable", "ehlo"),
            ([BANNER, EHLO], "unreachable", "starttls"),
            ([BANNER, EHLO, READY], "handshake-failed", "handshake"),
        ],
    )
    def test_reset(self, script: list[bytes], trouble: str, stage: str) -> None:
        """A connection that is reset, in the middle of a reply too, ends like one that is closed: in words."""

        def reset(visit: Visit) -> None:
            if script and script[-1].endswith(b"\r\n"):  # else the client waits for the rest of the reply
                visit.socket.recv(4096)
            visit.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            visit.socket.close()

        endpoint = probe(*script, reset)
        assert (endpoint.trouble, endpoint.stage, endpoint.chain) == (trouble, stage, None)
        assert endpoint.error

    def test_late_banner(self, upgrade: Act) -> None:
        """A banner that comes late is no trouble as long as the timeout allows it."""

        def wait(visit: Visit) -> None:
            threading.Event().wait(2 * SHORT)
            visit.socket.sendall(BANNER)

        def hello(visit: Visit) -> None:
            visit.line()
            visit.socket.sendall(EHLO)

        assert probe(wait, hello, READY, upgrade).trouble == ""
        assert "delays its banner on purpose (--timeout 30)" in str(probe(hold, timeout=SHORT).error)

    def test_too_large_a_chain(self, leaf: Issued, authority: Authority, tmp_path: Path) -> None:
        """A chain too large for any TLS client is refused in words."""
        comment = x509.UnrecognizedExtension(
            x509.ObjectIdentifier("1.3.6.1.4.1.99999.1"), b"\x04\x82\xea\x60" + b"x" * 60000
        )
        bulky = [authority.issue("bulk.test", extra=[(comment, False)]) for _ in range(2)]
        endpoint = probe(BANNER, EHLO, READY, tls(tls_context(leaf, tmp_path, sent=[leaf, *bulky])))
        assert endpoint.trouble == "handshake-failed"
        assert "it sends more than 100 KB of certificates" in str(endpoint.error)


def can_bind(address: str) -> bool:
    """Whether this machine has this loopback address."""
    try:
        free_port(address)
    except OSError:
        return False
    return True


class TestAddresses:
    def test_no_such_name(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A name that does not exist is one endpoint without an address."""

        def nothing(*_: object, **__: object) -> None:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

        monkeypatch.setattr(resolving.socket, "getaddrinfo", nothing)
        bundle = fetch("gw.contoso.invalid")
        sentence = "gw.contoso.invalid does not exist in DNS, or has no address (NXDOMAIN)."
        assert bundle.endpoints == (
            Endpoint("gw.contoso.invalid", "", 25, stage="connect", error=sentence, trouble="unreachable"),
        )

    def test_resolver_that_hangs(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A resolver that does not answer is given up after the timeout."""
        never = threading.Event()
        monkeypatch.setattr(resolving.socket, "getaddrinfo", lambda *_, **__: never.wait(30))
        (endpoint,) = fetch("gw.contoso.test", timeout=SHORT).endpoints
        never.set()
        assert endpoint.error == "The resolver did not answer for gw.contoso.test within 0.3 s."

    def test_each_address_once_in_order(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """The resolver's order is kept, what it repeats is not."""
        answers = [(socket.AF_INET, 1, 6, "", (f"192.0.2.{number}", 25)) for number in (3, 1, 3, 2)]
        monkeypatch.setattr(resolving.socket, "getaddrinfo", lambda *_, **__: answers)
        found = addresses("gw.contoso.test", 25, timeout=5)
        assert [address.text for address in found] == ["192.0.2.3", "192.0.2.1", "192.0.2.2"]

    @pytest.mark.skipif(not can_bind("127.0.0.2"), reason="this machine's loopback has no second address")
    def test_nodes_that_agree(self, upgrade: Act) -> None:
        """Two addresses with one chain are two endpoints and one chain."""
        with FaultySmtp(upgrade) as one, FaultySmtp(upgrade, address="127.0.0.2", port=one.port):
            where = {"gw.test": ["127.0.0.1", "127.0.0.2", "127.0.0.1"]}
            bundle = fetch("gw.test", one.port, protocol="tls", resolve=where)
        assert ([endpoint.chain for endpoint in bundle.endpoints], len(bundle.chains)) == (["c1", "c1"], 1)

    @pytest.mark.skipif(not can_bind("127.0.0.2"), reason="this machine's loopback has no second address")
    def test_nodes_that_differ(self, authority: Authority, leaf: Issued, tmp_path: Path) -> None:
        """Chains are numbered in the order of the addresses, and a node that is down is an endpoint like the others."""
        other = authority.issue("gw.contoso.test")
        first, second = tls_context(leaf, tmp_path), tls_context(other, tmp_path)
        with FaultySmtp(tls(first)) as one, FaultySmtp(tls(second), address="127.0.0.2", port=one.port):
            where = {"gw.contoso.test": ["127.0.0.1", "127.0.0.2", "127.0.0.3"]}
            bundle = fetch("gw.contoso.test", one.port, protocol="tls", resolve=where)
        assert [endpoint.address for endpoint in bundle.endpoints] == ["127.0.0.1", "127.0.0.2", "127.0.0.3"]
        assert [endpoint.chain for endpoint in bundle.endpoints] == ["c1", "c2", None]
        assert [chain[0] for chain in sent(bundle)] == [leaf.der, other.der]
        assert bundle.endpoints[2].trouble == "unreachable"

    @pytest.mark.skipif(not can_bind("::1"), reason="this machine has no IPv6 loopback")
    def test_ipv6(self, upgrade: Act) -> None:
        """An IPv6 address, with brackets or without, is probed and shown in brackets."""
        with FaultySmtp(BANNER, EHLO, READY, upgrade, address="::1") as server:
            bundles = [fetch(host, server.port) for host in ("::1", "[::1]")]
        assert {bundle.target.name for bundle in bundles} == {f"[::1]:{server.port}"}
        assert {(bundle.endpoints[0].trouble, bundle.endpoints[0].name) for bundle in bundles} == {
            ("", f"[::1]:{server.port}")
        }

    def test_too_many_addresses(self) -> None:
        """No more than sixteen addresses are probed, and that the rest was not is an endpoint of its own."""
        port = free_port()
        many = [f"127.0.1.{number}" for number in range(1, MAX_ADDRESSES + 10)]
        endpoints = fetch("gw.contoso.test", port, resolve={"gw.contoso.test": many}, timeout=SHORT).endpoints
        assert len(endpoints) == MAX_ADDRESSES + 1
        assert "has 25 addresses, and only the first 16 were probed" in str(endpoints[-1].error)

    def test_no_route(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """An IPv6 address seen from a machine without IPv6 is unreachable, and the reason is guessed."""

        def unreachable(*_: object) -> None:
            raise OSError(errno.ENETUNREACH, "Network is unreachable")

        monkeypatch.setattr(socket.socket, "connect", unreachable)
        (endpoint,) = fetch("2001:db8::1").endpoints
        assert endpoint.error == "There is no route to 2001:db8::1 from this machine (it may have no IPv6)."


class TestNames:
    @pytest.mark.parametrize(
        ("given", "expected"),
        [
            ("GW.Contoso.COM.", "gw.contoso.com"),
            ("m\u00fcller.example", "xn--mller-kva.example"),
            ("[2001:db8::1]", "2001:db8::1"),
            ("[IPv6:2001:db8::1]", "2001:db8::1"),
            ("192.0.2.1", "192.0.2.1"),
            ("_mx.contoso.com", "_mx.contoso.com"),
        ],
    )
    def test_host_names(self, given: str, expected: str) -> None:
        """Names become lower-case A-labels, addresses lose their brackets."""
        assert host_name(given) == expected

    @pytest.mark.parametrize(
        "given",
        ["", ".", "a..b", "gw.contoso.com/x", "a b", "x" * 64 + ".com", "gw\x00.com", "-a.com", "\u2603\u200d.x\ud800"],
    )
    def test_no_host_names(self, given: str) -> None:
        """What is neither name nor address is a usage error in ASCII."""
        with pytest.raises(UsageError) as error:
            host_name(given)
        assert str(error.value).isascii()

    @pytest.mark.parametrize(
        ("host", "expected"),
        [("gw.contoso.com", "gw.contoso.com"), ("192.0.2.1", None), ("::1", None), ("127.1", None)],
    )
    def test_server_name(self, host: str, expected: str | None) -> None:
        """Only a name is sent as server name."""
        assert server_name(host) == expected

    @pytest.mark.parametrize(
        ("own", "local", "expected"),
        [
            ("GW.contoso.com", "192.0.2.1", "gw.contoso.com"),
            ("laptop", "192.0.2.1", "[192.0.2.1]"),
            ("localhost.localdomain", "192.0.2.1", "[192.0.2.1]"),
            ("localhost", "2001:db8::1", "[IPv6:2001:db8::1]"),
            ("b\u00e4r.example", "fe80::1%eth0", "[IPv6:fe80::1]"),
        ],
    )
    def test_greeting_name(self, monkeypatch: pytest.MonkeyPatch, own: str, local: str, expected: str) -> None:
        """The greeting is a full name of this machine or its address, never localhost (RFC 5321, 4.1.4)."""
        monkeypatch.setattr(resolving.socket, "gethostname", lambda: own)
        assert greeting_name(local) == expected

    def test_no_addresses_given(self) -> None:
        """A host that is given no address at all has none."""
        with pytest.raises(ResolveError):
            addresses("gw.contoso.test", 25, timeout=1, resolve={"gw.contoso.test": []})

    @pytest.mark.parametrize(
        "options",
        [
            {"port": 0},
            {"port": 65536},
            {"timeout": 0},
            {"timeout": float("nan")},
            {"timeout": float("inf")},
            {"protocol": "gopher"},
            {"ehlo": "a\r\nb"},
            {"sni": "a b"},
            {"resolve": {"127.0.0.1": ["gw.contoso.com"]}},
        ],
    )
    def test_usage(self, options: dict[str, object]) -> None:
        """Arguments that cannot be meant are usage errors with a hint."""
        with pytest.raises(UsageError) as error:
            fetch("127.0.0.1", **options)  # type: ignore[arg-type]
        assert error.value.hint


class TestThreads:
    def test_a_bug_surfaces(self, monkeypatch: pytest.MonkeyPatch, upgrade: Act) -> None:
        """An error that is no failure of the gateway is raised where fetch was called, not lost in a thread."""

        def broken(*_: object, **__: object) -> None:
            raise LookupError("a bug")

        monkeypatch.setattr(fetching, "handshake", broken)
        with FaultySmtp(upgrade) as server, pytest.raises(LookupError, match="a bug"):
            fetch("127.0.0.1", server.port, protocol="tls")

    def test_a_probe_that_hangs(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Whatever keeps a probe beyond every limit, fetch ends, and says that this address did not."""

        async def forever(plan: Plan, *_: object) -> None:
            await plan.contexts.loop.sleep(NEVER)

        monkeypatch.setattr(scheduling, "probe", forever)
        (endpoint,) = fetch("127.0.0.1", timeout=0.05).endpoints
        assert endpoint.trouble == "unreachable"
        assert endpoint.error == "The probe did not come to an end within 0.15 s."

    def test_no_socket_to_be_had(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Where this process may open no more files, each address says so."""

        def full() -> NoReturn:
            raise OSError(errno.EMFILE, "Too many open files")

        monkeypatch.setattr(socket, "socketpair", full)
        (endpoint,) = fetch("127.0.0.1").endpoints
        assert endpoint.trouble == "unreachable"
        assert endpoint.error == "This machine cannot open a connection to 127.0.0.1: Too many open files."

    def test_one_context(self) -> None:
        """All addresses of a run share one SSL context."""
        shared = SharedContext()
        assert shared.get() is shared.get()


def test_chains_are_plain_data() -> None:
    """What fetch returns holds bytes and text only."""
    assert fetch("127.0.0.1", free_port()).chains == tuple[Chain]()
