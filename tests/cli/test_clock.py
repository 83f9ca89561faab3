"""check on a machine whose clock is wrong: what others say of the time is heard."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from certready.demo.pki import Authority
from tests.cli.conftest import Ran

Run = Callable[..., Ran]


class Lists(ThreadingHTTPServer):
    """Serves revocation lists, by a clock that is off."""

    daemon_threads = True
    off = timedelta(0)
    age: int | None = None
    files: dict[str, bytes] = {}  # noqa: RUF012 - replaced for each server

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    server: Lists

    def do_GET(self) -> None:
        body = self.server.files[self.path]
        self.send_response_only(200)
        self.send_header("Date", format_datetime(datetime.now(UTC) + self.server.off, usegmt=True))
        if self.server.age is not None:
            self.send_header("Age", str(self.server.age))
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing is written about requests."""


@pytest.fixture
def lists() -> Iterator[Lists]:
    server = Lists(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def check(run: Run, lists: Lists, tmp_path: Path) -> Callable[..., tuple[int, dict[str, str]]]:
    root = Authority.root(crl_url=f"{lists.base}/root.crl")
    issuing = root.intermediate(crl_url=f"{lists.base}/issuing.crl")
    leaf = issuing.issue("mail.contoso.com", key="rsa")
    (tmp_path / "gateway.pem").write_bytes(leaf.chain_pem)
    (tmp_path / "root.pem").write_bytes(root.pem)

    def judged(*words: str, ahead: float = 0, **issued: float) -> tuple[int, dict[str, str]]:
        made = root.moment + timedelta(hours=ahead)
        if issued:
            other = issuing.issue("mail.contoso.com", key="rsa", **issued)
            (tmp_path / "gateway.pem").write_bytes(other.chain_pem)
        lists.files = {
            "/root.crl": root.crl(this_update=made - timedelta(minutes=1)),
            "/issuing.crl": issuing.crl(this_update=made - timedelta(minutes=1)),
        }
        ran = run(
            *("check", str(tmp_path / "gateway.pem"), "--certificate-only", "--trust", str(tmp_path / "root.pem")),
            *("--allow-private", "--no-cache", "--format", "json", *words),
        )
        return ran.code, {one["rule"]: one["severity"] for one in json.loads(ran.out)["findings"]}

    return judged


Check = Callable[..., tuple[int, dict[str, str]]]


@pytest.mark.parametrize("hours", [-30, -3, 3, 30])
def test_dates_of_servers_that_disagree_with_the_clock_make_it_doubtful(
    check: Check, lists: Lists, hours: float
) -> None:
    """Where every server says that it is another time, no date is relied on."""
    lists.off = timedelta(hours=hours)
    code, rules = check()
    assert (3, "unknown") == (code, rules["evidence.clock-doubtful"])


@pytest.mark.parametrize("minutes", [-9, 0, 9])
def test_a_few_minutes_are_nothing(check: Check, lists: Lists, minutes: float) -> None:
    """Ten minutes are what clocks may differ by."""
    lists.off = timedelta(minutes=minutes)
    code, rules = check()
    assert (0, False) == (code, "evidence.clock-doubtful" in rules)


def test_the_age_of_a_kept_answer_is_added(check: Check, lists: Lists) -> None:
    """A cache on the way serves an old Date and says how long it has kept it."""
    lists.off, lists.age = timedelta(hours=-5), 5 * 3600
    code, rules = check()
    assert (0, False) == (code, "evidence.clock-doubtful" in rules)


def test_a_named_moment_needs_no_clock(check: Check, lists: Lists) -> None:
    """With --at the dates are not judged by this machine's clock."""
    lists.off = timedelta(hours=30)
    assert "evidence.clock-doubtful" not in check("--at", datetime.now(UTC).isoformat())[1]


def test_a_replay_remembers_the_doubt(check: Check, lists: Lists, run: Run, tmp_path: Path) -> None:
    """What the others' clocks said is kept with the evidence."""
    lists.off = timedelta(hours=30)
    check("--save-evidence", str(tmp_path / "saved.json"))
    ran = run("check", "--replay", str(tmp_path / "saved.json"), "--format", "json")
    assert (3, True) == (ran.code, "evidence.clock-doubtful" in ran.out)


@pytest.mark.parametrize(
    ("days", "code", "severity"),
    [(-20, 3, "unknown"), (-5, 1, "fail"), (5, 1, "fail"), (0, 1, "fail")],
)
def test_what_expired_by_a_wrong_clock_alone_is_not_known_to_have(
    check: Check, lists: Lists, days: float, code: int, severity: str
) -> None:
    """A certificate that ended ten days ago is expired, unless the servers say that it is three weeks earlier."""
    lists.off = timedelta(days=days)
    found, rules = check(age=100, days=90)
    assert (code, severity) == (found, rules["expiry.expired"])


@pytest.mark.parametrize(("days", "code", "severity"), [(20, 3, "unknown"), (5, 1, "fail"), (-5, 1, "fail")])
def test_what_has_not_begun_by_a_wrong_clock_alone_may_have(
    check: Check, lists: Lists, days: float, code: int, severity: str
) -> None:
    """A certificate that begins in ten days is not valid yet, unless the servers say that it is later already."""
    lists.off = timedelta(days=days)
    found, rules = check(age=-10, days=90)
    assert (code, severity) == (found, rules["expiry.not-yet-valid"])


@pytest.mark.parametrize("days", [20, -100])
def test_what_is_valid_by_a_wrong_clock_alone_is_never_ready(check: Check, lists: Lists, days: float) -> None:
    """A certificate that has expired, or not begun, by the clocks of others is unknown, and said to be so."""
    lists.off = timedelta(days=days)
    assert 3 == check(age=80, days=90)[0]


def test_a_date_of_another_age_does_no_harm(check: Check, lists: Lists) -> None:
    """A server may say any year."""
    lists.off = datetime(8999, 12, 30, tzinfo=UTC) - datetime.now(UTC)
    assert 3 == check(age=80, days=90)[0]
