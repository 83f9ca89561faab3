"""tenant --certificate and diff where there is more than one certificate: none is mixed with another or passed over."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Material, Ran

Run = Callable[..., Ran]


@pytest.fixture
def tenant(tmp_path: Path) -> str:
    """A tenant whose connector asks for a name that only one of the certificates has."""
    connector = {"Name": "Gateway", "Enabled": True, "ConnectorType": "OnPremises"} | {
        "TlsSenderCertificateName": "*.contoso.com"
    }
    document = {"InboundConnectors": [connector], "AcceptedDomains": [{"DomainName": "contoso.com", "Default": True}]}
    path = tmp_path / "tenant.json"
    path.write_text(json.dumps(document))
    return str(path)


@pytest.fixture
def both(material: Material, tmp_path: Path) -> str:
    """Two certificates in one file, without a key to choose one."""
    path = tmp_path / "both.pem"
    path.write_bytes(b"".join(Path(material / name).read_bytes() for name in ("revoked.pem", "stranger.pem")))
    return str(path)


def test_each_certificate_relays_by_its_own_names(run: Run, tenant: str, both: str) -> None:
    """A certificate that no connector asks for is refused, whatever the names of the other are."""
    words = ("tenant", tenant, "--certificate", both, "--sender", "user@example.org")
    ran = run(*words, "--format", "json")
    messages = json.loads(ran.out)["messages"]
    assert (1, [("mail.contoso.com", "relayed"), ("mail.fabrikam.com", "refused")]) == (
        ran.code,
        [(one["certificate"], one["outcome"]) for one in messages],
    )
    shown = run(*words).out
    assert shown.index("With the certificate mail.contoso.com:") < shown.index("RELAYED") < shown.index("REFUSED")


def test_each_certificate_has_its_four_kinds_of_mail(run: Run, tenant: str, both: str) -> None:
    """Without a sender each certificate has a table of its own; of one alone none is named."""
    ran = run("tenant", tenant, "--certificate", both)
    assert (1, 2) == (ran.code, ran.out.count("With the certificate"))


def test_one_certificate_is_not_named(run: Run, tenant: str, material: Material) -> None:
    """Of a single certificate nothing has to be told apart."""
    ran = run("tenant", tenant, "--certificate", material / "good.pem", "--format", "json")
    assert {None} == {one["certificate"] for one in json.loads(ran.out)["messages"]}


@pytest.mark.parametrize("new", [True, False])
def test_diff_compares_one_with_one(run: Run, material: Material, both: str, new: bool) -> None:
    """Several certificates on either side are an error that names them and says how to choose."""
    sides = (material / "good.pem", both) if new else (both, material / "good.pem")
    ran = run("diff", *sides, *material.inbound, *material.offline)
    assert (2, True, True) == (ran.code, "mail.contoso.com, mail.fabrikam.com" in ran.err, "private key" in ran.err)


def test_diff_takes_folders(run: Run, material: Material, tmp_path: Path) -> None:
    """A folder with one certificate is a side; one with several, or with a file that cannot be read, is refused."""
    folder = tmp_path / "new"
    folder.mkdir()
    for name in ("leaf.pem", "issuing.pem", "key.pem"):
        shutil.copy(material / name, folder / name)
    words = (material / "expired.pem", str(folder), *material.inbound, *material.offline)
    assert 0 == run("diff", *words).code
    shutil.copy(material / "good.pfx", folder / "good.pfx")
    ran = run("diff", *words)
    assert (2, True) == (ran.code, "good.pfx needs a password" in ran.err)
    (folder / "good.pfx").unlink()
    shutil.copy(material / "stranger.pem", folder / "stranger.pem")
    assert 2 == run("diff", *words).code
