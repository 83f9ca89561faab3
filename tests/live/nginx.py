"""A throw-away nginx on loopback that serves files, as CAs' distribution points do, run by an unprivileged user."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.ending import Child
from tests.live.servers import HOST, NOBODY, STARTING, UnavailableError, free_port

CONFIGURATION = """
daemon off;
master_process off;
pid {directory}/nginx.pid;
error_log {directory}/error.log;
events {{}}
http {{
    types {{
        application/pkix-crl crl;
        application/pkix-cert cer;
    }}
    log_format short '$request_method $uri $status $body_bytes_sent';
    access_log {directory}/access.log short;
    client_body_temp_path {directory}/client;
    proxy_temp_path {directory}/proxy;
    fastcgi_temp_path {directory}/fastcgi;
    uwsgi_temp_path {directory}/uwsgi;
    scgi_temp_path {directory}/scgi;
    server {{
        listen {host}:{port};
        root {directory}/files;
        location /packed/ {{
            gzip_static always;
        }}
        location /moved/ {{
            rewrite ^/moved/(.*)$ /$1 redirect;
        }}
    }}
}}
"""


@dataclass(frozen=True)
class Nginx:
    """A running nginx: where, and the directory of its files."""

    url: str
    files: Path
    log: Path

    @property
    def hits(self) -> list[str]:
        """Method, path, status and bytes of body of each request so far."""
        return self.log.read_text("ascii").splitlines()

    def put(self, name: str, content: bytes) -> None:
        """The file, served from now on under this name."""
        path = self.files / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)


@contextmanager
def nginx() -> Iterator[Nginx]:
    """Raises UnavailableError where there is no nginx."""
    program = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}{os.pathsep}/usr/sbin")
    if program is None:
        raise UnavailableError("nginx is not installed (Debian: apt-get install nginx-light)")
    with tempfile.TemporaryDirectory(prefix="certready-nginx-") as name:
        directory, port = Path(name), free_port()
        (directory / "files").mkdir()
        text = CONFIGURATION.format(directory=directory, host=HOST, port=port)
        (directory / "nginx.conf").write_text(text, encoding="ascii")
        (directory / "access.log").touch()
        options: dict[str, int] = {}
        if os.geteuid() == 0:
            for path in (directory, *directory.iterdir()):
                os.chown(path, NOBODY, NOBODY)
            options = {"user": NOBODY, "group": NOBODY}
        command = [program, "-p", name, "-c", str(directory / "nginx.conf"), "-e", str(directory / "error.log")]
        with Child(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **options) as process:
            try:
                awaited(port, process)
                yield Nginx(f"http://{HOST}:{port}", directory / "files", directory / "access.log")
            finally:
                process.terminate()


def awaited(port: int, process: subprocess.Popen[bytes]) -> None:
    """Until the port is open. Raises RuntimeError with what the server said where it ends before."""
    for _ in range(STARTING * 50):
        if process.poll() is not None:
            said = process.stdout.read() if process.stdout else b"its log says why"
            raise RuntimeError(said.decode("utf-8", "replace"))
        with socket.socket() as probe:
            if probe.connect_ex((HOST, port)) == 0:
                return
        time.sleep(0.02)
    raise RuntimeError("the server did not open its port")
