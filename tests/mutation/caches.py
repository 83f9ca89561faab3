"""What is kept between tests, emptied, and what they may share."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa

SPARE_KEYS = 8
_given: Counter[tuple[int, int]] = Counter()


def forget(*, everywhere: bool = False) -> None:
    """Empty every cache of certready, and with ``everywhere`` those of the tests: each test does all of its work."""
    _given.clear()
    for clear in _caches(len(sys.modules), everywhere=everywhere):
        clear()


@lru_cache(maxsize=2)
def _caches(modules: int, *, everywhere: bool) -> list[Callable[[], None]]:
    """What empties them; looked for again when the number of modules has changed."""
    wanted = ("certready", "tests") if everywhere else ("certready",)
    names = [name for name in sys.modules if name.split(".")[0] in wanted and not name.startswith("tests.mutation")]
    held = (value for name in names for value in list(vars(sys.modules[name]).values()))
    return [value.cache_clear for value in held if hasattr(value, "cache_clear")]


def spare_rsa_keys() -> None:
    """Make some RSA keys once: each test is dealt the same ones, because a new one costs more than most tests."""
    made: dict[tuple[int, int], list[rsa.RSAPrivateKey]] = {}
    make = rsa.generate_private_key

    def dealt(public_exponent: int, key_size: int, backend: Any = None) -> rsa.RSAPrivateKey:
        kept, number = made.setdefault((public_exponent, key_size), []), _given[public_exponent, key_size]
        _given[public_exponent, key_size] += 1
        if number == len(kept):
            kept.append(make(public_exponent, key_size))
        return kept[number]

    rsa.generate_private_key = dealt
    for _ in range(SPARE_KEYS):
        dealt(65537, 2048)
