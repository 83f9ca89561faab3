"""What the cases are made of: a CA that is trusted, its answers about revocation, and ways to hand a certificate in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from msgspec.structs import replace

import certready
from certready import Bundle, Certificate, Evidence, Options
from certready.demo.pki import Authority, Issued
from certready.model import Chain, Endpoint, Exchange, Root, Target
from tests.outside import Store, Web
from tests.weights.case import Checked

AT = datetime(2026, 11, 21, 9, tzinfo=UTC)
CRL, OCSP, ROOT_CRL = (f"http://pki.example/{name}" for name in ("issuing.crl", "ocsp", "root.crl"))

ROOT = Authority.root("Trusted Root", moment=AT, crl_url=ROOT_CRL)
CA = ROOT.intermediate("Issuing CA", crl_url=CRL)
LEAF = CA.issue("mail.contoso.com")
OTHER = CA.issue("mail.contoso.com")
STORE = Store((Root(Certificate(ROOT.der)),))
PAGES = {CRL: CA.crl(), ROOT_CRL: ROOT.crl()}
SETTINGS: dict[str, Any] = {"now": AT, "roots": STORE, "fetcher": Web(PAGES), "accepted_domains": ["contoso.com"]}
DONE: dict[str, Any] = {
    "tls_version": "TLSv1.3",
    "cipher": "TLS_AES_256_GCM_SHA384",
    "stage": "done",
    "reply": "220 go",
}
FAILED: dict[str, Any] = {"error": "It says why."}


def checked(bundle: Bundle, *, options: Mapping[str, Any] | None = None, **more: Any) -> Checked:
    """The bundle under a connector of each kind and, without one, with ``--certificate-only`` unless ``options`` say
    otherwise; ``more`` are fields of ``Checked`` or arguments of ``certready.check``."""
    fields = {name: more.pop(name) for name in ("tried", "beside", "seen") if name in more}
    chosen = Options(**{"certificate_only": True, **(options or {})})
    return Checked(bundle, {**SETTINGS, **more}, chosen, **fields)


def pem(*issued: Issued | bytes) -> Bundle:
    """A PEM file of these, in this order; bytes stand there as they are."""
    parts = [one if isinstance(one, bytes) else one.pem for one in issued]
    return certready.load(b"".join(parts), name="gateway.pem")


def file(leaf: Issued = LEAF, *issuers: Issued) -> Bundle:
    """The usual file: the leaf, its issuers up to the root and without it, and the private key."""
    return pem(leaf, *(issuers or leaf.chain[1:]), leaf.key_pem)


def sent(*issued: Issued | bytes, name: str = "c1") -> Chain:
    """A chain as a server sends it."""
    return Chain(name, "tls", tuple(Certificate(one if isinstance(one, bytes) else one.der) for one in issued))


def node(address: str = "192.0.2.1", chain: str | None = "c1", **more: Any) -> Endpoint:
    """An address of the gateway that speaks TLS 1.3 with this chain, or fails where ``more`` says how."""
    usual = FAILED if "trouble" in more else DONE
    return Endpoint("gw.contoso.com", address, 25, None if "trouble" in more else chain, **{**usual, **more})


def probed(*endpoints: Endpoint, chains: tuple[Chain, ...] = (), **more: Any) -> Checked:
    """A probe of these addresses; the gateway is known to present the same certificate as client."""
    bundle = Bundle(Target("host", "gw.contoso.com:25"), chains or (sent(LEAF, CA),), endpoints)
    return checked(bundle, options={"same_certificate": True, **more.pop("options", {})}, **more)


def dialogue(*turns: tuple[str, str], **more: Any) -> Callable[[Evidence], Evidence]:
    """Completes evidence by an SMTP dialogue: what was sent, what was answered."""
    return lambda evidence: replace(evidence, dialogue=tuple(Exchange(*turn) for turn in turns), **more)
