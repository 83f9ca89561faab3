"""What is known of the lines, on disk: records as they come, put in order after each round, taken up at a start."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

from certready import directories
from certready.errors import CertreadyError
from certready.fleet import lines
from certready.fleet.lines import Log
from certready.fleet.serve.board import Kept, Known, known


def place(cache: Path, inventory: Path) -> Path:
    """Where the state of an inventory is kept: below the cache directory, by the inventory's own place."""
    digest = hashlib.sha256(str(inventory.resolve()).encode("utf-8", "surrogatepass")).hexdigest()
    return cache / "fleet" / f"{digest[:32]}.jsonl"


def read(path: Path) -> tuple[dict[str, Known], int]:
    """What the records of a file tell of each name, and where its last whole line ends.

    Raises CertreadyError where it holds anything else, or cannot be read.
    """
    checks: dict[str, Known] = {}
    end = 0
    for line, data, place in lines.records(path):
        if line is not None:
            seen = lines.entry(line)
            checks[seen.name] = known(checks.get(seen.name), Kept.of(seen, seen.checked_at, data))
        end = place.start + len(data)
    return checks, end


class State:
    """A file of our own that holds at most two records of each line: the latest, and the last answer before it.

    Args:
        path: where; made with its folder where it is missing. A file that is none of ours is started afresh.

    Raises:
        CertreadyError: it cannot be written there.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.damaged = False
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise CertreadyError(f"{path.parent} cannot be made: {error.strerror}.") from None
        try:
            self.known, end = read(path)
        except CertreadyError:
            self.known, end, self.damaged = {}, 0, True
        self._log = Log(path, end)

    def add(self, record: bytes) -> None:
        """Write down the record of a check. Raises CertreadyError."""
        self._log.add(record)

    def keep(self, everything: Iterable[Known]) -> None:
        """Hold these and no more from now on. Raises CertreadyError."""
        data = b"".join(kept.record for each in everything for kept in (each.before, each.latest) if kept is not None)
        self._log.close()
        try:
            directories.write(self._path, data)
        except OSError as error:
            raise CertreadyError(f"{self._path} cannot be written: {error.strerror}.") from None
        finally:
            self._log = Log(self._path, self._path.stat().st_size)

    def close(self) -> None:
        self._log.close()
