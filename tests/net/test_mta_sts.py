"""MTA-STS of a domain, fetched as a sender fetches it: over HTTPS on loopback, right and wrong in every way."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from certready.demo.pki import Authority, Issued, now
from certready.model import MtaSts
from certready.mta_sts import Policy, read_policy, read_record
from certready.net.dns import Nameserver
from certready.net.mta_sts import PATH, Way, ask_about
from tests.net.nameserver import NameServer
from tests.net.serving import Page, moved, page, serving

DOMAIN, HOST = "contoso.test", "mta-sts.contoso.test"
BODY = b"version: STSv1\nmode: enforce\nmx: mx.contoso.test\nmax_age: 604800\n"
GOOD = page(BODY, **{"Content-Type": "text/plain"})
ZONE = {
    (f"_mta-sts.{DOMAIN}", "TXT"): ('"v=STSv1; id=1"',),
    (HOST, "A"): ("127.0.0.1",),
    (DOMAIN, "MX"): ("10 mx.contoso.test.", "20 second.contoso.test."),
}
DAY = timedelta(days=1)
Ask = Callable[..., MtaSts]


@pytest.fixture(scope="module")
def authority() -> Authority:
    """A CA for web servers."""
    return Authority.root().intermediate()


@pytest.fixture
def ask(tmp_path: Path, authority: Authority) -> Ask:
    """Asks about the domain, whose policy host answers with a page under a certificate."""

    def asked(answer: Page, leaf: Issued | None = None, zone: object = ZONE, **options: object) -> MtaSts:
        issued = leaf or authority.issue(HOST)
        (tmp_path / "tls.pem").write_bytes(issued.chain_pem + issued.key_pem)
        (tmp_path / "root.pem").write_bytes(authority.issuer.pem if authority.issuer else b"")
        pages = {PATH: answer, "/elsewhere": GOOD}
        with serving(pages, tls=tmp_path / "tls.pem") as web, NameServer(zone) as names:  # type: ignore[arg-type]
            settings = {"timeout": 3.0, "ca_bundle": str(tmp_path / "root.pem"), "allow_private": True, **options}
            way = Way(Nameserver("127.0.0.1", names.port), port=web.port, **settings)  # type: ignore[arg-type]
            return ask_about(DOMAIN, way)

    return asked


def test_good(ask: Ask) -> None:
    """Record, policy and MX hosts come together, the host resolved by the DNS server that was named."""
    found = ask(GOOD)
    assert read_record(found.texts).identity == "1"
    assert found.body is not None
    assert read_policy(found.body, found.media_type) == Policy("enforce", 604800, ("mx.contoso.test",))
    assert found.hosts == ("mx.contoso.test", "second.contoso.test")


@pytest.mark.parametrize(
    ("answer", "status", "said"),
    [
        (page(b"", 404), 404, "It answered with HTTP status 404."),
        (page(b"", 500), 500, "It answered with HTTP status 500."),
        (moved("/elsewhere", 301), 301, "It redirects (HTTP status 301), which is not followed."),
        (moved("/elsewhere", 302), 302, "It redirects (HTTP status 302), which is not followed."),
        (page(b"x" * 70_000, **{"Content-Type": "text/plain"}), None, "Its answer is larger than the 65536 bytes"),
    ],
)
def test_answers_that_no_sender_takes(ask: Ask, answer: Page, status: int | None, said: str) -> None:
    """Another status than 200, a redirect whatever it leads to, and a policy without end are no policy."""
    found = ask(answer)
    assert (found.body, found.status) == (None, status)
    assert said in (found.error or "")


def test_media_type(ask: Ask) -> None:
    """The media type comes along, for whoever judges it."""
    found = ask(page(BODY, **{"Content-Type": "text/html"}))
    assert (found.body, found.media_type) == (BODY, "text/html")


def test_certificate_of_the_policy_host(ask: Ask, authority: Authority) -> None:
    """A certificate that is expired, for another host, by its CN alone, or by a private CA is refused, each by a
    sentence of its own."""
    moment = now()
    leaves = {
        "has expired": authority.issue(HOST, not_before=moment - 9 * DAY, not_after=moment - DAY),
        "is for another host": authority.issue("www.contoso.test"),
        "leads to": Authority.root("Elsewhere").intermediate("Other").issue(HOST),
    }
    for said, leaf in leaves.items():
        found = ask(GOOD, leaf)
        assert found.body is None
        assert said in (found.error or ""), found.error
    assert ask(GOOD, authority.issue(common_name=HOST)).body is None


def test_private_address(ask: Ask) -> None:
    """A policy host at an address of a private network is not asked unless that is allowed."""
    found = ask(GOOD, allow_private=False)
    assert found.body is None
    assert "is not asked unless --allow-private is given" in (found.error or "")


def test_slow(ask: Ask) -> None:
    """A policy host that sends nothing ends within the time that was given."""
    import threading

    stop = threading.Event()
    try:
        found = ask(lambda handler: stop.wait(30) and None, timeout=0.5)
    finally:
        stop.set()
    assert found.body is None
    assert found.error


@pytest.mark.parametrize(
    ("records", "texts", "error"),
    [
        ((), (), None),
        (("SERVFAIL",), (), "DNS cannot answer for the TXT records"),
        (('"v=STSv1; id=1"', '"v=STSv1; id=2"'), ("v=STSv1; id=1", "v=STSv1; id=2"), None),
        (('"v=STSv1; " "id=1"',), ("v=STSv1; id=1",), None),
    ],
)
def test_records(ask: Ask, records: tuple[str, ...], texts: tuple[str, ...], error: str | None) -> None:
    """No record and no answer are told apart; the strings of one record are joined."""
    zone = {key: one for key, one in ZONE.items() if key[1] != "TXT"}
    if records:
        zone[f"_mta-sts.{DOMAIN}", "TXT"] = records
    found = ask(GOOD, zone=zone)
    assert tuple(sorted(found.texts)) == texts
    assert (found.texts_error or "").startswith(error) if error else found.texts_error is None


def test_no_policy_host(ask: Ask) -> None:
    """A domain whose policy host is not there has no policy, and its record all the same."""
    zone = {key: one for key, one in ZONE.items() if key[0] != HOST}
    found = ask(GOOD, zone=zone)
    assert (found.body, read_record(found.texts).identity) == (None, "1")
    assert found.error == f"{HOST} does not exist in DNS (NXDOMAIN)."
