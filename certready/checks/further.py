"""What the further TLS questions of a probe showed: certificates of another kind, and the suites of Exchange Online.

Such a question that nobody answered says nothing: a gateway that admits one connection at a time is no worse for it.
"""

from __future__ import annotations

from collections.abc import Iterator

from certready.case import Case
from certready.model import Endpoint
from certready.model.endpoint import Handshake
from certready.rules import tls as rules
from certready.rules.model import Observation

_CURRENT = ("TLSv1.2", "TLSv1.3")
_TO_WHOM = {
    "exchange": "to a client that speaks TLS 1.2 with the suites Exchange Online publishes",
    "rsa": "to a client that speaks TLS 1.2 and takes RSA certificates alone",
    "ecdsa": "to a client that speaks TLS 1.2 and takes ECDSA certificates alone",
    "no-name": "to a client that names no server",
}
_JUDGED = {
    False: "It is judged as a chain of its own.",
    True: "Whether Exchange Online names the server is not documented, so what is wrong with it counts as unknown.",
}


def further(case: Case) -> Iterator[Observation]:
    """One observation for each other certificate of an endpoint, and one where the published suites are missing."""
    for endpoint in case.evidence.endpoints:
        if endpoint.chain and endpoint.tls_version in _CURRENT:
            yield from _several(case, endpoint)
            yield from _suites(endpoint)


def summary(endpoint: Endpoint) -> str:
    """What else is worth a sentence beside version and cipher, with a space before it; "" where nothing is."""
    by_question = {one.question: one for one in endpoint.handshakes}
    exchange = by_question.get("exchange")
    parts = []
    if exchange and exchange.outcome == "done" and endpoint.tls_version != "TLSv1.2":
        parts.append(f"TLS 1.2 works too, with {exchange.cipher}, which Exchange Online offers.")
    unanswered = [one for one in endpoint.handshakes if one.outcome == "unanswered"]
    if unanswered:
        parts.append(
            f"Not every further question was answered, so it may have other certificates: {unanswered[0].error}"
        )
    if endpoint.asks_certificate:
        parts.append("It asks its client for a certificate.")
    if endpoint.deferred:
        parts.append(f"This was the second attempt; the first was put off: {endpoint.deferred}")
    return "".join(f" {part}" for part in parts)


def differing(endpoints: tuple[Endpoint, ...]) -> Iterator[tuple[str, dict[str, list[str]]]]:
    """Each further question to which the endpoints answered with different chains: to whom, and who by chain."""
    for question, to_whom in _TO_WHOM.items():
        answers: dict[str, list[str]] = {}
        for endpoint in endpoints:
            for one in endpoint.handshakes:
                if one.question == question and one.chain:
                    answers.setdefault(one.chain, []).append(endpoint.name)
        if len(answers) > 1:
            yield to_whom, answers


def _several(case: Case, endpoint: Endpoint) -> Iterator[Observation]:
    told = {endpoint.chain}
    for one in endpoint.handshakes:
        if one.chain is None or one.chain in told:
            continue
        told.add(one.chain)
        leaf = case.chain(one.chain).leaf_certificate
        first = case.chain(endpoint.chain or "").leaf_certificate
        what = (
            "the same certificate with different ones beside it"
            if leaf == first
            else f"another certificate, {leaf.parsed.label} ({leaf.parsed.key}, SHA-256 {leaf.sha256[:16]}...),"
        )
        yield rules.SEVERAL.observed(
            f"{endpoint.name} presents {what} {_TO_WHOM[one.question]}. {_JUDGED[one.question == 'no-name']}",
            "no-name" if one.question == "no-name" else "",
            chain=one.chain,
            endpoint=endpoint,
            evidence={"question": one.question, "chains": [endpoint.chain, one.chain]},
        )


def _suites(endpoint: Endpoint) -> Iterator[Observation]:
    """Where the published suites were refused: why, as far as the other questions show it."""
    by_question = {one.question: one for one in endpoint.handshakes}
    if _outcome(by_question.get("exchange")) != "refused":
        return
    rsa, ecdsa = by_question.get("rsa"), by_question.get("ecdsa")
    variant = ""
    if rsa and rsa.outcome == "done":
        why = f"it serves TLS 1.2 with other suites alone, such as {rsa.cipher}"
        variant = "" if endpoint.tls_version == "TLSv1.3" else "only"
    elif ecdsa and ecdsa.outcome == "done":
        why = "it has no RSA certificate to serve them with"
    elif _outcome(rsa) == _outcome(ecdsa) == "refused" and endpoint.tls_version == "TLSv1.3":
        why = "it speaks TLS 1.3 and refuses TLS 1.2, which Exchange Online uses wherever it has no TLS 1.3"
    else:
        return
    yield rules.NO_COMMON_CIPHER.observed(
        f"{endpoint.name} serves none of the TLS 1.2 suites that Exchange Online publishes: {why}.",
        variant,
        chain=endpoint.chain,
        endpoint=endpoint,
        evidence={one.question: {"outcome": one.outcome, "cipher": one.cipher} for one in endpoint.handshakes},
    )


def _outcome(handshake: Handshake | None) -> str:
    return handshake.outcome if handshake else "unanswered"
