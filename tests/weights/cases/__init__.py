"""The cases by subject; here they are brought together."""

from __future__ import annotations

from tests.weights.case import Case
from tests.weights.cases import (
    bundle,
    chain,
    connector,
    connector_outbound,
    dane,
    evidence,
    expiry,
    gateway,
    lint,
    mta_sts,
    names,
    revocation,
    tls,
    usage_key,
)

CASES: tuple[Case, ...] = (
    *bundle.CASES,
    *evidence.CASES,
    *chain.CASES,
    *expiry.CASES,
    *revocation.CASES,
    *names.CASES,
    *usage_key.CASES,
    *tls.CASES,
    *gateway.CASES,
    *dane.CASES,
    *mta_sts.CASES,
    *connector.CASES,
    *connector_outbound.CASES,
    *lint.CASES,
)
