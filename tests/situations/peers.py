"""What is asked about a situation: certready, and the tools that administrators use for it, where they are installed."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from tests.situations.staging import HOST, NAME

NAGIOS = Path("/usr/lib/nagios/plugins/check_smtp")
SECONDS = 5  # what each may wait for an answer; a run of a peer is ended after some times that
SSLYZE = """
import json, sys
from pathlib import Path
from sslyze import *
request = ServerScanRequest(
    ServerNetworkLocation("{name}", {port}, "{host}"),
    ServerNetworkConfiguration("{name}", tls_opportunistic_encryption=ProtocolWithOpportunisticTlsEnum.SMTP, network_timeout={seconds}),
    scan_commands={{ScanCommand.CERTIFICATE_INFO}},
    scan_commands_extra_arguments=ScanCommandsExtraArguments(CertificateInfoExtraArgument(Path("root.pem"))),
)
scanner = Scanner()
scanner.queue_scans([request])
for server in scanner.get_results():
    if server.scan_result is None or server.scan_result.certificate_info.result is None:
        sys.exit(3)
    good = True
    for deployment in server.scan_result.certificate_info.result.certificate_deployments:
        judged = [found for found in deployment.path_validation_results if found.trust_store.name == "Supplied CA file"]
        good = good and bool(judged) and all(found.was_validation_successful for found in judged)
    sys.exit(0 if good else 1)
"""


class Peer(NamedTuple):
    """A tool by the name it has in the table: its version, its command for a port, and how its exit code reads."""

    name: str
    version: str
    command: Callable[[int], Sequence[str]]
    read: Callable[[int], str]


class Verdict(NamedTuple):
    """What a tool made of a situation: its exit code and the verdict that this stands for."""

    code: int
    verdict: str


def certready(port: int, addresses: Sequence[str]) -> Sequence[str]:
    """The command that asks certready about a gateway."""
    places = [word for address in addresses for word in ("--resolve", f"{NAME}={address}")]
    trust = ("--trust", "root.pem", "--allow-private", "--no-cache", "--timeout", str(SECONDS), "--format", "json")
    return [sys.executable, "-m", "certready", "probe", f"{NAME}:{port}", "--outbound", NAME, *places, *trust]


def asked(command: Sequence[str], directory: Path, read: Callable[[int], str]) -> Verdict:
    """Run a tool in the folder of the situation; a run that does not end is ended, and cannot tell."""
    try:
        done = subprocess.run(
            command, cwd=directory, stdin=subprocess.DEVNULL, capture_output=True, timeout=8 * SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        return Verdict(124, "cannot-tell")
    return Verdict(done.returncode, read(done.returncode))


def verdict_of(output: str) -> str:
    """The verdict in a report of certready's."""
    return str(json.loads(output)["verdict"])


def installed(sslyze: Path | None) -> list[Peer]:
    """The peers that this machine has. ``sslyze`` is a Python that has it."""
    peers = []
    if openssl := shutil.which("openssl"):
        peers.append(Peer("openssl s_client", _version([openssl, "version"]), _openssl, _plain))
    if gnutls := shutil.which("gnutls-cli"):
        peers.append(Peer("gnutls-cli", _version([gnutls, "--version"]), _gnutls, _plain))
    if NAGIOS.exists():
        peers.append(Peer("check_smtp", _version([str(NAGIOS), "-V"]), _check_smtp, _nagios))
    if sslyze:
        version = _version([str(sslyze), "-c", "import sslyze.__version__ as v; print('sslyze', v.__version__)"])
        peers.append(Peer("sslyze", version, lambda port: [str(sslyze), "-c", _scan(port)], _scanned))
    return peers


def _version(command: Sequence[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return (done.stdout or done.stderr).splitlines()[0].strip()


def _openssl(port: int) -> Sequence[str]:
    """Verifies chain, dates and name; revocation only by lists that are handed to it."""
    place = ("-connect", f"{HOST}:{port}", "-servername", NAME, "-starttls", "smtp")
    return ["openssl", "s_client", *place, "-CAfile", "root.pem", "-verify_hostname", NAME, "-verify_return_error"]


def _gnutls(port: int) -> Sequence[str]:
    """Verifies chain, dates and name, and asks the OCSP responder of the leaf."""
    names = (f"--sni-hostname={NAME}", f"--verify-hostname={NAME}", "--starttls-proto=smtp", "--x509cafile=root.pem")
    return ["gnutls-cli", *names, "--ocsp", "-p", str(port), HOST]


def _check_smtp(port: int) -> Sequence[str]:
    """Looks at the end date."""
    return [str(NAGIOS), "-H", HOST, "-p", str(port), "-S", "-D", "1", "-t", str(2 * SECONDS)]


def _scan(port: int) -> str:
    return SSLYZE.format(name=NAME, host=HOST, port=port, seconds=SECONDS)


def _plain(code: int) -> str:
    """Zero is fine, and anything else is one and the same complaint."""
    return "ready" if code == 0 else "not-ready"


def _nagios(code: int) -> str:
    return {0: "ready", 1: "ready", 2: "not-ready"}.get(code, "cannot-tell")


def _scanned(code: int) -> str:
    return {0: "ready", 1: "not-ready"}.get(code, "cannot-tell")


VERDICTS: Mapping[int, str] = {0: "ready", 1: "not-ready", 3: "cannot-tell"}
