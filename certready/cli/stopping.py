"""What ends a command from outside: Ctrl-C, and SIGTERM, which does the same."""

from __future__ import annotations

import _thread
import contextlib
import signal
import threading
import time
from collections.abc import Iterator
from types import FrameType

_IMPORTS = "<frozen importlib._bootstrap>"


@contextlib.contextmanager
def terminable() -> Iterator[None]:
    """SIGTERM, as service managers and timeout(1) send it, does what Ctrl-C does, and neither is lost. In the main
    thread alone."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def end(number: int, frame: FrameType | None) -> None:
        if _unheard(frame):
            _thread.start_new_thread(_again, (number,))
            return
        if number == signal.SIGTERM:  # timeout(1) sends it twice; the second finds the report written
            signal.signal(number, signal.SIG_IGN)
        raise KeyboardInterrupt

    before = {signal.SIGTERM: signal.signal(signal.SIGTERM, end)}
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # not where a shell has it ignored
        before[signal.SIGINT] = signal.signal(signal.SIGINT, end)
    try:
        yield
    finally:
        for number, handler in before.items():
            if signal.getsignal(number) is end:
                signal.signal(number, handler)


def _unheard(frame: FrameType | None) -> bool:
    """Whether what is raised here may reach nobody, or leave an import's lock held: in the machinery of imports, of
    which one callback prints an exception and goes on."""
    return frame is not None and frame.f_code.co_filename == _IMPORTS


def _again(number: int) -> None:
    time.sleep(0.01)
    _thread.interrupt_main(signal.Signals(number))


@contextlib.contextmanager
def undisturbed() -> Iterator[None]:
    """Ctrl-C and SIGTERM are heard at the end of the block: what it does, it does wholly."""
    if threading.current_thread() is not threading.main_thread():  # signals are the main thread's
        yield
        return
    came: list[tuple[int, FrameType | None]] = []
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = {int(number): signal.signal(number, lambda *heard: came.append(heard)) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    for number, frame in came[:1]:
        if callable(handler := before[number]):
            handler(number, frame)
