"""Every hostile gateway and every hostile server of revocation in one run, beside honest ones, within limits."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from certready.demo.pki import Authority, Issued, now
from tests.bounds.hostility import HELLO, SERVERS, gateways
from tests.live.servers import Act, FaultySmtp, Visit, tls, tls_context
from tests.measured import MEBIBYTES, Left, leaving

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="other systems have one loopback address")


class Ran(NamedTuple):
    """The lines of a run by name, what it said on stderr, and what was left in its process at the end."""

    lines: Mapping[str, Mapping[str, Any]]
    err: str
    left: Left


def ran(folder: Path, targets: Mapping[str, str], at: str) -> Ran:
    """A fleet of these, by name, judged as of a moment."""
    inventory = [{"name": name, "target": target} for name, target in targets.items()]
    (folder / "fleet.json").write_text(json.dumps(inventory))
    words = f"--trust root.pem --outbound mail.contoso.com --at {at} --allow-private --no-cache --format jsonl"
    at_once = "--jobs 100 --per-host 100 --per-network 100"
    with leaving("fleet", "fleet.json", *words.split(), *at_once.split(), folder=folder) as started:
        out, err = started.process.communicate()
    left = started.left(err)
    records = map(json.loads, out.splitlines())
    return Ran({record["name"]: record for record in records}, err, left)


def said(record: Mapping[str, Any]) -> str:
    """Every sentence of a line that is no good news."""
    findings = (record["report"] or {}).get("findings", ())
    texts = [f"{each['rule']}: {each['message']}" for each in findings if each["severity"] != "pass"]
    return "\n".join([*texts, str(record["error"] or "")])


class World:
    """Servers on loopback, each in a network of its own, as lines of an inventory."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self._folder, self._stack = folder, stack
        self._networks = iter(range(1, 250))
        self._lists: dict[bytes, bytes] = {}
        publisher = f"http://{self._place(self._publish)}"
        root = Authority.root("Hostile Root", crl_url=f"{publisher}/root")
        ca = root.intermediate("Hostile CA", crl_url=f"{publisher}/ca")
        (folder / "root.pem").write_bytes(root.pem)
        revoked = ca.issue("mail.contoso.com")
        self._lists |= {b"/root": root.crl(), b"/ca": ca.crl([(revoked.x509.serial_number, ca.moment, None)])}
        honest = {
            "honest": (ca.issue("mail.contoso.com"), None),
            "honest too": (ca.issue("mail.contoso.com", key="rsa"), None),
            "revoked": (revoked, None),
            "expired": (ca.issue("mail.contoso.com", age=100, days=90), None),
            "of another name": (ca.issue("mail.fabrikam.com"), None),
            "the leaf alone": ((leaf := ca.issue("mail.contoso.com")), [leaf]),
        }
        self.honest = {name: self._gateway(*shown) for name, shown in honest.items()}
        self.at = now().isoformat()
        modes = gateways(ca, folder)
        self.hostile = {name: self._place(*mode.script) for name, mode in modes.items()}
        self.expected = {name: (mode.verdict, mode.says) for name, mode in modes.items()}
        for name, (script, says) in SERVERS.items():
            leaf = ca.issue("mail.contoso.com", crl_urls=[f"http://{self._place(*script)}/leaf"])
            self.hostile[f"its CRL: {name}"] = self._gateway(leaf)
            self.expected[f"its CRL: {name}"] = ("cannot-tell", says)

    def _place(self, *script: bytes | Act) -> str:
        """Where a server with this script listens."""
        server = self._stack.enter_context(FaultySmtp(*script, address=f"127.0.{next(self._networks)}.1"))
        return f"{server.address}:{server.port}"

    def _gateway(self, leaf: Issued, sent: Sequence[Issued] | None = None) -> str:
        """Where a gateway that behaves shows this certificate."""
        return self._place(*HELLO, tls(tls_context(leaf, self._folder, sent=sent)))

    def _publish(self, visit: Visit) -> None:
        """The honest server of lists."""
        path = visit.line().split(b" ")[1]
        while visit.line() not in (b"\r\n", b""):
            pass
        body = self._lists[path]
        visit.socket.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the run happens."""
    return tmp_path_factory.mktemp("hostile")


@pytest.fixture(scope="module")
def world(folder: Path) -> Iterator[World]:
    """Every server there is, all of them up."""
    with ExitStack() as stack:
        yield World(folder, stack)


@pytest.fixture(scope="module")
def together(world: World, folder: Path) -> Ran:
    """The one run over all of them."""
    return ran(folder, world.hostile | world.honest, world.at)


def test_within_limits(together: Ran) -> None:
    """The run ends by the timeouts of the product, within its memory, and every line has an answer."""
    assert together.left.mebibytes < MEBIBYTES
    assert "Traceback" not in together.err
    assert {record["code"] for record in together.lines.values()} <= {0, 1, 3}


def test_nothing_is_left_behind(together: Ran) -> None:
    """No socket is open at its end, and every thread ends by itself."""
    assert together.left.sockets == 0
    assert together.left.threads == ()


def test_honest_gateways_are_judged_as_alone(world: World, folder: Path, together: Ran) -> None:
    """Whoever is hostile beside them, honest gateways get the verdict and the findings that they get without."""
    alone = ran(folder, world.honest, world.at).lines
    assert [alone[name]["verdict"] for name in world.honest] == ["ready", "ready", *["not-ready"] * 4]
    for name in world.honest:
        assert (together.lines[name]["verdict"], said(together.lines[name])) == (
            alone[name]["verdict"],
            said(alone[name]),
        )


def test_what_is_said_of_the_hostile(world: World, together: Ran) -> None:
    """None of them is ready, and each line says what the gateway or the server did."""
    wrong = {
        name: (record["verdict"], said(record))
        for name in world.hostile
        if (record := together.lines[name])["verdict"] != world.expected[name][0]
        or world.expected[name][1] not in said(record)
    }
    assert not wrong, json.dumps(wrong, indent=1)


def test_what_they_sent_is_shown_safely(together: Ran) -> None:
    """No sentence holds a character that a terminal would act on, or is without an end."""
    for record in together.lines.values():
        assert said(record).replace("\n", "").isprintable()
        assert len(said(record)) < 10_000
