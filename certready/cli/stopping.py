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
_MOMENT, _PATIENCE = 0.01, 5.0  # seconds: between two looks whether an import is over, and for how long there are more


@contextlib.contextmanager
def terminable() -> Iterator[None]:
    """SIGTERM, as service managers and timeout(1) send it, does what Ctrl-C does, and neither is lost. In the main
    thread alone."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    put_off: list[float] = []  # until when, by the monotonic clock

    def end(number: int, frame: FrameType | None) -> None:
        if _importing(frame):
            put_off[:] = put_off or [time.monotonic() + _PATIENCE]
            if time.monotonic() < put_off[0]:
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


def _importing(frame: FrameType | None) -> bool:
    """Whether an import is under way. What is raised in one may reach nobody: exceptions of a callback of its machinery
    are printed and passed over, as libraries pass over what their own imports raise, and a module stays half made.
    """
    while frame is not None and frame.f_code.co_filename != _IMPORTS:
        frame = frame.f_back
    return frame is not None


def _again(number: int) -> None:
    time.sleep(_MOMENT)
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
