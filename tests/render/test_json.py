"""The JSON report: the contract's keys and order, and the schemas that say so."""

import json
import re
from datetime import UTC, datetime, timedelta, timezone

import pytest
from jsonschema import Draft202012Validator
from msgspec import ValidationError
from msgspec.structs import replace

from certready import model, schemas
from certready.model.plain import moment, plain
from certready.render.json import error_json, render, render_many
from tests.render import samples

SAMPLES = [samples.ready, samples.not_ready, samples.cannot_tell, samples.two_connectors, samples.hostile]
REPORT = schemas.load("report")


def complaints(name, document):
    """What the schema of this name has against a document."""
    return [error.message for error in Draft202012Validator(schemas.load(name)).iter_errors(document)]


@pytest.mark.parametrize("name", schemas.NAMES)
def test_schemas_are_schemas(name):
    """Every schema shipped is itself valid, and says which output it describes."""
    schema = schemas.load(name)
    Draft202012Validator.check_schema(schema)
    assert f"certready.{name}/1" == schema["title"] == schema["properties"]["schema"]["const"]


def test_unknown_schema():
    """A schema that is not shipped is a KeyError, not a file that cannot be opened."""
    with pytest.raises(KeyError):
        schemas.load("../pyproject")


@pytest.mark.parametrize("make", SAMPLES)
def test_reports_fit_their_schema(make):
    """The output for every kind of report is valid against the shipped schema."""
    assert [] == complaints("report", json.loads(render(make())))


def test_several_reports_fit_their_schema():
    """Several reports are one document with the worst verdict, each report as it is alone."""
    several = json.loads(render_many([make() for make in SAMPLES], "not-ready"))
    assert ["schema", "verdict", "reports"] == list(several)
    assert ("certready.reports/1", "not-ready") == (several["schema"], several["verdict"])
    assert [samples.ready().to_dict()["verdict"], 5] == [several["reports"][0]["verdict"], len(several["reports"])]
    assert [] == complaints("reports", several)
    del several["reports"][2]["findings"]
    assert ["'findings' is a required property"] == complaints("reports", several)


@pytest.mark.parametrize("key", REPORT["required"])
def test_schema_refuses_a_report_without_a_key(key):
    """A report that lacks any of the contract's keys is not valid."""
    document = samples.ready().to_dict()
    del document[key]
    assert [f"'{key}' is a required property"] == complaints("report", document)


@pytest.mark.parametrize("part", ["connectors", "chains", "certificates", "revocation", "endpoints", "findings"])
def test_schema_refuses_a_missing_key_inside_and_takes_a_strange_one(part):
    """Inside each list, too, every key that 0.1 had is required; strange ones may be there."""
    entry = samples.cannot_tell().to_dict()[part][0]
    for key in entry.keys() - {"sha1", "demands_certificate", "direction"}:
        document = samples.cannot_tell().to_dict()
        del document[part][0][key]
        assert [f"'{key}' is a required property"] == complaints("report", document)
    document = samples.cannot_tell().to_dict()
    document[part][0]["strange"] = 1
    assert [] == complaints("report", document)


@pytest.mark.parametrize("rule", ["names", "names.", "Names.match", "names.connector_match", "a.b.c", ""])
def test_schema_refuses_a_rule_id_of_another_form(rule):
    """A rule id is a subject, a dot and a problem in lower case."""
    document = samples.ready().to_dict()
    document["findings"][0]["rule"] = rule
    assert 1 == len(complaints("report", document))


def test_keys_and_order_of_the_contract():
    """The keys stand in the order of the contract, in every part of the report."""
    document = samples.cannot_tell().to_dict()
    top = "schema certready evaluated_at gathered_at target trust verdict connectors chains certificates revocation endpoints findings"
    parts = {
        "connectors": "name direction level verdict value matched_name match",
        "chains": "id container family sni sent path verdict",
        "certificates": "sha256 sha1 subject issuer serial not_before not_after key names role origin",
        "revocation": "certificate method source url status this_update next_update revoked_at reason elapsed_ms detail",
        "endpoints": "host address port chain tls_version cipher stapled stage reply error "
        "protocol elapsed_ms asks_certificate deferred demands_certificate handshakes",
        "findings": "rule severity counted message fix reference certificate connector chain endpoint evidence direction",
    }
    assert top == " ".join(document)
    assert parts == {part: " ".join(document[part][0]) for part in parts}


def test_values_of_a_report():
    """Moments, severities, staples and digests are written as the contract shows them."""
    document = samples.cannot_tell().to_dict()
    assert {"kind": "host", "name": "gw.contoso.com:25"} == document["target"]
    assert {"store": "microsoft", "as_of": "2026-10-27"} == document["trust"]
    assert ("2026-11-21T09:00:00Z", "2026-11-20T09:00:00Z") == (document["evaluated_at"], document["gathered_at"])
    assert [True, False] == [endpoint["stapled"] for endpoint in document["endpoints"]]
    assert ["pass", "unknown", "unknown"] == [finding["severity"] for finding in document["findings"]]
    assert [None, "2026-11-01T00:00:00Z"] == [result["revoked_at"] for result in document["revocation"]]


def test_the_report_renders_itself():
    """``to_dict`` and ``to_json`` are this module, and the text ends with a line end."""
    report = samples.ready()
    assert report.to_dict() == json.loads(report.to_json())
    assert report.to_json().startswith('{\n  "schema": "certready.report/1",\n')
    assert report.to_json().endswith("\n}\n")


def test_hostile_names_survive():
    """Escapes, lone surrogates and line ends in a name come back as they were, and the text itself is plain ASCII."""
    report = samples.hostile()
    text = render(report)
    assert text.isascii()
    assert [] == re.findall(r"[^\x20-\x7e\n]", text)
    assert list(report.certificates[0].names) == json.loads(text)["certificates"][0]["names"]


def test_evidence_of_any_kind_becomes_json():
    """What JSON cannot hold in a finding's evidence is written as text or as a list."""
    found = samples.hostile().to_dict()["findings"][0]["evidence"]
    assert {"1": ["x"]} == found["odd"]
    assert ("00", "2026-11-21T09:00:00Z", "inf") == (found["\x1bkey"], found["at"], found["many"])
    assert [1, 0.5, None, True, "Target(kind='file', name='a')"] == plain(
        (1, 0.5, None, True, model.Target("file", "a"))
    )


def test_moments_are_in_utc_to_the_second():
    """Another time zone is converted, fractions are dropped, and the year 1 keeps its four digits."""
    assert "2026-11-21T07:00:00Z" == moment(datetime(2026, 11, 21, 9, 0, 0, 999, tzinfo=timezone(timedelta(hours=2))))
    assert "0001-01-01T00:00:00Z" == moment(datetime.min.replace(tzinfo=UTC))


def test_errors_fit_their_schema():
    """An error is a document of its own, with the exit code, a sentence and a hint or null."""
    document = json.loads(error_json(2, "The file cannot be read.", "Name another."))
    assert {
        "schema": "certready.error/1",
        "code": 2,
        "error": "The file cannot be read.",
        "hint": "Name another.",
    } == document
    assert [] == complaints("error", document)
    assert [] == complaints("error", json.loads(error_json(4, "A bug.")))
    assert 1 == len(complaints("error", json.loads(error_json(1, "Not an error."))))


def test_a_chain_may_be_not_applicable_but_a_report_may_not():
    """The verdict of a whole report is one of three words, and no document says another."""
    report = replace(samples.ready(), verdict="not-applicable")
    with pytest.raises(ValidationError, match="not-applicable"):
        report.to_dict()
    document = {**samples.ready().to_dict(), "verdict": "not-applicable"}
    assert ["'not-applicable' is not one of ['cannot-tell', 'not-ready', 'ready']"] == complaints("report", document)
