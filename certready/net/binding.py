"""Sockets that others connect to."""

from __future__ import annotations

import socket

from certready.errors import CertreadyError, UsageError
from certready.smtp.replies import printable


def bound(address: tuple[str, int], *, backlog: int = 128, example: str = "0.0.0.0:2525") -> socket.socket:
    """A socket that listens on this address and port; port 0 takes a free one.

    Raises:
        UsageError: there is no such address here, or the port is in use; ``example`` is what the hint shows.
        CertreadyError: this user may not have that port.
    """
    host, port = address
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return socket.create_server((host, port), family=family, backlog=backlog)
    except PermissionError:
        raise CertreadyError(
            f"This user may not listen on port {port}.",
            hint="Listen on a port from 1024 up and lead the traffic to that port, or run as administrator.",
        ) from None
    except (OSError, OverflowError) as error:
        reason = (getattr(error, "strerror", None) or str(error)).partition(" (while")[0]  # socket repeats the address
        raise UsageError(
            f"{host}:{port} cannot be listened on: {printable(reason.encode())}.",
            hint=f"Give an address of this machine and a free port, such as {example}.",
        ) from None
