"""fleet, through the real command line: verdicts, records, resuming, and what one bad line costs."""

from __future__ import annotations

import base64
import csv
import io
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import jsonschema
import msgspec
import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from certready import schemas
from certready.cli import main
from certready.cli.fleet_book import Book, Logs
from certready.cli.progress import Progress
from certready.demo.pki import now
from certready.fleet import Inventory, Keys, Line, Problem, Result, Setup, yamlform
from certready.fleet.lines import Earlier
from certready.roots.stores import load as load_roots
from tests.cli.conftest import Ran
from tests.cli.test_progress import Terminal
from tests.ending import Child
from tests.fleet.endpoints import KINDS, Material, endpoints

Run = Callable[..., Ran]
PROGRAM = "from certready.cli import run; run()"
CODES = {"ready": 0, "not-ready": 1, "cannot-tell": 3}


@pytest.fixture(scope="module")
def material(tmp_path_factory: pytest.TempPathFactory) -> Material:
    return Material(tmp_path_factory.mktemp("fleet"))


def inventory(path: Path, rows: Sequence[dict[str, str]]) -> str:
    """A CSV file of these rows."""
    keys = list(dict.fromkeys(key for row in rows for key in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, keys)
    writer.writeheader()
    writer.writerows(rows)
    path.write_text(text.getvalue(), "utf-8")
    return str(path)


def files(material: Material, path: Path, count: int) -> str:
    """An inventory of so many good and bad files, in turns."""
    kinds = list(material.chains)
    rows = [{"name": f"gw{n}", "target": material / f"{kinds[n % len(kinds)]}.pem"} for n in range(count)]
    return inventory(path, rows)


def judged(material: Material) -> list[str]:
    """Options under which files are judged, offline."""
    return [*material.options, "--offline", "--role", "server"]


def records(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def valid(document: dict[str, Any]) -> bool:
    """Whether a document is what its schema says. Raises jsonschema's error where it is not."""
    name = document["schema"].removeprefix("certready.").removesuffix("/1")
    jsonschema.Draft202012Validator(schemas.load(name)).validate(document)
    return True


def essence(report: dict[str, Any]) -> list[tuple[str, str, str | None]]:
    """What a report says, without times, ports and what was measured."""
    return sorted((one["rule"], one["severity"], one["connector"]) for one in report["findings"])


# -- verdicts -----------------------------------------------------------------------------------------------------


def gateways(material: Material, count: int, run: Run, tmp_path: Path) -> None:
    """Checks so many gateways with a mix of faults in one run, and one of each kind by probe alone."""
    kinds = [KINDS[number % len(KINDS)] for number in range(count)]
    with endpoints(material, kinds) as places:
        alone = {}
        for kind, place in list(zip(kinds, places, strict=True))[: len(KINDS)]:
            ran = run("probe", place, *material.options, "--format", "json", "--timeout", "5")
            alone[kind] = json.loads(ran.out)
        rows = [
            {"name": f"{kind} {number}", "target": place}
            for number, (kind, place) in enumerate(zip(kinds, places, strict=True))
        ]
        path = inventory(tmp_path / "inventory.csv", rows)
        options = ["--per-host", "16", "--format", "jsonl", "--timeout", "5"]
        ran = run("fleet", path, *material.options, *options)
    lines = records(ran.out)
    assert {row["name"] for row in rows} == {line["name"] for line in lines}
    assert count == len(lines)
    for line in lines:
        expected = alone[line["name"].partition(" ")[0]]
        assert (expected["verdict"], essence(expected)) == (line["verdict"], essence(line["report"])), line["name"]
        assert CODES[line["verdict"]] == line["code"]
    assert {"ready", "not-ready", "cannot-tell"} == {line["verdict"] for line in lines}
    assert 1 == ran.code


def test_each_of_204_gateways_has_the_verdict_of_probe(material: Material, run: Run, tmp_path: Path) -> None:
    """Of 204 gateways with twelve kinds of faults each has the verdict and the findings that probe alone gives it."""
    gateways(material, 204, run, tmp_path)


@pytest.mark.conformance
def test_each_of_2000_gateways_has_the_verdict_of_probe(material: Material, run: Run, tmp_path: Path) -> None:
    """The same for two thousand gateways."""
    gateways(material, 2000, run, tmp_path)


def test_files_have_the_verdict_of_check(material: Material, run: Run, tmp_path: Path) -> None:
    """Files have the verdict and the findings that check alone gives them."""
    ran = run("fleet", files(material, tmp_path / "i.csv", 12), *judged(material), "--format", "jsonl")
    for line in records(ran.out):
        alone = json.loads(run("check", line["target"], *judged(material), "--format", "json").out)
        assert alone == {**line["report"], **{key: alone[key] for key in ("evaluated_at", "gathered_at")}} or (
            essence(alone) == essence(line["report"])
        )
        assert alone["verdict"] == line["verdict"]


def held(material: Material, form: str, folder: Path) -> Path:
    """Two certificates, one good and one expired, in a folder, an archive or Exchange's list."""
    names = ("good", "expired")
    if form == "list":
        rows = [
            {
                "Thumbprint": name,
                "RawData": base64.b64encode(material.chains[name][0].x509.public_bytes(Encoding.DER)).decode(),
            }
            for name in names
        ]
        (folder / "store.json").write_text(json.dumps(rows))
        return folder / "store.json"
    place = folder / "certificates"
    place.mkdir()
    for name in names:
        (place / f"{name}.pem").write_bytes(Path(material / f"{name}.pem").read_bytes())
    if form == "archive":
        return Path(shutil.make_archive(str(folder / "both"), "zip", place))
    return place


@pytest.mark.parametrize("form", ["folder", "archive", "list"])
def test_a_line_may_be_a_folder_an_archive_or_a_list(form: str, material: Material, run: Run, tmp_path: Path) -> None:
    """Each certificate in it has a report as check gives it; the worst is the line's, and no format leaves one out."""
    target = held(material, form, tmp_path)
    path = inventory(tmp_path / "i.csv", [{"name": "store", "target": str(target.relative_to(tmp_path))}])
    log = tmp_path / "log.jsonl"
    words = ["--format", f"jsonl={log}", "--format", f"html={tmp_path / 'page.html'}", "--format", "junit"]
    ran = run("fleet", path, *judged(material), *words)
    (line,) = records(log.read_text())
    assert valid(line)
    alone = json.loads(run("check", str(target), *judged(material), "--format", "json").out)
    mine = [line["report"], *line["other_reports"]]
    assert sorted(map(essence, alone["reports"])) == sorted(map(essence, mine))
    assert (alone["verdict"], "not-ready", 1) == (line["verdict"], line["report"]["verdict"], ran.code)
    assert any(one["rule"] == "expiry.expired" for one in line["report"]["findings"])
    suites = ET.fromstring(ran.out.encode())
    assert ["store", "store #2"] == [suite.get("name") for suite in suites]
    shown = (tmp_path / "page.html").read_text()
    assert all(report["target"]["name"].rpartition(os.sep)[2] in shown for report in mine)


def test_a_folder_without_a_certificate_is_named(run: Run, tmp_path: Path) -> None:
    """An empty folder is its line's error, in the sentence that check has for it."""
    (tmp_path / "empty").mkdir()
    ran = run("fleet", inventory(tmp_path / "i.csv", [{"target": "empty/"}]), "--certificate-only", "--offline")
    assert ran.code == 2
    assert f"{tmp_path / 'empty'} holds no certificate." in ran.out or "empty/ holds no certificate." in ran.out


def test_a_folder_is_done_again_where_a_file_in_it_changed(material: Material, run: Run, tmp_path: Path) -> None:
    """The digest covers every file of a folder; with nothing changed a run does nothing, and its formats are whole."""
    target = held(material, "folder", tmp_path)
    log = tmp_path / "log.jsonl"
    options = [inventory(tmp_path / "i.csv", [{"target": str(target)}]), *judged(material), "--resume", str(log)]
    assert 1 == run("fleet", *options).code
    ran = run("fleet", *options, "--format", "prometheus")
    assert (1, 2) == (len(records(log.read_text())), ran.out.count("certready_ready{"))
    (target / "expired.pem").unlink()
    assert 0 == run("fleet", *options).code
    assert 2 == len(records(log.read_text()))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes")
def test_a_line_that_would_keep_the_run_waiting_is_an_error(material: Material, run: Run, tmp_path: Path) -> None:
    """A pipe and "-" are never read: they are errors of their lines."""
    os.mkfifo(tmp_path / "pipe.pem")
    path = inventory(tmp_path / "i.csv", [{"target": "pipe.pem"}, {"target": "-"}, {"target": material / "good.pem"}])
    lines = records(run("fleet", path, *judged(material), "--format", "jsonl").out)
    assert [
        "neither a file nor a folder" in line["error"]["error"] for line in lines if line["name"] == "pipe.pem"
    ] == [True]
    assert {"pipe.pem": 2, "-": 2, material / "good.pem": 0} == {line["name"]: line["code"] for line in lines}


@pytest.mark.parametrize("keys", [{"dane": "mx.contoso.com"}, {"mta_sts": "contoso.com"}])
def test_promises_are_compared_as_check_does(
    keys: dict[str, str], material: Material, run: Run, tmp_path: Path
) -> None:
    """The keys dane and mta_sts compare a file with what a mail domain promises, as the options of check do."""
    target = material / "good.pem"
    path = inventory(tmp_path / "i.csv", [{"target": target, **keys}])
    (line,) = records(run("fleet", path, *judged(material), "--format", "jsonl").out)
    words = [word for key, value in keys.items() for word in (f"--{key.replace('_', '-')}", value)]
    alone = json.loads(run("check", target, *judged(material), *words, "--format", "json").out)
    assert essence(alone) == essence(line["report"])
    assert any(rule.startswith(("dane.", "mta-sts.")) for rule, _, _ in essence(line["report"]))


@pytest.mark.parametrize(
    ("target", "keys", "sentence"),
    [
        ("good.pem", {"dane": "yes"}, "dane names the mail hosts"),
        ("127.0.0.1:1", {"dane": "mx.contoso.com"}, "dane is true or false for a host"),
        ("127.0.0.1:1", {"mta_sts": "true"}, "mta_sts names the mail domain"),
        ("127.0.0.1:1", {"dane": "no", "mta_sts": "0"}, None),
    ],
)
def test_promises_that_cannot_be_meant(
    target: str, keys: dict[str, str], sentence: str | None, material: Material, run: Run, tmp_path: Path
) -> None:
    """Of a file the keys name whose promises, of a host they say whether."""
    (tmp_path / "good.pem").write_bytes(Path(material / "good.pem").read_bytes())
    path = inventory(tmp_path / "i.csv", [{"target": target, **keys}])
    (line,) = records(run("fleet", path, *judged(material), "--format", "jsonl").out)
    assert (sentence or "") in (line["error"] or {"error": ""})["error"]
    assert (sentence is None) is (line["error"] is None)


def test_one_moment_for_the_whole_run(material: Material, run: Run, tmp_path: Path) -> None:
    """Every line of a run is judged for the same moment."""
    ran = run("fleet", files(material, tmp_path / "i.csv", 40), *judged(material), "--format", "jsonl")
    assert 1 == len({line["evaluated_at"] for line in records(ran.out)})


def test_processes_give_the_same(material: Material, run: Run, tmp_path: Path) -> None:
    """Two processes give the lines that one gives."""
    path = files(material, tmp_path / "i.csv", 40)
    options = [*judged(material), "--at", "2026-12-01", "--format", "jsonl"]
    one, two = (records(run("fleet", path, *options, *more).out) for more in ([], ["--processes", "2"]))
    changing = ("elapsed_ms", "report")
    first, second = (
        sorted(({k: v for k, v in line.items() if k not in changing} for line in lines), key=lambda line: line["name"])
        for lines in (one, two)
    )
    assert first == second


# -- what is written ----------------------------------------------------------------------------------------------


def test_every_document_is_what_its_schema_says(material: Material, run: Run, tmp_path: Path) -> None:
    """Each line of the jsonl and the JSON of the run are valid, with errors, extra keys and findings across lines."""
    good = material / "good.pem"
    rows = [
        {"name": "a", "target": good, "x_owner": "J\u00fcrgen \x1b"},
        {"name": "gone", "target": "gone.pem"},
        {"name": "host", "target": "127.0.0.1:1"},
    ]
    path = inventory(tmp_path / "i.csv", rows)
    log = tmp_path / "log.jsonl"
    ran = run("fleet", path, *judged(material), "--format", "json", "--format", f"jsonl={log}")
    document = json.loads(ran.out)
    assert valid(document)
    assert {"ready": 1, "not-ready": 0, "cannot-tell": 1, "error": 1} == document["counts"]
    text = log.read_bytes()
    assert text.isascii()
    assert all(valid(line) for line in records(text.decode()))
    assert "J\u00fcrgen \x1b" == next(line["x_owner"] for line in document["lines"] if line["name"] == "a")
    assert 2 == ran.code


def test_the_table_has_the_worst_first(material: Material, run: Run, tmp_path: Path) -> None:
    """The table on stdout begins with what fails, and names its reason and its fix."""
    rows = [
        {"name": "fine", "target": material / "good.pem"},
        {"name": "late", "target": material / "expired.pem", "x_owner": "Ann"},
        {"name": "gone", "target": "gone.pem"},
    ]
    ran = run("fleet", inventory(tmp_path / "i.csv", rows), *judged(material))
    assert ["NOT", "NOT", "ERROR", "READY"] == [line.split()[0] for line in ran.out.splitlines() if line][:4]
    assert "late" in ran.out.splitlines()[2]
    assert all(word in ran.out.splitlines()[2] for word in ("expiry.expired", "fix:", "x_owner=Ann", "days ago"))


@pytest.mark.parametrize("name", ["text", "json", "jsonl", "markdown", "html", "junit", "sarif", "prometheus"])
def test_the_inventory_s_own_keys_reach_every_format(name: str, material: Material, run: Run, tmp_path: Path) -> None:
    """An owner and a ticket stand in every format, of a line in error too."""
    rows = [
        {"target": material / "good.pem", "x_owner": "AnnSmith", "x_ticket": "T4711"},
        {"target": "gone.pem", "x_owner": "BobJones"},
    ]
    ran = run("fleet", inventory(tmp_path / "i.csv", rows), *judged(material), "--format", name)
    assert [] == [word for word in ("AnnSmith", "T4711", "BobJones") if word not in ran.out]


@pytest.mark.parametrize("name", ["markdown", "html", "junit", "sarif", "prometheus"])
def test_other_formats_take_every_report(name: str, material: Material, run: Run, tmp_path: Path) -> None:
    """The other formats hold every line by its name, one in error too."""
    rows = [{"name": "fine one", "target": material / "good.pem"}, {"name": "gone one", "target": "gone.pem"}]
    ran = run("fleet", inventory(tmp_path / "i.csv", rows), *judged(material), "--format", name)
    assert ("fine one" in ran.out, "gone one" in ran.out, 2) == (True, True, ran.code)


def test_nagios_has_codes_of_its_own(material: Material, run: Run, tmp_path: Path) -> None:
    """As a plugin a fleet prints one line and ends with the plugin's code."""
    rows = [{"name": "late", "target": material / "expired.pem"}]
    ran = run("fleet", inventory(tmp_path / "i.csv", rows), *judged(material), "--format", "nagios")
    assert (2, 1) == (ran.code, ran.out.count("\n"))
    assert ran.out.startswith("CERTREADY CRITICAL - late")


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        (["good"], 0),
        (["good", "expired"], 1),
        (["good", "host"], 3),
        (["good", "expired", "host"], 1),
        (["good", "expired", "gone"], 2),
    ],
)
def test_the_worst_line_is_the_exit_code(
    rows: list[str], code: int, material: Material, run: Run, tmp_path: Path
) -> None:
    """The exit code is the worst of all lines: 2 before 1 before 3 before 0."""
    targets = {"host": "127.0.0.1:1", "gone": "gone.pem"}
    lines = [{"target": targets.get(row, material / f"{row}.pem")} for row in rows]
    assert code == run("fleet", inventory(tmp_path / "i.csv", lines), *judged(material)).code


def test_notes_and_streamed_lines_wipe_the_line_of_progress(
    material: Material, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On one terminal a note and a record stand on lines of their own, whatever was drawn there before."""
    terminal = Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    monkeypatch.setattr(sys, "stderr", terminal)
    progress = Progress(terminal, late=0)
    progress("0/1 lines, which is a long line to be wiped")
    assert terminal.drawn.wait(30)
    line = Line(1, "gw", Keys(target="gone.pem"))
    setup = Setup(now(), load_roots(material / "root.pem"))
    book = Book("i.csv", Inventory((line,)), setup, (("jsonl", None),), Logs((), Earlier({}), None), before=None)
    result = Result(line, "0" * 64, setup.now, problem=Problem("There is no file."), notes=("It is odd.",))
    book.fill([result], progress)
    progress.end()
    record, note = terminal.screen()
    assert ("gw", "note: gw: It is odd.") == (json.loads(record)["name"], note)


# -- resuming -----------------------------------------------------------------------------------------------------


def test_resume_does_what_is_missing(material: Material, run: Run, tmp_path: Path) -> None:
    """A second run with --resume does the lines that are new, that changed and that were in error, and no other."""
    rows = [{"name": f"gw{n}", "target": material / "good.pem"} for n in range(5)] + [
        {"name": "gone", "target": "g.pem"}
    ]
    log = tmp_path / "log.jsonl"
    options = [*judged(material), "--resume", str(log)]
    assert 2 == run("fleet", inventory(tmp_path / "i.csv", rows), *options).code
    before = log.read_bytes()
    rows[0]["hostname"] = "mail.contoso.com"
    (tmp_path / "g.pem").write_bytes(Path(material / "good.pem").read_bytes())
    ran = run(
        "fleet", inventory(tmp_path / "i.csv", [*rows, {"name": "new", "target": material / "good.pem"}]), *options
    )
    after = log.read_bytes()
    assert after.startswith(before)
    assert {"gw0", "gone", "new"} == {line["name"] for line in records(after[len(before) :].decode())}
    assert (0, 7) == (ran.code, ran.out.count("READY  ") - 1), ran.out


def test_a_changed_file_is_done_again(material: Material, run: Run, tmp_path: Path) -> None:
    """The digest covers the content of files: a renewed certificate under the same name is looked at."""
    target = tmp_path / "gw.pem"
    target.write_bytes(Path(material / "expired.pem").read_bytes())
    options = [
        inventory(tmp_path / "i.csv", [{"target": "gw.pem"}]),
        *judged(material),
        "--resume",
        str(tmp_path / "l"),
    ]
    assert 1 == run("fleet", *options).code
    target.write_bytes(Path(material / "good.pem").read_bytes())
    assert 0 == run("fleet", *options).code


def test_max_age_does_old_lines_again(material: Material, run: Run, tmp_path: Path) -> None:
    """A line that was looked at longer ago than --max-age is done again."""
    log = tmp_path / "log.jsonl"
    options = [files(material, tmp_path / "i.csv", 3), *judged(material), "--resume", str(log)]
    run("fleet", *options)
    log.write_text(log.read_text().replace('"gathered_at":"20', '"gathered_at":"19'))
    run("fleet", *options)
    assert 6 == len(records(log.read_text()))
    run("fleet", *options, "--max-age", "7d")
    assert 6 == len(records(log.read_text()))


@pytest.mark.parametrize("cut", [1, 20, 300])
def test_a_torn_last_line_is_done_again(cut: int, material: Material, run: Run, tmp_path: Path) -> None:
    """A record that was cut off in the middle is taken away and done again; the others stay."""
    log = tmp_path / "log.jsonl"
    options = [files(material, tmp_path / "i.csv", 4), *judged(material), "--resume", str(log)]
    run("fleet", *options)
    whole = log.read_bytes()
    log.write_bytes(whole[:-cut])
    run("fleet", *options)
    lines = records(log.read_text())
    assert 4 == len(lines) == len({line["name"] for line in lines})
    assert log.read_bytes().startswith(whole[: whole[:-1].rfind(b"\n")])


FOREIGN = [b"hello\n", b'{"schema": "certready.report/1"}\n', b"\x00" * 50, b"{}\n", b'{"a":', b"target\na.pem\n"]


@pytest.mark.parametrize("option", ["--resume", "--format", "--since"])
@pytest.mark.parametrize("content", FOREIGN)
def test_another_file_is_refused_untouched(
    content: bytes, option: str, material: Material, run: Run, tmp_path: Path
) -> None:
    """What is no list of results is refused with 2 and stays as it is."""
    other = tmp_path / "other"
    other.write_bytes(content)
    value = f"jsonl={other}" if option == "--format" else str(other)
    ran = run("fleet", files(material, tmp_path / "i.csv", 1), *judged(material), option, value)
    assert (2, content) == (ran.code, other.read_bytes())
    assert "is no list of a fleet's results" in ran.err


def test_an_existing_jsonl_is_added_to(material: Material, run: Run, tmp_path: Path) -> None:
    """The jsonl of an earlier run is never replaced: a second run adds its lines."""
    log = tmp_path / "log.jsonl"
    options = [files(material, tmp_path / "i.csv", 2), *judged(material), "--format", f"jsonl={log}"]
    run("fleet", *options)
    before = log.read_bytes()
    ran = run("fleet", *options)
    assert log.read_bytes().startswith(before)
    assert (4, True) == (len(records(log.read_text())), "NOT READY" in ran.out)


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_kill_and_resume_lose_and_double_nothing(material: Material, run: Run, tmp_path: Path) -> None:
    """Killed in the middle and gone on with, a run has each line once."""
    count = 400
    path, log = files(material, tmp_path / "i.csv", count), tmp_path / "log.jsonl"
    words = ["fleet", path, *judged(material), "--resume", str(log), "--max-age", "365d"]
    with Child(
        [sys.executable, "-c", PROGRAM, *words], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        while process.poll() is None and (not log.exists() or log.stat().st_size < 100_000):
            time.sleep(0.01)
        os.kill(process.pid, signal.SIGKILL)
    done = log.read_bytes().count(b"\n")
    assert 0 < done < count
    main(words)
    names = [line["name"] for line in records(log.read_text())]
    assert sorted(names) == sorted({f"gw{number}" for number in range(count)})


def test_ctrl_c_keeps_what_is_done(material: Material, tmp_path: Path) -> None:
    """Interrupted, a run says how far it came, keeps its records, and ends with the worst verdict so far."""
    log = tmp_path / "log.jsonl"
    words = ["fleet", files(material, tmp_path / "i.csv", 2000), *judged(material), "--format", f"jsonl={log}"]
    with Child(
        [sys.executable, "-c", PROGRAM, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        while process.poll() is None and (not log.exists() or log.stat().st_size < 100_000):
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate()
    done = len(records(log.read_text()))
    assert f"interrupted: {done} of 2000 done. What is done is kept." in err
    assert (1, True) == (process.returncode, "Traceback" not in err), err
    assert "targets not checked" in out


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no device that is always full")
def test_a_full_disk_says_so(material: Material, run: Run, tmp_path: Path) -> None:
    """A device that takes no more ends the run with one sentence and 2."""
    ran = run("fleet", files(material, tmp_path / "i.csv", 2), *judged(material), "--format", "jsonl=/dev/full")
    assert (2, True) == (ran.code, "/dev/full cannot be written: No space left on device" in ran.err)


@pytest.mark.skipif(sys.platform == "win32", reason="there are no limits of a process")
def test_a_disk_that_fills_up_costs_no_record(material: Material, run: Run, tmp_path: Path) -> None:
    """Where a file takes no more in the middle of a record, the run ends with one sentence and 2, the records before it
    are whole, and going on with the file does the others, each once."""
    path, log = files(material, tmp_path / "i.csv", 40), tmp_path / "log.jsonl"
    words = ["fleet", path, *judged(material), "--resume", str(log), "--max-age", "365d"]
    limited = f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000)); {PROGRAM}"
    ran = subprocess.run([sys.executable, "-c", limited, *words], capture_output=True, text=True, check=False)
    done = records(log.read_text())
    assert 0 < len(done) < 40
    assert log.read_bytes().endswith(b"}\n")
    assert (2, True) == (ran.returncode, f"{log} cannot be written: File too large." in ran.stderr), ran.stderr
    assert "go on with --resume" in ran.stderr
    assert "Traceback" not in ran.stderr
    run(*words)
    names = [line["name"] for line in records(log.read_text())]
    assert sorted(names) == sorted({f"gw{number}" for number in range(40)})
    assert done == records(log.read_text())[: len(done)]


# -- what is refused ----------------------------------------------------------------------------------------------

MISUSED = {
    "no inventory": ([], "No inventory was named"),
    "two things": (["i.csv", "--init", "."], "--init prints an inventory"),
    "a replay": (["i.csv", "--replay", "e.json"], "for one target"),
    "redaction": (["i.csv", "--redact"], "for one target"),
    "a folder of nothing": (["--init", "."], ". holds no certificate and no tenant's export"),
    "a descriptor": (["i.csv", "--password-fd", "3"], "--password-fd can be read once"),
    "an age": (["i.csv", "--max-age", "soon"], "--max-age 'soon' is not a length of time"),
    "an inventory that is not there": (["gone.csv"], "There is no file gone.csv"),
    "no folder": (["--init", "gone"], "gone is not a folder"),
}


@pytest.mark.parametrize(("words", "sentence"), MISUSED.values(), ids=MISUSED)
def test_misuse_is_2(
    words: list[str], sentence: str, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What cannot be meant ends with 2 and one sentence."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "i.csv").write_text("target\na.pem\n")
    ran = run("fleet", *words)
    assert (2, "", True) == (ran.code, ran.out, sentence in ran.err), ran.err


def test_five_thousand_hostile_lines(run: Run, tmp_path: Path) -> None:
    """Five thousand lines that name nothing are five thousand errors, within bounds, and nothing else."""
    odd = [
        "\x1b[2J.pem",
        "../..//etc/passwd.pem",
        "a\u202e.pem",
        "%s%n/",
        "x" * 300 + ".pem",
        "\ud83d.pem",
        "[::1",
        ":25",
    ]
    rows = [{"name": f"n{n}", "target": odd[n % len(odd)], "inbound": "*.*" if n % 3 else ""} for n in range(5000)]
    text = "name,target,inbound\n" + "".join(f'"{r["name"]}","{r["target"]}",{r["inbound"]}\n' for r in rows)
    (tmp_path / "i.csv").write_bytes(text.encode("utf-8", "replace"))
    ran = run("fleet", str(tmp_path / "i.csv"), "--offline", "--format", "json")
    document = json.loads(ran.out)
    assert (2, 5000) == (ran.code, document["counts"]["error"])


JUNK = (
    *(None, True, 0, -1, 2**70, 1.5, "", "x", "\ud800", "a\0b", [], [[]], {}, {"a": 1}, ["a", "b"], "a" * 30_000),
    *("mx:", "mx:..", "mx:a.test", "127.0.0.1:1", "[::1]:1", "::1%eth0", "a:b:c", "[", "host:99999", "." * 300),
    *("/dev/zero", "..", "~", "C:\\x.pem", "\\\\?\\x.pem", "-", "--help", "%s", "http://x/", "*.*", "client", "imap"),
)


def test_hostile_values_of_every_key(run: Run, tmp_path: Path) -> None:
    """Whatever a line says under any key, it comes to a report or to an error of its own, and never to a fault of ours."""
    chosen = random.Random(16)
    keys = [field.name for field in msgspec.structs.fields(Keys) if field.name != "extra"]
    rows = [
        {"target": chosen.choice(JUNK)}
        | {key: chosen.choice(JUNK) for key in chosen.sample(keys, 4)}
        | {"name": f"n{number}", "x_owner": "Ann"}
        for number in range(1000)
    ]
    (tmp_path / "i.json").write_text(json.dumps(rows))
    ran = run("fleet", str(tmp_path / "i.json"), "--offline", "--format", "json")
    lines = json.loads(ran.out)["lines"]
    assert (2, 1000) == (ran.code, len(lines)), ran.err
    assert [] == [line["error"] for line in lines if line["code"] == 4]


def test_hostile_keys_of_the_user_s_own_in_every_format(run: Run, tmp_path: Path) -> None:
    """Owners and names made of what some format gives a meaning to leave every format whole, and run nothing."""
    odd = [
        "\x1b[31m",
        "</script><script>x",
        "]]>",
        '"',
        "|",
        "{{7*7}}",
        "\u202e",
        "[a](http://b)",
        "=1+1",
        "%n",
        "'",
        "\\",
    ]
    rows = [{"name": f"{word}{n}", "target": f"{word}.pem", "x_owner": word} for n, word in enumerate(odd * 20)]
    path = inventory(tmp_path / "i.csv", rows)
    places = {name: tmp_path / name for name in ("html", "junit", "sarif", "prometheus", "markdown", "json", "text")}
    words = [word for name, place in places.items() for word in ("--format", f"{name}={place}")]
    assert 2 == run("fleet", path, "--offline", *words).code
    texts = {name: place.read_text("utf-8") for name, place in places.items()}
    assert len(rows) == len(ET.fromstring(texts["junit"])) == len(json.loads(texts["sarif"])["runs"])
    assert len(rows) == len(json.loads(texts["json"])["lines"])
    assert len(rows) == texts["prometheus"].count("certready_target_info{")
    assert 1 == texts["html"].count("<script>")
    assert [] == [name for name, text in texts.items() if "\x1b" in text or "\u202e" in text]


# -- a hundred thousand -------------------------------------------------------------------------------------------


@pytest.mark.conformance
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits a process's data")
def test_a_hundred_thousand_lines_in_little_memory(material: Material, tmp_path: Path) -> None:
    """A hundred thousand lines, of which only the checks are simulated, are planned, written down and summed up by a
    process that may have 384 MiB of data."""
    for name in ("good.pem", "expired.pem", "root.pem", "issuing.crl", "root.crl"):
        (tmp_path / name).write_bytes(Path(material / name).read_bytes())
    words = [sys.executable, "-m", "tests.fleet.simulated", str(tmp_path), "100000", "384"]
    ran = subprocess.run(words, capture_output=True, text=True, check=False)
    assert (1, "") == (ran.returncode, ran.stderr[-2000:])
    counts = json.loads((tmp_path / "run.json").read_bytes())["counts"]
    assert {"ready": 50_000, "not-ready": 50_000, "cannot-tell": 0, "error": 0} == counts


# -- init ---------------------------------------------------------------------------------------------------------


def test_init_prints_an_inventory_that_runs(
    material: Material, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """--init lists the certificates of a folder and the smart hosts of the tenants whose exports lie there, and what
    it prints is an inventory."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "all" / "contoso"
    folder.mkdir(parents=True)
    (folder / "gw.pem").write_bytes(Path(material / "good.pem").read_bytes())
    (folder / "root.pem").write_bytes(Path(material / "root.pem").read_bytes())
    connectors = [
        {"Name": "In", "Enabled": True, "ConnectorType": "OnPremises", "TlsSenderCertificateName": "*.contoso.com"}
        | {"cippconnectortype": "Inbound"},
        {"Name": "Out", "Enabled": True, "SmartHosts": ["127.0.0.1", "[192.0.2.0/28]"], "TlsSettings": "EncryptionOnly"}
        | {"cippconnectortype": "outbound", "ConnectorType": "OnPremises"},
    ]
    (folder / "connectors.json").write_text(json.dumps(connectors))
    (folder / "domains.json").write_text(json.dumps({"AcceptedDomains": [{"DomainName": "contoso.com"}]}))
    ran = run("fleet", "--init", "all")
    assert (0, True, True) == (ran.code, "is a range of addresses" in ran.err, "CAs alone" in ran.err)
    (tmp_path / "i.yaml").write_text(ran.out)
    assert "meets no connector of contoso" not in ran.err
    lines = records(run("fleet", "i.yaml", *judged(material)[:-2], "--format", "jsonl").out)
    assert {"contoso 127.0.0.1", str(Path("all", "contoso", "gw.pem"))} == {line["name"] for line in lines}
    assert all(line["error"] is None for line in lines)


def test_init_tells_client_from_server_certificates(
    material: Material, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A certificate is a client's where it meets an inbound connector, a server's where it meets an outbound one, of the
    tenant in its folder, else of whichever tenant it meets; one that meets none is said, and shared ones have a line
    for each tenant."""
    monkeypatch.chdir(tmp_path)

    def export(name: str, inbound: str, outbound: str) -> None:
        connectors = {
            "InboundConnectors": [
                {"Name": "In", "Enabled": True, "ConnectorType": "OnPremises", "TlsSenderCertificateName": inbound}
            ],
            "OutboundConnectors": [
                {"Name": "Out", "Enabled": True, "ConnectorType": "OnPremises", "TlsSettings": "DomainValidation"}
                | {"TlsDomain": outbound}
            ],
            "AcceptedDomains": [{"DomainName": "contoso.com"}],
        }
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text(json.dumps(connectors))

    for place, kind in {"all/a/mail.pem": "good", "all/a/other.pem": "stranger", "all/loose/mail.pem": "good"}.items():
        Path(place).parent.mkdir(parents=True, exist_ok=True)
        Path(place).write_bytes(Path(material / f"{kind}.pem").read_bytes())
    export("all/a/a.json", "mail.contoso.com", "mx.contoso.com")
    export("all/b/b.json", "in.contoso.com", "mail.contoso.com")
    export("all/c/c.json", "*.contoso.com", "*.contoso.com")
    ran = run("fleet", "--init", "all")
    lines = yamlform.load(ran.out, "It")["targets"]  # type: ignore[index]
    here = str(Path("all", "a", "mail.pem"))
    loose = str(Path("all", "loose", "mail.pem"))
    found = [(line.get("name"), line["target"], line.get("role")) for line in lines]
    assert found == [
        (None, here, "client"),
        (None, str(Path("all", "a", "other.pem")), None),
        (f"a {loose}", loose, "client"),
        (f"b {loose}", loose, "server"),
        (f"c {loose}", loose, "both"),
    ]
    assert "meets no connector of a" in ran.err
