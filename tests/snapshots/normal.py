"""What differs from run to run, named: certificates are made on the fly, so their digests are new each time.

A digest becomes ``<sha256-1>``, the same one the same name throughout a text, in the order in which they are first
read; everything else stays as it was printed.
"""

from __future__ import annotations

import re

from certready import __version__

_DIGEST = re.compile(
    r"\b(?P<full>[0-9a-fA-F]{64}|[0-9a-fA-F]{40})\b|(?<!\.)\b(?P<start>[0-9a-f]{16})\b"
    r"|\b(?P<pairs>[0-9A-F]{2}(?::[0-9A-F]{2}){19}(?:(?::[0-9A-F]{2}){12})?)\b"
)
_CERTIFICATE = re.compile(r"-----BEGIN (CERTIFICATE|X509 CRL)-----.*?-----END \1-----", re.DOTALL)
_VERSION = re.compile(rf'(certready(?:": "| +|/)){re.escape(__version__)}\b')
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def normal(text: str) -> str:
    """The text as it is kept: without colours, digests named, and the version of certready left out."""
    seen: dict[str, str] = {}

    def named(match: re.Match[str]) -> str:
        digits = (match["full"] or match["start"] or match["pairs"]).replace(":", "")
        kind = "sha1" if len(digits) == 40 else "sha256"
        # A shortened digest is known by what is left of it.
        same_kind = sum(one.startswith(kind) for one in seen.values())
        name = seen.setdefault(digits[:16].lower(), f"{kind}-{same_kind + 1}")
        name = name.upper() if digits.isupper() else name
        return f"<{name} in pairs>" if match["pairs"] else f"<{name}>"

    text = _COLOUR.sub("", text.replace("\r\n", "\n"))
    text = _CERTIFICATE.sub(r"<\1 in PEM>", text)
    return _VERSION.sub(r"\1<version>", _DIGEST.sub(named, text))
