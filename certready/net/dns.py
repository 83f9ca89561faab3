"""What DNS says of a mail domain, through dnspython: where its mail goes, and the addresses of those hosts.

Only asked where ``--mx`` or ``--dns`` say so: otherwise the system's resolver does, which knows the hosts file too.
"""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from certready import bounds
from certready.errors import CertreadyError, UsageError
from certready.net.names import host_name, is_literal
from certready.net.threads import in_parallel
from certready.smtp.replies import printable
from certready.typed import port_number

if TYPE_CHECKING:
    import dns.resolver

MAX_EXCHANGERS = bounds.MAIL_HOSTS
UDP_WAIT = 2.0  # seconds after which a question is put again, at most a third of the time


class Nameserver(Struct, frozen=True):
    """A DNS server to ask: an IP address and a port; without an address those that the system is set up with."""

    address: str | None = None
    port: int = 53


class ResolveError(Exception):
    """The name leads to no address; the text is the sentence that says why."""


class NoSuchNameError(ResolveError):
    """DNS says that the name does not exist."""


class Located(Struct, frozen=True):
    """The addresses of a name, IPv4 first, and the ``canonical`` name where it is an alias (CNAME)."""

    addresses: tuple[str, ...]
    canonical: str | None = None


class Exchanger(Struct, frozen=True):
    """One MX record: the lower preference is tried first (RFC 5321, 5.1). ``host`` is as DNS wrote it, lower case."""

    preference: int
    host: str


def nameserver(text: str) -> Nameserver:
    """``ADDRESS``, ``ADDRESS:PORT``, ``[IPv6]:PORT`` or a bare IPv6 address. Raises UsageError."""
    bare = text.strip()
    address, port = bare, "53"
    if bare.startswith("["):
        address, _, rest = bare[1:].partition("]")
        port = rest.removeprefix(":") if rest.startswith(":") else rest or "53"
    elif bare.count(":") == 1:
        address, _, port = bare.partition(":")
    number = port_number(port)
    if not is_literal(address) or number is None:
        raise UsageError(f"{text[:80]!a} is no DNS server.", hint="Name its address, such as 192.0.2.53 or [::1]:5353.")
    return Nameserver(address, number)


def exchangers(domain: str, server: Nameserver, *, timeout: float) -> tuple[Exchanger, ...]:
    """The MX records of a domain (as from ``host_name``) in order of preference; empty where it has none.

    A null MX (RFC 7505) is one Exchanger whose host is "". Raises ResolveError for a domain that does not exist, and
    where DNS fails or does not answer within ``timeout`` seconds.
    """
    records = [
        Exchanger(int(record.preference), record.exchange.to_text(omit_final_dot=True).lower())
        for record in _ask(domain, "MX", server, timeout)[0]
    ]
    normalised = (Exchanger(record.preference, "" if record.host in (".", "@") else record.host) for record in records)
    return tuple(
        sorted(dict.fromkeys(normalised), key=lambda exchanger: (exchanger.preference, exchanger.host))[:MAX_EXCHANGERS]
    )


def texts(domain: str, server: Nameserver, *, timeout: float) -> tuple[str, ...]:
    """The TXT records of a domain, the strings of each joined, printable ASCII. Raises ResolveError."""
    return tuple(printable(b"".join(record.strings)) for record in _ask(domain, "TXT", server, timeout)[0])


def host_addresses(host: str, server: Nameserver, *, timeout: float) -> Located:
    """Every A and AAAA record of a host, both asked for at once. Raises ResolveError where neither gives an address."""
    results = in_parallel([partial(_addresses, host, kind, server, timeout) for kind in ("A", "AAAA")], "dns")
    located = [result for result in results if isinstance(result, Located)]
    addresses = tuple(dict.fromkeys(address for result in located for address in result.addresses))
    errors = [result for result in results if isinstance(result, ResolveError)]
    if addresses:
        return Located(addresses, next((result.canonical for result in located if result.canonical), None))
    raise errors[0] if errors else ResolveError(f"{host} has no address: neither an A nor an AAAA record.")


def _addresses(host: str, kind: str, server: Nameserver, timeout: float) -> Located | ResolveError:
    try:
        records, canonical = _ask(host, kind, server, timeout)
    except ResolveError as error:
        return error
    ordered = sorted(ipaddress.ip_address(record.to_text()) for record in records)  # servers rotate them
    return Located(tuple(map(str, ordered)), canonical)


def _ask(name: str, kind: str, server: Nameserver, timeout: float) -> tuple[Sequence[Any], str | None]:
    """The records of a kind (empty where the name has none) and the name's alias. Raises ResolveError."""
    asking = resolver(server, timeout)
    import dns.exception
    import dns.resolver

    began = time.monotonic()
    try:
        answer = asking.resolve(f"{name}.", kind, search=False, raise_on_no_answer=False)
    except dns.resolver.NXDOMAIN:
        raise NoSuchNameError(f"{name} does not exist in DNS (NXDOMAIN).") from None
    except dns.resolver.NoNameservers as error:
        raise ResolveError(_no_answer(name, kind, [entry[3] for entry in error.kwargs["errors"]])) from None
    except dns.exception.Timeout:
        waited = min(timeout, time.monotonic() - began)
        raise ResolveError(f"DNS did not answer for the {kind} records of {name} within {waited:.2g} s.") from None
    except (dns.exception.DNSException, OSError, ValueError) as error:
        raise ResolveError(f"{name} cannot be looked up in DNS ({type(error).__name__}).") from None
    alias = answer.canonical_name.to_text(omit_final_dot=True).lower()
    return tuple(answer.rrset or ()), alias if alias != name else None


def _no_answer(name: str, kind: str, troubles: Sequence[object]) -> str:
    """Why no server gave a usable answer. ``troubles`` holds what came of each attempt: a response code as text, or an
    exception."""
    import dns.message

    if any(isinstance(trouble, dns.message.ChainTooLong) for trouble in troubles):
        return f"The aliases (CNAME) of {name} lead in a circle or too far, so it has no {kind} records."
    if any(isinstance(trouble, dns.message.Truncated) for trouble in troubles):
        return (
            f"The answer about the {kind} records of {name} is too long for UDP, and none came over TCP: a firewall "
            "may block TCP port 53."
        )
    codes = dict.fromkeys(trouble for trouble in troubles if isinstance(trouble, str))
    if codes:
        return f"DNS cannot answer for the {kind} records of {name}: its servers fail or refuse ({', '.join(codes)})."
    kinds = dict.fromkeys(type(trouble).__name__ for trouble in troubles)
    return f"No DNS server gave a usable answer about the {kind} records of {name} ({', '.join(kinds)})."


def resolver(server: Nameserver, timeout: float) -> dns.resolver.Resolver:
    """dnspython's resolver that asks this server, or those that the system is set up with.

    Raises ResolveError where the system is set up with none, CertreadyError where dnspython is missing.
    """
    try:
        import dns.exception
        import dns.resolver
    except ImportError:
        raise CertreadyError(
            "Looking into DNS needs dnspython, which is not installed.",
            hint="Run: pip install dnspython; or name the hosts themselves.",
        ) from None
    try:
        configured = dns.resolver.Resolver(configure=server.address is None)
    except (dns.exception.DNSException, OSError):
        raise ResolveError("This machine is set up with no DNS server; name one with --dns.") from None
    if server.address is not None:
        configured.nameservers = [server.address]
        configured.port = server.port
    configured.lifetime = timeout
    configured.timeout = min(UDP_WAIT, timeout / 3)
    return configured


def domain_name(text: str) -> str:
    """A mail domain as an A-label name. Raises UsageError."""
    name = host_name(text)
    if is_literal(name):
        raise UsageError(f"{text[:80]!a} is an address and has no MX.", hint="Name a mail domain: --mx contoso.com.")
    return name
