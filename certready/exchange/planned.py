"""The names of a certificate that is still to be bought, as a bundle that can be compared with connectors."""

from __future__ import annotations

from certready.errors import UsageError
from certready.exchange.matching import parse_value, quoted
from certready.model import Bundle, Planned, Target
from certready.wording import listed


def planned(*names: str) -> Bundle:
    """What :func:`certready.check` judges before a certificate exists: names alone, which is never ready.

    Args:
        names: DNS names of one certificate, a wildcard such as ``*.contoso.com`` among them.

    Raises:
        UsageError: none was given, or one is no name that a certificate could carry.
    """
    if not names:
        raise UsageError("No name was given.", hint="Name what the certificate is to be issued for.")
    labels = tuple(dict.fromkeys(_name(name) for name in names))
    return Bundle(Target("planned", listed(labels)), (), planned=(Planned(labels),))


def _name(text: str) -> str:
    """One DNS name in lower-case A-labels. Raises UsageError."""
    try:
        value = parse_value("" if "<" in text else text)
    except ValueError:
        value = None
    if value is None or "." not in value.domain:
        raise UsageError(f"{quoted(text)} is not a DNS name.", hint="Write mail.contoso.com, or *.contoso.com.")
    return str(value)
