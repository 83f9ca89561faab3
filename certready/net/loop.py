"""One thread that carries on any number of conversations: coroutines that wait for sockets, for others and for time.

It is not asyncio because importing that takes a third of the time of a whole probe. A thread for each conversation
would spend more time on changing between threads than on what is said.
"""

from __future__ import annotations

import selectors
import socket
import time
from collections import deque
from collections.abc import Callable, Generator
from contextlib import suppress
from functools import partial
from heapq import heappop, heappush
from itertools import count
from threading import Lock
from types import coroutine
from typing import Generic, TypeVar

from certready.net.jobs import NEVER, Conversation, Job, NoSocketError, Task, Watched, room
from certready.net.threads import start

T = TypeVar("T")

READ, WRITE = selectors.EVENT_READ, selectors.EVENT_WRITE
PATIENCE = 1.0  # seconds that the thread waits for more to do; a run that follows another has its own


class Choice(Generic[T]):
    """A value that is settled once, in the loop's thread, and that conversations wait for."""

    __slots__ = ("_loop", "_values", "_waiting")

    def __init__(self, loop: Loop) -> None:
        self._loop = loop
        self._values: list[T] = []
        self._waiting: list[Task] = []

    @property
    def settled(self) -> bool:
        """Whether there is a value, for any thread."""
        return bool(self._values)

    def settle(self, value: T) -> None:
        """The first value stands."""
        if not self._values:
            self._values.append(value)
            for task in self._waiting:
                self._loop.resume(task)

    @coroutine
    def wait(self, until: float) -> Generator[float, None, T]:
        """The value. Raises TimeoutError where there is none at ``until`` (monotonic time)."""
        if not self._values:
            task = self._loop.current
            self._waiting.append(task)
            try:
                yield until
            finally:
                self._waiting.remove(task)
        return self._values[0]


class Loop:
    """Carries on conversations in a daemon thread of its own, which ends when there has been none for a while.

    Each conversation takes its turn: a step ends where it waits. What it raises ends its job and no other.

    Args:
        name: of the thread.
        sockets: how many may be planned for at once, by default what the system has room for. Jobs that would need
            more wait, in order.
    """

    current: Task  # whose turn it is

    def __init__(self, name: str, sockets: int | None = None) -> None:
        self._name = name
        self._free = room() if sockets is None else sockets
        self._lock = Lock()
        self._calls: deque[Callable[[], object]] = deque()
        self._running = self._asleep = False
        # What follows is the thread's.
        self._selector: selectors.BaseSelector
        self._waker: socket.socket
        self._queue: deque[Job] = deque()
        self._jobs: set[Job] = set()
        self._ready: deque[Task] = deque()
        self._timers: list[tuple[float, int, Task | Job]] = []
        self._number = count()

    # -- for any thread -------------------------------------------------------------------------------------------

    def submit(
        self,
        begin: Callable[[], Conversation[T]],
        done: Callable[[T | Exception], object],
        *,
        sockets: int = 1,
        limit: float = NEVER,
    ) -> Job:
        """Carry on a conversation, which ``begin`` makes once there is room for so many ``sockets``.

        ``done`` is called once, in the loop's thread, with what it came to, or with what it or one that it began
        raised; that is a TimeoutError after ``limit`` seconds.
        """
        job = Job(begin, done, sockets, limit)
        self.call(partial(self._enqueue, job))
        return job

    def cancel(self, job: Job) -> None:
        """End a job wherever it is, and close its sockets. ``done`` is not called any more."""
        self.call(partial(self._end, job))

    def call(self, function: Callable[[], object]) -> None:
        """Have it called in the loop's thread, soon. It must neither raise nor block."""
        with self._lock:
            self._calls.append(function)
            if not self._running:
                self._running = True
                try:
                    start(self._run, self._name)
                except RuntimeError:  # no thread to be had
                    self._running = False
                    self._calls.clear()
                    raise
            elif self._asleep:
                self._asleep = False
                with suppress(OSError):  # what it was sent before is still there, and wakes it
                    self._waker.send(b"\0")

    # -- for conversations ----------------------------------------------------------------------------------------

    def begin(self, conversation: Conversation[object]) -> None:
        """Carry on another conversation beside the current one, in the same job."""
        task = Task(conversation, self.current.job)
        task.job.tasks.add(task)
        self._ready.append(task)

    @coroutine
    def wait(self, watched: Watched, events: int, until: float) -> Generator[float, None, None]:
        """Wait until the socket is ready for READ or WRITE. Raises TimeoutError where it is not by ``until``."""
        if watched.events != events:
            change = self._selector.modify if watched.events else self._selector.register
            change(watched.socket, events, watched)
            watched.events = events
        watched.task = self.current
        try:
            yield until
        finally:
            watched.task = None

    def close(self, watched: Watched) -> None:
        """Close the socket."""
        self._unregister(watched)
        watched.socket.close()

    @coroutine
    def sleep(self, until: float) -> Generator[float, None, None]:
        """Wait until then (monotonic time)."""
        with suppress(TimeoutError):
            yield until

    def resume(self, task: Task) -> None:
        """Its turn comes though nothing happened to its socket."""
        task.until = NEVER
        self._ready.append(task)

    # -- the thread -----------------------------------------------------------------------------------------------

    def _run(self) -> None:
        while True:
            try:
                self._carry_on()
            except OSError as error:
                self._fail(NoSocketError(error.errno, error.strerror))
            with self._lock:
                if not self._calls:
                    self._running = False
                    return

    def _carry_on(self) -> None:
        waked, self._waker = socket.socketpair()
        with waked, self._waker, selectors.DefaultSelector() as self._selector:
            self._waker.setblocking(False)
            waked.setblocking(False)
            self._selector.register(waked, READ, Watched(waked))
            try:
                while self._turn(waked):
                    pass
            except Exception as error:  # noqa: BLE001 - of the loop itself: whoever waits must hear of it
                self._fail(error)

    def _fail(self, error: Exception) -> None:
        """End every job there is, those too that were submitted and not looked at."""
        self._asleep = False
        while self._calls:
            self._calls.popleft()()
        for job in (*self._queue, *self._jobs):
            self._end(job, error)

    def _turn(self, waked: socket.socket) -> bool:
        """Give a turn to everybody who can go on, after waiting until somebody can; False where nobody is left."""
        for _ in range(len(self._ready)):
            task = self._ready.popleft()
            if task in task.job.tasks:
                self._step(task)
        self._asleep = True
        happened = self._selector.select(self._pause())
        self._asleep = False
        for key, _ in happened:
            watched: Watched = key.data
            if watched.task is not None:
                self._step(watched.task)
            elif watched.socket is waked:
                waked.recv(4096)
            else:
                self._unregister(watched)  # until somebody waits for it: it would wake us again and again
        while self._calls:
            self._calls.popleft()()
        self._expire()
        return bool(happened or self._jobs)

    def _pause(self) -> float | None:
        """For how long nothing will happen unless a socket is ready or another thread calls."""
        if self._ready or self._calls:
            return 0
        if not self._jobs:
            return PATIENCE
        return max(self._timers[0][0] - time.monotonic(), 0) if self._timers else None

    def _step(self, task: Task, error: Exception | None = None) -> None:
        """Its conversation goes on until it waits, or ends."""
        self.current = task
        try:
            until = task.conversation.send(None) if error is None else task.conversation.throw(error)
        except StopIteration as end:
            job = task.job
            job.tasks.discard(task)
            if task is job.first:
                job.told = True
                job.done(end.value)
            if not job.tasks:
                self._end(job)
        except Exception as raised:  # noqa: BLE001 - for whoever submitted it
            task.job.tasks.discard(task)
            self._end(task.job, raised)
        else:
            task.until = until
            if until < task.timer:
                self._time(task)

    def _time(self, waiting: Task | Job) -> None:
        waiting.timer = waiting.until
        heappush(self._timers, (waiting.until, next(self._number), waiting))

    def _expire(self) -> None:
        """End the wait of those whose time is up. An entry may be of a wait that has long ended: it is then put where
        the present one belongs."""
        if not self._timers:
            return
        now = time.monotonic()
        while self._timers and self._timers[0][0] <= now:
            when, _, waiting = heappop(self._timers)
            if when != waiting.timer:
                continue
            waiting.timer = NEVER
            if waiting.until > now:
                if waiting.until != NEVER:
                    self._time(waiting)
            elif isinstance(waiting, Job):
                self._end(waiting, TimeoutError())
            elif waiting in waiting.job.tasks:
                self._step(waiting, TimeoutError())

    def _enqueue(self, job: Job) -> None:
        self._queue.append(job)
        self._admit()

    def _admit(self) -> None:
        """Begin with the jobs that wait, as far as there is room; alone, a job has all it wants."""
        while self._queue and (self._queue[0].sockets <= self._free or not self._jobs):
            job = self._queue.popleft()
            self._jobs.add(job)
            self._free -= job.sockets
            job.first = task = Task(job.begin(), job)
            job.tasks.add(task)
            self._ready.append(task)
            if job.limit != NEVER:
                job.until = time.monotonic() + job.limit
                self._time(job)

    def _end(self, job: Job, error: Exception | None = None) -> None:
        """Close whatever is left of a job and let in those that wait for its room."""
        if job in self._queue:
            self._queue.remove(job)
        elif job in self._jobs:
            self._jobs.remove(job)
            self._free += job.sockets
        else:
            return
        left, job.tasks = job.tasks, set()
        for task in left:
            task.conversation.close()
        if error is not None and not job.told:
            job.done(error)
        self._admit()

    def _unregister(self, watched: Watched) -> None:
        if watched.events:
            watched.events = 0
            self._selector.unregister(watched.socket)
