"""What was asked of a tenant and what came of it: the answer as data, before it becomes text or JSON. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from msgspec import Struct

from certready.exchange.attribution import Attribution, Message, attribute
from certready.exchange.attribution.scenarios import default_domain_note, scenarios
from certready.exchange.attribution.steps import Outcome
from certready.exchange.clouds import SmartHost
from certready.exchange.route import Route
from certready.model import Tenant
from certready.model.report import Finding, ReportVerdict, Verdict, exit_code, worst
from certready.tenant.lint import verdict_of

Source = Literal["option", "mx"]

_VERDICTS: dict[Outcome, Verdict] = {
    "relayed": "ready",
    "incoming": "not-ready",
    "refused": "not-ready",
    "cannot-tell": "cannot-tell",
}
SUPPOSED = (
    "This assumes that the gateway presents this certificate as TLS client and that Exchange Online trusts it; "
    "certready check judges that."
)


class Asked(Struct, frozen=True):
    """One message and its attribution; ``scenario`` and ``text`` name the kind of mail where it stands for one,
    ``certificate`` the one that is presented where several were given."""

    message: Message
    attribution: Attribution
    scenario: str | None = None
    text: str | None = None
    certificate: str | None = None


class Mx(Struct, frozen=True):
    """The MX records of a domain as (preference, what the host is), or the sentence why there are none."""

    domain: str
    hosts: tuple[tuple[int, SmartHost], ...] = ()
    error: str | None = None


class Answer(Struct, frozen=True):
    """Everything one run of ``certready tenant`` says.

    ``findings`` is None where something was asked and the connectors were therefore not linted. ``names`` are those of
    the certificates, None where none was given; each certificate was asked about by its own.
    """

    tenant: Tenant
    findings: tuple[Finding, ...] | None = None
    route: Route | None = None
    asked: tuple[Asked, ...] = ()
    names: tuple[str, ...] | None = None
    smart_hosts: tuple[SmartHost, ...] = ()
    mx: Mx | None = None
    notes: tuple[str, ...] = ()

    @property
    def verdict(self) -> ReportVerdict:
        """Not ready where a lint fails or a message is not attributed, else cannot-tell where something is unknown."""
        verdicts = [_VERDICTS[asked.attribution.outcome] for asked in self.asked]
        verdicts.append(verdict_of(self.findings or ()))
        unknown = (self.route and not self.route.certain) or (self.mx and self.mx.error)
        return worst((*verdicts, "cannot-tell" if unknown else "ready"))

    @property
    def exit_code(self) -> int:
        """The verdict as the contract's exit code."""
        return exit_code(self.verdict)


def ask(tenant: Tenant, names: Sequence[str], message: Message | None, ip: str | None) -> tuple[Asked, ...]:
    """The attribution of this message, or of the four kinds of mail where there is none. ``names`` are those of the
    certificate that the gateway presents, ``ip`` is the address that it sends from, None where that is not known."""
    if message:
        return (Asked(message, attribute(tenant, names, message)),)
    return tuple(
        Asked(scenario.message, attribute(tenant, names, scenario.message), scenario.name, scenario.text)
        for scenario in scenarios(tenant, ip)
    )


def certificate_notes(tenant: Tenant, names: Sequence[str]) -> tuple[str, ...]:
    """What goes with every answer about a certificate."""
    note = default_domain_note(tenant, names)
    return (SUPPOSED, note) if note else (SUPPOSED,)
