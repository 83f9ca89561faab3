"""What README.md and docs/ show as output is what the commands print, as far as it does not differ from day to day.

A session begins with ``$ certready``; ``...`` stands for lines left out. Dates, digests, ports and numbers of days are
compared as such, not by their value.
"""

from __future__ import annotations

import contextlib
import io
import json
import re
import shlex
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from certready.cli import main
from tests.docs.pages import blocks
from tests.snapshots.conftest import Screen
from tests.snapshots.world import write_files

# What the pages do not show: the CA of these tests is a private one, judged at the moment of its files.
STAGED = "--trust root.pem --offline --revocation off --at 2026-11-21T09:00:00Z"
FILES = {"gateway.pem": "good.pem", "old.pem": "good.pem", "new.pem": "renewed.pem"}


class Session(NamedTuple):
    """A command of a page and the lines below it."""

    page: str
    words: tuple[str, ...]
    shown: tuple[str, ...]


def sessions() -> list[Session]:
    """Every command of the pages that stands behind a ``$``."""
    found = []
    for block in blocks():
        for part in block.text.split("$ certready ")[1:]:
            command, *lines = part.rstrip().splitlines()
            found.append(Session(block.page, tuple(shlex.split(command)), tuple(line for line in lines if line)))
    return found


_DIFFERS = (
    (re.compile(r"\b20\d\d-\d\d-\d\d\b"), "<date>"),
    (re.compile(r"\b\d\d:\d\d(:\d\d)?\b"), "<time>"),
    (re.compile(r"\b[0-9A-F]{40}\b|\b[0-9a-f]{64}\b|\b[0-9a-f]{16}(?=\.\.\.)"), "<digest>"),
    (re.compile(r"127\.0\.0\.1:\d+"), "<address>"),
    (re.compile(r"\(\d+ days\)|\b\d+ days"), "<days>"),
    (re.compile(r"\s+"), " "),
    (re.compile(r"(?<=system )(-|<date>) (-|<days>) (-|\d+)|(?<=system ).*has it$"), "<whatever it holds>"),
    (re.compile(r"\b(microsoft|mozilla) <date> <days> \d+"), r"\1 <date> <days> <number>"),
)


def comparable(line: str) -> str:
    """The line without what differs from day to day and from machine to machine."""
    for pattern, name in _DIFFERS:
        line = pattern.sub(name, line)
    return line.strip()


def printed(words: tuple[str, ...], *, terminal: bool) -> list[str]:
    """The lines that the command prints, on a terminal of 100 columns or into a pipe."""
    out = Screen(terminal=terminal)
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(io.StringIO()):
        main(words)
    return [comparable(line) for line in out.getvalue().splitlines()]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The files that the pages name, in the current folder."""
    write_files(tmp_path)
    for name, like in FILES.items():
        (tmp_path / name).write_bytes((tmp_path / like).read_bytes())
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    return tmp_path


SESSIONS = sessions()
# The demonstration stages these itself, on ports of its own.
DEMO = [session for session in SESSIONS if "demo-root.pem" in session.words]
# They wait for a gateway or talk to one: tests/cli/test_listening_page.py has one.
WAITING = [session for session in SESSIONS if session.words[0] in ("listen", "rehearse")]
ALONE = [session for session in SESSIONS if session not in DEMO + WAITING and session.shown]


@pytest.mark.parametrize("session", ALONE, ids=lambda session: f"{session.page}: {shlex.join(session.words)}")
def test_output(folder: Path, session: Session) -> None:
    """It prints these lines in this order, on a terminal or into a pipe."""
    judges = session.words[0] in ("check", "diff", "tenant")
    words = (*session.words, *STAGED.split()) if judges else session.words
    shown = [comparable(line) for line in session.shown if line != "..."]
    for terminal in (True, False):
        rest = iter(printed(words, terminal=terminal))
        missing = [line for line in shown if line not in rest]
        if not missing:
            return
    pytest.fail(f"not printed, or not in this order: {missing}")


def test_remedies(folder: Path) -> None:
    """The script that docs/advice.md shows is written for a tenant that asks for a host and accepts its domain."""
    connector = {"Name": "[SEPPmail] Appliance -> ExchangeOnline", "Enabled": True, "ConnectorType": "OnPremises"}
    tenant = {
        "InboundConnectors": [connector | {"TlsSenderCertificateName": "mail.contoso.com"}],
        "OutboundConnectors": [],
        "AcceptedDomains": [{"DomainName": "contoso.com"}],
    }
    (folder / "tenant.json").write_text(json.dumps(tenant), "utf-8")
    (shown,) = [block.text for block in blocks() if block.page == "docs/advice.md" and "# ====" in block.text]
    printed(
        ("check", "gateway.pem", "--tenant", "tenant.json", "--remedies", "fix.ps1", *STAGED.split()), terminal=False
    )
    rest = iter((folder / "fix.ps1").read_text("utf-8-sig").splitlines())
    assert [] == [line for line in shown.splitlines() if line not in rest]


def test_demonstration(folder: Path) -> None:
    """The demonstration prints what README.md shows of it."""
    out = printed(("demo",), terminal=True)
    assert DEMO
    for session in DEMO:
        rest = iter(out)
        command = comparable(f"$ certready {' '.join(session.words)}")
        wanted = [command, *(comparable(line) for line in session.shown)]
        missing = [line for line in wanted if line not in (printed.replace('"', "") for printed in rest)]
        assert [] == missing


def test_sessions_were_found() -> None:
    """None of the three kinds is empty."""
    assert all((ALONE, DEMO, WAITING))
