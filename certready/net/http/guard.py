"""The address guard: which addresses a URL out of a certificate may reach, enforced where the connection is made.

The address that was checked is the one connected to, so a name that resolves differently the second time gains
nothing. Addresses embedded in others (IPv4-mapped, 6to4, NAT64) are judged as what they stand for.
"""

from __future__ import annotations

import contextlib
import ipaddress
import re
import socket
import threading
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from requests.adapters import HTTPAdapter

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

MOST_ADDRESSES = 8  # of one host, tried one after another

_UNICAST = ipaddress.ip_network("2000::/3")  # all that is assigned for the public network (RFC 4291, 2.4)
_NAT64 = ipaddress.ip_network("64:ff9b::/96")  # RFC 6052
_COMPATIBLE = ipaddress.ip_network("::/96")  # deprecated IPv4-compatible addresses (RFC 4291, 2.5.5.1)
_NUMBER = re.compile(r"(0[xX][0-9a-fA-F]*|[0-9]+)")


class GuardedError(Exception):
    """Why something was not fetched: its text is a whole sentence of ours.

    ``passing`` says that it may be otherwise in a moment, ``slow`` that the time ran out.
    """

    def __init__(self, message: str, *, passing: bool = False, slow: bool = False) -> None:
        super().__init__(message)
        self.passing = passing
        self.slow = slow


class Run:
    """One call of ``fetch_all``: its deadline, and the sockets that are closed when it is over. ``pinned`` holds the
    addresses of hosts that are not to be looked up; they pass the guard like any other. ``late`` is the sentence about
    what has not answered by the deadline."""

    def __init__(
        self,
        allow_private: bool,
        timeout: float,
        deadline: float,
        clock: Callable[[], float],
        pinned: Mapping[str, Sequence[str]] = MappingProxyType({}),
        *,
        late: str = "It did not answer completely in time.",
    ) -> None:
        self.late = late
        self.allow_private = allow_private
        self.pinned = pinned
        self.timeout = timeout
        self._deadline = deadline
        self._clock = clock
        self._lock = threading.Lock()
        self._sockets: list[socket.socket] = []
        self._over = threading.Event()

    def wait(self, seconds: float) -> bool:
        """Waits so long; False where the run is over before, or its deadline would be."""
        return seconds < self.left() and not self._over.wait(seconds)

    def left(self) -> float:
        """Seconds until the deadline."""
        return self._deadline - self._clock()

    def keep(self, connection: socket.socket) -> None:
        """Remembers a socket; closes it at once where the run is over. Raises GuardedError then."""
        with self._lock:
            over = self._over.is_set()
            self._sockets.append(connection)
        if over:
            _close(connection)
            raise GuardedError("It came too late.")

    def abandon(self) -> None:
        """Ends the run: whoever still waits on one of its sockets is woken and fails."""
        with self._lock:
            self._over.set()
            waiting, self._sockets = self._sockets, []
        for connection in waiting:
            _close(connection)


def public(address: Address) -> bool:
    """Whether an address belongs to the public network, and so does every address embedded in it."""
    if isinstance(address, ipaddress.IPv4Address):
        return address.is_global and not address.is_multicast and not address.is_reserved
    embedded = _embedded(address)
    if embedded is not None and not public(embedded):
        return False
    if address.ipv4_mapped is not None or address in _NAT64:
        return True
    return address in _UNICAST and address.is_global and not address.is_multicast


def _embedded(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address in _NAT64 or address in _COMPATIBLE:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.sixtofour


def refused_host(host: str) -> str | None:
    """Why a host must not be asked, judged without resolving it; None where it is a name like any other.

    Numbers in the old notations ("127.1", "0x7f000001", "2130706433") are refused, whatever they stand for: systems
    disagree on what that is.
    """
    name = host.rstrip(".").lower()
    if name == "localhost" or name.endswith(".localhost"):
        return refusal(host)
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return refusal(host) if _NUMBER.fullmatch(name.rpartition(".")[2]) else None
    return None if public(address) else refusal(host)


def refusal(host: str) -> str:
    """The sentence about a host that the guard keeps out."""
    return f"Its address is not public ({host[:100]}), and is not asked unless --allow-private is given."


def connect(host: str, port: int, run: Run) -> socket.socket:
    """A connection to an address of ``host`` that passed the guard. Raises GuardedError."""
    allowed = _resolve(host, port, run)
    error = GuardedError("It cannot be reached.")
    for family, address in allowed:
        wait = min(run.timeout, run.left())
        if wait <= 0:
            break
        connection = socket.socket(family, socket.SOCK_STREAM)
        run.keep(connection)
        connection.settimeout(wait)
        try:
            connection.connect(address)
        except TimeoutError:
            error = GuardedError(f"It did not let us connect within {wait:.3g} seconds.", passing=True, slow=True)
        except ConnectionRefusedError:
            error = GuardedError("It refused the connection.", passing=True)
        except OSError:
            error = GuardedError("It cannot be reached.", passing=True)
        else:
            return connection
        connection.close()
    raise error


def _resolve(host: str, port: int, run: Run) -> list[tuple[int, tuple[object, ...]]]:
    """Family and socket address of every address of the host that may be asked, in the resolver's order."""
    try:
        names = run.pinned.get(host.lower(), (host,))
        entries = [entry for name in names for entry in socket.getaddrinfo(name, port, type=socket.SOCK_STREAM)]
    except socket.gaierror as trouble:
        if trouble.errno == socket.EAI_AGAIN:
            raise GuardedError(f"No name server answers about {host[:100]} at present.", passing=True) from None
        raise GuardedError(f"There is no such host, {host[:100]}.") from None
    except (OSError, UnicodeError):
        raise GuardedError(f"There is no such host, {host[:100]}.") from None
    allowed: list[tuple[int, tuple[object, ...]]] = []
    for family, _, _, _, address in entries:
        if run.allow_private or public(ipaddress.ip_address(str(address[0]).partition("%")[0])):
            allowed.append((family, address))
    if not allowed:
        raise GuardedError(refusal(host) if entries else f"There is no such host, {host[:100]}.")
    return list(dict.fromkeys(allowed))[:MOST_ADDRESSES]


def guarded_adapter(run: Run) -> HTTPAdapter:
    """A requests adapter whose direct connections all go through :func:`connect`. Those to a proxy do not: the user
    named it."""
    from requests.adapters import HTTPAdapter
    from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager
    from urllib3.connection import HTTPConnection, HTTPSConnection

    class Plain(HTTPConnection):
        def _new_conn(self) -> socket.socket:
            return connect(self._dns_host, self.port or 80, run)

    class Secure(HTTPSConnection):
        def _new_conn(self) -> socket.socket:
            return connect(self._dns_host, self.port or 443, run)

        def connect(self) -> None:
            super().connect()
            if self.sock is not None:  # the TLS layer took the socket over: the one to close at the end is its own
                run.keep(self.sock)

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = Plain

    class SecurePool(HTTPSConnectionPool):
        ConnectionCls = Secure

    class Adapter(HTTPAdapter):
        def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **options: object) -> None:  # noqa: ARG002
            self.poolmanager = PoolManager(num_pools=connections, maxsize=maxsize, block=block)
            self.poolmanager.pool_classes_by_scheme = {"http": PlainPool, "https": SecurePool}

    return Adapter(max_retries=0)


def _close(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)  # wakes a thread that waits on it; close alone does not
    connection.close()
