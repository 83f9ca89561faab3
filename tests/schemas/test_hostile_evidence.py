"""Saved evidence with anything in it changed, replayed as a user does: judged or refused, never believed."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from certready.cli import main

WRITTEN = Path(__file__).with_name("first") / "written"
JUNK = st.sampled_from(
    [None, True, False, 0, -1, 2**60, 10**300, 1.5, float("nan"), "", "x", "\ud800", "MIA=", [], [[]], {}, {"x": 1}]
)
# A refusal names the place in the document, or in the file where that is no document.
PLACE = re.compile(
    r"damaged: [\w.\[\]]+ |newer version .* it holds [\w.\[\]]|at (?:line \d+, column|byte) \d+|is not evidence|"
    r"newer form|holds no evidence|does not hold a JSON object"
)


@pytest.mark.parametrize("name", ["file", "tenant", "probe"])
@given(data=st.data())
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
def test_changed_evidence_is_judged_or_refused_with_its_place(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], data: st.DataObject
) -> None:
    """Whatever is cut out, put in or doubled: never ready, never a crash; a refusal is exit code 2 and names the
    place."""
    document = json.loads((WRITTEN / f"{name}.evidence").read_bytes())
    text = json.dumps(document)
    change = data.draw(st.sampled_from(["replace", "remove", "double", "bytes"]))
    if change == "bytes":
        start = data.draw(st.integers(0, len(text)))
        text = text[:start] + data.draw(st.sampled_from(["", "{", "[", '"', ",", "\\", "0" * 400])) + text[start + 1 :]
    else:
        holder, key = _place(document, data)
        if change == "double" and isinstance(holder, dict):
            marked = {**holder, key: "@@"}
            once = json.dumps(holder)
            text = text.replace(once, json.dumps(marked)[:-1] + f", {json.dumps(key)}: null}}", 1)
        elif change == "remove":
            del holder[key]
            text = json.dumps(document)
        else:
            holder[key] = data.draw(JUNK)
            text = json.dumps(document)
    file = tmp_path / "changed.evidence"
    file.write_bytes(text.encode("ascii"))
    code = main(["check", "--replay", str(file), "--format", "json"])
    answer: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert code in (1, 2, 3), text
    if code == 2:
        assert PLACE.search(answer["error"]), answer["error"]
        assert answer["hint"]
    else:
        assert answer["verdict"] in ("not-ready", "cannot-tell")


def _place(document: Any, data: st.DataObject) -> tuple[Any, Any]:
    """Somewhere in the document: what holds it, and its key or index there."""
    while True:
        keys = sorted(document) if isinstance(document, dict) else list(range(len(document)))
        key = data.draw(st.sampled_from(keys))
        inner = document[key]
        if not isinstance(inner, dict | list) or not inner or data.draw(st.integers(0, 3)) == 0:
            return document, key
        document = inner
