"""fleet: what the dates in Microsoft's list will break, through the real command line."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from certready.demo.pki import Authority, now
from certready.model import Limits
from certready.roots import facts, microsoft
from certready.roots.trustlist import Entry, TrustList
from certready.x509.certificate import Certificate
from tests.cli.conftest import Ran

Run = Callable[..., Ran]
OFFLINE = ("--certificate-only", "--offline", "--revocation", "off")
OTHER_USAGE = "1.3.6.1.5.5.7.3.4"  # e-mail protection


@pytest.fixture
def inventory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Five files under four roots that this user's list of Microsoft's programme limits, on days that lie ahead."""
    today = now().replace(hour=0, minute=0, second=0)
    stopping, ending, other, plain = (
        Authority.root(f"{name} Root") for name in ("Stopping", "Ending", "Other usage's", "Plain")
    )
    limits = {
        stopping: Limits(disabled_from=today + timedelta(days=40)),
        ending: Limits(cutoff=today + timedelta(days=20)),
        other: Limits(disabled_from=today + timedelta(days=40), disabled_usages=(OTHER_USAGE,)),
        plain: Limits(),
    }
    entries = tuple(Entry(Certificate(root.der).sha256, "", limit) for root, limit in limits.items())
    as_of = max(today, microsoft.shipped_facts().as_of + timedelta(days=1))
    home = tmp_path / "data"
    home.mkdir()
    (home / microsoft.INSTALLED_FACTS).write_bytes(facts.dump(TrustList(as_of, "0" * 64, entries)))
    (home / microsoft.INSTALLED_ROOTS).write_bytes(b"".join(root.pem for root in limits))
    monkeypatch.setenv("CERTREADY_DATA_HOME", str(home))
    lines = {"a": stopping, "b": stopping, "c": ending, "d": other, "e": plain}
    for name, root in lines.items():
        (tmp_path / f"{name}.pem").write_bytes(root.issue(f"{name}.contoso.example").chain_pem)
    path = tmp_path / "inventory.csv"
    path.write_text("name,target\n" + "".join(f"{name},{name}.pem\n" for name in lines), "utf-8")
    return str(path)


def day(days: int) -> str:
    """So many days from today, as the command line and the report write it."""
    return f"{now() + timedelta(days=days):%Y-%m-%d}"


def ahead(run: Run, inventory: str, *words: str) -> tuple[str, list[dict[str, object]]]:
    """What the table says below its rows, and the findings of that kind in the JSON."""
    ran = run("fleet", inventory, *OFFLINE, "--format", "text", "--format", f"json={inventory}.json", *words)
    found = json.loads(Path(f"{inventory}.json").read_text("utf-8"))["findings"]
    return ran.out, [finding for finding in found if finding["kind"] == "distrust"]


def test_a_scheduled_distrust_is_said_with_its_day_and_its_lines(run: Run, inventory: str) -> None:
    """The table and the JSON name the day, the root and the lines, of a root that is disabled and of one whose later
    certificates are distrusted; a limit of another usage and a root without one are not said, and all are ready yet."""
    out, found = ahead(run, inventory)
    assert "5 targets: 5 ready" in out
    assert "What Microsoft will distrust" in out
    stop, end = sorted(found, key=lambda finding: finding["message"])
    assert stop["lines"] == ["a", "b"]
    assert stop["message"] == (
        f"Microsoft distrusts the root Stopping Root from {day(40)} on. "
        "2 lines rest on it and need another root by then: a, b."
    )
    assert stop["at"] == f"{day(40)}T00:00:00Z"
    assert end["lines"] == ["c"]
    assert end["message"] == (
        f"Microsoft distrusts what the root Ending Root issues after {day(20)}. "
        "1 line rests on it and needs another root for renewals from then on: c."
    )
    assert all(" ".join(finding["message"].split()) in " ".join(out.split()) for finding in found)


def test_what_was_scheduled_has_come_about(run: Run, inventory: str) -> None:
    """Judged as of that day the lines that were named fail by the limit, the others stand, and nothing lies ahead."""
    out, found = ahead(run, inventory, "--at", day(41))
    assert "5 targets: 3 ready, 2 not ready" in out
    assert re.findall(r"NOT READY +(\w)\b.*chain.root-restricted", out) == ["a", "b"]
    assert found == []


def test_the_day_before_it_still_lies_ahead(run: Run, inventory: str) -> None:
    """As of the day before, the distrust lies ahead and the cut-off lies behind; both leaves were issued before it."""
    out, found = ahead(run, inventory, "--at", day(39))
    assert "5 targets: 5 ready" in out
    assert [finding["lines"] for finding in found] == [["a", "b"]]


def test_an_extra_root_hides_no_schedule(run: Run, inventory: str, tmp_path: Path) -> None:
    """With --extra-root what Microsoft will distrust is said all the same; by another store nothing is said of it."""
    mine = tmp_path / "mine.pem"
    mine.write_bytes(Authority.root("Mine").pem)
    _, found = ahead(run, inventory, "--extra-root", str(mine))
    assert [["a", "b"], ["c"]] == sorted(finding["lines"] for finding in found)
    assert ahead(run, inventory, "--trust", "mozilla")[1] == []


def test_the_overview_shows_the_schedule(run: Run, inventory: str) -> None:
    """The HTML overview has a row of the day, the sentence and links to the lines."""
    ahead(run, inventory, "--format", f"html={inventory}.html")
    page = Path(f"{inventory}.html").read_text("utf-8")
    table = page[page.index('<h2 id="distrust">') :]
    assert f'<th scope="row" class="short">{day(40)}</th><td>Microsoft distrusts the root Stopping Root' in table
    assert re.search('<a href="#line-([0-9]+)">a</a>, <a href="#line-([0-9]+)">b</a>', table)
