"""The addresses of hosts: from the user, from a DNS server that was named, or from the system's resolver."""

from __future__ import annotations

import socket
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Literal

from msgspec import Struct

from certready.errors import UsageError
from certready.net.dns import Nameserver, ResolveError, host_addresses
from certready.net.names import host_name, is_literal
from certready.net.threads import within

Family = Literal["any", "ipv4", "ipv6"]
_FAMILIES: Mapping[Family, tuple[int, ...]] = MappingProxyType(
    {
        "any": (socket.AF_INET, socket.AF_INET6),
        "ipv4": (socket.AF_INET,),
        "ipv6": (socket.AF_INET6,),
    }
)


class Address(Struct, frozen=True):
    """One address of a host, ready for ``connect``; ``text`` is the address alone."""

    family: int
    sockaddr: tuple[Any, ...]

    @property
    def text(self) -> str:
        return str(self.sockaddr[0])


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
    given = given_for(host, resolve)
    if given is None and is_literal(host):
        given = [host]  # needs no resolver, nor a thread to wait for one
    if given is None and dns is not None:
        given = host_addresses(host, dns, timeout=timeout).addresses
    if given is not None:
        resolved = tuple(Address(*_numeric(address, port)) for address in given)
    else:
        resolved = _system(host, port, timeout)
    if not resolved:
        raise ResolveError(f"{host} has no address.")
    wanted = {address.text: address for address in resolved if address.family in _FAMILIES[family]}
    if not wanted:
        raise ResolveError(f"{host} has no {'IPv4' if family == 'ipv4' else 'IPv6'} address.")
    return tuple(wanted.values())


def given_for(host: str, resolve: Mapping[str, Sequence[str]] | None) -> Sequence[str] | None:
    """The addresses that ``resolve`` names for this host, however it spells the name. Raises UsageError."""
    return {host_name(name): given for name, given in (resolve or {}).items()}.get(host)


def _system(host: str, port: int, timeout: float) -> tuple[Address, ...]:
    """What the system's resolver says. Raises ResolveError."""

    def look_up() -> list[Any]:
        return socket.getaddrinfo(host.encode("ascii"), port, type=socket.SOCK_STREAM)

    try:
        entries = within(timeout, look_up, "resolve")
    except TimeoutError:
        raise ResolveError(f"The resolver did not answer for {host} within {timeout:g} s.") from None
    except socket.gaierror as error:
        raise ResolveError(_resolver_sentence(host, error)) from None
    except (OSError, ValueError) as error:
        raise ResolveError(f"{host} cannot be looked up: {str(error)!a}.") from None
    return tuple(Address(family, sockaddr) for family, _, _, _, sockaddr in entries if family in _FAMILIES["any"])


def _numeric(address: str, port: int) -> tuple[int, tuple[Any, ...]]:
    plain = address.strip("[]")
    if not is_literal(plain):
        raise UsageError(
            f"{address[:80]!a} is no IP address.", hint="Name addresses, such as gw.contoso.com=192.0.2.1."
        )
    try:
        entries = socket.getaddrinfo(plain.encode("ascii"), port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
    except OSError as error:
        raise ResolveError(f"This machine has no use for the address {plain}: {error!s}.") from None
    return entries[0][0], entries[0][4]


def _resolver_sentence(host: str, error: socket.gaierror) -> str:
    missing = {socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)}
    if error.errno in missing:
        return f"{host} does not exist in DNS, or has no address (NXDOMAIN)."
    if error.errno == socket.EAI_AGAIN:
        return f"The resolver could not answer for {host}: its DNS servers fail, or there is no network here."
    return f"{host} cannot be resolved: {error.strerror or error.errno!a}."
