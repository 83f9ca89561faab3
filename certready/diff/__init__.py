"""A renewal rehearsed: what breaks when NEW replaces OLD, and in which order to exchange them. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from certready.case import Case
from certready.diff.aspects import changes
from certready.diff.connectors import connector_changes
from certready.diff.model import Change, ConnectorChange, Difference, Effect, Side, Step
from certready.diff.promises import Sides, dane_changes, policy_changes
from certready.diff.steps import steps
from certready.errors import InputError
from certready.model import Chain, Evidence
from certready.model.report import Report, Severity
from certready.remedy.dotnet import thumbprint, tls_certificate_name
from certready.wording import listed
from certready.x509.certificate import Certificate, told_apart

__all__ = ["Change", "ConnectorChange", "Difference", "Effect", "Side", "Step", "check_single", "difference"]


def difference(old: Evidence, new: Evidence, report: Report) -> Difference:
    """OLD against NEW, of each its only certificate.

    Args:
        old: what was gathered of OLD under the same store; its answers about revocation do not matter.
        new: what was gathered of NEW; its connectors and accepted domains are the ones compared with.
        report: the judgement of ``new``.

    Raises:
        InputError: one of the two holds no certificate, or several of which none is chosen.
    """
    before, after = Case(old), Case(new)
    for case in (before, after):
        check_single(case.evidence.target.name, case.chains)
    old_leaf, new_leaf = before.chains[0].leaf_certificate, after.chains[0].leaf_certificate
    sides = Sides.of(before.chains[0], after.chains[0], after)
    weighed = tuple(
        _weighed(change, report)
        for change in (*changes(before, after), *dane_changes(sides), *policy_changes(before, after))
    )
    connectors = tuple(connector_changes(after, old_leaf.parsed.names, new_leaf.parsed.names))
    return Difference(
        old=_side(before, old_leaf),
        new=_side(after, new_leaf),
        changes=weighed,
        connectors=connectors,
        steps=steps(before, after, report, weighed, connectors, sides=sides),
        report=report,
    )


def check_single(name: str, chains: Sequence[Chain]) -> None:
    """Raises InputError where there is no certificate to compare, or more than one: which of them replaces which is
    nothing to guess."""
    if not chains:
        raise InputError(f"{name} holds no certificate.", hint="Name a certificate file.")
    if len(chains) > 1:
        leaves = told_apart([chain.leaf_certificate for chain in chains])
        raise InputError(
            f"{name} holds {len(chains)} end-entity certificates ({listed(leaves, 5)}); diff compares one with one.",
            hint="Give the file of one of them, or a file with its private key, which chooses.",
        )


def _weighed(change: Change, report: Report) -> Change:
    """A break of what no judged connector enforces asks for care and stops no mail: the verdict on NEW says which."""
    subjects = {"chain": "chain.", "root": "chain.", "usages": "usage.", "dane": "dane.", "mta-sts": "mta-sts."}
    subject = subjects.get(change.aspect)
    fails = any(
        finding.severity is Severity.FAIL and finding.rule.startswith(subject or "") for finding in report.findings
    )
    return replace(change, effect="attention") if change.effect == "breaks" and subject and not fails else change


def _side(case: Case, leaf: Certificate) -> Side:
    parsed = leaf.parsed
    anchor = case.judgement(case.chains[0]).anchor
    return Side(
        target=case.evidence.target.name,
        sha256=leaf.sha256,
        thumbprint=thumbprint(leaf),
        subject=parsed.subject,
        issuer=parsed.issuer,
        names=parsed.names,
        not_before=parsed.known_dates[0],
        not_after=parsed.known_dates[1],
        key=str(parsed.key),
        tls_certificate_name=tls_certificate_name(leaf),
        root=anchor.certificate.parsed.label if anchor else None,
    )
