"""repair: what is written, that real software takes it, that it is ready, and that nothing is left half written."""

from __future__ import annotations

import json
import os
import ssl
import stat
from pathlib import Path
from typing import NamedTuple

import pytest
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat, pkcs7, pkcs12
from jsonschema import Draft202012Validator

from certready import schemas
from certready.bundle.openssl import load_chain
from certready.cli import main
from certready.demo.pki import Authority
from certready.errors import CertreadyError, UsageError
from certready.repair.model import Output
from certready.repair.writing import write_together
from tests.bundle.test_bundle import openssl

ROOT = Authority.root()
ISSUER = ROOT.intermediate()
LEAF = ISSUER.issue("mail.example.test", key="rsa2048")
OTHER = ISSUER.issue("other.example.test")
STRANGER = Authority.root("Other Root").intermediate("Other Intermediate")
VALIDATOR = Draft202012Validator(schemas.load("repair"))


class Place(NamedTuple):
    """A folder to work in, with a root store and a password."""

    folder: Path
    options: tuple[str, ...]

    def file(self, *parts: bytes) -> str:
        path = self.folder / f"given{len(list(self.folder.iterdir()))}.pem"
        path.write_bytes(b"".join(parts))
        return str(path)

    def repair(self, *words: str) -> int:
        return main(["repair", *words, *self.options])


@pytest.fixture
def place(tmp_path: Path) -> Place:
    root = tmp_path / "root.crt"
    root.write_bytes(ROOT.pem)
    (tmp_path / "word").write_text("new secret\n")
    out = tmp_path / "fixed"
    return Place(tmp_path, ("--out", str(out), "--trust", str(root), "--revocation", "off", "--offline"))


GIVEN = {
    "reversed": ROOT.pem + ISSUER.pem + LEAF.pem,
    "strangers": LEAF.pem + STRANGER.pem + ISSUER.pem,
    "twice": LEAF.pem + LEAF.pem + ISSUER.pem,
    "indented": LEAF.pem + b"  " + ISSUER.pem,
    "CR only": (LEAF.pem + ISSUER.pem).replace(b"\n", b"\r"),
    "glued": LEAF.pem.rstrip() + ISSUER.pem,
    "UTF-16": (LEAF.pem + ISSUER.pem).decode().encode("utf-16"),
    "as it should be": LEAF.pem + ISSUER.pem,
}


@pytest.mark.parametrize("given", GIVEN.values(), ids=GIVEN)
def test_what_is_written(given: bytes, place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    """Leaf, then intermediate, nothing else; OpenSSL loads both, it is ready, and repairing it again changes nothing."""
    assert place.repair(place.file(given)) == 0
    out = place.folder / "fixed"
    assert {path.name for path in out.iterdir()} == {"fullchain.pem", "chain.pem"}
    assert load_chain((out / "fullchain.pem").read_bytes()).certificates == (LEAF.der, ISSUER.der)
    assert load_chain((out / "chain.pem").read_bytes()).certificates == (ISSUER.der,)
    said = capsys.readouterr().out
    assert ("Nothing had to be changed." in said) == (given == GIVEN["as it should be"])
    again = ("repair", str(out / "fullchain.pem"), "--out", str(place.folder / "again"), *place.options[2:])
    assert main(again) == 0
    assert "Nothing had to be changed." in capsys.readouterr().out


def test_real_software_takes_it(place: Place) -> None:
    """openssl verifies the chain and opens both kinds of PFX; Python's ssl loads chain and key."""
    given = place.file(ISSUER.pem, LEAF.key_pem, LEAF.pem)
    secret = ("--new-password-file", str(place.folder / "word"))
    for kind in ("windows-2016", "modern"):
        assert place.repair(given, "--with-key", "--with-root", "--pfx", kind, *secret, "--force") == 0
        out = place.folder / "fixed"
        names = {"fullchain.pem", "chain.pem", "key.pem", "root.pem", "bundle.pfx"}
        assert {path.name for path in out.iterdir()} == names
        full, chain = str(out / "fullchain.pem"), str(out / "chain.pem")
        openssl("verify", "-CAfile", str(out / "root.pem"), "-untrusted", chain, full)
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(full, out / "key.pem")
        said = openssl("pkcs12", "-in", str(out / "bundle.pfx"), "-passin", "pass:new secret", "-nodes")
        assert said.count(b"BEGIN CERTIFICATE") == 2
        assert said.count(b"BEGIN PRIVATE KEY") == 1
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in out.iterdir()}
        assert {modes["key.pem"], modes["bundle.pfx"]} == {0o600}


@pytest.mark.parametrize(
    ("gateway", "names"),
    [
        ("postfix", {"gateway.pem"}),
        ("haproxy", {"gateway.pem"}),
        ("exim", {"gateway-chain.pem", "gateway-key.pem"}),
        ("seppmail", {"certificate.pem", "chain.pem", "key.pem"}),
        ("exchange", {"bundle.pfx"}),
    ],
)
def test_for_a_gateway(gateway: str, names: set[str], place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    """The files bear the names and have the order that the gateway wants, and the lines name them."""
    given = place.file(ISSUER.pem, LEAF.pem, LEAF.key_pem)
    assert place.repair(given, "--for", gateway, "--new-password-file", str(place.folder / "word")) == 0
    out = place.folder / "fixed"
    assert {path.name for path in out.iterdir()} == names
    said = capsys.readouterr().out
    if gateway != "seppmail":
        assert min(names) in said
    if gateway == "postfix":
        content = (out / "gateway.pem").read_bytes()
        assert content.startswith(b"-----BEGIN PRIVATE KEY-----")
        assert load_chain(content).certificates == (LEAF.der, ISSUER.der)


def test_a_pfx_alone_is_not_called_pem(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    """For Exchange a PFX is all that is written, so that nothing is said of PEM or of OpenSSL."""
    bundle = place.folder / "given.p7b"
    bundle.write_bytes(pkcs7.serialize_certificates([LEAF.x509, ISSUER.x509], Encoding.DER))
    given = (str(bundle), place.file(b"  " + LEAF.pem, LEAF.key_pem))
    assert place.repair(*given, "--for", "exchange", "--new-password-file", str(place.folder / "word")) == 0
    said = capsys.readouterr().out
    assert "bundle.pfx" in said
    assert "written as PEM" not in said
    assert "as OpenSSL wants it" not in said


def test_missing_intermediate(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    """An intermediate comes from --intermediate or another file; where it is nowhere, nothing is written."""
    alone = place.file(LEAF.pem)
    assert place.repair(alone) == 1
    assert not (place.folder / "fixed").exists()
    assert "Nothing was written: the issuer of mail.example.test" in capsys.readouterr().out
    assert place.repair(alone, "--intermediate", place.file(ISSUER.pem)) == 0
    assert "Test Intermediate is added" in capsys.readouterr().out
    assert load_chain((place.folder / "fixed" / "fullchain.pem").read_bytes()).certificates == (LEAF.der, ISSUER.der)


def test_a_private_root(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    """A chain that ends at a root outside the store is complete: it is written, and the fault is whose root it is."""
    given = place.file(STRANGER.issue("mail.example.test").chain_pem, STRANGER.issuer.pem)
    assert 1 == place.repair(given, "--format", "json")
    document = json.loads(capsys.readouterr().out)
    assert ["fullchain.pem", "chain.pem"] == document["written"]
    failed = {one["rule"] for one in document["report"]["findings"] if one["severity"] == "fail"}
    assert {"chain.untrusted-root"} == failed


def test_json(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    """The JSON is valid by its schema, says what was written, and holds no key and no password."""
    given = place.file(ROOT.pem, LEAF.pem, ISSUER.pem, LEAF.key_pem)
    secret = ("--new-password-file", str(place.folder / "word"))
    assert place.repair(given, "--pfx", "modern", *secret, "--format", "json", "--save-evidence", given + ".ev") == 0
    text = capsys.readouterr().out
    said = json.loads(text)
    VALIDATOR.validate(said)
    assert (said["written"], said["report"]["verdict"]) == (["fullchain.pem", "chain.pem", "bundle.pfx"], "ready")
    for written in (text, Path(given + ".ev").read_text()):
        assert LEAF.key_pem.splitlines()[1].decode() not in written
        assert "new secret" not in written


def test_a_locked_key_is_opened(place: Place) -> None:
    """The key out of an encrypted block or a PFX is written open where it was asked for."""
    (place.folder / "old").write_text("old secret")
    locked = LEAF.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"old secret"))
    given = place.file(LEAF.pem, ISSUER.pem, locked)
    assert place.repair(given, "--with-key") == 2
    assert place.repair(given, "--with-key", "--password-file", str(place.folder / "old")) == 0
    pfx = place.folder / "gw.pfx"
    pfx.write_bytes(
        pkcs12.serialize_key_and_certificates(
            b"gw",
            LEAF.key,  # type: ignore[arg-type]
            LEAF.x509,
            [ISSUER.x509],
            BestAvailableEncryption(b"old secret"),
        )
    )
    assert place.repair(str(pfx), "--with-key", "--password-file", str(place.folder / "old"), "--force") == 0
    assert (place.folder / "fixed" / "key.pem").read_bytes() == LEAF.key_pem


@pytest.mark.parametrize(
    ("parts", "words", "sentence"),
    [
        ((LEAF.pem, ISSUER.pem), ("--with-key",), "none came along"),
        ((LEAF.pem, OTHER.pem, ISSUER.pem), (), "several certificates"),
        ((LEAF.pem, ISSUER.pem, LEAF.key_pem), ("--pfx", "modern"), "needs a password"),
        ((LEAF.pem, ISSUER.pem), ("--replay", "x"), "--replay"),
    ],
)
def test_usage(
    parts: tuple[bytes, ...], words: tuple[str, ...], sentence: str, place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    """What cannot be meant is a usage error, and nothing is written."""
    assert place.repair(place.file(*parts), *words) == 2
    assert sentence in capsys.readouterr().err
    assert not (place.folder / "fixed").exists()


def test_a_key_decides_between_leaves(place: Place) -> None:
    """Of two certificates the one with its key is repaired."""
    assert place.repair(place.file(OTHER.pem, LEAF.pem, ISSUER.pem, LEAF.key_pem)) == 0
    assert load_chain((place.folder / "fixed" / "fullchain.pem").read_bytes()).certificates[0] == LEAF.der


def test_nothing_is_overwritten(place: Place) -> None:
    """A file that is there stays, unless --force is given; a link is never written through."""
    given = place.file(LEAF.pem, ISSUER.pem)
    out = place.folder / "fixed"
    out.mkdir()
    (out / "chain.pem").write_text("mine")
    assert place.repair(given) == 2
    assert [path.name for path in out.iterdir()] == ["chain.pem"]
    assert place.repair(given, "--force") == 0
    (out / "chain.pem").unlink()
    (out / "chain.pem").symlink_to(place.folder / "word")
    assert place.repair(given, "--force") == 2
    assert (place.folder / "word").read_text() == "new secret\n"


FILES = [Output("a", b"A"), Output("b", b"B", secret=True), Output("c", b"C")]


@pytest.mark.parametrize("there", [False, True])
@pytest.mark.parametrize("at", range(12))
def test_interrupted_at_every_step(at: int, there: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Interrupted before any call that changes the folder, it is afterwards as it was, or complete."""
    out = tmp_path / "out"
    if there:
        out.mkdir()
        (out / "b").write_bytes(b"old")
    before = {path.name: path.read_bytes() for path in out.iterdir()} if there else None
    steps = 0
    real_open, real_replace = os.open, Path.replace

    def counted() -> None:
        nonlocal steps
        steps += 1
        if steps == at:
            raise KeyboardInterrupt

    def opening(path: Path, flags: int, *arguments: object, **options: object) -> int:
        if flags & os.O_CREAT:
            counted()
        return int(real_open(path, flags, *arguments, **options))

    def replacing(self: Path, target: Path) -> Path:
        counted()
        return real_replace(self, target)

    monkeypatch.setattr(os, "open", opening)
    monkeypatch.setattr(Path, "replace", replacing)
    try:
        write_together(out, FILES, force=True)
    except KeyboardInterrupt:
        monkeypatch.undo()
        assert ({path.name: path.read_bytes() for path in out.iterdir()} if out.exists() else None) == before
    else:
        assert {path.name: path.read_bytes() for path in out.iterdir()} == {"a": b"A", "b": b"B", "c": b"C"}


@pytest.mark.parametrize("there", [False, True])
@pytest.mark.parametrize("limit", [0, 5, 15, 25])
def test_a_full_disk(limit: int, there: bool, tmp_path: Path) -> None:
    """Where the system takes no more bytes, at whichever file, one sentence is said and the folder is as it was."""
    resource = pytest.importorskip("resource")
    out = tmp_path / "out"
    if there:
        out.mkdir()
        (out / "b").write_bytes(b"old")
    before = {path.name: path.read_bytes() for path in out.iterdir()} if there else None
    files = [Output(name, b"x" * size) for name, size in (("a", 10), ("b", 20), ("c", 30))]
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
    try:
        with pytest.raises(CertreadyError, match="cannot be written to"):
            write_together(out, files, force=True)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert before == ({path.name: path.read_bytes() for path in out.iterdir()} if out.exists() else None)


def test_a_folder_that_cannot_be(tmp_path: Path) -> None:
    """--out that is a file is a usage error."""
    (tmp_path / "x").write_text("")
    with pytest.raises(UsageError, match="is not a folder"):
        write_together(tmp_path / "x", FILES, force=False)
