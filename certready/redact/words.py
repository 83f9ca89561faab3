"""Names and addresses, each replaced by the same stand-in wherever it occurs, alike in whatever a verdict looks at.

A domain keeps its labels' number, its relation to others, a wildcard, and what is nobody's: its top-level domain and
the domains of Microsoft's clouds. An address keeps its family and whether it is private.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from itertools import count
from pathlib import PurePosixPath
from urllib.parse import urlsplit

from certready.exchange.clouds import CLOUDS
from certready.exchange.domains import REGISTRY_LABELS, a_label

_MICROSOFT = tuple(
    dict.fromkeys(
        (
            *(name for cloud in CLOUDS for name in (cloud.suffix, cloud.certificate_name, cloud.initial_suffix)),
            *("mx.microsoft", "outlook.com", "office365.com", "office.com", "microsoft.com", "windows.net"),
        )
    )
)
_TOP_LEVEL = re.compile(r"com|net|org|info|biz|edu|gov|mil|int|eu|arpa|example|test|invalid|local|internal")
_ENDING = re.compile(r"pem|crt|cer|der|pfx|p12|p7b|p7c|key|csr|crl|json|toml|txt|log|zip|ocsp|jks|keystore")
# Labels that say what a host does and not whose it is: they are replaced, and not looked for in sentences.
_COMMON = re.compile(r"mail|smtp|mx|www|gateway|host|edge|relay|webmail|exchange|server|autodiscover|http|https")
SHORTEST = 4  # characters of a text that is looked for within others

_URL = r"(?P<url>(?:https?|ldaps?|ftp)://[^\s<>\"']+)"
_EMAIL = r"(?P<email>[\w.!#$%&'*+/=?^`{|}~-]+@[\w.-]+\w)"
_IP6 = r"(?P<ip6>(?<![\w:])(?:[0-9A-Fa-f]{0,4}:){2,7}[0-9A-Fa-f]{0,4}(?:/\d{1,3})?(?![\w:]))"
_IP4 = r"(?P<ip4>(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?:/\d{1,2})?(?![\w.]))"
_PATH = r"(?P<path>(?<![\w/])(?:[A-Za-z]:\\|\.{0,2}/)[^\s:;,'\"<>]+)"
_DOMAIN = r"(?P<domain>(?<![\w.-])(?:\*\.)?(?:[\w-]+\.)+(?:[^\W\d_]{2,}|xn--[\w-]+)(?![\w-]))"
_PATTERNS = f"{_URL}|{_EMAIL}|{_IP6}|{_IP4}|{_PATH}|{_DOMAIN}"


class Words:
    """The stand-ins of one piece of evidence, each made when its original is first met.

    ``known`` are the originals with their stand-ins; ``stand_ins`` are never replaced again.
    """

    def __init__(self) -> None:
        self.known: dict[str, str] = {}
        self.stand_ins: set[str] = set()
        self._labels: dict[str, str] = {}
        self._phrases: dict[str, str] = {}
        self._variants: dict[str, list[str]] = {}
        self._numbers = count(1)
        self._compiled: tuple[int, re.Pattern[str]] = (-1, re.compile(_PATTERNS))

    def _remember(self, original: str, stand_in: str) -> str:
        self.known.setdefault(original, stand_in)
        self.stand_ins.add(stand_in)
        return stand_in

    # -- domains --------------------------------------------------------------------------------------------------

    def domain(self, name: str) -> str:
        """A domain or host name; what stands before its first label (``*.``, ``.``) and a dot at its end stay."""
        if name in self.stand_ins or not name.strip("*."):
            return name
        start = re.match(r"(?:\*\.|\.)?", name)
        head = start[0] if start else ""
        body, dot = name[len(head) :].removesuffix("."), "." if name.endswith(".") else ""
        cloud = next((suffix for suffix in _MICROSOFT if f".{body}".lower().endswith(f".{suffix}")), "")
        own_part = body[: len(body) - len(cloud)].removesuffix(".") if cloud else body
        labels = own_part.split(".") if own_part else []
        changed = (*self._mapped(labels, fixed=bool(cloud)), *([cloud] if cloud else []))
        return self._remember(name, f"{head}{'.'.join(changed)}{dot}")

    def _mapped(self, labels: list[str], *, fixed: bool) -> list[str]:
        stays = 0
        if not fixed and labels:
            last = labels[-1].lower()
            stays = int(_TOP_LEVEL.fullmatch(last) is not None or (len(last) == 2 and len(labels) > 1))
            if len(last) == 2 and len(labels) > 1 and labels[-2].lower() in REGISTRY_LABELS:
                stays = 2
        changed = labels[: len(labels) - stays]
        return [*(self.label(label, joined=fixed) for label in changed), *labels[len(changed) :]]

    def label(self, text: str, *, joined: bool = False) -> str:
        """One label of a name; where Microsoft joins a domain's labels by hyphens (``joined``), those of the domain."""
        if text in self.stand_ins or text.startswith("_") or not text.strip("*") or text == "localhost":
            return text
        folded = (a_label(text) or text).lower()
        if joined and "-" in folded and folded not in self._labels:
            first, _, rest = folded.rpartition("-")
            if first in self._labels:
                return f"{self._labels[first]}-{rest}"
        if folded not in self._labels:
            self._labels[folded] = self._new_label(folded, text)
        stand_in = self._labels[folded]
        if not text.isascii():
            stand_in = stand_in.encode("ascii").decode("idna")
        if not _COMMON.fullmatch(folded):
            self.known.setdefault(text.lower().strip("*"), stand_in)
        self.stand_ins.add(stand_in)
        return stand_in

    def _new_label(self, folded: str, text: str) -> str:
        number = next(self._numbers)
        if folded.startswith("xn--") or not text.isascii():
            return f"n\u00e4me{number}".encode("idna").decode("ascii")
        return f"{'*' if '*' in text else ''}name{number}"

    # -- everything else ------------------------------------------------------------------------------------------

    def address(self, text: str) -> str:
        """An IP address or network; loopback and what is no address stay."""
        try:
            network = ipaddress.ip_network(text, strict=False)
        except ValueError:
            return text
        if text in self.known or text in self.stand_ins:
            return self.known.get(text, text)
        first = network.network_address
        if first.is_loopback or first.is_unspecified:
            return text
        number = next(self._numbers)
        private = first.is_private
        if first.version == 4:
            base = "10.0" if private else "198.51" if number < 1 << 16 else "203.0"
            stand_in = f"{base}.{number >> 8 & 255}.{number & 255}"
        else:
            stand_in = f"{'fd00' if private else '2001:db8'}::{number:x}"
        _, slash, bits = text.partition("/")
        return self._remember(text, f"{stand_in}{slash}{bits}")

    def email(self, text: str) -> str:
        """An e-mail address."""
        user, _, domain = text.rpartition("@")
        return (
            text
            if text in self.stand_ins
            else self._remember(text, f"{self._phrase(user, 'user')}@{self.domain(domain)}")
        )

    def url(self, text: str) -> str:
        """An address by scheme and host; what follows is a number, and ``ldap:`` has no host."""
        if text in self.known or text in self.stand_ins:
            return self.known.get(text, text)
        try:
            parts = urlsplit(text)
            host, port = parts.hostname or "", f":{parts.port}" if parts.port else ""
        except ValueError:
            return self._remember(text, f"http://[{next(self._numbers)}")
        shown = self.anything(host) if host else ""
        shown = f"[{shown}]" if ":" in shown else shown
        scheme = f"{parts.scheme}://" if "//" in text else f"{parts.scheme}:" if parts.scheme else ""
        return self._remember(text, f"{scheme}{shown}{port}/{next(self._numbers)}")

    def file(self, text: str) -> str:
        """A file's name with the ending it had."""
        if not text or text in ("-", "standard input"):
            return text
        suffix = PurePosixPath(text.replace("\\", "/")).suffix
        stem = self._phrase(text, "file")
        stand_in = f"{stem}{suffix if _ENDING.fullmatch(suffix.removeprefix('.').lower()) else ''}"
        name = PurePosixPath(text.replace("\\", "/")).name
        if len(name) >= SHORTEST:
            self.known.setdefault(name, stand_in)
        return self._remember(text, stand_in)

    def phrase(self, text: str, kind: str = "Name") -> str:
        """Words of any kind, such as an organisation. Texts that a name's comparison takes for one stay one, and stay
        different in their bytes (RFC 5280, 7.1: case and runs of spaces)."""
        return self._remember(text, self._phrase(text, kind)) if text.strip() and text not in self.stand_ins else text

    def _phrase(self, text: str, kind: str) -> str:
        folded = " ".join(text.split()).casefold()
        stand_in = self._phrases.setdefault(folded, f"{kind} {next(self._numbers)}" if kind == "Name" else "")
        if not stand_in:
            stand_in = self._phrases[folded] = f"{kind}{next(self._numbers)}"
        variants = self._variants.setdefault(folded, [])
        if text not in variants:
            variants.append(text)
        return stand_in.replace(" ", " " * (variants.index(text) + 1), 1)

    def anything(self, text: str) -> str:
        """A text by what it is: an address on the web, an e-mail or IP address, a domain, or words."""
        if "://" in text or text.lower().startswith("ldap:"):
            return self.url(text)
        if "@" in text and " " not in text:
            return self.email(text)
        if self.is_address(text):
            return self.address(text)
        if re.fullmatch(r"(?:\*\.)?[\w*-]+(?:\.[\w*-]+)+\.?", text) or text == "localhost":
            return self.domain(text)
        return self.phrase(text)

    @staticmethod
    def is_address(text: str) -> bool:
        """Whether this is an IP address or a network."""
        try:
            ipaddress.ip_network(text, strict=False)
        except ValueError:
            return False
        return True

    def sentence(self, text: str) -> str:
        """A text of our own: every original in it that is known, and what has the form of a name or address."""
        return self._pattern().sub(self._stand_in, text)

    def _pattern(self) -> re.Pattern[str]:
        if self._compiled[0] != len(self.known):
            long = sorted((original for original in self.known if len(original) >= SHORTEST), key=len, reverse=True)
            alternatives = "|".join(rf"(?<!\w){re.escape(original)}(?!\w)" for original in long)
            source = f"(?P<known>{alternatives})|{_PATTERNS}" if alternatives else _PATTERNS
            self._compiled = len(self.known), re.compile(source, re.IGNORECASE)
        return self._compiled[1]

    def _stand_in(self, match: re.Match[str]) -> str:
        text, kind = match[0], match.lastgroup
        if text in self.stand_ins:
            return text
        if kind == "known":
            exact = self.known.get(text)
            return exact or next(new for old, new in self.known.items() if old.lower() == text.lower())
        if kind == "domain" and _ENDING.fullmatch(text.rpartition(".")[2].lower()):
            kind = "path"
        make = {"url": self.url, "email": self.email, "ip4": self.address, "ip6": self.address, "path": self.file}
        return make.get(kind or "", self.domain)(text)

    def originals(self) -> Iterable[str]:
        """Every text that must not be seen any more."""
        return (old for old, new in self.known.items() if len(old) >= SHORTEST and old.lower() != new.lower())
