"""redact: nothing of the original is left, and the judgement is the same."""

from __future__ import annotations

import base64
import json
import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import cryptography_vectors
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed448 import Ed448PrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.ocsp import OCSPCertStatus
from cryptography.x509.oid import ExtendedKeyUsageOID
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

import certready
from certready import model
from certready.demo.pki import Authority
from certready.errors import CertreadyError, EvidenceError
from certready.model import AcceptedDomain, Connector, Evidence, Fault
from certready.model.endpoint import Handshake
from certready.model.report import Report
from certready.redact import certificates, redact
from tests.outside import Web
from tests.weights.material import AT, CA, LEAF, OCSP, ROOT, ROOT_CRL, SETTINGS, STORE, file, node, sent
from tests.worlds import axes
from tests.worlds.axes import AXES, PLAIN, World
from tests.worlds.test_worlds import evidence_of

VECTORS = Path(cryptography_vectors.__file__).parent
NAMES = ("contoso", "fabrikam", "world.", "gateway.pem", "192.0.2.1", "pki.example", "adatum")


def weighed(report: Report) -> list[tuple[str, str, bool]]:
    """Every rule with its weight, but the one that says that it is redacted."""
    found = [(one.rule, str(one.severity), one.counted) for one in report.findings]
    return sorted(one for one in found if one[0] != "evidence.redacted")


def everything(made: Evidence) -> bytes:
    """The file as it is written, and what is base64 in it decoded, in lower case."""
    data = certready.dump_evidence(made)
    blobs = re.findall(rb'"([A-Za-z0-9+/=]{24,})"', data)
    return b"\n".join((data, *(base64.b64decode(one) for one in blobs if len(one) % 4 == 0))).lower()


def numbers(evidence: Evidence) -> Iterable[bytes]:
    """What identifies the certificates without naming anybody: serial numbers, keys, digests."""
    for one in certificates(evidence):
        serial = abs(one.parsed.serial)
        if serial.bit_length() > 32:
            yield serial.to_bytes((serial.bit_length() + 7) // 8, "big")
        yield one.parsed.key_der
        yield from (one.parsed.sha256.encode(), one.parsed.spki_sha256.encode())


def check(evidence: Evidence, names: Iterable[str] = NAMES) -> Evidence:
    """Redacts, and holds the result against the original: nothing is left of it, and all is judged alike."""
    made = redact(evidence)
    seen = everything(made)
    assert [] == [name for name in names if name.encode() in seen]
    assert [] == [one for one in numbers(evidence) if one and one in seen]
    again = certready.judge(certready.load_evidence(certready.dump_evidence(made)))
    before = certready.judge(evidence)
    assert (before.verdict, weighed(before)) == (again.verdict, weighed(again))
    assert "evidence.redacted" in {one.rule for one in again.findings}
    return made


@pytest.mark.parametrize(
    "world",
    [World(**(PLAIN | {axis: value})) for axis, values in AXES.items() for value in values],
    ids=lambda world: "-".join(value for value, usual in zip(world, PLAIN.values(), strict=True) if value != usual),
)
def test_every_single_fault_survives(world: World) -> None:
    """A world with one fault has the same verdict and findings under stand-ins, and none of its names."""
    for evidence in evidence_of(world):
        check(evidence)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.builds(World, *(st.sampled_from(values) for values in AXES.values())))
def test_faults_together_survive(world: World) -> None:
    """Any combination of faults keeps its verdict and its findings."""
    for evidence in evidence_of(world):
        check(evidence)


def test_worlds_of_pairs_survive() -> None:
    """Some of the worlds of two faults each, in which one fault hides the other or not."""
    for world in list(axes.worlds(0))[45::150]:
        for evidence in evidence_of(world):
            check(evidence)


def probed(**more: Any) -> Evidence:
    """A probe with a banner, a reply, several addresses and an outbound connector."""
    endpoint = node(
        banner="220 gw.contoso.com Fabrikam Mail Appliance ready", reply="250 Contoso Ltd says hello", **more
    )
    other = node("2001:db8:1::25", None, trouble="deferred", error="gw.contoso.com answered 451 4.7.1 Adatum busy.")
    bundle = certready.Bundle(certready.model.Target("host", "gw.contoso.com:25"), (sent(LEAF, CA),), (endpoint, other))
    return certready.gather(
        bundle, Connector("Zu Contoso", "outbound", "mail.contoso.com", "domain-validation"), **SETTINGS
    )


def test_what_servers_said_is_kept_without_names() -> None:
    """Of banners and replies the codes stay, and words that are nobody's; organisations and hosts go."""
    made = check(probed(), (*NAMES, "2001:db8:1::25", "appliance"))
    assert made.endpoints[0].banner is not None
    assert made.endpoints[0].banner.startswith("220 ")
    assert str(made.endpoints[1].error).count("451 4.7.1") == 1
    assert made.target.name.endswith(".com:25")


def test_relations_between_names_are_kept() -> None:
    """One name has one stand-in everywhere, hosts stay under their domain, and Microsoft's own domains stay."""
    tenant = certready.Tenant(
        (
            Connector(
                "From Contoso",
                "inbound",
                "*.contoso.com",
                source="tenant",
                sender_ips=("203.0.113.7/32",),
                smart_hosts=("contoso-com.mail.protection.outlook.com",),
                sender_domains=("smtp:*.contoso.com;1",),
            ),
        ),
        (AcceptedDomain("contoso.com"), AcceptedDomain("contoso.onmicrosoft.com", initial=True)),
    )
    evidence = certready.gather(file(), tenant, now=AT, roots=STORE, named=True)
    made = check(evidence)
    (connector,), (own, initial) = made.connectors, made.accepted_domains or ()
    assert connector.value == f"*.{own.name}"
    assert connector.sender_domains == (f"smtp:*.{own.name};1",)
    assert initial.name.endswith(".onmicrosoft.com")
    assert connector.smart_hosts[0].endswith("-com.mail.protection.outlook.com")
    assert made.chains[0].leaf_certificate.parsed.names[0].endswith(f".{own.name}")


def test_sentences_about_files_and_names_are_rewritten() -> None:
    """Notes and faults that quote a file, a certificate or a host quote the stand-ins."""
    evidence = certready.gather(file(), now=AT, roots=STORE)
    fault = Fault(
        "refused", "/home/contoso/gateway.pem", "OpenSSL refuses /home/contoso/gateway.pem: mail.contoso.com."
    )
    (chain,) = evidence.chains
    noted = replace(chain, faults=(fault,), notes=("The certificate mail.contoso.com is there 2 times.",))
    made = check(replace(evidence, chains=(noted,)))
    assert made.chains[0].leaf_certificate.parsed.label in made.chains[0].notes[0]
    assert made.chains[0].faults[0].file in made.chains[0].faults[0].message


OCSP_CA = ROOT.intermediate("Contoso Issuing CA", ocsp_url=OCSP)
ASKED = OCSP_CA.issue("mail.contoso.com")
APPOINTED = OCSP_CA.issue(common_name="Contoso Responder", ekus=[ExtendedKeyUsageOID.OCSP_SIGNING])
REFUSAL = bytes.fromhex("30030a0103")  # try later
ANSWERS = {
    "good": OCSP_CA.ocsp(ASKED.x509),
    "of a responder known by its name, with a nonce": OCSP_CA.ocsp(ASKED.x509, by_name=True, nonce=b"0123456789"),
    "of an appointed responder": OCSP_CA.ocsp(ASKED.x509, responder=APPOINTED, algorithm=SHA256()),
    "revoked": OCSP_CA.ocsp(ASKED.x509, status=OCSPCertStatus.REVOKED, reason=x509.ReasonFlags.key_compromise),
    "about another": OCSP_CA.ocsp(OCSP_CA.issue("mail.fabrikam.com").x509),
    "of another CA": CA.ocsp(LEAF.x509),
    "a refusal": REFUSAL,
}


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
def test_what_responders_answered_is_rewritten(answer: bytes) -> None:
    """An answer of OCSP, fetched or stapled, speaks of the stand-ins as it did of the originals."""
    web = Web({OCSP: answer, ROOT_CRL: ROOT.crl()})
    bundle = file(ASKED, OCSP_CA)
    check(certready.gather(bundle, now=AT, roots=STORE, fetcher=web), (*NAMES, "responder"))
    endpoint = node(staple=answer)
    stapled = certready.Bundle(
        certready.model.Target("host", "gw.contoso.com:25"), (sent(ASKED, OCSP_CA),), (endpoint,)
    )
    outbound = Connector("To Contoso", "outbound", "mail.contoso.com", "domain-validation")
    check(certready.gather(stapled, outbound, now=AT, roots=STORE, fetcher=web), (*NAMES, "responder"))


@pytest.mark.parametrize("key", [Ed25519PrivateKey, Ed448PrivateKey])
def test_keys_of_every_kind_are_made_again(key: type[Ed25519PrivateKey | Ed448PrivateKey]) -> None:
    """A key on an Edwards curve gets another one of its kind, and an issuer's signs the stand-ins."""
    above = Authority.root("Contoso Root", key="ed25519", moment=AT)
    leaf = above.issue("mail.contoso.com", key=key.generate())
    check(certready.gather(file(leaf, above), now=AT, roots=STORE))


def test_what_cannot_be_replaced_is_refused() -> None:
    """A certificate that cannot be taken apart is not written as it is: the sentence says so."""
    evidence = certready.gather(file(), now=AT, roots=STORE)
    (chain,) = evidence.chains
    broken = certready.Certificate(chain.certificates[0].der[:-9])
    with pytest.raises(EvidenceError, match="cannot be redacted"):
        redact(replace(evidence, chains=(replace(chain, certificates=(broken, *chain.certificates[1:])),)))


def test_redacting_twice_changes_nothing() -> None:
    """Evidence that is redacted is handed out as it is."""
    made = redact(certready.gather(file(), now=AT, roots=STORE, fetcher=SETTINGS["fetcher"]))
    assert made is redact(made)
    assert json.loads(certready.dump_evidence(made))["redacted"] is True


def test_odd_certificates_are_replaced_or_refused() -> None:
    """Real and odd certificates come out judged alike, or are refused with a sentence; most of them come out."""
    outcomes: Counter[str] = Counter()
    for path in (*sorted(VECTORS.glob("x509/*.pem")), *sorted(VECTORS.glob("x509/custom/*.pem"))[::5]):
        try:
            evidence = certready.gather(certready.load(path.read_bytes(), name=path.name), now=AT, roots=STORE)
        except CertreadyError:
            continue
        try:
            check(evidence, (path.name,))
            outcomes["replaced"] += 1
        except EvidenceError as refused:
            outcomes[refused.message.partition(":")[0]] += 1
    assert {"replaced", "The evidence cannot be redacted"} >= set(outcomes)
    assert outcomes["replaced"] > 3 * outcomes["The evidence cannot be redacted"]


# What redaction replaces or knows to name nobody, by struct. A new field belongs here once it was thought about.
KNOWN = {
    "Evidence": "accepted_domains answers certready chains connectors consulted dane dialogue elsewhere endpoints "
    "exported_at faults fetched gathered_at gathered_until known mta_sts named options peers planned redacted rehearsal roots store "
    "target unlisted",
    "Chain": "certificates container encryption faults id keys leaf notes sni",
    "Fault": "certificates file hint kind message",
    "Endpoint": "address asks_certificate banner chain cipher deferred demands_certificate elapsed_ms error handshakes "
    "host port protocol reply stage staple tls_version trouble",
    "Handshake": "chain cipher error outcome question staple tls_version",
    "Answer": "body certificate date elapsed_ms error method note source url",
    "Options": "at certificate_only expiry_warning hostname offline revocation role same_certificate strict",
    "StoreInfo": "as_of count left_out name",
    "Known": "certificate origin source",
    "Fetched": "error url",
    "Rehearsal": "domain error exchangers presented texts",
    "Exchange": "reply sent",
    "AcceptedDomain": "default initial kind match_subdomains name region",
    "Planned": "names request unreadable",
    "Connector": "all_accepted_domains associated_domains cloud_services_mail dane_mode direction enabled kind level "
    "made_by_hybrid_wizard mta_sts_mode name recipient_domains require_tls restrict_to_certificate restrict_to_ips "
    "route_via_on_premises sender_domains sender_ips smart_hosts source test_mode transport_rule_scoped "
    "treat_as_internal trusted_organizations unread use_mx validated value",
}


@pytest.mark.parametrize("name", KNOWN)
def test_every_field_was_thought_about(name: str) -> None:
    """Evidence grows; a field that redaction does not know would be handed out as it is."""
    kind: Any = Handshake if name == "Handshake" else getattr(model, name)
    assert KNOWN[name].split() == sorted(kind.__struct_fields__)


def test_what_dns_said_of_tlsa_is_refused() -> None:
    """Signed DNS answers cannot be made again: evidence that holds them is not redacted."""
    asked = replace(certready.gather(file(), now=AT, roots=STORE), dane=model.Dane("contoso.com"))
    with pytest.raises(EvidenceError, match="signed DNS answers"):
        redact(asked)
