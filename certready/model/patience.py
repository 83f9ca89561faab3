"""How long a step may take: the one rule for ``--timeout`` and for the library's ``timeout``."""

from __future__ import annotations

from certready.errors import UsageError

MOST_SECONDS = 600


def timeout(seconds: float) -> float:
    """These seconds, where a step may take as long. Raises UsageError."""
    if not 0 < seconds <= MOST_SECONDS:
        raise UsageError(
            f"A timeout is a number of seconds above 0 and at most {MOST_SECONDS}, which {seconds:g} is not.",
            hint="Give seconds for one step, such as 10 or 30; a whole probe may take several steps.",
        )
    return seconds
