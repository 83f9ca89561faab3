"""One turn of an SMTP dialogue, as evidence keeps it."""

from __future__ import annotations

from msgspec import Struct


class Exchange(Struct, frozen=True):
    """What the client said and what the server answered, printable ASCII; ``sent`` is empty for the banner.

    A rehearsal keeps its commands whole; of those a listener heard only the verb is kept, never an address.
    """

    sent: str
    reply: str


# What stands in ``sent`` where the server answered the client certificate itself, with a TLS alert.
SHOWN = "(client certificate)"
