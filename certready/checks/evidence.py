"""Whether the evidence holds what a verdict of its kind needs: what was not seen and not judged is never fine."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from certready import clock
from certready.case import Case
from certready.model import Planned
from certready.rules import evidence as rules
from certready.rules.model import NotApplicable, Observation
from certready.wording import listed

_CONNECTIONS = {"host": "a probe", "listen": "a listener", "rehearse": "a rehearsal"}
_NAMED = 100
_GIVE = "Give the gateway's certificate."
_ONCE_ISSUED = "Check the certificate itself with the same options once it is issued."


def check_evidence(case: Case) -> Iterator[Observation | NotApplicable]:
    """What is missing in what was gathered. Of a run of certready itself there is nothing to say."""
    missing = [*_redacted(case), *_certificates(case), *_connections(case), *_roots(case), *_clock(case)]
    yield from missing
    if not missing:
        yield NotApplicable("everything that a verdict needs was gathered")


def _redacted(case: Case) -> Iterator[Observation]:
    if case.evidence.redacted:
        message = (
            "Names, addresses, keys and certificates of this evidence are stand-ins for those that were judged; that "
            f"its roots are of the {case.evidence.store.name} store was established when it was saved."
        )
        yield rules.REDACTED.observed(message)


def _certificates(case: Case) -> Iterator[Observation]:
    for planned in case.evidence.planned:
        yield _planned(planned)
    if case.evidence.planned:
        return
    if not case.chains and not case.evidence.endpoints and not case.evidence.faults:
        message = "There is no certificate to judge."
        yield rules.INCOMPLETE.observed(message, fix=_GIVE)


def _planned(planned: Planned) -> Observation:
    """Names without a certificate: all else is open."""
    names = listed(planned.names, 5) or "no name"
    compared = f"Only planned names were compared: {names}."
    if planned.request:
        compared = (
            f"Only the names that {planned.request} asks for were compared: {names}. Which of them the "
            "certificate will have is for the authority to decide."
        )
    rest = "Chain, dates, revocation, key and usage were not judged: no certificate exists yet."
    return rules.INCOMPLETE.observed(
        f"{compared} {rest}", "planned", fix=_ONCE_ISSUED, evidence={"names": list(planned.names[:_NAMED])}
    )


def _connections(case: Case) -> Iterator[Observation]:
    """A host is judged by what it presented, so without a connection, or with one of which nothing is known, nothing
    was judged. A gateway that presents no certificate to a listener has its own finding."""
    what = _CONNECTIONS.get(case.evidence.target.kind)
    if what and not case.evidence.endpoints:
        message = f"Nothing is there of a connection, on which {what} of {case.evidence.target.name} rests."
        yield rules.INCOMPLETE.observed(message)
    if case.evidence.target.kind != "host":
        return
    for endpoint in case.evidence.endpoints:
        if not endpoint.trouble and endpoint.chain is None:
            message = f"Of {endpoint.name} neither a certificate nor a failure is known."
            yield rules.INCOMPLETE.observed(message, endpoint=endpoint)


def _roots(case: Case) -> Iterator[Observation]:
    """Anchors that stand in the evidence under the name of a store whose lists here do not have them."""
    unlisted = set(case.evidence.unlisted)
    for chain in case.chains:
        anchor = case.judgement(chain).anchor
        if anchor and anchor.certificate.sha256 in unlisted:
            message = (
                f"The chain leads to {anchor.certificate.parsed.label}, which the evidence calls a root of the "
                f"{case.evidence.store.name} store; no list of that store known here has it."
            )
            yield rules.INCOMPLETE.observed(message, chain=chain.id)


def _clock(case: Case) -> Iterator[Observation]:
    """Dates are judged by this machine's clock, unless the moment was named."""
    wrong = clock.off(case.clocks)
    if wrong and case.options.at is None:
        way = "ahead of" if wrong.ahead > timedelta(0) else "behind"
        said = case.evidence.gathered_at + wrong.ahead
        message = (
            f"This machine's clock said {case.evidence.gathered_at:%Y-%m-%d %H:%M} UTC when {wrong.who} said "
            f"{said:%Y-%m-%d %H:%M} UTC, {_span(abs(wrong.ahead))} {way} it: no date can be relied on."
        )
        evidence = {"ahead_seconds": int(wrong.ahead.total_seconds()), "who": wrong.who}
        yield rules.CLOCK_DOUBTFUL.observed(message, evidence=evidence)


def _span(span: timedelta) -> str:
    if span >= timedelta(days=2):
        return f"{span.days} days"
    hours = span // timedelta(hours=1)
    return f"{hours} hours" if hours > 1 else f"{span // timedelta(minutes=1)} minutes"
