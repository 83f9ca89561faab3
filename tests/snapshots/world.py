"""One small company before and during its troubles: its certificates, its gateway and its tenant, at a fixed moment.

Keys and signatures are new in every run; names, serials, dates and addresses are not.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.serialization import BestAvailableEncryption
from cryptography.hazmat.primitives.serialization.pkcs12 import serialize_key_and_certificates
from msgspec.structs import replace

import certready
from certready import AcceptedDomain, Bundle, Certificate, Connector, Evidence, Options, Supplied
from certready.demo.pki import DAY, SERVER, Authority, Issued
from certready.model import Chain, Endpoint, Exchange, Limits, Root, Target
from tests.outside import Store, Web

AT = datetime(2026, 11, 21, 9, tzinfo=UTC)
PKI = "http://pki.contoso-trust.example"
PASSWORD = b"correct horse"


@dataclass(frozen=True)
class Trust:
    """The CA that Microsoft trusts, its issuing CA, and what they issued."""

    root: Authority
    issuing: Authority
    good: Issued
    renewed: Issued
    revoked: Issued
    expired: Issued
    stranger: Issued
    modest: Issued
    private: Issued
    forged: Issued

    @property
    def store(self) -> Store:
        return Store((Root(Certificate(self.root.der), limits=Limits()),))

    @property
    def web(self) -> Web:
        gone = [(self.revoked.x509.serial_number, AT - 3 * DAY, None)]
        return Web({
            f"{PKI}/root.crl": self.root.crl(),
            f"{PKI}/issuing.crl": self.issuing.crl(gone),
            f"{PKI}/issuing.cer": self.issuing.der,
        })  # fmt: skip


@cache
def trust() -> Trust:
    """The CA and its certificates, made once."""
    root = Authority.root("Contoso Trust Root", moment=AT, serial=0x1001, crl_url=f"{PKI}/root.crl")
    issuing = root.intermediate(
        "Contoso Trust Issuing CA",
        serial=0x2001,
        crl_url=f"{PKI}/issuing.crl",
        aia_url=f"{PKI}/issuing.cer",
    )
    names = ("mail.contoso.com", "smtp.contoso.com")
    own = Authority.root("Contoso Private Root", moment=AT, serial=0x1002)
    stranger = issuing.issue("mail.fabrikam.com", key="rsa", serial=0x3005)
    return Trust(
        root,
        issuing,
        good=issuing.issue(*names, key="rsa", serial=0x3001),
        renewed=issuing.issue("smtp.contoso.com", serial=0x3002, age=0, days=60, ekus=(SERVER,)),
        revoked=issuing.issue(*names, key="rsa", serial=0x3003),
        expired=issuing.issue(*names, key="rsa", serial=0x3004, age=100, days=90),
        stranger=stranger,
        modest=issuing.issue("mail.contoso.com", common_name="mail.contoso.com", san=(), serial=0x3006, days=10),
        private=own.issue(*names, serial=0x3007),
        forged=Authority(stranger.x509, stranger.key, stranger.issuer, moment=AT).issue(*names, serial=0x3008),
    )


INBOUND = Connector("From gateway", "inbound", "*.contoso.com")
OUTBOUND = Connector("To gateway", "outbound", "mail.contoso.com", "domain-validation")

# What a tenant with some history exports.
EXPORT: dict[str, list[dict[str, Any]]] = {
    "InboundConnectors": [
        {"Name": "From gateway", "Enabled": True, "ConnectorType": "OnPremises", "SenderDomains": ["smtp:*;1"],
         "RequireTls": True, "TlsSenderCertificateName": "*.contoso.com"},
        {"Name": "From old gateway", "Enabled": False, "ConnectorType": "OnPremises", "SenderDomains": ["smtp:*;1"],
         "RequireTls": True, "TlsSenderCertificateName": "old.contoso.com"},
        {"Name": "From branch", "Enabled": True, "ConnectorType": "OnPremises", "SenderDomains": ["smtp:*;1"],
         "RequireTls": False, "TlsSenderCertificateName": "mail.branch.example"},
        {"Name": "By address", "Enabled": True, "ConnectorType": "OnPremises", "SenderDomains": ["smtp:*;1"],
         "SenderIPAddresses": ["192.0.2.0/24"]},
        {"Name": "From partner", "Enabled": True, "ConnectorType": "Partner", "SenderDomains": ["smtp:fabrikam.com;1"],
         "RequireTls": True, "RestrictDomainsToCertificate": True, "TlsSenderCertificateName": "mail.fabrikam.com"},
    ],
    "OutboundConnectors": [
        {"Name": "To gateway", "Enabled": True, "ConnectorType": "OnPremises", "UseMXRecord": False,
         "RecipientDomains": ["*"], "SmartHosts": ["gw.contoso.com"], "TlsSettings": "DomainValidation",
         "TlsDomain": "mail.contoso.com"},
        {"Name": "To branch", "Enabled": True, "ConnectorType": "OnPremises", "UseMXRecord": False,
         "RecipientDomains": ["branch.example"], "SmartHosts": ["contoso-com.mail.protection.outlook.com"],
         "TlsSettings": "EncryptionOnly", "TlsDomain": "mail.branch.example"},
    ],
    "AcceptedDomains": [
        {"DomainName": "contoso.com", "Default": True},
        {"DomainName": "contoso.onmicrosoft.com", "InitialDomain": True},
    ],
}  # fmt: skip

Case = Callable[[], Evidence]


def gathered(bundle: Bundle, connector: Sequence[Connector] = (INBOUND,), **more: Any) -> Evidence:
    """The evidence on this bundle, with the CA's servers answering, unless ``more`` says otherwise."""
    return certready.gather(
        bundle,
        connector,
        **{"now": AT, "roots": trust().store, "fetcher": trust().web, "accepted_domains": ["contoso.com"], **more},
    )


def pem(*issued: Issued, name: str = "gateway.pem", key: Issued | None = None) -> Bundle:
    """A PEM file of these certificates, with a private key where one is given."""
    data = b"".join(one.pem for one in issued) + (key.key_pem if key else b"")
    return certready.load(data, name=name)


def probed(*endpoints: Endpoint, chains: tuple[Chain, ...] = ()) -> Bundle:
    return Bundle(Target("host", "gw.contoso.com:25"), chains, endpoints)


def _chain(name: str, *issued: Issued) -> Chain:
    return Chain(name, "tls", tuple(Certificate(one.der) for one in issued), sni="gw.contoso.com")


def _node(address: str, chain: str | None = None, **more: Any) -> Endpoint:
    done = {"tls_version": "TLSv1.3", "cipher": "TLS_AES_256_GCM_SHA384", "stage": "done", "reply": "220 2.0.0 Ready"}
    return Endpoint("gw.contoso.com", address, 25, chain, **{**(done if chain else {}), "elapsed_ms": 80, **more})


def _nodes() -> Evidence:
    """One node with the good certificate, one still with the revoked one, one that puts us off, one unreachable."""
    made = trust()
    chains = (_chain("c1", made.good, made.issuing), _chain("c2", made.revoked, made.issuing))
    endpoints = (
        _node("192.0.2.1", "c1"),
        _node("192.0.2.2", "c2", tls_version="TLSv1.2", cipher="ECDHE-RSA-AES256-GCM-SHA384"),
        _node("192.0.2.3", trouble="deferred", stage="banner", reply="421 4.7.0 Try again later",
              error="The server put us off: 421 4.7.0 Try again later."),
        _node("2001:db8::1", trouble="unreachable", stage="connect", error="No route to the host."),
    )  # fmt: skip
    bundle = probed(*endpoints, chains=chains)
    return gathered(bundle, (INBOUND, OUTBOUND), options=Options(role="both", hostname="gw.contoso.com"))


def _listened() -> Evidence:
    made = trust()
    chain = Chain("c1", "tls", (Certificate(made.good.der), Certificate(made.issuing.der)))
    endpoint = _node("192.0.2.9", "c1", reply=None)
    bundle = Bundle(Target("listen", "0.0.0.0:25"), (chain,), (replace(endpoint, host="gw.contoso.com"),))
    heard = (Exchange("", "220 certready"), Exchange("EHLO", "250 STARTTLS"), Exchange("STARTTLS", "220 Ready"),
             Exchange("EHLO", "250"), Exchange("MAIL", "250 OK"))  # fmt: skip
    return replace(gathered(bundle), dialogue=heard)


def _rehearsed() -> Evidence:
    made = trust()
    loaded = pem(made.stranger, made.issuing, key=made.stranger)
    host = Endpoint("contoso-com.mail.protection.outlook.com", "198.51.100.7", 25, None, "TLSv1.3",
                    "TLS_AES_256_GCM_SHA384", stage="done", reply="220 2.0.0 SMTP server ready", asks_certificate=True)  # fmt: skip
    bundle = replace(loaded, target=Target("rehearse", "gateway.pem"), endpoints=(host,))
    refusal = "550 5.7.64 TenantAttribution; Relay Access Denied [example.prod.outlook.com]"
    talk = (Exchange("EHLO gw.contoso.com", "250 example.prod.outlook.com"), Exchange("MAIL FROM:<>", "250 2.1.0 OK"),
            Exchange("RCPT TO:<user@example.org>", refusal))  # fmt: skip
    return replace(gathered(bundle), dialogue=talk)


def _pfx() -> Evidence:
    made = trust()
    data = serialize_key_and_certificates(
        b"mail", made.good.key, made.good.x509, [made.issuing.x509], BestAvailableEncryption(PASSWORD)
    )  # type: ignore[arg-type]
    return gathered(certready.load(data, name="gateway.pfx", password=PASSWORD))


def _tenant(leaf: Issued) -> Evidence:
    tenant = certready.load_tenant(json.dumps(EXPORT).encode())
    return gathered(pem(leaf, trust().issuing, key=leaf), tenant.connectors,
                    accepted_domains=tenant.accepted_domains, named=False)  # fmt: skip


def _made(leaf: str, **more: Any) -> Case:
    """The usual file of the leaf of this name, its issuer and its key."""

    def make() -> Evidence:
        issued: Issued = getattr(trust(), leaf)
        return gathered(pem(issued, trust().issuing, key=issued), **more)

    return make


THREE = (INBOUND, replace(INBOUND, name="From mail", value="mail.contoso.com"), OUTBOUND,
         Connector("To branch", "outbound", level="certificate-validation"),
         Connector("Encrypted", "outbound", level="encryption-only"))  # fmt: skip

CASES: dict[str, Case] = {
    "ready": _made("good"),
    "ready-for-several": _made("good", connector=THREE, accepted_domains=[AcceptedDomain("contoso.com"), "mail.contoso.com"]),
    "certificate-only": _made("good", connector=(), options=Options(certificate_only=True)),
    "no-connector": _made("good", connector=()),
    "accepted-domains-unknown": _made("good", accepted_domains=None),
    "revoked": _made("revoked"),
    "expired": _made("expired"),
    "wrong-name": _made("stranger", connector=(INBOUND, OUTBOUND)),
    "incomplete": lambda: gathered(pem(trust().good, key=trust().good)),
    "incomplete-and-unfetched": lambda: gathered(pem(trust().good, key=trust().good), fetcher=Web()),
    "invalid": lambda: gathered(pem(trust().forged, trust().stranger, trust().issuing, key=trust().forged)),
    "one-der": lambda: gathered(certready.load(trust().good.der, name="gateway.cer")),
    "private-ca": lambda: gathered(pem(trust().private, key=trust().private), (INBOUND, OUTBOUND), fetcher=Web()),
    "warnings": _made("modest", options=Options(hostname="gw.contoso.com", strict=True)),
    "unanswered": _made("good", fetcher=Web(), connector=(INBOUND, THREE[-1])),
    "revocation-off": _made("good", options=Options(revocation="off")),
    "wrong-order": lambda: gathered(pem(trust().root, trust().issuing, trust().good, key=trust().stranger)),
    "supplied": lambda: gathered(
        pem(trust().good, trust().issuing),
        fetcher=None,
        supplied=Supplied(crls=(trust().issuing.crl(), trust().root.crl())),
    ),
    "pfx": _pfx,
    "tenant": lambda: _tenant(trust().good),
    "tenant-without-a-match": lambda: _tenant(trust().private),
    "probe-of-nodes": _nodes,
    "listen": _listened,
    "rehearse": _rehearsed,
}  # fmt: skip


def write_files(folder: Path) -> None:
    """The files that commands name: certificates, the tenant's export and the evidence of every case."""
    made = trust()
    for name in ("good", "renewed", "revoked", "stranger"):
        issued: Issued = getattr(made, name)
        (folder / f"{name}.pem").write_bytes(issued.pem + made.issuing.pem + issued.key_pem)
    (folder / "leaf.pem").write_bytes(made.good.pem)
    (folder / "root.pem").write_bytes(made.root.pem)
    (folder / "text.txt").write_text("Dear administrator, here is your certificate.\n", "utf-8")
    (folder / "tenant.json").write_text(json.dumps(EXPORT), "utf-8")
    for name, case in CASES.items():
        (folder / f"{name}.evidence").write_bytes(certready.dump_evidence(case()))
