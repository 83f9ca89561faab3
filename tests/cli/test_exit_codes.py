"""Every exit code of the contract, through the real command line."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from certready.cli import judge, main
from tests.cli.conftest import PASSWORD, Material, Ran
from tests.ending import Child

Run = Callable[..., Ran]


def test_ready_is_0(run: Run, material: Material) -> None:
    """A certificate that passes every required check exits 0, warnings allowed."""
    ran = run("check", material / "good.pem", *material.inbound, *material.offline)
    assert (0, True) == (ran.code, ran.out.startswith("READY")), ran.out + ran.err


def test_strict_turns_a_counted_warning_into_1(run: Run, material: Material) -> None:
    """With --strict the same certificate fails once a counted warning is there, in the verdict too."""
    options = [*material.inbound, *material.offline, "--expiry-warning", "90d", "--format", "json"]
    assert 0 == run("check", material / "good.pem", *options).code
    strict = run("check", material / "good.pem", *options, "--strict")
    assert (1, "not-ready") == (strict.code, json.loads(strict.out)["verdict"])


def test_another_store_alone_is_not_counted_by_strict(run: Run, material: Material) -> None:
    """The warning about the chosen store is not counted."""
    ran = run("check", material / "good.pem", *material.inbound, *material.offline, "--strict")
    assert 0 == ran.code, ran.out


@pytest.mark.parametrize(
    ("file", "rule"),
    [
        ("expired.pem", "expiry.expired"),
        ("stranger.pem", "names.connector-mismatch"),
        ("leaf.pem", "chain.incomplete"),
        ("revoked.pem", "revocation.revoked"),
    ],
)
def test_a_failure_is_1(run: Run, material: Material, file: str, rule: str) -> None:
    """Each staged fault exits 1, and the finding that fails is the one that was staged."""
    ran = run("check", material / file, *material.inbound, *material.offline, "--format", "json")
    report = json.loads(ran.out)
    assert (1, "not-ready") == (ran.code, report["verdict"])
    assert rule in [one["rule"] for one in report["findings"] if one["severity"] == "fail"]


def test_an_unanswered_revocation_is_3(run: Run, material: Material) -> None:
    """Without any revocation answer nothing fails and the verdict is cannot-tell."""
    ran = run("check", material / "good.pem", *material.inbound, "--trust", material / "root.pem", "--offline")
    assert 3 == ran.code
    assert ran.out.startswith("CANNOT TELL")


def test_no_connector_is_3_and_names_the_values(run: Run, material: Material) -> None:
    """Without a connector the verdict is cannot-tell, and the values the certificate could satisfy are listed."""
    ran = run("check", material / "good.pem", *material.offline)
    assert 3 == ran.code
    assert "names.no-connector" in ran.out
    assert "*.contoso.com" in ran.out


def test_certificate_only_needs_no_connector(run: Run, material: Material) -> None:
    """--certificate-only judges the certificate and is ready without any connector."""
    assert 0 == run("check", material / "good.pem", "--certificate-only", *material.offline).code


def test_an_unreachable_gateway_is_3(run: Run, material: Material) -> None:
    """A refused connection is never 0 and never 1."""
    ran = run("probe", "127.0.0.1:1", "--outbound", "mail.contoso.com", "--trust", material / "root.pem")
    assert 3 == ran.code
    assert "tls.unreachable" in ran.out


BAD_USES = {
    "a malformed --inbound": (["--inbound", "m*.contoso.com"], "m*.contoso.com"),
    "a malformed --outbound": (["--outbound", "*"], "*"),
    "a malformed --hostname": (["--hostname", "-"], "-"),
    "a malformed --accepted-domain": (["--accepted-domain", "*.contoso.com"], "*.contoso.com"),
    "a malformed --at": (["--at", "next week"], "next week"),
    "a malformed --expiry-warning": (["--expiry-warning", "soon"], "soon"),
    "an unknown option": (["--unheard-of"], "--unheard-of"),
    "an unknown format": (["--format", "pdf"], "pdf"),
    "two formats for stdout": (["--format", "text", "--format", "text"], "stdout"),
    "--connector without a tenant": (["--connector", "x"], "--tenant"),
    "--certificate-only with a connector": (["--certificate-only", "--inbound", "contoso.com"], "--certificate-only"),
    "an unreadable store": (["--trust", "/nowhere/roots.pem"], "roots.pem"),
    "two password sources": (["--password-env", "A", "--password-fd", "0"], "--password-env"),
    "a timeout of nothing": (["--timeout", "0"], "--timeout"),
    "a variable that is not set": (["--password-env", "CERTREADY_NOT_SET"], "CERTREADY_NOT_SET"),
}


@pytest.mark.parametrize(("options", "word"), BAD_USES.values(), ids=BAD_USES)
def test_wrong_usage_is_2(run: Run, material: Material, options: list[str], word: str) -> None:
    """Wrong usage exits 2 with one sentence on stderr that names what is wrong, and nothing on stdout."""
    ran = run("check", material / "good.pem", *options)
    assert (2, "") == (ran.code, ran.out)
    assert ran.err.startswith("error: ")
    assert word in ran.err


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("large") / "large.pem"
    with path.open("wb") as file:
        file.truncate(50 * 1024 * 1024)
    return path


@pytest.mark.parametrize(
    ("file", "word"),
    [
        ("empty.pem", "empty"),
        ("text.txt", "text"),
        ("key.pem", "private key"),
        ("nowhere.pem", "no file"),
        ("good.pfx", "password"),
        ("issuing.crl", "CRL"),
    ],
)
def test_a_file_that_is_no_certificate_is_2(
    run: Run, material: Material, file: str, word: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An empty file, a text, a key alone, a missing file, a locked PFX: one sentence and a hint each."""
    ran = run("check", material / file, "--certificate-only", "--offline")
    assert (2, "") == (ran.code, ran.out)
    lines = ran.err.strip().splitlines()
    assert ["error:", "hint:"] == [line.split()[0] for line in lines]
    assert word.lower() in lines[0].lower()


def test_a_file_of_50_megabytes_is_2(run: Run, large: Path) -> None:
    """A file no certificate is as large as is refused in a sentence."""
    ran = run("check", str(large), "--certificate-only", "--offline")
    assert (2, "") == (ran.code, ran.out)
    assert "larger than" in ran.err


def test_a_password_file_that_is_too_large_is_2(run: Run, material: Material, tmp_path: Path) -> None:
    """How much is read of a small kind of file is said in KiB, not as 0 MiB."""
    word = tmp_path / "word.txt"
    word.write_bytes(b"x" * 5000)
    ran = run("check", material / "good.pfx", "--certificate-only", "--offline", "--password-file", str(word))
    assert (2, "") == (ran.code, ran.out)
    assert "larger than 4 KiB" in ran.err


def test_compare_reads_standard_input(run: Run, material: Material, monkeypatch: pytest.MonkeyPatch) -> None:
    """``-`` is what is piped in, not a host of that name."""
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(Path(material / "good.pem").read_bytes())))
    ran = run("compare", material / "good.pem", "-")
    assert (0, "") == (ran.code, ran.err)
    assert "standard input" in ran.out


@pytest.mark.parametrize("source", ["file", "env", "fd"])
def test_a_password_comes_from_file_environment_or_descriptor(
    run: Run, material: Material, source: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each way of giving the right password opens the PFX, and the password is nowhere in the output."""
    with open(material / "password.txt", "rb") as opened:  # noqa: PTH123 - its descriptor is what is tested
        monkeypatch.setenv("GATEWAY_PASSWORD", PASSWORD)
        options = {
            "file": ["--password-file", material / "password.txt"],
            "env": ["--password-env", "GATEWAY_PASSWORD"],
            "fd": ["--password-fd", str(opened.fileno())],
        }
        ran = run("check", material / "good.pfx", "-v", *options[source], *material.inbound, *material.offline)
    assert 0 == ran.code, ran.out + ran.err
    assert PASSWORD not in ran.out + ran.err


def test_a_wrong_password_is_2(run: Run, material: Material) -> None:
    """A password that does not fit exits 2 and says so, without repeating it."""
    ran = run("check", material / "good.pfx", "--password-file", material / "wrong.txt", "--certificate-only")
    assert (2, "") == (ran.code, ran.out)
    assert "password" in ran.err
    assert "wrong\n" not in ran.err


def test_an_error_is_json_where_json_was_asked_for(run: Run, material: Material) -> None:
    """With --format json, exit code 2 prints certready.error/1 on stdout."""
    for spelling in (["--format", "json"], ["--format=json"]):
        ran = run("check", material / "empty.pem", *spelling)
        found = json.loads(ran.out)
        assert ("certready.error/1", 2, 2) == (found["schema"], found["code"], ran.code)
        assert found["error"]
        assert found["hint"]


def test_a_fault_of_ours_is_4(run: Run, material: Material, monkeypatch: pytest.MonkeyPatch) -> None:
    """An exception outside every check exits 4 with a sentence that says how to report it, and no traceback."""

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("boom")

    monkeypatch.setattr(judge, "_store", broken)
    ran = run("check", material / "good.pem", "--certificate-only", "--format", "json")
    assert (4, 4) == (ran.code, json.loads(ran.out)["code"])
    assert "report" in ran.err
    assert "Traceback" not in ran.err


def test_debug_shows_the_traceback(material: Material, monkeypatch: pytest.MonkeyPatch) -> None:
    """--debug lets an internal error through."""

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("boom")

    monkeypatch.setattr(judge, "_store", broken)
    with pytest.raises(RuntimeError, match="boom"):
        main(["--debug", "check", material / "good.pem", "--certificate-only"])


def test_ctrl_c_is_130(run: Run, material: Material, monkeypatch: pytest.MonkeyPatch) -> None:
    """An interrupt exits 130 without a traceback."""

    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(judge, "_store", interrupted)
    ran = run("check", material / "good.pem", "--certificate-only")
    assert (130, "") == (ran.code, ran.out)
    assert "Traceback" not in ran.err


def test_ctrl_c_while_a_class_is_made_is_130(run: Run, material: Material, monkeypatch: pytest.MonkeyPatch) -> None:
    """Python 3.11 makes a RuntimeError of an interrupt in the middle of an import's class: it is no fault of ours."""

    class Slow:
        def __set_name__(self, owner: type, name: str) -> None:
            raise KeyboardInterrupt

    def interrupted(*_: object, **__: object) -> None:
        type("Made", (), {"slow": Slow()})

    monkeypatch.setattr(judge, "_store", interrupted)
    ran = run("check", material / "good.pem", "--certificate-only")
    assert (130, "interrupted\n") == (ran.code, ran.err)


def test_the_installed_command_is_the_same(material: Material) -> None:
    """``python -m certready`` exits with the code and prints to the streams that the contract names."""
    words = [sys.executable, "-m", "certready", "check", material / "empty.pem"]
    ran = subprocess.run(words, capture_output=True, text=True, check=False)
    assert (2, "") == (ran.returncode, ran.stdout)
    assert ran.stderr.startswith("error: ")


def test_a_console_that_is_not_unicode_is_survived(material: Material, tmp_path: Path) -> None:
    """On a cp1252 console a name outside of it is escaped, and nothing breaks."""
    leaf = material.issuing.issue("mail.contoso.com", common_name="\u6771\u4eac gateway")
    path = tmp_path / "tokyo.pem"
    path.write_bytes(leaf.chain_pem)
    words = [sys.executable, "-m", "certready", "check", str(path), "-v", *material.inbound, *material.offline]
    ran = subprocess.run(words, capture_output=True, check=False, env={"PYTHONIOENCODING": "cp1252", "PATH": ""})
    assert 0 == ran.returncode, ran.stderr
    assert b"gateway" in ran.stdout


def test_a_reader_that_goes_away_is_no_error(material: Material) -> None:
    """``certready ... | head -1`` leaves no traceback behind."""
    words = [sys.executable, "-m", "certready", "rules"]
    with Child(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stderr
        process.stdout.close()
        assert process.stderr.read() == b""


@pytest.mark.parametrize("more", [["stranger.pem"], ["--crl", "issuing.crl"], ["--intermediate", "issuing.pem"]])
def test_a_replay_looks_at_nothing_else(run: Run, material: Material, tmp_path: Path, more: list[str]) -> None:
    """A file, list or intermediate named beside --replay is refused with 2, never passed over in favour of an old
    success."""
    saved = str(tmp_path / "saved.json")
    options = [*material.inbound, *material.offline]
    assert 0 == run("check", material / "good.pem", *options, "--save-evidence", saved).code
    assert 0 == run("check", "--replay", saved).code
    words = [material / one if "." in one else one for one in more]
    refused = run("check", "--replay", saved, *words)
    assert (2, "") == (refused.code, refused.out)
    assert "--replay" in refused.err


def test_a_probe_does_not_replay_and_connect(run: Run, material: Material, tmp_path: Path) -> None:
    """A host named beside --replay is refused with 2: the saved verdict is not that host's."""
    saved = str(tmp_path / "saved.json")
    run("check", material / "good.pem", *material.inbound, *material.offline, "--save-evidence", saved)
    assert 2 == run("probe", "mail.contoso.com", "--replay", saved).code


def test_evidence_without_a_certificate_is_3(run: Run, material: Material, tmp_path: Path) -> None:
    """Evidence that holds neither a certificate nor an endpoint is never ready, whatever else passes."""
    saved = tmp_path / "saved.json"
    run("check", material / "good.pem", *material.inbound, *material.offline, "--save-evidence", str(saved))
    saved.write_text(json.dumps({**json.loads(saved.read_bytes()), "chains": []}))
    ran = run("check", "--replay", str(saved))
    assert (3, True) == (ran.code, "There is no certificate to judge." in ran.out)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
@pytest.mark.parametrize("form", ["text", "json"])
def test_a_full_disk_is_2(material: Material, form: str) -> None:
    """Output that cannot be written ends with 2 and one sentence, not as a bug of ours."""
    words = [sys.executable, "-m", "certready", "check", material / "good.pem", *material.offline, "--format", form]
    with Path("/dev/full").open("wb") as full:
        ran = subprocess.run(words, stdout=full, stderr=subprocess.PIPE, check=False)
    assert (2, True) == (ran.returncode, ran.stderr.startswith(b"error: The output cannot be written"))


@pytest.mark.skipif(sys.platform == "win32", reason="a POSIX shell closes the stream")
def test_a_closed_stdout_keeps_the_verdict(material: Material) -> None:
    """Started without any stdout, the program still ends with the code of its verdict."""
    words = [sys.executable, "-m", "certready", "check", material / "good.pem", *material.inbound, *material.offline]
    ran = subprocess.run(["sh", "-c", '"$@" >&-', "sh", *words], stderr=subprocess.PIPE, check=False)
    assert (0, b"") == (ran.returncode, ran.stderr)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such devices.")
def test_output_goes_through_devices(run: Run, material: Material, tmp_path: Path) -> None:
    """Reports, evidence and remedies can go to /dev/null, which stays what it is, and through a link to a file."""
    link = tmp_path / "link.json"
    link.symlink_to(tmp_path / "report.json")
    words = ("--format", "text", "--format", "json=/dev/null", "--format", f"json={link}")
    ran = run(
        *("check", material / "good.pem", *material.inbound, *material.offline, *words),
        *("--save-evidence", "/dev/null", "--remedies", "/dev/null"),
    )
    assert (0, "") == (ran.code, ran.err)
    assert Path("/dev/null").is_char_device()
    assert link.is_symlink()
    assert "ready" == json.loads((tmp_path / "report.json").read_text())["verdict"]


def test_single_quotes_of_cmd_are_pointed_out(run: Run, material: Material) -> None:
    """cmd.exe passes single quotes on: where something is wrong and a word has them, the hint says so."""
    quoted = run("check", material / "good.pem", "--inbound", "'*.contoso.com'")
    plain = run("check", material / "good.pem", "--inbound", "*.*.contoso.com")
    assert (2, True) == (quoted.code, "use double quotes there" in quoted.err)
    assert (2, False) == (plain.code, "quotes" in plain.err)


@pytest.mark.parametrize("module", ["typer", "certready.cli.app", "certready.judging"])
def test_ctrl_c_while_it_starts(material: Material, module: str) -> None:
    """Ctrl-C while something is still being imported ends in 130 and one word, without a traceback."""
    code = (
        "import sys\n"
        "class Interrupting:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        f"        if name == {module!r}: raise KeyboardInterrupt\n"
        "sys.meta_path.insert(0, Interrupting())\n"
        "from certready.cli import run\n"
        "run()\n"
    )
    words = ["check", material / "good.pem", *material.inbound, *material.offline]
    ran = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True, timeout=60, check=False)
    assert (130, "", "interrupted\n") == (ran.returncode, ran.stdout, ran.stderr)
