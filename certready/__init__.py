"""certready: will Exchange Online accept this certificate for this connector?

The public names. They are imported when first used, so that ``import certready`` costs nothing::

    from datetime import UTC, datetime
    from pathlib import Path

    import certready

    report = certready.check(
        certready.load(Path("gateway.pfx").read_bytes(), password=secret),
        certready.Connector("From gateway", "inbound", value="*.contoso.com"),
        accepted_domains=["contoso.com"],
        now=datetime.now(UTC),
        roots=certready.load_roots("microsoft"),
        fetcher=certready.HttpFetcher(),
    )
    print(report.verdict, [finding.message for finding in report.findings])

Nothing here prints, exits, or reads the clock.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from certready._version import __version__

if TYPE_CHECKING:
    from certready.bundle import load, load_files
    from certready.cache import CachingFetcher
    from certready.certificate import Certificate
    from certready.errors import CertreadyError
    from certready.evidence import dump as dump_evidence
    from certready.evidence import load as load_evidence
    from certready.judging import judge
    from certready.model import AcceptedDomain, Bundle, Connector, Evidence, Fetcher, Options, RootStore, Tenant
    from certready.net.http import HttpFetcher
    from certready.net.tls import fetch
    from certready.pipeline import Supplied, check, gather
    from certready.report import Finding, Report, Severity
    from certready.stores import load as load_roots
    from certready.tenant.load import load as load_tenant

__all__ = [
    "AcceptedDomain",
    "Bundle",
    "CachingFetcher",
    "Certificate",
    "CertreadyError",
    "Connector",
    "Evidence",
    "Fetcher",
    "Finding",
    "HttpFetcher",
    "Options",
    "Report",
    "RootStore",
    "Severity",
    "Supplied",
    "Tenant",
    "__version__",
    "check",
    "dump_evidence",
    "fetch",
    "gather",
    "judge",
    "load",
    "load_evidence",
    "load_files",
    "load_roots",
    "load_tenant",
]

_PLACES = {
    "AcceptedDomain": "model:AcceptedDomain",
    "Bundle": "model:Bundle",
    "CachingFetcher": "cache:CachingFetcher",
    "Certificate": "certificate:Certificate",
    "CertreadyError": "errors:CertreadyError",
    "Connector": "model:Connector",
    "Evidence": "model:Evidence",
    "Fetcher": "model:Fetcher",
    "Finding": "report:Finding",
    "HttpFetcher": "net.http:HttpFetcher",
    "Options": "model:Options",
    "Report": "report:Report",
    "RootStore": "model:RootStore",
    "Severity": "report:Severity",
    "Supplied": "pipeline:Supplied",
    "Tenant": "model:Tenant",
    "check": "pipeline:check",
    "dump_evidence": "evidence:dump",
    "fetch": "net.tls:fetch",
    "gather": "pipeline:gather",
    "judge": "judging:judge",
    "load": "bundle:load",
    "load_evidence": "evidence:load",
    "load_files": "bundle:load_files",
    "load_roots": "stores:load",
    "load_tenant": "tenant.load:load",
}


def __getattr__(name: str) -> object:
    if name not in _PLACES:
        raise AttributeError(f"module 'certready' has no attribute {name!r}")
    module, _, attribute = _PLACES[name].partition(":")
    return getattr(import_module(f"certready.{module}"), attribute)


def __dir__() -> list[str]:
    return sorted(__all__)
