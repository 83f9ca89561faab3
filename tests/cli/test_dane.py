"""--dane from end to end: a signed zone behind a DNS server on loopback, and the exit code."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from certready.cli import main
from certready.dane import record_of
from certready.demo.pki import Authority, Issued, now
from tests import pki
from tests.dnssec.server import DnsServer
from tests.dnssec.zones import Dns, Zone

HOST = "mx.contoso.test"


class Lab(NamedTuple):
    """A signed domain behind a server, certificates as files, and the options that lead there."""

    there: Dns
    folder: Path
    options: tuple[str, ...]

    def publish(self, *issued: Issued) -> None:
        """The records of these keys, and no others."""
        zone = self.there.zones[Zone("contoso.test", {}, now()).origin]
        records = [record_of(pki.certificate(one)) for one in issued]
        zone.add("_25._tcp.mx", "TLSA", [f"{one.fields} {one.data.hex()}" for one in records])

    def file(self, name: str, issued: Issued) -> str:
        """The certificate with its chain, as a file."""
        path = self.folder / name
        path.write_bytes(issued.chain_pem)
        return str(path)


@pytest.fixture
def authority() -> Authority:
    """A CA of the test's own."""
    return Authority.root().intermediate()


@pytest.fixture
def lab(tmp_path: Path, authority: Authority) -> Iterator[Lab]:
    """The lab, with its root trusted."""
    moment = now()
    content = {"@": {"MX": [f"10 {HOST}."]}, "mx": {"A": ["127.0.0.1"]}}
    there = Dns(Zone("test", {}, moment), Zone("contoso.test", content, moment)).delegate()
    (tmp_path / "root.pem").write_bytes(authority.issuer.pem if authority.issuer else b"")
    (tmp_path / "anchor").write_text("; the lab\n" + there.zones[Zone("test", {}, moment).origin].anchor, "utf-8")
    with DnsServer(there) as server:
        trust = ("--trust", str(tmp_path / "root.pem"), "--revocation", "off", "--certificate-only")
        dns = ("--dns", server.address, "--dns-anchor", str(tmp_path / "anchor"), "--dane", HOST)
        yield Lab(there, tmp_path, (*trust, *dns))


def report(lab: Lab, capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, dict[str, str]]:
    """The exit code, and the severity of each rule about DANE."""
    code = main([*words, "--format", "json"])
    found = json.loads(capsys.readouterr().out)
    return code, {one["rule"]: one["severity"] for one in found["findings"] if one["rule"].startswith("dane.")}


def test_check(lab: Lab, authority: Authority, capsys: pytest.CaptureFixture[str]) -> None:
    """A file that fits what is published is ready, with a warning where no second record stands for the next renewal; one
    that does not fit is not."""
    old, new = authority.issue(HOST), authority.issue(HOST)
    lab.publish(old)
    assert report(lab, capsys, "check", lab.file("old.pem", old), *lab.options) == (0, {"dane.match": "warn"})
    assert report(lab, capsys, "check", lab.file("new.pem", new), *lab.options) == (1, {"dane.mismatch": "fail"})
    lab.publish(old, new)
    assert report(lab, capsys, "check", lab.file("new.pem", new), *lab.options) == (0, {"dane.match": "pass"})


def test_line_to_publish(lab: Lab, authority: Authority, capsys: pytest.CaptureFixture[str]) -> None:
    """The text holds the zone line whole, on a line of its own, however narrow the screen."""
    old, new = authority.issue(HOST), authority.issue(HOST)
    lab.publish(old)
    assert main(["check", lab.file("new.pem", new), *lab.options]) == 1
    line = f"_25._tcp.{HOST}. 3600 IN TLSA 3 1 1 {pki.certificate(new).parsed.spki_sha256}"
    assert line in [each.strip() for each in capsys.readouterr().out.splitlines()]


def test_the_walk(lab: Lab, authority: Authority, capsys: pytest.CaptureFixture[str]) -> None:
    """A renewal with a new key: diff breaks and says what to publish; published, it is ready to switch; the old record
    taken away too early, what is in place holds mail."""
    old, new = authority.issue(HOST), authority.issue(HOST)
    words = ("diff", lab.file("old.pem", old), lab.file("new.pem", new), *lab.options)
    lab.publish(old)
    assert main([*words]) == 1
    shown = capsys.readouterr().out
    assert f"_25._tcp.{HOST}. 3600 IN TLSA 3 1 1 {pki.certificate(new).parsed.spki_sha256}" in [
        line.strip() for line in shown.splitlines()
    ]
    lab.publish(old, new)
    assert main([*words]) == 0
    assert "ready to switch" in " ".join(capsys.readouterr().out.split())
    lab.publish(new)
    assert main([*words]) == 0
    assert "fit NEW alone" in " ".join(capsys.readouterr().out.split())


def test_replay(lab: Lab, authority: Authority, capsys: pytest.CaptureFixture[str]) -> None:
    """Saved evidence is judged to the same without any network; what was not asked then is unknown."""
    leaf = authority.issue(HOST)
    lab.publish(leaf)
    saved = str(lab.folder / "saved.json")
    assert main(["check", lab.file("leaf.pem", leaf), *lab.options, "--save-evidence", saved]) == 0
    lab.publish(authority.issue(HOST))
    asked = len(lab.there.asked)
    capsys.readouterr()
    assert report(lab, capsys, "check", "--replay", saved) == (0, {"dane.match": "warn"})
    other = ("check", "--replay", saved, "--dane", "other.contoso.test")
    assert report(lab, capsys, *other) == (3, {"dane.unanswered": "unknown"})
    assert len(lab.there.asked) == asked


def test_mta_sts(lab: Lab, authority: Authority, capsys: pytest.CaptureFixture[str]) -> None:
    """A domain without a record is said to have none; one whose policy host may not be asked is a warning; saved, both
    are judged to the same."""
    zone = lab.there.zones[Zone("contoso.test", {}, now()).origin]
    file = lab.file("leaf.pem", authority.issue(HOST))
    saved = str(lab.folder / "saved.json")
    words = ("check", file, *lab.options[:-2], "--mta-sts", "contoso.test", "--save-evidence", saved)

    def severities(*typed: str) -> tuple[int, dict[str, str]]:
        code = main([*typed, "--format", "json"])
        found = json.loads(capsys.readouterr().out)["findings"]
        return code, {one["rule"]: one["severity"] for one in found if one["rule"].startswith("mta-sts.")}

    assert severities(*words) == (0, {"mta-sts.absent": "pass"})
    zone.add("_mta-sts", "TXT", ['"v=STSv1; id=1"'])
    zone.add("mta-sts", "A", ["127.0.0.1"])
    assert severities(*words) == (0, {"mta-sts.policy-unreachable": "warn"})
    assert severities("check", "--replay", saved) == (0, {"mta-sts.policy-unreachable": "warn"})
    other = ("check", "--replay", saved, "--mta-sts", "fabrikam.test")
    assert severities(*other) == (3, {"mta-sts.policy-unreachable": "unknown"})


def test_fleet(lab: Lab, authority: Authority, capsys: pytest.CaptureFixture[str]) -> None:
    """Each line of an inventory is compared with the promises that it names; the calendar says which renewals break
    them, as long as no second record stands there."""
    leaf, other = authority.issue(HOST, days=20), authority.issue(HOST, days=20)
    lab.publish(leaf)
    inventory = lab.folder / "inventory.csv"
    files = (lab.file("leaf.pem", leaf), lab.file("other.pem", other))
    rows = [f"fits,{files[0]},{HOST},contoso.test", f"does not,{files[1]},{HOST},", f"unasked,{files[0]},,"]
    inventory.write_text("\n".join(["name,target,dane,mta_sts", *rows]), "utf-8")
    options = [*lab.options[:-2], "--role", "server"]

    def due() -> list[str]:
        main(["fleet", str(inventory), *options, "--format", "json"])
        across = json.loads(capsys.readouterr().out)["findings"]
        return [one["message"] for one in across if one["kind"] == "renewal" and "TLSA" in one["message"]]

    assert main(["fleet", str(inventory), *options, "--format", "jsonl"]) == 1
    lines = {line["name"]: line for line in map(json.loads, capsys.readouterr().out.splitlines())}
    rules = {
        name: {
            one["rule"]: one["severity"] for one in line["report"]["findings"] if one["rule"][:4] in ("dane", "mta-")
        }
        for name, line in lines.items()
    }
    assert rules == {
        "fits": {"dane.match": "warn", "mta-sts.absent": "pass"},
        "does not": {"dane.mismatch": "fail"},
        "unasked": {},
    }
    (renewal,) = due()
    assert renewal.endswith("Publish the TLSA record (DANE) of the next one before it is installed: fits.")
    lab.publish(leaf, other)
    assert due() == []


def test_offline(lab: Lab, authority: Authority, capsys: pytest.CaptureFixture[str]) -> None:
    """Offline nobody is asked, and that leaves it open."""
    leaf = authority.issue(HOST)
    words = ("check", lab.file("leaf.pem", leaf), *lab.options, "--offline")
    assert report(lab, capsys, *words) == (3, {"dane.unanswered": "unknown"})
    assert lab.there.asked == []


def test_the_roots_own_keys(lab: Lab, authority: Authority, capsys: pytest.CaptureFixture[str]) -> None:
    """Without an anchor for the lab what its server says is not verified, and never called forged."""
    leaf = authority.issue(HOST)
    lab.publish(leaf)
    options = [one for one in lab.options if one not in ("--dns-anchor", str(lab.folder / "anchor"))]
    code, found = report(lab, capsys, "check", lab.file("leaf.pem", leaf), *options)
    assert (code, set(found.values())) == (3, {"unknown"})


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--dane", "192.0.2.1"), "is an address, and TLSA records stand at names"),
        (("--dane", "a b"), "is neither a host name nor an IP address"),
        (("--dane", HOST, "--dns", "nonsense"), "is no DNS server"),
        (("--mta-sts", "192.0.2.1"), "is an address and has no MX"),
        (("--dane", HOST, "--dns-anchor", "missing"), "There is no file missing"),
        (("--dane", HOST, "--dns-anchor", "empty"), "holds neither a DS nor a DNSKEY record"),
        (("--dane", HOST, "--dns-anchor", "binary"), "is no text"),
    ],
)
def test_misuse(
    tmp_path: Path,
    authority: Authority,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    words: tuple[str, ...],
    said: str,
) -> None:
    """Options that make no sense are refused in a sentence."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "leaf.pem").write_bytes(authority.issue(HOST).chain_pem)
    (tmp_path / "empty").write_bytes(b"")
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00\x80")
    assert main(["check", "leaf.pem", "--certificate-only", "--revocation", "off", *words]) == 2
    assert said in " ".join(capsys.readouterr().err.split())


def test_a_policy_is_a_mail_domains(capsys: pytest.CaptureFixture[str]) -> None:
    """A probe of a host alone has no mail domain, whose policy could be fetched."""
    assert main(["probe", HOST, "--mta-sts", "--certificate-only"]) == 2
    assert "--mta-sts needs the mail domain" in capsys.readouterr().err
