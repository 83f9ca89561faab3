"""Host names, addresses and the name this machine greets with: everything a resolver may keep us waiting for."""

from __future__ import annotations

import ipaddress
import re
import socket
import threading
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Literal, NamedTuple, TypeVar

from certready.errors import UsageError

T = TypeVar("T")
Family = Literal["any", "ipv4", "ipv6"]
_FAMILIES: Mapping[Family, tuple[int, ...]] = MappingProxyType(
    {
        "any": (socket.AF_INET, socket.AF_INET6),
        "ipv4": (socket.AF_INET,),
        "ipv6": (socket.AF_INET6,),
    }
)

_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")


class Address(NamedTuple):
    """One address of a host, ready for ``connect``; ``text`` is the address alone."""

    family: int
    sockaddr: tuple[Any, ...]

    @property
    def text(self) -> str:
        return str(self.sockaddr[0])


class Nameserver(NamedTuple):
    """A DNS server to ask: an IP address and a port; without an address those that the system is set up with."""

    address: str | None = None
    port: int = 53


class ResolveError(Exception):
    """The name leads to no address; the text is the sentence that says why."""


def host_name(host: str) -> str:
    """A host as it is asked for: an IP literal without brackets, or a lower-case A-label name without final dot.

    Raises UsageError where it is neither (RFC 1123, 2.1; RFC 5891 by the UTS 46 mapping).
    """
    text = host.strip()
    if text.startswith("[") and text.endswith("]"):
        text = text[1:-1].removeprefix("IPv6:")
    if is_literal(text):
        return text
    name = (text if text.isascii() else _to_ascii(text)).lower().removesuffix(".")
    if len(name) > 253 or not all(_LABEL.fullmatch(label) for label in name.split(".")):
        raise _not_a_host(host)
    return name


def is_literal(host: str) -> bool:
    """Whether this is an IP address rather than a name."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def server_name(host: str) -> str | None:
    """What SNI says for this host: its name, nothing for an address (RFC 6066, 3). Old spellings of IPv4 addresses
    such as "127.1" end in a number and count as addresses."""
    return None if is_literal(host) or host.rpartition(".")[2].isdigit() else host


def addresses(
    host: str,
    port: int,
    *,
    timeout: float,
    resolve: Mapping[str, Sequence[str]] | None = None,
    family: Family = "any",
    dns: Nameserver | None = None,
) -> tuple[Address, ...]:
    """Every address of ``host`` (as from :func:`host_name`), A and AAAA, each once, in the resolver's order.

    ``resolve`` names addresses for a host that then is not looked up; ``dns`` is asked instead of the system's
    resolver. Raises ResolveError, after ``timeout`` seconds at the latest, whatever the resolver does; UsageError
    where ``resolve`` holds something else than addresses.
    """
    given = {host_name(name): given for name, given in (resolve or {}).items()}.get(host)
    if given is None and is_literal(host):
        given = [host]  # needs no resolver, nor a thread to wait for one
    if given is None and dns is not None:
        from certready.net.dns import host_addresses

        given = host_addresses(host, dns, timeout=timeout).addresses
    if given is not None:
        found = tuple(Address(*_numeric(address, port)) for address in given)
    else:
        found = _system(host, port, timeout)
    if not found:
        raise ResolveError(f"{host} has no address.")
    wanted = {one.text: one for one in found if one.family in _FAMILIES[family]}
    if not wanted:
        raise ResolveError(f"{host} has no {'IPv4' if family == 'ipv4' else 'IPv6'} address.")
    return tuple(wanted.values())


def _system(host: str, port: int, timeout: float) -> tuple[Address, ...]:
    """What the system's resolver says. Raises ResolveError."""

    def look_up() -> list[Any]:
        return socket.getaddrinfo(host.encode("ascii"), port, type=socket.SOCK_STREAM)

    try:
        found = within(timeout, look_up)
    except TimeoutError:
        raise ResolveError(f"The resolver did not answer for {host} within {timeout:g} s.") from None
    except socket.gaierror as error:
        raise ResolveError(_resolver_sentence(host, error)) from None
    except (OSError, ValueError) as error:
        raise ResolveError(f"{host} cannot be looked up: {str(error)!a}.") from None
    return tuple(Address(family, sockaddr) for family, _, _, _, sockaddr in found if family in _FAMILIES["any"])


def greeting_name(local: str) -> str:
    """The name to send in EHLO from the local address ``local``: this machine's own name where it is a full one, else
    the address in brackets (RFC 5321, 4.1.4 and 4.1.3). Never a "localhost" that means nothing to the other side."""
    name = socket.gethostname().lower().removesuffix(".")  # getfqdn would ask DNS and may block for a minute
    labels = name.split(".")
    honest = len(labels) > 1 and "localhost" not in labels and labels[-1] != "localdomain"
    if honest and not labels[-1].isdigit() and all(_LABEL.fullmatch(label) for label in labels):
        return name
    plain = local.partition("%")[0]
    return f"[IPv6:{plain}]" if ":" in plain else f"[{plain}]"


def within(seconds: float, work: Callable[[], T]) -> T:
    """``work()``, or TimeoutError after so many seconds; the work is then left behind in a daemon thread, so that a
    resolver that hangs delays nobody's exit."""
    results: list[T] = []
    errors: list[Exception] = []

    def run() -> None:
        try:
            results.append(work())
        except Exception as error:  # noqa: BLE001 - raised again in the caller's thread
            errors.append(error)

    thread = threading.Thread(target=run, name="certready-resolve", daemon=True)
    thread.start()
    thread.join(seconds)
    if errors:
        raise errors[0]
    if not results:
        raise TimeoutError
    return results[0]


def in_parallel(work: Sequence[Callable[[], T]]) -> list[T]:
    """The results of calls that end by themselves, made at the same time, in order. Raises what one of them raised."""
    if len(work) == 1:
        return [work[0]()]
    results: dict[int, T] = {}
    errors: list[Exception] = []

    def run(index: int) -> None:
        try:
            results[index] = work[index]()
        except Exception as error:  # noqa: BLE001 - raised again in the caller's thread
            errors.append(error)

    threads = [
        threading.Thread(target=run, args=(index,), name="certready-resolve", daemon=True) for index in range(len(work))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
    return [results[index] for index in range(len(work))]


def _numeric(address: str, port: int) -> tuple[int, tuple[Any, ...]]:
    plain = address.strip("[]")
    if not is_literal(plain):
        raise UsageError(
            f"{address[:80]!a} is no IP address.", hint="Name addresses, such as gw.contoso.com=192.0.2.1."
        )
    try:
        found = socket.getaddrinfo(plain.encode("ascii"), port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
    except OSError as error:
        raise ResolveError(f"This machine has no use for the address {plain}: {error!s}.") from None
    return found[0][0], found[0][4]


def _resolver_sentence(host: str, error: socket.gaierror) -> str:
    missing = {socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)}
    if error.errno in missing:
        return f"{host} does not exist in DNS, or has no address (NXDOMAIN)."
    if error.errno == socket.EAI_AGAIN:
        return f"The resolver could not answer for {host}: its DNS servers fail, or there is no network here."
    return f"{host} cannot be resolved: {error.strerror or error.errno!a}."


def _to_ascii(host: str) -> str:
    import idna

    try:
        return idna.encode(host, uts46=True).decode("ascii")
    except idna.IDNAError:
        raise _not_a_host(host) from None


def _not_a_host(host: str) -> UsageError:
    return UsageError(
        f"{host[:80]!a} is neither a host name nor an IP address.",
        hint="Name the gateway as gw.contoso.com, 192.0.2.1 or [2001:db8::1].",
    )
