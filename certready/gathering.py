"""The way from a bundle to a report: gather the evidence, then judge it.

``gather`` is the only half that touches the world, and only through the fetcher and the root store it is handed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from certready._version import __version__
from certready.case import Case, Link
from certready.exchange.accepted import as_accepted
from certready.fetching import anchors, fetched
from certready.judging import judge
from certready.model import (
    AcceptedDomain,
    Answer,
    Bundle,
    Connector,
    Elsewhere,
    Evidence,
    Fetcher,
    Known,
    Options,
    RootStore,
    Tenant,
)
from certready.model.report import Report
from certready.revocation import relevant
from certready.steps import Steps, finish

__all__ = ["Supplied", "check", "gather", "judge"]


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
    tenant = _tenant(connector, accepted_domains)
    whole = isinstance(connector, Tenant) and tenant.lists_connectors
    return finish(
        gathering(
            bundle,
            tenant,
            now=now,
            roots=roots,
            fetcher=fetcher,
            named=not whole if named is None else named,
            options=options,
            supplied=supplied,
            others=others,
            progress=progress,
        )
    ).evidence


def gathering(
    bundle: Bundle,
    tenant: Tenant,
    *,
    now: datetime,
    roots: RootStore,
    fetcher: Fetcher | None,
    named: bool,
    options: Options,
    supplied: Supplied,
    others: Callable[[], Sequence[RootStore]],
    progress: Callable[[str], None] | None = None,
) -> Steps[Case]:
    """The same step by step, as the case that was made of it on the way; of the ``tenant`` each connector is a
    candidate, and judged where they are ``named``."""
    for moment in (now, options.at):
        if moment is not None and moment.tzinfo is None:
            raise ValueError("times are aware: give a datetime with a time zone")
    if tenant.connectors and options.certificate_only:
        raise ValueError("certificate_only judges no connector: leave it out, or leave the connector out")
    known = (*supplied.intermediates, *bundle.known)
    evidence = Evidence(
        certready=__version__,
        gathered_at=now,
        target=bundle.target,
        options=replace(options, offline=True) if fetcher is None and not options.offline else options,
        store=roots.info,
        chains=bundle.chains,
        endpoints=bundle.endpoints,
        planned=bundle.planned,
        connectors=tenant.connectors,
        named=named,
        accepted_domains=tenant.accepted_domains,
        exported_at=tenant.exported_at,
        known=known,
        roots=anchors(roots, bundle.chains, known),
        faults=bundle.faults,
        answers=_stapled(bundle),
    )
    case = Case(evidence)
    yield
    if fetcher is not None:
        case = fetched(case, roots, fetcher, progress)
    links = case.links
    yield
    answers = (*case.evidence.answers, *_by_hand(case.evidence, links, supplied))
    case = case.over(replace(case.evidence, answers=answers))
    return case.over(_compared(case, others))


def _tenant(
    connector: Connector | Sequence[Connector] | Tenant | None, domains: Sequence[str | AcceptedDomain] | None
) -> Tenant:
    if isinstance(connector, Tenant):
        return connector
    connectors = (connector,) if isinstance(connector, Connector) else tuple(connector or ())
    return Tenant(connectors, as_accepted(domains))


def _compared(case: Case, others: Callable[[], Sequence[RootStore]]) -> Evidence:
    """The evidence with what other stores hold of this chain's root, where that explains anything."""
    evidence = case.evidence
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
    if not bundle.endpoints:
        return ()
    leaves = {chain.id: chain.leaf_certificate for chain in bundle.chains}
    staples = [(seen.chain, seen.staple) for seen in bundle.endpoints]
    staples += [(seen.chain, seen.staple) for each in bundle.endpoints for seen in each.handshakes]
    stapled = {(leaves[chain].sha256, staple) for chain, staple in staples if chain and staple}
    return tuple(Answer(leaf, "stapled", "handshake", body=staple) for leaf, staple in sorted(stapled))


def _by_hand(evidence: Evidence, links: Sequence[Link], supplied: Supplied) -> Iterator[Answer]:
    """The CRLs and OCSP answers handed in, each tied to the certificates it speaks of; one that speaks of none is tied
    to the leaf, where the report says why it does not fit."""
    handed = [("crl", body) for body in supplied.crls] + [("ocsp", body) for body in supplied.ocsp_answers]
    for method, body in handed:
        about = [certificate for certificate, issuer in links if relevant(method, body, certificate, issuer)]  # type: ignore[arg-type]
        for certificate in about or [chain.leaf_certificate for chain in evidence.chains[:1]]:
            yield Answer(certificate.sha256, method, "file", body=body)  # type: ignore[arg-type]
