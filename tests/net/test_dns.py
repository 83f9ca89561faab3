"""Where a domain's mail goes, asked of a DNS server on loopback."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from certready.demo.pki import Authority
from certready.errors import UsageError
from certready.model import Bundle
from certready.net.dns import (
    Exchanger,
    Located,
    Nameserver,
    ResolveError,
    domain_name,
    exchangers,
    host_addresses,
    nameserver,
)
from certready.net.gateway import How, Node, fetch
from certready.net.mx import Mail, fetch_mx, find
from certready.net.resolve import addresses
from tests.live.servers import FaultySmtp, free_port, tls, tls_context
from tests.net.nameserver import NameServer

SHORT, AMPLE = 0.6, 20.0  # seconds: for servers that never answer, and for those that do

ZONE: Mapping[tuple[str, str], Sequence[str]] = {
    ("contoso.test", "MX"): ("20 second.contoso.test.", "10 First.contoso.test.", "10 first.contoso.test."),
    ("first.contoso.test", "A"): ("127.0.0.1", "127.0.0.2"),
    ("first.contoso.test", "AAAA"): ("::1",),
    ("second.contoso.test", "A"): ("127.0.0.3",),
    ("null.test", "MX"): ("0 .",),
    ("implicit.test", "A"): ("127.0.0.1",),
    ("broken.test", "MX"): ("SERVFAIL",),
    ("silent.test", "MX"): ("SILENT",),
    ("long.test", "MX"): ("TRUNCATED",),
    ("circle.test", "MX"): ("CIRCLE",),
    ("garbage.test", "MX"): ("GARBAGE",),
    ("alias.test", "MX"): ("10 mail.alias.test.",),
    ("mail.alias.test", "CNAME"): ("first.contoso.test.",),
    ("gone.test", "MX"): ("10 nowhere.gone.test.", "20 first.contoso.test."),
    ("literal.test", "MX"): ("10 192.0.2.1.",),
    ("strange.test", "MX"): ("10 a\\032b.test.",),
    ("cloud.test", "MX"): ("0 cloud-test.mail.protection.outlook.com.",),
    ("secure.test", "MX"): ("0 secure-test.b-v1.mx.microsoft.",),
    ("gcc.test", "MX"): ("0 gcc-test.mail.protection.office365.us.",),
    ("china.test", "MX"): ("0 china-test.mail.protection.partner.outlook.cn.",),
    ("mixed.test", "MX"): ("10 second.contoso.test.", "20 mixed-test.mail.protection.outlook.com."),
    ("half.test", "A"): ("127.0.0.1",),
    ("half.test", "AAAA"): ("SERVFAIL",),
}


@pytest.fixture(scope="module")
def dns_server():
    """A running server with the zone above."""
    with NameServer(ZONE) as server:
        yield server


@pytest.fixture
def server(dns_server: NameServer) -> Nameserver:
    """The same, as it is named to the resolver."""
    return Nameserver("127.0.0.1", dns_server.port)


def located(domain: str, server: Nameserver, **options: object) -> Mail:
    """Where the mail of a domain goes."""
    return find(domain, How(dns=server, timeout=AMPLE, **options))  # type: ignore[arg-type]


class TestRecords:
    def test_order_of_preference(self, server: Nameserver) -> None:
        """MX records come by preference, each once, in lower case."""
        expected = (Exchanger(10, "first.contoso.test"), Exchanger(20, "second.contoso.test"))
        assert expected == exchangers("contoso.test", server, timeout=5)

    def test_null_mx(self, server: Nameserver) -> None:
        """A null MX is a host without a name (RFC 7505)."""
        assert (Exchanger(0, ""),) == exchangers("null.test", server, timeout=5)

    def test_no_mx(self, server: Nameserver) -> None:
        """A domain that exists and has no MX has none."""
        assert exchangers("implicit.test", server, timeout=5) == ()

    def test_addresses(self, server: Nameserver) -> None:
        """A and AAAA records are found together."""
        expected = Located(("127.0.0.1", "127.0.0.2", "::1"))
        assert expected == host_addresses("first.contoso.test", server, timeout=5)

    def test_alias(self, server: Nameserver) -> None:
        """An alias is followed, and said."""
        found = host_addresses("mail.alias.test", server, timeout=5)
        assert (found.addresses, found.canonical) == (("127.0.0.1", "127.0.0.2", "::1"), "first.contoso.test")

    def test_one_family_fails(self, server: Nameserver) -> None:
        """Addresses of one family count though DNS fails for the other."""
        assert host_addresses("half.test", server, timeout=5).addresses == ("127.0.0.1",)

    @pytest.mark.parametrize(
        ("domain", "said"),
        [
            ("nowhere.test", "nowhere.test does not exist in DNS (NXDOMAIN)."),
            (
                "broken.test",
                "DNS cannot answer for the MX records of broken.test: its servers fail or refuse (SERVFAIL).",
            ),
            ("long.test", "The answer about the MX records of long.test is too long for UDP, and none came over TCP"),
            ("circle.test", "The aliases (CNAME) of circle.test lead in a circle or too far, so it has no MX records."),
            ("silent.test", "DNS did not answer for the MX records of silent.test within 0.6 s."),
            ("garbage.test", "DNS did not answer for the MX records of garbage.test within 0.6 s."),
        ],
    )
    def test_failures(self, server: Nameserver, domain: str, said: str) -> None:
        """Each way in which DNS fails has its own sentence."""
        with pytest.raises(ResolveError) as error:
            exchangers(domain, server, timeout=SHORT if "within 0.6 s" in said else AMPLE)
        assert said in str(error.value)

    def test_nobody_there(self) -> None:
        """A DNS server that is not there is one that does not answer."""
        with pytest.raises(
            ResolveError, match=r"DNS did not answer|cannot be looked up|No DNS server gave a usable answer"
        ):
            exchangers("contoso.test", Nameserver("127.0.0.1", free_port()), timeout=SHORT)

    @pytest.mark.parametrize(
        ("family", "expected"),
        [("any", ["127.0.0.1", "127.0.0.2", "::1"]), ("ipv4", ["127.0.0.1", "127.0.0.2"]), ("ipv6", ["::1"])],
    )
    def test_family(self, server: Nameserver, family: str, expected: list[str]) -> None:
        """Addresses of one family alone are kept where that is wanted."""
        found = addresses("first.contoso.test", 25, timeout=5, family=family, dns=server)  # type: ignore[arg-type]
        assert expected == [one.text for one in found]

    def test_no_such_family(self, server: Nameserver) -> None:
        """A host without an address of the wanted family is said to have none."""
        with pytest.raises(ResolveError, match=r"second\.contoso\.test has no IPv6 address"):
            addresses("second.contoso.test", 25, timeout=5, family="ipv6", dns=server)


class TestMail:
    def test_hosts_and_addresses(self, server: Nameserver) -> None:
        """Every host of the MX records comes with all its addresses."""
        mail = located("contoso.test", server)
        assert [node.host for node in mail.nodes] == ["first.contoso.test", "second.contoso.test"]
        assert mail.resolve == {
            "first.contoso.test": ("127.0.0.1", "127.0.0.2", "::1"),
            "second.contoso.test": ("127.0.0.3",),
        }

    def test_null_mx(self, server: Nameserver) -> None:
        """A domain that takes no mail has nothing to probe, which is said and is no pass."""
        (node,) = located("null.test", server).nodes
        assert node.error == "null.test takes no mail: it has a null MX (RFC 7505), so there is no gateway to probe."

    def test_implicit_mx(self, server: Nameserver) -> None:
        """A domain without MX is its own mail host, which is noted."""
        mail = located("implicit.test", server)
        assert mail.nodes == (Node("implicit.test"),)
        assert mail.notes == ("implicit.test has no MX record, so its mail goes to its own address (RFC 5321, 5.1).",)

    def test_alias(self, server: Nameserver) -> None:
        """An MX that is an alias is probed, and noted as forbidden."""
        mail = located("alias.test", server)
        assert mail.nodes[0].error is None
        assert "is an alias (CNAME) of first.contoso.test, which RFC 2181, 10.3 forbids" in mail.notes[0]

    def test_one_host_is_gone(self, server: Nameserver) -> None:
        """An MX host that does not exist is one node's trouble; the others are probed."""
        first, second = located("gone.test", server).nodes
        assert (first.error, second.error) == ("nowhere.gone.test does not exist in DNS (NXDOMAIN).", None)

    @pytest.mark.parametrize(
        ("domain", "said"),
        [("literal.test", "names the address 192.0.2.1; it must name a host"), ("strange.test", "is no host name")],
    )
    def test_hosts_that_are_none(self, server: Nameserver, domain: str, said: str) -> None:
        """An MX record that names no host is not followed."""
        (node,) = located(domain, server).nodes
        assert said in str(node.error)

    @pytest.mark.parametrize("domain", ["cloud.test", "secure.test", "gcc.test", "china.test"])
    def test_exchange_online(self, server: Nameserver, domain: str) -> None:
        """A domain whose MX is Microsoft's is a usage error: that is not the user's gateway."""
        with pytest.raises(UsageError, match="this is Exchange Online, not your gateway") as error:
            located(domain, server)
        assert error.value.hint

    def test_exchange_online_beside_a_gateway(self, server: Nameserver) -> None:
        """Beside a gateway Microsoft's host is left out, which is noted."""
        mail = located("mixed.test", server)
        assert [node.host for node in mail.nodes] == ["second.contoso.test"]
        assert "mixed-test.mail.protection.outlook.com is Exchange Online, not your gateway" in mail.notes[0]

    def test_given_addresses_need_no_dns(self, server: Nameserver, dns_server: NameServer) -> None:
        """A host whose address was given by hand is not looked up."""
        dns_server.asked.clear()
        located("contoso.test", server, resolve={"First.contoso.test": ["127.0.0.9"]})
        assert {name for name, kind in dns_server.asked if kind != "MX"} == {"second.contoso.test"}


class TestProbe:
    def test_every_node(self, server: Nameserver, tmp_path: Path) -> None:
        """Every address of every host is an endpoint of its own; chains are counted once."""
        leaf = Authority.root().issue("first.contoso.test")
        context = tls_context(leaf, tmp_path)
        with FaultySmtp(tls(context)) as one, FaultySmtp(tls(context), address="127.0.0.2", port=one.port):
            bundle = on_port(one.port, "contoso.test", How("tls", timeout=5, dns=server, family="ipv4", gentle=True))
        assert bundle.target.name == "mx of contoso.test"
        assert [(each.host, each.address, each.chain) for each in bundle.endpoints] == [
            ("first.contoso.test", "127.0.0.1", "c1"),
            ("first.contoso.test", "127.0.0.2", "c1"),
            ("second.contoso.test", "127.0.0.3", None),
        ]
        assert bundle.chains[0].sni == "first.contoso.test"

    @pytest.mark.parametrize("domain", ["nowhere.test", "null.test", "broken.test"])
    def test_nothing_to_probe(self, server: Nameserver, domain: str) -> None:
        """A domain without gateways is one endpoint in trouble, never an empty and happy bundle."""
        (endpoint,) = fetch_mx(domain, How(dns=server, timeout=5)).endpoints
        assert (endpoint.host, endpoint.trouble, endpoint.stage) == (domain, "unreachable", "connect")

    def test_own_server_without_mx(self, server: Nameserver) -> None:
        """A host named by hand can be looked up at a DNS server of one's choice too."""
        (endpoint,) = fetch("second.contoso.test", free_port(), dns=server, timeout=5).endpoints
        assert endpoint.address == "127.0.0.3"


def on_port(port: int, domain: str, how: How) -> Bundle:
    """``fetch_mx`` with a port that is not the protocol's own."""
    from certready.net import mx

    nodes = [Node(node.host, port, node.error) for node in find(domain, how).nodes]
    return mx.fetch_many(f"mx of {domain}", nodes, how)


class TestServer:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("192.0.2.53", Nameserver("192.0.2.53")),
            ("192.0.2.53:5353", Nameserver("192.0.2.53", 5353)),
            ("2001:db8::53", Nameserver("2001:db8::53")),
            ("[2001:db8::53]:5353", Nameserver("2001:db8::53", 5353)),
            ("[2001:db8::53]", Nameserver("2001:db8::53")),
        ],
    )
    def test_forms(self, text: str, expected: Nameserver) -> None:
        """A DNS server is an address, with a port or without."""
        assert expected == nameserver(text)

    @pytest.mark.parametrize("text", ["", "ns.contoso.com", "192.0.2.53:", "192.0.2.53:0", "192.0.2.53:x", "[::1]x"])
    def test_no_server(self, text: str) -> None:
        """Anything else is a usage error with a hint."""
        with pytest.raises(UsageError) as error:
            nameserver(text)
        assert error.value.hint

    def test_domains(self) -> None:
        """A mail domain may be an internationalised name; an address is none."""
        assert domain_name("M\u00fcller.test") == "xn--mller-kva.test"
        with pytest.raises(UsageError):
            domain_name("192.0.2.1")
