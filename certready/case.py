"""Evidence, and what follows from it: every derived fact once, here, for whoever asks. Pure.

Gathering asks a case whose revocation matters, checks ask it what to look at, the report what was judged. None of them
derives such a fact by itself, because two derivations of one fact drift apart.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import pairwise

from msgspec import Struct
from msgspec.structs import replace

from certready import clock, path
from certready.exchange import Accepted, Selection, accepted_of, match_of, select
from certready.exchange.matching import NO_MATCH, Match
from certready.model import Chain, Connector, Evidence, Options, Planned, Tenant
from certready.model.report import RevocationResult
from certready.path import Judgement
from certready.x509.certificate import Certificate, told_apart
from certready.x509.kept import cached_property
from certready.x509.leaves import groups, leaves
from certready.x509.signature import signed_by

Link = tuple[Certificate, Certificate]
"""A certificate and its issuer."""


# What a case keeps that rests on where chains lead, and on nothing else.
_OF_PATHS = ("chains", "_labels", "bearers", "names", "links", "hopeful", "revocable")


class Bearer(Struct, frozen=True):
    """Names that are compared: those of a chain's leaf, or (``chain`` None) those that are planned.

    ``who`` is what bears them, for a sentence; ``unread`` a clause about names that cannot be read, as long as which no
    name is known to be absent; ``excluded`` are CNs that name constraints of the chain exclude.
    """

    names: tuple[str, ...]
    label: str
    who: str = "the certificate"
    unread: str | None = None
    excluded: tuple[str, ...] = ()
    chain: Chain | None = None


class Revocable(Struct, frozen=True):
    """A certificate that somebody could revoke, its issuer on the path (None: not known), and the ids of the chains it
    is part of; ``label`` is what it is called in sentences."""

    certificate: Certificate
    issuer: Certificate | None
    chains: tuple[str, ...]
    label: str


class Case:
    """One piece of evidence with everything that follows from it, each derived when first asked for and kept.

    It is made anew wherever evidence changes, which costs nothing until something is asked, or :meth:`over` it.
    """

    def __init__(self, evidence: Evidence) -> None:
        self.evidence = evidence
        self._selections: dict[Bearer, Selection] = {}
        self._judgements: dict[int, tuple[Chain, Judgement]] = {}

    def over(self, evidence: Evidence) -> Case:
        """The case of other evidence. Where nothing differs by which chains lead anywhere, as where answers came in,
        what is known of their paths stays known."""
        if evidence is self.evidence:
            return self
        case, before = Case(evidence), self.evidence
        if (
            evidence.chains is before.chains
            and evidence.known is before.known
            and evidence.roots is before.roots
            and evidence.planned is before.planned
            and evidence.evaluated_at == before.evaluated_at
        ):
            case._judgements = self._judgements
            case.__dict__.update((name, self.__dict__[name]) for name in _OF_PATHS if name in self.__dict__)
        return case

    @cached_property
    def chains(self) -> tuple[Chain, ...]:
        """The chains that are judged: of a file one for each leaf in it (contract, "Which certificate is judged"), on
        the wire whatever came first."""
        return tuple(_numbered(single for chain in self.evidence.chains for single in _by_leaf(chain)))

    @property
    def options(self) -> Options:
        return self.evidence.options

    @property
    def evaluated_at(self) -> datetime:
        """The moment the verdict is for, aware."""
        return self.evidence.evaluated_at

    def chain(self, chain_id: str) -> Chain:
        """The judged chain with this id. Raises KeyError where there is none."""
        return {chain.id: chain for chain in self.chains}[chain_id]

    # -- certificates ---------------------------------------------------------------------------------------------

    def label(self, certificate: Certificate) -> str:
        """What a certificate is called in sentences: with its serial number where another leaf that is judged has its
        name."""
        label = certificate.parsed.label
        return self._labels.get(certificate, label) if len(self.chains) > 1 else label

    @cached_property
    def _labels(self) -> dict[Certificate, str]:
        leaves = tuple(dict.fromkeys(chain.leaf_certificate for chain in self.chains))
        return dict(zip(leaves, told_apart(leaves), strict=True))

    def leaves(self, chain: Chain) -> tuple[Certificate, ...]:
        """The end-entity certificates of a chain, the judged one among them; of a host, what it presented."""
        ends = leaves(chain.certificates, chain.keys)
        return ends if chain.container != "tls" or ends else (chain.leaf_certificate,)

    def judgement(self, chain: Chain) -> Judgement:
        """Where a chain leads as sent, at the moment of the verdict; also of one that is only shown."""
        held = self._judgements.get(id(chain))  # to hash a chain costs as much as to look at its certificates
        if held is None:
            held = chain, path.judge(chain, self._known, self.evidence.roots, self.evaluated_at)
            self._judgements[id(chain)] = held  # with the chain, so that its place is not another's
        return held[1]

    def full_path(self, chain: Chain) -> tuple[Certificate, ...]:
        """The longest certain account of who issued whom, leaf first: the repaired path, else the path as sent."""
        judgement = self.judgement(chain)
        return judgement.repaired or judgement.path

    @cached_property
    def bearers(self) -> tuple[Bearer, ...]:
        """Whose names are compared with connectors: every judged leaf, or what is planned in its place."""
        return (*map(self._bearer, self.chains), *map(_planned, self.evidence.planned))

    def _bearer(self, chain: Chain) -> Bearer:
        leaf = chain.leaf_certificate.parsed
        excluded = path.excluded_names(self.full_path(chain))
        return Bearer(
            leaf.names,
            self.label(chain.leaf_certificate),
            unread=leaf.error or leaf.names_unreadable,
            excluded=excluded,
            chain=chain,
        )

    @cached_property
    def names(self) -> tuple[str, ...]:
        """CNs and DNS names of every judged leaf, or the planned ones, as written there."""
        return tuple(name for bearer in self.bearers for name in bearer.names)

    @cached_property
    def links(self) -> tuple[Link, ...]:
        """Each (certificate, issuer) of every path, once: those whose revocation matters."""
        return tuple(dict.fromkeys(link for chain in self.chains for link in pairwise(self.full_path(chain))))

    @cached_property
    def hopeful(self) -> frozenset[str]:
        """The SHA-256s of the certificates of every chain that may pass, as far as path and expiry are concerned."""
        return frozenset(
            certificate.sha256
            for chain in self.chains
            if self.judgement(chain).outcome in ("trusted", "unreadable", "too-complex")
            and chain.leaf_certificate.parsed.not_after >= self.evaluated_at
            for certificate in self.full_path(chain)
        )

    @cached_property
    def revocable(self) -> tuple[Revocable, ...]:
        """Every certificate of every path but anchors and self-signed ends, once, leaf first."""
        revocable: dict[Certificate, Revocable] = {}
        anchors = {root.certificate for root in self.evidence.roots}
        for chain in self.chains:
            members = self.full_path(chain)
            for certificate, issuer in zip(members, (*members[1:], None), strict=True):
                if issuer is None and (
                    certificate in anchors or signed_by(certificate, certificate) in ("valid", "weak")
                ):
                    continue
                before = revocable.get(certificate, Revocable(certificate, issuer, (), self.label(certificate)))
                chains = tuple(dict.fromkeys((*before.chains, chain.id)))
                revocable[certificate] = Revocable(certificate, before.issuer or issuer, chains, before.label)
        return tuple(revocable.values())

    @cached_property
    def heard(self) -> tuple[tuple[Revocable, tuple[RevocationResult, ...]], ...]:
        """What every source is worth for each certificate that could be revoked, in the order of ``revocable``."""
        from certready.revocation.sources import heard

        return tuple(
            (subject, tuple(heard(self.evidence, subject.certificate, subject.issuer))) for subject in self.revocable
        )

    @cached_property
    def clocks(self) -> tuple[clock.Reading, ...]:
        """What the clocks of others said when the evidence was gathered."""
        made = (result for _, results in self.heard for result in results if result.source in ("network", "handshake"))
        return clock.readings(self.evidence, [result for result in made if result.status != "invalid"])

    @cached_property
    def unnamed_chains(self) -> frozenset[str]:
        """The ids of chains that were seen only where no server was named though there is a name: whether Exchange
        Online ever sees them is not known."""
        endpoints = self.evidence.endpoints
        without = {
            handshake.chain
            for each in endpoints
            for handshake in each.handshakes
            if handshake.question.startswith("no-name")
        }
        named = {
            handshake.chain
            for each in endpoints
            for handshake in each.handshakes
            if not handshake.question.startswith("no-name")
        }
        named |= {each.chain for each in endpoints}
        return frozenset(chain for chain in without - named if chain)

    # -- connectors -----------------------------------------------------------------------------------------------

    @cached_property
    def tenant(self) -> Tenant:
        """The connectors that are candidates, the accepted domains, and when they were exported."""
        given = self.evidence
        return Tenant(given.connectors, given.accepted_domains, exported_at=given.exported_at)

    @cached_property
    def accepted(self) -> Accepted | None:
        """The accepted domains, normalised; None where they are not known."""
        return accepted_of(self.tenant)

    @cached_property
    def selection(self) -> Selection:
        """Which connectors are judged for any of the leaves. A connector that is there is judged, ``certificate_only``
        or not."""
        if self.evidence.named or not self.bearers:
            return select(self.tenant, self.options.role, (), named=self.evidence.named)
        each = [self.selection_for(bearer) for bearer in self.bearers]
        judged = {connector for selection in each for connector in selection.judged}
        return Selection(
            tuple(connector for connector in self.tenant.connectors if connector in judged),
            tuple(connector for connector in self.tenant.connectors if connector not in judged),
        )

    def selection_for(self, bearer: Bearer) -> Selection:
        """Which connectors are judged for these names: Exchange Online chooses by the certificate it is shown."""
        if self.evidence.named:
            return self.selection
        if bearer not in self._selections:
            self._selections[bearer] = select(
                self.tenant, self.options.role, bearer.names, named=self.evidence.named, accepted=self.accepted
            )
        return self._selections[bearer]

    def match(self, connector: Connector) -> Match | None:
        """How the leaf that fits the connector least well meets its value: kind ``none`` where that is malformed or
        there is no leaf, None where the connector compares no value."""
        if not connector.value:
            return None
        matches = [match_of(connector, bearer.names) for bearer in self.bearers]
        return max(matches, key=lambda match: match.rank, default=NO_MATCH)

    @cached_property
    def _known(self) -> tuple[Certificate, ...]:
        return tuple(known.certificate for known in self.evidence.known)


def _planned(planned: Planned) -> Bearer:
    label = planned.request or ", ".join(planned.names)
    return Bearer(planned.names, label, "the planned certificate", planned.unreadable)


def _by_leaf(chain: Chain) -> Iterator[Chain]:
    if chain.container == "tls":
        yield chain
        return
    for group in groups(chain.certificates, chain.keys):
        yield replace(chain, certificates=group.certificates, leaf=group.leaf, keys=group.keys)


def _numbered(chains: Iterable[Chain]) -> Iterator[Chain]:
    """Each under an id of its own: where one became several, the later ones are c1-2, c1-3 and so on."""
    count: dict[str, int] = {}
    for chain in chains:
        number = count[chain.id] = count.get(chain.id, 0) + 1
        yield chain if number == 1 else replace(chain, id=f"{chain.id}-{number}")
