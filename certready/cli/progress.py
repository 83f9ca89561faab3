"""What is waited for, on one line of stderr: not of what takes less than half a second, and gone at the end."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import TextIO

LATE = 0.5  # seconds that pass in silence
REFRESH = 0.2


class Progress:
    """Told what is waited for, by calling it, and how much of that is done (:meth:`count`), from any thread.

    The line is drawn by a thread of its own, begun with the first sentence, so that a run which waits for nothing pays
    for nothing. Carriage returns alone move the cursor: consoles that know no escape sequences follow them too.

    Args:
        stream: where the line is drawn; None: nowhere.
        late: seconds that pass before it is.
    """

    def __init__(self, stream: TextIO | None, *, late: float = LATE) -> None:
        self._stream = stream
        self._late = late
        self._text, self._done = "", ""
        self._drawn = 0  # columns
        self._began = 0.0
        self._over = threading.Event()
        self._lock = threading.RLock()

    def __call__(self, text: str) -> None:
        """What is waited for now; "" where it is nothing."""
        if self._stream is None:
            return
        with self._lock:
            first = not self._began
            self._text, self._done = text, ""
            if not text:
                self._wipe()
            elif first:
                from certready.net.threads import start

                self._began = time.monotonic()
                start(self._keep_drawing, "progress")

    def count(self, done: int, of: int) -> None:
        """How many are done, where there are several."""
        self._done = f" ({done} of {of} done)" if of > 1 else ""

    @contextlib.contextmanager
    def aside(self) -> Iterator[None]:
        """Something else may write to the terminal meanwhile."""
        with self._lock:
            self._wipe()
            yield

    def end(self) -> None:
        """Wipe the line and draw no more."""
        with self._lock:
            self._over.set()
            self._wipe()

    def _keep_drawing(self) -> None:
        pause = self._late
        while not self._over.wait(pause):
            pause = REFRESH
            with self._lock:
                if self._text and not self._over.is_set():
                    self._draw()

    def _draw(self) -> None:
        from certready.wording import visible

        room = shutil.get_terminal_size().columns - 1
        waited = f", {time.monotonic() - self._began:.0f} s"
        # In ASCII every character is one column wide, on any console.
        line = visible(f"{self._text}{self._done}").encode("ascii", "backslashreplace").decode("ascii")
        if len(line) + len(waited) > room:
            line = line[: max(room - len(waited) - 3, 0)] + "..."
        shown = (line + waited)[:room]
        self._write(f"\r{shown.ljust(self._drawn)}")
        self._drawn = len(shown)

    def _wipe(self) -> None:
        if self._drawn:
            self._write(f"\r{' ' * self._drawn}\r")
            self._drawn = 0

    def _write(self, text: str) -> None:
        from certready.cli.output import write

        write(self._stream, text)


@contextlib.contextmanager
def waiting(*, quiet: bool = False) -> Iterator[Progress]:
    """Tells on stderr what is waited for, and wipes it at the end; silent off a terminal, and where that is wanted."""
    stream = sys.stderr
    shown = stream is not None and stream.isatty() and os.environ.get("TERM") != "dumb" and not quiet
    progress = Progress(stream if shown else None)
    try:
        yield progress
    finally:
        progress.end()


Heard = Callable[[int, int], None]
"""Told how many of how many answers there are."""
