"""Throw-away Dovecot and slapd on loopback, as Debian ships them, all their state in a temporary directory."""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

from certready.demo.pki import Issued
from tests.live.servers import HOST, NOBODY, UnavailableError, _Daemon, free_port, is_root


class Dovecot(_Daemon):
    """Dovecot with IMAP on ``port`` and POP3 on ``pop3_port``, and TLS at once on ``imaps_port`` and ``pop3s_port``."""

    def __init__(self, leaf: Issued, *, sent: Sequence[Issued] | None = None, settings: Sequence[str] = ()) -> None:
        super().__init__(leaf, sent, settings)
        self.program = Path("/usr/sbin/dovecot")
        self.pop3_port, self.imaps_port, self.pop3s_port = free_port(), free_port(), free_port()
        self.greets = False
        if not is_root():
            raise UnavailableError("Dovecot can only be started by root: run these tests as root.")
        if not self.program.exists() or not Path("/usr/lib/dovecot/imap-login").exists():
            raise UnavailableError("Dovecot is not here: install the Debian packages dovecot-imapd and dovecot-pop3d.")

    def _start(self) -> subprocess.Popen[bytes]:
        self._write_keys()
        directory = self.directory
        ports = {"imap": self.port, "imaps": self.imaps_port, "pop3": self.pop3_port, "pop3s": self.pop3s_port}
        listeners = "".join(
            f"service {kind}-login {{\n  chroot =\n"
            f"  inet_listener {kind} {{\n    address = {HOST}\n    port = {ports[kind]}\n  }}\n"
            f"  inet_listener {kind}s {{\n    address = {HOST}\n    port = {ports[kind + 's']}\n    ssl = yes\n  }}\n}}\n"
            for kind in ("imap", "pop3")
        )
        (directory / "dovecot.conf").write_text(
            f"base_dir = {directory}/run\nstate_dir = {directory}/state\nlog_path = {directory}/dovecot.log\n"
            "protocols = imap pop3\nssl = yes\n"
            f"ssl_cert = <{directory}/chain.pem\nssl_key = <{directory}/key.pem\n"
            "passdb {\n  driver = static\n  args = nopassword=y\n}\nuserdb {\n  driver = static\n"
            f"  args = uid={NOBODY} gid={NOBODY} home={directory}\n}}\n" + listeners + "\n".join([*self.settings, ""])
        )
        return self._spawn([str(self.program), "-F", "-c", str(directory / "dovecot.conf")], {})


class Slapd(_Daemon):
    """OpenLDAP's server without any database, unprivileged."""

    greets = False

    def __init__(self, leaf: Issued, *, sent: Sequence[Issued] | None = None, settings: Sequence[str] = ()) -> None:
        super().__init__(leaf, sent, settings)
        self.program = Path("/usr/sbin/slapd")
        if not self.program.exists():
            raise UnavailableError("slapd is not here: install the Debian package slapd.")

    def _start(self) -> subprocess.Popen[bytes]:
        self._write_keys()
        directory = self.directory
        uid = NOBODY if is_root() else os.getuid()
        with_tls = [f"TLSCertificateFile {directory}/chain.pem", f"TLSCertificateKeyFile {directory}/key.pem"]
        (directory / "slapd.conf").write_text(
            "\n".join([f"pidfile {directory}/slapd.pid", *(self.settings or with_tls), ""])
        )
        for path in (directory, *directory.iterdir()):
            with contextlib.suppress(PermissionError):
                os.chown(path, uid, -1)
        address = f"ldap://{HOST}:{self.port}/"
        command = [str(self.program), "-d", "0", "-f", str(directory / "slapd.conf"), "-h", address]
        return self._spawn(command, {}, uid if is_root() else None)
