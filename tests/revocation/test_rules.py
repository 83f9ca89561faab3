"""Rules that seldom decide: several lists together, changed keys, extensions of single answers, weak responders."""

from __future__ import annotations

from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp

from certready.demo.pki import Authority, Issued
from certready.revocation import overall
from tests.revocation.kit import AT, CA, CRL_URL, DAY, LEAF, OTHER, ROOT, ask, resigned, tlv

SERIAL = LEAF.x509.serial_number
HOLD, REMOVED = x509.ReasonFlags.certificate_hold, x509.ReasonFlags.remove_from_crl
DELTA = [(x509.DeltaCRLIndicator(1), True)]


# -- a delta beside its base --------------------------------------------------------------------------------------


def together(*bodies: bytes) -> str:
    """The one status that several lists give."""
    return overall([ask("crl", body) for body in bodies])[0]


@pytest.mark.parametrize(
    ("base", "delta", "expected"),
    [
        (None, None, "good"),
        (None, x509.ReasonFlags.key_compromise, "revoked"),
        (None, REMOVED, "good"),
        (HOLD, None, "revoked"),
        (HOLD, REMOVED, "revoked"),
    ],
)
def test_delta_over_base(base: x509.ReasonFlags | None, delta: x509.ReasonFlags | None, expected: str) -> None:
    """A delta adds what was revoked since its base; it neither says good nor takes a revocation of the base away."""
    first = CA.crl([(SERIAL, AT - 3 * DAY, base)] if base else [])
    second = CA.crl([(SERIAL, AT - DAY, delta)] if delta else [], extra=DELTA)
    assert expected == together(first, second) == together(second, first)


def test_delta_over_a_base_out_of_date() -> None:
    """A fresh delta does not refresh its base: the base is stale and the delta cannot say good."""
    stale = CA.crl(this_update=AT - 9 * DAY, next_update=AT - 2 * DAY)
    assert "unknown" == together(stale, CA.crl(extra=DELTA))


def test_pointer_to_a_delta() -> None:
    """A list, or a certificate, that points to a delta is judged without it: deltas are optional (RFC 5280, 5.2.6)."""
    points = [x509.DistributionPoint([x509.UniformResourceIdentifier(f"{CRL_URL}.delta")], None, None, None)]
    leaf = CA.issue("mail.contoso.com", extra=[(x509.FreshestCRL(points), False)])
    body = CA.crl(extra=[(x509.FreshestCRL(points), False)])
    assert ["good", "good"] == [ask("crl", body, leaf=one).status for one in (LEAF, leaf)]


# -- the issuer's keys --------------------------------------------------------------------------------------------


def test_list_of_the_other_key_after_a_change_of_keys() -> None:
    """Of two keys of one CA name only the one on the path signs for the certificate, and the other is named."""
    renewed = ROOT.intermediate("Issuing CA", moment=AT)
    found = ask("crl", renewed.crl())
    assert ("invalid", True) == (found.status, "another key of that name" in found.detail)
    own = ask("crl", CA.crl(signer=renewed.key))
    assert ("invalid", False) == (own.status, "another key of that name" in own.detail)


@pytest.mark.parametrize("digest", [hashes.SHA256(), hashes.SHA384(), hashes.SHA512()])
def test_lists_signed_with_pss(digest: hashes.HashAlgorithm) -> None:
    """A list with an RSA-PSS signature counts, and not when its signature is another's."""
    ca, other = (Authority.root("PSS CA", key="rsa", moment=AT) for _ in range(2))
    builder = x509.CertificateRevocationListBuilder().issuer_name(ca.x509.subject)
    builder = builder.last_update(AT - DAY).next_update(AT + DAY)
    scheme = padding.PSS(padding.MGF1(digest), padding.PSS.DIGEST_LENGTH)
    leaf = ca.issue("pss.contoso.com")
    found = []
    for signer in (ca, other):
        assert isinstance(signer.key, rsa.RSAPrivateKey)
        body = builder.sign(signer.key, digest, rsa_padding=scheme).public_bytes(Encoding.DER)  # type: ignore[arg-type]
        found.append(ask("crl", body, leaf=leaf, issuer=ca).status)
    assert ["good", "invalid"] == found


# -- the moment ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["crl", "ocsp"])
def test_revoked_whatever_its_date(method: str) -> None:
    """A certificate is revoked before its revocation date too, and then both dates and the reason are shown."""
    date, reason = AT - 3 * DAY, x509.ReasonFlags.superseded
    revoked = ocsp.OCSPCertStatus.REVOKED
    bodies = {
        "crl": CA.crl([(SERIAL, date, reason)]),
        "ocsp": CA.ocsp(LEAF.x509, status=revoked, revoked_at=date, reason=reason),
    }
    moments = [date - timedelta(seconds=1), date, AT]
    before, *after = (ask(method, bodies[method], at=at) for at in moments)
    assert ["revoked", "revoked", "revoked"] == [one.status for one in (before, *after)]
    assert {(date, "superseded")} == {(one.revoked_at, one.reason) for one in (before, *after)}
    assert ["2026-11-18 09:00 UTC", "2026-11-18 08:59 UTC", "superseded"] == [
        word for word in ("2026-11-18 09:00 UTC", "2026-11-18 08:59 UTC", "superseded") if word in before.detail
    ]


# -- OCSP ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("critical", [False, True])
def test_nonce(critical: bool) -> None:
    """No nonce is sent, so one in the answer, critical or not, is passed over."""
    body = CA.ocsp(LEAF.x509, nonce=b"0123456789abcdef")
    assert "good" == ask("ocsp", with_extension(body, NONCE, critical) if critical else body).status


NONCE = bytes.fromhex("06092b0601050507300102")
STRANGE = bytes.fromhex("06032a0304")


def with_extension(body: bytes, oid: bytes, critical: bool, *, single: int | None = None) -> bytes:
    """The CA's answer with one more extension, of the whole or of the single response at this place, signed anew."""
    from asn1crypto import ocsp as asn1_ocsp

    tree = asn1_ocsp.OCSPResponse.load(body)
    basic = tree["response_bytes"]["response"].parsed
    data = basic["tbs_response_data"]
    flag = b"\x01\x01\xff" if critical else b""
    content = tlv(0x30, tlv(0x30, oid + flag + tlv(4, tlv(4, b"0123456789abcdef"))))
    if single is None:
        data["response_extensions"] = asn1_ocsp.ResponseDataExtensions.load(content)
    else:
        data["responses"][single]["single_extensions"] = asn1_ocsp.SingleResponseExtensions.load(content)
    tree["response_bytes"]["response"] = asn1_ocsp.BasicOCSPResponse.load(basic.dump(force=True))
    return resigned(tree.dump(force=True), CA.key)  # type: ignore[arg-type]


def about_both() -> bytes:
    """One answer of the CA with two single responses: of another certificate, then of the leaf."""
    from asn1crypto import ocsp as asn1_ocsp

    trees = [asn1_ocsp.OCSPResponse.load(CA.ocsp(one.x509)) for one in (OTHER, LEAF)]
    parts = [tree["response_bytes"]["response"].parsed for tree in trees]
    parts[0]["tbs_response_data"]["responses"] = [part["tbs_response_data"]["responses"][0] for part in parts]
    trees[0]["response_bytes"]["response"] = asn1_ocsp.BasicOCSPResponse.load(parts[0].dump(force=True))
    return resigned(trees[0].dump(force=True), CA.key)  # type: ignore[arg-type]


@pytest.mark.parametrize(("critical", "expected"), [(False, "good"), (True, "invalid")])
@pytest.mark.parametrize("single", [None, 0, 1])
def test_strange_extension_of_an_answer(single: int | None, critical: bool, expected: str) -> None:
    """A critical extension that is not understood refuses the answer, of the whole and of any single response in it."""
    assert expected == ask("ocsp", with_extension(about_both(), STRANGE, critical, single=single)).status


def test_strange_extension_of_the_only_word() -> None:
    """So it does in an answer with one single response."""
    body = CA.ocsp(LEAF.x509)
    found = [ask("ocsp", with_extension(body, STRANGE, critical, single=0)).status for critical in (False, True)]
    assert ["good", "invalid"] == found


def test_critical_flag_by_chance() -> None:
    """The bytes of a critical flag inside a serial number refuse no answer."""
    leaf = CA.issue("mail.contoso.com", serial=0x110101FF0401)
    assert "good" == ask("ocsp", CA.ocsp(leaf.x509), leaf=leaf).status


def appointed(**options: object) -> Issued:
    """A delegated responder of the CA."""
    plain: dict[str, object] = {"common_name": "Responder", "san": [], "ekus": [x509.ExtendedKeyUsageOID.OCSP_SIGNING]}
    return CA.issue(**(plain | {"extra": [(x509.OCSPNoCheck(), False)]} | options))  # type: ignore[arg-type]


@pytest.mark.parametrize(("bits", "expected"), [(1024, "invalid"), (2048, "good")])
def test_size_of_the_key_of_a_responder(bits: int, expected: str) -> None:
    """A delegated responder with an RSA key under 2048 bits does not count."""
    weak = appointed(key=rsa.generate_private_key(65537, bits))
    found = ask("ocsp", CA.ocsp(LEAF.x509, responder=weak))
    assert (expected, bits < 2048) == (found.status, "RSA 1024" in found.detail)


@pytest.mark.parametrize(("critical", "expected"), [(False, "good"), (True, "invalid")])
def test_strange_extension_of_a_responder(critical: bool, expected: str) -> None:
    """A responder's certificate with a critical extension that is not understood does not count."""
    strange = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00")
    assert expected == ask("ocsp", CA.ocsp(LEAF.x509, responder=appointed(extra=[(strange, critical)]))).status


def test_responder_appointed_with_a_weak_hash() -> None:
    """A responder whose certificate is signed with SHA-1 is refused for that, and the hash is named."""
    from tests.pki import weakly_signed

    ca = Authority.root("Old CA", key="rsa", moment=AT)
    signing = [x509.ExtendedKeyUsageOID.OCSP_SIGNING]
    responder = ca.issue(common_name="Responder", san=[], ekus=signing)
    old = Issued(x509.load_der_x509_certificate(weakly_signed(responder, "sha1")), responder.key, ca)
    leaf = ca.issue("old.contoso.com")
    found = [ask("ocsp", ca.ocsp(leaf.x509, responder=one), leaf=leaf, issuer=ca) for one in (responder, old)]
    assert ["good", "invalid"] == [one.status for one in found]
    assert "SHA-1" in found[1].detail


def test_when_the_answer_was_signed_is_shown() -> None:
    """The moment at which a responder signed is shown beside the dates of its word."""
    body = CA.ocsp(LEAF.x509)
    produced = ocsp.load_der_ocsp_response(body).produced_at_utc
    assert f"signed at {produced:%Y-%m-%d %H:%M} UTC" in ask("ocsp", body).detail
