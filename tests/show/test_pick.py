"""show --fqdn: which certificate Exchange Server takes, by which steps, and what is left open."""

from __future__ import annotations

import base64
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from certready import schemas
from certready.bundle import read_files
from certready.cli import main
from certready.demo.pki import Authority, Issued, now
from certready.remedy.dotnet import thumbprint
from certready.show import from_files
from certready.show.pick import Pick, Stored, pick
from certready.show.pick import stored as kept
from certready.x509.certificate import Certificate

NAME = "mail.contoso.com"
CA = Authority.root().intermediate()
NEW = CA.issue(NAME)
OLD = CA.issue(NAME, age=60, days=90)
LONG = CA.issue(NAME, age=30, days=300)
GONE = CA.issue(NAME, age=100, days=90)
WILD = CA.issue("*.contoso.com")
OTHER = CA.issue("mail.fabrikam.com")
OWN = Authority.root(subject_name=NEW.x509.subject)
VALIDATOR = Draft202012Validator(schemas.load("contents"))


def stored(issued: Issued, *, has_key: bool | None = True, smtp: bool | None = True, status: str = "Valid") -> Stored:
    return Stored(Certificate(issued.der), has_key, smtp, status)


def picked(*several: Stored) -> Pick:
    return pick(several, NAME, now())


def taken(made: Pick) -> list[Certificate]:
    return list(made.taken)


def ders(*issued: Issued) -> list[Certificate]:
    return [Certificate(one.der) for one in issued]


@pytest.mark.parametrize("turned", [False, True])
def test_the_newest_of_those_that_fit_is_taken(turned: bool) -> None:
    """Of several with the name, key and SMTP the one that began last is taken, whatever the order, and that is certain."""
    several = [stored(OLD), stored(NEW), stored(OTHER)]
    made = picked(*(reversed(several) if turned else several))
    assert (ders(NEW), True, Certificate(NEW.der), True) == (taken(made), made.certain, made.bind, made.rival)
    assert all(step.confidence for step in made.steps)


def test_what_is_not_eligible_is_left_out_and_said() -> None:
    """Without its key or SMTP a certificate is not taken, and the step says why."""
    made = picked(stored(NEW, has_key=False), stored(LONG, smtp=False), stored(OLD))
    assert (ders(OLD), True) == (taken(made), made.certain)
    text = " ".join(step.text for step in made.steps)
    assert "its private key is not there" in text
    assert "SMTP is not enabled for it" in text


def test_newest_start_and_latest_end_disagree() -> None:
    """Where the one that began last does not end last, which is taken cannot be told; both are named."""
    made = picked(stored(NEW), stored(LONG))
    assert (ders(NEW, LONG), False) == (taken(made), made.certain)
    assert "is unknown" in made.answer


def test_equal_starts_cannot_be_told_apart() -> None:
    """Two that began at the same moment are both named."""
    moment = now() - timedelta(days=3)
    one, two = (CA.issue(NAME, not_before=moment, not_after=moment + timedelta(days=90)) for _ in range(2))
    assert not picked(stored(one), stored(two)).certain


def test_a_self_signed_one_only_where_there_is_no_other() -> None:
    """A valid one of an authority goes before a newer self-signed one; alone that is taken."""
    assert ders(OLD) == taken(picked(stored(OWN), stored(OLD)))
    assert ders(OWN) == taken(picked(stored(OWN), stored(OTHER)))


def test_an_expired_one_is_offered_all_the_same() -> None:
    """Expired and the only one: it is taken, with event 12016, and not what is to be bound."""
    made = picked(stored(GONE))
    assert (ders(GONE), None) == (taken(made), made.bind)
    assert "12016" in made.steps[-1].text


def test_nothing_fits() -> None:
    """Without an eligible certificate there is no STARTTLS: event 12014."""
    made = picked(stored(OTHER))
    assert ([], None) == (taken(made), made.bind)
    assert "12014" in made.steps[-1].text


def test_a_wildcard_is_left_open() -> None:
    """Whether a wildcard satisfies an Fqdn is documented nowhere: never certain, alone or beside an exact one."""
    alone = picked(stored(WILD))
    assert (ders(WILD), False) == (taken(alone), alone.certain)
    assert not picked(stored(WILD), stored(NEW)).certain


def test_what_a_file_does_not_say_is_not_assumed() -> None:
    """Of a file neither key nor SMTP is known: it may be taken, and that is all."""
    made = picked(stored(NEW, has_key=None, smtp=None))
    assert (ders(NEW), False) == (taken(made), made.certain)


# -- Exchange's own list and the command line ---------------------------------------------------------------------


def row(issued: Issued, **more: Any) -> dict[str, Any]:
    usual = {"Services": "IIS, SMTP", "Status": "Valid", "HasPrivateKey": True}
    return {"RawData": base64.b64encode(issued.der).decode()} | usual | more


@pytest.mark.parametrize(
    "form",
    [
        json.dumps([row(OLD), row(NEW)]).encode(),
        json.dumps([row(OLD), row(NEW)]).encode("utf-16"),
        b"\xef\xbb\xbf" + json.dumps({"value": [row(OLD), row(NEW)], "Count": 2}).encode(),
        json.dumps([row(OLD, RawData=list(OLD.der)), row(NEW, RawData={"value": list(NEW.der), "Count": 3})]).encode(),
        json.dumps([row(OLD, Services=["IIS", "SMTP"]), row(NEW, Services=12, ServicesStringForm="IP.WS.")]).encode(),
    ],
)
def test_forms_of_the_list(form: bytes) -> None:
    """PowerShell's ways to write the list are one: encodings, wrappers, byte arrays, services as text or letters."""
    rows = kept(from_files(read_files([("exchange.json", form)])))
    assert [(OLD.der, True, True), (NEW.der, True, True)] == [
        (row.certificate.der, row.has_key, row.smtp) for row in rows
    ]


@pytest.mark.parametrize(
    ("services", "smtp"), [("None", False), ("IIS", False), ("SMTP", True), (8, None), (None, None), ("", None)]
)
def test_services(services: object, smtp: bool | None) -> None:
    """Whether SMTP is enabled is read from words alone; a number of flags says nothing."""
    (one,) = kept(from_files(read_files([("exchange.json", json.dumps(row(NEW, Services=services)).encode())])))
    assert smtp is one.smtp


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    code = main(list(words))
    return code, *capsys.readouterr()


def test_the_command_on_exchanges_list(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Text names the certificate, the steps with their confidence and the lines; JSON says the same by its schema."""
    path = tmp_path / "exchange.json"
    path.write_text(json.dumps([row(OLD), row(NEW, Services="IIS"), row(OTHER)]), "utf-8")
    code, out, _ = run(capsys, "show", str(path), "--fqdn", NAME)
    mark = thumbprint(Certificate(OLD.der))
    assert (0, True) == (code, f"Exchange Server picks {NAME} {mark} for {NAME}." in out)
    assert "(documented)" in out
    assert "$name = '<I>" in out
    code, out, _ = run(capsys, "show", str(path), "--fqdn", NAME, "--format", "json")
    document = json.loads(out)
    VALIDATOR.validate(document)
    assert (3, [mark], True, mark) == (
        len(document["certificates"]),
        *(document["pick"][key] for key in ("taken", "certain", "bind")),
    )


def test_the_command_on_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Files are compared as well; a key that came along is known to be there."""
    for name, data in {"new.pem": NEW.chain_pem + NEW.key_pem, "other.pem": OTHER.pem}.items():
        (tmp_path / name).write_bytes(data)
    code, out, _ = run(capsys, "show", str(tmp_path / "new.pem"), str(tmp_path / "other.pem"), "--fqdn", NAME)
    assert (0, True) == (code, "Exchange Server may pick" in out)


@pytest.mark.parametrize("words", [("mail.contoso.com", "--fqdn", NAME), ("x.pem", "--fqdn", "a b")])
def test_usage(words: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    """A host has picked already, and what is no name is none."""
    assert 2 == run(capsys, "show", *words)[0]
