"""What DNS promises about a mail host: its TLSA records, and whether signatures prove each step that leads to them.

The order is that of RFC 7672, 2.2: the MX of the domain, the addresses of each host, the TLSA records of each. Pure:
answers come from whoever is asked, a server or saved evidence.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import datetime

from certready import bounds
from certready.dane.promise import Promise
from certready.dane.tlsa import Tlsa, owner
from certready.dnssec import ORDER, Found, Lookup, PendingError, Status, Validator, parse
from certready.exchange.matching import a_label
from certready.model import Dane, DnsAnswer, Evidence

MOST_HOSTS = bounds.MAIL_HOSTS
ADDRESSES = ("A", "AAAA")

_TROUBLE: tuple[Status, ...] = ("bogus", "unanswered", "unverified")
_NOT_ASKED = "this was not asked for when the evidence was gathered"

Question = tuple[str, str]
"""A name, without a final dot, and a kind of records."""


def promises(dane: Dane, at: datetime, gathered: datetime) -> tuple[Promise, ...]:
    """The promise about each host that was asked about, out of the answers that were kept."""
    kept = {(answer.name, answer.kind): answer for answer in dane.answers}

    def ask(name: str, kind: str) -> DnsAnswer:
        return kept.get((name, kind)) or DnsAnswer(name, kind, error=_NOT_ASKED)

    return survey(ask, dane, at, gathered)


def promised(evidence: Evidence) -> tuple[Promise, ...]:
    """The promises in this evidence, at its own moment; none where DANE was not asked about."""
    if evidence.dane is None:
        return ()
    return promises(evidence.dane, evidence.evaluated_at, evidence.gathered_at)


def gather(
    ask: Callable[[Sequence[Question]], Iterable[DnsAnswer]], dane: Dane, moment: datetime
) -> tuple[DnsAnswer, ...]:
    """Every answer that the promises rest on, asked for in rounds: of every host at once whatever does not wait for
    another answer. ``ask`` gives an answer to each question; ``moment`` is the present."""
    kept: dict[Question, DnsAnswer] = {}
    missing: dict[Question, None] = {}

    def look(name: str, kind: str) -> DnsAnswer:
        if (name, kind) not in kept:
            missing[name, kind] = None
            raise PendingError
        return kept[name, kind]

    try:
        validator = Validator(look, parse(dane.anchors), moment, moment)
    except ValueError:
        return ()
    while True:
        with suppress(PendingError):
            _look_ahead(validator, dane)
        if not missing:
            return tuple(kept.values())
        kept.update(((answer.name, answer.kind), answer) for answer in ask(tuple(missing)))
        missing.clear()


def _look_ahead(validator: Validator, dane: Dane) -> None:
    """Looks up what can be looked up by now, host by host. Raises PendingError as long as the hosts are not known."""
    hosts: tuple[str, ...] = dane.hosts
    domains: tuple[str, ...] = ()
    if dane.domain is not None:
        hosts, domains = _mail_hosts(validator.look_up(dane.domain, "MX"), dane.domain), (dane.domain,)
    for host in hosts:
        for kind in ADDRESSES if a_label(host) else ():
            with suppress(PendingError):
                validator.look_up(host, kind)
        with suppress(PendingError):
            _host(validator, host, domains, dane.port)


def survey(ask: Lookup, dane: Dane, at: datetime, gathered: datetime) -> tuple[Promise, ...]:
    """The promise about each host, asking for what is needed: ``dane`` says about whom, and what trust begins with."""
    try:
        validator = Validator(ask, parse(dane.anchors), at, gathered)
    except ValueError as error:
        hosts = (dane.domain,) if dane.domain else dane.hosts
        return tuple(Promise(host, "unverified", f"of the trust anchors {error}") for host in hosts)
    if dane.domain is None:
        return tuple(_host(validator, host, (), dane.port) for host in dane.hosts)
    mx = validator.look_up(dane.domain, "MX")
    if mx.status in _TROUBLE:
        return (_troubled(dane.domain, f"the MX of {dane.domain}", mx),)
    if mx.denied == "nxdomain":
        return (Promise(dane.domain, "unanswered", f"{dane.domain} does not exist in DNS"),)
    promised = [_host(validator, host, (dane.domain,), dane.port) for host in _mail_hosts(mx, dane.domain)]
    if mx.status == "secure":
        return tuple(promised)
    why = f"the MX of {dane.domain} is not signed: {mx.why}"
    return tuple(promise if promise.state in _TROUBLE else _unsigned(promise, why) for promise in promised)


def _troubled(host: str, what: str, answer: Found) -> Promise:
    """That nothing is known of a host, because of what became of one of the answers."""
    return Promise(host, answer.status, f"{what}: {answer.why}", dated=answer.dated)  # type: ignore[arg-type]


def _mail_hosts(mx: Found, domain: str) -> tuple[str, ...]:
    """The hosts in order of preference, each once: the domain itself where it has no MX; a null MX names none, nor does
    an answer that cannot be relied on."""
    if mx.status in _TROUBLE or mx.denied == "nxdomain":
        return ()
    if not mx.records:
        return (domain,)
    records = sorted(mx.records, key=lambda record: (record.preference, record.exchange))
    names = (record.exchange.to_text(omit_final_dot=True).lower() for record in records)
    return tuple(dict.fromkeys(name for name in names if name not in (".", "@", "")))[:MOST_HOSTS]


def _unsigned(promise: Promise, why: str) -> Promise:
    """The promise about a host to which no signed record leads."""
    return Promise(promise.host, "not-applied", why, promise.owner, promise.names, promise.records, ttl=promise.ttl)


def _host(validator: Validator, host: str, domains: tuple[str, ...], port: int) -> Promise:
    if a_label(host) is None:
        literal = ":" in host or host.replace(".", "").isdigit()
        why = f"{host[:80]} is an address, and TLSA records stand at names" if literal else "it is no host name"
        return Promise(host, "not-applied" if literal else "unverified", why)
    addresses = [validator.look_up(host, kind) for kind in ADDRESSES]
    worst = max(addresses, key=lambda answer: ORDER.index(answer.status))
    if worst.status in _TROUBLE:
        return _troubled(host, f"the addresses of {host}", worst)
    if all(answer.denied == "nxdomain" for answer in addresses):
        return Promise(host, "unanswered", f"{host} does not exist in DNS")
    bases = _bases(host, addresses)
    records, promise = None, Promise(host, "absent", f"{owner(host, port)} has no TLSA records")
    for base in bases or (host,):
        records = validator.look_up(owner(base, port), "TLSA")
        promise = _published(host, base, records, domains, port)
        if promise.state != "absent":
            break
    if not bases:
        return _unsigned(promise, f"the addresses of {host} are not signed: {worst.why}")
    return promise


def _bases(host: str, addresses: Sequence[Found]) -> tuple[str, ...]:
    """The names at which TLSA records are looked for, in turn (RFC 7672, 2.2.2): the end of a chain of aliases that is
    secure throughout, then the host itself, where its own records or its first alias are secure."""
    if all(answer.status == "secure" for answer in addresses):
        ends = (answer.name for answer in addresses if answer.alias is not None)
        return tuple(dict.fromkeys((*ends, host)))
    return (host,) if any(answer.alias == "secure" for answer in addresses) else ()


def _published(host: str, base: str, answer: Found, domains: tuple[str, ...], port: int) -> Promise:
    """What the answer about the TLSA records at one name comes to."""
    at = owner(base, port)
    if answer.status in _TROUBLE:
        return _troubled(host, f"the TLSA records at {at}", answer)
    names = tuple(dict.fromkeys((base, host, *domains)))
    records = tuple(_records(answer))
    unread = len(answer.records) - len(records)
    if answer.status == "insecure" and answer.records:
        why = f"the TLSA records at {at} are not signed: {answer.why}"
        return Promise(host, "not-applied", why, at, names, records, unread, answer.ttl)
    if not answer.records:
        return Promise(host, "absent", f"{at} has no TLSA records", at, names, until=answer.until)
    return Promise(host, "records", "", at, names, records, unread, answer.ttl, answer.until)


def _records(answer: Found) -> Iterator[Tlsa]:
    for record in answer.records:
        data: bytes = record.data
        if len(data) >= 3:
            yield Tlsa(data[0], data[1], data[2], data[3:])
