"""What is asked about the mail hosts of a domain, and in how many rounds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import pytest

from certready.dane.survey import Question, gather, promises
from certready.demo.pki import now
from certready.model import Dane, DnsAnswer
from tests.dnssec.zones import Dns, Zone, name

MOMENT = now()
PIN = "3 1 1 " + "ab" * 32


class Asked(NamedTuple):
    """What was asked, round by round, and what came of it."""

    rounds: list[tuple[Question, ...]]
    dane: Dane


def asked(there: Dns, dane: Dane) -> Asked:
    """Everything that these servers are asked about."""
    rounds: list[tuple[Question, ...]] = []

    def ask(questions: Sequence[Question]) -> list[DnsAnswer]:
        rounds.append(tuple(questions))
        return [there.ask(*question) for question in questions]

    answers = gather(ask, dane, MOMENT)
    return Asked(rounds, Dane(dane.domain, dane.hosts, dane.port, dane.anchors, answers=answers))


def domain(count: int, *, apart: bool = False) -> tuple[Dns, Dane]:
    """A mail domain with so many hosts that have records, in its own zone or each in one of its own."""
    hosts = [f"mx{number}.host{number}.com" if apart else f"mx{number}.contoso.com" for number in range(count)]
    here = {"@": {"MX": [f"{number} {host}." for number, host in enumerate(hosts)]}}
    zones = [Zone(".", {}, MOMENT), Zone("com", {}, MOMENT)]
    for number in range(count):
        records = {f"mx{number}": {"A": ["192.0.2.1"]}, f"_25._tcp.mx{number}": {"TLSA": [PIN]}}
        if apart:
            zones.append(Zone(f"host{number}.com", records, MOMENT))
        else:
            here |= records
    there = Dns(*zones, Zone("contoso.com", here, MOMENT)).delegate()
    return there, Dane("contoso.com", anchors=(there.zones[name(".")].anchor,))


@pytest.mark.parametrize("apart", [False, True])
def test_hosts_are_asked_about_at_once(apart: bool) -> None:
    """Many hosts take as many rounds as one; no question is put twice, and each host's promise is known."""
    alone = asked(*domain(1, apart=apart))
    many = asked(*domain(12, apart=apart))
    assert len(many.rounds) == len(alone.rounds)
    questions = [question for one in many.rounds for question in one]
    assert len(questions) == len(set(questions))
    found = promises(many.dane, MOMENT, MOMENT)
    assert [promise.state for promise in found] == ["records"] * 12


def test_addresses_are_asked_about_before_records() -> None:
    """The records of a host are not asked about before it is known that its addresses can be relied on (RFC 7672,
    2.2.2): servers that mishandle such questions would otherwise be asked for nothing."""
    there, dane = domain(2)
    there.errors["mx1.contoso.com", "A"] = "SERVFAIL"
    rounds, dane = asked(there, dane)
    kinds = [{kind for _, kind in one} for one in rounds]
    assert kinds[0] == {"MX"}
    assert all(kind <= {"TLSA"} or "TLSA" not in kind for kind in kinds)
    assert ("_25._tcp.mx1.contoso.com", "TLSA") not in [question for one in rounds for question in one]
    assert [promise.state for promise in promises(dane, MOMENT, MOMENT)] == ["records", "unanswered"]


def test_as_many_hosts_as_are_looked_at() -> None:
    """Sixty-four hosts, each in a zone of its own, stay within what one run verifies."""
    there, dane = domain(64, apart=True)
    _, dane = asked(there, dane)
    assert {promise.state for promise in promises(dane, MOMENT, MOMENT)} == {"records"}


def test_anchors_that_cannot_be_read() -> None:
    """Where nothing can be trusted nobody is asked."""
    assert asked(domain(1)[0], Dane("contoso.com", anchors=("nonsense",))).rounds == []
