"""The cache at the command line: what a second run asks, what --no-cache and --offline do, show and clear."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from certready.cache.entries import files
from certready.demo.pki import Authority
from tests.cli.conftest import Ran
from tests.net.serving import Server, closed_port, page, serving

Run = Callable[..., Ran]


@dataclass(frozen=True)
class World:
    """A file to judge, and the server that its certificates point to."""

    words: tuple[str, ...]
    server: Server
    root: Authority
    issuing: Authority
    answers: Path

    @property
    def hits(self) -> list[str]:
        return sorted(hit[1] for hit in self.server.hits)


@pytest.fixture
def world(tmp_path: Path, own_cache: Path) -> Iterator[World]:
    lists: dict[str, bytes] = {}
    pages = {f"{name}.crl": lambda handler, name=name: page(lists[name])(handler) for name in ("root", "issuing")}
    with serving({f"/{name}": one for name, one in pages.items()}) as server:
        root = Authority.root(crl_url=f"{server.url}/root.crl")
        issuing = root.intermediate(crl_url=f"{server.url}/issuing.crl")
        lists |= {"root": root.crl(), "issuing": issuing.crl()}
        (tmp_path / "gateway.pem").write_bytes(issuing.issue("mail.contoso.com", key="rsa").chain_pem)
        (tmp_path / "root.pem").write_bytes(root.pem)
        words = (
            *("check", str(tmp_path / "gateway.pem"), "--trust", str(tmp_path / "root.pem"), "--certificate-only"),
            *("--allow-private", "--format", "json"),
        )
        yield World(words, server, root, issuing, own_cache / "answers")


def sources(ran: Ran) -> list[tuple[str, str]]:
    return [(one["source"], one["status"]) for one in json.loads(ran.out)["revocation"]]


BOTH = ["/issuing.crl", "/root.crl"]


def test_second_run(world: World, run: Run) -> None:
    """A second run asks nobody, comes to the same verdict, and says where its answers are from."""
    first, second = run(*world.words), run(*world.words)
    assert (0, 0) == (first.code, second.code)
    assert [("network", "good")] * 2 == sources(first)
    assert [("cache", "good")] * 2 == sources(second)
    assert all("from the cache" in one["detail"] for one in json.loads(second.out)["revocation"])
    assert BOTH == world.hits


def test_no_cache(world: World, run: Run) -> None:
    """--no-cache neither writes nor reads."""
    run(*world.words, "--no-cache")
    assert not world.answers.exists()
    run(*world.words)
    before = {one.path: one.path.read_bytes() for one in files(world.answers)}
    assert [("network", "good")] * 2 == sources(run(*world.words, "--no-cache"))
    assert before == {one.path: one.path.read_bytes() for one in files(world.answers)}
    assert sorted(BOTH * 3) == world.hits


def test_offline(world: World, run: Run) -> None:
    """--offline uses what is kept and asks nobody; without anything kept it says that it was not asked."""
    assert 3 == run(*world.words, "--offline").code
    assert not world.answers.exists()
    run(*world.words)
    kept = run(*world.words, "--offline")
    assert (0, [("cache", "good")] * 2) == (kept.code, sources(kept))
    assert BOTH == world.hits
    without = run(*world.words, "--offline", "--no-cache")
    assert (3, [("network", "unreachable")] * 2) == (without.code, sources(without))
    assert "because --offline forbids it" in without.out


def test_offline_with_a_part_kept(world: World, run: Run) -> None:
    """Offline, what is not kept counts as not asked."""
    run(*world.words)
    for one in files(world.answers):
        if b"root.crl" in one.path.read_bytes()[:1000]:
            one.path.unlink()
    ran = run(*world.words, "--offline")
    assert [("cache", "good"), ("network", "unreachable")] == sources(ran)
    assert "It was not asked, because --offline forbids it." == json.loads(ran.out)["revocation"][1]["detail"]


def test_a_false_list_does_not_stay(world: World, run: Run) -> None:
    """A list that somebody slipped in is not good, and as soon as the true one can be had it counts."""
    stranger = Authority.root(world.issuing.x509.subject.rfc4514_string()[3:])
    true = world.issuing.crl()
    world.server.pages = {**world.server.pages, "/issuing.crl": page(stranger.crl())}
    first = run(*world.words)
    assert (3, {"invalid", "good"}) == (first.code, {status for _, status in sources(first)})
    world.server.pages = {**world.server.pages, "/issuing.crl": page(true)}
    second = run(*world.words)
    assert (0, [("network", "good"), ("cache", "good")]) == (second.code, sources(second))
    assert [("cache", "good")] * 2 == sources(run(*world.words))
    assert ["/issuing.crl", "/issuing.crl", "/root.crl"] == world.hits


def test_a_false_list_while_the_server_is_gone(world: World, run: Run) -> None:
    """Where the true one cannot be had, the false one stays what it is."""
    stranger = Authority.root(world.issuing.x509.subject.rfc4514_string()[3:])
    world.server.pages = {**world.server.pages, "/issuing.crl": page(stranger.crl())}
    run(*world.words)
    world.server.pages = {**world.server.pages, "/issuing.crl": page(b"", 404)}
    ran = run(*world.words)
    assert (3, [("cache", "invalid"), ("cache", "good")]) == (ran.code, sources(ran))


def test_a_cache_that_cannot_be_written(
    world: World, run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A file in the place of the cache directory is no failure: everything is asked."""
    (tmp_path / "file").write_bytes(b"mine")
    monkeypatch.setenv("CERTREADY_CACHE", str(tmp_path / "file"))
    assert [0, 0] == [run(*world.words).code for _ in range(2)]
    assert sorted(BOTH * 2) == world.hits


def test_show_and_clear(world: World, run: Run) -> None:
    """show tells where the cache is and what is in it; clear empties it and says how many answers went."""
    assert "entries    0\n" in run("cache", "show").out
    run(*world.words)
    foreign = world.answers / "notes.txt"
    foreign.write_bytes(b"mine")
    shown = json.loads(run("cache", "show", "--format", "json").out)
    size = sum(one.size for one in files(world.answers))
    assert ("certready.cache/1", str(world.answers), 2, size) == tuple(
        shown[name] for name in ("schema", "directory", "entries", "bytes")
    )
    assert shown["oldest"] <= shown["newest"]
    assert f"2 answers removed from {world.answers}.\n" == run("cache", "clear").out
    assert [foreign] == list(world.answers.iterdir())
    assert 0 == json.loads(run("cache", "show", "--format", "json").out)["entries"]


def test_cache_alone(run: Run) -> None:
    """``certready cache`` without a word is a usage error, and so is one that does not exist."""
    assert [2, 2] == [run("cache").code, run("cache", "burn").code]


# -- the other options of the network ------------------------------------------------------------------------------------


def test_through_a_proxy(world: World, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Answers that came through the proxy of the environment say so, and its password is nowhere."""
    monkeypatch.setenv("CERTREADY_PROXY", f"http://user:secret@127.0.0.1:{closed_port()}")
    ran = run(*world.words, "--no-cache")
    assert 3 == ran.code
    details = [one["detail"] for one in json.loads(ran.out)["revocation"]]
    assert all("through the proxy, which resolves names itself" in detail for detail in details)
    assert "secret" not in ran.out + ran.err
    assert [] == world.hits


def test_the_password_of_a_proxy_is_not_kept(world: World, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Failures behind a proxy that has a password are not kept, so that nothing about it reaches the disk."""
    monkeypatch.setenv("CERTREADY_PROXY", f"http://user:secret@127.0.0.1:{closed_port()}")
    run(*world.words)
    assert [] == list(files(world.answers))


def test_no_password_on_the_command_line(world: World, run: Run) -> None:
    """A password in --proxy is refused, not repeated, and the hint says where it goes."""
    ran = run(*world.words, "--proxy", "http://user:secret@proxy.contoso.com:3128")
    assert (2, []) == (ran.code, world.hits)
    assert "CERTREADY_PROXY" in ran.err
    assert "secret" not in ran.out + ran.err


def test_the_proxy_typed_goes_first(world: World, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """--proxy counts, not what the environment says; a wrong value there is named as the environment's."""
    monkeypatch.setenv("CERTREADY_PROXY", "ftp://proxy")
    assert "CERTREADY_PROXY is no URL" in run(*world.words).err
    assert 3 == run(*world.words, "--proxy", f"http://127.0.0.1:{closed_port()}").code


def test_failures_are_kept_for_their_settings(world: World, run: Run) -> None:
    """What failed through one proxy is asked again without it at once."""
    run(*world.words, "--proxy", f"http://127.0.0.1:{closed_port()}")
    assert 2 == len(list(files(world.answers)))
    assert 0 == run(*world.words).code


@pytest.mark.parametrize(
    "proxy", ["proxy:3128", "socks5://proxy:1080", "http://", "http://proxy:99999", "http://proxy/path", "http://[::1"]
)
def test_proxies_that_are_none(world: World, run: Run, proxy: str) -> None:
    """A --proxy that is no URL of an HTTP proxy is a usage error before anything is asked."""
    ran = run(*world.words, "--proxy", proxy)
    assert (2, []) == (ran.code, world.hits)
    assert "http://proxy.contoso.com:8080" in ran.err


@pytest.mark.parametrize("content", [None, b"", b"no certificate", b"-----BEGIN CERTIFICATE-----\nx"])
def test_ca_bundles_that_are_none(world: World, run: Run, tmp_path: Path, content: bytes | None) -> None:
    """A --ca-bundle without certificates, or that is not there, is an input error before anything is asked."""
    file = tmp_path / "bundle.pem"
    if content is not None:
        file.write_bytes(content)
    ran = run(*world.words, "--ca-bundle", str(file))
    assert (2, []) == (ran.code, world.hits)
    assert str(file) in ran.err


def test_ca_bundle(world: World, run: Run, tmp_path: Path) -> None:
    """A file of roots is taken."""
    (tmp_path / "bundle.pem").write_bytes(world.root.pem + world.issuing.pem)
    assert 0 == run(*world.words, "--ca-bundle", str(tmp_path / "bundle.pem")).code
