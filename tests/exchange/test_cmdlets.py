"""Every line of PowerShell that is printed uses cmdlets and parameters that Microsoft's reference has."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from msgspec.structs import replace

from certready.demo.pki import Authority
from certready.exchange import cmdlets
from certready.exchange.export.read import EXPORT
from certready.explain import CATALOGUE
from certready.model.report import Severity
from certready.remedy import remedies, rules_with_a_remedy
from certready.rules import RULES
from tests.test_remedy import INBOUND, NOW, OUTBOUND, evidence, judged

TABLE = json.loads(Path(__file__).with_name("cmdlets.json").read_text("utf-8"))
KNOWN: dict[str, list[str]] = TABLE["cmdlets"]
_STRING = re.compile(r"'(?:[^']|'')*'|\"[^\"]*\"")
_CMDLET = re.compile(r"(?<![\w$.-])([A-Z][a-z]+-[A-Z]\w+)")
_PARAMETER = re.compile(r"(?<=\s)-([A-Z]\w+)")


def uses(line: str) -> Iterator[tuple[str, str | None]]:
    """The cmdlets of a line, each parameter with the one it is given to."""
    bare = _STRING.sub("''", line)
    while inner := re.search(r"\(([^()]*)\)", bare):
        yield from _command(inner[1])
        bare = bare[: inner.start()] + "''" + bare[inner.end() :]
    for part in re.split(r"[|;{}+]", bare):
        yield from _command(part)


def _command(text: str) -> Iterator[tuple[str, str | None]]:
    found = _CMDLET.search(text)
    if found:
        yield found[1], None
        for name in _PARAMETER.findall(text[found.end() :]):
            yield found[1], name


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


def test_a_wrong_line_is_noticed() -> None:
    """A parameter of another cmdlet, a cmdlet that Exchange Online does not have, and one in parentheses are found."""
    assert [("Set-InboundConnector", "TlsDomain")] == unknown("Set-InboundConnector -Identity 'a -B' -TlsDomain 'x'")
    assert [("New-AcceptedDomain", None), ("New-AcceptedDomain", "DomainName")] == unknown(
        "New-AcceptedDomain -DomainName x"
    )
    assert [("Get-Date", "Never")] == unknown("Set-AcceptedDomain -Identity (Get-Date -Never)")


@pytest.mark.parametrize("entry", CATALOGUE, ids=lambda entry: entry.id)
def test_an_explained_line_is_in_the_reference(entry: object) -> None:
    """Every line that an explanation prints."""
    assert [] == [found for cause in entry.causes for line in cause.lines for found in unknown(line)]  # type: ignore[attr-defined]


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


def needed(parameters: object) -> int:
    """How many arguments must be given."""
    return sum(one.default is one.empty for one in parameters)  # type: ignore[attr-defined]


@pytest.fixture(scope="module")
def at_now() -> Authority:
    """A CA whose certificates are valid at the moment judged."""
    root = Authority.root(moment=NOW, crl_url="http://crl.example.test/r.crl")
    return root.intermediate(moment=NOW, crl_url="http://crl.example.test/i.crl")


def test_every_remedy_is_in_the_reference(at_now: Authority) -> None:
    """Every remedy of every rule, for an inbound and an outbound connector of a tenant."""
    found = evidence(at_now.issue("mail.contoso.com", key="rsa"), (INBOUND, OUTBOUND))
    report, _ = judged(found)
    one = report.findings[0]
    every = [replace(one, rule=rule, severity=Severity.FAIL, connector=None) for rule in rules_with_a_remedy()]
    made = remedies(replace(report, findings=tuple(every)), found)
    lines = [line for remedy in made if remedy.where.startswith("exchange") for line in remedy.lines]
    assert len(lines) > 30
    assert [] == [found for line in lines if not line.startswith("#") for found in unknown(line)]


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_what_a_rule_advises_is_in_the_reference(rule: object) -> None:
    """The commands that the words of a rule name."""
    assert [] == unknown(rule.advice)  # type: ignore[attr-defined]
