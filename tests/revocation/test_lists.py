"""What each kind of list says, in whole results: status, dates, reason and the sentence."""

from __future__ import annotations

import base64
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import AuthorityInformationAccessOID

from certready.demo.pki import Authority, Issued, key_usage
from certready.model import Answer
from certready.model.report import RevocationResult, Status
from certready.revocation import crl as module
from certready.revocation import judge, lists, points, relevant
from certready.revocation.crl import AS_PEM, MOST_LISTS, SPELLED
from certready.x509.certificate import Certificate
from certready.x509.der import element, members
from tests import odd
from tests.revocation.kit import AT, CA, CRL_URL, DAY, LEAF, ROOT, ask, assembled, certificate, entry, fields, tlv
from tests.revocation.test_crl import pem, point, sha1_signed, without_next_update
from tests.revocation.test_layout import STRANGE, TRUE, extensions, searched

SERIAL = LEAF.x509.serial_number
CA_LABEL = certificate(CA).parsed.label
URI = x509.UniformResourceIdentifier
UNLISTED = "The CRL does not list the certificate. The answer of 2026-11-20 09:00 UTC"
STANDS = f"{UNLISTED} stands until 2026-11-27 09:00 UTC."


def said(body: bytes, *, leaf: Issued = LEAF, issuer: Issued = CA, url: str | None = CRL_URL) -> RevocationResult:
    answer = Answer(certificate(leaf).sha256, "crl", "file", url, body)
    return judge(certificate(leaf), certificate(issuer), answer, AT)


def dated(status: Status, detail: str, *, leaf: Issued = LEAF, url: str | None = CRL_URL) -> RevocationResult:
    """The result of a list with the usual dates that revokes nothing."""
    return RevocationResult(
        certificate(leaf).sha256,
        "crl",
        "file",
        url,
        status,
        AT - DAY,
        AT + 6 * DAY,
        detail=detail,
    )


# -- whose it is --------------------------------------------------------------------------------------------------

STRANGER = Authority.root(
    "Stranger " + "x" * 250,
    moment=AT,
    subject_name=x509.Name([x509.NameAttribute(x509.NameOID.ORGANIZATION_NAME, f"{part}" * 60) for part in "abcde"]),
)


KEY_ID = bytes.fromhex("551d0e")


def unkeyed(*, key_id: bytes | None, own: bytes | None) -> tuple[bytes, Issued]:
    """A list that a stranger signed and that names this key, and an issuer whose certificate has that identifier."""
    builder = x509.CertificateRevocationListBuilder().issuer_name(CA.x509.subject)
    builder = builder.last_update(AT - DAY).next_update(AT + 6 * DAY)
    if key_id is not None:
        builder = builder.add_extension(x509.AuthorityKeyIdentifier(key_id, None, None), critical=False)
    body = builder.sign(STRANGER.key, hashes.SHA256()).public_bytes(Encoding.DER)
    kept = members(members(members(members(element(CA.der))[0])[7])[0])
    others = [each.encoded for each in kept if members(each)[0].content != KEY_ID]
    named = [tlv(0x30, tlv(6, KEY_ID) + tlv(4, tlv(4, own)))] if own is not None else []
    der = odd.changed(CA, extensions=tlv(0xA3, tlv(0x30, b"".join((*others, *named)))))
    return body, Issued(x509.load_der_x509_certificate(der), CA.key, ROOT)


HINT = " It names another key of that name ({}); each key of a CA has a list of its own."
WRONG = f"The signature of the CRL is not that of {CA_LABEL}."


@pytest.mark.parametrize(
    ("key_id", "own", "hint"),
    [
        (None, b"own", ""),
        (b"own", b"own", ""),
        (b"other", None, ""),
        (b"other", b"own", HINT.format("6f74686572")),
        (
            bytes(range(21)),
            b"own",
            HINT.format("000102030405060708090a0b0c0d0e0f10111213"),
        ),
    ],
)
def test_list_signed_by_another_key(key_id: bytes | None, own: bytes | None, hint: str) -> None:
    """It is invalid, and where both keys have identifiers that differ, the other's is shown, 20 bytes of it at most."""
    body, issuer = unkeyed(key_id=key_id, own=own)
    assert dated("invalid", WRONG + hint) == said(body, issuer=issuer)


def issuing(usage: x509.KeyUsage | None = None, *, unreadable: bool = False) -> Issued:
    """The CA's name and key in a certificate with this key usage."""
    issuer = ROOT.issue(subject_name=CA.x509.subject, key=CA.key, usage=usage or key_usage("crl_sign"))
    if not unreadable:
        return issuer
    der = odd.with_extension(issuer, odd.USAGE, b"\x04\x00", critical=True)
    return Issued(x509.load_der_x509_certificate(der), issuer.key, ROOT)


def test_issuer_that_may_not_sign_lists() -> None:
    """A key usage without cRLSign makes its lists invalid, one that cannot be read leaves them unknown, in so many
    words and whatever they say."""
    forbidden = f"The key usage of {CA_LABEL} does not allow it to sign CRLs."
    unread = f"Whether {CA_LABEL} may sign CRLs is not known: its key usage cannot be read."
    for body in (CA.crl(), CA.crl([(SERIAL, AT - DAY, None)])):
        assert dated("invalid", forbidden) == said(body, issuer=issuing(key_usage("key_cert_sign")))
        assert dated("unknown", unread) == said(body, issuer=issuing(unreadable=True))


def test_list_of_another_issuer() -> None:
    """Its name is shown, 200 characters of it at most; that of an issuer to whom a point of the certificate leaves its
    revocation is unknown, which is said."""
    named = f"The CRL is of another issuer, {{}}, not of {CA_LABEL}."
    assert dated("invalid", named.format(ROOT.x509.subject.rfc4514_string())) == said(ROOT.crl())
    long = STRANGER.x509.subject.rfc4514_string()
    assert len(long) > 201
    assert dated("invalid", named.format(long[:200])) == said(STRANGER.crl())
    leaf = delegating(ROOT.x509.subject)
    assert dated("unknown", points.DELEGATED, leaf=leaf) == said(ROOT.crl(), leaf=leaf)
    assert dated("invalid", named.format(long[:200]), leaf=leaf) == said(STRANGER.crl(), leaf=leaf)


def test_signatures_that_prove_nothing() -> None:
    """A weak hash and an algorithm that is not known are told apart from a wrong signature."""
    old = Authority.root("Old CA", key="rsa", moment=AT)
    leaf = old.issue("old.contoso.com")
    label = certificate(old).parsed.label
    weak = f"The CRL is signed with SHA-1 or an older hash, which no longer proves that {label} made it."
    assert dated("invalid", weak, leaf=leaf) == said(sha1_signed(old), leaf=leaf, issuer=old)
    strange = CA.crl().replace(bytes.fromhex("2a8648ce3d040302"), bytes.fromhex("2a8648ce3d04037f"))
    assert dated("invalid", "The CRL is signed with an algorithm that is not supported.") == said(strange)


# -- what it covers -----------------------------------------------------------------------------------------------

ODD = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.3.6.1.4.1.55555.1"), b"\x05\x00")
NOT_UNDERSTOOD = "The CRL has a critical extension that is not understood, 1.3.6.1.4.1.55555.1, and must not be used."
PART = "The CRL is one part of a divided list, and not the part that the certificate points to."
INDIRECT = "It is an indirect CRL, which covers several issuers; such lists are not used."
KEY = frozenset([x509.ReasonFlags.key_compromise])


@pytest.mark.parametrize(
    ("extra", "status", "detail"),
    [
        ([point(indirect_crl=True)], "unknown", INDIRECT),
        ([point(only_contains_attribute_certs=True)], "unknown", "The CRL covers attribute certificates only."),
        (
            [point(only_contains_ca_certs=True)],
            "unknown",
            "The CRL covers CA certificates only, and this is an end-entity certificate.",
        ),
        ([point(only_contains_user_certs=True)], "good", STANDS),
        ([point("http://pki.example/part.crl")], "unknown", PART),
        ([point("http://[::1/part.crl")], "unknown", PART),
        ([point(CRL_URL, only_some_reasons=KEY)], "unknown", points.SOME_REASONS),
        ([(ODD, True)], "invalid", NOT_UNDERSTOOD),
        ([(ODD, True), point(indirect_crl=True)], "invalid", NOT_UNDERSTOOD),
        ([(ODD, False), point(indirect_crl=True)], "unknown", INDIRECT),
        (
            [(x509.DeltaCRLIndicator(1), True)],
            "unknown",
            "It is a delta CRL, which holds only what changed since its base CRL and cannot say good alone.",
        ),
        (
            [
                (x509.FreshestCRL([x509.DistributionPoint([URI(CRL_URL)], None, None, None)]), True),
                (x509.IssuerAlternativeName([URI(CRL_URL)]), True),
                (
                    x509.AuthorityInformationAccess(
                        [x509.AccessDescription(AuthorityInformationAccessOID.CA_ISSUERS, URI(CRL_URL))]
                    ),
                    True,
                ),
            ],
            "good",
            STANDS,
        ),
    ],
)
def test_what_a_list_covers(extra: list[tuple[x509.ExtensionType, bool]], status: Status, detail: str) -> None:
    """A list that is not understood is invalid, one that does not cover the certificate leaves it unknown, and the
    extensions of RFC 5280 are understood also where they are critical."""
    assert dated(status, detail) == said(CA.crl(extra=extra))


@pytest.mark.parametrize("kind", [x509.CRLNumber, x509.AuthorityKeyIdentifier])
def test_usual_extensions_that_are_critical(kind: type[x509.ExtensionType]) -> None:
    """Number and key identifier are understood also where a list has them critical."""
    builder = x509.CertificateRevocationListBuilder().issuer_name(CA.x509.subject)
    builder = builder.last_update(AT - DAY).next_update(AT + 6 * DAY)
    usual = (x509.CRLNumber(7), x509.AuthorityKeyIdentifier(b"key", None, None))
    builder = builder.add_extension(next(each for each in usual if isinstance(each, kind)), critical=True)
    assert dated("good", STANDS) == said(builder.sign(CA.key, hashes.SHA256()).public_bytes(Encoding.DER))


REASON = bytes.fromhex("0603551d15"), bytes.fromhex("04030a0101")
INVALIDITY = bytes.fromhex("0603551d18"), tlv(4, tlv(0x18, b"20261031120000Z"))


def test_usual_extensions_of_entries_that_are_critical() -> None:
    """Reason and date of invalidity are understood in an entry, critical or not, and the reason is the entry's
    wherever it stands."""
    for flag in (b"", TRUE):
        rest = extensions(INVALIDITY, REASON, critical=flag)
        assert dated("good", STANDS) == said(assembled(fields(entry(5, rest))))
        found = said(assembled(fields(entry(SERIAL, rest))))
        assert ("revoked", "keyCompromise", "Revoked at 2026-11-01 12:00 UTC, reason keyCompromise.") == (
            *(found.status, found.reason, found.detail),
        )
    mixed = entry(5, extensions(REASON, critical=TRUE)) + entry(6, extensions(STRANGE))
    assert dated("good", STANDS) == said(assembled(fields(mixed)))


def test_removed_from_the_list() -> None:
    """A list that takes the certificate off again is unknown, with the entry's date and reason."""
    detail = "The CRL says that the certificate was taken off the list again; only the full CRL can say good."
    found = said(CA.crl([(SERIAL, AT - 3 * DAY, x509.ReasonFlags.remove_from_crl)]))
    assert ("unknown", AT - 3 * DAY, "removeFromCRL", detail) == (
        *(found.status, found.revoked_at, found.reason, found.detail),
    )


def test_list_without_next_update() -> None:
    """It counts, with advice; one that has a nextUpdate, or is of a later moment, gets none."""
    found = said(without_next_update())
    assert (found.status, found.detail) == (
        "good",
        f"{UNLISTED} gives no nextUpdate. Windows takes such a CRL for ever; ask the CA for a newer one.",
    )
    later = ask("crl", without_next_update(), at=AT - 2 * DAY)
    assert (later.status, later.detail) == (
        "unknown",
        "The answer was made at 2026-11-20 09:00 UTC, which is later than the moment asked about, 2026-11-19 09:00 UTC.",
    )


# -- the certificate's points -------------------------------------------------------------------------------------


def pointing(*each: x509.DistributionPoint) -> Issued:
    return CA.issue("mail.contoso.com", crl_urls=[], extra=[(x509.CRLDistributionPoints(each), False)])


def at(
    url: str, reasons: frozenset[x509.ReasonFlags] | None = None, issuers: list[x509.GeneralName] | None = None
) -> x509.DistributionPoint:
    return x509.DistributionPoint([URI(url)], None, reasons, issuers)


def delegating(*names: x509.Name) -> Issued:
    return pointing(at(CRL_URL, None, [x509.DirectoryName(name) for name in names]))


OTHER_URL = "http://pki.example/other.crl"
OWN, ROOTS = x509.DirectoryName(CA.x509.subject), x509.DirectoryName(ROOT.x509.subject)


@pytest.mark.parametrize(
    ("each", "scope", "url", "detail"),
    [
        ([at(CRL_URL, KEY), at(OTHER_URL)], None, CRL_URL, points.LIMITED),
        ([at(CRL_URL, KEY), at(OTHER_URL)], None, OTHER_URL, STANDS),
        ([at(CRL_URL, KEY), at(OTHER_URL)], None, None, STANDS),
        ([at(CRL_URL, KEY), at(OTHER_URL)], CRL_URL, None, points.LIMITED),
        ([at(CRL_URL, KEY), at(OTHER_URL)], OTHER_URL, None, STANDS),
        ([at(CRL_URL, KEY)], None, None, points.LIMITED),
        ([at(CRL_URL, KEY)], None, OTHER_URL, points.LIMITED),
        ([at(CRL_URL, KEY), at(CRL_URL)], None, CRL_URL, STANDS),
        ([at(CRL_URL, KEY), at(CRL_URL, points.REASONS)], None, CRL_URL, STANDS),
        ([at(CRL_URL, points.REASONS - KEY)], None, CRL_URL, points.LIMITED),
        ([at(CRL_URL, None, [ROOTS])], None, CRL_URL, points.DELEGATED),
        ([at(CRL_URL, None, [ROOTS]), at(CRL_URL)], None, CRL_URL, STANDS),
        ([at(CRL_URL, None, [ROOTS]), at(CRL_URL, KEY)], None, CRL_URL, points.LIMITED),
        ([at(CRL_URL, None, [ROOTS, OWN])], None, CRL_URL, STANDS),
        ([at(CRL_URL, None, [x509.DNSName("pki.example"), OWN])], None, CRL_URL, STANDS),
        ([at(CRL_URL, None, [x509.DNSName("pki.example")])], None, CRL_URL, points.DELEGATED),
        ([at("http://[::1/a.crl")], "http://[::1/a.crl", None, STANDS),
        ([at("http://[::1/a.crl")], "http://[::2/a.crl", None, PART),
        ([], None, None, STANDS),
    ],
)
def test_points_that_lead_to_the_list(
    each: list[x509.DistributionPoint], scope: str | None, url: str | None, detail: str
) -> None:
    """The points that lead to the list, by the address asked or by the list's own name, say whether its silence is
    good: one that is neither limited nor another issuer's is enough. Where none leads there, all of them count."""
    leaf = pointing(*each) if each else CA.issue("mail.contoso.com", crl_urls=[])
    body = CA.crl(extra=[point(scope)] if scope else [])
    status: Status = "good" if detail == STANDS else "unknown"
    assert dated(status, detail, leaf=leaf, url=url) == said(body, leaf=leaf, url=url)


# -- several in a file --------------------------------------------------------------------------------------------

BROKEN = CA.crl()[:-1] + bytes([CA.crl()[-1] ^ 1])


def test_which_list_of_a_file_is_judged() -> None:
    """Those under the issuer's name; where none is, the first, whatever the others would say."""
    leaf = delegating(ROOT.x509.subject)
    own = said(pem(CA.crl(signer=ROOT.key)), leaf=leaf, url=None)
    delegated, stranger = pem(ROOT.crl()), pem(STRANGER.crl())
    assert "invalid" == own.status
    for body in (delegated + pem(CA.crl(signer=ROOT.key)), pem(CA.crl(signer=ROOT.key)) + delegated):
        assert own == said(body, leaf=leaf, url=None)
    assert said(stranger, leaf=leaf, url=None) == said(stranger + delegated, leaf=leaf, url=None)
    assert said(delegated, leaf=leaf, url=None) == said(delegated + stranger, leaf=leaf, url=None)
    assert said(stranger, leaf=leaf, url=None) == said(stranger + stranger + delegated, leaf=leaf, url=None)


def test_lists_in_a_file() -> None:
    """Each in its order, at most twenty; what is not base64 is passed over, and nothing behind a list belongs to it."""
    many = [CA.crl([(number, AT - DAY, None)]) for number in range(1, MOST_LISTS + 2)]
    assert 20 == MOST_LISTS
    assert tuple(many[:20]) == module.lists(b"".join(map(pem, many)))
    assert (many[0], many[1]) == module.lists(pem(many[0]) + b"AAAA\n" + pem(many[1]))
    bad = b"-----BEGIN X509 CRL-----\nAAAAA\n-----END X509 CRL-----\n"
    assert (many[0], many[1]) == module.lists(pem(many[0]) + bad + pem(many[1]))
    plain = b"-----BEGIN CRL-----" + base64.b64encode(many[0]) + b"-----END CRL-----"
    assert (many[0],) == module.lists(plain)
    assert (many[0] + b"more",) == module.lists(many[0] + b"more")


def test_form_and_spelling_are_mentioned() -> None:
    """PEM over the network, and a name in other bytes, each adds its sentence; otherwise nothing is added."""
    upper = x509.Name([x509.NameAttribute(each.oid, str(each.value).upper()) for each in CA.x509.subject])
    plain, spelled = CA.crl(), CA.crl(issuer_name=upper)
    assert dated("good", STANDS) == said(plain)
    assert dated("good", f"{STANDS} {AS_PEM}") == said(pem(plain))
    assert dated("good", STANDS, url=None) == said(pem(plain), url=None)
    assert dated("good", f"{STANDS} {SPELLED}") == said(spelled)
    assert dated("good", f"{STANDS} {SPELLED} {AS_PEM}") == said(pem(spelled))


def test_relevance_of_what_is_no_list() -> None:
    """What cannot be read as a list is nobody's."""
    assert [False, False, True] == [
        relevant("crl", body, certificate(LEAF), certificate(CA)) for body in (b"\x30\x00", BROKEN[:-9], BROKEN)
    ]


# -- entries ------------------------------------------------------------------------------------------------------

BAD_DATE = entry(77, date=tlv(0x17, b"261301120000Z"))


def test_a_malformed_entry_of_a_short_list() -> None:
    """One anywhere in it refuses a list that is short enough to be read in full."""
    many = b"".join(entry(0x4000 + number) for number in range(300))
    assert "good" == said(assembled(fields(many))).status
    for body in (assembled(fields(many + BAD_DATE)), assembled(fields(BAD_DATE + many))):
        assert ("invalid", "The answer is not a CRL that can be read.") == (said(body).status, said(body).detail)


def test_what_is_read_of_a_long_list() -> None:
    """Of entries in one form nothing is read that is not about the certificate, not even whether their dates make any;
    one of another form is read, and where forms are many the whole list is."""
    alike = b"".join(entry(0x40 + number) for number in range(30))
    odd_ones = b"".join(entry(1 << 8 * size) for size in range(1, 90))
    late = entry(5, date=tlv(0x18, b"20510101000000Z"))
    with searched():
        assert dated("good", STANDS) == said(assembled(fields(alike + entry(0x41, date=BAD_DATE[5:]))))
        assert "invalid" == said(assembled(fields(entry(0x41, date=BAD_DATE[5:]) + alike))).status
        assert "invalid" == said(assembled(fields(alike + entry(0x4141, date=BAD_DATE[6:])))).status
        assert dated("good", STANDS) == said(assembled(fields(alike + late)))
        assert dated("good", STANDS) == said(assembled(fields(odd_ones)))
        assert "invalid" == said(assembled(fields(odd_ones + BAD_DATE))).status
        assert dated("good", STANDS) == said(assembled(fields(None)))


@pytest.mark.filterwarnings("ignore:Parsed a serial number")
def test_entry_for_a_negative_number() -> None:
    """It is its own entry that speaks, wherever in the list, and none where there is none."""
    from tests.revocation.test_layout import numbered

    leaf = Issued(x509.load_der_x509_certificate(numbered(-0x2152)), LEAF.key, CA)
    content = (-0x2152).to_bytes(2, "big", signed=True)
    other = tlv(0x17, b"261001120000Z")
    body = assembled(fields(entry(6, date=other) + entry(content) + entry(7, date=other)))
    assert "Revoked at 2026-11-01 12:00 UTC, without a reason." == said(body, leaf=leaf).detail
    absent = assembled(fields(entry(6) + entry(b"\x11" + content)))
    assert dated("good", STANDS, leaf=leaf) == said(absent, leaf=leaf)


def test_what_is_kept_of_lists() -> None:
    """A list up to a mebibyte is read once for the many certificates of a run, and a longer one not held in memory."""
    for extra, kept in ((-900, 1), (300, 0)):
        caches = (lists._remembered, module._signed, module._remembered_name)
        for cache in caches:
            cache.cache_clear()
        filler = tlv(0x30, STRANGE[0] + tlv(4, bytes(1024 * 1024 + extra - 100)))
        body = assembled(fields(entry(5), filler))
        assert (len(body) <= 1024 * 1024) == bool(kept)
        assert dated("good", STANDS) == said(body)
        assert relevant("crl", body, certificate(LEAF), certificate(CA))
        assert [kept] * 3 == [cache.cache_info().currsize for cache in caches]
    assert 1024 * 1024 == lists.REMEMBERED
    assert 4 * 1024 * 1024 == lists.READ_IN_FULL


def test_newer_list_in_one_file() -> None:
    """Lists of one file replace each other like any: what an older one held, the newer lets go, and says so."""
    hold = CA.crl([(SERIAL, AT - 3 * DAY, x509.ReasonFlags.certificate_hold)], this_update=AT - 2 * DAY)
    assert dated("good", STANDS, url=None) == said(pem(hold) + pem(CA.crl()), url=None)
    ahead = CA.crl(this_update=AT + timedelta(seconds=1))
    assert "revoked" == said(pem(hold) + pem(ahead), url=None).status


def test_relative_point_of_an_issuer_whose_name_cannot_be_read() -> None:
    """A point that is named relative to a name that cannot be read leads nowhere, and its limits count all the same."""
    relative = x509.RelativeDistinguishedName([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Part 1")])
    leaf = certificate(pointing(x509.DistributionPoint(None, relative, KEY, None)))
    nameless = Certificate(odd.changed(CA, subject=odd.named(0x0C, b"\xff\xff")))
    assert nameless.parsed.subject_name is None
    assert points.LIMITED == points.undetermined(leaf, nameless, None, CRL_URL)
