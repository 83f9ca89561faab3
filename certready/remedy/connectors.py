"""Remedies in Exchange Online: what is set on a connector, and new ones.

The lines themselves are built in ``exchange.powershell`` and ``exchange.cmdlets``. A remedy without a title of its own
has its rule's words.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from certready.exchange import Accepted, cmdlets, fitting_values
from certready.exchange.clouds import WORLDWIDE, Cloud
from certready.exchange.powershell import command, create_inbound, identity, quote, set_value
from certready.model import Connector
from certready.model.remedy import Remedy

HYBRID_NOTE = (
    "The Hybrid Configuration Wizard made this connector: run the wizard again first, with the certificate chosen "
    "anew; what is changed by hand may be undone by its next run."
)
DELAY_NOTE = "A changed connector can take an hour to have its effect (reported): test again after that."


def changed(connector: Connector, settings: str, title: str = "") -> Iterator[Remedy]:
    """``Set-InboundConnector`` or ``Set-OutboundConnector`` with these parameters as written."""
    yield _typed(connector, command(connector, settings), title)
    yield from proved(connector)


def asking_for(connector: Connector, value: str | None = None, title: str = "") -> Iterator[Remedy]:
    """The connector made to ask for this name, or for one to be filled in."""
    yield asking(connector, value, title)
    yield from proved(connector)


def asking(connector: Connector, value: str | None, title: str) -> Remedy:
    """The line of ``asking_for`` alone."""
    return _typed(connector, set_value(connector, value or cmdlets.NAME), title)


def _typed(connector: Connector, line: str, title: str) -> Remedy:
    """One changed connector; what made it is to be asked first."""
    own = (HYBRID_NOTE,) if connector.made_by_hybrid_wizard else ()
    return Remedy(title, "exchange-online", (line,), (*own, DELAY_NOTE))


def proved(connector: Connector) -> Iterator[Remedy]:
    """What proves an outbound connector afterwards."""
    if connector.direction == "outbound":
        lines = cmdlets.validate_outbound(identity(connector))
        yield Remedy(
            "Validate the outbound connector, and mark it as validated.", "exchange-online", lines, script_only=True
        )


# -- settings -----------------------------------------------------------------------------------------------------


def enabled(connector: Connector) -> Iterator[Remedy]:
    """A connector that is switched off, in use again."""
    return changed(connector, "-Enabled $true")


def on_premises(connector: Connector) -> Iterator[Remedy]:
    """A Partner connector for the tenant's own gateway made one of its own organisation."""
    return changed(connector, "-ConnectorType OnPremises")


def without_trusted_organizations(connector: Connector) -> Iterator[Remedy]:
    """TrustedOrganizations, beside which nothing else is used, cleared."""
    return changed(connector, "-TrustedOrganizations $null")


def requiring_tls(connector: Connector) -> Iterator[Remedy]:
    """Mail in plain text, which shows no certificate, refused."""
    return changed(connector, "-RequireTls $true")


def without_addresses(connector: Connector) -> Iterator[Remedy]:
    """The certificate kept, the addresses beside it cleared."""
    return changed(connector, "-RestrictDomainsToIPAddresses $false -SenderIPAddresses $null")


def without_restrictions(connector: Connector, parameters: Iterable[str]) -> Iterator[Remedy]:
    """Restrictions that an OnPremises connector does not apply, taken away."""
    return changed(connector, " ".join(f"-{parameter} $false" for parameter in parameters))


def not_internal(connector: Connector) -> Iterator[Remedy]:
    """Mail no longer marked as internal."""
    return changed(connector, "-TreatMessagesAsInternal $false")


def for_every_domain(connector: Connector) -> Iterator[Remedy]:
    """AssociatedAcceptedDomains cleared."""
    return changed(connector, "-AssociatedAcceptedDomains $null")


def skipping_the_last_hop(connector: Connector) -> Iterator[Remedy]:
    """Enhanced filtering: the gateway's own hop left out of SPF."""
    return changed(connector, "-EFSkipLastIP $true")


def comparing_the_name(connector: Connector) -> Iterator[Remedy]:
    """The TlsDomain that is there compared too."""
    return changed(connector, "-TlsSettings DomainValidation")


def sending_to(connector: Connector, host: str = cmdlets.GATEWAY) -> Iterator[Remedy]:
    """The gateway as the smart host."""
    return changed(connector, f"-UseMXRecord $false -SmartHosts {quote(host)}")


def carrying_mail(connector: Connector) -> Iterator[Remedy]:
    """A connector out of test mode."""
    return changed(connector, "-TestMode $false")


def with_dane_where_it_is(connector: Connector) -> Iterator[Remedy]:
    """SmtpDaneMode Mandatory as it is, or mail let pass where a domain has no DANE."""
    yield Remedy("")
    yield from changed(connector, "-SmtpDaneMode Opportunistic", "Where the domain has no DANE at all, let mail pass.")


def narrowed(connector: Connector) -> Iterator[Remedy]:
    """A Partner connector that locks everybody else out, for its partner's domains alone."""
    return changed(connector, f"-SenderDomains {quote('<domain of the partner>')}")


def let_out(connector: Connector) -> Iterator[Remedy]:
    """A lock-down that nothing can pass: a name that the filter has, or no lock-down."""
    yield asking(connector, "<name in the filter's certificate>", "Ask for the name of the filter.")
    yield from changed(connector, "-RestrictDomainsToCertificate $false", "Or, where no filter is meant, lift it.")


def one_for_each_name(connector: Connector) -> Iterator[Remedy]:
    """One of several connectors that the same certificate meets, disabled."""
    yield from changed(connector, "-Enabled $false")
    yield Remedy("See what each connector asks for.", "exchange-online", (cmdlets.show_inbound(),), script_only=True)


# -- new connectors -----------------------------------------------------------------------------------------------


def fitting(names: Iterable[str], accepted: Accepted | None) -> str:
    """A value that a certificate with these names satisfies with certainty, one whose domain is accepted before any
    other; a place for it where there is none."""
    return next(iter(fitting_values(names, accepted)), cmdlets.NAME)


def new_inbound(value: str = cmdlets.NAME, title: str = "") -> Remedy:
    """An OnPremises inbound connector for this certificate name, with what goes with it."""
    notes = (
        "A new tenant may create it disabled, or refuse to: Microsoft support then has to allow it.",
        "Both directions are needed: see that there is an outbound connector to the gateway too.",
        DELAY_NOTE,
    )
    return Remedy(title, "exchange-online", (create_inbound(value),), notes)


def new_pair(value: str, host: str) -> Iterator[Remedy]:
    """A connector for each direction."""
    yield Remedy("", "exchange-online")
    inbound = new_inbound(value, f"Create an inbound connector that asks for {value}.")
    yield Remedy(inbound.title, inbound.where, inbound.lines, inbound.notes, script_only=True)
    title = f"Create an outbound connector that compares {value}."
    yield Remedy(title, "exchange-online", (cmdlets.new_outbound(value, host),), script_only=True)


def counterpart() -> Iterator[Remedy]:
    """The inbound connector of a pair whose outbound one is there."""
    yield new_inbound()


def first_inbound(idle: Iterable[Connector], value: str) -> Iterator[Remedy]:
    """An inbound connector for a tenant that has none in use: one that is disabled, or a new one."""
    off = tuple(idle)
    if len(off) == 1:
        yield from enabled(off[0])
        return
    yield new_inbound(value)
    for connector in off:
        for remedy in changed(connector, "-Enabled $true", f"Or enable '{connector.name}'."):
            yield Remedy(remedy.title, remedy.where, remedy.lines, remedy.notes, script_only=True)


def exported() -> Iterator[Remedy]:
    """The one command that writes the tenant file."""
    from certready.exchange.export.read import EXPORT

    yield Remedy("")
    title = "Export connectors and accepted domains for --tenant."
    yield Remedy(title, "exchange-online", (EXPORT,), script_only=True)


def admin_center(cloud: Cloud) -> str:
    """The Microsoft 365 admin center, with its address where that is not the one everybody knows."""
    address = f" ({cloud.admin})" if cloud.admin and cloud is not WORLDWIDE else ""
    return f"Microsoft 365 admin center{address}"
