"""Evidence -> Report: run the checks, weigh what they saw for each connector, sum it up. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from hashlib import sha1

from msgspec.structs import replace

from certready import clock
from certready.case import Case
from certready.checks import run
from certready.exchange.matching import NO_MATCH
from certready.model import Chain, Connector, Direction, Evidence
from certready.model.remedy import Remedy
from certready.model.report import (
    CertificateInfo,
    ChainResult,
    ConnectorResult,
    Finding,
    Report,
    ReportVerdict,
    Severity,
    Verdict,
)
from certready.rules.evidence import CLOCK_DOUBTFUL
from certready.rules.model import Observation
from certready.steps import Steps, finish
from certready.weighing import weigh
from certready.x509.certificate import Certificate

Weighed = tuple[Severity, bool]
Judged = tuple[Finding, Observation]
About = tuple[str | None, Direction | None]  # a connector: an inbound and an outbound one may share a name
DERIVED = ("links", "revocable", "heard", "bearers", "selection")  # what a case keeps and most of what follows asks for
DATED = ("expiry", "chain", "dane", "mta-sts")  # the subjects of which the present decides


def judge(evidence: Evidence) -> Report:
    """The report on this evidence: the same whenever and wherever it is computed. Never raises for bad certificates."""
    return finish(judging(Case(evidence)))


def judging(case: Case) -> Steps[Report]:
    """The report on this case, step by step; see :func:`judge`."""
    evidence = case.evidence
    for fact in DERIVED:
        getattr(case, fact)
        yield
    observed = yield from _observed(case)
    findings = tuple(finding for finding, _ in _findings(case, observed))
    yield
    certificates = tuple(_certificates(case))
    yield
    by_connector: dict[About, list[Finding]] = {}
    for finding in findings:
        by_connector.setdefault((finding.connector, finding.direction), []).append(finding)
    strict = case.options.strict
    return Report(
        certready=evidence.certready,
        evaluated_at=evidence.evaluated_at,
        gathered_at=evidence.gathered_at,
        target=evidence.target,
        trust=evidence.store,
        verdict=verdict_of(findings, strict=strict),
        strict=strict,
        connectors=(
            *(_connector_result(case, connector, by_connector) for connector in case.selection.judged),
            *(_connector_result(case, connector, None) for connector in case.selection.not_applicable),
        ),
        chains=tuple(_chain_result(case, chain, findings) for chain in case.chains),
        certificates=certificates,
        revocation=tuple(result for _, results in case.heard for result in results),
        endpoints=evidence.endpoints,
        findings=tuple(sorted(findings, key=lambda finding: finding.severity.rank, reverse=True)),
    )


def remedies(evidence: Evidence) -> tuple[Remedy, ...]:
    """What fixes the failures, unknowns and warnings of the report on this evidence, worst first, with the rules that
    each remedy answers. What is typed is there once, under the title that comes first."""
    case = Case(evidence)
    judged = sorted(_findings(case, finish(_observed(case))), key=lambda pair: pair[0].severity, reverse=True)
    answered: dict[object, tuple[Remedy, dict[str, None]]] = {}
    for finding, observation in judged:
        for remedy in observation.remedies if finding.severity is not Severity.PASS else ():
            same = (remedy.where, remedy.lines) if remedy.lines else remedy
            answered.setdefault(same, (remedy, {}))[1][finding.rule] = None
    return tuple(replace(remedy, rules=tuple(rules)) for remedy, rules in answered.values())


def verdict_of(findings: Iterable[Finding], *, strict: bool) -> ReportVerdict:
    """The verdict of these findings: a failure decides, then what is unknown; without any nothing is known."""
    seen = tuple(findings)
    severities = [finding.severity for finding in seen]
    if Severity.FAIL in severities or (
        strict and any(finding.severity is Severity.WARN and finding.counted for finding in seen)
    ):
        return "not-ready"
    return "cannot-tell" if Severity.UNKNOWN in severities or not seen else "ready"


# -- findings -----------------------------------------------------------------------------------------------------


def _observed(case: Case) -> Steps[tuple[Observation, ...]]:
    """What the checks saw. Where other clocks put this machine's off, what they saw of dates is held against the time
    those say: what holds by this machine's clock alone is marked so."""
    wrong = clock.off(case.clocks) if case.options.at is None else None
    if wrong is None:
        return (yield from run(case))
    moment = case.evidence.gathered_at + wrong.ahead
    said = Case(replace(case.evidence, options=replace(case.options, at=moment)))
    held = {(each.rule.id, each.certificate, each.chain) for each in (yield from run(said))}
    marked: list[Observation] = []
    for seen in (yield from run(case)):
        dated = seen.rule.subject in DATED
        # A thisUpdate says that it is that late at least; whether what has not begun yet has by now is not known.
        begun = wrong.floor and seen.rule.id == "expiry.not-yet-valid"
        if dated and (begun or (seen.rule.id, seen.certificate, seen.chain) not in held):
            message = f"{seen.message} By the clock of {wrong.who} ({moment:%Y-%m-%d %H:%M} UTC) that is not so."
            marked.append(replace(seen, by_clock=True, message=message, remedy=CLOCK_DOUBTFUL.fix))
        else:
            marked.append(seen)
    return tuple(marked)


def _findings(case: Case, observations: Iterable[Observation]) -> Iterator[Judged]:
    """Each finding with the observation that it is."""
    # An observation about one connector counts where that one is judged, or where none is (no match at all).
    candidates: dict[About, list[Connector]] = {}
    for connector in case.selection.judged or case.tenant.connectors:
        candidates.setdefault((connector.name, connector.direction), []).append(connector)
    for observation in observations:
        if observation.connector is not None:
            for connector in candidates.get((observation.connector, observation.direction), ()):
                weighed = weigh(observation, connector, case)
                if weighed:
                    yield finding(observation, weighed, connector), observation
        else:
            yield from _about_all(case, observation)


def _about_all(case: Case, observation: Observation) -> Iterator[Judged]:
    """One finding where all judged connectors agree on the weight, otherwise one for each that says it."""
    connectors = case.selection.judged or (None,)
    each = [weigh(observation, connector, case) for connector in connectors]
    first = each[0]
    if each.count(first) == len(each):
        if first:
            yield finding(observation, first, None), observation
        return
    for connector, weighed in zip(connectors, each, strict=True):
        if connector and weighed:
            yield finding(observation, weighed, connector), observation


def finding(observation: Observation, weighed: Weighed, connector: Connector | None) -> Finding:
    """The observation with its weight, about this connector or (None) about all of them."""
    severity, counted = weighed
    return Finding(
        rule=observation.rule.id,
        severity=severity,
        counted=counted and severity is not Severity.PASS,
        message=observation.message,
        fix=observation.fix if severity is not Severity.PASS else None,
        reference=observation.rule.reference,
        certificate=observation.certificate,
        connector=connector.name if connector else None,
        direction=connector.direction if connector else None,
        chain=observation.chain,
        endpoint=observation.endpoint,
        evidence=observation.evidence,
    )


# -- the parts of a report ----------------------------------------------------------------------------------------


def _connector_result(
    case: Case, connector: Connector, findings: Mapping[About, Sequence[Finding]] | None
) -> ConnectorResult:
    """One connector's result; ``findings``, by connector, is None for one that does not apply."""
    match = case.match(connector) or NO_MATCH
    verdict: Verdict = "not-applicable"
    if findings is not None:
        mine = (*findings.get((None, None), ()), *findings.get((connector.name, connector.direction), ()))
        verdict = verdict_of(mine, strict=case.options.strict)
    return ConnectorResult(
        name=connector.name,
        direction=connector.direction,
        level=connector.level,
        verdict=verdict,
        value=connector.value,
        matched_name=match.name,
        match=match.kind,
    )


def _chain_result(case: Case, chain: Chain, findings: tuple[Finding, ...]) -> ChainResult:
    members = [certificate.sha256 for certificate in case.full_path(chain)]
    # A finding without a chain may still be about one of its certificates, where that lies on several chains.
    mine = [
        finding
        for finding in findings
        if finding.chain == chain.id or (finding.chain is None and finding.certificate in members)
    ]
    return ChainResult(
        id=chain.id,
        container=chain.container,
        family=chain.family,
        sni=chain.sni,
        sent=tuple(certificate.sha256 for certificate in chain.certificates),
        path=tuple(certificate.sha256 for certificate in case.judgement(chain).path),
        verdict=verdict_of(mine, strict=case.options.strict),
    )


def _certificates(case: Case) -> Iterator[CertificateInfo]:
    """Every certificate once: those sent, those known beside them, and the anchors that were used."""
    paths = [case.full_path(chain) for chain in case.chains]
    leaves = {chain.leaf_certificate for chain in case.chains}
    used = {certificate for path in paths for certificate in path}
    anchors = {root.certificate for root in case.evidence.roots}
    origins: dict[Certificate, str] = {
        root.certificate: "store" for root in case.evidence.roots if root.certificate in used
    }
    origins.update((known.certificate, known.origin) for known in case.evidence.known)
    origins.update((certificate, "sent") for chain in case.chains for certificate in chain.certificates)
    order = [certificate for chain in case.chains for certificate in chain.certificates]
    for certificate in dict.fromkeys((*order, *origins)):
        if certificate in leaves:
            role = "leaf"
        elif certificate not in used:
            role = "unused"
        else:
            role = "root" if certificate in anchors else "intermediate"
        yield _info(certificate, role, origins[certificate])


@lru_cache(maxsize=256)
def _info(certificate: Certificate, role: str, origin: str) -> CertificateInfo:
    parsed = certificate.parsed
    return CertificateInfo(
        sha256=certificate.sha256,
        sha1=sha1(certificate.der, usedforsecurity=False).hexdigest(),
        subject=parsed.subject,
        issuer=parsed.issuer,
        serial=f"{parsed.serial:x}",
        not_before=parsed.known_dates[0],
        not_after=parsed.known_dates[1],
        key=str(parsed.key),
        names=parsed.names,
        role=role,  # type: ignore[arg-type]
        origin=origin,  # type: ignore[arg-type]
    )
