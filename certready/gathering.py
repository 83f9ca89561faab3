"""The way from a bundle to a report: gather the evidence, then judge it.

``gather`` is the only half that touches the world, and only through the fetcher and the root store it is handed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from itertools import pairwise

from msgspec import Struct, field
from msgspec.structs import replace

from certready._version import __version__
from certready.case import Case
from certready.errors import CertreadyError
from certready.exchange.accepted import as_accepted
from certready.judging import judge
from certready.model import (
    AcceptedDomain,
    Answer,
    Ask,
    Bundle,
    Chain,
    Connector,
    Elsewhere,
    Evidence,
    Fetched,
    Fetcher,
    Known,
    Options,
    Reply,
    RootStore,
    Tenant,
)
from certready.model.report import Report
from certready.revocation import Question, questions, relevant
from certready.revocation.answers import answers, doubtful

__all__ = ["Supplied", "check", "gather", "judge"]

AIA_LIMIT = 1024 * 1024
ROUNDS = 2  # what is fetched may show whose revocation to ask for; nothing learnt after that is worth the wait
AIA_CERTIFICATES = 20


class Supplied(Struct, frozen=True):
    """What the user hands in beside the bundle: intermediates, and CRLs and OCSP answers as bytes."""

    intermediates: tuple[Known, ...] = ()
    crls: tuple[bytes, ...] = ()
    ocsp_answers: tuple[bytes, ...] = ()


def check(
    bundle: Bundle,
    connector: Connector | Sequence[Connector] | Tenant | None = None,
    *,
    now: datetime,
    roots: RootStore,
    fetcher: Fetcher | None = None,
    accepted_domains: Sequence[str | AcceptedDomain] | None = None,
    named: bool | None = None,
    options: Options = Options(),  # noqa: B008 - frozen
    supplied: Supplied = Supplied(),  # noqa: B008 - frozen
    others: Callable[[], Sequence[RootStore]] = tuple,
    progress: Callable[[str], None] | None = None,
) -> Report:
    """Will Exchange Online accept this bundle for this connector?

    Args:
        bundle: what :func:`certready.load` or :func:`certready.fetch` returned.
        connector: one connector, several (the worst decides), a whole tenant, or None.
        now: the present, aware; ``options.at`` moves the judgement, not the gathering.
        roots: a root store out of :func:`certready.load_roots`.
        fetcher: fetches OCSP answers, CRLs and missing issuers; None never touches the network.
        accepted_domains: the tenant's accepted domains, None where they are not known; those of a :class:`Tenant` are
            its own.
        named: whether each of the connectors was chosen and is judged. False where they are a whole tenant's, of which
            the best match is judged, as it is with a :class:`Tenant` unless said otherwise.
        options: mode of revocation, strictness, moment and so on.
        supplied: intermediates, CRLs and OCSP answers at hand.
        others: gives root stores to compare with, asked for only where the comparison says something: the chain does
            not lead to a root of ``roots``, or that is not Microsoft's store.
        progress: told a short sentence about each wait.

    Raises:
        ValueError: ``now`` or ``options.at`` is naive, or a connector stands beside ``options.certificate_only``.
    """
    return judge(
        gather(
            bundle,
            connector,
            now=now,
            roots=roots,
            fetcher=fetcher,
            accepted_domains=accepted_domains,
            named=named,
            options=options,
            supplied=supplied,
            others=others,
            progress=progress,
        )
    )


def gather(
    bundle: Bundle,
    connector: Connector | Sequence[Connector] | Tenant | None = None,
    *,
    now: datetime,
    roots: RootStore,
    fetcher: Fetcher | None = None,
    accepted_domains: Sequence[str | AcceptedDomain] | None = None,
    named: bool | None = None,
    options: Options = Options(),  # noqa: B008 - frozen
    supplied: Supplied = Supplied(),  # noqa: B008 - frozen
    others: Callable[[], Sequence[RootStore]] = tuple,
    progress: Callable[[str], None] | None = None,
) -> Evidence:
    """Everything a verdict on this bundle rests on, and no verdict; arguments and errors as for :func:`check`."""
    for moment in (now, options.at):
        if moment is not None and moment.tzinfo is None:
            raise ValueError("times are aware: give a datetime with a time zone")
    tenant = _tenant(connector, accepted_domains)
    if tenant.connectors and options.certificate_only:
        raise ValueError("certificate_only judges no connector: leave it out, or leave the connector out")
    evidence = Evidence(
        certready=__version__,
        gathered_at=now,
        target=bundle.target,
        options=replace(options, offline=options.offline or fetcher is None),
        store=roots.info,
        chains=bundle.chains,
        endpoints=bundle.endpoints,
        planned=bundle.planned,
        connectors=tenant.connectors,
        named=not (isinstance(connector, Tenant) and tenant.lists_connectors) if named is None else named,
        accepted_domains=tenant.accepted_domains,
        exported_at=tenant.exported_at,
        known=(*supplied.intermediates, *bundle.known),
        faults=bundle.faults,
        answers=_stapled(bundle),
    )
    evidence = _with_roots(evidence, roots)
    if fetcher is not None:
        evidence = _fetched(evidence, roots, fetcher, progress)
    case = Case(evidence)  # what the answers at hand add changes no path
    return _compared(replace(evidence, answers=(*evidence.answers, *_by_hand(case, supplied))), case, others)


def _tenant(
    connector: Connector | Sequence[Connector] | Tenant | None, domains: Sequence[str | AcceptedDomain] | None
) -> Tenant:
    if isinstance(connector, Tenant):
        return connector
    connectors = (connector,) if isinstance(connector, Connector) else tuple(connector or ())
    return Tenant(connectors, as_accepted(domains))


def _with_roots(evidence: Evidence, roots: RootStore) -> Evidence:
    sent = tuple(certificate for chain in evidence.chains for certificate in chain.certificates)
    return replace(evidence, roots=roots.candidates((*sent, *(known.certificate for known in evidence.known))))


def _compared(evidence: Evidence, case: Case, others: Callable[[], Sequence[RootStore]]) -> Evidence:
    """The evidence with what other stores hold of this chain's root, where that explains anything; ``case`` is that of
    the same chains."""
    judged = [case.judgement(chain) for chain in case.chains]
    trusted = all(judgement.outcome == "trusted" for judgement in judged)
    if not judged or (trusted and evidence.store.name == "microsoft"):
        return evidence
    stores = others()
    if trusted:  # then only the anchor is looked up, which needs none of the other store's certificates
        anchors = tuple(dict.fromkeys(judgement.anchor.certificate for judgement in judged if judgement.anchor))
        roots = [(store, store.holds(anchor)) for store in stores for anchor in anchors]
    else:
        seen = tuple(dict.fromkeys(certificate for chain in case.chains for certificate in case.full_path(chain)))
        roots = [(store, root) for store in stores for root in store.candidates(seen)]
    elsewhere = tuple(Elsewhere(store.info.name, root) for store, root in roots if root)
    return replace(evidence, consulted=tuple(store.info.name for store in stores), elsewhere=elsewhere)


def _stapled(bundle: Bundle) -> tuple[Answer, ...]:
    """The stapled answers of a handshake, each about the leaf of the chain it came with."""
    leaves = {chain.id: chain.leaf_certificate for chain in bundle.chains}
    staples = [(seen.chain, seen.staple) for seen in bundle.endpoints]
    staples += [(seen.chain, seen.staple) for each in bundle.endpoints for seen in each.handshakes]
    stapled = {(leaves[chain].sha256, staple) for chain, staple in staples if chain and staple}
    return tuple(Answer(leaf, "stapled", "handshake", body=staple) for leaf, staple in sorted(stapled))


# -- what is fetched ----------------------------------------------------------------------------------------------


class _Wanted(Struct):
    """What one round asks for: revocation questions and AIA addresses, and the answers so far."""

    replies: dict[Ask, Reply] = field(default_factory=dict)
    asked: set[Question] = field(default_factory=set)
    addresses: set[str] = field(default_factory=set)


def first_asks(bundle: Bundle, roots: RootStore, options: Options, now: datetime) -> tuple[Ask, ...]:
    """What :func:`gather` asks about this bundle first, for whoever wants to begin before the bundle is complete."""
    evidence = _with_roots(Evidence(__version__, now, bundle.target, options, roots.info, bundle.chains), roots)
    first, then = _in_turn(evidence, tuple(_questions(evidence)), tuple(_missing_issuers(evidence)))
    return tuple(dict.fromkeys(first or then))


def _fetched(
    evidence: Evidence, roots: RootStore, fetcher: Fetcher, progress: Callable[[str], None] | None
) -> Evidence:
    """The evidence with revocation answers and, where an issuer is missing, what AIA yields: all asked at once."""
    wanted = _Wanted()
    for _ in range(ROUNDS):
        new = tuple(question for question in dict.fromkeys(_questions(evidence)) if question not in wanted.asked)
        urls = tuple(url for url in dict.fromkeys(_missing_issuers(evidence)) if url not in wanted.addresses)
        groups = [[ask for ask in group if ask not in wanted.replies] for group in _in_turn(evidence, new, urls)]
        hosts = dict.fromkeys(ask.host for group in groups for ask in group)
        if hosts and progress and not evidence.options.offline:
            progress(f"asking {', '.join(hosts)} for revocation and issuers")
        for asks in map(tuple, filter(None, groups)):
            wanted.replies.update(zip(asks, fetcher.fetch_all(asks), strict=True))
        if hosts:
            _ask_again(evidence, new, wanted.replies, fetcher)
        if not new and not urls:
            break
        wanted.asked.update(new)
        wanted.addresses.update(urls)
        offline = evidence.options.offline
        evidence = replace(evidence, answers=(*evidence.answers, *answers(new, wanted.replies, offline=offline)))
        issuers = {url: wanted.replies[Ask(url, limit=AIA_LIMIT)] for url in urls}
        issuers = {url: reply for url, reply in issuers.items() if not offline or reply.body is not None}
        evidence = _with_issuers(evidence, issuers, roots)
    return evidence


def _in_turn(evidence: Evidence, asked: Iterable[Question], urls: Iterable[str]) -> tuple[list[Ask], list[Ask]]:
    """What to ask first and what then: what a chain that already fails adds changes little, and must not use up what
    the answers of a run may take before the chains that may pass have theirs."""
    hopeful = Case(evidence).hopeful
    urgent = (question for question in asked if question.certificate in hopeful or not hopeful)
    first = dict.fromkeys(question.ask for question in urgent if question.ask)
    first.update((Ask(url, limit=AIA_LIMIT), None) for url in urls)
    return list(first), [question.ask for question in asked if question.ask and question.ask not in first]


def _ask_again(evidence: Evidence, asked: tuple[Question, ...], replies: dict[Ask, Reply], fetcher: Fetcher) -> None:
    """Replaces what a cache gave and is worth nothing by what its server says now, where it says anything."""
    again = doubtful(asked, Case(evidence).links, replies, evidence.gathered_at)
    if again:
        fresh = fetcher.fetch_all(tuple(replace(ask, fresh=True) for ask in again))
        replies.update((ask, reply) for ask, reply in zip(again, fresh, strict=True) if reply.body is not None)


def _questions(evidence: Evidence) -> Iterator[Question]:
    if evidence.options.revocation == "off":
        return
    for certificate, issuer in Case(evidence).links:
        yield from questions(certificate, issuer)


def _missing_issuers(evidence: Evidence) -> Iterator[str]:
    """Where the issuers are that a chain lacks, or that it has in an expired form only."""
    case = Case(evidence)
    for chain in case.chains:
        judgement = case.judgement(chain)
        if judgement.missing and not judgement.repaired:
            yield from _fetchable(judgement.missing.urls)
            yield from _next_level(evidence, chain)
        for child, issuer in pairwise(judgement.path if judgement.anchor else ()):
            if issuer.parsed.not_after < evidence.evaluated_at and not issuer.parsed.self_issued:
                yield from _fetchable(child.parsed.ca_issuer_urls)


def _fetchable(urls: Iterable[str]) -> Iterator[str]:
    return (url for url in urls if url.lower().startswith(("http://", "https://")))


def _next_level(evidence: Evidence, chain: Chain) -> Iterator[str]:
    """Where the issuers of the issuers fetched so far are: an AIA answer may itself be an intermediate without one."""
    sent = set(chain.certificates)
    for known in evidence.known:
        if known.origin == "aia" and known.certificate not in sent and not known.certificate.parsed.self_issued:
            yield from _fetchable(known.certificate.parsed.ca_issuer_urls)


def _with_issuers(evidence: Evidence, replies: dict[str, Reply], roots: RootStore) -> Evidence:
    if not replies:
        return evidence
    from certready import bundle as bundles

    known: list[Known] = []
    fetched: list[Fetched] = []
    for url, reply in replies.items():
        if reply.body is None:
            fetched.append(Fetched(url, reply.error or "no answer"))
            continue
        try:
            certificates = bundles.certificates(reply.body, url)[:AIA_CERTIFICATES]
        except CertreadyError as error:
            fetched.append(Fetched(url, error.message))
            continue
        fetched.append(Fetched(url))
        known += [Known(certificate, "aia", url) for certificate in certificates]
    evidence = replace(evidence, known=(*evidence.known, *known), fetched=(*evidence.fetched, *fetched))
    return _with_roots(evidence, roots)


def _by_hand(case: Case, supplied: Supplied) -> Iterator[Answer]:
    """The CRLs and OCSP answers handed in, each tied to the certificates it speaks of; one that speaks of none is tied
    to the leaf, where the report says why it does not fit."""
    links = case.links
    handed = [("crl", body) for body in supplied.crls] + [("ocsp", body) for body in supplied.ocsp_answers]
    for method, body in handed:
        about = [certificate for certificate, issuer in links if relevant(method, body, certificate, issuer)]  # type: ignore[arg-type]
        for certificate in about or [chain.leaf_certificate for chain in case.evidence.chains[:1]]:
            yield Answer(certificate.sha256, method, "file", body=body)  # type: ignore[arg-type]
