"""Remedies about the certificate itself: a new one, its chain, its key, and how it gets into each kind of gateway.

What a report says comes first; the lines of the script are neither made nor imported unless they are wanted.
``words`` is what to do in this very case, "" where the rule's own words say it. What is typed goes into the script
alone: which kind of gateway it is only its administrator knows.
"""

from __future__ import annotations

from collections.abc import Iterator

from certready.case import Case
from certready.exchange import cmdlets, is_partners
from certready.exchange.clouds import WORLDWIDE, Cloud
from certready.exchange.matching import a_label, registrable
from certready.model import Chain, Connector
from certready.model.remedy import SCRIPT, Remedy
from certready.remedy.connectors import fitting
from certready.x509.certificate import Certificate


def renewed(case: Case, chain: Chain | None, words: str = "") -> Iterator[Remedy]:
    """A new certificate: the request for it, and the lines that install it."""
    yield Remedy(words, "ca")
    yield SCRIPT
    from certready.remedy import gateways

    yield _request(case, chain)
    yield from gateways.install(_value(case, chain), server=_as_server(case))


def sent_again(case: Case, chain: Chain | None, words: str = "") -> Iterator[Remedy]:
    """The right files in the right order, in every kind of gateway, bound to this very certificate."""
    yield Remedy(words, "ca")
    yield SCRIPT
    from certready.remedy import exchange, gateways

    yield gateways.chain_file()
    yield exchange.import_intermediates(_missing(case, chain))
    yield from presented(case, chain, words=None)


def presented(case: Case, chain: Chain | None, words: str | None = "") -> Iterator[Remedy]:
    """The certificate into every kind of gateway. The lines for Exchange Server name the certificate that was judged:
    for a new one they are to be taken again (certready check NEW --remedies)."""
    if words is not None:
        yield Remedy(words)
    yield SCRIPT
    from certready.remedy import exchange, gateways

    yield from gateways.install(_value(case, chain), server=_as_server(case))
    if chain:
        cloud = cloud_of_tenant(case)
        yield exchange.bind_certificate(chain.leaf_certificate, cloud)
        yield exchange.new_send_connector(gateway_host(case, chain), cloud)


def cloud_of_tenant(case: Case) -> Cloud:
    """The cloud that the accepted domains give away; where none are known, the one of nearly all."""
    return case.accepted.cloud if case.accepted else WORLDWIDE


def not_recognised(case: Case, words: str = "") -> Iterator[Remedy]:
    """What the tenant asks for, to compare, and the certificate into the gateway."""
    yield Remedy(words)
    yield SCRIPT
    lines = (cmdlets.show_inbound(), cmdlets.show_accepted())
    yield Remedy("See which connector should have matched.", "exchange-online", lines, script_only=True)
    yield from presented(case, next(iter(case.chains), None), words=None)


def keyed(case: Case, chain: Chain) -> Iterator[Remedy]:
    """The key that belongs to the certificate, or a new certificate."""
    yield Remedy("", "ca")
    yield SCRIPT
    from certready.remedy import gateways

    yield gateways.key_comparison()
    yield _request(case, chain)


def exported_again(chain: Chain, algorithm: str) -> Iterator[Remedy]:
    """The PFX once more, protected by this algorithm."""
    yield Remedy("", "exchange-server")
    yield SCRIPT
    from certready.remedy import exchange

    yield exchange.export_again(chain.leaf_certificate, algorithm)


def asked_again(case: Case, words: str = "") -> Iterator[Remedy]:
    """Revocation seen from Windows."""
    yield Remedy(words)
    yield SCRIPT
    from certready.remedy import exchange

    leaf = next((chain.leaf_certificate.parsed for chain in case.chains), None)
    yield exchange.revocation_from_windows((*leaf.crl_urls, *leaf.ocsp_urls) if leaf else ())


def stapled(case: Case, chain: Chain) -> Iterator[Remedy]:
    """A stapled answer, or a certificate that demands none."""
    yield Remedy("")
    yield SCRIPT
    from certready.remedy import gateways

    yield gateways.stapling()
    yield _request(case, chain, "Where the gateway cannot staple, request one without the must-staple feature.")


def modern_tls() -> Iterator[Remedy]:
    """TLS 1.2 and newer."""
    yield Remedy("")
    yield SCRIPT
    from certready.remedy import gateways

    yield from gateways.modern_tls()


def right_smart_host(case: Case) -> Iterator[Remedy]:
    """Exchange Server sends to the name in the MX record."""
    yield Remedy("")
    yield SCRIPT
    from certready.remedy import exchange

    yield exchange.send_to_smart_host(cloud_of_tenant(case))


def gateway_host(case: Case, chain: Chain | None) -> str:
    """The gateway's host name: the one given, else the first name of the leaf that is a host of some domain."""
    names = chain.leaf_certificate.parsed.names if chain else ()
    hosts = (name for name in map(a_label, names) if name and registrable(name))
    return case.options.hostname or next(hosts, cmdlets.GATEWAY)


def _connectors(case: Case) -> tuple[Connector, ...]:
    return case.selection.judged or case.tenant.connectors


def _as_server(case: Case) -> bool:
    """Whether outbound connectors, which see the gateway's server side, are judged."""
    return any(connector.direction == "outbound" for connector in _connectors(case))


def _value(case: Case, chain: Chain | None) -> str:
    """What the inbound connector asks for, or would have to."""
    asked = (connector.value for connector in _connectors(case) if connector.direction == "inbound" and connector.value)
    names = chain.leaf_certificate.parsed.names if chain else ()
    return next(asked, None) or fitting(names, case.accepted)


def _request(case: Case, chain: Chain | None, title: str = "Request a new certificate.") -> Remedy:
    """For the names that are wanted; what a partner's connector asks for is the partner's and in nobody else's."""
    from certready.remedy.request import request, wanted_names

    names = chain.leaf_certificate.parsed.names if chain else ()
    mine = (connector.value for connector in _connectors(case) if not is_partners(connector, case.accepted))
    return request(wanted_names(names, (value for value in mine if value), case.options.hostname), title)


def _missing(case: Case, chain: Chain | None) -> tuple[Certificate, ...]:
    """The intermediates of the repaired chain that were not sent."""
    if chain is None:
        return ()
    lacking = tuple(
        certificate for certificate in case.judgement(chain).repaired or () if certificate not in chain.certificates
    )
    return lacking[:-1] if lacking and lacking[-1].parsed.self_issued else lacking
