"""The configuration lines of the remedies, in real gateways, and the certificate they then present as client."""

from __future__ import annotations

import smtplib
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from certready.demo.pki import Authority, Issued
from certready.model import Bundle
from certready.model.report import Verdict
from certready.net.listener import Listener, Visit
from certready.net.session import Identity
from certready.remedy.gateways import exim_client, postfix_client, postfix_old
from tests.live.servers import HOST, Exim, Postfix, UnavailableError

pytestmark = pytest.mark.live

PATIENCE = 60  # seconds in which a gateway must have come by


@dataclass
class Notes:
    """The host of a listener that accepts everybody and keeps what they presented."""

    bundles: list[Bundle] = field(default_factory=list)
    seen: threading.Event = field(default_factory=threading.Event)

    def judge(self, bundle: Bundle) -> Verdict:
        return "ready"

    def done(self, visit: Visit) -> None:
        if visit.completed:
            self.bundles.append(visit.bundle)
            self.seen.set()

    def log(self, line: str) -> None:
        """Not kept."""

    def presented(self) -> list[bytes] | None:
        """The certificates of the first session, as sent; None where no gateway came by."""
        if not self.seen.wait(PATIENCE):
            return None
        return [one.der for chain in self.bundles[0].chains for one in chain.certificates]


@pytest.fixture
def listener(authority: Authority) -> Iterator[tuple[Notes, int]]:
    """A listener for client certificates on loopback, and its port."""
    own = authority.issue("listener.example.test")
    identity = Identity(tuple(one.der for one in own.chain), own.key)
    notes = Notes()
    listening = Listener((HOST, 0), identity, notes, name="listener.example.test", clock=lambda: datetime.now(UTC))
    with listening:
        thread = threading.Thread(target=listening.run, daemon=True)
        thread.start()
        yield notes, listening.address[1]
        listening.stop()
        thread.join(10)


class SendingPostfix(Postfix):
    """A Postfix that also delivers: everything goes to the listener, with the lines under test in main.cf."""

    def __init__(self, leaf: Issued, port: int, lines: Sequence[str]) -> None:
        super().__init__(
            leaf,
            settings=[*lines, f"relayhost = [{HOST}]:{port}", "smtpd_relay_restrictions = permit_mynetworks, reject"],
        )

    def _spawn(self, command: Sequence[str], env: Mapping[str, str], uid: int | None = None) -> subprocess.Popen[bytes]:
        (self.directory / "gateway.pem").write_bytes(self.leaf.key_pem + self.leaf.chain_pem)
        services = (
            *("cleanup unix n - n - 0 cleanup", "qmgr unix n - n 300 1 qmgr", "smtp unix - - n - - smtp"),
            *("bounce unix - - n - 0 bounce", "defer unix - - n - 0 bounce", "retry unix - - n - - error"),
        )
        with (self.directory / "etc" / "master.cf").open("a") as file:
            file.write("".join(f"{line}\n" for line in services))
        main = self.directory / "etc" / "main.cf"
        main.write_text(main.read_text().replace("@", str(self.directory)))
        return super()._spawn(command, env, uid)


class SendingExim(Exim):
    """An Exim that also delivers, with the lines under test in its smtp transport."""

    def __init__(self, leaf: Issued, root: Path, port: int) -> None:
        super().__init__(leaf, root=root)
        self.smart_port = port

    def _configuration(self) -> list[str]:
        directory = self.directory
        lines = exim_client(f"{directory}/chain.pem", f"{directory}/key.pem")
        kept = "LD_PRELOAD : LD_LIBRARY_PATH : NSS_WRAPPER_PASSWD : NSS_WRAPPER_GROUP"
        main = [line.replace("deny_all", "take_all") for line in super()._configuration()]
        return [
            f"keep_environment = {kept}",
            "deliver_drop_privilege = true",
            *main[: main.index("begin acl")],
            "begin acl",
            "take_all:",
            "  accept",
            "begin routers",
            "smart:",
            "  driver = manualroute",
            f"  route_list = * {HOST}",
            "  self = send",
            "  transport = out",
            "begin transports",
            "out:",
            "  driver = smtp",
            f"  port = {self.smart_port}",
            "  hosts_require_tls = *",
            *(f"  {line}" for line in lines),
            "",
        ]


def send(port: int) -> None:
    """Hand one message to the gateway."""
    with smtplib.SMTP(HOST, port, timeout=PATIENCE) as client:
        client.sendmail("sender@contoso.test", ["recipient@fabrikam.test"], "Subject: test\r\n\r\ntest\r\n")


@pytest.mark.parametrize(
    "lines",
    [
        postfix_client("@/gateway.pem"),
        (*postfix_old("smtp", "@/chain.pem", "@/key.pem"), "smtp_tls_security_level = may"),
    ],
    ids=["chain-files", "cert-file"],
)
def test_postfix_presents_the_certificate(
    listener: tuple[Notes, int], authority: Authority, lines: Sequence[str]
) -> None:
    """With the lines of the remedy Postfix presents leaf and intermediate as client, and listen sees them."""
    notes, port = listener
    leaf = authority.issue("gw.contoso.test", key="rsa")
    try:
        server = SendingPostfix(leaf, port, lines)
    except UnavailableError as reason:
        pytest.skip(str(reason))
    with server:
        send(server.port)
        assert [leaf.der, authority.der] == notes.presented(), server.log()


def test_postfix_without_the_lines_presents_none(listener: tuple[Notes, int], authority: Authority) -> None:
    """Without them Postfix encrypts and presents no certificate: the server's own lines do not choose the client's."""
    notes, port = listener
    try:
        server = SendingPostfix(authority.issue("gw.contoso.test"), port, ["smtp_tls_security_level = may"])
    except UnavailableError as reason:
        pytest.skip(str(reason))
    with server:
        send(server.port)
        assert [] == notes.presented(), server.log()


def test_exim_presents_the_certificate(listener: tuple[Notes, int], authority: Authority, exim: Path) -> None:
    """With the lines of the remedy in its transport Exim presents leaf and intermediate as client."""
    notes, port = listener
    leaf = authority.issue("gw.contoso.test", key="rsa")
    with SendingExim(leaf, exim, port) as server:
        send(server.port)
        assert [leaf.der, authority.der] == notes.presented(), server.log()
