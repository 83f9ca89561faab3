"""Reports made by hand, one of each kind, for the tests of every output format."""

from datetime import UTC, datetime

from certready.model import Endpoint, StoreInfo, Target
from certready.model.report import (
    CertificateInfo,
    ChainResult,
    ConnectorResult,
    Finding,
    Report,
    RevocationResult,
    Severity,
)

AT = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
LEAF, ISSUER, ROOT = "1f" * 32, "2e" * 32, "3d" * 32
PASS, WARN, UNKNOWN, FAIL = Severity.PASS, Severity.WARN, Severity.UNKNOWN, Severity.FAIL
CHAIN_SOURCE = "Microsoft Learn, Set up connectors for secure mail flow"


def finding(rule, severity, message, **more):
    """A finding that ``--strict`` counts, unless said otherwise."""
    return Finding(**{"rule": rule, "severity": severity, "counted": True, "message": message, **more})


def certificates(*names):
    """A leaf with these names, its issuer and its root."""
    return (
        CertificateInfo(
            LEAF,
            "5f" * 20,
            f"CN={names[0]}",
            "CN=Contoso Issuing CA,O=Contoso Trust",
            "4a1f",
            datetime(2026, 9, 1, tzinfo=UTC),
            datetime(2026, 11, 30, 9, 0, tzinfo=UTC),
            "RSA 2048",
            names,
            "leaf",
            "sent",
        ),
        CertificateInfo(
            ISSUER,
            "6e" * 20,
            "CN=Contoso Issuing CA,O=Contoso Trust",
            "CN=Contoso Root,O=Contoso Trust",
            "0b",
            datetime(2020, 1, 1, tzinfo=UTC),
            datetime(2030, 1, 1, tzinfo=UTC),
            "RSA 4096",
            ("Contoso Issuing CA",),
            "intermediate",
            "sent",
        ),
        CertificateInfo(
            ROOT,
            "7d" * 20,
            "CN=Contoso Root,O=Contoso Trust",
            "CN=Contoso Root,O=Contoso Trust",
            "1",
            datetime(2015, 1, 1, tzinfo=UTC),
            datetime(2035, 1, 1, tzinfo=UTC),
            "RSA 4096",
            ("Contoso Root",),
            "root",
            "store",
        ),
    )


def report(verdict, **more):
    """A report on a file with one complete chain, as of ``AT``."""
    defaults = {
        "certready": "1.0.0",
        "evaluated_at": AT,
        "gathered_at": AT,
        "target": Target("file", "mail.contoso.com.pem"),
        "trust": StoreInfo("microsoft", "2026-10-27", 400),
        "verdict": verdict,
        "chains": (ChainResult("c1", "pem", "rsa", None, (LEAF, ISSUER), (LEAF, ISSUER, ROOT), verdict),),
        "certificates": certificates("mail.contoso.com", "smtp.contoso.com"),
    }
    return Report(**{**defaults, **more})


def ready():
    """Ready for one inbound connector, with a warning."""
    return report(
        "ready",
        connectors=(
            ConnectorResult(
                "From gateway", "inbound", None, "ready", "*.contoso.com", "mail.contoso.com", "wildcard-value"
            ),
        ),
        revocation=(
            RevocationResult(
                LEAF, "ocsp", "network", "http://ocsp.contoso-trust.example/", "good", AT, AT, None, None, 41
            ),
        ),
        findings=(
            finding("bundle.key-present", PASS, "The file holds the private key of the certificate."),
            finding("chain.trusted", PASS, "The chain ends at Contoso Root, which Microsoft trusts.", chain="c1"),
            finding(
                "expiry.soon",
                WARN,
                "The certificate expires in 9 days, on 2026-11-30.",
                fix="Renew it now.",
                certificate=LEAF,
                evidence={"not_after": "2026-11-30", "days": 9},
            ),
            finding(
                "names.connector-match",
                PASS,
                "The name mail.contoso.com satisfies *.contoso.com.",
                fix="Nothing.",
                connector="From gateway",
            ),
        ),
    )


def not_ready():
    """Not ready: incomplete and expired, with an unknown, a warning and a pass beside it."""
    return report(
        "not-ready",
        chains=(ChainResult("c1", "pem", "rsa", None, (LEAF,), (LEAF,), "not-ready"),),
        certificates=certificates("mail.contoso.com")[:1],
        evaluated_at=datetime(2026, 12, 2, 9, 0, tzinfo=UTC),
        connectors=(
            ConnectorResult("From gateway", "inbound", None, "not-ready", "contoso.com", None, "none"),
            ConnectorResult("Old gateway", "inbound", None, "not-applicable", "old.contoso.com", None, "none"),
        ),
        findings=(
            finding("bundle.key-missing", PASS, "The file holds no private key; none is needed to judge it."),
            finding(
                "chain.incomplete",
                FAIL,
                "The issuer Contoso Issuing CA is not in the file, and Exchange Online does not fetch it.",
                fix="Append the certificate at http://ca.contoso-trust.example/issuing.cer to the file.",
                reference=CHAIN_SOURCE,
                certificate=LEAF,
                chain="c1",
                evidence={"missing": "CN=Contoso Issuing CA", "aia": ["http://ca.contoso-trust.example/issuing.cer"]},
            ),
            finding(
                "expiry.expired",
                FAIL,
                "The certificate expired on 2026-11-30, 2 days ago.",
                fix="Renew the certificate.",
                certificate=LEAF,
            ),
            finding(
                "names.accepted-domains-unknown",
                UNKNOWN,
                "It is not known which domains the tenant accepts.",
                fix="Give them with --accepted-domain or --tenant.",
                connector="From gateway",
            ),
            finding(
                "chain.other-store", WARN, "The chain was judged by another store than Microsoft's.", counted=False
            ),
        ),
    )


def cannot_tell():
    """Cannot tell: a probe of three addresses, one of them silent, one without a revocation answer."""
    return report(
        "cannot-tell",
        target=Target("host", "gw.contoso.com:25"),
        gathered_at=datetime(2026, 11, 20, 9, 0, tzinfo=UTC),
        connectors=(
            ConnectorResult(
                "To gateway",
                "outbound",
                "domain-validation",
                "cannot-tell",
                "mail.contoso.com",
                "mail.contoso.com",
                "exact",
            ),
        ),
        chains=(
            ChainResult("c1", "tls", "rsa", "gw.contoso.com", (LEAF, ISSUER), (LEAF, ISSUER, ROOT), "cannot-tell"),
        ),
        endpoints=(
            Endpoint(
                "gw.contoso.com",
                "192.0.2.1",
                25,
                "c1",
                "TLSv1.3",
                "TLS_AES_256_GCM_SHA384",
                b"\x30\x00",
                "done",
                "220 2.0.0 Ready to start TLS",
            ),
            Endpoint(
                "gw.contoso.com",
                "2001:db8::1",
                25,
                stage="starttls",
                reply="454-4.7.0 TLS not available\r\n454 4.7.0 try again",
                error="The server put STARTTLS off.",
                trouble="deferred",
            ),
        ),
        revocation=(
            RevocationResult(
                LEAF,
                "ocsp",
                "network",
                "http://ocsp.contoso-trust.example/",
                "unreachable",
                elapsed_ms=10000,
                detail="No answer within 10 seconds.",
            ),
            RevocationResult(
                ISSUER,
                "crl",
                "cache",
                "http://crl.contoso-trust.example/root.crl",
                "revoked",
                AT,
                datetime(2026, 12, 1, tzinfo=UTC),
                datetime(2026, 11, 1, tzinfo=UTC),
                "keyCompromise",
                3,
                "The CRL lists it.",
            ),
        ),
        findings=(
            finding(
                "tls.established",
                PASS,
                "192.0.2.1:25 agreed on TLSv1.3.",
                endpoint="192.0.2.1:25",
                chain="c1",
            ),
            finding(
                "tls.deferred",
                UNKNOWN,
                "[2001:db8::1]:25 put STARTTLS off: 454 4.7.0 TLS not available.",
                fix="Try again later.",
                endpoint="[2001:db8::1]:25",
            ),
            finding(
                "revocation.unreachable",
                UNKNOWN,
                "The OCSP responder of mail.contoso.com did not answer.",
                fix="Let this machine reach http://ocsp.contoso-trust.example/ and run again.",
                certificate=LEAF,
            ),
        ),
    )


def two_connectors():
    """Not ready for one of two connectors, and a finding on which they agree."""
    return report(
        "not-ready",
        connectors=(
            ConnectorResult(
                "From gateway", "inbound", None, "ready", "*.contoso.com", "mail.contoso.com", "wildcard-value"
            ),
            ConnectorResult("To gateway", "outbound", "domain-validation", "not-ready", "mx.contoso.com", None, "none"),
        ),
        findings=(
            finding("chain.trusted", PASS, "The chain ends at Contoso Root, which Microsoft trusts.", chain="c1"),
            finding(
                "names.connector-match",
                PASS,
                "The name mail.contoso.com satisfies *.contoso.com.",
                connector="From gateway",
            ),
            finding(
                "names.connector-mismatch",
                FAIL,
                "No name of the certificate satisfies mx.contoso.com.",
                fix="Add mx.contoso.com to the certificate, or set TlsDomain to mail.contoso.com.",
                connector="To gateway",
            ),
        ),
    )


def hostile():
    """A certificate whose names attack the terminal, the encoding and the reader."""
    names = (
        "evil\x1b[2J\x1b]0;owned\x07.example",
        "a\u202egpj.exe",
        "lone\ud800surrogate",
        "line\r\nbreak",
        "\u5b57.example",
    )
    return report(
        "not-ready",
        target=Target("file", "b\x9b31mad\u2028.pem"),
        certificates=certificates(*names),
        connectors=(ConnectorResult("C\x1b[31m", "inbound", None, "not-ready", "\x00", names[0], "none"),),
        findings=(
            finding(
                "names.connector-mismatch",
                FAIL,
                f"No name satisfies it: {', '.join(names)}.",
                fix=f"Do not trust {names[0]}.",
                reference="\x1b[0m",
                evidence={"names": names, "\x1bkey": b"\x00", "at": AT, "odd": {1: {"x"}}, "many": float("inf")},
            ),
        ),
    )
