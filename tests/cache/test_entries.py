"""Entries on disk: whole or not there, suspicious of damage, bounded, and never in the way."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from certready.cache import entries
from certready.cache.entries import Entry, claim, claimed, clear, evict, files, key_of, read, release, write

NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)
URL = "http://pki.example/ca.crl"
KEY = key_of(URL, None)
ENTRY = Entry(
    KEY,
    URL,
    NOW,
    NOW + timedelta(days=7),
    b"\x30\x00list\n",
    validators=(("If-None-Match", '"v1"'), ("If-Modified-Since", "Sat, 01 Jan 2000 00:00:00 GMT")),
)


def numbered(number: int, size: int) -> Entry:
    return replace(ENTRY, key=key_of(f"{URL}{number}", None), url=f"{URL}{number}", body=b"x" * size)


def test_round_trip(tmp_path: Path) -> None:
    """What is written is read back as it was, a failure too."""
    failed = replace(ENTRY, body=None, error="It refused the connection.", scope="direct", validators=())
    for one in (ENTRY, failed):
        assert write(tmp_path / "a" / "b", one)
        assert one == read(tmp_path / "a" / "b", KEY, 1000)


@settings(max_examples=50, deadline=None)
@given(
    st.text(max_size=20), st.none() | st.binary(max_size=20), st.text(max_size=20), st.none() | st.binary(max_size=20)
)
def test_keys(url: str, body: bytes | None, other_url: str, other_body: bytes | None) -> None:
    """Two questions have one name only where they are one question."""
    if "\0" in url + other_url:
        return  # no URL holds that: it is refused before anything is asked
    same = (url, body) == (other_url, other_body)
    assert same == (key_of(url, body) == key_of(other_url, other_body))


def test_nothing_there(tmp_path: Path) -> None:
    """A directory that is not there holds nothing, and reading does not make it."""
    assert read(tmp_path / "none", KEY, 1000) is None
    assert [] == list(files(tmp_path / "none"))
    assert [] == list(tmp_path.iterdir())


def test_larger_than_asked_for(tmp_path: Path) -> None:
    """An entry that is larger than the asker would have read is not read, and stays for whoever takes more."""
    write(tmp_path, ENTRY)
    assert read(tmp_path, KEY, 5) is None
    assert ENTRY == read(tmp_path, KEY, 8)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_damaged(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    """An entry with a changed, missing or added byte anywhere is not believed: it is gone, or says what it said."""
    directory = tmp_path_factory.mktemp("damaged")
    write(directory, ENTRY)
    (file,) = directory.iterdir()
    content = file.read_bytes()
    at = data.draw(st.integers(min_value=0, max_value=len(content) - 1))
    byte = data.draw(st.sampled_from([b"", b"\0", b"x", b"}", b"0\n", b"\xff"]))
    file.write_bytes(content[:at] + byte + content[at + 1 :])
    found = read(directory, KEY, 1000)
    assert found is None or (found.key, found.body) == (ENTRY.key, ENTRY.body)
    assert (found is None) == (not file.exists())


@pytest.mark.parametrize("content", [b"", b"\n", b"[]\n", b"null\n", b"{}\n", b"[" * 20_000, b"{" * 100 + b"\n"])
def test_strange_files(tmp_path: Path, content: bytes) -> None:
    """A file of our name that was not written by us is removed."""
    (tmp_path / f"{KEY}.answer").write_bytes(content)
    assert read(tmp_path, KEY, 100_000) is None
    assert [] == list(tmp_path.iterdir())


def test_another_entry_under_this_name(tmp_path: Path) -> None:
    """An entry about another question is no answer to this one."""
    write(tmp_path, ENTRY)
    other = key_of("http://other.example/", None)
    (tmp_path / f"{KEY}.answer").rename(tmp_path / f"{other}.answer")
    assert read(tmp_path, other, 1000) is None


def test_validators_that_are_none(tmp_path: Path) -> None:
    """Header values that could split a request are not read."""
    write(tmp_path, replace(ENTRY, validators=(("If-None-Match", "a\r\nX: y"),)))
    assert read(tmp_path, KEY, 1000) is None


def test_nowhere_to_write(tmp_path: Path) -> None:
    """Where a file stands in the directory's place nothing is kept, locked or found, and nothing raises."""
    place = tmp_path / "file"
    place.write_bytes(b"mine")
    assert not write(place, ENTRY)
    assert claim(place, KEY, NOW)
    release(place, KEY)
    evict(place, 0)
    assert (None, [], 0) == (read(place, KEY, 1000), list(files(place)), clear(place))
    assert b"mine" == place.read_bytes()


def test_a_disk_that_fails_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An entry that cannot be put in its place leaves no half behind, and the one before stays."""
    write(tmp_path, ENTRY)

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", fail)
    assert not write(tmp_path, replace(ENTRY, body=b"\x30new"))
    assert ENTRY == read(tmp_path, KEY, 1000)
    assert 1 == len(list(tmp_path.iterdir()))


def test_only_the_owner_reads(tmp_path: Path) -> None:
    """The directory is the user's own."""
    write(tmp_path / "answers", ENTRY)
    if os.name == "posix":
        assert 0 == (tmp_path / "answers").stat().st_mode & 0o077
    assert ENTRY == read(tmp_path / "answers", KEY, 1000)


def test_eviction(tmp_path: Path) -> None:
    """The oldest entries go first, until what is left fits."""
    for number in range(6):
        write(tmp_path, numbered(number, 10_000))
        os.utime(tmp_path / f"{key_of(f'{URL}{number}', None)}.answer", (1000 + number, 1000 + number))
    evict(tmp_path, 35_000)
    assert [False, False, False, True, True, True] == [
        read(tmp_path, numbered(number, 0).key, 20_000) is not None for number in range(6)
    ]


def test_clear_removes_what_is_ours(tmp_path: Path) -> None:
    """Clearing removes entries, locks and halves, and no file of anybody else."""
    directory = tmp_path / "answers"
    write(directory, ENTRY)
    claim(directory, KEY, NOW)
    (directory / f"{KEY}.0123456789abcdef.part").write_bytes(b"half")
    foreign = [directory / "notes.txt", directory / "abc.answer", directory / f"{KEY}.answer.bak"]
    for path in foreign:
        path.write_bytes(b"mine")
    assert 1 == clear(directory)
    assert sorted(foreign) == sorted(directory.iterdir())
    for path in foreign:
        path.unlink()
    assert 0 == clear(directory)
    assert not directory.exists()


def test_links_are_not_followed(tmp_path: Path) -> None:
    """A symbolic link under one of our names is not ours to clear through."""
    target = tmp_path / "target"
    target.write_bytes(b"mine")
    directory = tmp_path / "answers"
    directory.mkdir()
    try:
        (directory / f"{KEY}.answer").symlink_to(target)
    except OSError:
        pytest.skip("this user may not make symbolic links here")
    assert (0, True) == (clear(directory), target.exists())


def test_one_claims(tmp_path: Path) -> None:
    """Of two that want to ask the first may, and the second may when the first is done."""
    now = datetime.now(UTC)
    assert [True, False] == [claim(tmp_path, KEY, now) for _ in range(2)]
    assert claimed(tmp_path, KEY)
    release(tmp_path, KEY)
    assert claim(tmp_path, KEY, now)


def test_an_abandoned_claim(tmp_path: Path) -> None:
    """The lock of a process that is gone is passed over once it is old."""
    now = datetime.now(UTC)
    claim(tmp_path, KEY, now)
    assert not claim(tmp_path, KEY, now + entries.ABANDONED / 2)
    assert claim(tmp_path, KEY, now + 2 * entries.ABANDONED)
