"""--replay of evidence that somebody thinned or edited: never more ready than a run, and never a crash."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from certready.model import Endpoint
from tests.cli.conftest import Material, Ran

Run = Callable[..., Ran]
Edit = Callable[[dict[str, Any]], object]


@pytest.fixture
def replay(run: Run, material: Material, tmp_path: Path) -> Callable[..., Ran]:
    """Saves the evidence of a ready check, edits it, and replays it as JSON."""

    def edited(edit: Edit, *words: str) -> Ran:
        path = tmp_path / "evidence.json"
        judged = ("--save-evidence", str(path), *material.inbound, *material.offline)
        assert 0 == run("check", material / "good.pem", *judged).code
        document = json.loads(path.read_text())
        edit(document)
        path.write_text(json.dumps(document))
        return run("check", "--replay", str(path), "--format", "json", *words)

    return edited


def put(value: object, *place: str) -> Edit:
    """Sets the value at this place."""

    def edit(document: dict[str, Any]) -> None:
        inner: Any = document
        for step in place[:-1]:
            inner = inner[int(step)] if isinstance(inner, list) else inner[step]
        inner[place[-1]] = value

    return edit


def both(*edits: Edit) -> Edit:
    return lambda document: [edit(document) for edit in edits]


ENDPOINT = dict.fromkeys(Endpoint.__struct_fields__) | {
    "host": "gw.contoso.com",
    "address": "192.0.2.1",
    "port": 25,
    "stage": "done",
    "trouble": "",
    "protocol": "smtp",
    "handshakes": [],
}


@pytest.mark.parametrize(
    "edit",
    [
        put([], "chains"),
        both(put([], "chains"), put(True, "options", "certificate_only"), put([], "connectors")),
        put("host", "target", "kind"),
        both(put("host", "target", "kind"), put([ENDPOINT], "endpoints"), put([], "chains")),
        both(put("host", "target", "kind"), put([ENDPOINT], "endpoints")),
        put("rehearse", "target", "kind"),
        put("microsoft", "store", "name"),
        put("mozilla", "store", "name"),
    ],
    ids=["no certificate", "nothing at all", "no connection", "no chain", "unjudged", "rehearsal", "root", "mozilla"],
)
def test_what_is_not_there_is_never_ready(replay: Callable[..., Ran], edit: Edit) -> None:
    """Evidence without a part that its target needs cannot tell, and says which part."""
    ran = replay(edit)
    assert (3, True) == (ran.code, "evidence.incomplete" in ran.out)


@pytest.mark.parametrize(
    ("edit", "place"),
    [
        (put("2026-13-45", "store", "as_of"), "store.as_of"),
        (put("soon", "store", "as_of"), "store.as_of"),
        (put({"fraction": None, "days": 2**53}, "options", "expiry_warning"), "options.expiry_warning.days"),
        (put({"fraction": 1e300, "days": None}, "options", "expiry_warning"), "options.expiry_warning.fraction"),
        (put({"fraction": -1, "days": None}, "options", "expiry_warning"), "options.expiry_warning.fraction"),
        (both(put("listen", "target", "kind"), put([], "endpoints")), "endpoints"),
        (put("9999-12-31T23:59:59Z", "options", "at"), "options.at"),
        (put("0001-01-01T00:00:00Z", "gathered_at"), "gathered_at"),
        (put("sideways", "connectors", "0", "direction"), "connectors[0].direction"),
        (put("partner", "connectors", "0", "kind"), "connectors[0].kind"),
        (both(put("tls", "chains", "0", "container"), put(1, "chains", "0", "leaf")), "chains[0].leaf"),
    ],
)
def test_a_value_that_cannot_be_reckoned_with_is_the_files_fault(
    replay: Callable[..., Ran], edit: Edit, place: str
) -> None:
    """It is refused when read, in a sentence that names the place."""
    ran = replay(edit)
    document = json.loads(ran.out)
    assert (2, 2, True) == (ran.code, document["code"], f" {place} " in document["error"])


@pytest.mark.parametrize(
    ("edit", "code"),
    [
        (put("*.fabrikam.com", "connectors", "0", "value"), 1),
        (both(put("*.fabrikam.com", "connectors", "0", "value"), put(True, "options", "certificate_only")), 1),
        (put(None, "connectors", "0", "value"), 1),
        (put(False, "connectors", "0", "enabled"), 1),
        (put(["fabrikam.com"], "connectors", "0", "trusted_organizations"), 1),
        (put(["TlsSenderCertificateName"], "connectors", "0", "unread"), 3),
        (both(put(False, "named"), put("outbound", "connectors", "0", "direction")), 1),
        (both(put(False, "named"), put("server", "options", "role")), 3),
        (both(put(False, "named"), put([], "connectors")), 1),
        (put([], "connectors"), 3),
    ],
)
def test_an_edited_connector_weighs_as_one_from_a_tenant(replay: Callable[..., Ran], edit: Edit, code: int) -> None:
    """A connector in a replay is judged by all of its settings, wherever it came from."""
    assert code == replay(edit).code


def test_another_leaf_cannot_be_pointed_at(replay: Callable[..., Ran]) -> None:
    """In a file the certificate that is judged follows from the certificates, not from an index."""
    assert 0 == replay(put(1, "chains", "0", "leaf")).code


def test_evidence_of_before_is_read(replay: Callable[..., Ran]) -> None:
    """What was added to the form later may be missing."""

    def edit(document: dict[str, Any]) -> None:
        del document["exported_at"], document["unlisted"]

    assert 0 == replay(edit).code
