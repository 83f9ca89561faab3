"""What is fetched when evidence is gathered: what revocation sources say, and issuers that a chain lacks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from itertools import pairwise

from msgspec import Struct, field
from msgspec.structs import replace

from certready._version import __version__
from certready.case import Case
from certready.errors import CertreadyError
from certready.model import (
    Ask,
    Bundle,
    Chain,
    Evidence,
    Fetched,
    Fetcher,
    Known,
    Options,
    Reply,
    Root,
    RootStore,
)
from certready.revocation import Question, questions
from certready.revocation.answers import answers, doubtful

AIA_LIMIT = 1024 * 1024
ROUNDS = 2  # what is fetched may show whose revocation to ask for; nothing learnt after that is worth the wait
AIA_CERTIFICATES = 20


def anchors(roots: RootStore, chains: Iterable[Chain], known: Iterable[Known]) -> tuple[Root, ...]:
    """The roots of the store that any of these certificates could chain to."""
    sent = (certificate for chain in chains for certificate in chain.certificates)
    return roots.candidates((*sent, *(each.certificate for each in known)))


class _Wanted(Struct):
    """What one round asks for: revocation questions and AIA addresses, and the answers so far."""

    replies: dict[Ask, Reply] = field(default_factory=dict)
    asked: set[Question] = field(default_factory=set)
    addresses: set[str] = field(default_factory=set)


def first_asks(bundle: Bundle, roots: RootStore, options: Options, now: datetime) -> tuple[Ask, ...]:
    """What :func:`gather` asks about this bundle first, for whoever wants to begin before the bundle is complete."""
    evidence = Evidence(
        __version__, now, bundle.target, options, roots.info, bundle.chains, roots=anchors(roots, bundle.chains, ())
    )
    case = Case(evidence)
    first, then = _in_turn(case, tuple(_questions(case)), tuple(_missing_issuers(case)))
    return tuple(dict.fromkeys(first or then))


def fetched(case: Case, roots: RootStore, fetcher: Fetcher, progress: Callable[[str], None] | None) -> Case:
    """The case with revocation answers and, where an issuer is missing, what AIA yields: all asked at once."""
    wanted = _Wanted()
    offline = case.options.offline
    for _ in range(ROUNDS):
        new = tuple(question for question in dict.fromkeys(_questions(case)) if question not in wanted.asked)
        urls = tuple(url for url in dict.fromkeys(_missing_issuers(case)) if url not in wanted.addresses)
        groups = [[ask for ask in group if ask not in wanted.replies] for group in _in_turn(case, new, urls)]
        hosts = dict.fromkeys(ask.host for group in groups for ask in group)
        if hosts and progress and not offline:
            progress(f"asking {', '.join(hosts)} for revocation and issuers")
        for asks in map(tuple, filter(None, groups)):
            wanted.replies.update(zip(asks, fetcher.fetch_all(asks), strict=True))
        if hosts:
            _ask_again(case, new, wanted.replies, fetcher)
        if not new and not urls:
            break
        wanted.asked.update(new)
        wanted.addresses.update(urls)
        evidence = case.evidence
        evidence = replace(evidence, answers=(*evidence.answers, *answers(new, wanted.replies, offline=offline)))
        issuers = {url: wanted.replies[Ask(url, limit=AIA_LIMIT)] for url in urls}
        issuers = {url: reply for url, reply in issuers.items() if not offline or reply.body is not None}
        case = case.over(_with_issuers(evidence, issuers, roots))
    return case


def _in_turn(case: Case, asked: Iterable[Question], urls: Iterable[str]) -> tuple[list[Ask], list[Ask]]:
    """What to ask first and what then: what a chain that already fails adds changes little, and must not use up what
    the answers of a run may take before the chains that may pass have theirs."""
    hopeful = case.hopeful
    urgent = (question for question in asked if question.certificate in hopeful or not hopeful)
    first = dict.fromkeys(question.ask for question in urgent if question.ask)
    first.update((Ask(url, limit=AIA_LIMIT), None) for url in urls)
    return list(first), [question.ask for question in asked if question.ask and question.ask not in first]


def _ask_again(case: Case, asked: tuple[Question, ...], replies: dict[Ask, Reply], fetcher: Fetcher) -> None:
    """Replaces what a cache gave and is worth nothing by what its server says now, where it says anything."""
    again = doubtful(asked, case.links, replies, case.evidence.gathered_at)
    if again:
        fresh = fetcher.fetch_all(tuple(replace(ask, fresh=True) for ask in again))
        replies.update((ask, reply) for ask, reply in zip(again, fresh, strict=True) if reply.body is not None)


def _questions(case: Case) -> Iterator[Question]:
    if case.options.revocation == "off":
        return
    for certificate, issuer in case.links:
        yield from questions(certificate, issuer)


def _missing_issuers(case: Case) -> Iterator[str]:
    """Where the issuers are that a chain lacks, or that it has in an expired form only."""
    for chain in case.chains:
        judgement = case.judgement(chain)
        if judgement.missing and not judgement.repaired:
            yield from _fetchable(judgement.missing.urls)
            yield from _next_level(case.evidence, chain)
        for child, issuer in pairwise(judgement.path if judgement.anchor else ()):
            if issuer.parsed.not_after < case.evaluated_at and not issuer.parsed.self_issued:
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
    every = (*evidence.known, *known)
    return replace(
        evidence,
        known=every,
        fetched=(*evidence.fetched, *fetched),
        roots=anchors(roots, evidence.chains, every),
    )
