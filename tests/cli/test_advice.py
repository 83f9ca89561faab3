"""explain, diff and --remedies through the real command line."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from certready import schemas
from tests.cli.conftest import PASSWORD, Material, Ran

Run = Callable[..., Ran]
RELAY = "550 5.7.64 TenantAttribution; Relay Access Denied"


class Piped(io.TextIOWrapper):
    """Standard input that something is piped into."""

    def __init__(self, data: bytes, *, terminal: bool = False) -> None:
        super().__init__(io.BytesIO(data), encoding="utf-8")
        self._terminal = terminal

    def isatty(self) -> bool:
        return self._terminal


# -- explain ------------------------------------------------------------------------------------------------------


def test_words_are_joined(run: Run) -> None:
    """A reply pasted without quotation marks is read as one text; known is 0."""
    ran = run("explain", *RELAY.split())
    assert (0, True) == (ran.code, ran.out.startswith(RELAY))
    assert "confirm: certready check" in ran.out


@pytest.mark.parametrize("words", [(), ("-",)])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_pipe_is_read(run: Run, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], encoding: str) -> None:
    """Without words, or with a dash, what is piped in is read, in the encodings Windows pipes have."""
    monkeypatch.setattr(sys, "stdin", Piped(f"Subject: x\r\n\r\n{RELAY}\r\n".encode(encoding)))
    ran = run("explain", *words)
    assert (0, True) == (ran.code, "relay" in ran.out.lower())


def test_a_terminal_without_text_is_2(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """With neither words nor a pipe the command does not wait: it says what to type."""
    monkeypatch.setattr(sys, "stdin", Piped(b"", terminal=True))
    ran = run("explain")
    assert (2, "") == (ran.code, ran.out)
    assert "hint: certready explain" in ran.err


def test_an_empty_pipe_is_2(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty pipe is wrong usage, not an unknown text."""
    monkeypatch.setattr(sys, "stdin", Piped(b" \r\n"))
    assert 2 == run("explain", "-").code


def test_unknown_text_is_3(run: Run) -> None:
    """Unknown text exits 3 and shows what is nearest."""
    ran = run("explain", "554 5.7.999 connector")
    assert 3 == ran.code
    assert "not in the catalogue" in ran.out
    assert "Nearest: " in ran.out


def test_a_rule_is_explained(run: Run) -> None:
    """A rule id is documented (0); a misspelt one names its neighbours (3); a report's line leads to its rule."""
    assert (0, True) == ((ran := run("explain", "chain.incomplete")).code, "confidence  documented" in ran.out)
    wrong = run("explain", "chain.incomplet")
    assert (3, True) == (wrong.code, "Nearest: chain.incomplete" in wrong.out)
    assert run("explain", "fail  chain.incomplete  The issuer of x is missing.").out == ran.out


@pytest.mark.parametrize("words", [(RELAY,), ("nothing known",), ("chain.incomplete",), ("chain.incomplet",)])
def test_json_meets_its_schema(run: Run, words: tuple[str, ...]) -> None:
    """--format json prints certready.explain/1, with the same exit code as text."""
    ran = run("explain", *words, "--format", "json")
    document = json.loads(ran.out)
    assert [] == [error.message for error in Draft202012Validator(schemas.load("explain")).iter_errors(document)]
    assert ran.code == (0 if document["known"] else 3) == run("explain", *words).code


def test_other_formats_are_refused(run: Run) -> None:
    """explain writes text and json alone; a plugin's code for what could not run is 3."""
    from certready.render import FORMATS

    others = [name for name in FORMATS if name not in ("text", "json")] or ["pdf"]
    assert [3 if name == "nagios" else 2 for name in others] == [
        run("explain", RELAY, "--format", name).code for name in others
    ]


# -- diff ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def renewed(material: Material) -> str:
    """A certificate for another host under the same CA."""
    path = material.directory / "renewed.pem"
    path.write_bytes(material.issuing.issue("gw.contoso.com", key="rsa", days=120).chain_pem)
    return str(path)


def test_diff_exits_with_the_verdict_on_new(run: Run, material: Material, renewed: str) -> None:
    """A NEW that serves is 0 even where the exchange asks for care; one that does not is 1."""
    options = [*material.inbound, *material.offline]
    good = run("diff", material / "good.pem", renewed, *options)
    assert (0, True) == (good.code, good.out.startswith("BREAKS") or "NEEDS CARE" in good.out), good.out + good.err
    assert 1 == run("diff", material / "good.pem", material / "stranger.pem", *options).code
    assert (
        3
        == run(
            "diff", material / "good.pem", renewed, *material.inbound, "--trust", material / "root.pem", "--offline"
        ).code
    )


def test_diff_asks_nobody_about_old(run: Run, material: Material) -> None:
    """An expired, revoked OLD does not worsen the verdict: it is on its way out."""
    for name in ("expired.pem", "revoked.pem", "leaf.pem"):
        assert 0 == run("diff", material / name, material / "good.pem", *material.inbound, *material.offline).code


def test_diff_with_a_tenant(run: Run, material: Material, renewed: str, tmp_path: Path) -> None:
    """Each connector of a tenant is told of, the outbound ones too although NEW is judged as client."""
    tenant = tmp_path / "tenant.json"
    connectors = {
        "InboundConnectors": [
            {
                "Name": "In",
                "ConnectorType": "OnPremises",
                "SenderDomains": ["*"],
                "TlsSenderCertificateName": "mail.contoso.com",
            }
        ],
        "OutboundConnectors": [
            {
                "Name": "Out",
                "ConnectorType": "OnPremises",
                "UseMXRecord": False,
                "SmartHosts": ["mail.contoso.com"],
                "TlsSettings": "DomainValidation",
                "TlsDomain": "mail.contoso.com",
            }
        ],
        "AcceptedDomains": [{"DomainName": "contoso.com"}],
    }
    tenant.write_text(json.dumps(connectors))
    ran = run("diff", material / "good.pem", renewed, "--tenant", str(tenant), *material.offline, "--format", "json")
    document = json.loads(ran.out)
    assert [] == [error.message for error in Draft202012Validator(schemas.load("diff")).iter_errors(document)]
    assert {("In", "breaks"), ("Out", "breaks")} == {(one["name"], one["effect"]) for one in document["connectors"]}
    assert (1, "not-ready") == (ran.code, document["verdict"])


def test_diff_opens_a_pfx(run: Run, material: Material, renewed: str) -> None:
    """OLD may be a PFX; its password comes by file, and is nowhere in the output."""
    ran = run(
        "diff",
        material / "good.pfx",
        renewed,
        *material.inbound,
        *material.offline,
        "--password-file",
        material / "password.txt",
    )
    assert 0 == ran.code, ran.err
    assert PASSWORD not in ran.out + ran.err


def test_diff_refuses_what_it_cannot_read(run: Run, material: Material) -> None:
    """A missing file, a text and a replay are usage errors with a sentence."""
    assert 2 == run("diff", material / "good.pem", material / "absent.pem").code
    assert 2 == run("diff", material / "text.txt", material / "good.pem").code
    assert 2 == run("diff", material / "good.pem", material / "good.pem", "--replay", "x").code
    assert 2 == run("diff", material / "good.pem").code


# -- remedies -----------------------------------------------------------------------------------------------------


def test_remedies_are_written(run: Run, material: Material, tmp_path: Path) -> None:
    """--remedies writes a script of comments beside the report; the exit code stays the report's."""
    path = tmp_path / "fix.ps1"
    ran = run("check", material / "stranger.pem", *material.inbound, *material.offline, "--remedies", str(path))
    assert 1 == ran.code
    text = path.read_bytes().decode("utf-8-sig")
    assert "# ## Fixes: names.connector-mismatch" in text
    assert [] == [line for line in text.splitlines() if line and not line.startswith("#")]


def test_the_remedy_makes_it_ready(run: Run, material: Material, tmp_path: Path) -> None:
    """Check, read the script, give the connector the value it names, check again: ready."""
    path = tmp_path / "fix.ps1"
    values = ["--inbound", "mx.contoso.com", "--accepted-domain", "contoso.com"]
    assert 1 == run("check", material / "good.pem", *values, *material.offline, "--remedies", str(path)).code
    lines = path.read_bytes().decode("utf-8-sig").splitlines()
    value = next(line for line in lines if line.startswith("# Set-InboundConnector")).rpartition(" ")[2].strip("'")
    again = run(
        "check", material / "good.pem", "--inbound", value, "--accepted-domain", "contoso.com", *material.offline
    )
    assert 0 == again.code, again.out


def test_a_remedies_file_that_cannot_be_written_is_2(run: Run, material: Material, tmp_path: Path) -> None:
    """A directory that is not there ends in a sentence and 2."""
    path = str(tmp_path / "absent" / "fix.ps1")
    assert 2 == run("check", material / "good.pem", *material.inbound, *material.offline, "--remedies", path).code


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_file_is_read(run: Run, tmp_path: Path, encoding: str) -> None:
    """The name of a file stands for the text in it, because PowerShell has no ``<``."""
    (tmp_path / "bounce.eml").write_bytes(f"Subject: x\r\n\r\n{RELAY}\r\n".encode(encoding))
    ran = run("explain", str(tmp_path / "bounce.eml"))
    assert (0, True) == (ran.code, "relay" in ran.out.lower())


def test_a_file_that_is_not_there_is_2(run: Run, tmp_path: Path) -> None:
    """A mistyped file name, a directory and a file that is no text's size are said as that, and not explained."""
    (tmp_path / "huge.txt").write_bytes(b"x" * (5 * 1024 * 1024))
    assert "There is no file bounce.eml" in run("explain", "bounce.eml").err
    assert [2, 2, 2] == [
        run("explain", *words).code for words in (("bounce.eml",), (str(tmp_path),), (str(tmp_path / "huge.txt"),))
    ]


def test_a_rule_goes_before_a_file(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that is called like a rule does not hide it."""
    monkeypatch.chdir(tmp_path)
    Path("chain.incomplete").write_text("nothing")
    assert "confidence  documented" in run("explain", "chain.incomplete").out


def test_diff_breaks_where_new_begins_after_old_has_ended(run: Run, material: Material, tmp_path: Path) -> None:
    """A gap that cannot be avoided is a break: exit code 1, and nothing says ready."""
    (tmp_path / "old.pem").write_bytes(material.issuing.issue("mail.contoso.com", key="rsa", days=20).chain_pem)
    (tmp_path / "new.pem").write_bytes(material.issuing.issue("mail.contoso.com", key="rsa", age=-30).chain_pem)
    ran = run("diff", str(tmp_path / "old.pem"), str(tmp_path / "new.pem"), *material.inbound, *material.offline)
    assert (1, True, False) == (ran.code, ran.out.startswith("BREAKS"), "\nREADY" in ran.out)


@pytest.mark.parametrize(("role", "code", "headline"), [((), 1, "BREAKS"), (("--role", "client"), 0, "NEEDS CARE")])
def test_diff_counts_what_breaks_in_a_judged_direction(
    run: Run, material: Material, tmp_path: Path, role: tuple[str, ...], code: int, headline: str
) -> None:
    """Both directions are judged unless one is chosen: an outbound connector that OLD met and NEW does not fails."""
    (tmp_path / "new.pem").write_bytes(material.issuing.issue("gw.contoso.com", key="rsa").chain_pem)
    both = {"ConnectorType": "OnPremises", "Enabled": True}
    tenant = tmp_path / "tenant.json"
    export = {
        "InboundConnectors": [
            both | {"Name": "In", "SenderDomains": ["*"], "TlsSenderCertificateName": "*.contoso.com"}
        ],
        "OutboundConnectors": [
            both
            | {"Name": "Out", "UseMXRecord": True, "TlsSettings": "DomainValidation", "TlsDomain": "mail.contoso.com"}
        ],
        "AcceptedDomains": [{"DomainName": "contoso.com"}],
    }
    tenant.write_text(json.dumps(export))
    words = ("--tenant", str(tenant), *material.offline, *role)
    ran = run("diff", material / "good.pem", str(tmp_path / "new.pem"), *words)
    assert (code, True) == (ran.code, ran.out.startswith(headline))
    found = json.loads(run("diff", material / "good.pem", str(tmp_path / "new.pem"), *words, "--format", "json").out)
    assert {0: "ready", 1: "not-ready"}[code] == found["verdict"]


def test_diff_names_the_intermediate_that_new_needs(run: Run, material: Material, tmp_path: Path) -> None:
    """NEW comes with the intermediate of OLD: its own is the one to install, and breaks are said first."""
    other = material.root.intermediate("Second Issuing CA")
    new = other.issue("mail.contoso.com", key="rsa")
    (tmp_path / "new.pem").write_bytes(new.pem + material.issuing.pem)
    words = (*material.inbound, "--trust", material / "root.pem", "--offline", "--revocation", "off")
    ran = run("diff", material / "good.pem", str(tmp_path / "new.pem"), *words)
    install = next(line for line in ran.out.splitlines() if "Install the intermediates of NEW" in line)
    assert (1, True, False) == (ran.code, "Second Issuing CA" in install, "Test Intermediate" in install)
    kinds = [
        line.split()[0] for line in ran.out.splitlines() if line[:9].strip() in ("breaks", "attend", "note", "same")
    ]
    assert kinds == sorted(kinds, key=["breaks", "attend", "note", "same"].index)


def test_diff_says_a_broken_connector_before_harmless_changes(run: Run, material: Material) -> None:
    """A connector that NEW does not meet stands above what merely changes."""
    ran = run("diff", material / "good.pem", material / "stranger.pem", *material.inbound, *material.offline)
    lines = [line for line in ran.out.splitlines() if line[:9].strip() in ("breaks", "attend", "note", "same")]
    assert (1, True) == (ran.code, "connector" in lines[0])
