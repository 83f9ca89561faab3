"""What holds for every test."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# What a property costs is no part of it: a busy machine must not fail one.
settings.register_profile("certready", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("certready")

# In the background of a script SIGINT is ignored, and what tests start would inherit that: it could not be interrupted,
# and whoever waits for its end would wait for ever.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache directory of the test's own, not made yet: no test reads or writes the user's."""
    directory = tmp_path_factory.mktemp("cache") / "certready"
    monkeypatch.setenv("CERTREADY_CACHE", str(directory))
    return directory
