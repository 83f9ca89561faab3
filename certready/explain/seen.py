"""Hosts, domains and addresses out of a pasted text, for the commands that confirm a cause."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from certready.exchange.matching import a_label, parent, registrable
from certready.explain.model import Seen

MAX_TEXT = 64 * 1024
MAX_WORDS = 5000
_WORD = re.compile(r"[^\s<>()\[\]{}\"',;=|]+")
_ENDINGS = (
    *(".mail.protection.outlook.com", ".mx.microsoft", ".mail.protection.office365.us"),
    *(".mail.protection.partner.outlook.cn", ".mail.protection.outlook.de"),
)
_MICROSOFT = ("outlook.com", "microsoft.com", "office365.com", "office.com", "office365.us", "mx.microsoft")
_THUMBPRINT = re.compile(r"(?i)thumbprint:\s{0,3}([0-9a-f]{40})\b")
_EXPECTED = re.compile(r"(?i)expected subject:\s{0,3}(?:CN=)?([^\s,;\]]{1,255})")
_PRESENTED = re.compile(r"(?i)presented subject:\s{0,3}(?:CN=)?([^\s,;\]]{1,255})")
_SERVER = re.compile(r"(?i)(?:lastattemptedservername|fqdn)=([^\s\];}]{1,255})")
# File extensions that look like a top-level domain in a log line.
_FILES = frozenset({"pem", "cer", "crt", "pfx", "log", "txt", "json", "eml", "msg", "ps1", "exe", "dll", "cf", "conf"})


def seen(text: str) -> Seen:
    """What the first 64 KiB of the text name. A host of Microsoft's is the smart host, never the gateway."""
    read = text[:MAX_TEXT]
    words = [word.strip(".:") for word in _WORD.findall(read)[:MAX_WORDS]]
    addresses = [domain for word in words if "@" in word and (domain := a_label(word.rpartition("@")[2]))]
    hosts = list(dict.fromkeys(_hosts(words)))
    named = _name(_SERVER, read)
    own = [host for host in hosts if not _of_microsoft(host)]
    mailboxes = [word.rpartition(":")[2] for word in words if _mailbox(word)]
    gateway = named if named and not _of_microsoft(named) else next((host for host in own if host.count(".") > 1), None)
    return Seen(
        gateway=gateway,
        smart_host=next((host for host in hosts if host.endswith(_ENDINGS)), None),
        domain=next((one for one in addresses if not _of_microsoft(one)), None) or _domain_of(gateway),
        sender=mailboxes[0] if len(mailboxes) > 1 else None,
        recipient=mailboxes[-1] if mailboxes else None,
        expected=_name(_EXPECTED, read),
        presented=_name(_PRESENTED, read),
        thumbprint=found[1].upper() if (found := _THUMBPRINT.search(read)) else None,
    )


def _hosts(words: Iterable[str]) -> Iterator[str]:
    for word in words:
        name = word.rpartition("@")[2].partition(":")[0].partition("/")[0]
        last = name.rpartition(".")[2].lower()
        if "." in name and last.isalpha() and len(last) > 1 and last not in _FILES and "@" not in word:
            label = a_label(name)
            if label:
                yield label


def _mailbox(word: str) -> bool:
    local, _, domain = word.rpartition(":")[2].rpartition("@")
    return (
        bool(local)
        and local.isascii()
        and local.replace(".", "a").replace("-", "a").replace("+", "a").isalnum()
        and (a_label(domain) is not None and "." in domain)
    )


def _name(pattern: re.Pattern[str], text: str) -> str | None:
    """The domain name, perhaps a wildcard, that the pattern finds."""
    found = pattern.search(text)
    if not found:
        return None
    name = found[1].strip(".")
    wildcard = name.startswith("*.")
    label = a_label(name[2:] if wildcard else name)
    return f"*.{label}" if label and wildcard else label


def _of_microsoft(host: str) -> bool:
    return any(host == one or host.endswith(f".{one}") for one in _MICROSOFT) or host.endswith(_ENDINGS)


def _domain_of(host: str | None) -> str | None:
    above = parent(host) if host else ""
    return above if above and registrable(above) else None
