"""certomancer as CA, CRL publisher, OCSP responder by delegation and issuer server, asked over HTTP and judged.

Its responder knows POST alone, so every OCSP question here is refused by GET first.
"""

from __future__ import annotations

import base64
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest

from certready import bundle
from certready.demo.pki import DAY, Authority, now
from certready.gathering import check
from certready.model import Options
from certready.model.report import Report
from certready.net.http.fetcher import HttpFetcher
from certready.roots.stores import load as load_roots

pytestmark = pytest.mark.live

NAMES = ("root", "interm", "responder", "impostor", "good", "revoked", "astray", "pss")


def extension(kind: str, value: object = None, *, smart: tuple[str, object] | None = None) -> dict[str, object]:
    """An extension as certomancer's configuration has it, by value or by one of its plug-ins."""
    critical = {"id": kind, "critical": kind in ("basic_constraints", "key_usage")}
    return (
        {**critical, "smart-value": {"schema": smart[0], "params": smart[1]}} if smart else {**critical, "value": value}
    )


def usage(*bits: str) -> dict[str, object]:
    return extension("key_usage", smart=("key-usage", list(bits)))


def certificate(issuer: str, *extensions: dict[str, object], **others: object) -> dict[str, object]:
    validity = {"valid-from": (now() - 30 * DAY).isoformat(), "valid-to": (now() + 300 * DAY).isoformat()}
    return {"issuer": issuer, "validity": validity, "extensions": list(extensions), **others}


def leaf(*responders: str, crls: tuple[str, ...] = ("interm",), **others: object) -> dict[str, object]:
    """A leaf of the issuing CA that points to these responders and lists."""
    access = {"ocsp-responder-names": list(responders), "ca-issuer-links": [{"repo": "interm"}]}
    pointers = [extension("crl_distribution_points", smart=("crl-dist-url", {"crl-repo-names": list(crls)}))]
    name = {"type": "dns_name", "value": "mail.contoso.com"}
    return certificate(
        "interm",
        usage("digital_signature"),
        extension("extended_key_usage", ["server_auth", "client_auth"]),
        extension("subject_alt_name", smart=("general-names", [name])),
        extension("authority_information_access", smart=("aia-urls", access)),
        *(pointers if crls else []),
        **others,
    )


def architecture() -> dict[str, object]:
    """A root, an issuing CA with two responders (one was never appointed), and leaves in different states."""
    ca = [extension("basic_constraints", {"ca": True}), usage("key_cert_sign", "crl_sign")]
    listed = extension("crl_distribution_points", smart=("crl-dist-url", {"crl-repo-names": ["root"]}))
    signs, nocheck = extension("extended_key_usage", ["ocsp_signing"]), extension("ocsp_no_check", None)
    revocation = {"revoked-since": (now() - 2 * DAY).isoformat(), "reason": "key_compromise"}
    return {
        "keyset": "main",
        "entities": {name: {"common-name": f"Certomancer {name}"} for name in NAMES},
        "certs": {
            "root": certificate("root", *ca),
            "interm": certificate("root", *ca, listed),
            "responder": certificate("interm", usage("digital_signature"), signs, nocheck),
            "impostor": certificate("interm", usage("digital_signature")),
            "good": leaf("responder"),
            "revoked": leaf("responder", revocation=revocation),
            "astray": leaf("impostor", crls=()),
            "pss": leaf("pss", crls=()),
        },
        "services": {
            "ocsp": {
                "responder": {"for-issuer": "interm", "responder-cert": "responder"},
                "impostor": {"for-issuer": "interm", "responder-cert": "impostor"},
                "pss": {"for-issuer": "interm", "responder-cert": "responder", "signature-algo": "rsassa_pss"},
            },
            "crl-repo": {
                "root": {"for-issuer": "root", "signing-key": "root", "simulated-update-schedule": "P30D"},
                "interm": {"for-issuer": "interm", "signing-key": "interm", "simulated-update-schedule": "P7D"},
            },
            "cert-repo": {"interm": {"for-issuer": "interm"}},
        },
    }


@dataclass
class Summoned:
    """A running certomancer: its certificates in PEM by name, and what it was asked and said."""

    directory: Path
    pem: dict[str, bytes] = field(default_factory=dict)
    hits: list[tuple[str, str, str]] = field(default_factory=list)

    def judged(self, name: str, *, chain: tuple[str, ...] = ("interm",)) -> Report:
        """The report on this leaf with these certificates beside it, everything asked over HTTP."""
        return check(
            bundle.load(b"".join(self.pem[one] for one in (name, *chain))),
            now=datetime.now(UTC).replace(microsecond=0),
            roots=load_roots(str(self.directory / "root.pem")),
            fetcher=HttpFetcher(allow_private=True),
            options=Options(certificate_only=True),
        )


@pytest.fixture
def summoned(tmp_path: Path) -> Iterator[Summoned]:
    """certomancer behind a server on 127.0.0.1."""
    registry = pytest.importorskip("certomancer.registry", reason="certomancer is not installed")
    animator = pytest.importorskip(
        "certomancer.integrations.animator", reason="certomancer is installed without its web-api extra"
    )
    state = Summoned(tmp_path)
    served: list[Any] = []

    class Quiet(WSGIRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

    def app(environ: dict[str, Any], start_response: Any) -> Any:
        def counted(status: str, *rest: Any) -> Any:
            path = environ["PATH_INFO"].removeprefix("/arch/")
            state.hits.append((environ["REQUEST_METHOD"], "/".join(path.split("/")[:2]), status[:3]))
            return start_response(status, *rest)

        return served[0](environ, counted)

    with make_server("127.0.0.1", 0, app, handler_class=Quiet) as server:
        served.append(summon(state, registry, animator, f"http://127.0.0.1:{server.server_port}"))
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield state
        server.shutdown()
        thread.join()


def summon(state: Summoned, registry: ModuleType, animator: ModuleType, url: str) -> Any:
    """The WSGI application, its keys and certificates made for the occasion."""
    for name in NAMES:
        (state.directory / f"{name}.key").write_bytes(Authority.root(key="rsa").key_pem)
    keys = {name: {"path": f"{name}.key"} for name in NAMES}
    config = registry.CertomancerConfig(
        {
            "external-url-prefix": url,
            "keysets": {"main": {"path-prefix": ".", "keys": keys}},
            "pki-architectures": {"arch": architecture()},
        },
        key_search_dir=str(state.directory),
    )
    made = config.get_pki_arch("arch")
    for name in NAMES:
        text = base64.encodebytes(made.get_cert(name).dump())
        state.pem[name] = b"-----BEGIN CERTIFICATE-----\n" + text + b"-----END CERTIFICATE-----\n"
    (state.directory / "root.pem").write_bytes(state.pem["root"])
    # Left to itself it dates OCSP answers to the microsecond, which RFC 6960, 4.2.1 does not allow.
    moment = datetime.now(UTC).replace(microsecond=0)
    return animator.Animator(animator.AnimatorArchStore(config.pki_archs), at_time=moment, with_web_ui=False)


def statuses(report: Report) -> list[tuple[str, str]]:
    return [(one.method, one.status) for one in report.revocation]


def test_good(summoned: Summoned) -> None:
    """Answers of an appointed responder, a list of the issuing CA and one of the root all say good; OCSP goes by POST
    because GET is refused, and everything else is asked once."""
    report = summoned.judged("good")
    assert ("ready", [("ocsp", "good"), ("crl", "good"), ("crl", "good")]) == (report.verdict, statuses(report))
    assert [
        ("GET", "crls/interm", "200"),
        ("GET", "crls/root", "200"),
        ("GET", "ocsp/responder", "404"),
        ("POST", "ocsp/responder", "200"),
    ] == sorted(summoned.hits)


def test_revoked(summoned: Summoned) -> None:
    """Responder and list say revoked, with one date and reason."""
    report = summoned.judged("revoked")
    assert ("not-ready", [("ocsp", "revoked"), ("crl", "revoked")]) == (report.verdict, statuses(report)[:2])
    assert {"keyCompromise"} == {one.reason for one in report.revocation[:2]}
    assert 1 == len({one.revoked_at for one in report.revocation[:2]})


def test_a_responder_that_was_not_appointed(summoned: Summoned) -> None:
    """An answer by a certificate of the same CA that may not sign OCSP answers is invalid, and proves nothing."""
    report = summoned.judged("astray")
    assert ("cannot-tell", ("ocsp", "invalid")) == (report.verdict, statuses(report)[0])
    assert "does not allow OCSP signing" in report.revocation[0].detail


def test_pss(summoned: Summoned) -> None:
    """An answer signed with RSASSA-PSS counts."""
    assert ("ocsp", "good") == statuses(summoned.judged("pss"))[0]


def test_missing_issuer(summoned: Summoned) -> None:
    """The issuer left out of the file is fetched where the leaf says it is, names what is missing, and lets revocation
    be judged; the chain stays incomplete as sent."""
    report = summoned.judged("good", chain=())
    assert "chain.incomplete" in {finding.rule for finding in report.findings}
    assert ("GET", "certs/interm", "200") in summoned.hits
    assert ("ocsp", "good") == statuses(report)[0]
