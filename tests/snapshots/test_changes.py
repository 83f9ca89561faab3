"""Two certificates beside each other: diff and compare, and what the root stores say of one.

These commands look at the clock: only what does not depend on it is asked for.
"""

from __future__ import annotations

import re

import pytest
from syrupy.assertion import SnapshotAssertion

from tests.snapshots.conftest import Typed

OFFLINE = "--trust root.pem --offline --revocation off --at 2026-11-21T09:00:00Z"
RENEWALS = {
    "renewal": f"good.pem renewed.pem --tenant tenant.json --role both {OFFLINE}",
    "same": f"good.pem good.pem --inbound *.contoso.com --accepted-domain contoso.com {OFFLINE}",
    "stranger": f"good.pem stranger.pem --inbound *.contoso.com --accepted-domain contoso.com {OFFLINE}",
}
PLACES = {
    "same": "good.pem good.pem",
    "different": "good.pem leaf.pem renewed.pem",
    "unreached": "good.pem stranger.pem probe-of-nodes.evidence",
}


@pytest.mark.parametrize("renewal", RENEWALS)
def test_diff(typed: Typed, snapshot: SnapshotAssertion, renewal: str) -> None:
    """What breaks when NEW takes the place of OLD: into a pipe, with everything, on a terminal, as JSON."""
    command = ("diff", *RENEWALS[renewal].split())
    shown = [
        typed(*command),
        typed(*command, "-v"),
        typed(*command, terminal=True),
        typed(*command, "--format", "json"),
    ]
    now = re.compile(r'(?<="gathered_at": ")[^"]+|(?<=gathered )\s*20[0-9: -]+ UTC')
    assert now.sub("<now>", "\n".join(shown)) == snapshot


@pytest.mark.parametrize("places", PLACES)
def test_compare(typed: Typed, snapshot: SnapshotAssertion, places: str) -> None:
    """Whether it is the same certificate and chain everywhere."""
    command = ("compare", *PLACES[places].split())
    assert "\n".join([typed(*command), typed(*command, "--format", "json")]) == snapshot


def test_trust(typed: Typed, snapshot: SnapshotAssertion) -> None:
    """Which stores hold the root of a file (none of the public ones holds this one), and a root that none knows."""
    shown = [typed("trust", "good.pem"), typed("trust", "good.pem", "--format", "json"), typed("trust", "0" * 64)]
    dates = re.compile(r'(?<=list of )[\d-]+|(?<="as_of": ")[\d-]+')  # those of the lists that are installed
    assert dates.sub("<date>", "\n".join(shown)) == snapshot
