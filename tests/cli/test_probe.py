"""The options of probe: where it finds gateways, and what it will not do."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from certready.cli import main
from certready.demo.pki import Authority
from tests.live.servers import FaultySmtp, tls, tls_context

BANNER = b"220 gw.contoso.test ESMTP\r\n"
EHLO = b"250-gw.contoso.test\r\n250 STARTTLS\r\n"
READY = b"220 Ready\r\n"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, Path]]:
    """The port of a gateway, and the directory with its root."""
    directory = tmp_path_factory.mktemp("probe")
    root = Authority.root()
    (directory / "root.pem").write_bytes(root.pem)
    leaf = root.intermediate().issue("gw.contoso.test", key="rsa")
    with FaultySmtp(BANNER, EHLO, READY, tls(tls_context(leaf, directory))) as gateway:
        yield gateway.port, directory


@pytest.fixture
def run(server: tuple[int, Path], capsys: pytest.CaptureFixture[str]):
    """Probes with these words: exit code, stdout and stderr."""

    def probed(*words: str) -> tuple[int, str, str]:
        settings = ("--trust", str(server[1] / "root.pem"), "--revocation", "off")
        code = main(["probe", *words, *settings])
        shown = capsys.readouterr()
        return code, shown.out, shown.err

    return probed


def tenant(directory: Path, connectors: Sequence[dict[str, object]]) -> str:
    """A tenant file with these outbound connectors."""
    base = {"Enabled": True, "ConnectorType": "OnPremises", "UseMXRecord": False, "TlsSettings": "DomainValidation"}
    file = directory / "tenant.json"
    file.write_text(json.dumps({"OutboundConnectors": [{**base, **each} for each in connectors]}))
    return str(file)


class TestHosts:
    def test_resolve(self, run, server: tuple[int, Path]) -> None:
        """A host is found at the addresses given for it, and its name is the server name."""
        where = ("--resolve", "gw.contoso.test=127.0.0.1")
        code, out, _ = run(f"gw.contoso.test:{server[0]}", *where, "--outbound", "gw.contoso.test", "--format", "json")
        document = json.loads(out)
        assert (code, document["verdict"]) == (0, "ready")
        assert document["chains"][0]["sni"] == "gw.contoso.test"
        questions = {one["question"]: one["outcome"] for one in document["endpoints"][0]["handshakes"]}
        assert questions == {
            "exchange": "done",
            "ecdsa": "refused",
            "ecdsa-tls13": "refused",
            "no-name-rsa": "done",
            "no-name-ecdsa": "refused",
        }

    def test_gentle(self, run, server: tuple[int, Path]) -> None:
        """--gentle asks one handshake of each address, and what it did not show is a counted warning."""
        words = (f"gw.contoso.test:{server[0]}", "--resolve", "gw.contoso.test=127.0.0.1", "--gentle")
        code, out, _ = run(*words, "--outbound", "gw.contoso.test", "--format", "json")
        document = json.loads(out)
        (unseen,) = (one for one in document["findings"] if one["rule"] == "tls.unseen-certificate")
        assert (code, unseen["severity"]) == (0, "warn")
        assert "because --gentle was given" in unseen["message"]
        assert {one["outcome"] for one in document["endpoints"][0]["handshakes"]} == {"not-asked"}
        assert 1 == run(*words, "--outbound", "gw.contoso.test", "--strict")[0]

    def test_family(self, run, server: tuple[int, Path]) -> None:
        """A host without an address of the wanted family cannot be told about, and is never ready."""
        where = ("--resolve", "gw.contoso.test=127.0.0.1", "-6")
        code, out, _ = run(f"gw.contoso.test:{server[0]}", *where, "--outbound", "gw.contoso.test")
        assert code == 3
        assert "gw.contoso.test has no IPv6 address" in out

    @pytest.mark.parametrize(
        ("words", "said"),
        [
            ((), "No host was named."),
            (("gw.test", "--mx", "contoso.test"), "Name hosts or --mx DOMAIN, not both."),
            (("gw.test", "-4", "-6"), "-4 and -6 exclude each other."),
            (("gw.test", "--offline"), "A probe needs the network."),
            (("gw.test", "--resolve", "gw.test"), "is not HOST=IP."),
            (("gw.test", "--resolve", "gw.test=x"), "is no IP address."),
            (("gw.test", "--dns", "ns.test"), "is no DNS server."),
            (("gw.test", "--protocol", "gopher"), "is not a known protocol."),
            (("--mx", "192.0.2.1"), "is an address and has no MX."),
        ],
    )
    def test_usage(self, run, words: tuple[str, ...], said: str) -> None:
        """What cannot be meant ends with code 2, a sentence and a hint."""
        code, _, err = run(*words)
        assert (code, said in err, "hint:" in err) == (2, True, True), err


class TestMx:
    @pytest.fixture
    def name_server(self) -> Iterator[str]:
        """A DNS server on loopback with a domain at Microsoft and one that takes no mail."""
        from tests.net.nameserver import NameServer

        zone = {
            ("cloud.test", "MX"): ("0 cloud-test.mail.protection.outlook.com.",),
            ("null.test", "MX"): ("0 .",),
        }
        with NameServer(zone) as server:
            yield f"127.0.0.1:{server.port}"

    def test_exchange_online(self, run, name_server: str) -> None:
        """A domain whose mail goes to Microsoft has no gateway there, and is told so with code 2."""
        code, _, err = run("--mx", "cloud.test", "--dns", name_server)
        assert (code, "this is Exchange Online, not your gateway" in err) == (2, True)

    @pytest.mark.parametrize("domain", ["null.test", "nowhere.test"])
    def test_nothing_there(self, run, name_server: str, domain: str) -> None:
        """A domain without gateways cannot be told about."""
        code, out, _ = run("--mx", domain, "--dns", name_server, "--outbound", "gw.contoso.test")
        assert (code, f"mx of {domain}" in out) == (3, True)


class TestTenant:
    def test_no_smart_host(self, run, tmp_path: Path) -> None:
        """A tenant whose connectors name no smart host gives nothing to probe, and a way on."""
        file = tenant(tmp_path, [{"Name": "By MX", "UseMXRecord": True, "TlsDomain": "contoso.test"}])
        code, _, err = run("--tenant", file)
        assert (code, "names a smart host" in err, "--mx" in err) == (2, True, True), err

    def test_smart_hosts(self, run, tmp_path: Path) -> None:
        """Each connector is judged by its own smart hosts alone; disabled ones are left out."""
        connectors = [
            {"Name": "One", "SmartHosts": ["127.0.0.1"], "TlsDomain": "one.test"},
            {"Name": "Two", "SmartHosts": ["[127.0.0.2]", "127.0.0.0/29"], "TlsDomain": "two.test"},
            {"Name": "Off", "SmartHosts": ["127.0.0.9"], "TlsDomain": "off.test", "Enabled": False},
        ]
        code, out, err = run("--tenant", tenant(tmp_path, connectors), "--format", "json", "--protocol", "lmtp")
        document = json.loads(out)
        assert (code, document["schema"]) == (3, "certready.reports/1"), err
        seen = [
            ([each["name"] for each in report["connectors"]], [each["host"] for each in report["endpoints"]])
            for report in document["reports"]
        ]
        assert [names for names, _ in seen] == [["One"], ["Two"]]
        assert seen[0][1] == ["127.0.0.1"]
        assert set(seen[1][1]) == {"127.0.0.2", "127.0.0.0"}
        assert "is a range of addresses" in out

    def test_evidence_is_for_one(self, run, tmp_path: Path) -> None:
        """Evidence of several routes is refused with the way to choose one."""
        connectors = [{"Name": name, "SmartHosts": [f"127.0.0.{name}"], "TlsDomain": "x.test"} for name in ("1", "2")]
        file = tenant(tmp_path, connectors)
        code, _, err = run("--tenant", file, "--protocol", "lmtp", "--save-evidence", str(tmp_path / "e.json"))
        assert (code, "--connector NAME" in err) == (2, True)


class TestSeveralHosts:
    def test_a_report_for_each(self, run, server: tuple[int, Path]) -> None:
        """Each host is a target of its own; the worst verdict decides, and a host named twice is asked once."""
        port, _ = server
        where = ("--resolve", "gw.contoso.test=127.0.0.1", "--resolve", "other.contoso.test=127.0.0.1")
        hosts = (f"gw.contoso.test:{port}", f"other.contoso.test:{port}", f"GW.contoso.test:{port}")
        code, out, _ = run(*hosts, *where, "--outbound", "gw.contoso.test", "--format", "json")
        document = json.loads(out)
        assert (code, document["verdict"]) == (0, "ready")
        assert [report["target"]["name"] for report in document["reports"]] == list(hosts[:2])
        assert all(len(report["endpoints"]) == 1 for report in document["reports"])

    def test_an_unreachable_one(self, run, server: tuple[int, Path]) -> None:
        """A host that is not there costs no other its report."""
        port, _ = server
        where = ("--resolve", "gw.contoso.test=127.0.0.1")
        code, out, _ = run(
            f"gw.contoso.test:{port}", "127.0.0.1:1", *where, "--outbound", "gw.contoso.test", "--format", "json"
        )
        assert code == 3
        assert [report["verdict"] for report in json.loads(out)["reports"]] == ["ready", "cannot-tell"]

    def test_evidence_is_for_one_host(self, run, tmp_path: Path) -> None:
        """--save-evidence with several hosts is refused before any is asked."""
        code, _, err = run("a.test", "b.test", "--outbound", "a.test", "--save-evidence", str(tmp_path / "e.json"))
        assert code == 2
        assert "--save-evidence keeps what one rests on" in err
