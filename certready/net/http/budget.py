"""How many bytes of answers a run reads in all, whoever asks for them and however many at once."""

from __future__ import annotations

import threading

from certready.net.http.guard import GuardedError

MOST_BYTES = 256 * 1024 * 1024  # of all answers of a run together (contract, ``--no-cache``)
SPENT = f"the answers of one run are {MOST_BYTES // 2**20} MiB at most, together."


class Budget:
    """What of the bytes of a run is left. Several threads read at the same time."""

    def __init__(self, most: int = MOST_BYTES) -> None:
        self._left = most
        self._lock = threading.Lock()

    def check(self) -> None:
        """Raises GuardedError where nothing is left, so that nothing need be asked."""
        if self._left <= 0:
            raise GuardedError(f"It was not asked: {SPENT}")

    def take(self, size: int) -> None:
        """Counts bytes that were read. Raises GuardedError, and counts none, where there are fewer left."""
        with self._lock:
            if size > self._left:
                self._left = 0
                raise GuardedError(f"It was not read to its end: {SPENT}")
            self._left -= size

    def give_back(self, size: int) -> None:
        """Bytes that were read and not kept."""
        with self._lock:
            self._left += size
