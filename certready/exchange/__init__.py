"""A tenant's connectors and accepted domains: read from an export, chosen from, and asked about.

Reading an export (``exchange.export.load``) and routing by recipient (``exchange.route``) are imported from their own
modules: a check of one certificate does not wait for them.
"""

from __future__ import annotations

from certready.exchange.accepted import Acceptance, Accepted, accepted_of, fitting_values, is_accepted
from certready.exchange.choose import (
    CERTIFICATE_NAME,
    DECISIVE,
    Selection,
    associated,
    candidates,
    find,
    from_options,
    is_partners,
    match_of,
    select,
    value_of,
)

__all__ = [
    "CERTIFICATE_NAME",
    "DECISIVE",
    "Acceptance",
    "Accepted",
    "Selection",
    "accepted_of",
    "associated",
    "candidates",
    "find",
    "fitting_values",
    "from_options",
    "is_accepted",
    "is_partners",
    "match_of",
    "select",
    "value_of",
]
