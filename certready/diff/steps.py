"""The order of steps for a changeover without a gap. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from certready.case import Case
from certready.diff import promises
from certready.diff.connectors import common_value
from certready.diff.model import Aspect, Change, ConnectorChange, Step
from certready.exchange import cmdlets, is_accepted
from certready.exchange.matching import dns_names, parse_value
from certready.exchange.powershell import command, create_inbound, identity, quote, set_value
from certready.model import Connector
from certready.model.report import Report, Severity
from certready.remedy import exchange
from certready.remedy.commands import COMPARE, LISTEN, PROBE
from certready.remedy.dotnet import thumbprint
from certready.x509.certificate import Certificate


def steps(
    before: Case,
    case: Case,
    report: Report,
    changes: Sequence[Change],
    connectors: Sequence[ConnectorChange],
    *,
    sides: promises.Sides,
) -> tuple[Step, ...]:
    """What to do in which order: whatever only widens what is accepted goes first, whatever narrows it last.

    Args:
        before: the case of OLD.
        case: that of NEW.
        report: the verdict on NEW.
        changes: what differs.
        connectors: what that means for each connector.
        sides: what both mean for the TLSA records of mail hosts.
    """
    old = before.chains[0].leaf_certificate
    new = case.chains[0].leaf_certificate
    if old == new:
        return (Step("OLD and NEW are the same certificate: there is nothing to exchange."),)
    broken = [connector for connector in case.tenant.connectors if _state(connector, connectors) == "breaks"]
    aspects: Mapping[Aspect, Change] = {change.aspect: change for change in changes}
    return (
        *_before(report, aspects),
        *_widen(case, old, new, broken),
        *promises.publish(sides, before.evidence.target.name, case.evidence.target.name),
        *_install(new, aspects),
        *_prove(case, new),
        *promises.prove(sides),
        *promises.withdraw(sides),
        *_afterwards(case, old, new, broken, aspects),
    )


def _state(connector: Connector, changes: Sequence[ConnectorChange]) -> str:
    same = (change for change in changes if (change.name, change.direction) == (connector.name, connector.direction))
    return next((change.effect for change in same), "same")


def _before(report: Report, aspects: Mapping[Aspect, Change]) -> Iterator[Step]:
    """What has to be true before anything is touched."""
    failures = [
        finding
        for finding in report.findings
        if finding.severity is Severity.FAIL and not finding.rule.startswith("names.")
    ]
    if failures:
        rules = ", ".join(dict.fromkeys(finding.rule for finding in failures))
        yield Step(f"Fix this before NEW is installed: {rules} (see the verdict below).")
    if aspects["overlap"].effect == "breaks":
        yield Step("Have NEW issued again so that it begins before OLD ends: otherwise mail stops in between.")
    else:
        yield Step(
            f"Exchange the certificates while both are valid: OLD {aspects['overlap'].old}, "
            f"NEW {aspects['overlap'].new}. Leave OLD in place, and do not have it revoked, until the last step."
        )


def _widen(case: Case, old: Certificate, new: Certificate, broken: Sequence[Connector]) -> Iterator[Step]:
    """Connectors are made to accept both certificates before the gateway changes."""
    common = common_value(case.tenant, old.parsed.names, new.parsed.names)
    for connector in broken:
        if common:
            yield from _register(case, connector, common)
            yield Step(
                f"Make the {connector.direction} connector '{connector.name}' accept both: {common} is met by OLD "
                f"and NEW.",
                (set_value(connector, common),),
            )
        elif connector.direction == "inbound":
            value = common_value(case.tenant, new.parsed.names, new.parsed.names) or cmdlets.NAME
            yield from _register(case, connector, value)
            yield Step(
                f"No value is met by both. Create a second inbound connector for NEW beside '{connector.name}'.",
                (create_inbound(value, f"{connector.name} (new certificate)"),),
            )
        else:
            yield Step(
                f"No value is met by both. Let the outbound connector '{connector.name}' check the certificate "
                f"without its name for as long as the change takes.",
                (command(connector, "-TlsSettings CertificateValidation -TlsDomain $null"),),
            )


def _register(case: Case, connector: Connector, value: str) -> Iterator[Step]:
    parsed = parse_value(value) if "<" not in value else None
    if connector.direction != "inbound" or parsed is None or case.accepted is None:
        return
    if not is_accepted(parsed, case.accepted):
        yield Step(f"Make {parsed.domain} an accepted domain first.", cmdlets.register_domain(parsed.domain))


def _narrow(case: Case, connector: Connector, new: Certificate, common: str | None) -> Iterator[Step]:
    """The final value: an exact name of NEW, for an inbound connector only where that name is accepted by itself."""
    when = "When no node presents OLD any more:"
    exact = next((name for name in dns_names(new.parsed.names) if not name.startswith("*.")), None)
    if connector.direction == "outbound":
        value = exact or common or cmdlets.NAME
        lines = (set_value(connector, value), *cmdlets.validate_outbound(identity(connector)))
        yield Step(f"{when} let the outbound connector '{connector.name}' compare {value}.", lines)
    elif common is None:
        yield Step(f"{when} disable the connector of OLD.", (command(connector, "-Enabled $false"),))
    elif exact and is_accepted(parse_value(exact), case.accepted):
        yield Step(
            f"{when} narrow the inbound connector '{connector.name}' to {exact}.", (set_value(connector, exact),)
        )


def _install(new: Certificate, aspects: Mapping[Aspect, Change]) -> Iterator[Step]:
    if aspects["chain"].effect != "same":
        yield Step(f"Install the intermediates of NEW on every node: {aspects['chain'].new or 'see the verdict'}.")
    yield Step("Import NEW with its private key on every node, beside OLD.")
    lines = [line for line in exchange.bind_certificate(new).lines if not line.startswith("Import-")]
    if aspects["identity"].effect == "same":
        lines = lines[:1]
        text = (
            "Where the gateway is Exchange Server: enable NEW for SMTP. Issuer and subject are the old ones, so that "
            "TlsCertificateName stays as it is and the newer certificate is taken."
        )
    else:
        text = "Where the gateway is Exchange Server: enable NEW for SMTP and bind the connectors to it."
    yield Step(text, tuple(lines))


def _prove(case: Case, new: Certificate) -> Iterator[Step]:
    yield Step(
        "Switch one node to NEW and prove it before the others: as client with listen, as server with probe.",
        (
            LISTEN,
            PROBE.format(gateway="<node>"),
        ),
    )
    yield Step(
        "Switch the other nodes, and see that all present the same.",
        (COMPARE.format(file=quote(case.evidence.target.name), gateway="<node 1> <node 2>"),),
    )
    if not new.parsed.common_names and not new.parsed.subject:
        yield Step(
            "NEW has an empty subject: on Exchange Server check which certificate is really sent (protocol log)."
        )


def _afterwards(
    case: Case,
    old: Certificate,
    new: Certificate,
    broken: Sequence[Connector],
    aspects: Mapping[Aspect, Change],
) -> Iterator[Step]:
    """What narrows comes last: connectors back to an exact value, then the old certificate away."""
    common = common_value(case.tenant, old.parsed.names, new.parsed.names)
    for connector in broken:
        yield from _narrow(case, connector, new, common)
    remove = cmdlets.remove_certificate(thumbprint(old))
    if aspects["identity"].effect == "same":
        yield Step(
            "Last, remove OLD. On Exchange Server it cannot be removed while TlsCertificateName refers to it, and the "
            "value fits both: clear it, remove OLD, set it again.",
            (
                cmdlets.clear_send_certificate(),
                remove,
                *exchange.bind_certificate(new).lines[2:],
            ),
        )
    else:
        yield Step("Last, when a day has passed without it, remove OLD from every node.", (remove,))
