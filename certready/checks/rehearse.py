"""What the smart host answered to a rehearsal, and what it presented itself."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from msgspec.structs import replace

from certready import remedy
from certready.case import Case
from certready.exchange.accepted import takes
from certready.exchange.clouds import is_exchange_online, recognise
from certready.exchange.matching import covers
from certready.exchange.recipient import in_a_tenant
from certready.model import Chain
from certready.model.dialogue import SHOWN, Exchange
from certready.rules import rehearse as rules
from certready.rules.model import NotApplicable, Observation

if TYPE_CHECKING:
    from certready.smtp.rehearse import Meaning

_ANYBODY = "Exchange Online takes mail for its tenants from anybody: that proves nothing about the connector."
_OUTSIDE = (
    "Rehearse with a recipient whose domain no tenant of Microsoft 365 has, and with --null-sender: only relaying "
    "proves the connector."
)


def check_rehearse(case: Case) -> Iterator[Observation | NotApplicable]:
    """The smart host's word on the certificate, and the smart host's own certificate. Nothing is said elsewhere."""
    if case.evidence.target.kind != "rehearse":
        yield NotApplicable("only a rehearsal asks the smart host")
        return
    looked_up = case.evidence.rehearsal
    seen = {
        "dialogue": [{"sent": turn.sent, "reply": turn.reply} for turn in case.evidence.dialogue],
        "recipient_mx": None if looked_up is None or looked_up.error else looked_up.exchangers,
    }
    endpoint = case.evidence.endpoints[-1].name if case.evidence.endpoints else None
    yield replace(_answer(case), endpoint=endpoint, evidence=seen)
    for peer in case.evidence.peers:
        yield _peer(case, peer)


def _answer(case: Case) -> Observation:
    """The one finding about the dialogue."""
    decisive = _decisive(case.evidence.dialogue)
    if decisive is None:
        if any(endpoint.trouble for endpoint in case.evidence.endpoints):  # the finding on TLS says what
            return rules.INCONCLUSIVE.observed("The rehearsal did not get as far as an answer.")
        error = (
            next((endpoint.error for endpoint in case.evidence.endpoints if endpoint.error), None)
            or "Nothing was answered."
        )
        return rules.INCONCLUSIVE.observed(f"The rehearsal did not get as far as an answer. {error}")
    from certready.smtp.rehearse import REFUSED_BY_TLS, meaning

    by_tls = decisive.sent == SHOWN
    reading = REFUSED_BY_TLS if by_tls else meaning(decisive.reply)
    quoted = "The answer to the certificate itself" if by_tls else f"The answer to {decisive.sent}"
    said = f'{quoted} is "{" ".join(decisive.reply.split())}". {reading.why}'
    if reading.kind == "inconclusive":
        return rules.INCONCLUSIVE.observed(said, fix=reading.fix)
    doubt = _unseen(case) or (_unproved(case) if reading.kind == "accepted" else None)
    if doubt:
        return rules.INCONCLUSIVE.observed(f"{said} {doubt.why}", fix=doubt.fix)
    if reading.kind == "refused":
        return rules.REFUSED.observed(said, fix=partial(remedy.certificates.not_recognised, case, reading.fix or ""))
    return rules.ACCEPTED.observed(f"{said} {_scope(case)}", "sender" if _domain(case, "MAIL") else "")


def _decisive(dialogue: tuple[Exchange, ...]) -> Exchange | None:
    """The exchange that says it: the certificate's own refusal, whenever it came, RCPT, or what was refused before."""
    for exchange in sorted(dialogue, key=lambda turn: turn.sent != SHOWN):
        if exchange.sent == SHOWN or exchange.sent.startswith("RCPT") or not exchange.reply.startswith("2"):
            return exchange
    return None


def _unseen(case: Case) -> Meaning | None:
    """Why the smart host's word, whatever it is, is not about this certificate; None where it may be."""
    from certready.smtp.rehearse import Meaning

    if not any(endpoint.asks_certificate for endpoint in case.evidence.endpoints):
        return Meaning(
            "inconclusive",
            "But the smart host did not ask for a client certificate, so it has not seen this one.",
            "Check the smart host's name: Exchange Online asks every client for its certificate.",
        )
    if case.evidence.rehearsal and not case.evidence.rehearsal.presented:
        return Meaning(
            "inconclusive",
            "But the smart host takes no client certificate of this kind (key and signature), so none was sent to it.",
            "Check the smart host's name; an RSA certificate is taken everywhere.",
        )
    return None


def _unproved(case: Case) -> Meaning | None:
    """Why a 250 proves nothing here, None where it does."""
    from certready.smtp.rehearse import Meaning

    error = next((endpoint.error for endpoint in case.evidence.endpoints if endpoint.error), None)
    if error:
        return Meaning("inconclusive", f"But the session did not end as it should. {error}", "Rehearse again.")
    recipient = _domain(case, "RCPT")
    own = next((domain.name for domain in case.tenant.accepted_domains or () if takes(domain, recipient)), None)
    if own:
        return Meaning("inconclusive", f"But {own} is an accepted domain of the tenant. {_ANYBODY}", _OUTSIDE)
    looked_up = case.evidence.rehearsal
    if looked_up is None or looked_up.domain != recipient:
        why = "But where the recipient's mail goes was not looked up, so it may live in a tenant of Microsoft 365."
        return Meaning("inconclusive", f"{why} {_ANYBODY}", "Rehearse again, with --dns SERVER where DNS needs it.")
    if looked_up.error:
        why = f"But where the recipient's mail goes is unknown: {looked_up.error}"
        return Meaning("inconclusive", f"{why} {_ANYBODY}", "Rehearse where DNS answers, or with --dns SERVER.")
    tenant = in_a_tenant(looked_up)
    if tenant:
        return Meaning("inconclusive", f"But {tenant}: the recipient may live in a tenant. {_ANYBODY}", _OUTSIDE)
    return None


def _scope(case: Case) -> str:
    """What a 250 proves, said as far as it goes."""
    looked_up = case.evidence.rehearsal
    hosts = ", ".join(host or "null" for host in looked_up.exchangers[:3]) if looked_up else ""
    by = f"MX {hosts}" if hosts else "no MX"
    proved = f"By DNS ({by}) the recipient lives outside of Microsoft 365, so this certificate may relay."
    sender = _domain(case, "MAIL")
    if sender:
        proved += (
            f" The sender's domain {sender} may have decided beside it; --null-sender leaves the certificate alone."
        )
    return proved


def _domain(case: Case, verb: str) -> str:
    """The domain in the command MAIL or RCPT, lower case; empty for the null sender."""
    command = next((turn.sent for turn in case.evidence.dialogue if turn.sent.startswith(verb)), "")
    return command.rpartition("@")[2].rstrip(">").lower() if "@" in command else ""


def _peer(case: Case, peer: Chain) -> Observation:
    """The smart host's own certificate, judged and shown; it counts for nothing else."""
    leaf = peer.leaf_certificate
    host = case.evidence.endpoints[0].host if case.evidence.endpoints else ""
    judgement = case.judgement(peer)
    doubts = []
    if judgement.outcome != "trusted":
        doubts.append("does not lead to a root of the store")
    if leaf.parsed.dates_unreadable:
        doubts.append("has dates that cannot be read")
    elif not leaf.parsed.not_before <= case.evaluated_at <= leaf.parsed.not_after:
        doubts.append("is not valid at this moment")
    if not covers(leaf.parsed.names, host):
        doubts.append(f"does not cover {host}")
    said = " and ".join(doubts) if doubts else f"is trusted and covers {host}"
    elsewhere = "" if is_exchange_online(host) else f" {recognise(host).sentence} What it answers is its own word."
    end = leaf.parsed.known_dates[1]
    until = f", valid until {end.date().isoformat()}" if end else ""
    return rules.SMART_HOST.observed(
        f"The smart host presents {leaf.parsed.label} of {leaf.parsed.issuer}{until}, which {said}.{elsewhere} That is "
        "no part of the verdict.",
        "doubtful" if doubts or elsewhere else "",
        fix=partial(remedy.certificates.right_smart_host, case),
        endpoint=case.evidence.endpoints[0] if case.evidence.endpoints else None,
        evidence={"sha256": leaf.sha256, "names": leaf.parsed.names, "sent": len(peer.certificates)},
    )
