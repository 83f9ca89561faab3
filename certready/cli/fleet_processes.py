"""The processes of certready fleet --processes: they end with the run, whatever they are at."""

from __future__ import annotations

import gc
import os
import signal
import warnings
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from multiprocessing.connection import Connection

from certready.net.threads import start


class Processes(ProcessPoolExecutor):
    """So many processes, spawned, because one that has threads must not be forked."""

    def __init__(self, count: int) -> None:
        context = get_context("spawn")
        ending, self._end = context.Pipe(duplex=False)
        super().__init__(count, context, initializer=_prepare, initargs=(ending,))

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """As in the standard library, except that with ``cancel_futures`` work that has begun is left as well: a
        gateway that does not answer would hold up whoever leaves."""
        super().shutdown(wait, cancel_futures=cancel_futures)
        if cancel_futures:
            self._end.close()


def _prepare(ending: Connection) -> None:
    """What each process sets up. Ctrl-C is the first process's to hear."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.set_threshold(50_000)
    warnings.simplefilter("ignore")

    def follow() -> None:
        ending.poll(None)  # nothing is ever sent: the other end was closed, or went with the first process
        os._exit(1)

    start(follow, "ending")
