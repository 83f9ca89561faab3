"""OpenSSL's own OCSP cases, ``test/ocsp-tests`` of its source, where ``$CERTREADY_OPENSSL_SOURCE`` names that tree.

The expected results are those of ``test/recipes/80-test_ocsp.t``. Its answers are of 2012.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.x509 import ocsp

from certready import revocation
from certready.model import Answer
from certready.model.report import RevocationResult
from certready.revocation import judge
from certready.roots import plain
from certready.x509 import signature
from certready.x509.certificate import Certificate

SOURCE = os.environ.get("CERTREADY_OPENSSL_SOURCE")
CASES = Path(SOURCE or ".") / "test" / "ocsp-tests"
SUBJECTS = {"ND1": "EE", "ND2": "ICA", "ND3": "EE", "D1": "EE", "D2": "ICA", "D3": "EE"}
ISSUERS = {"ND1": "ICA", "ND2": "Root", "ND3": "Root", "D1": "ICA", "D2": "Root", "D3": "Root"}

pytestmark = [
    pytest.mark.skipif(
        not (SOURCE and CASES.is_dir()), reason="OpenSSL's source tree is absent (set CERTREADY_OPENSSL_SOURCE)"
    ),
    pytest.mark.filterwarnings("ignore:Parsed a serial number"),  # a root of 2003 has the number zero
]


def certificate(name: str) -> Certificate:
    return Certificate(plain.split((CASES / f"{name}.pem").read_bytes())[0])


def heard(case: str, *, answer: str = "", issuer: str = "") -> RevocationResult:
    """What an answer (the case's own unless named by its prefix) is worth with this kind of issuer certificate."""
    child = certificate(f"{case}_Cert_{SUBJECTS[case]}")
    parent = certificate(f"{issuer}{case}_Issuer_{ISSUERS[case]}")
    body = base64.b64decode((CASES / f"{answer}{case}.ors").read_bytes())
    # At the start of its week: 80-test_ocsp.t gives one moment for all, of which openssl uses none for the answers.
    at = ocsp.load_der_ocsp_response(body).this_update_utc
    return judge(child, parent, Answer(child.sha256, "ocsp", "file", body=body), at)


@pytest.fixture
def in_2012(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """SHA-1 counts, as it did when these answers were made, so that everything else about them decides. What was
    judged by the rules of today is forgotten, and so is this."""
    monkeypatch.setattr(signature, "_WEAK", ())
    revocation._remembered.cache_clear()
    yield
    revocation._remembered.cache_clear()


@pytest.mark.parametrize("case", sorted(SUBJECTS))
def test_hash_of_2012(case: str) -> None:
    """Every answer here, or its responder's certificate, rests on SHA-1, and is refused for that and by that name."""
    found = heard(case)
    assert ("invalid", True) == (found.status, "SHA-1" in found.detail)


@pytest.mark.usefixtures("in_2012")
@pytest.mark.parametrize("case", sorted(SUBJECTS))
def test_valid_answers(case: str) -> None:
    """VALID OCSP RESPONSES: good."""
    assert "good" == heard(case).status


@pytest.mark.usefixtures("in_2012")
@pytest.mark.parametrize("case", sorted(SUBJECTS))
@pytest.mark.parametrize("answer", ["ISOP_", "WRID_", "WINH_", "WIKH_"])
def test_answers_that_are_wrong(case: str, answer: str) -> None:
    """INVALID SIGNATURE, WRONG RESPONDERID, WRONG ISSUERNAMEHASH, WRONG ISSUERKEYHASH: none counts."""
    assert "invalid" == heard(case, answer=answer).status


@pytest.mark.usefixtures("in_2012")
@pytest.mark.parametrize("case", ["D1", "D2", "D3"])
@pytest.mark.parametrize("answer", ["WKDOSC_", "ISDOSC_"])
def test_responders_that_are_wrong(case: str, answer: str) -> None:
    """WRONG KEY in, and INVALID SIGNATURE on, the DELEGATED OCSP SIGNING CERTIFICATE: none counts."""
    assert "invalid" == heard(case, answer=answer).status


@pytest.mark.usefixtures("in_2012")
@pytest.mark.parametrize("case", sorted(SUBJECTS))
@pytest.mark.parametrize("issuer", ["WSNIC_", "WKIC_"])
def test_issuers_that_are_wrong(case: str, issuer: str) -> None:
    """WRONG SUBJECT NAME, and WRONG KEY, in the ISSUER CERTIFICATE: the answer is not of this issuer."""
    assert "invalid" == heard(case, issuer=issuer).status


@pytest.mark.usefixtures("in_2012")
@pytest.mark.parametrize("case", sorted(SUBJECTS))
def test_issuers_whose_own_signature_is_wrong(case: str) -> None:
    """INVALID SIGNATURE on the ISSUER CERTIFICATE: good, for that is the path's question and not the answer's."""
    assert "good" == heard(case, issuer="ISIC_").status
