"""How a host is reached and asked: the options of every command that asks one, and what they mean."""

from typing import TYPE_CHECKING

from msgspec import Struct

from certready.cli.shared import Dns, Ehlo, Gentle, IPv4, IPv6, Protocol, Resolve, Sni
from certready.errors import UsageError

if TYPE_CHECKING:
    from certready.net.gateway import How
    from certready.net.resolve import Family


class Connection(Struct, frozen=True):
    """The options as typed; the order is that of the help."""

    protocol: Protocol = "smtp"
    resolve: Resolve = ()
    dns: Dns = None
    ehlo: Ehlo = None
    sni: Sni = None
    ipv4: IPv4 = False
    ipv6: IPv6 = False
    gentle: Gentle = False


def how_asked(connection: Connection, timeout: float) -> "How":
    """How gateways are asked. Raises UsageError for options that contradict each other or cannot be read."""
    from certready.net.gateway import How

    if connection.ipv4 and connection.ipv6:
        raise UsageError("-4 and -6 exclude each other.", hint="Leave both out to probe every address.")
    server = None
    if connection.dns:
        from certready.net.dns import nameserver

        server = nameserver(connection.dns)
    family: Family = "ipv4" if connection.ipv4 else "ipv6" if connection.ipv6 else "any"
    return How(
        connection.protocol,
        connection.ehlo,
        connection.sni,
        timeout,
        _resolved(connection.resolve),
        family,
        server,
        connection.gentle,
    )


def _resolved(texts: tuple[str, ...]) -> dict[str, list[str]]:
    """``HOST=IP`` as addresses by host name. Raises UsageError."""
    from certready.net.names import host_name

    addresses: dict[str, list[str]] = {}
    for text in texts:
        host, separator, address = text.partition("=")
        if not separator or not address:
            raise UsageError(
                f"--resolve {text[:80]!a} is not HOST=IP.",
                hint="Write --resolve gw.contoso.com=192.0.2.1, once per address.",
            )
        addresses.setdefault(host_name(host), []).append(address)
    return addresses
