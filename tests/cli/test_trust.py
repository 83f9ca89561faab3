"""The trust command."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from cabarchive import CabArchive, CabFile

from certready import directories
from certready.roots import microsoft
from tests.cli.conftest import Material, Ran

Run = Callable[..., Ran]

BALTIMORE = "16af57a9f676b0ab126095aa5ebadef22ab31119d644ac95cd4b93dbf3f26aeb"
GLOBAL_G2 = "DF:3C:24:F9:BF:D6:66:76:1B:26:80:73:FE:06:D1:CC:8D:4F:82:A4"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CERTREADY_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("CERTREADY_CACHE", str(tmp_path / "cache"))
    return tmp_path


@pytest.fixture(scope="module")
def real() -> bytes:
    return microsoft.list_file().read_bytes()


def cabinet(path: Path, **files: bytes) -> str:
    archive = CabArchive()
    for name, data in files.items():
        archive[f"{name}.stl"] = CabFile(data)
    path.write_bytes(archive.save(compress=True))
    return str(path)


def test_the_overview(run: Run) -> None:
    """Without an argument every store is listed with the date and age of its list and its number of roots."""
    ran = run("trust")
    assert 0 == ran.code
    assert ["microsoft", "mozilla", "system"] == [line.split()[0] for line in ran.out.splitlines()[1:4]]
    found = json.loads(run("trust", "--format", "json").out)
    assert "certready.trust/1" == found["schema"]
    assert {"store", "as_of", "age_days", "roots", "error"} == set(found["stores"][0])


def test_a_file_without_a_certificate_is_named(run: Run, tmp_path: Path) -> None:
    """What is no certificate is said of the file that was typed."""
    file = tmp_path / "notes.txt"
    file.write_text("Dear administrator\n", "utf-8")
    ran = run("trust", str(file))
    assert (2, "") == (ran.code, ran.out)
    assert f"error: {file} is text without a certificate in it." in ran.err


@pytest.mark.parametrize(
    ("words", "names"),
    [
        (("--url", "http://lists.example.test/x"), "--url belongs"),
        (("--proxy", "http://proxy.example.test", "--allow-private"), "--proxy and --allow-private belong"),
    ],
)
def test_options_of_an_update_without_one(run: Run, words: tuple[str, ...], names: str) -> None:
    """What only an update reads is refused where nothing is updated, and named."""
    ran = run("trust", *words)
    assert (2, "") == (ran.code, ran.out)
    assert f"error: {names} to an update." in ran.err


def test_a_distrusted_root(run: Run) -> None:
    """A fingerprint shows in which stores the root is and since when it is distrusted; the exit code is 1."""
    ran = run("trust", BALTIMORE)
    assert 1 == ran.code
    assert "distrusted since 2026-09-15" in ran.out


def test_a_trusted_root_by_sha1(run: Run) -> None:
    """A SHA-1 thumbprint with colons, as Windows shows it, finds the root; trusted for servers is exit code 0."""
    ran = run("trust", GLOBAL_G2, "--format", "json")
    (root,) = json.loads(ran.out)["roots"]
    assert (0, "DigiCert Global Root G2") == (ran.code, root["name"])
    assert {"state": "allowed", "since": None} == root["stores"]["microsoft"]["serverAuth"]


def test_the_root_of_a_file(run: Run, material: Material) -> None:
    """A file's chain is followed to its root, or as far as it goes, and every store's word about it is shown."""
    ran = run("trust", material / "good.pem")
    assert 1 == ran.code
    assert "Test Intermediate" in ran.out
    assert 3 == ran.out.count("does not have it")


def test_an_unknown_fingerprint(run: Run) -> None:
    """A fingerprint that no store knows is said to be unknown."""
    ran = run("trust", "0" * 64)
    assert (2, True) == (ran.code, "fingerprint" in ran.err)


@pytest.mark.parametrize("kind", ["stl", "cab"])
def test_an_update_from_a_file(run: Run, home: Path, real: bytes, kind: str) -> None:
    """A genuine list from a file, packed or not, is installed for this user."""
    (home / "list.stl").write_bytes(real)
    file = str(home / "list.stl") if kind == "stl" else cabinet(home / "list.cab", authroot=real)
    ran = run("trust", "update", f"--{kind}", file)
    assert (0, True) == (ran.code, "is in use now" in ran.out), ran.err
    assert (home / "data" / microsoft.INSTALLED_FACTS).is_file()


def test_an_update_as_json(run: Run, home: Path, real: bytes) -> None:
    """With JSON the stores are shown as they are after the update, and what was done is a note."""
    (home / "list.stl").write_bytes(real)
    ran = run("trust", "update", "--stl", str(home / "list.stl"), "--format", "json")
    (store,) = (store for store in json.loads(ran.out)["stores"] if store["store"] == "microsoft")
    assert (0, True) == (ran.code, f"note: The list of {store['as_of']} with " in ran.err)


def test_a_tampered_update(run: Run, home: Path, real: bytes) -> None:
    """A list with a changed byte is refused in a sentence and nothing is installed."""
    middle = len(real) // 2
    (home / "list.stl").write_bytes(real[:middle] + bytes([real[middle] ^ 1]) + real[middle + 1 :])
    ran = run("trust", "update", "--stl", str(home / "list.stl"))
    assert (2, "") == (ran.code, ran.out)
    assert ran.err.startswith("error: ")
    assert not (home / "data").exists()


@pytest.mark.parametrize("data", [b"MSCF", b"MSCF" + bytes(100), b"", b"<html>not a cabinet</html>"])
def test_a_damaged_cabinet(run: Run, home: Path, data: bytes) -> None:
    """What is no cabinet with a list in it is refused in a sentence."""
    (home / "list.cab").write_bytes(data)
    ran = run("trust", "update", "--cab", str(home / "list.cab"))
    assert (2, "") == (ran.code, ran.out)
    assert ran.err.startswith("error: ")


def test_a_cabinet_of_something_else(run: Run, home: Path) -> None:
    """A cabinet without a list says so."""
    archive = CabArchive()
    archive["readme.txt"] = CabFile(b"hello")
    (home / "list.cab").write_bytes(archive.save())
    ran = run("trust", "update", "--cab", str(home / "list.cab"))
    assert (2, True) == (ran.code, "authroot.stl" in ran.err)


@pytest.fixture
def served(real: bytes) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(real)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/authroot.stl"
        server.shutdown()
        thread.join()


def test_an_update_from_the_network(run: Run, served: str) -> None:
    """The list is fetched from the URL; a private address only where that is allowed."""
    refused = run("trust", "update", "--url", served)
    assert (2, True) == (refused.code, "could not be fetched" in refused.err)
    assert 0 == run("trust", "update", "--url", served, "--allow-private").code


@pytest.mark.parametrize(
    "words", [["--stl", "x"], ["update", "--stl", "x", "--cab", "y"], ["update", "--stl", "/nowhere"]]
)
def test_wrong_use(run: Run, words: list[str]) -> None:
    """Options that do not go together, or a missing file, are wrong usage."""
    assert 2 == run("trust", *words).code


def test_the_users_directories_are_the_tests_own(home: Path) -> None:
    """No test of this file writes to the user's own directories."""
    import os

    assert home / "data" == directories.data(os.environ)
