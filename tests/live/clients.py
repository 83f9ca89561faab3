"""Mail servers as clients: a Postfix and an Exim that hand one message to a given port of loopback."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

from certready.demo.pki import Issued
from tests.live.servers import HOST, Exim, Postfix, pem

MESSAGE = b"From: <user@contoso.com>\nTo: <user@example.org>\nSubject: test\n\nNothing.\n"


class SendingPostfix(Postfix):
    """A Postfix that takes mail by SMTP on its port and sends it all to ``relay``, presenting ``leaf`` and ``sent``."""

    def __init__(
        self,
        leaf: Issued,
        relay: int,
        *,
        sent: Sequence[Issued] | None = None,
        certificate: bool = True,
        settings: Sequence[str] = (),
    ) -> None:
        super().__init__(leaf, sent=sent, settings=settings)
        self.relay = relay
        self.certificate = certificate

    def _spawn(self, command: Sequence[str], env: object, uid: int | None = None) -> subprocess.Popen[bytes]:
        """The daemons that sending needs are added just before the master is started."""
        services = (
            "cleanup unix n - n - 0 cleanup",
            "qmgr unix n - n 300 1 qmgr",
            "smtp unix - - n - - smtp",
            *(f"{name} unix - - n - 0 bounce" for name in ("bounce", "defer", "trace")),
            "error unix - - n - - error",
            "retry unix - - n - - error",
            "scache unix - - n - 1 scache",
        )
        with (self.directory / "etc" / "master.cf").open("a") as file:
            file.write("".join(f"{line}\n" for line in services))
        return super()._spawn(command, env, uid)  # type: ignore[arg-type]

    def _main(self) -> list[str]:
        presented = [
            f"smtp_tls_cert_file = {self.directory}/chain.pem",
            f"smtp_tls_key_file = {self.directory}/key.pem",
        ]
        return [
            *(line for line in super()._main() if not line.startswith("smtpd_relay_restrictions")),
            "smtpd_relay_restrictions = permit_mynetworks, reject",
            f"default_transport = smtp:[{HOST}]:{self.relay}",
            "smtp_tls_security_level = encrypt",
            "smtp_tls_loglevel = 1",
            *(presented if self.certificate else []),
        ]

    def send(self) -> None:
        """Queue one message; Postfix tries to deliver it at once."""
        import smtplib

        with smtplib.SMTP(HOST, self.port, timeout=60) as client:
            client.sendmail("user@contoso.com", ["user@example.org"], MESSAGE)


class SendingExim(Exim):
    """An Exim that sends everything to ``relay``, presenting ``leaf`` and ``sent``, or nothing."""

    def __init__(
        self,
        leaf: Issued,
        relay: int,
        *,
        root: Path,
        sent: Sequence[Issued] | None = None,
        certificate: bool = True,
        settings: Sequence[str] = (),
    ) -> None:
        super().__init__(leaf, root=root, sent=sent)
        presented = [
            "  tls_certificate = $spool_directory/../chain.pem",
            "  tls_privatekey = $spool_directory/../key.pem",
        ]
        self.settings = (
            "begin routers",
            "listener:",
            "  driver = manualroute",
            f"  route_list = * {HOST} byname",
            "  self = send",
            "  transport = listener_smtp",
            "begin transports",
            "listener_smtp:",
            "  driver = smtp",
            f"  port = {relay}",
            f"  hosts_require_tls = {HOST}",
            "  hosts_try_dane =",
            "  hosts_noproxy_tls =",
            *(presented if certificate else []),
            *settings,
            "begin retry",
            "* * F,1h,10m",
        )

    def send(self) -> None:
        """Hand one message in and try to deliver it before this returns."""
        uid = 65534 if os.getuid() == 0 else os.getuid()
        subprocess.run(
            [
                *(str(self.root / "usr/sbin/exim4"), "-C", str(self.directory / "exim.conf")),
                *("-odi", "-f", "user@contoso.com", "user@example.org"),
            ],
            input=MESSAGE,
            env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", **self._environment()},
            check=False,
            timeout=120,
            capture_output=True,
            **({"user": uid, "group": uid, "extra_groups": []} if os.getuid() == 0 else {}),
        )


def write_client_files(directory: Path, leaf: Issued, sent: Sequence[Issued]) -> dict[str, str]:
    """Certificate, chain and key as files for command-line clients; their paths by name."""
    files = {"leaf": leaf.pem, "chain": pem(sent), "key": leaf.key_pem, "whole": pem([leaf, *sent])}
    for name, data in files.items():
        (directory / f"{name}.pem").write_bytes(data)
    return {name: str(directory / f"{name}.pem") for name in files}
