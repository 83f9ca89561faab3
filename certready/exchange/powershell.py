"""Exchange Online PowerShell lines for the fixes: text to be read and edited, never run from here."""

from __future__ import annotations

from certready.model import Connector

# PowerShell takes each of these for a single quotation mark (about_Quoting_Rules); doubling keeps any of them literal.
_SINGLE_QUOTES = "'\u2018\u2019\u201a\u201b"


def quote(text: str) -> str:
    """Text as a single-quoted PowerShell string: nothing in it is expanded."""
    return "'" + "".join(char * 2 if char in _SINGLE_QUOTES else char for char in text) + "'"


def set_connector(direction: str, name: str, settings: str) -> str:
    """``Set-InboundConnector`` or ``Set-OutboundConnector`` (``direction``) for the connector of this name, with the
    parameters in ``settings`` as written."""
    return f"Set-{direction.capitalize()}Connector -Identity {quote(name)} {settings}"


def command(connector: Connector, settings: str) -> str:
    """``Set-InboundConnector`` or ``Set-OutboundConnector`` for this connector with these parameters as written."""
    return set_connector(connector.direction, identity(connector), settings)


def identity(connector: Connector) -> str:
    """The connector's own name, or a place to fill in for one that was given as an option."""
    return connector.name if connector.source == "tenant" else "<connector>"


def create_inbound(value: str, name: str = "From the mail gateway") -> str:
    """The line that creates an OnPremises inbound connector for this certificate name."""
    return (
        f"New-InboundConnector -Name {quote(name)} -ConnectorType OnPremises -SenderDomains {quote('*')} "
        f"-RequireTls $true -TlsSenderCertificateName {quote(value)}"
    )


def set_value(connector: Connector, value: str) -> str:
    """The line that makes the connector ask for this name."""
    if connector.direction == "inbound":
        return command(connector, f"-TlsSenderCertificateName {quote(value)}")
    return command(connector, f"-TlsSettings DomainValidation -TlsDomain {quote(value)}")
