"""Over which connectors Exchange Online checks what a mail domain promises: DANE and MTA-STS.

Source: Set-OutboundConnector, -SmtpDaneMode and -MtaStsMode. Of smart hosts no page says whether either is checked.
"""

from __future__ import annotations

from typing import Literal

from certready.model import Connector

Standard = Literal["dane", "mta-sts"]
NAMES: dict[Standard, str] = {"dane": "DANE", "mta-sts": "MTA-STS"}
PARAMETERS: dict[Standard, str] = {"dane": "SmtpDaneMode", "mta-sts": "MtaStsMode"}


def mode(connector: Connector, standard: Standard) -> str:
    """The connector's mode in lower case, "opportunistic" where it says nothing: that is the default."""
    stated = connector.dane_mode if standard == "dane" else connector.mta_sts_mode
    return (stated or "opportunistic").strip().lower()


def uncertain(connector: Connector, standard: Standard) -> str:
    """A sentence: why a failure does not count for mail over this outbound connector; "" where it does."""
    if connector.direction != "outbound":
        return ""
    if mode(connector, standard) == "none":
        return (
            f"Over the connector '{connector.name}' Exchange Online does not check it ({PARAMETERS[standard]} None); "
            "other senders do."
        )
    if connector.use_mx is False or (connector.use_mx is None and connector.smart_hosts):
        return (
            f"The connector '{connector.name}' sends to a smart host, and whether {NAMES[standard]} is checked there "
            "is not documented (fact U13); other senders check it where the MX leads."
        )
    return ""


def mandatory(connector: Connector) -> bool:
    """Whether mail over this connector is held where there is no DANE."""
    return connector.direction == "outbound" and mode(connector, "dane") == "mandatory"
