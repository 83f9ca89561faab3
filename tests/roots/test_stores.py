"""Root stores: by name, by file, quick to ask."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography import x509
from hypothesis import given, settings
from hypothesis import strategies as st

from certready.demo.pki import Authority
from certready.errors import StoreError
from certready.model import Root, RootStore, StoreInfo
from certready.roots import plain, stores
from certready.roots.plain import Store
from certready.x509.certificate import Certificate
from tests import odd, pki


@pytest.fixture(scope="module")
def root() -> Authority:
    return Authority.root("Known Root")


def written(path: Path, *certificates: Authority) -> str:
    path.write_bytes(b"# roots\n" + b"\n".join(one.pem for one in certificates))
    return str(path)


def test_packaged_store() -> None:
    """A packaged store is dated by its package, holds hundreds of roots, and finds one by itself."""
    store = stores.load("mozilla")
    assert isinstance(store, Store)
    assert ("mozilla", True, len(store.roots)) == (store.info.name, store.info.count > 100, store.info.count)
    assert store.info.as_of is not None
    assert "2025-01-01" < store.info.as_of < "2100-01-01"
    member = Certificate(store.roots[0])
    assert Root(member) in store.candidates((member,))


def test_package_that_is_missing() -> None:
    """A package that is not installed is said, with what to do."""
    with pytest.raises(StoreError) as caught:
        stores._package("certready_no_such_package", "mozilla")
    assert caught.value.hint == "Run: pip install certready_no_such_package"


def test_candidates_by_issuer_name(root: Authority) -> None:
    """Of many roots those with the issuer's name are found, and no others."""
    others = [Authority.root(f"Other {number}") for number in range(5)]
    twin = Authority.root("Known Root")
    store = plain.from_certificates("test", [pki.certificate(one) for one in (*others, root, twin)])
    leaf = pki.certificate(root.issue("a.example"))
    assert {pki.certificate(root), pki.certificate(twin)} == {one.certificate for one in store.candidates((leaf,))}


def test_name_inside_another_certificate_is_no_hit(root: Authority) -> None:
    """A root that merely contains the name, as its issuer, is not a candidate."""
    middle = root.intermediate()
    store = plain.from_certificates("test", [pki.certificate(middle)])
    assert () == store.candidates((pki.certificate(root.issue("a.example")),))


def test_issuer_in_another_spelling() -> None:
    """A root is found whose name the certificate spells in another string type, unless a sent one has that name."""
    issuer = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Known Root")])
    spelled = Authority.root(subject_name=issuer)
    store = plain.from_certificates("test", [pki.certificate(one) for one in (Authority.root("Other"), spelled)])
    leaf = pki.certificate(odd.changed(spelled.issue("a.example"), issuer=odd.named(0x13, b"KNOWN  root")))
    assert (Root(pki.certificate(spelled)),) == store.candidates((leaf,))
    same = pki.certificate(odd.changed(spelled.intermediate(), subject=odd.named(0x13, b"KNOWN  root")))
    assert () == store.candidates(
        (
            leaf,
            pki.certificate(
                odd.changed(Authority.root("X"), subject=same.parsed.subject_der, issuer=same.parsed.subject_der)
            ),
        )
    )


def test_many_certificates(root: Authority) -> None:
    """Asked for more names than are searched one by one the store gives the same answer."""
    store = plain.from_certificates("test", [pki.certificate(root), pki.certificate(Authority.root("Other"))])
    many = [Authority.root(f"Number {number}") for number in range(plain.MANY_NAMES + 1)]
    asked = tuple(pki.certificate(one) for one in (*many, root.issue("a.example")))
    assert (Root(pki.certificate(root)),) == store.candidates(asked)


def test_unreadable_certificates_match_nothing(root: Authority) -> None:
    """Bytes that are no certificate match no root, and a root that is none is left out."""
    store = plain.from_certificates("test", [pki.certificate(root), Certificate(b"junk")])
    assert () == store.candidates((Certificate(b"\x30\x00"), Certificate(b"junk")))


def test_extra_roots(root: Authority) -> None:
    """An extra root is marked; where the store has it too it comes as the store's."""
    extra = Authority.root("Extra")
    base = plain.from_certificates("test", [pki.certificate(root)])
    asked = tuple(pki.certificate(one.issue("a.example")) for one in (root, extra))

    class Foreign:
        info = StoreInfo("foreign")

        def candidates(self, certificates: tuple[Certificate, ...]) -> tuple[Root, ...]:
            return base.candidates(certificates)

    foreign: RootStore = Foreign()
    for store in (base, foreign):
        widened = plain.with_extra(store, [pki.certificate(extra), pki.certificate(root)])
        assert (Root(pki.certificate(root)), Root(pki.certificate(extra), extra=True)) == widened.candidates(asked)
        assert store.info == widened.info


def test_file(tmp_path: Path, root: Authority) -> None:
    """A PEM file is a store with the file's name, given as text or as a path; so is a DER file."""
    name = written(tmp_path / "roots.pem", root, Authority.root("Other"))
    for place in (name, Path(name)):
        store = stores.load(place)
        assert (name, 2) == (store.info.name, store.info.count)
    (tmp_path / "root.der").write_bytes(root.der)
    assert 1 == stores.load(str(tmp_path / "root.der")).info.count


def test_file_with_other_certificates(tmp_path: Path, root: Authority) -> None:
    """Of a file the self-signed and the CA certificates are roots; what a CA issued to a gateway is named and left out."""
    middle = root.intermediate()
    alone = Authority.root("gw.contoso.com", without=[x509.BasicConstraints])
    leaf = middle.issue("mail.contoso.com")
    (tmp_path / "mixed.pem").write_bytes(b"".join(one.pem for one in (leaf, middle, alone, root)))
    store = stores.load(str(tmp_path / "mixed.pem"))
    assert (3, ("mail.contoso.com",)) == (store.info.count, store.info.left_out)
    assert store.holds(pki.certificate(leaf)) is None
    assert all(store.holds(pki.certificate(one)) for one in (middle, alone, root))


def test_file_without_a_root(tmp_path: Path, root: Authority) -> None:
    """A file of nothing but a gateway's certificate is no root store, as one of further roots neither."""
    leaf = root.issue("mail.contoso.com")
    (tmp_path / "leaf.pem").write_bytes(leaf.pem)
    with pytest.raises(StoreError, match=r"holds no root: mail\.contoso\.com is neither"):
        stores.load(str(tmp_path / "leaf.pem"))
    with pytest.raises(StoreError, match="holds no root"):
        plain.with_extra(plain.from_certificates("test", [pki.certificate(root)]), [pki.certificate(leaf)])


def test_file_that_cannot_be_used(tmp_path: Path) -> None:
    """A missing file, a directory, a text and an impossible name are each one sentence with a hint."""
    (tmp_path / "text.pem").write_text("hello")
    for name in (str(tmp_path / "none.pem"), str(tmp_path), str(tmp_path / "text.pem"), "a\0b"):
        with pytest.raises(StoreError) as caught:
            stores.load(name)
        assert caught.value.message.endswith(".")
        assert caught.value.hint


def test_file_that_is_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, root: Authority) -> None:
    """A file beyond the limit is refused."""
    monkeypatch.setattr(plain, "MAX_BYTES", 100)
    with pytest.raises(StoreError, match="larger than 100 bytes"):
        stores.load(written(tmp_path / "roots.pem", root))


def test_system_bundle(tmp_path: Path, root: Authority) -> None:
    """SSL_CERT_FILE decides which bundle is the system's, as with OpenSSL."""
    store = stores.system_store("linux", {"SSL_CERT_FILE": written(tmp_path / "bundle.pem", root)})
    assert ("system", 1) == (store.info.name, store.info.count)


def test_system_by_name(tmp_path: Path, root: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    """The store called system is the one of this platform."""
    monkeypatch.setattr(stores.sys, "platform", "linux")
    store = stores.load("system", environment={"SSL_CERT_FILE": written(tmp_path / "bundle.pem", root)})
    assert (Root(pki.certificate(root)),) == store.candidates((pki.certificate(root),))


def test_system_directory(tmp_path: Path, root: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there is no bundle, the files of a directory are read, and a duplicate counts once."""
    monkeypatch.setattr(stores, "SYSTEM_FILES", ())
    monkeypatch.setattr(stores, "SYSTEM_DIRECTORIES", ())
    for name in ("a.pem", "b.pem"):
        written(tmp_path / name, root)
    (tmp_path / "sub").mkdir()
    assert 1 == stores.system_store("linux", {"SSL_CERT_DIR": str(tmp_path)}).info.count


@pytest.mark.parametrize("platform", ["linux", "darwin"])
def test_no_system_store(platform: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A system without a readable store is said, and what to use instead."""
    monkeypatch.setattr(stores, "SYSTEM_FILES", ())
    monkeypatch.setattr(stores, "SYSTEM_DIRECTORIES", ())
    with pytest.raises(StoreError) as caught:
        stores.system_store(platform, {})
    assert ("macOS" in caught.value.message) is (platform == "darwin")
    assert "microsoft or mozilla" in str(caught.value.hint)


def test_windows_store(root: Authority) -> None:
    """On Windows the roots come from its own store, each once."""
    store = stores.system_store("win32", {}, lambda: [root.der, root.der])
    assert 1 == store.info.count


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=200), st.lists(st.binary(min_size=1, max_size=80), max_size=3))
def test_split_never_raises(noise: bytes, blocks: list[bytes]) -> None:
    """Whatever stands in a file, splitting it gives bytes and raises nothing."""
    text = noise + b"".join(b"-----BEGIN CERTIFICATE-----" + one + b"-----END CERTIFICATE-----" for one in blocks)
    assert all(isinstance(der, bytes) and der for der in plain.split(text))
