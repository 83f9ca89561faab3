"""Mail servers as clients: a Postfix, an Exim and a Sendmail that hand one message to a given port of loopback.

Each says after ``send`` how many messages its ``queue`` holds, and whether it ``gave_up`` on one, which bounces it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Self

from certready.demo.pki import Issued
from tests.live.servers import HOST, NOBODY, Exim, Postfix, is_root, pem, wrapped

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

    def queue(self) -> int:
        """How many messages lie in its queue."""
        folders = (self.directory / "queue" / name for name in ("incoming", "active", "deferred"))
        return sum(path.is_file() for folder in folders for path in folder.rglob("*"))

    def gave_up(self) -> bool:
        """Whether it bounced the message or handed it over."""
        return any(word in self.log() for word in ("status=bounced", "status=sent", "non-delivery notification"))


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
        settings: Sequence[str] = (f"  hosts_require_tls = {HOST}",),
    ) -> None:
        """``settings`` are options of the transport; unless said otherwise it insists on TLS."""
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
            "  hosts_try_dane =",
            "  hosts_noproxy_tls =",
            *(presented if certificate else []),
            *settings,
            "begin retry",
            "* * F,1h,10m",
        )

    def send(self) -> None:
        """Hand one message in and try to deliver it before this returns."""
        uid = NOBODY if is_root() else os.getuid()
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
            **({"user": uid, "group": uid, "extra_groups": []} if is_root() else {}),
        )

    def queue(self) -> int:
        """How many messages lie in its queue."""
        return len(list((self.directory / "spool" / "input").rglob("*-H")))

    def gave_up(self) -> bool:
        """Whether it bounced the message ("**") or handed it over ("=>")."""
        return any(mark in self.log() for mark in (" ** ", " => ", " Completed"))


class SendingSendmail:
    """A Sendmail that sends everything to ``relay``, presenting ``leaf`` and ``sent``, or nothing. It runs once, as
    nobody, out of ``root`` (where :func:`tests.live.servers.sendmail_root` unpacked it). ``settings`` are lines of its
    m4 configuration; VERIFYING makes it insist on a server certificate that it trusts."""

    VERIFYING = "FEATURE(`access_db', `hash -T<TMPF> DIRECTORY/access')dnl"

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
        self.leaf = leaf
        self.relay = relay
        self.root = root
        self.sent = tuple(leaf.chain if sent is None else sent)
        self.certificate = certificate
        self.settings = tuple(settings)
        self.directory = Path()
        self.said = ""

    def __enter__(self) -> Self:
        self.directory = Path(tempfile.mkdtemp(prefix="certready-"))
        self.directory.chmod(0o755)
        (self.directory / "queue").mkdir(0o700)
        files = {
            "leaf.pem": self.leaf.pem,
            "others.pem": pem(self.sent[1:]),
            "key.pem": self.leaf.key_pem,
            "switch": b"hosts files\n",
            "hosts": b"127.0.0.1 gw.contoso.test\n",
            "access": b"TLS_Srv:\tVERIFY\n",
            "sendmail.mc": "\n".join(self._configuration()).encode(),
        }
        for name, data in files.items():
            (self.directory / name).write_bytes(data)
        (self.directory / "key.pem").chmod(0o600)
        cf = self.root / "usr/share/sendmail/cf"
        command = [str(self.root / "usr/bin/m4"), f"-I{cf}", f"-D_CF_DIR_={cf}/", str(self.directory / "sendmail.mc")]
        (self.directory / "sendmail.cf").write_bytes(self._run(command))
        makemap = str(self.root / "usr/libexec/sendmail/makemap")
        self._run([makemap, "-C", "sendmail.cf", "hash", "access"], files["access"])
        if is_root():
            for path in (self.directory, *self.directory.rglob("*")):
                os.chown(path, NOBODY, NOBODY)
        return self

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self.directory, ignore_errors=True)

    def _run(self, command: Sequence[str], said: bytes = b"") -> bytes:
        """What one of the package's tools printed."""
        environment = {"LD_LIBRARY_PATH": wrapped(self.root)["LD_LIBRARY_PATH"]}
        ran = subprocess.run(
            command, input=said, stdout=subprocess.PIPE, check=True, timeout=60, env=environment, cwd=self.directory
        )
        return ran.stdout

    def _configuration(self) -> list[str]:
        directory = self.directory
        named = {
            "QUEUE_DIR": f"{directory}/queue",
            "STATUS_FILE": "",
            "ALIAS_FILE": "",
            "confDEF_USER_ID": "nobody",
            "confDOMAIN_NAME": "gw.contoso.test",
            "confSERVICE_SWITCH_FILE": f"{directory}/switch",
            "confHOSTS_FILE": f"{directory}/hosts",
            "confLOG_LEVEL": "14",
            "RELAY_MAILER_ARGS": f"TCP $h {self.relay}",
            "SMART_HOST": f"relay:[{HOST}]",
        }
        if self.certificate:
            named |= {"confCLIENT_CERT": f"{directory}/leaf.pem", "confCLIENT_KEY": f"{directory}/key.pem"}
            # What it sends beside its certificate OpenSSL takes from here.
            named |= {"confCACERT": f"{directory}/others.pem", "confCACERT_PATH": f"{directory}"}
        return [
            "include(`m4/cf.m4')dnl",
            "OSTYPE(`linux')dnl",
            *(f"define(`{name}', `{value}')dnl" for name, value in named.items()),
            "undefine(`confCW_FILE')dnl",
            "FEATURE(`nocanonify')dnl",
            "FEATURE(`nouucp', `nospecial')dnl",
            *(line.replace("DIRECTORY", str(directory)) for line in self.settings),
            "MAILER(`smtp')dnl",
            "",
        ]

    def send(self) -> None:
        """Hand one message in and try to deliver it before this returns."""
        environment = {
            "PATH": "/usr/bin:/bin",
            **wrapped(self.root),
            "NSS_WRAPPER_HOSTS": str(self.directory / "hosts"),
            "NSS_WRAPPER_HOSTNAME": "gw.contoso.test",
        }
        command = [str(self.root / "usr/libexec/sendmail/sendmail"), "-C", str(self.directory / "sendmail.cf")]
        ran = subprocess.run(
            [*command, "-v", "-odi", "-f", "user@contoso.com", "user@example.org"],
            input=MESSAGE,
            env=environment,
            cwd=self.directory,
            check=False,
            timeout=120,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            **({"user": NOBODY, "group": NOBODY, "extra_groups": []} if is_root() else {}),
        )
        self.said = ran.stdout.decode(errors="replace")

    def log(self) -> str:
        """What it said, the SMTP dialogue included."""
        return self.said

    def queue(self) -> int:
        """How many messages lie in its queue."""
        return len(list((self.directory / "queue").glob("qf*")))

    def gave_up(self) -> bool:
        """Whether it bounced the message or handed it over."""
        return any(
            words in self.said for words in ("... User unknown", "Service unavailable", "... Sent", "postmaster")
        )


def write_client_files(directory: Path, leaf: Issued, sent: Sequence[Issued]) -> dict[str, str]:
    """Certificate, chain and key as files for command-line clients; their paths by name."""
    files = {"leaf": leaf.pem, "chain": pem(sent), "key": leaf.key_pem, "whole": pem([leaf, *sent])}
    for name, data in files.items():
        (directory / f"{name}.pem").write_bytes(data)
    return {name: str(directory / f"{name}.pem") for name in files}
