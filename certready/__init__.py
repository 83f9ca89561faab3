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

from certready._version import __version__

TYPE_CHECKING = False  # checkers of types know the name; typing itself would be most of what importing this costs
if TYPE_CHECKING:
    from certready.bundle import load, load_files
    from certready.cache import CachingFetcher
    from certready.errors import CertreadyError
    from certready.exchange.export.load import load as load_tenant
    from certready.exchange.planned import planned
    from certready.folders import load_folder
    from certready.gathering import Supplied, check, gather
    from certready.judging import judge
    from certready.model import AcceptedDomain, Bundle, Connector, Evidence, Fetcher, Options, RootStore, Tenant
    from certready.model.report import Finding, Report, Severity
    from certready.net.gateway import fetch
    from certready.net.http.fetcher import HttpFetcher
    from certready.redact import redact as redact_evidence
    from certready.replay import load as load_evidence
    from certready.roots.stores import load as load_roots
    from certready.serial import dump as dump_evidence
    from certready.x509.certificate import Certificate

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
    "load_folder",
    "load_roots",
    "load_tenant",
    "planned",
    "redact_evidence",
]

_PLACES = {
    "AcceptedDomain": "model:AcceptedDomain",
    "Bundle": "model:Bundle",
    "CachingFetcher": "cache:CachingFetcher",
    "Certificate": "x509.certificate:Certificate",
    "CertreadyError": "errors:CertreadyError",
    "Connector": "model:Connector",
    "Evidence": "model:Evidence",
    "Fetcher": "model:Fetcher",
    "Finding": "model.report:Finding",
    "HttpFetcher": "net.http.fetcher:HttpFetcher",
    "Options": "model:Options",
    "Report": "model.report:Report",
    "RootStore": "model:RootStore",
    "Severity": "model.report:Severity",
    "Supplied": "gathering:Supplied",
    "Tenant": "model:Tenant",
    "check": "gathering:check",
    "dump_evidence": "serial:dump",
    "fetch": "net.gateway:fetch",
    "gather": "gathering:gather",
    "judge": "judging:judge",
    "load": "bundle:load",
    "load_evidence": "replay:load",
    "load_files": "bundle:load_files",
    "load_folder": "folders:load_folder",
    "load_roots": "roots.stores:load",
    "load_tenant": "exchange.export.load:load",
    "planned": "exchange.planned:planned",
    "redact_evidence": "redact:redact",
}


def __getattr__(name: str) -> object:
    if name not in _PLACES:
        raise AttributeError(f"module 'certready' has no attribute {name!r}")
    from importlib import import_module

    module, _, attribute = _PLACES[name].partition(":")
    return getattr(import_module(f"certready.{module}"), attribute)


def __dir__() -> list[str]:
    return sorted(__all__)
