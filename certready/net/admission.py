"""Who is let in: how many connections at once, from one address, and within a minute. No sockets, no clock."""

from __future__ import annotations

import ipaddress
import threading
from collections import Counter

from msgspec import Struct, field

MAX_TRACKED = 10_000
WINDOW = 60.0  # seconds


class Limits(Struct, frozen=True):
    """Bounds of a listener. ``step`` and ``total`` are seconds: for one command or handshake, for a connection; bytes
    are counted as they arrive. An IPv6 network of 64 bits counts as one address."""

    connections: int = 50
    per_address: int = 10
    per_minute: int = 120
    step: float = 60.0
    total: float = 300.0
    handshake_bytes: int = 1024 * 1024
    session_bytes: int = 256 * 1024


class Admission(Struct):
    """The books of a listener. ``now`` is always monotonic time in seconds; all methods may be called by any thread."""

    limits: Limits
    refused: int = 0
    _open: Counter[str] = field(default_factory=Counter)
    _window: float = 0.0
    _recent: Counter[str] = field(default_factory=Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def admit(self, address: str, now: float) -> str | None:
        """None where the address is let in (then :meth:`release` it), else why it is not."""
        who = network(address)
        with self._lock:
            if now - self._window >= WINDOW or len(self._recent) > MAX_TRACKED:
                self._window = now
                self._recent.clear()
            self._recent[who] += 1
            reason = self._reason(who)
            if reason:
                self.refused += 1
            else:
                self._open[who] += 1
            return reason

    def release(self, address: str) -> None:
        """A connection that was let in is over."""
        who = network(address)
        with self._lock:
            self._open[who] -= 1
            if self._open[who] <= 0:
                del self._open[who]

    @property
    def count(self) -> int:
        """How many connections are open."""
        with self._lock:
            return self._open.total()

    def _reason(self, who: str) -> str | None:
        if self._open[who] >= self.limits.per_address:
            return "has too many connections from this address"
        if self._recent[who] > self.limits.per_minute:
            return "has had too many connections from this address within a minute"
        if self._open.total() >= self.limits.connections:
            return "is busy"
        return None


class Failures(Struct):
    """Which addresses broke off TLS lately, and how: a client that comes back in clear text does so because of that.
    As many are remembered as ``room`` says; both methods may be called by any thread."""

    room: int = 1000
    _sentences: dict[str, str] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, address: str, sentence: str) -> None:
        """The handshake with this address failed; the oldest is forgotten where there are too many."""
        with self._lock:
            self._sentences.pop(network(address), None)
            self._sentences[network(address)] = sentence
            if len(self._sentences) > self.room:
                del self._sentences[next(iter(self._sentences))]

    def get(self, address: str) -> str | None:
        """The sentence about the last failure, None where there was none."""
        with self._lock:
            return self._sentences.get(network(address))


def network(address: str) -> str:
    """What counts as one address: an IPv4 address, however it is written, or the /64 of an IPv6 address."""
    plain = address.partition("%")[0]
    try:
        parsed = ipaddress.ip_address(plain)
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    if parsed.ipv4_mapped:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((int(parsed) >> 64 << 64, 64)))
