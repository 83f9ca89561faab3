"""The nouns of the remedies."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Literal

from msgspec import Struct

from certready.exchange import cmdlets, fitting_values
from certready.exchange.clouds import WORLDWIDE, Cloud
from certready.exchange.matching import a_label, registrable
from certready.model import AcceptedDomain, Connector
from certready.model.report import Finding
from certready.x509.certificate import Certificate

Where = Literal["exchange-online", "exchange-server", "seppmail", "postfix", "exim", "ca"]


class Remedy(Struct, frozen=True):
    """One thing to do in one place.

    ``title`` is the sentence that says what it achieves, ``where`` the system the ``lines`` belong to: PowerShell for
    ``exchange-online`` and ``exchange-server``, lines of configuration for ``postfix`` and ``exim``, a shell's for
    ``ca``; steps in words for ``seppmail`` and wherever a line begins with "# ". ``notes`` are sentences to read first.
    ``rules`` are the ids of the findings it answers. Angle brackets mark what only the administrator knows.
    """

    title: str
    where: Where
    lines: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()


class Situation(Struct, frozen=True):
    """What the remedies of one report may refer to: the leaf, its chain, the connectors, the accepted domains and, as
    those tell it, the cloud the tenant is in."""

    leaf: Certificate | None
    chain: tuple[Certificate, ...] = ()
    connectors: tuple[Connector, ...] = ()
    accepted_domains: tuple[AcceptedDomain, ...] | None = None
    hostname: str | None = None
    missing: tuple[Certificate, ...] = ()
    cloud: Cloud = WORLDWIDE


Build = Callable[[Situation, Finding], Iterable[Remedy]]
"""What makes the remedies of one finding."""


def fitting_value(situation: Situation) -> str | None:
    """A value the certificate satisfies with certainty, one whose domain is accepted before any other."""
    names = situation.leaf.parsed.names if situation.leaf else ()
    return next(iter(fitting_values(names, situation.accepted_domains)), None)


def host_of(situation: Situation) -> str:
    """The gateway's host name: the one given, else the first name that is a host of some domain."""
    names = situation.leaf.parsed.names if situation.leaf else ()
    hosts = [name for name in map(a_label, names) if name and registrable(name)]
    return situation.hostname or next(iter(hosts), cmdlets.GATEWAY)
