"""What the smart host answered to a rehearsal, and what it presented itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from msgspec.structs import replace

from certready.case import Case
from certready.exchange.matching import covers, under
from certready.model import AcceptedDomain, Chain
from certready.model.dialogue import SHOWN, Exchange
from certready.rules import rehearse as rules
from certready.rules.model import NotApplicable, Observation

if TYPE_CHECKING:
    from certready.smtp.rehearse import Meaning


def check_rehearse(case: Case) -> Iterator[Observation | NotApplicable]:
    """The smart host's word on the certificate, and the smart host's own certificate. Nothing is said elsewhere."""
    if case.evidence.target.kind != "rehearse":
        yield NotApplicable("only a rehearsal asks the smart host")
        return
    dialogue = [{"sent": one.sent, "reply": one.reply} for one in case.evidence.dialogue]
    endpoint = case.evidence.endpoints[-1].name if case.evidence.endpoints else None
    yield replace(_answer(case), endpoint=endpoint, evidence={"dialogue": dialogue})
    for peer in case.evidence.peers:
        yield _peer(case, peer)


def _answer(case: Case) -> Observation:
    """The one finding about the dialogue."""
    decisive = _decisive(case.evidence.dialogue)
    if decisive is None:
        if any(one.trouble for one in case.evidence.endpoints):  # the finding on TLS says what
            return rules.INCONCLUSIVE.observed("The rehearsal did not get as far as an answer.")
        error = next((one.error for one in case.evidence.endpoints if one.error), None) or "Nothing was answered."
        return rules.INCONCLUSIVE.observed(f"The rehearsal did not get as far as an answer. {error}")
    quoted = f'The answer to {decisive.sent} is "{" ".join(decisive.reply.split())}".'
    if decisive.sent == SHOWN:
        return rules.REFUSED.observed(
            f"The smart host ended TLS because of the certificate ({decisive.reply}).",
            fix="Judge the file with certready check: chain, dates, usage and key.",
        )
    from certready.smtp.rehearse import meaning

    found = meaning(decisive.reply)
    if found.kind != "accepted":
        rule = rules.REFUSED if found.kind == "refused" else rules.INCONCLUSIVE
        return rule.observed(f"{quoted} {found.why}{_not_asked(case)}", fix=found.fix)
    doubt = _doubt(case)
    if doubt:
        return rules.INCONCLUSIVE.observed(f"{quoted} {doubt.why}", fix=doubt.fix)
    return rules.ACCEPTED.observed(f"{quoted} {_scope(case)}")


def _decisive(dialogue: tuple[Exchange, ...]) -> Exchange | None:
    """The exchange that says it: the certificate's own refusal, RCPT, or whatever was refused before it."""
    for exchange in dialogue:
        if exchange.sent == SHOWN or exchange.sent.startswith("RCPT") or not exchange.reply.startswith("2"):
            return exchange
    return None


def _doubt(case: Case) -> Meaning | None:
    """Why a 250 proves nothing here, None where it does."""
    from certready.smtp.rehearse import Meaning

    if not any(endpoint.asks_certificate for endpoint in case.evidence.endpoints):
        return Meaning(
            "inconclusive",
            "But the smart host did not ask for a client certificate, so it has not seen this one.",
            "Check the smart host's name: Exchange Online asks every client for its certificate.",
        )
    recipient = _domain(case, "RCPT")
    own = next((one.name for one in case.tenant.accepted_domains or () if _accepts(one, recipient)), None)
    if own:
        return Meaning(
            "inconclusive",
            f"But {own} is an accepted domain of the tenant, and Exchange Online takes mail for it from anybody: that "
            "proves nothing about the connector.",
            "Rehearse with a recipient outside of the tenant and with --null-sender: only relaying proves it.",
        )
    return None


def _scope(case: Case) -> str:
    """What a 250 proves, said as far as it goes."""
    sender = _domain(case, "MAIL")
    parts = ["The connector took it: this certificate may relay."]
    if case.tenant.accepted_domains is None:
        parts.append("That holds where the recipient is outside of the tenant; inside, anybody is let in.")
    if sender:
        parts.append(
            f"The sender's domain {sender} may have decided beside the certificate; --null-sender leaves only that."
        )
    return " ".join(parts)


def _not_asked(case: Case) -> str:
    asked = [endpoint.asks_certificate for endpoint in case.evidence.endpoints]
    return " It did not ask for a client certificate." if asked and asked[-1] is False else ""


def _domain(case: Case, verb: str) -> str:
    """The domain in the command MAIL or RCPT, lower case; empty for the null sender."""
    command = next((one.sent for one in case.evidence.dialogue if one.sent.startswith(verb)), "")
    return command.rpartition("@")[2].rstrip(">").lower() if "@" in command else ""


def _accepts(accepted: AcceptedDomain, domain: str) -> bool:
    return domain == accepted.name or (accepted.match_subdomains and under(domain, accepted.name))


def _peer(case: Case, peer: Chain) -> Observation:
    """The smart host's own certificate, judged and shown; it counts for nothing else."""
    leaf = peer.leaf_certificate
    host = case.evidence.endpoints[0].host if case.evidence.endpoints else ""
    found = case.judgement(peer)
    doubts = []
    if found.outcome != "trusted":
        doubts.append("does not lead to a root of the store")
    if not leaf.parsed.not_before <= case.evaluated_at <= leaf.parsed.not_after:
        doubts.append("is not valid at this moment")
    if not covers(leaf.parsed.names, host):
        doubts.append(f"does not cover {host}")
    said = " and ".join(doubts) if doubts else f"is trusted and covers {host}"
    return rules.SMART_HOST.observed(
        f"The smart host presents {leaf.parsed.label} of {leaf.parsed.issuer}, valid until "
        f"{leaf.parsed.not_after.date().isoformat()}, which {said}. That is no part of the verdict.",
        "doubtful" if doubts else "",
        endpoint=case.evidence.endpoints[0] if case.evidence.endpoints else None,
        evidence={"sha256": leaf.sha256, "names": leaf.parsed.names, "sent": len(peer.certificates)},
    )
