"""What each kind of OCSP answer says, in whole results: who stands behind it, and why it counts or does not."""

from __future__ import annotations

from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID

from certready.demo.pki import Authority, Issued, key_usage
from certready.model.report import RevocationResult, Status
from certready.revocation import ocsp as module
from certready.revocation import relevant
from certready.x509.der import element, members
from tests import odd
from tests.revocation.kit import AT, CA, CRL_URL, DATE, DAY, LEAF, OTHER, ROOT, ask, certificate, resigned, tlv
from tests.revocation.test_rules import about_both, with_extension

GOOD, REVOKED, UNKNOWN = ocsp.OCSPCertStatus.GOOD, ocsp.OCSPCertStatus.REVOKED, ocsp.OCSPCertStatus.UNKNOWN
SIGNING = ExtendedKeyUsageOID.OCSP_SIGNING
SECOND = timedelta(seconds=1)
CA_LABEL = certificate(CA).parsed.label
THIS, NEXT = AT - DAY, AT + 6 * DAY
STANDS = "The answer of 2026-11-20 09:00 UTC stands until 2026-11-27 09:00 UTC."
UNCHECKED = " The responder's certificate lacks ocsp-nocheck, and its own revocation was not asked."
STRANGE_EXTENSION = "The answer has a critical extension that is not understood, and must not be used."


def appointed(by: Authority = CA, **options: object) -> Issued:
    """A delegated responder of the CA."""
    plain: dict[str, object] = {"common_name": "Responder", "san": [], "ekus": [SIGNING]}
    return by.issue(**(plain | {"extra": [(x509.OCSPNoCheck(), False)]} | options))  # type: ignore[arg-type]


def result(status: Status, detail: str, *, leaf: Issued = LEAF, is_dated: bool = True) -> RevocationResult:
    this, following = (THIS, NEXT) if is_dated else (None, None)
    return RevocationResult(
        certificate(leaf).sha256, "ocsp", "network", CRL_URL, status, this, following, detail=detail
    )


def says_good(body: bytes, label: str = CA_LABEL, note: str = "") -> RevocationResult:
    """A good result out of this answer."""
    produced = ocsp.load_der_ocsp_response(body).produced_at_utc
    return result("good", f"The responder {label} says good, signed at {produced:%Y-%m-%d %H:%M} UTC.{note} {STANDS}")


# -- what it says -------------------------------------------------------------------------------------------------


def test_who_says_good() -> None:
    """The issuer itself, a responder that it appointed, and whether that one's own revocation is open: each is said."""
    plain, noted = appointed(), appointed(extra=[])
    for body, label, note in (
        (CA.ocsp(LEAF.x509), CA_LABEL, ""),
        (CA.ocsp(LEAF.x509, by_name=True), CA_LABEL, ""),
        (CA.ocsp(LEAF.x509, responder=plain), "Responder", ""),
        (CA.ocsp(LEAF.x509, responder=plain, by_name=True), "Responder", ""),
        (CA.ocsp(LEAF.x509, responder=noted), "Responder", UNCHECKED),
    ):
        assert says_good(body, label, note) == ask("ocsp", body)


def test_what_a_responder_does_not_know() -> None:
    """Unknown has its dates, and what is to know of the responder."""
    for responder, note in ((None, ""), (appointed(), ""), (appointed(extra=[]), UNCHECKED)):
        body = CA.ocsp(LEAF.x509, status=UNKNOWN, responder=responder)
        assert result("unknown", f"The responder does not know the certificate.{note}") == ask("ocsp", body)


@pytest.mark.parametrize(
    ("reason", "name", "words"),
    [(None, None, ", without a reason"), (x509.ReasonFlags.superseded, "superseded", ", reason superseded")],
)
def test_what_a_revocation_says(reason: x509.ReasonFlags | None, name: str | None, words: str) -> None:
    """A revocation has the dates of the answer, its own and its reason."""
    body = CA.ocsp(LEAF.x509, status=REVOKED, revoked_at=AT - 3 * DAY, reason=reason)
    assert ask("ocsp", body) == RevocationResult(
        *(certificate(LEAF).sha256, "ocsp", "network", CRL_URL, "revoked", THIS, NEXT, AT - 3 * DAY, name, None),
        f"Revoked at 2026-11-18 09:00 UTC{words}.",
    )


@pytest.mark.parametrize(
    ("status", "detail"),
    [
        ("MALFORMED_REQUEST", "The responder says that the question is malformed."),
        ("INTERNAL_ERROR", "The responder says that it has an internal error."),
        ("TRY_LATER", "The responder says to try again later."),
        ("SIG_REQUIRED", "The responder answers signed questions only."),
        ("UNAUTHORIZED", "The responder says unauthorized: it does not know this certificate."),
    ],
)
def test_answers_without_success(status: str, detail: str) -> None:
    """What a responder says in place of an answer is unknown, and is said in its words."""
    body = ocsp.OCSPResponseBuilder.build_unsuccessful(ocsp.OCSPResponseStatus[status]).public_bytes(Encoding.DER)
    assert result("unknown", detail, is_dated=False) == ask("ocsp", body)
    assert not relevant("ocsp", body, certificate(LEAF), certificate(CA))


# -- whose word it is ---------------------------------------------------------------------------------------------


def bringing(body: bytes, *certificates: bytes) -> bytes:
    """The answer with these certificates in the place of its own, which its signature does not cover."""
    outer = members(element(body))
    wrapped = members(members(outer[1])[0])
    signed = b"".join(part.encoded for part in members(element(wrapped[1].content))[:3])
    brought = tlv(0xA0, tlv(0x30, b"".join(certificates))) if certificates else b""
    basic = tlv(4, tlv(0x30, signed + brought))
    return tlv(0x30, outer[0].encoded + tlv(0xA0, tlv(0x30, wrapped[0].encoded + basic)))


NOBODY = f"The answer is signed by a responder that is neither {CA_LABEL} nor brought along with it."


def test_responder_that_nobody_brings() -> None:
    """An answer of a responder whose certificate is missing, or is not among the first eight, is nobody's; a place
    among them is enough."""
    responder = appointed()
    body = CA.ocsp(LEAF.x509, responder=responder)
    assert result("invalid", NOBODY) == ask("ocsp", bringing(body))
    assert result("invalid", NOBODY) == ask("ocsp", bringing(body, OTHER.der))
    assert result("invalid", NOBODY) == ask("ocsp", bringing(body, *[OTHER.der] * 8, responder.der))
    assert says_good(body, "Responder") == ask("ocsp", bringing(body, *[OTHER.der] * 7, responder.der))
    by_name = CA.ocsp(LEAF.x509, responder=responder, by_name=True)
    assert result("invalid", NOBODY) == ask("ocsp", bringing(by_name, OTHER.der))


def test_one_of_several_that_could_have_signed() -> None:
    """Of several certificates that the answer may mean, one that stands behind it is enough, whichever comes first."""
    renewed = ROOT.intermediate("Issuing CA", key=CA.key, moment=AT, age=5)
    body = CA.ocsp(LEAF.x509)
    assert says_good(body) == ask("ocsp", bringing(body, renewed.der))
    namesake = appointed(subject_name=CA.x509.subject)
    body = CA.ocsp(LEAF.x509, responder=namesake, by_name=True)
    assert says_good(body) == ask("ocsp", body)


def refused(responder: Issued, at_skew: timedelta = timedelta(0)) -> str | None:
    """Why this responder's answer is invalid, None where it is good."""
    found = ask("ocsp", CA.ocsp(LEAF.x509, responder=responder), skew=at_skew)
    assert found.status in ("good", "invalid")
    assert (THIS, NEXT) == (found.this_update, found.next_update)
    return found.detail if found.status == "invalid" else None


ODD = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.3.6.1.4.1.55555.1"), b"\x05\x00")
SPAN = "The certificate of the responder Responder is valid from {}, not at 2026-11-21 09:00 UTC."
NO_SIGNING = "The certificate of the responder Responder does not allow OCSP signing."


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({}, None),
        ({"usage": None}, None),
        ({"usage": key_usage("digital_signature")}, None),
        ({"usage": key_usage("key_cert_sign")}, "The key usage of the responder Responder does not allow signatures."),
        ({"ekus": None}, NO_SIGNING),
        ({"ekus": [ExtendedKeyUsageOID.SERVER_AUTH]}, NO_SIGNING),
        ({"ekus": [ExtendedKeyUsageOID.SERVER_AUTH, SIGNING]}, None),
        ({"not_after": AT}, None),
        ({"not_before": AT, "not_after": AT + DAY}, None),
        (
            {"not_before": AT - 2 * DAY, "not_after": AT - SECOND},
            SPAN.format("2026-11-19 09:00 UTC to 2026-11-21 08:59 UTC"),
        ),
        (
            {"not_before": AT + SECOND, "not_after": AT + DAY},
            SPAN.format("2026-11-21 09:00 UTC to 2026-11-22 09:00 UTC"),
        ),
        ({"extra": [(x509.OCSPNoCheck(), False), (ODD, False)]}, None),
        (
            {"extra": [(ODD, True)]},
            "The responder's certificate Responder has a critical extension that is not understood, 1.3.6.1.4.1.55555.1.",
        ),
        (
            {
                "ekus": None,
                "san": None,
                "extra": [
                    (x509.ExtendedKeyUsage([SIGNING]), True),
                    (x509.SubjectAlternativeName([x509.DNSName("ocsp.contoso.com")]), True),
                ],
                "without": [],
            },
            None,
        ),
    ],
)
def test_what_a_responder_must_be(options: dict[str, object], reason: str | None) -> None:
    """It must be allowed to sign OCSP answers, at this very second, and be understood; each refusal has its words."""
    assert reason == refused(appointed(CA, **options))


def test_responder_that_begins_within_the_skew() -> None:
    """A responder's certificate may begin as far ahead as a clock may run, and ends without any grace."""
    ahead = appointed(not_before=AT + 60 * SECOND, not_after=AT + DAY)
    ended = appointed(not_after=AT - SECOND)
    assert [True, True, False] == [bool(refused(ahead, skew * SECOND)) for skew in (0, 59, 60)]
    assert refused(ended, 60 * SECOND)


def test_responder_that_another_authority_appointed() -> None:
    """It does not speak for the issuer, and whose appointment is missing is said."""
    expected = f"The responder Responder was not appointed by {CA_LABEL}: another key signed it."
    assert expected == refused(appointed(ROOT))


UNREAD = "The certificate of the responder Responder cannot be read completely."


@pytest.mark.parametrize(
    ("oid", "value"), [(odd.USAGE, b"\x04\x00"), (odd.EKU, b"\x05\x00"), (odd.SAN, b"\x30\x02\x99\x00")]
)
@pytest.mark.parametrize("critical", [False, True])
def test_responder_with_an_extension_that_cannot_be_read(oid: bytes, value: bytes, critical: bool) -> None:
    """A responder's certificate of which an extension cannot be read does not count, critical or not."""
    responder = appointed()
    der = odd.with_extension(responder, oid, value, critical=critical)
    found = ask("ocsp", bringing(CA.ocsp(LEAF.x509, responder=responder), der))
    assert result("invalid", UNREAD) == found


def test_responder_that_is_not_encoded_as_it_must_be() -> None:
    """Nor does one whose certificate a strict reader refuses, here for a version that there is not."""
    responder = appointed()
    der = odd.changed(responder, version=tlv(0xA0, tlv(2, b"\x07")))
    assert result("invalid", UNREAD) == ask("ocsp", bringing(CA.ocsp(LEAF.x509, responder=responder), der))


def test_signatures_that_prove_nothing() -> None:
    """A signature by another key, of the issuer's answer or of a responder's, is told as that."""
    stranger = Authority.root("Stranger", moment=AT)
    for body, label in ((CA.ocsp(LEAF.x509), CA_LABEL), (CA.ocsp(LEAF.x509, responder=appointed()), "Responder")):
        expected = result("invalid", f"The signature of the answer is not that of {label}.")
        assert expected == ask("ocsp", resigned(body, stranger.key))  # type: ignore[arg-type]


# -- whom it is about ---------------------------------------------------------------------------------------------


def hashed(name: bytes, key: bytes, serial: int, algorithm: hashes.HashAlgorithm | None = None) -> bytes:
    """A good answer of the CA with this CertID."""
    digest = algorithm or hashes.SHA1()
    builder = ocsp.OCSPResponseBuilder().add_response_by_hash(
        *(name, key, serial, digest, GOOD, THIS, NEXT, None, None)
    )
    builder = builder.responder_id(ocsp.OCSPResponderEncoding.HASH, CA.x509)
    return builder.sign(CA.key, hashes.SHA256()).public_bytes(Encoding.DER)


def test_every_part_of_the_identity_counts() -> None:
    """Issuer name, issuer key and serial number each name another certificate where they differ, and a hash that is
    not one of SHA-1, SHA-256, SHA-384 and SHA-512 names none."""
    another = result("invalid", "The answer speaks of another certificate, not of this one.", is_dated=False)
    serial = LEAF.x509.serial_number
    request = ocsp.OCSPRequestBuilder().add_certificate(LEAF.x509, CA.x509, hashes.SHA1()).build()
    name, key = request.issuer_name_hash, request.issuer_key_hash
    true = hashed(name, key, serial)
    assert says_good(true) == ask("ocsp", true)
    wrong = bytes(20)
    for body in (hashed(wrong, key, serial), hashed(name, wrong, serial), hashed(name, key, serial + 1)):
        assert another == ask("ocsp", body)
    for digest, known in (
        *((hashes.SHA1(), True), (hashes.SHA256(), True), (hashes.SHA384(), True), (hashes.SHA512(), True)),
        (hashes.SHA224(), False),
    ):
        body = CA.ocsp(LEAF.x509, algorithm=digest)
        assert known == relevant("ocsp", body, certificate(LEAF), certificate(CA))
        assert (says_good(body) if known else another) == ask("ocsp", body)


# -- critical extensions ------------------------------------------------------------------------------------------

CHANCE = CA.issue("mail.contoso.com", serial=0x110101FF0401)  # the bytes of a critical flag
OID = bytes.fromhex("06032a0304")


@pytest.mark.parametrize("by_name", [False, True])
@pytest.mark.parametrize(("status", "expected"), [(GOOD, "good"), (REVOKED, "revoked"), (UNKNOWN, "unknown")])
@pytest.mark.parametrize("single", [None, 0])
def test_critical_extensions_are_told_from_others(
    by_name: bool, status: ocsp.OCSPCertStatus, expected: str, single: int | None
) -> None:
    """Whoever answers and whatever is said, an extension refuses the answer exactly where it is critical, not where
    the bytes of a flag stand elsewhere."""
    body = CA.ocsp(CHANCE.x509, status=status, by_name=by_name, reason=x509.ReasonFlags.superseded)
    assert expected == ask("ocsp", body, leaf=CHANCE).status
    assert expected == ask("ocsp", with_extension(body, OID, False, single=single), leaf=CHANCE).status
    refused = ask("ocsp", with_extension(body, OID, True, single=single), leaf=CHANCE)
    assert result("invalid", STRANGE_EXTENSION, leaf=CHANCE, is_dated=False) == refused


def rewritten(body: bytes, *, words: bytes | None = None, extensions: bytes | None = None) -> bytes:
    """The CA's answer with these single responses or extensions in place of its own, signed anew."""
    outer = members(element(body))
    wrapped = members(members(outer[1])[0])
    basic = members(element(wrapped[1].content))
    parts = [part.encoded for part in members(basic[0])]
    kept = [*parts[:2], parts[2] if words is None else tlv(0x30, words)]
    added = tlv(0xA1, tlv(0x30, extensions)) if extensions is not None else b""
    from cryptography.hazmat.primitives.asymmetric import ec

    assert isinstance(CA.key, ec.EllipticCurvePrivateKey)
    tbs = tlv(0x30, b"".join(kept) + added)
    signature = tlv(3, b"\0" + CA.key.sign(tbs, ec.ECDSA(hashes.SHA256())))
    whole = tlv(4, tlv(0x30, tbs + basic[1].encoded + signature))
    return tlv(0x30, outer[0].encoded + tlv(0xA0, tlv(0x30, wrapped[0].encoded + whole)))


def test_critical_extension_without_a_value() -> None:
    """A critical extension refuses the answer also where its value is empty or zero."""
    for value in (b"", b"\0"):
        extension = tlv(0x30, OID + b"\x01\x01\xff" + tlv(4, value))
        expected = result("invalid", STRANGE_EXTENSION, is_dated=False)
        assert expected == ask("ocsp", rewritten(CA.ocsp(LEAF.x509), extensions=extension))


def test_answer_about_nothing() -> None:
    """An answer without a single response is about another certificate, whatever bytes its extensions hold."""
    extension = tlv(0x30, OID + tlv(4, b"\x01\x01\xff\x04"))
    for extensions in (None, extension):
        found = ask("ocsp", rewritten(CA.ocsp(LEAF.x509), words=b"", extensions=extensions))
        assert ("invalid", "The answer speaks of another certificate, not of this one.") == (found.status, found.detail)


def test_how_many_words_are_searched(monkeypatch: pytest.MonkeyPatch) -> None:
    """Critical extensions are searched in ten thousand single responses, and an answer with more is refused, where it
    may have one."""
    assert module.MOST_WORDS == 10_000
    body = about_both()
    flagged = with_extension(body, OID, critical=False, single=0)
    nonce = with_extension(body, bytes.fromhex("06092b0601050507300102"), critical=True)
    for most, statuses in ((2, ["good"] * 3), (1, ["good", "good", "invalid"])):
        monkeypatch.setattr(module, "MOST_WORDS", most)
        found = [ask("ocsp", each) for each in (body, flagged, nonce)]
        assert statuses == [each.status for each in found]
        assert "invalid" not in statuses or found[2].detail == "The answer speaks of more than 1 certificates."


def test_what_is_understood_by_its_date() -> None:
    """The dates of an answer are GeneralizedTime; one with another kind is none that can be read."""
    body = CA.ocsp(LEAF.x509)
    words = members(members(element(members(members(members(element(body))[1])[0])[1].content))[0])[2]
    single = [part.encoded for part in members(members(words)[0])]
    found = ask("ocsp", rewritten(body, words=tlv(0x30, b"".join((*single[:2], DATE)))))
    assert result("invalid", "The answer is not an OCSP answer that can be read.", is_dated=False) == found
