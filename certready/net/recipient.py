"""Where the mail of a rehearsal's recipient goes, by DNS."""

from __future__ import annotations

from functools import partial

from certready.errors import UsageError
from certready.exchange.recipient import names_microsoft
from certready.model.dialogue import Rehearsal
from certready.net.dns import Nameserver, ResolveError, domain_name, exchangers, texts
from certready.net.threads import in_parallel

MAX_TEXTS = 8


def look_up(recipient: str, server: Nameserver, *, timeout: float) -> Rehearsal:
    """What DNS says of the domain of an address, within ``timeout`` seconds; what it does not say is in ``error``.

    Only a failure to look the MX up is an error: a TXT record can add a doubt, and its lack takes none away.
    """
    domain = recipient.rpartition("@")[2].lower()
    try:
        name = domain_name(domain)
    except UsageError:
        return Rehearsal(False, domain, error=f"{domain} is no mail domain, so it has no MX to look up.")
    mail, signs = in_parallel(
        [partial(question, name, server, timeout) for question in (_exchangers, _signs)], "recipient"
    )
    if isinstance(mail, ResolveError):
        return Rehearsal(False, domain, error=str(mail))
    return Rehearsal(False, domain, mail, () if isinstance(signs, ResolveError) else signs)


def _exchangers(domain: str, server: Nameserver, timeout: float) -> tuple[str, ...] | ResolveError:
    try:
        return tuple(dict.fromkeys(exchanger.host for exchanger in exchangers(domain, server, timeout=timeout)))
    except ResolveError as error:
        return error


def _signs(domain: str, server: Nameserver, timeout: float) -> tuple[str, ...] | ResolveError:
    try:
        return tuple(text for text in texts(domain, server, timeout=timeout) if names_microsoft(text))[:MAX_TEXTS]
    except ResolveError as error:
        return error
