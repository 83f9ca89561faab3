"""Hosts, domains and addresses out of the fields of a pasted text that carry them, for the commands that confirm.

Nothing is taken from elsewhere: a Message-ID is no address, and Microsoft's own hosts are never the user's. Where no
field names it, the command keeps its place to fill in.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from certready.exchange.clouds import is_exchange_online, of_microsoft
from certready.exchange.matching import a_label
from certready.explain.model import Seen

MAX_TEXT = 64 * 1024
MAX_FIELDS = 200

_ADDRESS = r"<?([^\s<>()\[\],;:\"'=]{1,64}@[A-Za-z0-9._-]{1,253})>?"
_HOST = r"([A-Za-z0-9_-]{1,63}(?:\.[A-Za-z0-9_-]{1,63}){1,10})\.?"
_SENDERS = (
    r"(?i)X-Postfix-Sender:\s{0,20}rfc822;\s{0,20}" + _ADDRESS,
    r"(?i)(?:\bfrom|\bF)=" + _ADDRESS,
    r"(?i)\bSenderAddress\W{1,5}" + _ADDRESS,
    r"(?im)^\W{0,3}From:\s{0,20}(?:[^\n<@]{0,200}<)?" + _ADDRESS,
)
_NULL = re.compile(r"(?i)(?:X-Postfix-Sender:\s{0,20}rfc822;\s{0,20}(?:<>)?\s*$|\bfrom=<>|\bF=<>)", re.MULTILINE)
_RECIPIENTS = (
    r"(?i)Final-Recipient:\s{0,20}rfc822;\s{0,20}" + _ADDRESS,
    r"(?i)Original-Recipient:\s{0,20}rfc822;\s{0,20}" + _ADDRESS,
    r"(?i)\bto=" + _ADDRESS,
    r"(?:\s=>|\s->|\s\*\*|\s==)\s{1,3}" + _ADDRESS,
    r"(?i)\bRecipientAddress\W{1,5}" + _ADDRESS,
    r"(?im)^\W{0,3}" + _ADDRESS + r"\W{0,3}\n[^\n]{0,100}(?:Remote )?Server (?:at|returned)",
    r"(?im)^\W{0,3}To:\s{0,20}(?:[^\n<@]{0,200}<)?" + _ADDRESS,
)
_PEERS = (
    r"(?i)\bLastAttemptedServerName=" + _HOST,
    r"(?i)\bFQDN=" + _HOST,
    r"(?i)\brelay=" + _HOST,
    r"(?i)\bH=" + _HOST,
    r"(?i)\bhost " + _HOST + r"\s{0,3}[\[(]",
    r"(?i)\bRemote-MTA:\s{0,20}dns;\s{0,20}" + _HOST,
    r"(?i)\bServer at " + _HOST + r"[\s(]",
    r"(?i)\b(?:connect to|connection with|established to|failed for|connecting to) " + _HOST + r"[\[:\s]",
    r"(?i)\b" + _HOST + r"\s{0,3}\[[\d.:a-f]{3,45}\](?::\d{1,5})?,?\s{1,3}(?:said|refused|rejected|defer)",
)
_REPORTERS = (
    r"(?i)Reporting-MTA:\s{0,20}dns;\s{0,20}" + _HOST,
    r"(?i)Generating server:\s{0,20}" + _HOST,
    r"(?i)mail system at host " + _HOST,
)
_ANY_HOST = re.compile(r"(?i)(?<![\w.@-])" + _HOST + r"(?![\w@-])")
_THUMBPRINT = re.compile(r"(?i)thumbprint:\s{0,3}([0-9a-f]{40})\b")
_EXPECTED = re.compile(r"(?i)expected\s{1,20}subject:\s{0,20}(?:CN=)?([^\s,;\]]{1,255})")
_PRESENTED = re.compile(r"(?i)presented\s{1,20}subject:\s{0,20}(?:CN=)?([^\s,;\]]{1,255})")
_DAEMONS = ("mailer-daemon", "postmaster", "microsoftexchange", "mail-daemon", "noreply", "no-reply")


def seen(text: str) -> Seen:
    """What the fields in the first 64 KiB of a readable text name."""
    text = text[:MAX_TEXT]
    peers = list(_hosts(_PEERS, text))
    smart_host = next((host for host in peers if is_exchange_online(host)), None) or _smart_host(text)
    sender = "<>" if _NULL.search(text) else next(_addresses(_SENDERS, text), None)
    own = next((host for host in peers if not of_microsoft(host)), None)
    if own is None and smart_host:
        own = next((host for host in _hosts(_REPORTERS, text) if not of_microsoft(host)), None)
    thumbprint = _THUMBPRINT.search(text)
    return Seen(
        gateway=own,
        smart_host=smart_host,
        domain=_domain(sender),
        sender=sender,
        recipient=next(_addresses(_RECIPIENTS, text), None),
        expected=_name(_EXPECTED, text),
        presented=_name(_PRESENTED, text),
        thumbprint=thumbprint[1].upper() if thumbprint else None,
    )


def names_differ(text: str) -> bool:
    """Whether the text names an expected and a presented subject, and the one does not cover the other."""
    expected, presented = _name(_EXPECTED, text[:MAX_TEXT]), _PRESENTED.search(text[:MAX_TEXT])
    if expected is None or presented is None:
        return False
    shown = presented[1].strip(".").lower()
    if expected.startswith("*."):
        return not shown.endswith(expected[1:]) and shown != expected[2:]
    return shown not in (expected, f"*.{expected.partition('.')[2]}")


def _addresses(patterns: Iterable[str], text: str) -> Iterator[str]:
    """Mailboxes in the order of the fields, those of programs and of Microsoft's daemons left out."""
    for pattern in patterns:
        for count, match in enumerate(re.finditer(pattern, text)):
            local, _, domain = match[1].rpartition("@")
            label = a_label(domain.strip("."))
            if local and label and "." in label and not local.lower().startswith(_DAEMONS):
                yield f"{local}@{label}"
            if count == MAX_FIELDS:
                break


def _hosts(patterns: Iterable[str], text: str) -> Iterator[str]:
    for pattern in patterns:
        for count, match in enumerate(re.finditer(pattern, text)):
            last = match[1].rpartition(".")[2]
            label = a_label(match[1]) if not last.isdigit() else None
            if label:
                yield label
            if count == MAX_FIELDS:
                break


def _smart_host(text: str) -> str | None:
    """A host of Exchange Online's own form anywhere in the text: that form is nobody else's."""
    for count, match in enumerate(_ANY_HOST.finditer(text)):
        if is_exchange_online(match[1]):
            return a_label(match[1])
        if count == 20 * MAX_FIELDS:
            break
    return None


def _name(pattern: re.Pattern[str], text: str) -> str | None:
    """The domain name, perhaps a wildcard, that the pattern finds."""
    match = pattern.search(text)
    if not match:
        return None
    name = match[1].strip(".")
    wildcard = name.startswith("*.")
    label = a_label(name[2:] if wildcard else name)
    return f"*.{label}" if label and wildcard else label


def _domain(sender: str | None) -> str | None:
    domain = sender.rpartition("@")[2] if sender and "@" in sender else None
    return domain if domain and not of_microsoft(domain) else None
