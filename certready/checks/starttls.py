"""Whether an address is known to offer no STARTTLS, as several checks ask."""

from __future__ import annotations

from certready.model import Endpoint


def offers_none(endpoint: Endpoint) -> bool:
    """Whether it answered EHLO cleanly without STARTTLS: no firewall wrote over the word, and nothing was refused."""
    if endpoint.trouble != "no-starttls" or endpoint.stage != "ehlo" or (endpoint.reply or "").startswith("5"):
        return False
    from certready.smtp.starttls import masked

    return not masked(endpoint.reply)
