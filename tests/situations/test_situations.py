"""certready's own column of docs/peers.md."""

from __future__ import annotations

from pathlib import Path

import pytest

from certready.cli import main
from tests.docs.pages import REPOSITORY
from tests.situations.peers import VERDICTS, certready, verdict_of
from tests.situations.situations import SITUATIONS, Situation
from tests.situations.staging import staged

PAGE = (REPOSITORY / "docs" / "peers.md").read_text("utf-8")


@pytest.mark.parametrize("situation", SITUATIONS, ids=lambda situation: situation.says)
def test_situation(
    situation: Situation, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The verdict is the right one, and the exit code says the same."""
    monkeypatch.chdir(tmp_path)
    with staged(situation.stage, tmp_path) as (stage, port):
        code = main(list(certready(port, stage.addresses))[3:])
    verdict = verdict_of(capsys.readouterr().out)
    assert (verdict, VERDICTS[code]) == (situation.verdict, situation.verdict)


@pytest.mark.parametrize("situation", SITUATIONS, ids=lambda situation: situation.says)
def test_page(situation: Situation) -> None:
    """The page has a row for the situation, with the verdict that the test above holds certready to."""
    assert f"| {situation.says} | {situation.verdict} | {situation.verdict} (" in PAGE


def test_there_are_forty() -> None:
    """At least forty situations, each told apart by its sentence."""
    assert len({situation.says for situation in SITUATIONS}) == len(SITUATIONS) >= 40
