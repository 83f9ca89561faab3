"""What the lines of one run share: each address, name and promise is asked about once, however many lines want it."""

from __future__ import annotations

import threading
from collections import Counter, OrderedDict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING, Generic, TypeVar

from msgspec.structs import replace

from certready.errors import UsageError
from certready.model import Ask, DnsAnswer, Fetcher, MtaSts, Reply
from certready.model.budget import MOST_BYTES
from certready.net.dns import Nameserver, ResolveError
from certready.net.gateway import How
from certready.net.mx import Mail, find
from certready.net.resolve import Address, Family, addresses, given_for

if TYPE_CHECKING:
    from certready.dane.survey import Question
    from certready.net.dnssec import Answers

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

KEPT_NAMES = 100_000
KEPT_ANSWERS = 16 * 1024 * 1024  # bytes, of DNS and of policies each


class _Slot(Generic[V]):
    """A value that somebody is working out."""

    def __init__(self) -> None:
        self.ready = threading.Event()
        self.values: list[V] = []


class Once(Generic[K, V]):
    """Values by key, each worked out once: whoever asks while somebody else is at it waits for that one.

    Args:
        most: what the values kept may weigh together; the longest unused go first.
        weight: of one value.
        holds: whether a value holds for the others too; else each asks for itself.
    """

    def __init__(
        self, most: int, weight: Callable[[V], int] = lambda _: 1, holds: Callable[[V], bool] = lambda _: True
    ) -> None:
        self._most, self._weight, self._holds = most, weight, holds
        self._slots: OrderedDict[K, _Slot[V]] = OrderedDict()
        self._kept = 0
        self._lock = threading.Lock()

    def get(self, keys: Sequence[K], work: Callable[[Sequence[K]], Sequence[V]]) -> list[V]:
        """The value of each key; ``work`` is given those that nobody has asked for yet. Raises what ``work`` raises."""
        values: dict[K, V] = {}
        while missing := [key for key in dict.fromkeys(keys) if key not in values]:
            slots, mine = self._claim(missing)
            if mine:
                values |= self._work(mine, slots, work)
            for key, slot in slots.items():
                slot.ready.wait()
                if slot.values:  # else it holds for nobody else, or whoever was at it failed: it is asked for again
                    values[key] = slot.values[0]
        return [values[key] for key in keys]

    def _claim(self, keys: Sequence[K]) -> tuple[dict[K, _Slot[V]], list[K]]:
        """The slot of every key, and the keys that are now the caller's to work out."""
        with self._lock:
            mine = [key for key in keys if key not in self._slots]
            for key in mine:
                self._slots[key] = _Slot()
            for key in keys:
                self._slots.move_to_end(key)
            return {key: self._slots[key] for key in keys}, mine

    def _work(
        self, mine: Sequence[K], slots: dict[K, _Slot[V]], work: Callable[[Sequence[K]], Sequence[V]]
    ) -> dict[K, V]:
        try:
            values = dict(zip(mine, work(mine), strict=True))
            for key, value in values.items():
                if self._holds(value):
                    slots[key].values.append(value)
            return values
        finally:
            with self._lock:
                for key in mine:
                    if slots[key].values:
                        self._kept += self._weight(slots[key].values[0])
                    else:
                        del self._slots[key]
                self._forget()
            for key in mine:
                slots[key].ready.set()

    def _forget(self) -> None:
        for key in list(self._slots):
            if self._kept <= self._most:
                return
            slot = self._slots[key]
            if slot.values:
                del self._slots[key]
                self._kept -= self._weight(slot.values[0])


class SharedFetcher:
    """A fetcher in front of another that asks each question once; implements :class:`certready.model.Fetcher`."""

    def __init__(self, behind: Fetcher) -> None:
        self._behind = behind
        self._replies: Once[Ask, Reply] = Once(MOST_BYTES, lambda reply: len(reply.body or b"") + 500)

    def fetch_all(self, asks: tuple[Ask, ...]) -> tuple[Reply, ...]:
        return tuple(self._replies.get(asks, lambda new: self._behind.fetch_all(tuple(new))))


class SharedNames:
    """Looks up the addresses of hosts, each once, whatever the port; called as :func:`certready.net.resolve.addresses`
    is."""

    def __init__(self) -> None:
        self._looked_up: Once[Hashable, tuple[Address, ...] | ResolveError] = Once(KEPT_NAMES)

    def __call__(
        self,
        host: str,
        port: int,
        *,
        timeout: float,
        resolve: Mapping[str, Sequence[str]] | None = None,
        family: Family = "any",
        dns: Nameserver | None = None,
    ) -> tuple[Address, ...]:
        """Raises ResolveError."""

        def look_up(_keys: object) -> list[tuple[Address, ...] | ResolveError]:
            try:
                return [addresses(host, port, timeout=timeout, resolve=resolve, family=family, dns=dns)]
            except ResolveError as error:
                return [error]

        given = tuple(given_for(host, resolve) or ())
        (value,) = self._looked_up.get([(host, given, family, dns)], look_up)
        if isinstance(value, ResolveError):
            raise ResolveError(str(value))
        return tuple(replace(each, sockaddr=(each.sockaddr[0], port, *each.sockaddr[2:])) for each in value)


class SharedMail:
    """Looks up where the mail of domains goes, each once; called as :func:`certready.net.mx.find` is."""

    def __init__(self) -> None:
        self._looked_up: Once[str, Mail | UsageError] = Once(KEPT_NAMES)

    def __call__(self, domain: str, how: How) -> Mail:
        """Raises UsageError where that is Exchange Online alone."""

        def look_up(_keys: object) -> list[Mail | UsageError]:
            try:
                return [find(domain, how)]
            except UsageError as error:
                return [error]

        (value,) = self._looked_up.get([domain], look_up)
        if isinstance(value, UsageError):
            raise UsageError(value.message, hint=value.hint)
        return value


class SharedPromises:
    """What was answered about the promises of mail domains, each question asked once: the answers of DNS by name and
    kind, of which lines share those about the zones above, and what a domain has published of MTA-STS."""

    def __init__(self) -> None:
        self._answers: Once[Question, DnsAnswer] = Once(
            KEPT_ANSWERS, lambda answer: len(answer.wire or b"") + 500, _was_asked
        )
        self._policies: Once[str, MtaSts] = Once(KEPT_ANSWERS, lambda policy: len(policy.body or b"") + 2000)

    def dns(self, ask: Answers, questions: Sequence[Question]) -> list[DnsAnswer]:
        """The answer to each of these questions; ``ask`` is given those that nobody has asked yet."""
        return self._answers.get(questions, ask)

    def mta_sts(self, domain: str, ask: Callable[[], MtaSts]) -> MtaSts:
        """What this mail domain has published; ``ask`` where nobody has asked yet."""
        return self._policies.get([domain], lambda _: [ask()])[0]


def _was_asked(answer: DnsAnswer) -> bool:
    """Whether this came of asking, and not of a line that had asked enough."""
    from certready.net.dnssec import OVER

    return answer.error != OVER


class Networks:
    """So many lines at once for one network, a /24 of IPv4 or a /48 of IPv6: whoever runs the gateways there sees no
    more connections than that.

    Args:
        most: lines at once for each network.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._busy: Counter[str] = Counter()
        self._waiting: list[tuple[set[str], threading.Lock]] = []  # in order; a lock is let go for whoever is let in
        self._lock = threading.Lock()

    @contextmanager
    def room(self, hosts: Iterable[str]) -> Iterator[None]:
        """Waits until each network of these addresses has room, and takes it for the block."""
        networks = {network(host) for host in hosts}
        entrance = threading.Lock()
        entrance.acquire()
        with self._lock:
            self._waiting.append((networks, entrance))
            self._let_in()
        entrance.acquire()
        try:
            yield
        finally:
            with self._lock:
                self._busy.subtract(networks)
                for name in networks:
                    if not self._busy[name]:
                        del self._busy[name]
                self._let_in()

    def _let_in(self) -> None:
        """Wake those for whom there is room, and nobody else."""
        still = []
        for networks, entrance in self._waiting:
            if all(self._busy[name] < self._most for name in networks):
                self._busy.update(networks)
                entrance.release()
            else:
                still.append((networks, entrance))
        self._waiting = still


def network(address: str) -> str:
    """The network that an address counts for: its /24 of IPv4, its /48 of IPv6. Raises ValueError for no address."""
    parsed = ip_address(address.partition("%")[0])
    parsed = getattr(parsed, "ipv4_mapped", None) or parsed
    return str(ip_network((parsed, 24 if parsed.version == 4 else 48), strict=False))
