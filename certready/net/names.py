"""The names of hosts: as they are asked for, as TLS sends them, and the one this machine greets with. No look-ups."""

from __future__ import annotations

import ipaddress
import re
import socket
from functools import lru_cache

from certready.errors import UsageError

_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")


@lru_cache(maxsize=1024)
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


@lru_cache(maxsize=1024)
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
