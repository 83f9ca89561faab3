"""What certready has kept, emptied: so that each timed turn does all of its work."""

from __future__ import annotations

import sys


def forget() -> None:
    """Empty every cache of certready."""
    for name in [name for name in sys.modules if name.split(".")[0] == "certready"]:
        for value in list(vars(sys.modules[name]).values()):
            clear = getattr(value, "cache_clear", None)
            if clear:
                clear()
