"""OCSP answers: what each says, when it counts, and real ones of public CAs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import cryptography_vectors
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from hypothesis import given, settings
from hypothesis import strategies as st

from certready.demo.pki import Authority, Issued, key_usage
from certready.model import Answer
from certready.model.report import RevocationResult
from certready.revocation import judge, questions, relevant
from certready.x509.certificate import Certificate
from tests.revocation.kit import AT, CA, DAY, LEAF, OTHER, ROOT, ask, certificate, resigned

GOOD, REVOKED, UNKNOWN = ocsp.OCSPCertStatus.GOOD, ocsp.OCSPCertStatus.REVOKED, ocsp.OCSPCertStatus.UNKNOWN
SIGNING = x509.ExtendedKeyUsageOID.OCSP_SIGNING
HOUR = timedelta(hours=1)


def responder(ca: Authority = CA, **options: object) -> Issued:
    """A delegated responder as CAs make them; ``options`` as for ``Authority.issue``."""
    plain: dict[str, object] = {"common_name": "Responder", "san": [], "ekus": [SIGNING]}
    plain["extra"] = [(x509.OCSPNoCheck(), False)]
    return ca.issue(**(plain | options))  # type: ignore[arg-type]


def unsuccessful(status: ocsp.OCSPResponseStatus) -> bytes:
    return ocsp.OCSPResponseBuilder.build_unsuccessful(status).public_bytes(Encoding.DER)


def test_good_answer_of_the_issuer() -> None:
    """An answer signed by the issuer's own key that says good, in its time, is good."""
    found = ask("ocsp", CA.ocsp(LEAF.x509))
    assert ("good", AT - DAY, AT + 6 * DAY) == (found.status, found.this_update, found.next_update)
    assert "Issuing CA says good" in found.detail


@pytest.mark.parametrize("by_name", [False, True])
def test_good_answer_of_a_delegated_responder(by_name: bool) -> None:
    """A responder that the issuer's key appointed answers for it, named by key or by name."""
    assert "good" == ask("ocsp", CA.ocsp(LEAF.x509, responder=responder(), by_name=by_name)).status


@pytest.mark.parametrize("digest", [hashes.SHA1(), hashes.SHA256(), hashes.SHA384(), hashes.SHA512()])
def test_certificate_id_in_any_hash(digest: hashes.HashAlgorithm) -> None:
    """The certificate is recognised in the answer whichever hash its id is made with."""
    assert "good" == ask("ocsp", CA.ocsp(LEAF.x509, algorithm=digest)).status


def test_missing_nocheck_is_noted() -> None:
    """A responder certificate without ocsp-nocheck still counts, and that it lacks it is said."""
    found = ask("ocsp", CA.ocsp(LEAF.x509, responder=responder(extra=[])))
    assert ("good", True) == (found.status, "lacks ocsp-nocheck" in found.detail)


def test_revoked_answer() -> None:
    """A revocation is told with its date and reason."""
    body = CA.ocsp(LEAF.x509, status=REVOKED, revoked_at=AT - 3 * DAY, reason=x509.ReasonFlags.key_compromise)
    found = ask("ocsp", body)
    assert ("revoked", AT - 3 * DAY, "keyCompromise") == (found.status, found.revoked_at, found.reason)


def test_revoked_counts_in_an_old_answer() -> None:
    """A revocation is final: an answer out of date that says revoked still counts."""
    body = CA.ocsp(LEAF.x509, status=REVOKED, this_update=AT - 30 * DAY, next_update=AT - 20 * DAY)
    assert "revoked" == ask("ocsp", body).status


def test_hold_in_an_old_answer_is_stale() -> None:
    """certificateHold may have been lifted since, so an answer out of date that says so is stale."""
    hold = x509.ReasonFlags.certificate_hold
    body = CA.ocsp(LEAF.x509, status=REVOKED, reason=hold, this_update=AT - 30 * DAY, next_update=AT - 20 * DAY)
    assert "stale" == ask("ocsp", body).status


def test_revoked_only_later() -> None:
    """Asked about a moment before the revocation, the answer counts as revoked, and gives both dates."""
    found = ask("ocsp", CA.ocsp(LEAF.x509, status=REVOKED, revoked_at=AT + HOUR, this_update=AT - HOUR))
    assert "revoked" == found.status
    assert "2026-11-21 10:00 UTC" in found.detail
    assert "2026-11-21 09:00 UTC" in found.detail


def test_unknown_answer() -> None:
    """A responder that does not know the certificate is told as unknown."""
    assert "unknown" == ask("ocsp", CA.ocsp(LEAF.x509, status=UNKNOWN)).status


@pytest.mark.parametrize(
    ("status", "word"),
    [
        (ocsp.OCSPResponseStatus.UNAUTHORIZED, "unauthorized"),
        (ocsp.OCSPResponseStatus.TRY_LATER, "later"),
        (ocsp.OCSPResponseStatus.MALFORMED_REQUEST, "malformed"),
        (ocsp.OCSPResponseStatus.INTERNAL_ERROR, "internal error"),
        (ocsp.OCSPResponseStatus.SIG_REQUIRED, "signed questions"),
    ],
)
def test_unsuccessful_answers(status: ocsp.OCSPResponseStatus, word: str) -> None:
    """What a responder says instead of an answer is an answer too: unknown, with what it said."""
    found = ask("ocsp", unsuccessful(status))
    assert ("unknown", True) == (found.status, word in found.detail)


@pytest.mark.parametrize(
    ("this", "following", "expected"),
    [
        (AT, AT, "good"),
        (AT - DAY, AT - timedelta(seconds=1), "stale"),
        (AT + timedelta(seconds=1), AT + DAY, "unknown"),
    ],
)
def test_dates_of_the_answer(this: datetime, following: datetime, expected: str) -> None:
    """thisUpdate and nextUpdate bound an answer to the second, both ends included, without any grace."""
    assert expected == ask("ocsp", CA.ocsp(LEAF.x509, this_update=this, next_update=following)).status


def test_skew_only_forgives_clocks_that_run_ahead() -> None:
    """Skew accepts an answer dated a moment ahead and never lengthens one that ended."""
    ahead = CA.ocsp(LEAF.x509, this_update=AT + HOUR, next_update=AT + DAY)
    ended = CA.ocsp(LEAF.x509, this_update=AT - DAY, next_update=AT - HOUR / 2)
    assert ["good", "stale"] == [ask("ocsp", body, skew=HOUR).status for body in (ahead, ended)]


def built(next_update: datetime | None, this_update: datetime) -> bytes:
    """An answer of the CA, with or without nextUpdate."""
    builder = ocsp.OCSPResponseBuilder().add_response(
        LEAF.x509, CA.x509, hashes.SHA1(), GOOD, this_update, next_update, None, None
    )
    builder = builder.responder_id(ocsp.OCSPResponderEncoding.HASH, CA.x509)
    return builder.sign(CA.key, hashes.SHA256()).public_bytes(Encoding.DER)


@pytest.mark.parametrize(("age", "expected"), [(1, "good"), (10, "good"), (11, "stale")])
def test_no_next_update(age: int, expected: str) -> None:
    """Without nextUpdate an answer counts for ten days, and that it gives none is said."""
    found = ask("ocsp", built(None, AT - age * DAY))
    assert (expected, True) == (found.status, "gives no nextUpdate" in found.detail)


def about(*words: tuple[Issued, ocsp.OCSPCertStatus, hashes.HashAlgorithm]) -> bytes:
    """One answer of the CA about several certificates: cryptography builds single ones, asn1crypto joins them."""
    from asn1crypto import ocsp as asn1_ocsp

    answers = [CA.ocsp(leaf.x509, status=status, algorithm=digest) for leaf, status, digest in words]
    trees = [asn1_ocsp.OCSPResponse.load(answer) for answer in answers]
    parts = [tree["response_bytes"]["response"].parsed for tree in trees]
    parts[0]["tbs_response_data"]["responses"] = [part["tbs_response_data"]["responses"][0] for part in parts]
    trees[0]["response_bytes"]["response"] = asn1_ocsp.BasicOCSPResponse.load(parts[0].dump(force=True))
    return resigned(trees[0].dump(force=True), CA.key)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([(OTHER, REVOKED, hashes.SHA1()), (LEAF, GOOD, hashes.SHA1())], "good"),
        ([(OTHER, GOOD, hashes.SHA1()), (LEAF, REVOKED, hashes.SHA1())], "revoked"),
        ([(LEAF, GOOD, hashes.SHA1()), (LEAF, UNKNOWN, hashes.SHA256())], "unknown"),
        ([(LEAF, GOOD, hashes.SHA1()), (LEAF, REVOKED, hashes.SHA256())], "revoked"),
        ([(OTHER, GOOD, hashes.SHA1()), (OTHER, GOOD, hashes.SHA256())], "invalid"),
    ],
)
def test_several_words_in_one_answer(words: list[object], expected: str) -> None:
    """Of several certificates in one answer the right one is picked; of several words on it the worst stands."""
    assert expected == ask("ocsp", about(*words)).status  # type: ignore[arg-type]


def test_weak_hash_is_said_apart() -> None:
    """A SHA-1 signature that fits proves nothing and is named as that, not as a wrong one."""
    old = Authority.root("Old CA", key="rsa", moment=AT)
    leaf = old.issue("old.contoso.com")
    found = ask("ocsp", rsa_signed(old.ocsp(leaf.x509), old, "sha1"), leaf=leaf, issuer=old)
    assert ("invalid", True) == (found.status, "SHA-1" in found.detail)


def rsa_signed(body: bytes, signer: Issued, scheme: str) -> bytes:
    """The same answer with another RSA signature over its TBS: "sha1" or "pss"."""
    from asn1crypto import algos
    from asn1crypto import ocsp as asn1_ocsp

    response = asn1_ocsp.OCSPResponse.load(body)
    basic = response["response_bytes"]["response"].parsed
    data = basic["tbs_response_data"].dump()
    assert isinstance(signer.key, rsa.RSAPrivateKey)
    if scheme == "sha1":
        basic["signature_algorithm"] = algos.SignedDigestAlgorithm({"algorithm": "sha1_rsa"})
        basic["signature"] = signer.key.sign(data, padding.PKCS1v15(), hashes.SHA1())
    else:
        parameters = {
            "hash_algorithm": {"algorithm": "sha256"},
            "mask_gen_algorithm": {"algorithm": "mgf1", "parameters": {"algorithm": "sha256"}},
            "salt_length": 32,
        }
        basic["signature_algorithm"] = algos.SignedDigestAlgorithm(
            {"algorithm": "rsassa_pss", "parameters": algos.RSASSAPSSParams(parameters)}
        )
        scheme_ = padding.PSS(padding.MGF1(hashes.SHA256()), 32)
        basic["signature"] = signer.key.sign(data, scheme_, hashes.SHA256())
    response["response_bytes"]["response"] = asn1_ocsp.BasicOCSPResponse.load(basic.dump(force=True))
    return response.dump(force=True)


def test_pss_signature() -> None:
    """An RSA-PSS signature counts, with the parameters that the answer gives."""
    modern = Authority.root("PSS CA", key="rsa", moment=AT)
    leaf = modern.issue("pss.contoso.com")
    assert "good" == ask("ocsp", rsa_signed(modern.ocsp(leaf.x509), modern, "pss"), leaf=leaf, issuer=modern).status


@pytest.mark.parametrize("key", ["ec", "p384", "ed25519", "rsa"])
def test_kinds_of_keys(key: str) -> None:
    """Answers signed by any usual kind of key count."""
    ca = Authority.root("Key CA", key=key, moment=AT)
    leaf = ca.issue("key.contoso.com")
    assert "good" == ask("ocsp", ca.ocsp(leaf.x509), leaf=leaf, issuer=ca).status


@pytest.mark.parametrize(
    ("body", "word"),
    [
        (b"", "empty"),
        (b"<html><body>Please log in</body></html>", "web page"),
        (b"\xef\xbb\xbf\r\n<!DOCTYPE html>", "web page"),
        (b"not an answer", "not an OCSP answer"),
        (b"\x30\x84\xff\xff\xff\xff", "not an OCSP answer"),
    ],
)
def test_what_is_no_answer(body: bytes, word: str) -> None:
    """HTML of a proxy, an empty body and rubbish are invalid, each with its own sentence."""
    found = ask("ocsp", body)
    assert ("invalid", True) == (found.status, word in found.detail)


def test_error_is_unreachable() -> None:
    """Where nothing came, the reason is the detail."""
    found = ask("ocsp", None, error="It refused the connection.")
    assert ("unreachable", "It refused the connection.") == (found.status, found.detail)


def test_too_large_answer() -> None:
    """An OCSP answer over one megabyte is not even looked at."""
    found = ask("ocsp", b"\x30" * (1024 * 1024 + 1))
    assert ("invalid", "The answer is larger than 1 MiB.") == (found.status, found.detail)


def test_relevance() -> None:
    """An answer handed in is relevant to the certificates that it names, and to no others."""
    body = CA.ocsp(LEAF.x509)
    subjects = [certificate(LEAF), certificate(OTHER)]
    assert [True, False] == [relevant("ocsp", body, one, certificate(CA)) for one in subjects]
    assert not relevant("ocsp", b"rubbish", subjects[0], certificate(CA))
    assert not relevant("ocsp", unsuccessful(ocsp.OCSPResponseStatus.TRY_LATER), subjects[0], certificate(CA))


def test_question_is_one_that_responders_understand() -> None:
    """The request names the certificate by SHA-1, as RFC 5019 wants, without a nonce, and cryptography agrees."""
    first = questions(certificate(LEAF), certificate(CA))[0]
    assert first.ask is not None
    theirs = ocsp.OCSPRequestBuilder().add_certificate(LEAF.x509, CA.x509, hashes.SHA1()).build()
    assert theirs.public_bytes(Encoding.DER) == first.ask.body
    assert "application/ocsp-request" == first.ask.content_type


# -- real answers -------------------------------------------------------------------------------------------------


def vector(name: str) -> bytes:
    with cryptography_vectors.open_vector_file(name, "rb") as file:
        return file.read()


def real(leaf: str, issuer: str, answer: str, at: datetime) -> RevocationResult:
    """A real answer about a real certificate; all of them are files of cryptography_vectors."""
    child, parent = (
        Certificate(x509.load_pem_x509_certificates(vector(f"x509/{name}"))[0].public_bytes(Encoding.DER))
        for name in (leaf, issuer)
    )
    return judge(child, parent, Answer(child.sha256, "ocsp", "file", body=vector(f"x509/ocsp/{answer}")), at)


LETS_ENCRYPT = ("cryptography.io.precert.pem", "letsencryptx3.pem", "resp-sha256.der")


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        (datetime(2018, 8, 30, 10, 59, 59, tzinfo=UTC), "unknown"),
        (datetime(2018, 8, 30, 11, tzinfo=UTC), "good"),
        (datetime(2018, 9, 6, 11, tzinfo=UTC), "good"),
        (datetime(2018, 9, 6, 11, 0, 1, tzinfo=UTC), "stale"),
    ],
)
def test_real_answer_of_lets_encrypt(at: datetime, expected: str) -> None:
    """A real answer of Let's Encrypt X3 is good within its week and at no other time."""
    assert expected == real(*LETS_ENCRYPT, at).status


def test_real_answer_with_its_algorithm_exchanged() -> None:
    """The same answer under the name of MD2 is invalid, and the hash is what is blamed."""
    found = real(*LETS_ENCRYPT[:2], "resp-invalid-signature-oid.der", datetime(2018, 9, 1, tzinfo=UTC))
    assert ("invalid", True) == (found.status, "older hash" in found.detail)


def test_real_names_do_not_authenticate() -> None:
    """An answer with RapidSSL's hashes for cryptography.io, signed by another key, is not RapidSSL's."""
    at = datetime(2018, 10, 24, tzinfo=UTC)
    found = real("cryptography.io.pem", "rapidssl_sha256_ca_g3.pem", "resp-revoked-no-next-update.der", at)
    assert "invalid" == found.status


@pytest.mark.parametrize(
    "name",
    [
        "resp-unknown-extension.der",
        "resp-unknown-response-status.der",
        "resp-delegate-unknown-cert.der",
        "resp-unauthorized.der",
        "resp-response-type-unknown-oid.der",
        "resp-revoked.der",
        "resp-sct-extension.der",
        "resp-single-extension-reason.der",
        "resp-revoked-reason.der",
        "ocsp-army.deps.mil-resp.der",
        "resp-responder-key-hash.der",
        "resp-invalid-version.der",
        "resp-unknown-hash-alg.der",
        "resp-successful-no-response-bytes.der",
    ],
)
def test_real_answers_about_others(name: str) -> None:
    """Every other real answer, odd ones included, is no word on this certificate, and none raises."""
    assert ask("ocsp", vector(f"x509/ocsp/{name}")).status in ("invalid", "unknown")


ORIGINALS = {
    "direct": CA.ocsp(LEAF.x509),
    "delegated": CA.ocsp(LEAF.x509, responder=responder()),
    "revoked": CA.ocsp(LEAF.x509, status=REVOKED),
}


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(sorted(ORIGINALS)), st.data())
def test_a_mutated_answer_is_never_good(name: str, data: st.DataObject) -> None:
    """Any change of a byte anywhere in an answer takes its word away, and none makes the judgement raise."""
    body = bytearray(ORIGINALS[name])
    at = data.draw(st.integers(0, len(body) - 1))
    body[at] ^= data.draw(st.integers(1, 255))
    found = ask("ocsp", bytes(body))
    if found.status == "good":  # a byte outside of what is signed, such as one of the certificates brought along
        assert signed_part(ORIGINALS[name]) == signed_part(bytes(body))
        assert name != "revoked"


def signed_part(body: bytes) -> bytes:
    return ocsp.load_der_ocsp_response(body).tbs_response_bytes


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=400))
def test_any_bytes_are_judged(body: bytes) -> None:
    """No bytes make the judgement raise, and none that are not an answer say good."""
    assert ask("ocsp", body).status in ("invalid", "unknown")


def test_key_usage_of_the_responder() -> None:
    """A responder whose key usage has no digitalSignature does not count."""
    other = responder(usage=key_usage("key_encipherment"))
    assert "invalid" == ask("ocsp", CA.ocsp(LEAF.x509, responder=other)).status


def test_root_answers_for_its_intermediate() -> None:
    """A CA certificate is asked about like any other."""
    assert "good" == ask("ocsp", ROOT.ocsp(CA.x509), leaf=CA, issuer=ROOT).status
