"""x509-limbo's core cases, judged as the product judges a file. The data is looked for at ``$CERTREADY_DATA``, else at
``../shared/data`` beside the repository."""

from __future__ import annotations

import json
import lzma
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from certready import gathering as pipeline
from certready.exchange.matching import covers
from certready.model import Bundle, Chain, Options, Target
from certready.model.report import Finding, Severity
from certready.roots import plain
from certready.x509.certificate import Certificate

DATA = Path(os.environ.get("CERTREADY_DATA") or Path(__file__).parents[3] / "shared" / "data")
CASES, AGREED = DATA / "limbo-core-208.json.xz", DATA / "limbo-must-pass-ids.json"
ABSENT = f"the data of this test is absent: {DATA} (set CERTREADY_DATA)"
PRESENT = CASES.is_file() and AGREED.is_file()

Case = Mapping[str, Any]

# Where certready accepts what x509-limbo refuses, by the beginning of the id: none of the 108, and nothing that lets
# somebody else's certificate pass.
MILDER: Mapping[str, str] = {
    "pathlen::max-chain-depth-": "a limit on depth of the caller's own choice is no input",
    "rfc5280::aki::": "an identifier is a hint: what joins two certificates is the signature",
    "rfc5280::ski::": "an identifier is a hint: what joins two certificates is the signature",
    "webpki::aki::root-": "an identifier is a hint: what joins two certificates is the signature",
    "rfc5280::nc::permitted-dns-match-noncritical": "name constraints are applied, marked critical or not",
    "rfc5280::pc::ica-noncritical-pc": "policy constraints are applied, marked critical or not",
    "rfc5280::san::noncritical-with-empty-subject": "the names are read, marked critical or not",
    "webpki::san::san-critical-with-nonempty-subject": "the names are read, marked critical or not",
    "rfc5280::san::underscore-dns": "Exchange compares text, and DNS allows underscores",
    "rfc5280::serial::": "a serial number of zero or below is odd and harms nothing",
    "webpki::cn::": "the name asked for is an alternative name; what the CN holds beside it is not judged here",
    "webpki::eku::ee-": "no extended key usage, or any, allows TLS servers",
    "webpki::eku::root-has-eku": "the root's usages allow TLS servers",
    "webpki::san::public-suffix-": "no list of public suffixes is consulted",
    "webpki::forbidden-rsa-": "a key of an odd number of bits above 2048 is no weaker",
}


def read(path: Path) -> Any:
    """The JSON of a file, compressed or not."""
    return json.loads(lzma.open(path).read() if path.suffix == ".xz" else path.read_bytes())


def cases() -> list[Case]:
    """All 208 cases."""
    return list(read(CASES)["testcases"])


def agreed() -> frozenset[str]:
    """The ids of those on whose result cryptography, Go and OpenSSL agree."""
    return frozenset(read(AGREED))


def certificate(pem: str) -> Certificate:
    """The certificate between one pair of PEM lines."""
    (der,) = plain.split(pem.encode())
    return Certificate(der)


def milder(case: Case) -> str | None:
    """Why a case of this id may be accepted though it is expected to be refused; None where there is no reason."""
    return next((reason for start, reason in MILDER.items() if case["id"].startswith(start)), None)


def expected(case: Case) -> bool:
    """Whether x509-limbo has the certificate accepted."""
    return bool(case["expected_result"] == "SUCCESS")


def objections(case: Case) -> tuple[str, ...]:
    """Sentences that stand against the certificate of a case; none means that it is accepted.

    They are the findings that fail or could not be told, that strict clients refuse the chain, since x509-limbo speaks
    of strict clients, and that the name asked for is no alternative name: web clients compare no CN.
    """
    sent = tuple(map(certificate, (case["peer_certificate"], *case["untrusted_intermediates"])))
    report = pipeline.check(
        Bundle(Target("bytes", case["id"]), (Chain("c1", "pem", sent),)),
        now=datetime.fromisoformat(case["validation_time"]) if case["validation_time"] else datetime.now(UTC),
        roots=plain.from_certificates("limbo", map(certificate, case["trusted_certs"])),
        options=Options(certificate_only=True, revocation="require" if case["crls"] else "off"),
        supplied=pipeline.Supplied(crls=tuple(crl.encode() for crl in case["crls"])),
    )
    named = () if _named(case, sent[0]) else ("The certificate has another name than the one asked for.",)
    return (*(one.message for one in report.findings if _against(one)), *named)


def _named(case: Case, leaf: Certificate) -> bool:
    peer = case["expected_peer_name"] or {"kind": None}
    if peer["kind"] == "IP":
        return str(ip_address(peer["value"])) in leaf.parsed.ip_names
    return peer["kind"] is None or covers(leaf.parsed.dns_names, peer["value"]) is not None


def _against(finding: Finding) -> bool:
    return finding.severity >= Severity.UNKNOWN or finding.rule == "chain.strict-clients-refuse"
