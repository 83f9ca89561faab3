"""powershell: the lines that change a connector, with nothing in them expanded."""

from __future__ import annotations

import pytest

from certready.exchange.powershell import command, create_inbound, identity, quote, set_connector, set_value
from certready.model import Connector

INBOUND = Connector("O'Brien", "inbound", source="tenant")
OUTBOUND = Connector("To", "outbound", source="tenant", level="domain-validation")
GIVEN = Connector("--outbound", "outbound", level="domain-validation")


@pytest.mark.parametrize(("char", "code"), [("'", 0x27), *((chr(code), code) for code in range(0x2018, 0x201C))])
def test_every_single_quotation_mark_is_doubled(char: str, code: int) -> None:
    """PowerShell takes five characters for one, and each stays what it is; nothing else is touched."""
    assert ord(char) == code
    assert f"'a{char}{char}b$c`d\"'" == quote(f'a{char}b$c`d"')


@pytest.mark.parametrize(
    ("connector", "name", "value", "line"),
    [
        (INBOUND, "O'Brien", "a.com",
         "Set-InboundConnector -Identity 'O''Brien' -TlsSenderCertificateName 'a.com'"),
        (OUTBOUND, "To", "*.a.com",
         "Set-OutboundConnector -Identity 'To' -TlsSettings DomainValidation -TlsDomain '*.a.com'"),
        (GIVEN, "<connector>", "a.com",
         "Set-OutboundConnector -Identity '<connector>' -TlsSettings DomainValidation -TlsDomain 'a.com'"),
    ],
)  # fmt: skip
def test_a_value_is_set_by_the_cmdlet_of_the_direction(connector: Connector, name: str, value: str, line: str) -> None:
    """The tenant's connector by its name, another by a place to fill in; outbound with the level that compares."""
    assert (name, line) == (identity(connector), set_value(connector, value))


def test_a_change_is_one_line_of_the_direction() -> None:
    """Settings stand behind the identity as they are written."""
    assert "Set-InboundConnector -Identity 'O''Brien' -Enabled $true" == command(INBOUND, "-Enabled $true")
    assert "Set-OutboundConnector -Identity 'x' -A 1" == set_connector("outbound", "x", "-A 1")


def test_a_new_inbound_connector_requires_the_certificate() -> None:
    """It is of the type OnPremises, for every sender, requires TLS and asks for the name."""
    behind = "-ConnectorType OnPremises -SenderDomains '*' -RequireTls $true -TlsSenderCertificateName '*.a.com'"
    assert f"New-InboundConnector -Name 'From the mail gateway' {behind}" == create_inbound("*.a.com")
    assert f"New-InboundConnector -Name 'X' {behind}" == create_inbound("*.a.com", "X")
