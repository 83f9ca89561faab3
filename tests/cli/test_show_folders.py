"""show of folders, archives and Exchange's own store."""

from __future__ import annotations

import base64
import json
import shutil
from collections.abc import Callable
from pathlib import Path

from certready.remedy.dotnet import thumbprint
from tests.cli.conftest import Material, Ran
from tests.pki import certificate

Run = Callable[..., Ran]


def test_show_takes_a_folder(run: Run, material: Material, tmp_path: Path) -> None:
    """Every file with a certificate or key is shown, what cannot be read is named, and the exit code says so."""
    for name in ("leaf.pem", "key.pem", "text.txt"):
        shutil.copy(material / name, tmp_path / name)
    ran = run("show", str(tmp_path), "--format", "json")
    found = json.loads(ran.out)
    assert (0, ["key.pem", "leaf.pem"]) == (ran.code, [Path(one["name"]).name for one in found["containers"]])
    assert (True, []) == ("text.txt" in ran.err, found["unread"])
    shutil.copy(material / "good.pfx", tmp_path / "good.pfx")
    ran = run("show", str(tmp_path))
    assert (2, True) == (ran.code, "good.pfx needs a password" in ran.out)
    (unread,) = json.loads(run("show", str(tmp_path), "--format", "json").out)["unread"]
    assert "needs a password" in unread["reason"]


def test_show_takes_an_archive(run: Run, material: Material, tmp_path: Path) -> None:
    """A ZIP is shown by the files in it; one without certificates is an error."""
    (tmp_path / "mail").mkdir()
    (tmp_path / "none").mkdir()
    shutil.copy(material / "leaf.pem", tmp_path / "mail" / "leaf.pem")
    for name in ("mail", "none"):
        shutil.make_archive(str(tmp_path / name), "zip", tmp_path / name)
    ran = run("show", str(tmp_path / "mail.zip"))
    assert (0, True) == (ran.code, "mail.zip/leaf.pem" in ran.out)
    assert 2 == run("show", str(tmp_path / "none.zip")).code


def test_show_says_what_exchange_says(run: Run, material: Material, tmp_path: Path) -> None:
    """Of Exchange's store services, status and the private key's presence are shown with each certificate."""
    row = {
        "Thumbprint": thumbprint(certificate(material.good)),
        "Services": "IIS, SMTP",
        "Status": "Valid",
        "HasPrivateKey": True,
        "RawData": base64.b64encode(material.good.der).decode(),
    }
    path = tmp_path / "exchange.json"
    path.write_text(json.dumps([row]))
    ran = run("show", str(path))
    assert (0, True) == (ran.code, "services IIS, SMTP; status Valid; private key in the store: yes" in ran.out)
    (container,) = json.loads(run("show", str(path), "--format", "json").out)["containers"]
    assert ("exchange", "IIS, SMTP", True) == (
        container["kind"],
        container["entries"][0]["services"],
        container["entries"][0]["has_private_key"],
    )
    ran = run("check", str(path), *material.inbound, *material.offline, "--format", "json")
    assert (3, "der") == (ran.code, json.loads(ran.out)["chains"][0]["container"])
