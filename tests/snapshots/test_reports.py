"""Reports of every kind as they are printed, replayed from evidence whose moment is fixed."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from syrupy.assertion import SnapshotAssertion

from tests.snapshots.conftest import Typed
from tests.snapshots.normal import normal
from tests.snapshots.world import CASES

BYTES = re.compile(r"[A-Za-z0-9+/]{40,}=*")


@pytest.mark.parametrize("case", CASES)
def test_text(typed: Typed, snapshot: SnapshotAssertion, case: str) -> None:
    """The report in text: into a pipe, with everything, and on a terminal."""
    replay = ("check", "--replay", f"{case}.evidence")
    shown = [typed(*replay), typed(*replay, "-v"), typed(*replay, terminal=True)]
    assert "\n".join(shown) == snapshot


@pytest.mark.parametrize("case", CASES)
def test_json(typed: Typed, snapshot: SnapshotAssertion, case: str) -> None:
    """The report as JSON."""
    assert typed("check", "--replay", f"{case}.evidence", "--format", "json") == snapshot


@pytest.mark.parametrize(
    "case", ["incomplete", "wrong-name", "expired", "revoked", "private-ca", "probe-of-nodes", "rehearse", "tenant"]
)
def test_remedies(typed: Typed, snapshot: SnapshotAssertion, tmp_path: Path, case: str) -> None:
    """The script of the fixes."""
    script = tmp_path / "fixes.ps1"
    typed("check", "--replay", f"{case}.evidence", "--remedies", str(script))
    assert normal(script.read_text("utf-8-sig")) == snapshot


@pytest.mark.parametrize("case", ["probe-of-nodes", "rehearse", "tenant"])
def test_evidence(folder: Path, snapshot: SnapshotAssertion, case: str) -> None:
    """The file that --save-evidence writes, key by key; of certificates and answers that they are there."""
    saved = json.loads((folder / f"{case}.evidence").read_bytes())
    assert BYTES.sub("<bytes>", normal(json.dumps(saved, indent=1) + "\n")) == snapshot
