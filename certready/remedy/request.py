"""The request for a new certificate: its names and the openssl line that makes it."""

from __future__ import annotations

from collections.abc import Iterable

from certready.exchange.matching import a_label, dns_names, parse_value
from certready.model.remedy import Remedy

MAX_NAMES = 100  # beyond it Exchange may ignore every name (names.many-names)


def wanted_names(
    certificate_names: Iterable[str], values: Iterable[str] = (), hostname: str | None = None
) -> tuple[str, ...]:
    """The DNS names to ask for: what the connectors ask for first, the gateway's host name, then those it has today.

    Values that are no domain names are passed over; a wildcard value is asked for as it stands.
    """
    asked = []
    for value in values:
        try:
            asked.append(str(parse_value(value)))
        except ValueError:
            continue
    host = a_label(hostname) if hostname else None
    every = dict.fromkeys((*asked, *([host] if host else ()), *dns_names(certificate_names)))
    return tuple(every)[:MAX_NAMES]


def request(names: tuple[str, ...], title: str = "Request a new certificate.") -> Remedy:
    """``openssl req`` for a new RSA key and these names.

    The line is one for sh and for PowerShell alike: nothing in it needs more than the single quotation marks.
    """
    shown = names or ("<name of the gateway>",)
    common = next((name for name in shown if not name.startswith("*.") and len(name) <= 64), shown[0])
    alternative = ",".join(f"DNS:{name}" for name in shown)
    line = (
        "openssl req -new -newkey rsa:3072 -sha256 -keyout gateway-key.pem -out gateway.csr "
        f"-subj '/CN={common}' -addext 'subjectAltName={alternative}'"
    )
    notes = (
        f"The names to ask the CA for: {alternative}.",
        (
            "Order a TLS server certificate of a public CA whose root is in Microsoft's root programme; RSA is the "
            "safe choice of key. openssl asks for a password to protect the key; -noenc leaves it open."
        ),
    )
    return Remedy(title, "ca", (line,), notes, script_only=True)
