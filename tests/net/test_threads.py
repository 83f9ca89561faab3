"""Threads: what comes back, when it is given up, and who hears of it."""

from __future__ import annotations

import threading
from functools import partial
from typing import NoReturn

import pytest

from certready.net.threads import Pool, in_parallel, start, within


def fail() -> NoReturn:
    raise KeyError("x")


class TestTasks:
    def test_value(self) -> None:
        """What the work came to is had where it is asked for, as often as it is."""
        task = start(lambda: 42, "test")
        assert (task.result(), task.result(), task.wait()) == (42, 42, True)

    def test_error(self) -> None:
        """What the work raises is raised where it was waited for."""
        with pytest.raises(KeyError):
            within(5, fail, "test")

    def test_too_late(self) -> None:
        """Work that does not end in time is left behind, in a daemon thread that delays nobody's exit."""
        never = threading.Event()
        task = start(never.wait, "left-behind")
        with pytest.raises(TimeoutError):
            task.result(0.01)
        (thread,) = (thread for thread in threading.enumerate() if thread.name == "certready-left-behind")
        assert thread.daemon
        never.set()
        assert task.wait(5)

    def test_in_parallel(self) -> None:
        """Calls made at the same time give their results in order: each waits for the other here."""
        both = threading.Barrier(2, timeout=5)

        def meet(value: str) -> str:
            both.wait()
            return value

        assert in_parallel([partial(meet, "a"), partial(meet, "b")], "test") == ["a", "b"]


class TestPools:
    def test_results(self) -> None:
        """Every job's result comes once, with the number under which it was started."""
        pool: Pool[str] = Pool("test")
        pool.start([lambda: "a", lambda: "b", lambda: "c"], 2)
        pool.start([lambda: "d"], 2)
        assert dict(pool.results(lambda: 5)) == {0: "a", 1: "b", 2: "c", 3: "d"}

    def test_no_more_threads_than_workers(self) -> None:
        """Jobs beyond the number of workers wait for one of them to be free."""
        pool: Pool[str] = Pool("test")
        pool.start([lambda: threading.current_thread().name + str(threading.get_ident())] * 20, 1)
        assert len({value for _, value in pool.results(lambda: 5)}) == 1

    def test_calls_are_made_by_whoever_waits(self) -> None:
        """What a job wants called is called in the thread that waits for the results, before the job's own."""
        pool: Pool[str] = Pool("test")
        heard: list[object] = []

        def job() -> str:
            pool.call(lambda: heard.append(threading.get_ident()))
            return "done"

        pool.start([job], 1)
        heard += list(pool.results(lambda: 5))
        assert heard == [threading.get_ident(), (0, "done")]

    def test_error(self) -> None:
        """What a job raises is raised in the thread that waits."""
        pool: Pool[None] = Pool("test")
        pool.start([fail], 1)
        with pytest.raises(KeyError):
            list(pool.results(lambda: 5))

    def test_no_time_left(self) -> None:
        """Once no time is left, what is there is all there is."""
        pool: Pool[bool] = Pool("test")
        never = threading.Event()
        pool.start([never.wait], 1)
        assert list(pool.results(lambda: 0.01)) == []
        never.set()
