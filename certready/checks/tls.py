"""What a probe saw of TLS itself: how far each address came, with what, and whether all present the same."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial

from certready import remedy
from certready.case import Case
from certready.checks.further import differing, further, summary
from certready.model import Endpoint
from certready.model.endpoint import Trouble
from certready.rules import tls as rules
from certready.rules.model import Build, NotApplicable, Observation, Rule

_TROUBLES: dict[Trouble, Rule] = {
    "unreachable": rules.UNREACHABLE,
    "deferred": rules.DEFERRED,
    "no-starttls": rules.NO_STARTTLS,
    "handshake-failed": rules.HANDSHAKE_FAILED,
}
_CURRENT = ("TLSv1.2", "TLSv1.3")
_MASKED_FIX = (
    "Switch off SMTP inspection on the firewall in front of the gateway (on Cisco ASA: no inspect esmtp; on a PIX: no "
    "fixup protocol smtp 25), or let it pass STARTTLS; if the firewall is on your own side, probe from elsewhere."
)
_NO_ADDRESS_FIX = "Check the spelling of the name and its MX, A and AAAA records, or name the gateway by its address."
_GREETING = re.compile(r"\b(helo|ehlo|host ?name|fqdn)\b", re.IGNORECASE)
_GREETING_FIX = (
    "Greet by a public host name that leads to the probing host, with --ehlo NAME: this gateway does not take the one "
    "that was sent."
)
_UNREACHED_FIX = "Probe again from where every address can be reached: mail goes to any of them."


def check_tls(case: Case) -> Iterator[Observation | NotApplicable]:
    """How far each address of a probed gateway came, whether they agree, and which direction that proves.

    Nothing is said of a file: it holds a certificate and no conversation.
    """
    if not case.evidence.endpoints:
        yield NotApplicable("a file says nothing about TLS; probe the gateway")
        return
    listening = case.evidence.target.kind == "listen"
    for endpoint in case.evidence.endpoints:
        if listening and endpoint.trouble == "clear-text":
            yield NotApplicable("the client used no TLS; what that means is said by the check of the listener")
        else:
            yield _reached(case, endpoint, listening=listening)
        if endpoint.demands_certificate:
            yield _demanded(endpoint)
    yield from further(case)
    yield from _agreement(case)
    yield from _direction(case)


def _reached(case: Case, endpoint: Endpoint, *, listening: bool) -> Observation:
    """The one finding about one address: of a server that was offered TLS versions, or of a listener's client, which
    offered them itself."""
    details = {"stage": endpoint.stage, "tls_version": endpoint.tls_version, "cipher": endpoint.cipher}
    if endpoint.trouble:
        return _TROUBLES[endpoint.trouble].observed(
            f"{_who(endpoint)}: {endpoint.error or 'no reason is known.'}",
            _nuance(endpoint),
            endpoint=endpoint,
            fix=_fix(case, endpoint),
            evidence={"stage": endpoint.stage, "reply": endpoint.reply},
        )
    version = endpoint.tls_version or "an unknown version of TLS"
    spoken = f"{version} with {endpoint.cipher}" if endpoint.cipher else version
    current = endpoint.tls_version in _CURRENT
    if current:
        message = f"{_who(endpoint)} speaks {spoken}."
    elif listening:  # a server takes the newest version that the client offers (RFC 8446, 4.1.3)
        message = f"{_who(endpoint)} speaks {spoken}: as client it offers no newer version, and TLS 1.2 would be taken."
    else:
        message = f"{_who(endpoint)} speaks {spoken}, though TLS 1.2 and 1.3 were offered."
    message += summary(endpoint)
    if current:
        return rules.ESTABLISHED.observed(message, chain=endpoint.chain, endpoint=endpoint, evidence=details)
    fix = remedy.certificates.modern_tls
    return rules.OLD_VERSION.observed(message, chain=endpoint.chain, endpoint=endpoint, fix=fix, evidence=details)


def _demanded(endpoint: Endpoint) -> Observation:
    """What lies behind the demand cannot be seen; the server's own certificate, where it was sent, is judged."""
    judged = "Its own certificate was seen and is judged." if endpoint.chain else "Its own certificate was not seen."
    return rules.CLIENT_CERTIFICATE_DEMANDED.observed(
        f"{_who(endpoint)} demands a certificate of its client: {endpoint.demands_certificate}. {judged} Whether it "
        "accepts the one that Exchange Online presents cannot be seen.",
        "judged" if endpoint.chain else "",
        chain=endpoint.chain,
        endpoint=endpoint,
        evidence={"stage": endpoint.stage},
    )


def _nuance(endpoint: Endpoint) -> str:
    """The variant of ``tls.no-starttls``: "" after a clean EHLO, else what came in the way of one."""
    if endpoint.trouble != "no-starttls":
        return ""
    if endpoint.stage == "starttls" or (endpoint.reply or "").startswith("5"):
        return "refused"
    from certready.smtp.starttls import masked

    return "masked" if masked(endpoint.reply) else ""


def _fix(case: Case, endpoint: Endpoint) -> Build | str | None:
    """What to do where the rule's own words are not all."""
    if endpoint.trouble == "unreachable" and not endpoint.address:
        return _NO_ADDRESS_FIX
    if endpoint.trouble in ("unreachable", "deferred") and endpoint.stage == "ehlo":
        return _GREETING_FIX if _GREETING.search(endpoint.reply or "") else None
    if endpoint.trouble in ("no-starttls", "handshake-failed"):
        words = _MASKED_FIX if _nuance(endpoint) == "masked" else ""
        return partial(remedy.certificates.sent_again, case, next(iter(case.chains), None), words)
    return None


def _who(endpoint: Endpoint) -> str:
    """The address, or the name where there is none."""
    return endpoint.name if endpoint.address else f"{endpoint.host}:{endpoint.port}"


# -- several addresses --------------------------------------------------------------------------------------------


def _agreement(case: Case) -> Iterator[Observation]:
    """Mail goes to any of the addresses: what one of them lacks fails for a part of the mail."""
    endpoints = case.evidence.endpoints
    chains: dict[str, list[str]] = {}
    for endpoint in endpoints:
        if endpoint.chain:
            chains.setdefault(endpoint.chain, []).append(_who(endpoint))
    if len(chains) > 1:
        yield _different(case, chains, "")
    else:
        for to_whom, answers in differing(endpoints):
            yield _different(case, answers, f" {to_whom}")
    without = [endpoint for endpoint in endpoints if endpoint.trouble]
    if not chains or not without:
        return
    # An address that could not be asked says nothing about itself; one that answered and could not do TLS does.
    failing = [_who(endpoint) for endpoint in without if endpoint.trouble in ("no-starttls", "handshake-failed")]
    unasked = [_who(endpoint) for endpoint in without if endpoint.trouble in ("unreachable", "deferred")]
    working = _listed([who for group in chains.values() for who in group])
    if failing:
        yield rules.NODES_DIFFER.observed(
            f"TLS works at {working} and fails at {_listed(failing)}.",
            "failing",
            fix=partial(remedy.certificates.sent_again, case, case.chains[0]),
            evidence={"failing": failing},
        )
    if unasked:
        yield rules.NODES_DIFFER.observed(
            f"TLS works at {working}; whether it does at {_listed(unasked)} could not be seen.",
            "unreached",
            fix=_UNREACHED_FIX,
            evidence={"unreached": unasked},
        )


def _different(case: Case, chains: dict[str, list[str]], to_whom: str) -> Observation:
    """Of several chains, whether the leaf differs or only what was sent beside it; ``to_whom`` is "" for everybody."""
    leaves = {chain: case.chain(chain).leaf_certificate for chain in chains}
    shown = {
        chain: f"{_listed(who)} with {leaves[chain].parsed.label} (SHA-256 {leaves[chain].sha256[:16]}..., "
        f"{len(case.chain(chain).certificates)} sent)"
        for chain, who in chains.items()
    }
    same_leaf = len(set(leaves.values())) == 1
    what = "the same certificate with different ones beside it" if same_leaf else "different certificates"
    return rules.NODES_DIFFER.observed(
        f"The addresses present {what}{to_whom}: {'; '.join(shown.values())}.",
        fix=partial(remedy.certificates.sent_again, case, case.chain(next(iter(chains)))),
        evidence={"chains": chains},
    )


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


# -- direction ----------------------------------------------------------------------------------------------------


def _direction(case: Case) -> Iterator[Observation]:
    """An inbound connector is matched on what the gateway presents as TLS client, which no probe can see."""
    if case.evidence.target.kind != "host" or case.options.same_certificate:
        return
    for connector in case.tenant.connectors:
        if connector.direction == "inbound":
            yield rules.DIRECTION.observed(
                f"The probe shows the certificate {case.evidence.target.name} presents as server; the inbound "
                f'connector "{connector.name}" is matched on the one it presents as client when it sends, which may be '
                "another.",
                connector=connector,
            )
