"""An inventory as plain JSON values: ``certready.contents/1`` (contract, "show, repair")."""

from __future__ import annotations

from certready._version import __version__
from certready.bundle.ciphers import Cipher
from certready.bundle.contents import Entry
from certready.model.plain import moment
from certready.remedy.dotnet import thumbprint, tls_certificate_name
from certready.show.contents import Container, Shown, unreadable
from certready.x509.certificate import Certificate
from certready.x509.unreadable import readable


def document(shown: Shown) -> dict[str, object]:
    """The inventory; certificates with the keys of a report's and those of ``show`` behind them."""
    return {
        "schema": "certready.contents/1",
        "certready": __version__,
        "containers": [_container(one) for one in shown.containers],
        "certificates": [certificate_dict(one) for one in shown.certificates],
    }


def certificate_dict(certificate: Certificate) -> dict[str, object]:
    """One certificate. What cannot be read of it is null or shorter, and ``unreadable`` says what and why."""
    parsed = certificate.parsed
    read = parsed.error is None
    dated = read and parsed.dates_unreadable is None
    usages = readable(parsed.ekus)
    root = read and parsed.is_ca and parsed.self_issued
    return {
        "sha256": certificate.sha256,
        "sha1": thumbprint(certificate).lower(),
        "subject": parsed.subject,
        "issuer": parsed.issuer,
        "serial": f"{parsed.serial:x}",
        "not_before": moment(parsed.not_before) if dated else None,
        "not_after": moment(parsed.not_after) if dated else None,
        "key": str(parsed.key),
        "names": list(parsed.names),
        "role": "root" if root else "intermediate" if parsed.is_ca else "leaf" if read else "unused",
        "origin": "sent",
        "thumbprint": thumbprint(certificate),
        "i_s": tls_certificate_name(certificate),
        "crl_urls": list(parsed.crl_urls),
        "ocsp_urls": list(parsed.ocsp_urls),
        "issuer_urls": list(parsed.ca_issuer_urls),
        "extended_key_usage": None if usages is None else list(usages),
        "unreadable": list(unreadable(parsed)),
    }


def _container(container: Container) -> dict[str, object]:
    return {
        "name": container.name,
        "kind": container.kind,
        "encryption": _protection(container.ciphers[0]) if container.ciphers else None,
        "algorithms": [_protection(cipher) for cipher in container.ciphers],
        "mac": _protection(container.mac) if container.mac else None,
        "entries": [_entry(entry) for entry in container.entries],
        "cannot_import": [
            {"system": one.system, "reason": one.reason, "confidence": one.confidence, "source": one.source}
            for one in container.cannot_import
        ],
        "remarks": list(container.remarks),
    }


def _protection(cipher: Cipher) -> dict[str, object]:
    return {"algorithm": cipher.name, "iterations": cipher.rounds}


def _entry(entry: Entry) -> dict[str, object]:
    return {
        "kind": entry.kind,
        "friendly_name": entry.friendly_name or None,
        "local_key_id": entry.local_key_id or None,
        "provider": entry.provider or None,
        "key_spec": entry.key_spec or None,
        "digest": entry.digest or None,
    }
