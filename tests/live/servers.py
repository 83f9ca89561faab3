"""Throw-away SMTP servers on loopback: Debian's Postfix and Exim, and one that misbehaves as it is told.

All are context managers with a ``port``; nothing is left behind. :class:`UnavailableError` says what a machine lacks.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Self

from certready.demo.pki import Issued
from tests.ending import Child

HOST = "127.0.0.1"
NOBODY = 65534
STARTING = 15  # seconds a server may take to come up before a test gives up on it


class UnavailableError(Exception):
    """This machine cannot run the server; the text is the sentence that says what to install."""


def free_port(address: str = HOST) -> int:
    """A port nobody listens on at this moment."""
    with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET) as probe:
        probe.bind((address, 0))
        return int(probe.getsockname()[1])


def is_root() -> bool:
    """Whether the tests run as root; never on a system without user ids."""
    return hasattr(os, "getuid") and os.getuid() == 0


def pem(certificates: Iterable[Issued]) -> bytes:
    """Certificates one after another, PEM."""
    return b"".join(certificate.pem for certificate in certificates)


# -- the one that misbehaves --------------------------------------------------------------------------------------

Act = Callable[["Visit"], None]


class Visit:
    """One connection to a :class:`FaultySmtp`: its socket, and the server's notes of what was said."""

    def __init__(self, connection: socket.socket, server: FaultySmtp) -> None:
        self.socket = connection
        self.server = server

    def line(self) -> bytes:
        """The next line from the client; empty where it closed."""
        line = b""
        while not line.endswith(b"\n"):
            byte = self.socket.recv(1)
            if not byte:
                return line
            line += byte
        self.server.heard.append(line)
        return line

    def drain(self) -> None:
        """Read until the client closes."""
        while self.socket.recv(4096):
            pass


class FaultySmtp:
    """A gateway that follows a script: what to do on connection, then what to do after each line it hears.

    A turn is bytes (sent as they are) or a function of the :class:`Visit`; two functions in a row follow each other
    without a line between. After the last turn the connection is closed.
    """

    def __init__(self, *script: bytes | Act, address: str = HOST, port: int = 0) -> None:
        self.script = script
        self.heard: list[bytes] = []
        self.server_names: list[str | None] = []
        self.address = address
        self._visits: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self._listener = socket.create_server((address, port), family=family)
        self.port = int(self._listener.getsockname()[1])

    def __enter__(self) -> Self:
        self._start(self._accept)
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in self._visits:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(10)

    def _start(self, work: Callable[..., None], *args: object) -> None:
        thread = threading.Thread(target=work, args=args, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._visits.append(connection)
            self._start(self._serve, connection)

    def _serve(self, connection: socket.socket) -> None:
        visit = Visit(connection, self)
        with contextlib.suppress(OSError):  # the client may leave whenever it likes
            for number, turn in enumerate(self.script):
                if isinstance(turn, bytes):
                    if number and not visit.line():
                        break
                    visit.socket.sendall(turn)
                else:
                    turn(visit)
        with contextlib.suppress(OSError):
            visit.socket.close()


def hold(visit: Visit) -> None:
    """Say nothing and wait until the client gives up."""
    visit.drain()


def hear_line(visit: Visit) -> None:
    """Hear one more line and do not answer it."""
    visit.line()


def drip(data: bytes, pause: float = 0.0) -> Act:
    """Hear a line (not first of all), then send ``data`` byte by byte."""

    def act(visit: Visit) -> None:
        if visit.server.script[0] is not act:
            visit.line()
        for index in range(len(data)):
            visit.socket.sendall(data[index : index + 1])
            threading.Event().wait(pause)

    return act


def flood(data: bytes) -> Act:
    """Send ``data`` without end, until the client gives up."""

    def act(visit: Visit) -> None:
        while True:
            visit.socket.sendall(data)

    return act


def tls(context: ssl.SSLContext) -> Act:
    """Shake hands as server, then note what is said inside TLS until the client leaves."""

    def act(visit: Visit) -> None:
        visit.socket = context.wrap_socket(visit.socket, server_side=True)
        visit.server.server_names.append(getattr(visit.socket, "asked_for", None))
        while visit.line():
            pass

    return act


def hear_hello_and_drop(visit: Visit) -> None:
    """Read some of the ClientHello and close."""
    visit.socket.recv(50)


def tls_context(
    leaf: Issued,
    directory: Path,
    *,
    sent: Sequence[Issued] | None = None,
    maximum: ssl.TLSVersion | None = None,
) -> ssl.SSLContext:
    """A server's context presenting ``sent`` (by default the chain without root). It notes the SNI on the socket."""
    files = Path(tempfile.mkdtemp(dir=directory))
    (files / "chain.pem").write_bytes(pem(leaf.chain if sent is None else sent))
    (files / "key.pem").write_bytes(leaf.key_pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(files / "chain.pem", files / "key.pem")
    if maximum is not None:
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = maximum
        context.set_ciphers("ALL:@SECLEVEL=0")

    def note(connection: ssl.SSLObject | ssl.SSLSocket, name: str | None, _context: ssl.SSLContext) -> None:
        connection.asked_for = name  # type: ignore[union-attr]

    context.sni_callback = note  # type: ignore[assignment]
    return context


# -- real ones ----------------------------------------------------------------------------------------------------


class _Daemon(ABC):
    """A server process in a directory of its own; both are gone at the end."""

    process: subprocess.Popen[bytes]
    greets = True  # False where TLS comes before the banner: then an open port has to do

    def __init__(self, leaf: Issued, sent: Sequence[Issued] | None, settings: Sequence[str]) -> None:
        self.leaf = leaf
        self.sent = tuple(leaf.chain if sent is None else sent)
        self.settings = tuple(settings)
        self.directory = Path()
        self.port = free_port()

    def __enter__(self) -> Self:
        self.directory = Path(tempfile.mkdtemp(prefix="certready-"))
        self.directory.chmod(0o755)
        try:
            self.process = self._start()
            self._await_banner()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        if hasattr(self, "process") and self.process.poll() is None:
            self.process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(10)
        if hasattr(self, "process"):
            with contextlib.suppress(ProcessLookupError):  # children that still serve a connection
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        shutil.rmtree(self.directory, ignore_errors=True)

    def log(self) -> str:
        """What the server wrote to its logs and to stderr."""
        files = sorted(path for path in self.directory.rglob("*log*") if path.is_file())
        return "".join(path.read_text(errors="replace") for path in files)

    @abstractmethod
    def _start(self) -> subprocess.Popen[bytes]: ...

    def _write_keys(self) -> None:
        (self.directory / "chain.pem").write_bytes(pem(self.sent))
        key = self.directory / "key.pem"
        key.touch(0o600)
        key.write_bytes(self.leaf.key_pem)

    def _spawn(self, command: Sequence[str], env: Mapping[str, str], uid: int | None = None) -> subprocess.Popen[bytes]:
        with (self.directory / "stderr.log").open("wb") as errors:
            return Child(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=errors,
                env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", **env},
                **({} if uid is None else {"user": uid, "group": uid, "extra_groups": []}),
            )

    def _await_banner(self) -> None:
        for _ in range(STARTING * 20):
            with contextlib.suppress(subprocess.TimeoutExpired):
                code = self.process.wait(0.05)
                raise RuntimeError(f"the server ended with {code}: {self.log()[-2000:]}")
            with contextlib.suppress(OSError), socket.create_connection((HOST, self.port), 1) as client:
                client.settimeout(5)
                if not self.greets:
                    return
                if client.recv(200).startswith(b"220"):
                    client.sendall(b"QUIT\r\n")
                    return
        raise RuntimeError(f"no banner came: {self.log()[-2000:]}")


class Postfix(_Daemon):
    """Debian's Postfix with all its state in a temporary directory; master(8) must be started by root."""

    def __init__(self, leaf: Issued, *, sent: Sequence[Issued] | None = None, settings: Sequence[str] = ()) -> None:
        super().__init__(leaf, sent, settings)
        self.programs = Path("/usr/lib/postfix/sbin")
        if not is_root():
            raise UnavailableError("Postfix can only be started by root: run these tests as root.")
        if not (self.programs / "master").exists():
            raise UnavailableError("Postfix is not here: install the Debian package postfix.")

    def _start(self) -> subprocess.Popen[bytes]:
        directory, queue = self.directory, self.directory / "queue"
        self._write_keys()
        import pwd  # not on every system these helpers are imported on

        owner = pwd.getpwnam("postfix").pw_uid
        (directory / "data").mkdir()
        os.chown(directory / "data", owner, 0)
        (queue / "pid").mkdir(parents=True)
        for name in ("private", "active", "incoming", "deferred", "defer", "bounce", "corrupt", "hold", "flush"):
            (queue / name).mkdir()
            os.chown(queue / name, owner, 0)
        for name in ("public", "maildrop"):
            (queue / name).mkdir()
            os.chown(queue / name, owner, 0)
            shutil.chown(queue / name, group="postdrop")
        (directory / "etc").mkdir()
        (directory / "etc" / "main.cf").write_text("\n".join([*self._main(), *self.settings, ""]))
        (directory / "etc" / "master.cf").write_text(
            f"{HOST}:{self.port} inet n - n - 8 smtpd\n"
            "postlog unix-dgram n - n - 1 postlogd\n"
            "tlsmgr unix - - n 1000? 1 tlsmgr\n"
            "anvil unix - - n - 1 anvil\n"
            "rewrite unix - - n - - trivial-rewrite\n"
            "proxymap unix - - n - - proxymap\n"
        )
        configuration = str(directory / "etc")
        return self._spawn([str(self.programs / "master"), "-c", configuration, "-d"], {"MAIL_CONFIG": configuration})

    def _main(self) -> list[str]:
        directory = self.directory
        return [
            "compatibility_level = 3.6",
            f"queue_directory = {directory}/queue",
            f"data_directory = {directory}/data",
            "command_directory = /usr/sbin",
            f"daemon_directory = {self.programs}",
            "mail_owner = postfix",
            "setgid_group = postdrop",
            f"inet_interfaces = {HOST}",
            "inet_protocols = ipv4",
            "myhostname = gw.contoso.test",
            "mydestination =",
            "mynetworks = 127.0.0.0/8",
            "local_recipient_maps =",
            "alias_maps =",
            "smtpd_relay_restrictions = reject",
            "smtpd_peername_lookup = no",
            "disable_dns_lookups = yes",
            "smtpd_tls_security_level = may",
            f"smtpd_tls_chain_files = {directory}/key.pem, {directory}/chain.pem",
            "smtpd_tls_loglevel = 1",
            "tls_random_source = dev:/dev/urandom",
            f"maillog_file = {directory}/mail.log",
            f"maillog_file_prefixes = {directory}",
        ]


class Exim(_Daemon):
    """Debian's Exim, unprivileged, out of ``root`` (where :func:`exim_root` found it). ``staple`` is an OCSP answer,
    DER, to be stapled; ``implicit`` makes it expect TLS from the first byte."""

    def __init__(
        self,
        leaf: Issued,
        *,
        root: Path,
        sent: Sequence[Issued] | None = None,
        settings: Sequence[str] = (),
        staple: bytes | None = None,
        implicit: bool = False,
    ) -> None:
        super().__init__(leaf, sent, settings)
        self.staple = staple
        self.root = root
        self.greets = not implicit

    def _start(self) -> subprocess.Popen[bytes]:
        directory = self.directory
        uid = NOBODY if is_root() else os.getuid()
        self._write_keys()
        for name in ("spool", "log"):
            (directory / name).mkdir()
        if self.staple is not None:
            (directory / "staple.der").write_bytes(self.staple)
        users = [f"{name}:x:{uid}:{uid}::{directory}:/bin/sh" for name in ("me", "Debian-exim")]
        (directory / "passwd").write_text("\n".join(["root:x:0:0::/root:/bin/sh", *users, ""]))
        (directory / "group").write_text(f"root:x:0:\nme:x:{uid}:\nDebian-exim:x:{uid}:\nmail:x:8:\n")
        (directory / "exim.conf").write_text("\n".join(self._configuration()))
        if is_root():
            for path in (directory, *directory.rglob("*")):
                os.chown(path, uid, uid)
        command = [str(self.root / "usr/sbin/exim4"), "-C", str(directory / "exim.conf"), "-bdf", "-v"]
        return self._spawn(command, self._environment(), uid if is_root() else None)

    def _configuration(self) -> list[str]:
        directory = self.directory
        return [
            "primary_hostname = gw.contoso.test",
            f"spool_directory = {directory}/spool",
            f"log_file_path = {directory}/log/%slog",
            f"pid_file_path = {directory}/exim.pid",
            f"local_interfaces = {HOST}",
            f"daemon_smtp_ports = {self.port}",
            "tls_advertise_hosts = *",
            *(
                f"{option} = {directory}/{file}"
                for option, file in (("tls_certificate", "chain.pem"), ("tls_privatekey", "key.pem"))
                if not any(setting.startswith(f"{option} =") for setting in self.settings)  # it takes each once
            ),
            *([f"tls_ocsp_file = {directory}/staple.der"] if self.staple is not None else []),
            *([] if self.greets else [f"tls_on_connect_ports = {self.port}"]),
            "host_lookup =",
            "rfc1413_hosts =",
            "log_selector = +tls_cipher +tls_sni",
            "acl_smtp_rcpt = deny_all",
            *self.settings,
            "begin acl",
            "deny_all:",
            "  deny message = test server",
            "",
        ]

    def _environment(self) -> dict[str, str]:
        if self.root == Path("/"):
            return {}
        return {
            **wrapped(self.root),
            "NSS_WRAPPER_PASSWD": str(self.directory / "passwd"),
            "NSS_WRAPPER_GROUP": str(self.directory / "group"),
        }


def wrapped(root: Path) -> dict[str, str]:
    """The environment of a program that was unpacked into ``root`` with libnss_wrapper beside it."""
    wrapper = next(root.glob("usr/lib/*/libnss_wrapper.so"))
    return {"LD_LIBRARY_PATH": str(wrapper.parent), "LD_PRELOAD": str(wrapper)}


@contextlib.contextmanager
def exim_root() -> Iterator[Path]:
    """Where Exim is: unpacked (CERTREADY_EXIM_ROOT), as packages that are unpacked for as long as it is needed
    (CERTREADY_EXIM_DEBS), or installed. Raises UnavailableError."""
    packages = os.environ.get("CERTREADY_EXIM_DEBS")
    if packages:
        with tempfile.TemporaryDirectory(prefix="certready-exim-") as directory:
            _unpack(Path(packages), Path(directory))
            yield Path(directory)
        return
    root = Path(os.environ.get("CERTREADY_EXIM_ROOT", "/"))
    if not (root / "usr/sbin/exim4").exists():
        raise UnavailableError(
            "Exim is not here: apt-get download exim4-base exim4-daemon-light libidn12 libnss-wrapper and name the "
            "directory in CERTREADY_EXIM_DEBS, or unpack them (dpkg -x) and name that in CERTREADY_EXIM_ROOT."
        )
    yield root


@contextlib.contextmanager
def sendmail_root() -> Iterator[Path]:
    """Where Sendmail is, unpacked out of its packages (CERTREADY_SENDMAIL_DEBS) for as long as it is needed: it is
    never installed, because its package and Postfix's exclude each other. Raises UnavailableError."""
    packages = os.environ.get("CERTREADY_SENDMAIL_DEBS")
    if not packages:
        raise UnavailableError(
            "Sendmail is not here: apt-get download sendmail-bin sendmail-cf m4 libsigsegv2 libnss-wrapper and name "
            "the directory in CERTREADY_SENDMAIL_DEBS."
        )
    with tempfile.TemporaryDirectory(prefix="certready-sendmail-") as directory:
        root = Path(directory)
        _unpack(Path(packages), root)
        program = root / "usr/libexec/sendmail/sendmail"
        if not program.exists():
            raise UnavailableError(f"The packages in {packages} hold no Sendmail.")
        libraries = subprocess.run(["ldd", str(program)], capture_output=True, text=True, check=False).stdout
        missing = [line.split()[0] for line in libraries.splitlines() if "not found" in line]
        if missing:
            raise UnavailableError(f"Sendmail lacks {', '.join(missing)}: install what sendmail-bin depends on.")
        yield root


def _unpack(packages: Path, root: Path) -> None:
    for package in sorted(packages.glob("*.deb")):
        subprocess.run(["dpkg", "-x", str(package), str(root)], check=True)
    for program in ("usr/sbin/exim4", "usr/libexec/sendmail/sendmail"):
        if (root / program).exists():
            (root / program).chmod(0o755)  # without its set-id bit: it runs as whoever runs the tests
    root.chmod(0o755)
