"""What lines share: each address and each name is asked about once, however many want it at the same time."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Sequence
from functools import partial

import pytest

from certready.dane.survey import Question
from certready.demo.pki import now
from certready.errors import UsageError
from certready.fleet.sharing import Networks, Once, SharedFetcher, SharedMail, SharedNames, SharedPromises, network
from certready.model import Ask, Dane, DnsAnswer, MtaSts, Reply
from certready.net.dns import Nameserver, ResolveError
from certready.net.dnssec import OVER, Answers, ask_about
from certready.net.gateway import How
from certready.net.threads import in_parallel, start
from tests.dnssec.server import DnsServer
from tests.dnssec.zones import Dns, Zone, name
from tests.net.nameserver import NameServer


class Counting:
    """A fetcher that notes what it was asked, and answers once ``opened``."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.opened = threading.Event()

    def fetch_all(self, asks: tuple[Ask, ...]) -> tuple[Reply, ...]:
        self.asked += [ask.url for ask in asks]
        assert self.opened.wait(30)
        return tuple(Reply(ask.url.encode(), None, 1) for ask in asks)


def test_twenty_lines_at_once_ask_once() -> None:
    """Of twenty lines that want the same two addresses at the same time each is asked once, and all have the answers."""
    counting = Counting()
    shared = SharedFetcher(counting)
    asks = (Ask("http://a.test/1"), Ask("http://a.test/2"))
    tasks = [start(partial(shared.fetch_all, asks if number % 2 else asks[::-1]), "test") for number in range(20)]
    counting.opened.set()
    found = [{reply.body for reply in task.result(30)} for task in tasks]
    assert [{b"http://a.test/1", b"http://a.test/2"}] * 20 == found
    assert ["http://a.test/1", "http://a.test/2"] == sorted(counting.asked)


def test_a_fresh_question_is_another_question() -> None:
    """What is asked afresh, or with another body, is asked."""
    counting = Counting()
    counting.opened.set()
    shared = SharedFetcher(counting)
    asks = (Ask("http://a.test"), Ask("http://a.test", fresh=True), Ask("http://a.test", b"body"))
    shared.fetch_all(asks)
    shared.fetch_all(asks)
    assert 3 == len(counting.asked)


def test_what_fails_is_asked_for_again() -> None:
    """Where whoever works a value out fails, the next one tries again."""
    once: Once[str, int] = Once(10)
    with pytest.raises(ZeroDivisionError):
        once.get(["a"], lambda keys: [1 // 0 for _ in keys])
    assert [5] == once.get(["a"], lambda keys: [5 for _ in keys])


def test_what_is_kept_is_bounded() -> None:
    """The longest unused values go once the others weigh more than they may together."""
    once: Once[int, bytes] = Once(100, len)
    made: list[int] = []

    def work(keys: Sequence[int]) -> list[bytes]:
        made.extend(keys)
        return [b"x" * 30 for _ in keys]

    for key in (1, 2, 3, 1, 4, 1, 2):
        once.get([key], work)
    assert [1, 2, 3, 4, 2] == made


ZONE = {
    ("contoso.test", "MX"): ("10 gw.contoso.test.",),
    ("gw.contoso.test", "A"): ("127.0.0.1",),
    ("gw.contoso.test", "AAAA"): (),
    ("cloud.test", "MX"): ("0 cloud-test.mail.protection.outlook.com.",),
}


def test_a_name_is_looked_up_once_whatever_the_port() -> None:
    """Addresses of a host are asked for once, each port has its own, and a name that leads nowhere stays one."""
    names = SharedNames()
    with NameServer(ZONE) as server:
        asked = {"timeout": 5.0, "dns": Nameserver("127.0.0.1", server.port)}
        found = [names("gw.contoso.test", port, **asked) for port in (25, 26, 25)]
        for _ in range(2):
            with pytest.raises(ResolveError):
                names("gone.contoso.test", 25, **asked)
        assert sorted({*server.asked}) == sorted(server.asked)
    assert [(("127.0.0.1", port),) for port in (25, 26, 25)] == [tuple(one.sockaddr for one in each) for each in found]
    given = names("gw.contoso.test", 25, timeout=5.0, resolve={"gw.contoso.test": ["127.0.0.9"]})
    assert ["127.0.0.9"] == [one.text for one in given]


@pytest.mark.parametrize("spelled", ["gw.contoso.test", "GW.Contoso.Test", "gw.contoso.test."])
def test_a_name_given_by_hand_is_the_same_however_it_is_spelled(spelled: str) -> None:
    """Addresses given by hand are those of the host in any case and with a final dot, and are not those of DNS."""
    names = SharedNames()
    with NameServer(ZONE) as server:
        asked = {"timeout": 5.0, "dns": Nameserver("127.0.0.1", server.port)}
        assert ["127.0.0.1"] == [each.text for each in names("gw.contoso.test", 25, **asked)]
        for address in ("127.0.0.9", "127.0.0.8"):
            given = names("gw.contoso.test", 25, **asked, resolve={spelled: [address]})
            assert [address] == [each.text for each in given]


def test_what_zones_promise_is_asked_once() -> None:
    """Of two hosts of one domain every question is put once, those about the zones above too; answers to a question
    that a line had no room for are its own."""
    moment = now()
    hosts = {"mx1": {"A": ["192.0.2.1"]}, "mx2": {"A": ["192.0.2.2"]}}
    zones = Dns(Zone(".", {}, moment), Zone("com", {}, moment), Zone("contoso.com", hosts, moment)).delegate()
    promises = SharedPromises()
    put: list[Question] = []

    def known(ask: Answers, questions: Sequence[Question]) -> Sequence[DnsAnswer]:
        def noted(new: Sequence[Question]) -> Sequence[DnsAnswer]:
            put.extend(new)
            return ask(new)

        return promises.dns(noted, questions)

    with DnsServer(zones) as server:
        where = Nameserver("127.0.0.1", server.port)
        for host in ("mx1.contoso.com", "mx2.contoso.com", "mx1.contoso.com"):
            dane = Dane(hosts=(host,), anchors=(zones.zones[name(".")].anchor,))
            alone, shared = (
                ask_about(dane, where, timeout=5, moment=moment, known=way).answers for way in (None, known)
            )
            assert {(answer.name, answer.kind) for answer in alone} == {
                (answer.name, answer.kind) for answer in shared if answer.wire
            }
    assert sorted({*put}) == sorted(put)
    assert (".", "DNSKEY") in put
    over = promises.dns(lambda questions: [DnsAnswer(*each, error=OVER) for each in questions], [("x.test", "A")])
    again = promises.dns(lambda questions: [DnsAnswer(*each, b"wire") for each in questions], [("x.test", "A")])
    assert (OVER, b"wire") == (over[0].error, again[0].wire)


def test_a_policy_is_fetched_once() -> None:
    """What a mail domain has published of MTA-STS is asked for once, however many lines want it."""
    promises = SharedPromises()
    asked: list[str] = []

    def ask(domain: str) -> MtaSts:
        asked.append(domain)
        return MtaSts(domain)

    for domain in ("contoso.test", "fabrikam.test", "contoso.test"):
        assert domain == promises.mta_sts(domain, partial(ask, domain)).domain
    assert ["contoso.test", "fabrikam.test"] == asked


def test_where_mail_goes_is_looked_up_once() -> None:
    """The MX of a domain, and the addresses of its hosts, are asked for once however many lines name it; that it is
    Exchange Online itself is said to each."""
    mail = SharedMail()
    with NameServer(ZONE) as server:
        how = How(dns=Nameserver("127.0.0.1", server.port), timeout=5.0)
        assert mail("contoso.test", how) == mail("contoso.test", how)
        for _ in range(2):
            with pytest.raises(UsageError, match="this is Exchange Online"):
                mail("cloud.test", how)
        assert sorted({*server.asked}) == sorted(server.asked)


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("192.0.2.1", "192.0.2.254", True),
        ("192.0.2.1", "192.0.3.1", False),
        ("2001:db8:1:2::1", "2001:db8:1:ffff::1", True),
        ("2001:db8:1::1", "2001:db8:2::1", False),
        ("::ffff:192.0.2.1", "192.0.2.7", True),
        ("fe80::1%eth0", "fe80::2%eth1", True),
    ],
)
def test_networks(one: str, other: str, alike: bool) -> None:
    """A network is a /24 of IPv4 or a /48 of IPv6."""
    assert (network(one) == network(other)) is alike


def test_a_network_has_room_for_so_many() -> None:
    """No more lines at once than may be are under way in one network; others go on meanwhile, and each has its turn."""
    networks, lock = Networks(2), threading.Lock()
    busy: Counter[str] = Counter()
    most: Counter[str] = Counter()

    def work(number: int) -> None:
        hosts = [f"192.0.2.{number}"] if number % 3 else [f"192.0.2.{number}", "198.51.100.1"]
        with networks.room(hosts):
            names = {network(host) for host in hosts}
            with lock:
                busy.update(names)
                most.update({name: busy[name] - most[name] for name in names if busy[name] > most[name]})
            with lock:
                busy.subtract(names)

    in_parallel([partial(work, number) for number in range(1, 31)], "test")
    assert set(most.values()) <= {1, 2}
    with networks.room(["192.0.2.1"]), networks.room(["192.0.2.2"]):
        waiting = start(partial(work, 9), "test")
        with networks.room(["203.0.113.1"]):
            pass
        assert not waiting.wait(0)
    assert waiting.wait(30)
