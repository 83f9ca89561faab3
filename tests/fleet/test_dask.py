"""fleet --dask on a real cluster on loopback: the same lines, no key leaves, and whoever is lost costs nothing."""

from __future__ import annotations

import base64
import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from shutil import copytree
from types import MappingProxyType
from typing import Any, NamedTuple

import pytest
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat
from cryptography.hazmat.primitives.serialization.pkcs12 import serialize_key_and_certificates

from certready import fleet
from certready.cli import main
from certready.demo.pki import Authority, now
from certready.errors import CertreadyError
from certready.fleet import Inventory, Keys, Line
from certready.fleet.cluster import room
from certready.fleet.connecting import connected, in_plain_text
from certready.fleet.schedule import Room
from certready.roots.stores import load as load_roots
from tests.cli.test_fleet import files, inventory, judged, records
from tests.ending import Child
from tests.fleet.cluster import REPOSITORY, Cluster, Tap, cluster, memory
from tests.fleet.deadly import Deadly
from tests.fleet.endpoints import Material, endpoints
from tests.net.serving import Page, page, serving

PATIENCE = 120  # seconds; a test that waits that long has failed

pytest.importorskip("distributed")

PASSWORD = "Zw\u00f6lf Boxk\u00e4mpfer 4711"
SECRET_FILE = "boxring-4711.txt"
PROGRAM = "from certready.cli import run; run()"
CHANGING = ("elapsed_ms", "source", "gathered_at")


@pytest.fixture(scope="module")
def material(tmp_path_factory: pytest.TempPathFactory) -> Material:
    return Material(tmp_path_factory.mktemp("fleet"))


@pytest.fixture(scope="module")
def crew(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Two workers; each puts on disk whatever it can."""
    spilling = {
        "DASK_DISTRIBUTED__WORKER__MEMORY__TARGET": "0.00001",
        "DASK_DISTRIBUTED__WORKER__MEMORY__PAUSE": "false",
    }
    with cluster(tmp_path_factory.mktemp("crew"), environment=spilling) as made:
        for _ in range(2):
            made.work("--memory-limit", "2 GB")
        yield made


def running(words: list[str], environment: Mapping[str, str] = MappingProxyType({})) -> subprocess.Popen[str]:
    """The command line in a process of its own."""
    return Child(
        [sys.executable, "-c", PROGRAM, *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, **environment},
        text=True,
    )


def steady(document: Any) -> Any:
    """A document without what is another one each time."""
    if isinstance(document, dict):
        return {key: steady(value) for key, value in document.items() if key not in CHANGING}
    return [steady(one) for one in document] if isinstance(document, list) else document


def differences(one: Any, other: Any, place: str = "") -> list[str]:
    if isinstance(one, dict) and isinstance(other, dict):
        return [x for k in one.keys() | other.keys() for x in differences(one.get(k), other.get(k), f"{place}.{k}")]
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        return [x for n, (a, b) in enumerate(zip(one, other, strict=True)) for x in differences(a, b, f"{place}[{n}]")]
    return [] if one == other else [f"{place}: {one!r} is not {other!r}"]


def by_name(path: Path) -> dict[str, Any]:
    return {line["name"]: steady(line) for line in records(path.read_text())}


# -- the same as on one machine -------------------------------------------------------------------------------------


class Both(NamedTuple):
    """One inventory done on the cluster and here: codes, records, and what went through the wire."""

    codes: tuple[int, int]
    there: dict[str, Any]
    here: dict[str, Any]
    wire: bytes
    folder: Path


@pytest.fixture(scope="module")
def both(material: Material, crew: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Both:
    """Files with keys, a PFX with its password, lines that cannot be run, and gateways of every kind."""
    folder = tmp_path_factory.mktemp("both")
    issued, _ = material.chains["good"]
    (folder / "gateway.pfx").write_bytes(
        serialize_key_and_certificates(
            b"mail", issued.key, issued.x509, [material.issuing.x509], BestAvailableEncryption(PASSWORD.encode())
        )
    )
    (folder / SECRET_FILE).write_text(PASSWORD, "utf-8")
    (folder / "wrong.txt").write_text("wrong")
    kinds = ["good", "expired", "no-starttls", "refused", "closed", "garbage"]
    with endpoints(material, kinds) as places:
        rows = [
            *({"name": kind, "target": material / f"{kind}.pem"} for kind in material.chains),
            {"name": "pfx", "target": "gateway.pfx", "password_file": SECRET_FILE, "x_owner": "Ann"},
            {"name": "wrong", "target": "gateway.pfx", "password_file": "wrong.txt"},
            {"name": "gone", "target": "gone.pem"},
            {"name": "bad", "target": material / "good.pem", "connector": "a"},
            *({"name": f"{kind} {n}", "target": at} for n, (kind, at) in enumerate(zip(kinds, places, strict=True))),
        ]
        words = ["fleet", inventory(folder / "i.csv", rows), *material.options, "--at", now().isoformat()]
        tap = Tap(crew.address)
        there, here = folder / "there.jsonl", folder / "here.jsonl"
        codes = (
            main([*words, "--format", f"jsonl={there}", "--dask", tap.address]),
            main([*words, "--format", f"jsonl={here}"]),
        )
        tap.close()
    return Both(codes, by_name(there), by_name(here), tap.heard, folder)


def test_the_cluster_gives_what_one_machine_gives(both: Both) -> None:
    """Apart from order, times and sources the records of a cluster are those of one machine, errors and reports too."""
    assert both.here.keys() == both.there.keys()
    assert [] == differences(both.here, both.there)
    assert both.codes == (2, 2)
    verdicts = {name: line["verdict"] for name, line in both.there.items()}
    assert ("ready", None, None) == (verdicts["pfx"], verdicts["wrong"], verdicts["gone"])


def spilled(crew: Cluster, both: Both, material: Material) -> dict[str, list[bytes]]:
    """The logs, and what workers put on disk while a run with the PFX is still open; the roots are known to be there."""
    store = load_roots("microsoft")
    keys = Keys(target=str(both.folder / "gateway.pfx"), password_file=str(both.folder / SECRET_FILE))
    executor = connected(crew.address, now, timeout=PATIENCE)
    (result,) = fleet.run(Inventory((Line(1, "pfx", keys),)), fleet.Setup(now(), store), executor=executor)
    assert result.report is not None
    kept = {str(path): [path.read_bytes()] for path in crew.folder.rglob("*") if path.is_file()}
    executor.shutdown()
    root: bytes = store.plain.roots[0]  # type: ignore[attr-defined]
    assert any("storage" in place and root in part for place, parts in kept.items() for part in parts)
    return kept


@pytest.mark.skipif(sys.platform != "linux", reason="another process's memory is read from /proc")
def test_no_key_and_no_password_leaves(both: Both, material: Material, crew: Cluster) -> None:
    """Neither on the wire nor in the memory, on the disk or in the logs of scheduler and workers is there a private key
    or a password; the certificates are, so that the search is known to find."""
    secrets = {"password": PASSWORD.encode(), "its file": SECRET_FILE.encode()}
    for kind, (issued, _) in material.chains.items():
        numbers = issued.key.private_numbers()  # type: ignore[union-attr]
        secret = getattr(numbers, "d", None) or getattr(numbers, "private_value", 0)
        secrets[f"{kind}, number"] = secret.to_bytes((secret.bit_length() + 7) // 8, "big")
        der = issued.key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
        secrets[f"{kind}, PEM"] = base64.b64encode(der)[:64]
    leaf = material.chains["good"][0].der
    assert leaf in both.wire
    assert [] == [name for name, secret in secrets.items() if secret in both.wire]
    processes = (crew.scheduler, *crew.workers)
    held = {f"memory {process.pid}": list(memory(process.pid)) for process in processes}
    assert any(leaf in part for parts in held.values() for part in parts)
    held |= spilled(crew, both, material)
    assert [] == [
        (place, name)
        for place, parts in held.items()
        for name, secret in secrets.items()
        if any(secret in part for part in parts)
    ]


def test_each_worker_fetches_an_address_once_into_its_own_cache(
    crew: Cluster, tmp_path: Path, own_cache: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Of many lines under one CA each worker asks for a list once at most and keeps it; nobody asks from here. A file
    that an option names is read here."""
    monkeypatch.chdir(tmp_path)
    lists: dict[str, Page] = {}
    with serving(lists) as served:
        root = Authority.root(crl_url=f"{served.url}/root.crl")
        issuing = root.intermediate(crl_url=f"{served.url}/issuing.crl")
        lists |= {"/root.crl": page(root.crl()), "/issuing.crl": page(issuing.crl([]))}
        Path("gw.pem").write_bytes(issuing.issue("mail.contoso.com", key="rsa").chain_pem)
        Path("root.pem").write_bytes(root.pem)
        path = inventory(tmp_path / "i.csv", [{"name": str(n), "target": "gw.pem"} for n in range(96)])
        words = ["--trust", "root.pem", "--ca-bundle", "root.pem", "--allow-private", "--outbound", "mail.contoso.com"]
        code = main(["fleet", path, *words, "--role", "server", "--format", "json", "--dask", crew.address])
    document = json.loads(capfd.readouterr().out)
    assert (0, 96) == (code, document["counts"]["ready"])
    asked = Counter(path for _, path, *_ in served.hits)
    assert asked.keys() == lists.keys()
    assert max(asked.values()) <= len(crew.workers)
    assert not own_cache.exists()
    assert list(crew.folder.glob("worker*/cache/**/*"))


def test_an_encrypted_cluster_is_reached_with_dasks_own_settings(material: Material, tmp_path: Path) -> None:
    """With tls:// and the certificates that the configuration of distributed names the lines are done, and nothing is
    said of being read; without TLS the same scheduler cannot be reached."""
    authority = Authority.root()
    issued = authority.issue("localhost")
    (tmp_path / "ca.pem").write_bytes(authority.pem)
    (tmp_path / "both.pem").write_bytes(issued.chain_pem + issued.key_pem)
    place = "DASK_DISTRIBUTED__COMM__TLS__"
    settings = {f"{place}CA_FILE": str(tmp_path / "ca.pem")} | {
        f"{place}{role}__{what}": str(tmp_path / "both.pem")
        for role in ("SCHEDULER", "WORKER", "CLIENT")
        for what in ("CERT", "KEY")
    }
    words = ["fleet", files(material, tmp_path / "i.csv", 6), *judged(material), "--format", "jsonl"]
    with cluster(tmp_path / "cluster", workers=1, environment=settings, protocol="tls") as encrypted:
        with running([*words, "--dask", encrypted.address], settings) as process:
            out, err = process.communicate()
        plain = encrypted.address.replace("tls://", "tcp://")
        assert 2 == main([*words, "--dask", plain, "--timeout", "1"])
    assert (1, 6, "") == (process.returncode, out.count("\n"), err)


# -- whoever is lost, and whoever comes late --------------------------------------------------------------------------


def wait_for(lines: int, log: Path, process: subprocess.Popen[str]) -> None:
    """Until so many records are written, or the run has ended."""
    while process.poll() is None and (not log.exists() or log.read_bytes().count(b"\n") < lines):
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.05)


@pytest.fixture
def passing(tmp_path: Path) -> Iterator[Cluster]:
    """A cluster that one test takes apart."""
    with cluster(tmp_path / "passing") as made:
        yield made


def test_a_worker_may_come_late_and_be_lost(passing: Cluster, material: Material, tmp_path: Path) -> None:
    """A run begins where there is no worker yet; of two one is killed in the middle; each line is there once, with the
    verdict it has on one machine."""
    count, log = 100, tmp_path / "log.jsonl"
    words = ["fleet", files(material, tmp_path / "i.csv", count), *judged(material), "--format", f"jsonl={log}"]
    with running([*words, "--dask", passing.address]) as process:
        first = passing.work()
        wait_for(1, log, process)
        passing.work()
        wait_for(20, log, process)
        first.kill()
        _, err = process.communicate()
    assert (1, True) == (process.returncode, "Traceback" not in err), err
    done = {line["name"]: line["verdict"] for line in records(log.read_text())}
    kinds = list(material.chains)
    assert done == {f"gw{n}": "ready" if kinds[n % len(kinds)] == "good" else "not-ready" for n in range(count)}
    assert count == log.read_bytes().count(b"\n")


def test_a_line_that_ends_workers_is_that_lines_error(material: Material, tmp_path: Path) -> None:
    """Among lines of one batch the one that each worker dies of is in error, and the others have their verdict."""
    deadly = "http://crl.example.test/issuing.crl"
    given = fleet.Setup(now(), load_roots(material / "root.pem"), fetcher=Deadly(deadly))
    targets = {str(n): material / "self-signed.pem" for n in range(5)} | {"deadly": material / "good.pem"}
    lines = Inventory(tuple(Line(n, name, Keys(target=at)) for n, (name, at) in enumerate(targets.items())))
    often = {"DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "0"}
    with cluster(tmp_path, workers=3, environment=often) as fragile:
        executor = connected(fragile.address, now, timeout=PATIENCE)
        results = {one.line.name: one for one in fleet.run(lines, given, executor=executor)}
        executor.shutdown()
    assert dict.fromkeys("01234", "not-ready") | {"deadly": None} == {n: one.verdict for n, one in results.items()}
    assert "was lost each time" in results["deadly"].problem.error  # type: ignore[union-attr]


def test_a_scheduler_that_is_lost_ends_the_run_and_resume_goes_on(
    passing: Cluster, crew: Cluster, material: Material, tmp_path: Path
) -> None:
    """Killed in the middle, a scheduler ends the run with one sentence and 2; with the next one --resume does the rest."""
    count, log = 100, tmp_path / "log.jsonl"
    words = ["fleet", files(material, tmp_path / "i.csv", count), *judged(material), "--resume", str(log)]
    passing.work()
    with running([*words, "--dask", passing.address]) as process:
        wait_for(20, log, process)
        passing.scheduler.kill()
        _, err = process.communicate()
    done = log.read_bytes().count(b"\n")
    assert (2, True) == (process.returncode, 0 < done < count), err
    assert f"The scheduler at {passing.address} was lost while lines were under way." in err
    assert ("--resume" in err, "Traceback" not in err) == (True, True), err
    assert 1 == main([*words, "--dask", crew.address])
    names = [line["name"] for line in records(log.read_text())]
    assert sorted(names) == sorted({f"gw{number}" for number in range(count)})


def test_ctrl_c_leaves_the_cluster_clean(material: Material, crew: Cluster, tmp_path: Path) -> None:
    """Interrupted, a run keeps what is done, and the scheduler has neither a task nor a value of it left."""
    from distributed import Client

    log = tmp_path / "log.jsonl"
    words = ["fleet", files(material, tmp_path / "i.csv", 2000), *judged(material), "--format", f"jsonl={log}"]
    with running([*words, "--dask", crew.address]) as process:
        wait_for(20, log, process)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate()
    done = log.read_bytes().count(b"\n")
    assert f"interrupted: {done} of 2000 done. What is done is kept." in err
    assert (1, True, True) == (process.returncode, "Traceback" not in err, "targets not checked" in out), err
    with Client(crew.address, set_as_default=False) as client:
        assert {} == client.run_on_scheduler(lambda dask_scheduler: dict(dask_scheduler.tasks))


# -- what is said ---------------------------------------------------------------------------------------------------


def refusal(crew: Cluster, material: Material) -> CertreadyError:
    """Why a run ends on this cluster."""
    lines = Inventory((Line(1, "a", Keys(target=material / "good.pem")),))
    executor = connected(crew.address, now, timeout=PATIENCE, patience=3)
    with pytest.raises(CertreadyError) as caught:
        list(fleet.run(lines, fleet.Setup(now(), load_roots(material / "root.pem")), executor=executor))
    executor.shutdown()
    return caught.value


def test_workers_that_are_not_there_or_not_fit(material: Material, tmp_path: Path) -> None:
    """A run ends where no worker takes it up, with how to start one; where a worker has no certready, with how to mend
    it; where it has another version, with both."""
    with cluster(tmp_path / "cluster") as crew:
        error = refusal(crew, material)
        assert "has had no worker for 3 seconds" in error.message
        assert f"dask worker {crew.address}" in str(error.hint)
        bare = crew.work(package=crew.without)
        assert "A worker has no certready, or another version of it" in refusal(crew, material).message
        bare.kill()
        for folder in ("certready", "trust"):
            copytree(REPOSITORY / folder, tmp_path / "other" / folder)
        (tmp_path / "other" / "certready" / "_version.py").write_text('__version__ = "0.0.7"\n')
        crew.work(package=str(tmp_path / "other"))
        error = refusal(crew, material)
    assert "has certready 0.0.7, and this is certready" in error.message
    assert "Install one version everywhere" in str(error.hint)


MISUSED = {
    "nobody there": (["--dask", "tcp://127.0.0.1:1", "--timeout", "2"], "tcp://127.0.0.1:1 cannot be reached"),
    "no address": (["--dask", "tcp://nowhere"], "is no address of a scheduler"),
    "a password": (["--dask", "tcp://me:secret@host:8786"], "--dask is no address of a scheduler"),
    "processes": (["--dask", "tcp://127.0.0.1:1", "--processes", "2"], "--dask excludes --processes"),
    "tls without settings": (["--dask", "tls://127.0.0.1:1", "--timeout", "2"], "distributed.comm.tls"),
}


@pytest.mark.parametrize(("words", "sentence"), MISUSED.values(), ids=MISUSED)
def test_a_scheduler_that_cannot_be_reached_is_2(
    words: list[str], sentence: str, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """What is no scheduler, or does not answer, ends with 2 and one sentence, without a traceback or a library's log."""
    (tmp_path / "i.csv").write_text("target\na.pem\n")
    code = main(["fleet", str(tmp_path / "i.csv"), *words])
    out, err = capfd.readouterr()
    assert (2, "", True) == (code, out, sentence in err), err
    assert (False, False, True) == ("Traceback" in err, "secret" in err, err.count("\n") <= 2), err


def test_without_the_package_it_is_said_how_to_get_it(tmp_path: Path) -> None:
    """Where distributed is not installed, one sentence names the extra."""
    (tmp_path / "i.csv").write_text("target\na.pem\n")
    words = ["fleet", str(tmp_path / "i.csv"), "--dask", "tcp://127.0.0.1:1"]
    code = f"import sys; sys.modules['distributed'] = None; sys.argv[1:] = {words!r}; {PROGRAM}"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (2, True) == (ran.returncode, 'pip install "certready[dask]"' in ran.stderr), ran.stderr
    assert "Traceback" not in ran.stderr


def test_a_cluster_that_can_be_listened_to_is_named() -> None:
    """What is not encrypted is named where it leads off this machine, or may; loopback and TLS are not."""
    fine = ("tcp://127.0.0.1:8786", "tcp://[::1]:1", "tcp://localhost:1", "tls://10.0.0.1:1", "wss://host:1")
    read = ("tcp://10.0.0.1:8786", "ws://scheduler:1", "tcp://[2001:db8::1]:1", "ucx://10.0.0.1:1")
    assert read == in_plain_text((*fine, *read))


@pytest.mark.parametrize("jobs", [1, 4, 16, 100, None])
@pytest.mark.parametrize("threads", [(), (1,), (1, 1), (16,), (4, 8, 1), (1,) * 100])
def test_no_more_lines_than_asked_for_on_the_whole_cluster(jobs: int | None, threads: tuple[int, ...]) -> None:
    """--jobs is never exceeded, however many workers there are; without it each worker has 16, and a batch waits."""
    made: Room = room(threads, jobs)
    assert made.batches >= 1
    assert made.live >= 1
    if jobs:
        assert made.batches * made.live <= jobs
    else:
        assert made.batches == max(1, sum(threads)) + max(1, len(threads))
