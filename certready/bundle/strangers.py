"""Files that are no certificate, recognised so that the message can say what they are."""

from __future__ import annotations

import re

from certready.errors import InputError

_GIVE = "Give the certificate as PEM, DER, PFX or P7B."


class StrangerError(InputError):
    """A file in which no certificate was found. ``may_hold`` says that it may hold some all the same, in a form that
    certready does not open: a keystore, an archive."""

    def __init__(self, message: str, *, hint: str | None, may_hold: bool = False) -> None:
        super().__init__(message, hint=hint)
        self.may_hold = may_hold


# First bytes, what that is, what to do.
_MAGIC = (
    (
        b"\xfe\xed\xfe\xed",
        "a Java keystore (JKS)",
        "Convert it: keytool -importkeystore -srckeystore FILE -destkeystore keystore.p12 -deststoretype PKCS12.",
    ),
    (
        b"\xce\xce\xce\xce",
        "a Java keystore (JCEKS)",
        "Convert it: keytool -importkeystore -srckeystore FILE -destkeystore keystore.p12 -deststoretype PKCS12.",
    ),
    (
        b"\0\0\0\0CERT",
        "a Microsoft serialized certificate store (SST)",
        "Export the certificate as PFX, or as P7B with all certificates in its path.",
    ),
    (b"PK\x03\x04", "a ZIP archive", "Unpack it and give the certificate files inside."),
    (b"\x1f\x8b", "a gzip archive", "Unpack it and give the certificate files inside."),
    (b"%PDF", "a PDF document", _GIVE),
    (b"PuTTY-User-Key", "an SSH key (PuTTY)", _GIVE),
    (b"ssh-", "an SSH key", _GIVE),
    (b"ecdsa-sha2-", "an SSH key", _GIVE),
)
_OFFICE = (b"[Content_Types].xml", b"mimetype")  # the first name in the archive that such a document is
_MAY_HOLD = ("a Java keystore", "a Microsoft serialized", "a ZIP", "a gzip")
_HTML = re.compile(r"<(?:!doctype\s|html|head|body)", re.IGNORECASE)


def is_known(data: bytes) -> bool:
    """Whether the first bytes show a known format that holds no certificate."""
    return any(data.startswith(magic) for magic, _, _ in _MAGIC)


def refused(data: bytes, text: str | None, place: str) -> StrangerError:
    """The error for a file without anything that certready reads: what it is, and what to do. ``text`` is the file
    as text, None where it is binary."""
    if data.startswith(b"PK") and data[30:].startswith(_OFFICE):
        return StrangerError(f"{place} is an office document, not a certificate.", hint=_GIVE)
    for magic, words, hint in _MAGIC:
        if data.startswith(magic):
            typed = f'"{place}"' if " " in place else place
            return StrangerError(
                f"{place} is {words}, not a certificate.",
                hint=hint.replace("FILE", typed),
                may_hold=words.startswith(_MAY_HOLD),
            )
    if text is None:
        return StrangerError(f"{place} is binary data in no format that certready knows.", hint=_GIVE)
    if not text.strip():
        return StrangerError(f"{place} is empty but for white space.", hint="Export or copy the certificate again.")
    if _HTML.search(text[:4096]):
        return StrangerError(
            f"{place} is an HTML page without a certificate in it.",
            hint="A log-in or error page was probably saved in place of the file: download the certificate again.",
        )
    return StrangerError(f"{place} is text without a certificate in it.", hint=_GIVE)
