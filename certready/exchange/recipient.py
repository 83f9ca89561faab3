"""May a recipient live in a tenant of Microsoft 365? Exchange Online takes mail for those from anybody, so taking such
a recipient proves no connector.

By the MX record mail goes there directly. Behind another provider's filter the MX hides that, but the domain's TXT
records often tell: SPF includes Microsoft's senders, or the domain was verified for a tenant.
Sources: Microsoft Learn, External Domain Name System records for Office 365; Set up SPF; Add DNS records to connect
your domain.
"""

from __future__ import annotations

import re

from certready.exchange.clouds import of_microsoft
from certready.model.dialogue import Rehearsal

_SPF = re.compile(
    r"[+?~-]?(?:include:|redirect=)\S*\.protection\.(?:outlook\.(?:com|de)|office365\.us|partner\.outlook\.cn)"
)
_VERIFIED = re.compile(r"MS=ms[0-9]{5,}", re.IGNORECASE)


def names_microsoft(text: str) -> bool:
    """Whether a TXT record of a domain says that Microsoft 365 sends its mail, or was asked to verify it."""
    if _VERIFIED.fullmatch(text.strip()):
        return True
    return text.lower().startswith("v=spf1 ") and any(_SPF.fullmatch(term) for term in text.lower().split())


def in_a_tenant(rehearsal: Rehearsal) -> str | None:
    """The clause that says why the recipient may live in a tenant; None where DNS shows no sign of it."""
    theirs = [host for host in rehearsal.exchangers if of_microsoft(host)]
    if theirs:
        return f"the MX of {rehearsal.domain} is {theirs[0]}, a host of Microsoft's"
    if rehearsal.texts:
        return f'the TXT record "{rehearsal.texts[0][:100]}" of {rehearsal.domain} names Microsoft 365'
    return None
