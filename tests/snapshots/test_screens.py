"""Every command's text on terminals: nothing wider than they are, nothing said twice, the usual report on one screen."""

from __future__ import annotations

import re
from collections import Counter

import pytest
from syrupy.assertion import SnapshotAssertion

from tests.snapshots.conftest import Typed
from tests.snapshots.test_changes import OFFLINE, RENEWALS

STYLE = re.compile(r"\x1b\[[0-9;]*m")
MOMENT = re.compile(r"(?<=gathered )\s*20[0-9: -]+ UTC|(?<=list of )[\d-]+|\d+ days?\b|(?<= )20\d\d-\d\d-\d\d(?= )")
SCREENS = {
    "revoked": "check --replay revoked.evidence",
    "incomplete": "check --replay incomplete.evidence",
    "unanswered": "check --replay unanswered.evidence",
    "nodes": "check --replay probe-of-nodes.evidence",
    "rehearse": "check --replay rehearse.evidence",
    "tenant-in-check": "check --replay tenant.evidence",
    "everything": "check --replay probe-of-nodes.evidence -v",
    "diff": f"diff {RENEWALS['renewal']}",
    "compare": "compare good.pem leaf.pem renewed.pem probe-of-nodes.evidence",
    "lint": "tenant tenant.json",
    "scenarios": "tenant tenant.json --certificate stranger.pem",
    "route": "tenant tenant.json --recipient user@branch.example",
    "explain-rule": "explain chain.incomplete",
    "explain-reply": "explain '550 5.7.64 TenantAttribution; Relay Access Denied'",
    "rules": "rules",
    "trust": "trust good.pem",
    "show": "show good.pem",
    "repair": f"repair good.pem --out fixed --force {OFFLINE}",
}
# What is said beside each of several things that it holds for, and what people look for there.
SAID_OFTEN = re.compile(r"fact \d|source|http|confirm|Copy|^\d|^OLD|^NEW")


def screen(typed: Typed, name: str, columns: int) -> list[str]:
    """The lines of a screen between the command and the exit code, without colours."""
    import shlex

    shown = STYLE.sub("", typed(*shlex.split(SCREENS[name]), terminal=True, columns=columns))
    return [line.rstrip() for line in shown.splitlines()[1:-1]]


@pytest.mark.parametrize("columns", [80, 100])
@pytest.mark.parametrize("name", SCREENS)
def test_screen(typed: Typed, snapshot: SnapshotAssertion, name: str, columns: int) -> None:
    """The text as it stands on a terminal of so many columns."""
    assert MOMENT.sub("<...>", "\n".join(screen(typed, name, columns)) + "\n") == snapshot


@pytest.mark.parametrize("columns", [80, 100, 200])
@pytest.mark.parametrize("name", SCREENS)
def test_no_line_is_too_wide(typed: Typed, name: str, columns: int) -> None:
    """Only commands, which are copied, and single words such as addresses go over the width."""
    wide = [line for line in screen(typed, name, columns) if len(line) > columns]
    assert [line for line in wide if not copied(line)] == []


def copied(line: str) -> bool:
    """Whether a line is a command, or has no blank at which it could have gone on below."""
    text = line.strip().removeprefix("Fix ").removeprefix("confirm: ")
    return bool(re.match(r"\$|[A-Z]\w+-[A-Z]\w+ |certready |_\d+\._tcp|[a-z_]+ = |<I>", text)) or " " not in text


@pytest.mark.parametrize("name", SCREENS)
def test_nothing_is_said_twice(typed: Typed, name: str) -> None:
    """No sentence stands on a screen more than once."""
    text = " ".join(" ".join(line.split()) for line in screen(typed, name, 100))
    sentences = [
        each for each in re.split(r"(?<=[.!?]) (?=[A-Z'\[])", text) if len(each) > 40 and not SAID_OFTEN.search(each)
    ]
    assert [sentence for sentence, count in Counter(sentences).items() if count > 1] == []


@pytest.mark.parametrize("name", ["revoked", "incomplete", "unanswered", "tenant-in-check", "rehearse"])
def test_a_report_fits_a_screen(typed: Typed, name: str) -> None:
    """The default report of one chain takes at most 30 lines of 100 columns."""
    assert len(screen(typed, name, 100)) <= 30
