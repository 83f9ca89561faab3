"""From the findings of a report to remedies: one table, keyed by rule id. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from msgspec.structs import replace

from certready.case import Case
from certready.exchange import Accepted, cmdlets, is_partners
from certready.exchange.clouds import WORLDWIDE, cloud_of
from certready.exchange.matching import parent, parse_value
from certready.exchange.powershell import quote
from certready.model import Connector, Evidence
from certready.model.report import Finding, Report, Severity
from certready.remedy import connectors, exchange, gateways
from certready.remedy.dotnet import thumbprint
from certready.remedy.model import Build, Remedy, Situation, fitting_value, host_of
from certready.remedy.request import request, wanted_names
from certready.wording import listed


def remedies(report: Report, evidence: Evidence) -> tuple[Remedy, ...]:
    """What fixes the report's failures, unknowns and warnings, worst first, each remedy once.

    A finding without an entry in the table gives its own ``fix`` as a remedy without lines, where it has one.
    """
    case = Case(evidence)
    answered: dict[Remedy, list[str]] = {}
    for finding in report.findings:
        if finding.severity is Severity.PASS:
            continue
        for remedy in _for_finding(case, finding):
            answered.setdefault(remedy, []).append(finding.rule)
    return tuple(replace(remedy, rules=tuple(dict.fromkeys(rules))) for remedy, rules in answered.items())


def rules_with_a_remedy() -> frozenset[str]:
    """The rule ids that have lines of their own."""
    return frozenset(_BUILDERS)


def _for_finding(case: Case, finding: Finding) -> Iterator[Remedy]:
    build = _BUILDERS.get(finding.rule)
    made = tuple(build(_situation(case, finding), finding)) if build else ()
    if made:
        yield from made
    elif finding.fix:
        yield Remedy(finding.fix, "exchange-online" if finding.rule.startswith("connector.") else "ca")


def _situation(case: Case, finding: Finding) -> Situation:
    """The chain and connectors this finding is about: its own where it names them, else the first and all judged."""
    chain = next((one for one in case.chains if one.id == finding.chain), next(iter(case.chains), None))
    judged = case.selection.judged or case.tenant.connectors
    own = tuple(one for one in judged if finding.is_about(one.name, one.direction))
    found = case.judgement(chain) if chain else None
    sent = set(chain.certificates) if chain else set()
    lacking = tuple(one for one in (found.repaired or () if found else ()) if one not in sent)
    return Situation(
        leaf=chain.leaf_certificate if chain else None,
        chain=chain.certificates if chain else (),
        connectors=own or judged,
        accepted_domains=case.tenant.accepted_domains,
        hostname=case.options.hostname,
        missing=lacking[:-1] if lacking and lacking[-1].parsed.self_issued else lacking,
        cloud=cloud_of(domain.name for domain in case.tenant.accepted_domains or ()) or WORLDWIDE,
    )


# -- the certificate ----------------------------------------------------------------------------------------------


def _new_certificate(situation: Situation, finding: Finding) -> Iterator[Remedy]:
    yield request(_names(situation), *([finding.fix] if finding.fix else []))
    yield from _installed(situation)


def _names(situation: Situation) -> tuple[str, ...]:
    """The names of a new certificate; what a partner's connector asks for is the partner's and in nobody else's."""
    accepted = Accepted(situation.accepted_domains or ())
    mine = (connector for connector in situation.connectors if not is_partners(connector, accepted))
    values = [connector.value for connector in mine if connector.value]
    return wanted_names(situation.leaf.parsed.names if situation.leaf else (), values, situation.hostname)


def _installed(situation: Situation, finding: Finding | None = None) -> Iterator[Remedy]:
    """The certificate into every kind of gateway. The lines for Exchange name the certificate that was judged: for a
    new one they are to be taken again (certready check NEW --remedies)."""
    server = any(connector.direction == "outbound" for connector in situation.connectors)
    value = next(
        (connector.value for connector in situation.connectors if connector.direction == "inbound" and connector.value),
        None,
    )
    yield from gateways.install(value or fitting_value(situation) or exchange.NAME_UNKNOWN, server=server)
    if situation.leaf and finding is not None:
        yield exchange.bind_certificate(situation.leaf, situation.cloud)
        yield exchange.new_send_connector(host_of(situation), situation.cloud)


def _chain(situation: Situation, finding: Finding) -> Iterator[Remedy]:
    yield gateways.chain_file()
    yield exchange.import_intermediates(situation.missing)
    yield from _installed(situation, finding)


def _key_mismatch(situation: Situation, _: Finding) -> Iterator[Remedy]:
    lines = (
        "openssl x509 -in leaf.pem -noout -pubkey | openssl sha256",
        "openssl pkey -in key.pem -pubout | openssl sha256",
    )
    yield Remedy("Find the key that belongs to the certificate: both lines must print the same.", "ca", lines)
    yield request(_names(situation), "Where the key is lost.")


def _pfx(algorithm: str, title: str) -> Build:
    def build(situation: Situation, _: Finding) -> Iterator[Remedy]:
        mark = thumbprint(situation.leaf) if situation.leaf else cmdlets.THUMBPRINT
        yield Remedy(title, "exchange-server", (cmdlets.export_pfx(algorithm, mark),))

    return build


def _revocation(situation: Situation, _: Finding) -> Iterator[Remedy]:
    urls = (
        *(situation.leaf.parsed.crl_urls if situation.leaf else ()),
        *(situation.leaf.parsed.ocsp_urls if situation.leaf else ()),
    )
    note = f"Let the checking host reach these addresses over http: {listed(urls)}." if urls else ""
    lines = (f"certutil -verify -urlfetch {quote('<path>/gateway.cer')}",)
    yield Remedy(
        "See from Windows which revocation address does not answer.",
        "exchange-server",
        lines,
        tuple(filter(None, (note,))),
    )


def _staple(situation: Situation, _: Finding) -> Iterator[Remedy]:
    yield gateways.stapling()
    yield request(_names(situation), "Where the gateway cannot staple: without the must-staple feature.")


# -- names and accepted domains -----------------------------------------------------------------------------------


def _mismatch(situation: Situation, finding: Finding) -> Iterator[Remedy]:
    """Another value. A finding about a whole tenant is about its nearest inbound connector, never an outbound one."""
    other = fitting_value(situation)
    near = finding.evidence.get("nearest")
    accepted = Accepted(situation.accepted_domains or ())
    for connector in situation.connectors:
        own = finding.connector is not None or connector.source != "tenant"
        theirs = is_partners(connector, accepted)
        if other and not theirs and (own or (connector.direction == "inbound" and connector.name == near)):
            yield exchange.set_connector_value(connector, other)
    yield request(_names(situation), "Or keep the connector as it is and have its name put into the certificate.")


def _not_accepted(situation: Situation, _: Finding) -> Iterator[Remedy]:
    accepted = {domain.name for domain in situation.accepted_domains or ()}
    for connector in situation.connectors:
        domain = _domain(connector)
        if domain is None or connector.direction != "inbound":
            continue
        if parent(domain) in accepted and connector.value == domain:
            yield exchange.set_connector_value(connector, f"*.{parent(domain)}")
        yield exchange.register_domain(domain, situation.cloud)


def _no_connector(situation: Situation, _: Finding) -> Iterator[Remedy]:
    value = fitting_value(situation) or exchange.NAME_UNKNOWN
    yield exchange.new_inbound(value)
    yield exchange.new_outbound(value, host_of(situation))


def _export(_situation: Situation, _finding: Finding) -> Iterator[Remedy]:
    yield exchange.export_tenant()


def _domain(connector: Connector) -> str | None:
    try:
        return parse_value(connector.value).domain if connector.value else None
    except ValueError:
        return None


# -- the table ----------------------------------------------------------------------------------------------------


def _refused(situation: Situation, finding: Finding) -> Iterator[Remedy]:
    """Which connector asks for what, and the certificate into the gateway."""
    lines = (cmdlets.show_inbound(), "Get-AcceptedDomain")
    yield Remedy("See which connector should have matched.", "exchange-online", lines)
    yield from _installed(situation, finding)


def _smart_host_name(situation: Situation, _finding: Finding) -> Iterator[Remedy]:
    yield exchange.send_to_smart_host(situation.cloud)


def _tls_versions(_situation: Situation, _finding: Finding) -> Iterable[Remedy]:
    return gateways.modern_tls()


_RENEW = (
    *("chain.untrusted-root", "chain.self-signed", "chain.invalid", "chain.weak-signature", "chain.root-restricted"),
    *("chain.strict-clients-refuse", "expiry.expired", "expiry.soon", "expiry.issuer-first"),
    *("expiry.lifetime-too-long", "revocation.revoked", "revocation.not-checkable", "names.hostname-mismatch"),
    *("names.common-name-only", "names.many-names", "usage.server-auth-missing", "usage.key-usage"),
    *("key.weak", "key.not-rsa"),
)
_SEND_AGAIN = (
    *("chain.incomplete", "bundle.order", "bundle.root-included", "bundle.unrelated-certificate"),
    *("bundle.irregular-pem", "bundle.several-leaves", "tls.nodes-differ", "tls.no-starttls", "tls.handshake-failed"),
)
_ASK_AGAIN = ("revocation.unreachable", "revocation.stale", "revocation.invalid", "revocation.unknown")

_BUILDERS: Mapping[str, Build] = {
    **dict.fromkeys(_RENEW, _new_certificate),
    **dict.fromkeys(_SEND_AGAIN, _chain),
    **dict.fromkeys(_ASK_AGAIN, _revocation),
    "bundle.key-mismatch": _key_mismatch,
    "bundle.key-missing": _pfx("AES256_SHA256", "Export the PFX again, with its private key."),
    "bundle.legacy-encryption": _pfx("AES256_SHA256", "Export the PFX again with AES-256."),
    "bundle.modern-encryption": _pfx("TripleDES_SHA1", "Export the PFX again for old Windows."),
    "revocation.staple-missing": _staple,
    "usage.client-auth-missing": _installed,
    "tls.old-version": _tls_versions,
    "tls.no-client-certificate": _installed,
    "rehearse.refused": _refused,
    "rehearse.smart-host": _smart_host_name,
    "names.connector-mismatch": _mismatch,
    "names.connector-match-uncertain": _mismatch,
    "names.domain-not-accepted": _not_accepted,
    "names.domain-acceptance-uncertain": _not_accepted,
    "names.accepted-domains-unknown": _export,
    "names.no-connector": _no_connector,
    **connectors.BUILDERS,
}
