"""CRLs: scope, dates, extensions, shapes, and what a list says."""

from __future__ import annotations

from datetime import datetime, timedelta

import cryptography_vectors
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given, settings
from hypothesis import strategies as st

from certready.demo.pki import Authority, key_usage
from certready.revocation import relevant
from certready.revocation.crl import lists
from tests.revocation.kit import AT, CA, CRL_URL, DAY, LEAF, OTHER, ROOT, ask, certificate

SERIAL = LEAF.x509.serial_number
STRANGE = x509.ObjectIdentifier("1.3.6.1.4.1.55555.1")


def point(url: str | None = None, **flags: object) -> tuple[x509.ExtensionType, bool]:
    """A critical issuing distribution point with these flags."""
    plain: dict[str, object] = {
        "full_name": [x509.UniformResourceIdentifier(url)] if url else None,
        "relative_name": None,
        "only_contains_user_certs": False,
        "only_contains_ca_certs": False,
        "only_some_reasons": None,
        "indirect_crl": False,
        "only_contains_attribute_certs": False,
    }
    return x509.IssuingDistributionPoint(**(plain | flags)), True  # type: ignore[arg-type]


def pem(der: bytes) -> bytes:
    return x509.load_der_x509_crl(der).public_bytes(Encoding.PEM)


def test_not_listed_is_good() -> None:
    """A fresh list of the issuer that does not name the serial number says good, with both of its dates."""
    found = ask("crl", CA.crl([(OTHER.x509.serial_number, AT - DAY, None)]))
    assert ("good", AT - DAY, AT + 6 * DAY) == (found.status, found.this_update, found.next_update)


def test_empty_list_is_good() -> None:
    """A list without any entry says good of everything."""
    assert "good" == ask("crl", CA.crl()).status


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        (None, None),
        (x509.ReasonFlags.key_compromise, "keyCompromise"),
        (x509.ReasonFlags.certificate_hold, "certificateHold"),
        (x509.ReasonFlags.superseded, "superseded"),
    ],
)
def test_listed_is_revoked(reason: x509.ReasonFlags | None, said: str | None) -> None:
    """A listed serial number is revoked, a hold as well, with date and reason."""
    found = ask("crl", CA.crl([(SERIAL, AT - 3 * DAY, reason)]))
    assert ("revoked", AT - 3 * DAY, said) == (found.status, found.revoked_at, found.reason)


def test_removed_from_the_list() -> None:
    """removeFromCRL alone says neither revoked nor good."""
    assert "unknown" == ask("crl", CA.crl([(SERIAL, AT - DAY, x509.ReasonFlags.remove_from_crl)])).status


def test_revoked_later_than_asked() -> None:
    """An entry dated after the moment asked about counts as revoked, and both dates are named."""
    found = ask("crl", CA.crl([(SERIAL, AT + DAY, None)]))
    assert "revoked" == found.status
    assert "2026-11-22" in found.detail
    assert "2026-11-21" in found.detail


@pytest.mark.parametrize(
    ("this", "following", "expected"),
    [
        (AT, AT + timedelta(seconds=1), "good"),
        (AT - DAY, AT, "good"),
        (AT - DAY, AT - timedelta(seconds=1), "stale"),
        (AT + timedelta(seconds=1), AT + DAY, "unknown"),
    ],
)
def test_dates_of_the_list(this: datetime, following: datetime, expected: str) -> None:
    """thisUpdate and nextUpdate bound a list to the second, without any grace."""
    assert expected == ask("crl", CA.crl(this_update=this, next_update=following)).status


def test_revoked_in_an_old_list() -> None:
    """A revocation is final, so an old list that names the certificate still counts."""
    body = CA.crl([(SERIAL, AT - 40 * DAY, None)], this_update=AT - 30 * DAY, next_update=AT - 20 * DAY)
    assert "revoked" == ask("crl", body).status


def without_next_update() -> bytes:
    """A list that gives no nextUpdate, which cryptography does not build: written with asn1crypto."""
    from asn1crypto import crl as asn1_crl
    from cryptography.hazmat.primitives.asymmetric import ec

    tree = asn1_crl.CertificateList.load(CA.crl())
    tbs = tree["tbs_cert_list"]
    fields = {name: tbs[name] for name in ("version", "signature", "issuer", "this_update", "crl_extensions")}
    tree["tbs_cert_list"] = asn1_crl.TbsCertList(fields)
    assert isinstance(CA.key, ec.EllipticCurvePrivateKey)
    tree["signature"] = CA.key.sign(tree["tbs_cert_list"].dump(), ec.ECDSA(hashes.SHA256()))
    return tree.dump(force=True)


def test_no_next_update() -> None:
    """A list without nextUpdate is accepted, as Windows does, and that is said."""
    found = ask("crl", without_next_update())
    assert ("good", None, True) == (found.status, found.next_update, "gives no nextUpdate" in found.detail)


@pytest.mark.parametrize(
    ("flags", "leaf", "ca"),
    [
        ({"only_contains_user_certs": True}, "good", "unknown"),
        ({"only_contains_ca_certs": True}, "unknown", "good"),
        ({"only_contains_attribute_certs": True}, "unknown", "unknown"),
        ({"indirect_crl": True}, "unknown", "unknown"),
        ({"only_some_reasons": frozenset([x509.ReasonFlags.key_compromise])}, "unknown", "unknown"),
    ],
)
def test_scope(flags: dict[str, object], leaf: str, ca: str) -> None:
    """A list says good only of the kind of certificate that it covers."""
    child = CA.intermediate("Below")
    body = CA.crl(extra=[point(**flags)])
    assert [leaf, ca] == [ask("crl", body, leaf=one).status for one in (LEAF, child)]


def test_listed_for_some_reasons() -> None:
    """A list limited to some reasons still proves a revocation."""
    limited = point(only_some_reasons=frozenset([x509.ReasonFlags.key_compromise]))
    assert "revoked" == ask("crl", CA.crl([(SERIAL, AT - DAY, None)], extra=[limited])).status


@pytest.mark.parametrize(
    ("url", "expected"), [(CRL_URL, "good"), ("http://pki.example/ca-2.crl", "unknown"), (CRL_URL + "/", "unknown")]
)
def test_part_of_a_divided_list(url: str, expected: str) -> None:
    """A part of a divided list counts only where the certificate points to this very part."""
    assert expected == ask("crl", CA.crl(extra=[point(url)])).status


def test_part_of_a_divided_list_for_a_certificate_without_pointer() -> None:
    """A certificate that points nowhere is not covered by any part of a divided list."""
    lonely = CA.issue("lonely.contoso.com", crl_urls=[])
    assert "unknown" == ask("crl", CA.crl(extra=[point(CRL_URL)]), leaf=lonely).status


def test_relative_name_of_a_part() -> None:
    """A part named relative to its issuer is the one that the certificate names in full."""
    relative = x509.RelativeDistinguishedName([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Part 1")])
    full = x509.DirectoryName(x509.Name([*CA.x509.subject.rdns, relative]))
    points = x509.CRLDistributionPoints([x509.DistributionPoint([full], None, None, None)])
    leaf = CA.issue("part.contoso.com", crl_urls=[], extra=[(points, False)])
    body = CA.crl(extra=[point(relative_name=relative)])
    assert ["good", "unknown"] == [ask("crl", body, leaf=one).status for one in (leaf, LEAF)]


@pytest.mark.parametrize(("revoked", "expected"), [([], "unknown"), ([(SERIAL, AT - DAY, None)], "revoked")])
def test_delta_list(revoked: list[tuple[int, datetime, None]], expected: str) -> None:
    """A delta list proves a revocation and never says good alone."""
    assert expected == ask("crl", CA.crl(revoked, extra=[(x509.DeltaCRLIndicator(1), True)])).status


@pytest.mark.parametrize(("critical", "expected"), [(True, "invalid"), (False, "good")])
def test_strange_extension_of_the_list(critical: bool, expected: str) -> None:
    """An extension that is not understood refuses the list exactly where it is critical."""
    strange = x509.UnrecognizedExtension(STRANGE, b"\x05\x00")
    assert expected == ask("crl", CA.crl(extra=[(strange, critical)])).status


@pytest.mark.parametrize(("critical", "expected"), [(True, "invalid"), (False, "good")])
def test_strange_extension_of_any_entry(critical: bool, expected: str) -> None:
    """So does one of an entry, even of an entry for another certificate (RFC 5280, 5.3)."""
    entry = x509.RevokedCertificateBuilder().serial_number(4711).revocation_date(AT - DAY)
    entry = entry.add_extension(x509.UnrecognizedExtension(STRANGE, b"\x05\x00"), critical=critical)
    builder = x509.CertificateRevocationListBuilder().issuer_name(CA.x509.subject).last_update(AT - DAY)
    builder = builder.next_update(AT + DAY).add_revoked_certificate(entry.build())
    body = builder.sign(CA.key, hashes.SHA256()).public_bytes(Encoding.DER)
    assert expected == ask("crl", body).status


def test_flag_bytes_inside_a_serial_number() -> None:
    """Bytes that look like a critical flag inside a serial number refuse nothing."""
    assert "good" == ask("crl", CA.crl([(0x010101FF02, AT - DAY, None)])).status


@pytest.mark.parametrize(
    ("usage", "expected"),
    [(None, "good"), (key_usage("crl_sign"), "good"), (key_usage("key_cert_sign", "digital_signature"), "invalid")],
)
def test_issuer_that_may_not_sign_lists(usage: x509.KeyUsage | None, expected: str) -> None:
    """A list does not count where the issuer has a key usage without cRLSign."""
    issuer = ROOT.issue(subject_name=CA.x509.subject, key=CA.key, usage=usage)
    assert expected == ask("crl", CA.crl(), issuer=issuer).status


@pytest.mark.parametrize("digest", [hashes.SHA384(), hashes.SHA512()])
def test_strong_hashes(digest: hashes.HashAlgorithm) -> None:
    """Lists signed with the other hashes of the SHA-2 family count."""
    assert "good" == ask("crl", CA.crl(hash_algorithm=digest)).status


@pytest.mark.parametrize("key", ["p384", "ed25519", "rsa"])
def test_kinds_of_keys(key: str) -> None:
    """Lists signed by any usual kind of key count."""
    ca = Authority.root("Key CA", key=key, moment=AT)
    assert "good" == ask("crl", ca.crl(), leaf=ca.issue("key.contoso.com"), issuer=ca).status


def test_weak_hash_is_said_apart() -> None:
    """A list signed with SHA-1 is invalid for that, a list whose signature is wrong for the other."""
    ca = Authority.root("Old CA", key="rsa", moment=AT)
    leaf = ca.issue("old.contoso.com")
    weak = ask("crl", sha1_signed(ca), leaf=leaf, issuer=ca)
    wrong = ask("crl", ca.crl()[:-1] + bytes([ca.crl()[-1] ^ 1]), leaf=leaf, issuer=ca)
    assert ["invalid", "invalid"] == [weak.status, wrong.status]
    assert [True, False] == ["SHA-1" in one.detail for one in (weak, wrong)]


def sha1_signed(ca: Authority) -> bytes:
    """A list signed with RSA and SHA-1, which cryptography refuses to make: written with asn1crypto."""
    from asn1crypto import algos
    from asn1crypto import crl as asn1_crl
    from cryptography.hazmat.primitives.asymmetric import padding, rsa

    tree = asn1_crl.CertificateList.load(ca.crl())
    algorithm = algos.SignedDigestAlgorithm({"algorithm": "sha1_rsa"})
    tree["tbs_cert_list"]["signature"] = algorithm
    tree["signature_algorithm"] = algorithm
    assert isinstance(ca.key, rsa.RSAPrivateKey)
    tree["signature"] = ca.key.sign(tree["tbs_cert_list"].dump(force=True), padding.PKCS1v15(), hashes.SHA1())
    return tree.dump(force=True)


def test_pem_lists() -> None:
    """PEM is read as well, and of several lists in a file those of the issuer are used."""
    own, others = CA.crl([(SERIAL, AT - DAY, None)]), ROOT.crl()
    assert "revoked" == ask("crl", pem(own)).status
    assert "revoked" == ask("crl", pem(others) + pem(own)).status
    assert (others, own) == lists(pem(others) + pem(own))


@pytest.mark.parametrize(
    ("body", "word"),
    [
        (b"", "empty"),
        (b"<html>", "web page"),
        (b"-----BEGIN X509 CRL-----\n????\n-----END X509 CRL-----\n", "not a CRL"),
        (b"-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n", "not a CRL"),
        (LEAF.der, "not a CRL"),
        (CA.crl()[:-10], "not a CRL"),
    ],
)
def test_what_is_no_list(body: bytes, word: str) -> None:
    """HTML, an empty body, a certificate and a list cut short are invalid, each with its own sentence."""
    found = ask("crl", body)
    assert ("invalid", True) == (found.status, word in found.detail)


def test_relevance() -> None:
    """A list handed in is relevant where it bears the name of the issuer, in DER and in PEM."""
    own, others = CA.crl(), ROOT.crl()
    found = [relevant("crl", body, certificate(LEAF), certificate(CA)) for body in (own, pem(own), others, b"rubbish")]
    assert [True, True, False, False] == found


NAMES = """
crl_ian_aia_aki.pem crl_no_next_update.pem crl_issuer_invalid_printable_string.der crl_unsupported_reason.pem
crl_idp_fullname_only_aa.pem crl_idp_relative_user_all_reasons.pem crl_inval_date_fractional_seconds.der
crl_idp_fullname_indirect_crl.pem crl_all_reasons.pem crl_inner_outer_mismatch.der crl_almost_10k.pem crl_empty.pem
crl_unrecognized_extension.der crl_idp_only_ca.pem valid_signature_crl.pem crl_delta_crl_indicator.pem
crl_empty_no_sequence.der crl_invalid_time.der crl_bad_version.pem invalid_signature_crl.pem crl_dup_entry_ext.pem
crl_md2_unknown_crit_entry_ext.pem crl_idp_reasons_only.pem crl_inval_cert_issuer_entry_ext.pem
"""


@pytest.mark.parametrize("name", NAMES.split())
def test_odd_lists_of_others(name: str) -> None:
    """Every oddity that cryptography keeps as a vector is judged without raising, and none is this issuer's word."""
    with cryptography_vectors.open_vector_file(f"x509/custom/{name}", "rb") as file:
        assert "invalid" == ask("crl", file.read()).status


ORIGINALS = {
    "good": CA.crl([(OTHER.x509.serial_number, AT - DAY, x509.ReasonFlags.superseded)]),
    "revoked": CA.crl([(SERIAL, AT - DAY, None)], extra=[point(CRL_URL)]),
}


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(sorted(ORIGINALS)), st.data())
def test_a_mutated_list_is_never_good(name: str, data: st.DataObject) -> None:
    """Any change of a byte anywhere in a list takes its word away, and none makes the judgement raise."""
    body = bytearray(ORIGINALS[name])
    at = data.draw(st.integers(0, len(body) - 1))
    body[at] ^= data.draw(st.integers(1, 255))
    assert ask("crl", bytes(body)).status in ("invalid", "unknown")


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=400))
def test_any_bytes_are_judged(body: bytes) -> None:
    """No bytes make the judgement raise, and none that are not a list say good."""
    assert "invalid" == ask("crl", body).status


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 2**158), st.booleans())
def test_any_serial_number(serial: int, listed: bool) -> None:
    """Whatever the serial number, exactly a listed one is revoked."""
    leaf = CA.issue("any.contoso.com", serial=serial)
    others = {serial ^ 1 or 2, serial ^ 0x80 or 2} - {serial}
    entries = [(one, AT - DAY, None) for one in (*others, *((serial,) if listed else ()))]
    assert ("revoked" if listed else "good") == ask("crl", CA.crl(entries), leaf=leaf).status
