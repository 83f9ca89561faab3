"""Debian's pebble, an ACME server for tests, on loopback: it validates nothing and issues what is asked for."""

from __future__ import annotations

import json
import ssl
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from shutil import which

from certready.demo.pki import Authority
from tests.ending import Child
from tests.live.nginx import awaited
from tests.live.servers import UnavailableError, free_port


@dataclass(frozen=True)
class Pebble:
    """One that runs: the address of its directory, and the CA that its own TLS certificate is under."""

    directory: str
    management: str
    ca: Path

    def root(self) -> bytes:
        """The root of what it issues, PEM; another one at every start."""
        context = ssl.create_default_context(cafile=str(self.ca))
        with urllib.request.urlopen(f"{self.management}/roots/0", context=context, timeout=30) as answer:
            return answer.read()  # type: ignore[no-any-return]


@contextmanager
def pebble(folder: Path) -> Iterator[Pebble]:
    """Runs one out of this folder. Raises UnavailableError where the machine has none."""
    if which("pebble") is None:
        raise UnavailableError("pebble is not installed (Debian's package pebble)")
    authority = Authority.root("Pebble's API")
    own = authority.issue("localhost", key="rsa")
    (folder / "ca.pem").write_bytes(authority.pem)
    (folder / "api.pem").write_bytes(own.pem)
    (folder / "api.key").write_bytes(own.key_pem)
    port, management = free_port(), free_port()
    config = {
        "listenAddress": f"127.0.0.1:{port}",
        "managementListenAddress": f"127.0.0.1:{management}",
        "certificate": "api.pem",
        "privateKey": "api.key",
        "httpPort": free_port(),
        "tlsPort": free_port(),
        "ocspResponderURL": "",
        "externalAccountBindingRequired": False,
        "certificateValidityPeriod": 7776000,
    }
    (folder / "pebble.json").write_text(json.dumps({"pebble": config}))
    quick = {"PEBBLE_VA_ALWAYS_VALID": "1", "PEBBLE_VA_NOSLEEP": "1", "PEBBLE_WFE_NONCEREJECT": "0"}
    with (folder / "pebble.log").open("wb") as log:
        running = Child(
            ["pebble", "-config", "pebble.json"], cwd=folder, env=quick, stdout=log, stderr=subprocess.STDOUT
        )
        try:
            awaited(port, running)
            awaited(management, running)
            yield Pebble(f"https://localhost:{port}/dir", f"https://localhost:{management}", folder / "ca.pem")
        finally:
            running.kill()
            running.wait()
