"""A tenant's export by itself: the lint and the answers to questions."""

from __future__ import annotations

import pytest
from syrupy.assertion import SnapshotAssertion

from tests.snapshots.conftest import Typed

QUESTIONS = {
    "lint": "",
    "recipient": "--recipient user@branch.example",
    "certificate": "--certificate good.pem",
    "stranger": "--certificate stranger.pem",
    "null-sender": "--certificate good.pem --null-sender --recipient user@example.org",
    "by-address": "--ip 192.0.2.25 --sender user@example.org --recipient user@example.org",
    "smart-host": "--smart-host contoso-com.mail.protection.outlook.com --smart-host gw.contoso.com",
}


@pytest.mark.parametrize("question", QUESTIONS)
def test_tenant(typed: Typed, snapshot: SnapshotAssertion, question: str) -> None:
    """The answer into a pipe, with everything, on a terminal, and as JSON."""
    words = ("tenant", "tenant.json", *QUESTIONS[question].split())
    shown = [typed(*words), typed(*words, "-v"), typed(*words, terminal=True), typed(*words, "--format", "json")]
    assert "\n".join(shown) == snapshot
