"""How many bytes of answers a run keeps in all, whoever asks, whatever the source and however many ask at once."""

from __future__ import annotations

import threading

# Of all answers of a run together (contract, ``--no-cache``: at most 256 MiB). With what the libraries take, and a copy
# of one of them, the whole run stays within 300 MiB.
MOST_BYTES = 224 * 1024 * 1024
SPENT = f"the answers of one run are {MOST_BYTES // 2**20} MiB at most, together."


class Budget:
    """What of the bytes of a run is left. Several threads read at the same time."""

    def __init__(self, most: int = MOST_BYTES) -> None:
        self._left = most
        self._lock = threading.Lock()

    @property
    def spent(self) -> bool:
        """Whether nothing is left, so that nothing need be asked."""
        return self._left <= 0

    def take(self, size: int) -> bool:
        """Counts bytes that are to be kept. False, and none are counted, where fewer are left: nothing is then."""
        with self._lock:
            if size > self._left:
                self._left = 0
                return False
            self._left -= size
            return True

    def give_back(self, size: int) -> None:
        """Bytes that were counted and are not kept."""
        with self._lock:
            self._left += size
