"""Every line of PowerShell that is printed uses cmdlets and parameters that Microsoft's reference has."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import pytest
import tree_sitter_powershell
from tree_sitter import Language, Node, Parser

from certready.exchange import cmdlets
from certready.exchange.export.read import EXPORT
from certready.explain import CATALOGUE, Seen
from certready.explain.show import filled
from certready.model import Connector
from certready.model.remedy import Remedy
from certready.remedy import connectors
from certready.rules import RULES
from tests.test_remedy import INBOUND, OUTBOUND, made_anywhere

TABLE = json.loads(Path(__file__).with_name("cmdlets.json").read_text("utf-8"))
KNOWN: dict[str, list[str]] = TABLE["cmdlets"]
_POWERSHELL = Parser(Language(tree_sitter_powershell.language()))
# The grammar has no list of bare words, which PowerShell takes as one of strings.
_BARE_LIST = re.compile(r"(?<=\s)[A-Z]\w*(?:,[A-Z]\w*)+(?=\s|$)|(?<=[\s,])[A-Z]\w*(?=,@\{)")


def uses(line: str) -> Iterator[tuple[str, str | None]]:
    """The cmdlets of a line, each parameter with the one it is given to. Raises ValueError where PowerShell would not
    take the line. A remark uses none."""
    if line.startswith("#"):
        return
    program = _POWERSHELL.parse(_BARE_LIST.sub("'list'", line).encode()).root_node
    if program.has_error:
        raise ValueError(f"not PowerShell: {line}")
    yield from _commands(program)


def _commands(node: Node) -> Iterator[tuple[str, str | None]]:
    if node.type == "command":
        name = _text(node.child_by_field_name("command_name"))
        if "-" in name:
            yield name, None
            elements = [element for child in node.children for element in child.children]
            yield from (
                (name, _text(element).removeprefix("-")) for element in elements if element.type == "command_parameter"
            )
    for child in node.children:
        yield from _commands(child)


def _text(node: Node | None) -> str:
    return node.text.decode() if node and node.text else ""


def unknown(line: str) -> list[tuple[str, str | None]]:
    """What of a line the reference does not have. Names of parameters are compared as they are spelt there."""
    return [
        (cmdlet, name)
        for cmdlet, name in uses(line)
        if name not in (None, *KNOWN.get(cmdlet, ())) or cmdlet not in KNOWN
    ]


def test_the_table_has_a_date() -> None:
    """The day the reference was read is kept, so that it can be read again."""
    assert date.fromisoformat(TABLE["as_of"]) > date(2026, 1, 1)


@pytest.mark.parametrize("line", ["Set-InboundConnector -Identity 'O'Brien'", "Set-X -A (Get-Y", "$name = ", "@{a=1"])
def test_what_does_not_parse_is_noticed(line: str) -> None:
    """A quotation mark that closes too early, a parenthesis that stays open, an assignment of nothing."""
    with pytest.raises(ValueError, match="not PowerShell"):
        unknown(line)


def test_a_wrong_line_is_noticed() -> None:
    """A parameter of another cmdlet, a cmdlet that Exchange Online does not have, and one in parentheses are found."""
    assert [("Set-InboundConnector", "TlsDomain")] == unknown("Set-InboundConnector -Identity 'a -B' -TlsDomain 'x'")
    assert [("New-AcceptedDomain", None), ("New-AcceptedDomain", "DomainName")] == unknown(
        "New-AcceptedDomain -DomainName x"
    )
    assert [("Get-Date", "Never")] == unknown("Set-AcceptedDomain -Identity (Get-Date -Never)")


@pytest.mark.parametrize("entry", CATALOGUE, ids=lambda entry: entry.id)
def test_an_explained_line_is_in_the_reference(entry: object) -> None:
    """Every line that an explanation prints parses, whether it shows the fault or changes something; those of certready
    are held against its own command line elsewhere."""
    typed = [line for cause in entry.causes for line in (*cause.confirm, *cause.lines)]  # type: ignore[attr-defined]
    assert [] == [
        found for line in typed if not line.startswith("certready ") for found in unknown(filled(line, Seen()))
    ]


def test_the_builders_are_in_the_reference() -> None:
    """Every builder of a line, and the export."""
    built: list[str] = [EXPORT]
    for name, make in vars(cmdlets).items():
        if inspect.isfunction(make) and make.__module__ == cmdlets.__name__ and not name.startswith("_"):
            wanted = inspect.signature(make).parameters.values()
            lines = make(
                *("x" if name not in ("inbound", "outbound") else "-Enabled $true" for _ in range(needed(wanted)))
            )
            built += [lines] if isinstance(lines, str) else lines
    assert len(built) > 15
    assert [] == [found for line in built for found in unknown(line)]


def test_a_send_connector_with_a_name_compares_it() -> None:
    """Without a TlsDomain the certificate alone is bound; with one the name is set and compared too."""
    line = "Set-SendConnector -Identity '<send connector to Office 365>' -TlsCertificateName $name -RequireTLS $true"
    assert line == cmdlets.send_certificate()
    assert f"{line} -TlsAuthLevel DomainValidation -TlsDomain 'a.com'" == cmdlets.send_certificate("a.com")
    bound = cmdlets.bind_named("<I>CN=CA<S>CN=O'Brien", "a.com")
    assert ("$name = '<I>CN=CA<S>CN=O''Brien'", cmdlets.send_certificate("a.com")) == bound[:2]
    assert cmdlets.bind("AB")[0] == "$certificate = Get-ExchangeCertificate -Thumbprint 'AB'"
    assert (cmdlets.send_certificate(), cmdlets.receive_certificate()) == cmdlets.bind("AB")[2:]


def needed(parameters: object) -> int:
    """How many arguments must be given."""
    return sum(one.default is one.empty for one in parameters)  # type: ignore[attr-defined]


def test_every_remedy_is_in_the_reference() -> None:
    """Every remedy of every case of the severity table."""
    lines = {line for made in made_anywhere() if made.where.startswith("exchange") for line in made.lines}
    assert len(lines) > 30
    assert [] == [found for line in lines for found in unknown(line)]


CHANGES = {
    name: build
    for name, build in vars(connectors).items()
    if inspect.isfunction(build) and build.__module__ == connectors.__name__ and not name.startswith("_")
    if list(inspect.signature(build).parameters)[:1] == ["connector"]
    if 1 == needed(inspect.signature(build).parameters.values())
}


@pytest.mark.parametrize("build", CHANGES.values(), ids=CHANGES)
def test_every_change_of_a_connector_is_in_the_reference(build: Callable[[Connector], Iterator[Remedy]]) -> None:
    """The change is one that a connector of one direction, or of either, knows."""
    wrong = [
        [found for made in build(connector) for line in made.lines for found in unknown(line)]
        for connector in (INBOUND, OUTBOUND)
    ]
    assert [] in wrong


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_what_a_rule_advises_is_in_the_reference(rule: object) -> None:
    """The cmdlets that the words of a rule name."""
    named = re.findall(r"(?<![\w-])[A-Z][a-z]+-[A-Z]\w+", rule.advice)  # type: ignore[attr-defined]
    assert [] == [cmdlet for cmdlet in named if cmdlet not in KNOWN]
