"""An address at which no TLS came up: whether it is known to offer none, and how that is said, wherever it matters."""

from __future__ import annotations

from certready.model import Endpoint


def offers_none(endpoint: Endpoint) -> bool:
    """Whether it answered EHLO cleanly without STARTTLS: no firewall wrote over the word, and nothing was refused."""
    if endpoint.trouble != "no-starttls" or endpoint.stage != "ehlo" or (endpoint.reply or "").startswith("5"):
        return False
    from certready.smtp.starttls import masked

    return not masked(endpoint.reply)


def without_tls(endpoint: Endpoint) -> str:
    """A clause about an address where no TLS came up: that it offers none is said only where that is known."""
    what = f"{endpoint.name} offers no TLS" if offers_none(endpoint) else f"no TLS came up with {endpoint.name}"
    return f"{what}: {endpoint.error or 'no reason is known.'}"
