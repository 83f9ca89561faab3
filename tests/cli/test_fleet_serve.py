"""fleet --serve, as a process: pages, health, rounds, restarts, an inventory that breaks, and its end."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.cli.conftest import Ran
from tests.ending import Child
from tests.fleet.endpoints import Material, endpoints
from tests.fleet.serving import PROGRAM, Server, get, rows, serving
from tests.live.servers import free_port
from tests.render.browser import CHROMIUM, chromium

HOSTILE = ("..", ".", "a/../b", "100%2e?&#\"'<b>", "Zoë \u202e", "x" * 3000, "#2", "<script>alert(1)</script>")


@pytest.fixture(scope="module")
def material(tmp_path_factory: pytest.TempPathFactory) -> Material:
    return Material(tmp_path_factory.mktemp("served"))


def judged(material: Material) -> list[str]:
    """Options under which files are judged, offline."""
    return [word for word in material.options if word != "--no-cache"] + ["--offline", "--role", "server"]


@pytest.fixture(scope="module")
def inventory(material: Material) -> Path:
    """Good and bad files, one that is missing, one named by an absolute path, and names of all sorts."""
    lines = [*((kind, f"{kind}.pem") for kind in material.chains), ("gone", "gone.pem")]
    lines += [(name, "good.pem") for name in HOSTILE]
    absolute = str(material.folder / "good.pem")
    path = material.folder / "inventory.json"
    text = [*json.loads(rows(lines)), {"target": absolute}, {"target": str(material.folder / "gone.pfx")}]
    path.write_text(json.dumps(text), "utf-8")
    return path


@pytest.fixture(scope="module")
def server(material: Material, inventory: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server whose first round is over."""
    cache = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CERTREADY_CACHE", str(cache))
        with serving(str(inventory), *judged(material), "--host", "fleet.contoso.com") as running:
            running.said("checked in")
            yield running


def address(name: str, number: int) -> str:
    """Where the report of a line is."""
    return f"/report/?line={number}" if name in (".", "..") or len(name) > 1000 else f"/report/{quote(name, safe='')}"


def test_the_overview_names_every_line_and_its_verdict(server: Server) -> None:
    """GET / is the overview: the worst verdict, each line, and where its report is."""
    got = server.get("/")
    assert (200, "text/html; charset=utf-8") == (got.status, got.headers["content-type"])
    assert "NOT READY: inventory.json" in got.text
    assert "17 targets" in got.text
    for number, name in enumerate(HOSTILE, 8):
        assert f'href="{address(name, number)[1:]}"' in got.text, name


@pytest.mark.parametrize(("number", "name"), list(enumerate(HOSTILE, 8)))
def test_a_report_is_found_by_its_name(server: Server, number: int, name: str) -> None:
    """Whatever a line is called, its report is where the overview says, and the name is text there."""
    got = server.get(address(name, number))
    assert (200, True) == (got.status, "READY" in got.text)
    assert "<script>alert" not in got.text


@pytest.mark.parametrize("path", ["/report/", "/report/nobody", "/report/?line=99", "/report/?line=x", "/x", "/../"])
def test_there_is_no_other_page(server: Server, path: str) -> None:
    """Anything else is 404, and nothing of the request comes back."""
    got = server.get(path)
    assert (404, "There is no such page.\n") == (got.status, got.text)


@pytest.mark.skipif(not shutil.which("promtool"), reason="promtool (Debian: prometheus) is not installed")
def test_promtool_accepts_the_metrics(server: Server) -> None:
    """/metrics is text format 0.0.4, of which Prometheus' own checker has nothing to say."""
    got = server.get("/metrics")
    assert "text/plain; version=0.0.4; charset=utf-8" == got.headers["content-type"]
    done = subprocess.run(["promtool", "check", "metrics"], input=got.text.encode(), capture_output=True, check=False)
    assert (0, b"", b"") == (done.returncode, done.stdout, done.stderr)
    assert 'certready_ready{target="good"} 1.0' in got.text
    assert 'certready_ready{target="gone"} 0.0' in got.text
    assert "certready_inventory_lines 17.0" in got.text
    assert "certready_inventory_broken 0.0" in got.text
    assert 'certready_checked_timestamp_seconds{target="expired"}' in got.text


def test_no_page_shows_a_path_or_a_key(server: Server, material: Material) -> None:
    """In every answer, those about errors too, the folder's path, the home and private keys are searched for in vain."""
    pages = [server.get(path).text for path in ("/", "/metrics", "/healthz", "/nothing")]
    pages += [server.get(f"/report/?line={number}").text for number in range(1, 18)]
    assert 17 == sum("All targets" in page for page in pages)
    keys = [line for issued, _ in material.chains.values() for line in issued.key_pem.decode().splitlines()[1:-1]]
    for page in pages:
        for secret in (str(material.folder), str(material.folder.resolve()), str(Path.home()) + "/", "/tmp/", *keys):
            assert secret not in page
    assert "gone.pfx" in pages[0]


def test_every_answer_has_its_headers(server: Server) -> None:
    """Nothing is cached, framed, guessed at or told to others, whatever the answer; pages run their own script alone."""
    for path, method in [("/", "GET"), ("/metrics", "GET"), ("/x", "GET"), ("/", "POST"), ("/healthz", "HEAD")]:
        headers = server.get(path, method).headers
        assert "no-store" == headers["cache-control"]
        assert "nosniff" == headers["x-content-type-options"]
        assert "no-referrer" == headers["referrer-policy"]
        assert "DENY" == headers["x-frame-options"]
        policy = headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; ")
        assert policy.endswith("; frame-ancestors 'none'")
        assert "unsafe" not in policy
        assert "server" not in headers


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND", "X!"])
def test_nothing_can_be_written(server: Server, method: str) -> None:
    """Only GET and HEAD are answered."""
    got = server.get("/", method)
    assert (405, "GET, HEAD") == (got.status, got.headers["allow"])


def test_head_is_get_without_a_body(server: Server) -> None:
    """HEAD tells the length and sends nothing."""
    full, head = server.get("/report/good"), server.get("/report/good", "HEAD")
    assert (200, "", full.headers["content-length"]) == (head.status, head.text, head.headers["content-length"])


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST:1", "127.0.0.1", "127.0.0.5:80", "[::1]:80", "fleet.contoso.com."]
)
def test_it_answers_to_its_names(server: Server, host: str) -> None:
    """Names of loopback, its own address and those of --host are answered, whatever the port."""
    assert 200 == server.get("/healthz", Host=host).status


@pytest.mark.parametrize(
    "host", ["evil.example", "localhost.evil.example", "192.0.2.1", "", "a b", "[::2]", "127.0.0.1.nip.io"]
)
def test_it_answers_to_no_other_name(server: Server, host: str) -> None:
    """A name led here by somebody else's DNS reads nothing."""
    got = server.get("/", Host=host)
    assert (421, True) == (got.status, got.text.startswith("This server does not answer to that name"))


def test_a_line_that_cannot_be_reached_keeps_its_last_answer(material: Material, tmp_path: Path) -> None:
    """With its gateway gone a line is cannot-tell, never ready, and shows the last answer and its age; the metrics keep
    its certificates."""
    path = tmp_path / "inventory.json"
    with ExitStack() as gateway:
        (place,) = gateway.enter_context(endpoints(material, ["good"]))
        path.write_text(rows([("gw", place)]), "utf-8")
        with serving(str(path), *material.options, "--timeout", "5", every="1s") as running:
            running.said("1 ready")
            assert 'certready_ready{target="gw"} 1.0' in running.get("/metrics").text
            gateway.close()
            running.said("1 cannot tell")
            overview, report, metrics = (running.get(page).text for page in ("/", "/report/gw", "/metrics"))
    assert "CANNOT TELL: inventory.json" in overview
    for page in (overview, report):
        assert re.search(r"The last answer was READY, [0-9: -]+ UTC, [0-9]+ minutes? before this check\.", page)
    assert "The latest check" in report
    assert "The last answer, " in report
    assert 'certready_ready{target="gw"} 0.0' in metrics
    assert 'certready_certificate_not_after_timestamp_seconds{role="leaf"' in metrics.replace('target="gw",', "")
    assert 'certready_answered_timestamp_seconds{target="gw"}' in metrics


def test_a_folder_has_a_report_for_each_certificate(material: Material, tmp_path: Path) -> None:
    """A line whose target is a folder with two certificates shows the report of each, named by its file."""
    folder = tmp_path / "gateways"
    folder.mkdir()
    for kind in ("good", "expired"):
        (folder / f"{kind}.pem").write_bytes(material.chains[kind][1])
    (tmp_path / "i.json").write_text(rows([("all", str(folder))]), "utf-8")
    with serving(str(tmp_path / "i.json"), *judged(material)) as running:
        running.said("1 not ready")
        report, metrics = running.get("/report/all").text, running.get("/metrics").text
    assert re.search(r"<h2>Summary: (\S*/)?expired.pem</h2>", report)
    assert re.search(r"<h2>Summary: (\S*/)?good.pem</h2>", report)
    assert str(tmp_path) not in report + metrics
    assert 'certready_ready{target="all"} 0.0' in metrics
    assert 'certready_ready{target="all #2"} 1.0' in metrics


def test_healthy_once_every_line_was_checked(material: Material, tmp_path: Path) -> None:
    """Until the first check of the last line 503, then 200."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        lines = [("good", str(material.folder / "good.pem")), ("slow", f"127.0.0.1:{silent.getsockname()[1]}")]
        (tmp_path / "i.json").write_text(rows(lines), "utf-8")
        with serving(str(tmp_path / "i.json"), *material.options, "--timeout", "60") as running:
            before = running.get("/healthz")
            while "1 of 2" not in before.text:  # the good one is done in no time; the other waits for a banner
                before = running.get("/healthz")
            assert (503, "1 of 2 lines not checked yet.\n") == (before.status, before.text)
            assert "1 target not checked yet." in running.get("/").text
            connection, _ = silent.accept()
            connection.close()
            silent.close()
            running.said("checked in")
            assert (200, "ok\n") == (running.get("/healthz").status, running.get("/healthz").text)


def test_a_restart_keeps_what_is_known(material: Material, tmp_path: Path) -> None:
    """What was checked lately is served at once after a restart, and not checked again; what changed is."""
    path = tmp_path / "i.json"
    lines = [("good", str(material.folder / "good.pem")), ("expired", str(material.folder / "expired.pem"))]
    path.write_text(rows(lines), "utf-8")
    with serving(str(path), *judged(material)) as running:
        running.said("1 ready, 1 not ready")
        checks = [line for line in running.get("/metrics").text.splitlines() if "certready_checked" in line]
        assert 0 == running.ended(signal.SIGTERM)
    path.write_text(rows([*lines, ("new", str(material.folder / "stranger.pem"))]), "utf-8")
    with serving(str(path), *judged(material)) as running:
        assert "expired" in running.get("/").text  # before any check
        running.said("but for those that were checked lately")
        running.said("1 ready, 2 not ready")
        assert (200, True) == (
            running.get("/healthz").status,
            set(checks) < set(running.get("/metrics").text.splitlines()),
        )


def test_a_file_to_go_on_with_is_added_to(material: Material, tmp_path: Path) -> None:
    """With --resume that file is the state: what stands in it counts, and it is never replaced."""
    path, log = tmp_path / "i.json", tmp_path / "log.jsonl"
    path.write_text(rows([("good", str(material.folder / "good.pem"))]), "utf-8")
    with serving(str(path), *judged(material), "--resume", str(log)) as running:
        running.said("1 ready")
    first = log.read_bytes()
    path.write_text(rows([(kind, str(material.folder / f"{kind}.pem")) for kind in ("good", "expired")]), "utf-8")
    with serving(str(path), *judged(material), "--resume", str(log)) as running:
        running.said("1 ready, 1 not ready")
    assert log.read_bytes().startswith(first)
    assert ["good", "expired"] == [json.loads(line)["name"] for line in log.read_text().splitlines()]


def test_an_inventory_that_breaks_is_kept(material: Material, tmp_path: Path) -> None:
    """While the inventory cannot be read, the lines of before are checked on, and page, metrics and log say so; whole
    again, it is taken."""
    path = tmp_path / "i.json"
    path.write_text(rows([("good", str(material.folder / "good.pem"))]), "utf-8")
    with serving(str(path), *judged(material), every="1s") as running:
        running.said("1 ready")
        path.write_text("[{", "utf-8")
        said = running.said("the inventory cannot be read again")
        running.said("1 ready")
        overview, metrics = running.get("/").text, running.get("/metrics").text
        assert "is not valid JSON" in said
        assert "The inventory cannot be read, and the lines of before are checked" in overview
        assert str(tmp_path) not in overview
        assert "certready_inventory_broken 1.0" in metrics
        path.write_text(rows([("other", str(material.folder / "good.pem"))]), "utf-8")
        running.said("checking 1 line")
        running.said("1 ready")
        while "certready_inventory_broken 0.0" not in (metrics := running.get("/metrics").text):
            running.said("1 ready")
        assert ('target="other"' in metrics, 'target="good"' in metrics) == (True, False)


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such signals")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 0), (signal.SIGINT, 1)])
def test_a_signal_ends_it_cleanly(number: signal.Signals, code: int, material: Material, tmp_path: Path) -> None:
    """SIGTERM ends it with 0, Ctrl-C as a run that is interrupted: with the worst verdict so far."""
    path = tmp_path / "i.json"
    path.write_text(rows([("expired", str(material.folder / "expired.pem"))]), "utf-8")
    with serving(str(path), *judged(material)) as running:
        running.said("1 not ready")
        running.process.send_signal(number)
        running.said("ended" if number is signal.SIGTERM else "interrupted")
        assert (code, False) == (running.process.wait(60), "Traceback" in "".join(running.log))


def test_many_clients_leave_nothing_behind(server: Server) -> None:
    """Two hundred clients at once are all answered, and then the process has the threads and descriptors of before."""
    # The connection of an answer ends a little after its client has it.
    before = min(held(server) for _ in range(50) if server.get("/healthz"))
    start = threading.Barrier(200)
    answers: list[int] = []

    def ask(path: str) -> None:
        start.wait()
        answers.append(server.get(path).status)

    paths = ["/", "/metrics", "/report/good", "/healthz"] * 50
    clients = [threading.Thread(target=ask, args=(path,)) for path in paths]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    assert [200] * 200 == answers
    seen = (held(server) for _ in range(1000) if server.get("/healthz"))
    assert any(threads <= before[0] and descriptors <= before[1] for threads, descriptors in seen)


def held(server: Server) -> tuple[int, int]:
    """The threads and descriptors of a server just now; none where that cannot be seen."""
    folder = Path(f"/proc/{server.process.pid}")
    return tuple(len(os.listdir(folder / name)) if folder.is_dir() else 0 for name in ("task", "fd"))  # noqa: PTH208


@pytest.mark.skipif(not CHROMIUM, reason="Chromium is not installed")
def test_the_pages_in_a_browser(server: Server) -> None:
    """In Chromium overview and reports load nothing else and break no policy, axe-core finds nothing in light and dark,
    the filter works, and links lead from the overview to each report and back."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    with chromium() as browser:
        for scheme, width in (("light", 1200), ("dark", 320)):
            page = browser.new_page(viewport={"width": width, "height": 700}, color_scheme=scheme)
            asked, complaints = [], []
            page.on("request", lambda request, asked=asked: asked.append(request.url))
            page.on("console", lambda message, complaints=complaints: complaints.append(message.text))
            page.on("pageerror", lambda error, complaints=complaints: complaints.append(str(error)))
            page.goto(f"{server.address}/")
            page.locator("#search").fill("expired")
            page.locator("#shown", has_text="1 of 17").wait_for()
            page.locator("#search").fill("")
            page.locator("#shown", has_text="17 of 17").wait_for()
            page.locator("#open").click()
            links = [link.get_attribute("href") for link in page.get_by_text("The whole report of").all()]
            assert 17 == len(links)
            found = axe.Axe().run(page).response["violations"]
            for link in links if scheme == "light" else links[:1]:
                page.locator(f'a[href="{link}"]').click()
                page.get_by_text("All targets").click()
                assert f"{server.address}/" == page.url
                page.locator("#open").click()
            page.goto(f"{server.address}/report/expired")
            found += axe.Axe().run(page).response["violations"]
            assert [(each["id"], [node["html"] for node in each["nodes"]]) for each in found] == []
            assert ([], True) == (complaints, all(url.startswith(f"{server.address}/") for url in asked))
            assert page.evaluate("document.scrollingElement.scrollWidth") <= width
            page.close()


@pytest.mark.skipif(not shutil.which("prometheus"), reason="Debian's prometheus is not installed")
def test_prometheus_scrapes_it(server: Server, tmp_path: Path) -> None:
    """Debian's Prometheus, scraping every second, finds it up each time, says nothing about it in its log, and takes the
    alert rules of docs/deploy."""
    port = free_port()
    rules = Path(__file__).parents[2] / "docs" / "deploy" / "certready.rules.yml"
    settings = {
        "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
        "rule_files": [str(rules)],
        "scrape_configs": [{"job_name": "certready", "static_configs": [{"targets": [f"127.0.0.1:{server.port}"]}]}],
    }
    (tmp_path / "prometheus.yml").write_text(json.dumps(settings), "utf-8")  # JSON is YAML
    command = [
        *("prometheus", f"--config.file={tmp_path / 'prometheus.yml'}", f"--storage.tsdb.path={tmp_path / 'data'}"),
        *(f"--web.listen-address=127.0.0.1:{port}", "--log.level=warn"),
    ]
    with (tmp_path / "log").open("wb") as log, Child(command, stdout=log, stderr=log) as process:
        try:
            scrapes = 0
            while scrapes < 4:
                assert process.poll() is None, (tmp_path / "log").read_text()
                scrapes = int(asked(port, "count_over_time(up[5m])") or 0)
            up, ready = asked(port, "min_over_time(up[5m])"), asked(port, 'certready_ready{target="good"}')
            firing = asked(port, 'count(ALERTS{alertname="CertificateExpires"}) or vector(0)')
            said = (tmp_path / "log").read_text()
        finally:
            process.terminate()
    assert ("1", "1", True) == (up, ready, firing is not None)
    assert "" == said


def asked(port: int, query: str) -> str | None:
    """What a Prometheus answers to a query; None where it is not there yet, or has nothing."""
    try:
        got = get(("127.0.0.1", port), f"/api/v1/query?query={quote(query)}")
        result = json.loads(got.text)["data"]["result"]
    except (OSError, ValueError, KeyError):
        return None
    return str(result[0]["value"][1]) if result else None


# -- what is refused ----------------------------------------------------------------------------------------------

MISUSED = {
    "no address": (["--every", "6h"], "--every and --host belong to --serve"),
    "a name alone": (["--host", "x.example"], "--every and --host belong to --serve"),
    "no port": (["--serve", "127.0.0.1"], "--serve '127.0.0.1' is not ADDR:PORT"),
    "a high port": (["--serve", "127.0.0.1:99999"], "is not ADDR:PORT"),
    "a word": (["--serve", "x y"], "is not ADDR:PORT"),
    "no time": (["--serve", "0", "--every", "soon"], "--every 'soon' is not a length of time"),
    "no time at all": (["--serve", "0", "--every", "0s"], "--every '0s' is not a length of time"),
    "no name": (["--serve", "0", "--host", "*.x"], "--host '*.x' is not a host name"),
    "a format": (["--serve", "0", "--format", "html=x.html"], "--serve shows its results over HTTP"),
    "text": (["--serve", "0", "--format", "jsonl"], "--serve shows its results over HTTP"),
    "a comparison": (["--serve", "0", "--since", "x.jsonl"], "--since compares with one run"),
    "no inventory": (["--serve", "0"], "x.csv"),
}


@pytest.mark.parametrize("case", MISUSED)
def test_misuse_is_one_sentence(case: str, run: Callable[..., Ran]) -> None:
    """Wrong usage ends with 2, one sentence and a hint, before anything is served."""
    words, sentence = MISUSED[case]
    ran = run("fleet", "x.csv", *words)
    assert (2, "") == (ran.code, ran.out)
    assert sentence in ran.err
    assert ran.err.count("\n") <= 2


def test_standard_input_cannot_be_read_again(run: Callable[..., Ran]) -> None:
    """An inventory from standard input is refused."""
    ran = run("fleet", "-", "--serve", "0")
    assert (2, True) == (ran.code, "standard input cannot be" in ran.err)


def test_a_port_in_use_is_said(material: Material, run: Callable[..., Ran], inventory: Path) -> None:
    """A port that somebody else has is a usage error."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ran = run("fleet", str(inventory), *judged(material), "--serve", str(port))
    assert (2, True) == (ran.code, f"127.0.0.1:{port} cannot be listened on: Address already in use" in ran.err)


def test_without_waitress_it_says_what_to_install(material: Material, inventory: Path) -> None:
    """Where the extra is not installed, one sentence says so, and how to get it."""
    program = f"import sys; sys.modules['waitress'] = None; {PROGRAM}"
    command = [sys.executable, "-c", program, "fleet", str(inventory), *judged(material), "--serve", "0"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (2, True) == (done.returncode, "pip install 'certready[serve]'" in done.stderr)
    assert 2 == done.stderr.count("\n")


def test_off_loopback_it_is_said(material: Material, inventory: Path) -> None:
    """Where other machines can connect, stderr says what that means; its own address is a name of it then."""
    with serving(str(inventory), *judged(material), address="0.0.0.0:0") as running:
        assert "other machines can connect" in running.said("other machines")
