"""What people type, in options and in inventories: words, host names, domains, places."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from msgspec.structs import replace

from certready import directories
from certready.errors import UsageError
from certready.model import AcceptedDomain, Tenant

_ENDINGS = (".pem", ".crt", ".cer", ".der", ".pfx", ".p12", ".p7b", ".json")


def word(text: str, choices: Sequence[str]) -> str | None:
    """The choice that this is, in any case and either spelling, None where it is none.

    ``DomainValidation``, as Exchange's cmdlets print it, is ``domain-validation``.
    """
    plain = {choice.replace("-", ""): choice for choice in choices}
    return plain.get(text.strip().lower().replace("-", "").replace("_", ""))


def hostname(text: str | None, where: str = "--hostname") -> str | None:
    """The host name as an A-label, or None. Raises UsageError for a text that is not a host name."""
    if text is None:
        return None
    from certready.exchange.matching import a_label

    name = a_label(text)
    if name is None or name.startswith("*"):
        raise UsageError(
            f"{where} {text[:80]!r} is not a host name.", hint="Write the name alone, such as mail.contoso.com."
        )
    return name


def accepting(tenant: Tenant, domains: Sequence[str], where: str = "--accepted-domain") -> Tenant:
    """The tenant with these further accepted domains. Raises UsageError for a text that is not a domain."""
    if not domains:
        return tenant
    from certready.exchange.matching import a_label

    labels = []
    for text in domains:
        label = a_label(text)
        if label is None or label.startswith("*"):
            raise UsageError(
                f"{where} {text[:80]!r} is not a domain.", hint="Write the domain alone, such as contoso.com."
            )
        labels.append(label)
    return replace(tenant, accepted_domains=(*(tenant.accepted_domains or ()), *map(AcceptedDomain, labels)))


def names_a_host(place: str, folder: Path = Path()) -> bool:
    """Whether this is a host, not a file, there or missing: nothing of that name lies in the folder, and it has no path
    separator and no certificate's ending. ``-`` is standard input."""
    if place == "-" or set("/\\") & set(place) or place.lower().endswith(_ENDINGS):
        return False
    return not directories.holds(folder / place)


def host_and_port(text: str) -> tuple[str, int | None]:
    """``HOST``, ``HOST:PORT``, ``[IPv6]:PORT`` or a bare IPv6 address. Raises UsageError for anything else."""
    text = text.strip()
    if text.startswith("["):
        host, closed, rest = text[1:].partition("]")
        port = rest.removeprefix(":")
        wrong = not closed or (bool(rest) and not (rest.startswith(":") and port))
    elif text.count(":") > 1:
        return text, None
    else:
        host, separator, port = text.partition(":")
        wrong = bool(separator) and not port
    number = port_number(port)
    if wrong or not host or (port and number is None):
        raise UsageError(
            f"{text[:80]!r} is not HOST[:PORT].", hint="Write mail.contoso.com, mail.contoso.com:25 or [::1]:25."
        )
    return host, number


def port_number(text: str) -> int | None:
    """The port in these digits, None where they are no port's."""
    digits = text.lstrip("0")  # of which there may be thousands, too many for int
    number = int(digits) if text.isascii() and text.isdigit() and 0 < len(digits) < 6 else 0
    return number if 0 < number < 65536 else None


def bind_address(text: str, where: str) -> tuple[str, int]:
    """``ADDR:PORT`` to listen on; port 0 takes a free one. ``where`` is the option. Raises UsageError."""
    free = text.endswith(":0")
    try:
        host, port = host_and_port(f"{text.removesuffix(':0')}:1" if free else text)
    except UsageError:
        port = None
    if port is None:
        raise UsageError(
            f"{where} {text[:80]!a} is not ADDR:PORT.",
            hint=f"Write {where} 127.0.0.1:8080, or [::]:8080 for all addresses.",
        )
    return host, 0 if free else port


_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def duration(text: str, where: str) -> timedelta:
    """``90s``, ``30m``, ``6h`` or ``7d``; ``where`` is what it was given for. Raises UsageError."""
    number, unit = text.strip()[:-1], text.strip()[-1:].lower()
    if unit not in _UNITS or not (number.isascii() and number.isdigit() and len(number) < 8 and int(number)):
        raise UsageError(f"{where} {text[:80]!a} is not a length of time.", hint="Write 90s, 30m, 6h or 7d.")
    return timedelta(seconds=int(number) * _UNITS[unit])
