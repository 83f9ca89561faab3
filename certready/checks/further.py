"""What the further TLS questions of a probe showed: certificates of another kind, and the suites of Exchange Online.

A question that nobody answered says nothing about the gateway, and may hide a certificate: then that is said.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from msgspec import Struct

from certready.case import Case
from certready.model import Endpoint
from certready.model.endpoint import Handshake, Question
from certready.rules import tls as rules
from certready.rules.model import Observation
from certready.wording import listed

_CURRENT = ("TLSv1.2", "TLSv1.3")
_TO_WHOM: Mapping[Question, str] = MappingProxyType(
    {
        "exchange": "to a client that speaks TLS 1.2 with the suites Exchange Online publishes",
        "rsa": "to a client that speaks TLS 1.2 and takes RSA certificates alone",
        "ecdsa": "to a client that speaks TLS 1.2 and takes ECDSA certificates alone",
        "rsa-tls13": "to a client that speaks TLS 1.3 and takes RSA certificates alone",
        "ecdsa-tls13": "to a client that speaks TLS 1.3 and takes ECDSA certificates alone",
        "no-name": "to a client that names no server",
        "no-name-rsa": "to a client that names no server and takes RSA certificates alone",
        "no-name-ecdsa": "to a client that names no server and takes ECDSA certificates alone",
        "again": "to the same client at another time, so that several servers seem to answer behind this address",
    }
)
_JUDGED = {
    False: "It is judged as a chain of its own.",
    True: "Whether Exchange Online names the server is not documented, so what is wrong with it counts as unknown.",
}


def further(case: Case) -> Iterator[Observation]:
    """One observation for each other certificate of an endpoint, one where it may have more, and one where the
    published suites are missing."""
    for endpoint in case.evidence.endpoints:
        if case.evidence.target.kind == "host" and endpoint.chain:
            yield from _unseen(case, endpoint)
        if endpoint.chain and endpoint.tls_version in _CURRENT:
            yield from _several(case, endpoint)
            yield from _suites(endpoint)


def summary(endpoint: Endpoint) -> str:
    """What else is worth a sentence beside version and cipher, with a space before it; "" where nothing is."""
    by_question = {handshake.question: handshake for handshake in endpoint.handshakes}
    exchange = by_question.get("exchange")
    parts = []
    if exchange and exchange.outcome == "done" and endpoint.tls_version != "TLSv1.2":
        parts.append(f"TLS 1.2 works too, with {exchange.cipher}, which Exchange Online offers.")
    if exchange and exchange.outcome == "unanswered":
        parts.append(f"Whether it serves the TLS 1.2 suites of Exchange Online was not answered: {exchange.error}")
    if endpoint.asks_certificate:
        parts.append("It asks its client for a certificate.")
    if endpoint.deferred:
        parts.append(f"This was the second attempt; the first got a temporary error: {endpoint.deferred}")
    return "".join(f" {part}" for part in parts)


def differing(endpoints: tuple[Endpoint, ...]) -> Iterator[tuple[str, dict[str, list[str]]]]:
    """Each further question to which the endpoints answered with different chains: to whom, and who by chain."""
    for question, to_whom in _TO_WHOM.items():
        answers: dict[str, list[str]] = {}
        for endpoint in endpoints:
            for handshake in endpoint.handshakes:
                if handshake.question == question and handshake.chain:
                    answers.setdefault(handshake.chain, []).append(endpoint.name)
        if len(answers) > 1:
            yield to_whom, answers


def _several(case: Case, endpoint: Endpoint) -> Iterator[Observation]:
    told = {endpoint.chain}
    for handshake in endpoint.handshakes:
        if handshake.chain is None or handshake.chain in told:
            continue
        told.add(handshake.chain)
        unnamed = handshake.question.startswith("no-name")
        leaf = case.chain(handshake.chain).leaf_certificate
        first = case.chain(endpoint.chain or "").leaf_certificate
        what = (
            "the same certificate with different ones beside it"
            if leaf == first
            else f"another certificate, {leaf.parsed.label} ({leaf.parsed.key}, SHA-256 {leaf.sha256[:16]}...),"
        )
        # One server has one certificate of a kind under a name; the question need not be why this is another.
        by_chance = not unnamed and handshake.question != "again" and leaf.parsed.key.family == first.parsed.key.family
        perhaps = ", or several servers answer behind this address" if by_chance else ""
        yield rules.SEVERAL.observed(
            f"{endpoint.name} presents {what} {_TO_WHOM[handshake.question]}{perhaps}. {_JUDGED[unnamed]}",
            "no-name" if unnamed else "",
            chain=handshake.chain,
            endpoint=endpoint,
            evidence={"question": handshake.question, "chains": [endpoint.chain, handshake.chain]},
        )


class _Part(Struct, frozen=True):
    """A certificate that a gateway may have, the questions that ask for it, and what stays open without an answer."""

    family: str
    named: bool
    questions: tuple[Question, ...]
    open: str


_PARTS = (
    _Part("rsa", True, ("exchange", "rsa", "rsa-tls13"), "whether it has an RSA certificate"),
    _Part("ecdsa", True, ("ecdsa", "ecdsa-tls13"), "whether it has an ECDSA certificate"),
    _Part("rsa", False, ("no-name-rsa",), "which RSA certificate it shows to clients that name no server"),
    _Part("ecdsa", False, ("no-name-ecdsa",), "which ECDSA certificate it shows to clients that name no server"),
)


def _unseen(case: Case, endpoint: Endpoint) -> Iterator[Observation]:
    """What the gateway may have beside what was seen, because nobody answered, or nobody asked."""
    outcome_of = {handshake.question: handshake.outcome for handshake in endpoint.handshakes}
    shown = {(True, case.chain(endpoint.chain or "").family)}
    shown |= {
        (not handshake.question.startswith("no-name"), case.chain(handshake.chain).family)
        for handshake in endpoint.handshakes
        if handshake.chain
    }
    unseen: dict[str, list[_Part]] = {"unanswered": [], "not-asked": []}
    for part in _PARTS:
        if (part.named, part.family) in shown or not (part.named or _has_a_name(case, endpoint)):
            continue
        outcomes = {outcome_of[question] for question in part.questions if question in outcome_of}
        if not outcomes or "unanswered" in outcomes:  # evidence without a word about it is no better
            unseen["unanswered"].append(part)
        elif "not-asked" in outcomes:
            unseen["not-asked"].append(part)
    if unseen["unanswered"]:
        asked = {question for part in unseen["unanswered"] for question in part.questions}
        errors = (
            handshake.error
            for handshake in endpoint.handshakes
            if handshake.question in asked and handshake.outcome == "unanswered"
        )
        yield _open(
            endpoint, unseen["unanswered"], f"was not answered: {next(errors, None) or 'no reason is known.'}", ""
        )
    if unseen["not-asked"]:
        yield _open(endpoint, unseen["not-asked"], "was not asked, because --gentle was given.", "gentle")


def _has_a_name(case: Case, endpoint: Endpoint) -> bool:
    """Whether the ordinary handshake named a server, so that leaving the name out makes a difference."""
    return case.chain(endpoint.chain or "").sni is not None


def _open(endpoint: Endpoint, parts: list[_Part], why: str, variant: str) -> Observation:
    what = [part.open for part in parts]

    return rules.UNSEEN_CERTIFICATE.observed(
        f"{endpoint.name}: {listed(what)} {why}",
        variant,
        fix="Probe without --gentle." if variant else None,
        endpoint=endpoint,
        evidence={"unseen": what},
    )


def _suites(endpoint: Endpoint) -> Iterator[Observation]:
    """Where the published suites were refused: why, as far as the other questions show it."""
    by_question = {handshake.question: handshake for handshake in endpoint.handshakes}
    if _outcome(by_question.get("exchange")) != "refused":
        return
    rsa, ecdsa = by_question.get("rsa"), by_question.get("ecdsa")
    variant = ""
    if rsa and rsa.outcome == "done":
        why = f"it serves TLS 1.2 with other suites alone, such as {rsa.cipher}"
        variant = "" if endpoint.tls_version == "TLSv1.3" else "only"
    elif ecdsa and ecdsa.outcome == "done":
        why = "it serves TLS 1.2 with an ECDSA certificate alone"
    elif _outcome(rsa) == _outcome(ecdsa) == "refused" and endpoint.tls_version == "TLSv1.3":
        why = "it speaks TLS 1.3 and refuses TLS 1.2, which Exchange Online uses wherever it has no TLS 1.3"
    else:
        return
    yield rules.NO_COMMON_CIPHER.observed(
        f"{endpoint.name} serves none of the TLS 1.2 suites that Exchange Online publishes: {why}.",
        variant,
        chain=endpoint.chain,
        endpoint=endpoint,
        evidence={
            handshake.question: {"outcome": handshake.outcome, "cipher": handshake.cipher}
            for handshake in endpoint.handshakes
        },
    )


def _outcome(handshake: Handshake | None) -> str:
    return handshake.outcome if handshake else "unanswered"
