"""Whether the MTA-STS policy of a mail domain covers its MX hosts and their certificates."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from msgspec import Struct

from certready.case import Case
from certready.checks import roots
from certready.checks.promises import said
from certready.checks.starttls import offers_none, without_tls
from certready.exchange.clouds import is_exchange_online
from certready.exchange.matching import covers
from certready.model import Chain, Endpoint, MtaSts
from certready.rules import mta_sts as rules
from certready.rules.model import NotApplicable, Observation
from certready.wording import listed
from certready.x509.certificate import ANY_EKU, SERVER_AUTH
from certready.x509.unreadable import Unreadable

if TYPE_CHECKING:
    from certready.mta_sts import Policy

_CACHED = "Senders that know an older policy go by that until its max_age ends; others as if there were none."


def check_mta_sts(case: Case) -> Iterator[Observation | NotApplicable]:
    """The record, the policy, and each MX host under it."""
    asked = case.evidence.mta_sts
    if asked is None:
        yield NotApplicable("MTA-STS is judged where --mta-sts asks for it")
        return
    from certready.mta_sts import read_policy, read_record

    record = read_record(asked.texts)
    policy = read_policy(asked.body, asked.media_type) if asked.body is not None else None
    where = f"_mta-sts.{asked.domain}"
    if asked.texts_error:
        message = f"Whether {asked.domain} has an MTA-STS policy is unknown: {asked.texts_error}"
        yield from said(case, "mta-sts", rules.POLICY_UNREACHABLE, message, "dns")
    elif record.trouble:
        yield from said(case, "mta-sts", rules.RECORD_INVALID, f"At {where} {record.trouble}. {_CACHED}")
    elif record.identity is None:
        yield from _absent(case, asked, policy)
    elif policy is None:
        message = f"The policy at {asked.url} cannot be fetched: {asked.error or 'nothing came.'} {_CACHED}"
        yield from said(case, "mta-sts", rules.POLICY_UNREACHABLE, message)
    elif isinstance(policy, str):
        message = f"The policy at {asked.url} cannot be followed: {policy}. {_CACHED}"
        yield from said(case, "mta-sts", rules.POLICY_INVALID, message)
    else:
        yield from _followed(case, asked, policy)


def _absent(case: Case, asked: MtaSts, policy: Policy | str | None) -> Iterator[Observation]:
    message = f"{asked.domain} has no MTA-STS record at _mta-sts.{asked.domain}."
    if policy is None or isinstance(policy, str) or policy.mode == "none":
        yield from said(case, "mta-sts", rules.ABSENT, message)
        return
    still = f"{message} {asked.url} still serves a policy of mode {policy.mode}, which senders may have kept."
    yield from said(case, "mta-sts", rules.ABSENT, still, "served")


def _followed(case: Case, asked: MtaSts, policy: Policy) -> Iterator[Observation]:
    """A policy that senders follow, host by host."""
    if policy.mode == "none":
        message = f"The policy of {asked.domain} is of mode none: senders go on as if there were none."
        yield from said(case, "mta-sts", rules.ABSENT, message)
        return
    if policy.mode == "testing":
        message = (
            f"The policy of {asked.domain} is of mode testing: what fails is reported, and delivered all the same."
        )
        yield from said(case, "mta-sts", rules.TESTING, message)
    if asked.hosts_error:
        message = f"Which hosts the mail of {asked.domain} goes to is unknown: {asked.hosts_error}"
        yield from said(case, "mta-sts", rules.POLICY_UNREACHABLE, message, "dns")
    elif not asked.hosts:
        message = f"{asked.domain} takes no mail: its policy covers no host."
        yield from said(case, "mta-sts", rules.COVERS, message)
    from certready.mta_sts import covered

    failing = "testing" if policy.mode == "testing" else ""
    named: list[str] = []
    for host in asked.hosts:
        if covered(host, policy.patterns):
            named.append(host)
            continue
        message = f"The MX host {host} is none of those that the policy names: {listed(policy.patterns)}."
        fix = f"Add this line to the policy, and give the TXT record a new id then:\n  mx: {host}"
        yield from said(case, "mta-sts", rules.MX_MISMATCH, message, failing, fix=fix)
    if case.evidence.endpoints:
        for host in named:
            yield from _presented(case, host, failing)
    elif named:
        yield from _file(case, named, failing)


def _presented(case: Case, host: str, failing: str) -> Iterator[Observation]:
    """What a host that the policy names presents at each of its addresses."""
    endpoints = [endpoint for endpoint in case.evidence.endpoints if endpoint.host == host]
    if not endpoints and is_exchange_online(host):
        message = f"The policy names {host}, which is Exchange Online's own and is not probed."
        yield from said(case, "mta-sts", rules.COVERS, message)
        return
    for endpoint in endpoints:
        if endpoint.trouble in ("no-starttls", "handshake-failed"):
            variant = failing if offers_none(endpoint) else "unclear"
            message = f"The policy demands TLS of {host}, and {without_tls(endpoint)}"
            yield from said(case, "mta-sts", rules.NO_TLS, message, variant, endpoint=endpoint)
    chains = [chain for chain in case.chains if chain.id not in case.unnamed_chains]
    chains = [chain for chain in chains if any(chain.id in endpoint.chain_ids for endpoint in endpoints)]
    if not chains and all(endpoint.trouble not in ("no-starttls", "handshake-failed") for endpoint in endpoints):
        message = f"The policy names {host}, and no certificate of it was seen."
        yield from said(case, "mta-sts", rules.CERTIFICATE, message, "unclear", fix="Probe again where it is reached.")
    for chain in chains:
        presenting = [endpoint for endpoint in endpoints if chain.id in endpoint.chain_ids]
        yield from _judged(case, chain, host, failing, presenting)


def _file(case: Case, hosts: list[str], failing: str) -> Iterator[Observation]:
    """A file is for those of the hosts that it names; for which else it is meant nobody says."""
    for chain in case.chains:
        names = chain.leaf_certificate.parsed.names
        own = [host for host in hosts if covers(names, host)]
        for host in own or hosts[:1]:
            yield from _judged(case, chain, host, failing, [])


class _Fault(Struct, frozen=True):
    """What keeps a certificate from meeting a policy: the variant of the rule, and a clause."""

    variant: str
    why: str


def _judged(case: Case, chain: Chain, host: str, failing: str, endpoints: list[Endpoint]) -> Iterator[Observation]:
    """One certificate under one name: SAN, dates, use, and a root that is trusted for servers (RFC 8461, 4.2)."""
    label = chain.leaf_certificate.parsed.label
    at = f" at {listed([endpoint.address for endpoint in endpoints])}" if endpoints else ""
    faults = list(_faults(case, chain, host, failing))
    order = [failing, "unclear", "cn"]
    if not faults:
        message = f"The policy covers {host}{at} and its certificate {label}."
        yield from said(case, "mta-sts", rules.COVERS, message, chain=chain)
        return
    worst = min((fault.variant for fault in faults), key=order.index)
    reasons = "; ".join(fault.why for fault in faults if fault.variant == worst)
    message = f"{host}{at}: {label} does not meet the policy: {reasons}."
    yield from said(case, "mta-sts", rules.CERTIFICATE, message, worst, chain=chain)


def _faults(case: Case, chain: Chain, host: str, failing: str) -> Iterator[_Fault]:
    yield from _untrusted(case, chain, failing)
    for certificate in case.judgement(chain).path:
        parsed = certificate.parsed
        if parsed.dates_unreadable:
            yield _Fault("unclear", f"the dates of {parsed.label} cannot be read")
        elif case.evaluated_at > parsed.not_after:
            yield _Fault(failing, f"{parsed.label} expired on {parsed.not_after:%Y-%m-%d}")
        elif case.evaluated_at < parsed.not_before:
            yield _Fault(failing, f"{parsed.label} is not valid before {parsed.not_before:%Y-%m-%d}")
    yield from _misnamed(chain, host, failing)


def _untrusted(case: Case, chain: Chain, failing: str) -> Iterator[_Fault]:
    """Why the chain, or the leaf's use, is not one of a TLS server under a trusted root."""
    judgement, usages = case.judgement(chain), chain.leaf_certificate.parsed.ekus
    limited = roots.restriction(case, chain, judgement) if judgement.outcome == "trusted" else None
    if judgement.outcome in ("unreadable", "too-complex"):
        yield _Fault("unclear", "whether its chain leads to a trusted root cannot be told")
    elif judgement.outcome != "trusted":
        yield _Fault(failing, f"its chain leads to no trusted root ({judgement.outcome})")
    elif limited and limited.variant == "unclear":
        yield _Fault("unclear", "whether its root is trusted for TLS servers cannot be told")
    elif limited:
        yield _Fault(failing, "its root is not trusted for TLS servers")
    if isinstance(usages, Unreadable):
        yield _Fault("unclear", f"its extended key usage cannot be read ({usages.reason})")
    elif usages is not None and SERVER_AUTH not in usages and ANY_EKU not in usages:
        yield _Fault(failing, "its extended key usage lacks serverAuth")


def _misnamed(chain: Chain, host: str, failing: str) -> Iterator[_Fault]:
    """Why the names do not cover the host: the alternative names count, the CN at Exchange Online perhaps."""
    leaf = chain.leaf_certificate.parsed
    if covers(leaf.dns_names, host):
        return
    if leaf.names_unreadable:
        yield _Fault("unclear", f"its names cannot be read ({leaf.names_unreadable})")
    elif covers(leaf.common_names, host):
        yield _Fault("cn", f"{host} stands in its CN alone, and the standard looks at the alternative names")
    else:
        yield _Fault(failing, f"it names {listed(leaf.names) or 'nobody'}, not {host}")
