"""The first question: does a certificate make the message the tenant's own?"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from certready.exchange import CERTIFICATE_NAME, DECISIVE, Accepted, accepted_of, associated, select, value_of
from certready.exchange.attribution.steps import ORDER, Ground, Step, step_on, worst
from certready.exchange.matching import Match, Value, match
from certready.model import Connector, Tenant


def by_certificate(tenant: Tenant, names: Sequence[str]) -> Ground:
    """The first question, the same that ``check`` asks: a matching OnPremises connector whose domain is accepted."""
    if not names:
        return Ground("no", "no", (step_on("1.3.1", "no", "No certificate is presented."),))
    if not tenant.connectors and not tenant.lists_connectors:
        unknown = step_on("1.3.1", "unclear", "The file names no connector, so what the tenant has is not known.")
        return Ground("unclear", "unclear", (unknown,))
    accepted = accepted_of(tenant)
    chosen = select(tenant, "client", names, named=False, accepted=accepted)
    asking = [connector for connector in chosen.judged if connector.kind != "Partner"]
    if not asking:
        partner = "only a Partner connector asks" if chosen.judged else "no enabled OnPremises connector asks"
        return Ground("no", "no", (step_on("1.3.1", "no", f"For the names of the certificate {partner}."),))
    grounds = [_ground_of(connector, names, accepted) for connector in asking]
    return min(grounds, key=lambda ground: (ORDER.index(ground.state), ORDER.index(ground.identity)))


def _ground_of(connector: Connector, names: Sequence[str], accepted: Accepted | None) -> Ground:
    value = value_of(connector)
    if value is None and CERTIFICATE_NAME in connector.unread:
        text = f"The certificate name that '{connector.name}' asks for cannot be read in the file."
        return Ground("unclear", "unclear", (step_on("1.3.1", "unclear", text),), connector.name)
    if value is None:
        return Ground("no", "no", (step_on("1.2.1", "no", f"The value of '{connector.name}' is malformed."),))
    matched = [_matching(connector, value, match(value, names)), *_hindrances(connector, value)]
    accepting = _accepting(value, accepted)
    identity = worst(step.answer for step in matched)
    state = worst((identity, accepting.answer))
    steps = [*matched, accepting]
    if state == "yes":
        text = f"'{connector.name}' makes the message the tenant's own: any sender may relay, the empty one too."
        steps.append(step_on("1.3.4", "yes", text))
    return Ground(state, identity, tuple(steps), connector.name)


def _matching(connector: Connector, value: Value, name_match: Match) -> Step:
    """How the value is met; the same cases as ``names.connector-match`` and its uncertain sister."""
    sentence = f"The certificate name {name_match.name} meets {value} of '{connector.name}'"
    if value.issuer:
        return step_on("1.2.13", "unclear", f"{sentence}; whether its issuer part is met is not known.")
    match name_match.kind:
        case "deep":
            return step_on("1.2.8", "unclear", f"{sentence}, but more than one label under it: documents disagree.")
        case "wildcard-certificate":
            return step_on("1.2.4", "yes", f"{sentence}, which is only inferred.")
        case "apex":
            number = "1.2.4" if name_match.uncertain else "1.2.7"
            return step_on(number, "yes", f"{sentence}{', which is only inferred' if name_match.uncertain else ''}.")
        case "exact":
            return step_on("1.2.6" if value.wildcard else "1.2.2", "yes", f"{sentence} exactly.")
        case _:
            return step_on("1.2.5", "yes", f"{sentence}, as a host under it.")


def _hindrances(connector: Connector, value: Value) -> Iterable[Step]:
    """What keeps a matching connector from counting."""
    if connector.trusted_organizations:
        yield step_on("1.3.16", "no", f"'{connector.name}' has TrustedOrganizations: its certificate name is not used.")
    lost = [name for name in DECISIVE if name in connector.unread]
    if lost:
        yield step_on("1.3.1", "unclear", f"{', '.join(lost)} of '{connector.name}' cannot be read in the file.")
    if not associated(connector, value):
        text = f"'{connector.name}' is limited by AssociatedAcceptedDomains to other domains than {value.domain}."
        yield step_on("1.4", "unclear", text)


def _accepting(value: Value, accepted: Accepted | None) -> Step:
    """The accepted-domain rule for the value."""
    number = "1.3.6" if value.wildcard else "1.3.5"
    if accepted is None:
        return step_on(number, "unclear", f"Whether {value.domain} is an accepted domain is not known.")
    acceptance = accepted.acceptance(value)
    match acceptance.standing:
        case "accepted":
            return step_on(number, "yes", f"{value.domain} is an accepted domain.")
        case "subdomain":
            return step_on("1.3.6", "unclear", f"Of {value.domain} only the subdomain {acceptance.domain} is accepted.")
        case "match-subdomains":
            return step_on(
                "1.3.15", "unclear", f"{value.domain} is covered by MatchSubDomains of {acceptance.domain} alone."
            )
    above = accepted.above(value.domain)
    text = f"{value.domain} is not an accepted domain{', a domain above it is not enough' if above else ''}."
    return step_on("1.3.7" if above else number, "no", text)
