"""An SMTP dialogue, and what a rehearsal of one rests on, as evidence keeps it."""

from __future__ import annotations

from msgspec import Struct


class Exchange(Struct, frozen=True):
    """What the client said and what the server answered, printable ASCII; ``sent`` is empty for the banner.

    A rehearsal keeps its commands whole; of those a listener heard only the verb is kept, never an address.
    """

    sent: str
    reply: str


class Rehearsal(Struct, frozen=True):
    """What a smart host's answer to a rehearsal is worth rests on this.

    ``presented`` says that the client certificate was sent, which a client does only where it is asked and has one of
    a kind that the server takes. Of the recipient's ``domain`` DNS was asked where its mail goes: ``exchangers`` are
    the hosts of its MX records as written there, lower case (empty: it has none, "": a null MX), ``texts`` those of
    its TXT records that name Microsoft 365. ``error`` is the sentence where the MX could not be looked up.
    """

    presented: bool
    domain: str
    exchangers: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    error: str | None = None


# What stands in ``sent`` where the server answered the client certificate itself, with a TLS alert.
SHOWN = "(client certificate)"
