"""Which outbound connector Exchange Online uses for a recipient, and why the others lose.

"Set up connectors to route mail" gives an ordered list (exact recipient domain, all accepted domains, wildcard) and a
worked example that contradicts it: mail to an accepted subdomain goes to the wildcard connector, because the most
specific one decides. The example, which states outcomes, is followed here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from certready.exchange.matching import a_label, under
from certready.model import AcceptedDomain, Connector, Tenant
from certready.wording import counted, listed

Standing = Literal["chosen", "equal", "less-specific", "disabled", "test-mode", "rule-only", "unclear", "other-domains"]
Pattern = Literal["exact", "wildcard", "accepted-domains", "every-domain"]

# The most specific first; a deeper wildcard goes before a shallower one.
_SPECIFIC: tuple[Pattern, ...] = ("exact", "wildcard", "accepted-domains", "every-domain")

_IN_USE = ("Enabled", "TestMode", "IsTransportRuleScoped")  # what decides whether recipients choose a connector at all

DISAGREEMENT = (
    "The Microsoft article's ordered list puts all accepted domains before wildcards, its own example the wildcard "
    "before all accepted domains; the example states outcomes, so the most specific connector is taken to win."
)
CENTRALIZED = (
    "RouteAllMessagesViaOnPremises is set on {names}: with centralized mail transport, mail to other domains goes "
    "through the on-premises servers first."
)


class Fit(Struct, frozen=True):
    """How a connector covers a recipient domain: by which kind of entry, and that entry as written (``text``).

    ``inferred`` says that no document states this reading, ``unclear`` that the entry may not hold.
    """

    pattern: Pattern
    text: str
    depth: int = 0
    inferred: bool = False
    unclear: bool = False

    @property
    def rank(self) -> tuple[int, int]:
        """Smaller is more specific."""
        return _SPECIFIC.index(self.pattern), -self.depth


class Considered(Struct, frozen=True):
    """One outbound connector, what became of it for this recipient, and the sentence that says why."""

    connector: Connector
    standing: Standing
    reason: str
    fit: Fit | None = None


class Route(Struct, frozen=True):
    """The answer for one recipient domain (an A-label). ``chosen`` is None where mail goes by the MX record, and where
    several connectors are equally specific or one that may cover the domain cannot be read (``certain`` is False)."""

    domain: str
    chosen: Connector | None
    certain: bool
    considered: tuple[Considered, ...]
    notes: tuple[str, ...]


def route(tenant: Tenant, domain: str) -> Route:
    """The outbound connector for mail to this domain (a normalised A-label name)."""
    outbound = [connector for connector in tenant.connectors if connector.direction == "outbound"]
    fits = [(connector, fit(connector, domain, tenant.accepted_domains)) for connector in outbound]
    open_to = [(connector, cover) for connector, cover in fits if cover and _shut(connector) is None]
    best = min((cover.rank for _, cover in open_to if not cover.unclear), default=None)
    winners = [(connector, cover) for connector, cover in open_to if cover.rank == best and not cover.unclear]
    doubtful = [connector for connector, cover in open_to if cover.unclear and (best is None or cover.rank <= best)]
    certain = len(winners) <= 1 and not doubtful
    considered = tuple(_considered(connector, cover, winners, certain=certain) for connector, cover in fits)
    chosen = winners[0][0] if winners and certain else None
    return Route(domain, chosen, certain, considered, tuple(_notes(open_to, outbound)))


def fit(connector: Connector, domain: str, accepted: Sequence[AcceptedDomain] | None) -> Fit | None:
    """How the connector covers the domain, by its most specific entry; None where it does not. ``accepted`` are the
    tenant's accepted domains, None where they are not known."""
    entries = [_entry(text, domain) for text in connector.recipient_domains]
    entries.append(_accepted_entry(connector, domain, accepted))
    if "RecipientDomains" in connector.unread:
        entries.append(Fit("exact", "RecipientDomains, which the export cut off,", unclear=True))
    nearest = min((entry for entry in entries if entry), key=lambda entry: (entry.unclear, entry.rank), default=None)
    lost = [name for name in _IN_USE if name in connector.unread]
    if nearest and lost:
        return replace(nearest, text=f"{nearest.text} ({listed(lost)} of the connector cannot be read)", unclear=True)
    return nearest


def _entry(text: str, domain: str) -> Fit | None:
    """One RecipientDomains entry (New-OutboundConnector: a domain, or ``*.`` for all its subdomains)."""
    if text == "*":
        return Fit("every-domain", text)
    name = a_label(text.removeprefix("*."))
    if name is None:
        return None
    if not text.startswith("*."):
        return Fit("exact", text) if name == domain else None
    if name == domain:  # the parameter says "all subdomains", the cmdlet's first example the domain as well
        return Fit("wildcard", text, depth=name.count(".") + 1, inferred=True)
    return Fit("wildcard", text, depth=name.count(".") + 1) if under(domain, name) else None


def _accepted_entry(connector: Connector, domain: str, accepted: Sequence[AcceptedDomain] | None) -> Fit | None:
    """AllAcceptedDomains, which is effective for OnPremises connectors only."""
    if connector.kind == "Partner":
        return None
    if "AllAcceptedDomains" in connector.unread:
        covers = _accepted_entry(replace(connector, all_accepted_domains=True, unread=()), domain, accepted)
        return covers and replace(covers, text="AllAcceptedDomains, which cannot be read,", unclear=True)
    if not connector.all_accepted_domains:
        return None
    if "ConnectorType" in connector.unread:
        return Fit("accepted-domains", "AllAcceptedDomains (the connector's type cannot be read)", unclear=True)
    if accepted is None:
        return Fit("accepted-domains", "AllAcceptedDomains (the file names no accepted domain)", unclear=True)
    if any(a_label(entry.name) == domain for entry in accepted):
        return Fit("accepted-domains", "AllAcceptedDomains")
    if any(entry.match_subdomains and under(domain, entry.name) for entry in accepted):
        return Fit("accepted-domains", "AllAcceptedDomains, through MatchSubDomains", inferred=True)
    return None


def _shut(connector: Connector) -> tuple[Standing, str] | None:
    """Why no recipient chooses the connector, None where one may."""
    if not connector.enabled:
        return "disabled", "it is disabled"
    if connector.test_mode:
        return "test-mode", "it is in test mode"
    if connector.transport_rule_scoped:
        return "rule-only", "a mail flow rule must name it (IsTransportRuleScoped); recipients do not choose it"
    return None


def _considered(
    connector: Connector, cover: Fit | None, winners: Sequence[tuple[Connector, Fit]], *, certain: bool
) -> Considered:
    if cover is None:
        return Considered(connector, "other-domains", f"It is for {_domains(connector)}.")
    by = f"Whether {cover.text} covers the domain is unknown" if cover.unclear else f"{cover.text} covers the domain"
    shut = _shut(connector)
    if shut:
        return Considered(connector, shut[0], f"{by}, but {shut[1]}.", cover)
    if cover.unclear:
        return Considered(connector, "unclear", f"{by}.", cover)
    inferred = " (only inferred)" if cover.inferred else ""
    if connector not in [winner for winner, _ in winners]:
        return Considered(connector, "less-specific", f"{by}{inferred}, but {winners[0][1].text} is nearer.", cover)
    if len(winners) > 1:
        others = counted(len(winners) - 1, "other")
        return Considered(connector, "equal", f"{by} as closely as {others}, and none wins.", cover)
    if not certain:
        return Considered(connector, "unclear", f"{by}, but another connector may cover it more closely.", cover)
    return Considered(connector, "chosen", f"{by}{inferred}, and nothing is nearer.", cover)


def _domains(connector: Connector) -> str:
    texts = [*connector.recipient_domains, *(["AllAcceptedDomains"] if connector.all_accepted_domains else [])]
    if "AllAcceptedDomains" in connector.unread:
        texts.append("perhaps all accepted domains")
    return listed(texts) or "no recipient domain"


def _notes(open_to: Sequence[tuple[Connector, Fit]], outbound: Sequence[Connector]) -> list[str]:
    patterns = {cover.pattern for _, cover in open_to}
    notes = [DISAGREEMENT] if {"wildcard", "accepted-domains"} <= patterns else []
    central = [connector.name for connector in outbound if connector.enabled and connector.route_via_on_premises]
    if central:
        notes.append(CENTRALIZED.format(names=listed([f"'{name}'" for name in central])))
    return notes
