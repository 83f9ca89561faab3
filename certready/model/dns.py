"""What DNS answered, as it came: raw, so that its signatures can be verified again whenever it is judged."""

from __future__ import annotations

from msgspec import Struct


class DnsAnswer(Struct, frozen=True):
    """One question and its answer: ``name`` without a final dot ("." for the root), ``kind`` such as "TLSA".

    ``wire`` is the message as received, None where none came; ``error`` then says why, a clause.
    """

    name: str
    kind: str
    wire: bytes | None = None
    error: str | None = None


class Dane(Struct, frozen=True):
    """What was asked about DANE: of a mail ``domain`` every host that its MX names, else of these ``hosts``.

    ``port`` is that of the servers; DANE for SMTP is about 25. ``anchors`` are what trust begins with, lines such as
    ". DS 20326 8 2 E06D...", ``anchors_as_of`` their date, "" where a file gave them. ``answers`` are raw.
    """

    domain: str | None = None
    hosts: tuple[str, ...] = ()
    port: int = 25
    anchors: tuple[str, ...] = ()
    anchors_as_of: str = ""
    answers: tuple[DnsAnswer, ...] = ()
