"""Folders on disk: read within bounds, links followed, nothing opened that is no regular file."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest

import certready
from certready import folders
from certready.bundle.contents import MAX_BYTES
from certready.bundle.parts import MAX_FILES
from certready.demo.pki import Authority, Issued
from certready.errors import InputError

posix = pytest.mark.skipif(sys.platform == "win32", reason="links and pipes")


@pytest.fixture(scope="module")
def issuing() -> Authority:
    return Authority.root().intermediate()


@pytest.fixture(scope="module")
def good(issuing: Authority) -> Issued:
    return issuing.issue("mail.contoso.com", key="rsa")


def names(path: Path) -> list[str]:
    return [Path(part.name).relative_to(path).as_posix() for part in folders.collect(path).parts]


@posix
def test_certbots_links_are_followed(good: Issued, issuing: Authority, tmp_path: Path) -> None:
    """live/NAME holds links into archive/NAME; of both together the name in live is given."""
    archive, live = tmp_path / "archive" / "gw", tmp_path / "live" / "gw"
    archive.mkdir(parents=True)
    live.mkdir(parents=True)
    contents = {"cert": good.pem, "chain": issuing.pem, "fullchain": good.chain_pem, "privkey": good.key_pem}
    for name, data in contents.items():
        (archive / f"{name}1.pem").write_bytes(data)
        (live / f"{name}.pem").symlink_to(f"../../archive/gw/{name}1.pem")
    (live / "README").write_text("This directory contains your keys and certificates.\n")
    for place in (live, tmp_path):
        (bundle,) = certready.load_folder(place)
        assert (str(live / "fullchain.pem"), 1) == (bundle.target.name, len(bundle.chains[0].keys))


def test_a_folder_or_an_archive_loads_alike(good: Issued, issuing: Authority, tmp_path: Path) -> None:
    """The library reads a ZIP archive as it reads the folder that was packed."""
    folder = tmp_path / "mail"
    folder.mkdir()
    (folder / "gw.crt").write_bytes(good.pem)
    (folder / "ca.crt").write_bytes(issuing.pem)
    packed = Path(shutil.make_archive(str(tmp_path / "mail"), "zip", folder))
    chains = [bundle.chains[0].certificates for path in (folder, packed) for bundle in certready.load_folder(path)]
    assert 2 == len(chains)
    assert chains[0] == chains[1]


@posix
def test_links_in_a_circle_end(good: Issued, tmp_path: Path) -> None:
    """A link to the folder above and one to itself keep nobody busy; one with a certificate's name is said."""
    (tmp_path / "gw.pem").write_bytes(good.chain_pem)
    (tmp_path / "up").symlink_to(tmp_path)
    (tmp_path / "itself").symlink_to("itself")
    (tmp_path / "gone.pem").symlink_to("nowhere")
    collected = folders.collect(tmp_path)
    assert ["gone.pem", "gw.pem"] == [Path(part.name).name for part in collected.parts]
    assert collected.parts[0].trouble
    assert any("itself" in note for note in collected.notes)


@posix
def test_pipes_are_never_opened(good: Issued, tmp_path: Path) -> None:
    """A named pipe, which would keep its reader waiting, is passed over and said; a link to one too."""
    (tmp_path / "gw.pem").write_bytes(good.chain_pem)
    os.mkfifo(tmp_path / "pipe.pem")
    (tmp_path / "link.pem").symlink_to("pipe.pem")
    (tmp_path / "null").symlink_to("/dev/null")
    assert ["gw.pem"] == names(tmp_path)
    assert 1 == len(folders.collect(tmp_path).notes)


def test_what_is_hidden_is_passed_over(good: Issued, tmp_path: Path) -> None:
    """Hidden files and folders are not looked into, and said; the named folder may be hidden itself."""
    own = tmp_path / ".acme.sh"
    (own / ".git").mkdir(parents=True)
    (own / ".git" / "old.pem").write_bytes(good.pem)
    (own / "gw.pem").write_bytes(good.chain_pem)
    collected = folders.collect(own)
    assert (["gw.pem"], 1) == ([Path(part.name).name for part in collected.parts], len(collected.notes))


@posix
def test_what_may_not_be_read_is_said(good: Issued, tmp_path: Path) -> None:
    """A file and a folder without permission are parts with their trouble; a user who may read everything has none."""
    (tmp_path / "gw.pem").write_bytes(good.chain_pem)
    (tmp_path / "gw.pem").chmod(0)
    (tmp_path / "inside").mkdir(mode=0)
    everything = os.access(tmp_path / "gw.pem", os.R_OK)
    troubles = [part.trouble is not None for part in folders.collect(tmp_path).parts]
    assert ([False] if everything else [True, True]) == troubles


def test_a_folder_has_bounds(tmp_path: Path) -> None:
    """Too many files, too deep a folder and too large a file end with a sentence."""
    deep = tmp_path / "deep"
    (deep / "/".join("abcdefghij")).mkdir(parents=True)
    with pytest.raises(InputError, match="deep"):
        folders.collect(deep)
    large = tmp_path / "large"
    large.mkdir()
    for name in ("film.bin", "gw.pem"):
        with (large / name).open("wb") as file:
            file.truncate(MAX_BYTES + 1)
    (part,) = folders.collect(large).parts
    assert "larger than" in str(part.trouble)
    many = tmp_path / "many"
    many.mkdir()
    for number in range(MAX_FILES + 1):
        (many / str(number)).touch()
    with pytest.raises(InputError, match="more than"):
        folders.collect(many)


def test_a_folder_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    """What cannot be read at all is an error of the library, not a target."""
    with pytest.raises(InputError):
        certready.load_folder(tmp_path / "nowhere")
