"""The loop: whose turn it is, when a wait ends, and what is left behind."""

from __future__ import annotations

import errno
import queue
import socket
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, NoReturn

import pytest

from certready.net import loop as looping
from certready.net.jobs import FEW_SOCKETS, NoSocketError, Watched, room
from certready.net.loop import READ, WRITE, Choice, Loop

PATIENT = 30.0  # seconds: for what comes at once
SHORT = 0.02


def soon() -> float:
    return time.monotonic() + SHORT


def late() -> float:
    return time.monotonic() + PATIENT


def carried_on(loop: Loop, *begin: Callable[[], Coroutine[Any, Any, object]], **how: Any) -> list[object]:
    """What these conversations came to, at the same time, in order."""
    ended: queue.SimpleQueue[tuple[int, object]] = queue.SimpleQueue()
    for number, each in enumerate(begin):
        loop.submit(each, lambda value, number=number: ended.put((number, value)), **how)  # type: ignore[misc]
    return [value for _, value in sorted((ended.get(timeout=PATIENT) for _ in begin), key=lambda pair: pair[0])]


@contextmanager
def connected(loop: Loop) -> Iterator[tuple[Watched, socket.socket]]:
    """A watched socket, and its other end, which waits."""
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    watched = Watched(ours)
    with theirs:
        try:
            yield watched, theirs
        finally:
            loop.close(watched)


def threads(name: str) -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == f"certready-{name}"]


class TestTurns:
    def test_value(self) -> None:
        """What a conversation returns is handed over in the loop's thread."""
        ended: queue.SimpleQueue[tuple[object, str]] = queue.SimpleQueue()

        async def talk() -> int:
            return 42

        Loop("value").submit(talk, lambda value: ended.put((value, threading.current_thread().name)))
        assert ended.get(timeout=PATIENT) == (42, "certready-value")

    def test_one_thread(self) -> None:
        """Any number of conversations share one thread, and it ends when there has been nothing to do for a while."""

        async def who() -> threading.Thread:
            return threading.current_thread()

        loop = Loop("one")
        (thread,) = set(carried_on(loop, *[who] * 20))
        assert isinstance(thread, threading.Thread)
        assert thread.daemon

    def test_the_thread_ends_and_comes_again(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A thread that nobody has anything for ends, and the next conversation is carried on all the same."""
        monkeypatch.setattr(looping, "PATIENCE", 0.01)
        loop = Loop("again")

        async def who() -> threading.Thread:
            return threading.current_thread()

        for _ in range(3):
            (thread,) = carried_on(loop, who)
            assert isinstance(thread, threading.Thread)
            thread.join(PATIENT)
            assert not thread.is_alive()

    def test_nobody_is_starved(self) -> None:
        """A conversation whose bytes never stop coming has its turn among the others, and no more."""
        loop, turns = Loop("fair"), list[str]()
        begun: Choice[bool] = Choice(loop)

        async def read(name: str) -> None:
            with connected(loop) as (watched, other):
                other.send(b"x")  # and nobody takes it: it is there to be read each time
                await begun.wait(late())
                while turns.count("modest") < 100:
                    await loop.wait(watched, READ, late())
                    turns.append(name)

        async def begin() -> None:
            begun.settle(True)

        carried_on(loop, partial(read, "greedy"), partial(read, "modest"), begin)
        assert 95 <= turns.count("greedy") <= 105

    def test_thousands(self) -> None:
        """Thousands of conversations, each with others of its own, come to their ends."""
        loop = Loop("thousands")

        async def count(number: int) -> int:
            choice: Choice[int] = Choice(loop)

            async def settle() -> None:
                await loop.sleep(time.monotonic() + number % 7 / 1000)
                choice.settle(number)

            loop.begin(settle())
            return await choice.wait(late())

        assert carried_on(loop, *(partial(count, number) for number in range(3000))) == list(range(3000))


class TestWaiting:
    def test_readable(self) -> None:
        """A wait for a socket ends when there is something to read."""
        loop = Loop("readable")

        async def read() -> bytes:
            with connected(loop) as (watched, other):
                await loop.wait(watched, WRITE, late())
                other.send(b"hello")
                await loop.wait(watched, READ, late())
                return watched.socket.recv(10)

        assert carried_on(loop, read) == [b"hello"]

    def test_bytes_that_nobody_waits_for(self) -> None:
        """What arrives while a conversation waits for something else does not keep the thread busy, and is there
        afterwards."""
        loop, turns = Loop("unwanted"), []
        real = loop._turn
        loop._turn = lambda waked: (turns.append(1), real(waked))[1]  # type: ignore[method-assign]

        async def read() -> bytes:
            with connected(loop) as (watched, other):
                await loop.wait(watched, WRITE, late())
                other.send(b"early")
                await loop.sleep(time.monotonic() + 0.2)
                await loop.wait(watched, READ, late())
                return watched.socket.recv(10)

        assert carried_on(loop, read) == [b"early"]
        assert len(turns) < 20

    def test_deadline(self) -> None:
        """A wait ends at its time, though bytes come that it does not wait for and others go on."""
        loop = Loop("deadline")

        async def wait() -> str:
            with connected(loop) as (watched, _):
                try:
                    await loop.wait(watched, READ, soon())
                except TimeoutError:
                    return "late"
            return "ready"

        assert carried_on(loop, wait) == ["late"]

    def test_deadline_that_is_over(self) -> None:
        """A wait whose time was over when it began ends, also where there is something to read again and again."""
        loop = Loop("over")

        async def wait() -> str:
            with connected(loop) as (watched, other):
                other.send(b"x")
                until = time.monotonic() - 1
                try:
                    while True:
                        await loop.wait(watched, READ, until)
                except TimeoutError:
                    return "late"

        assert carried_on(loop, wait) == ["late"]

    def test_a_later_deadline_replaces_an_earlier_one(self) -> None:
        """What counts is the end of the present wait, not of one before it."""
        loop = Loop("replaced")

        async def wait() -> bytes:
            with connected(loop) as (watched, other):
                await loop.wait(watched, WRITE, soon())
                began = time.monotonic()
                threading.Timer(3 * SHORT, other.send, (b"x",)).start()
                await loop.wait(watched, READ, began + PATIENT)
                return watched.socket.recv(1)

        assert carried_on(loop, wait) == [b"x"]

    def test_an_earlier_deadline_after_a_later_one(self) -> None:
        """A short wait after a long one is short."""
        loop = Loop("earlier")

        async def wait() -> float:
            with connected(loop) as (watched, _):
                began = time.monotonic()
                await loop.wait(watched, WRITE, began + 10 * PATIENT)
                with pytest.raises(TimeoutError):
                    await loop.wait(watched, READ, soon())
                return time.monotonic() - began

        (seconds,) = carried_on(loop, wait)
        assert isinstance(seconds, float)
        assert seconds < PATIENT

    def test_sleep(self) -> None:
        """Sleepers wake in the order of their times, whatever that of their beginnings."""
        loop, woken = Loop("sleep"), list[int]()
        base = time.monotonic() + SHORT

        async def sleep(number: int) -> None:
            await loop.sleep(base + number / 100)
            woken.append(number)

        carried_on(loop, *(partial(sleep, number) for number in (3, 1, 0, 2)))
        assert woken == [0, 1, 2, 3]

    def test_choice(self) -> None:
        """Whoever waits for a choice has the first value, whoever asks afterwards too, and who asks too early none."""
        loop = Loop("choice")
        choice: Choice[str] = Choice(loop)

        async def hurried() -> str:
            try:
                return await choice.wait(soon())
            except TimeoutError:
                choice.settle("first")
                choice.settle("second")
                return "none"

        async def patient() -> str:
            return await choice.wait(late())

        assert carried_on(loop, hurried, patient, patient) == ["none", "first", "first"]
        assert carried_on(loop, patient) == ["first"]

    def test_a_call_wakes_the_loop(self) -> None:
        """What another thread wants called is called while every conversation waits."""
        loop = Loop("call")
        choice: Choice[int] = Choice(loop)
        ended: queue.SimpleQueue[object] = queue.SimpleQueue()
        waiting = threading.Event()

        async def wait() -> int:
            waiting.set()
            return await choice.wait(late())

        loop.submit(wait, ended.put)
        assert waiting.wait(PATIENT)
        loop.call(partial(choice.settle, 7))
        assert ended.get(timeout=PATIENT) == 7


class TestEnds:
    def test_an_exception_is_its_own(self) -> None:
        """What a conversation raises is what it came to, and the others know nothing of it."""
        loop = Loop("raise")

        async def fail() -> None:
            raise KeyError("x")

        async def fine() -> str:
            await loop.sleep(soon())
            return "fine"

        error, value = carried_on(loop, fail, fine)
        assert isinstance(error, KeyError)
        assert value == "fine"

    def test_an_exception_of_one_that_it_began(self) -> None:
        """What a conversation raises that another began ends both, and closes their sockets."""
        loop, sockets = Loop("raise"), list[socket.socket]()

        async def fail() -> None:
            raise KeyError("x")

        async def talk() -> None:
            with connected(loop) as (watched, _):
                sockets.append(watched.socket)
                loop.begin(fail())
                await loop.wait(watched, READ, late())

        (error,) = carried_on(loop, talk)
        assert isinstance(error, KeyError)
        assert [each.fileno() for each in sockets] == [-1]

    def test_cancelled(self) -> None:
        """A job that is cancelled is over, with all that it began, wherever they were: their sockets are closed, and
        nobody is told anything."""
        loop, heard = Loop("cancel"), list[object]()
        sockets: queue.SimpleQueue[socket.socket] = queue.SimpleQueue()

        async def wait() -> None:
            with connected(loop) as (watched, _):
                sockets.put(watched.socket)
                await loop.wait(watched, READ, late())

        async def talk() -> None:
            loop.begin(wait())
            await wait()

        job = loop.submit(talk, heard.append)
        held = [sockets.get(timeout=PATIENT) for _ in range(2)]
        loop.cancel(job)
        loop.cancel(job)
        carried_on(loop, partial(loop_turn, loop))
        assert [each.fileno() for each in held] == [-1, -1]
        assert heard == []

    def test_limit(self) -> None:
        """A job that does not end by itself is ended after its seconds."""
        loop = Loop("limit")

        async def forever() -> None:
            await loop.sleep(late())

        (error,) = carried_on(loop, forever, limit=SHORT)
        assert isinstance(error, TimeoutError)

    def test_what_outlives_the_first(self) -> None:
        """Whoever submitted a conversation has its value when it ends; those that it began come to their own ends."""
        loop, ended = Loop("outlive"), threading.Event()

        async def rest() -> None:
            await loop.sleep(soon())
            ended.set()

        async def talk() -> str:
            loop.begin(rest())
            return "told"

        assert carried_on(loop, talk) == ["told"]
        assert ended.wait(PATIENT)

    def test_a_fault_of_the_loop(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Should the loop itself fail, everybody who waits hears of it, and the next job finds another thread."""
        loop = Loop("fault", sockets=2)

        async def forever() -> None:
            await loop.sleep(late())

        def fault() -> None:
            monkeypatch.undo()
            raise LookupError

        async def spoil() -> None:
            while not loop._queue:
                await loop_turn(loop)
            monkeypatch.setattr(loop, "_expire", fault)
            await loop_turn(loop)

        errors = carried_on(loop, forever, spoil, forever)
        assert [type(error) for error in errors] == [LookupError] * 3
        assert carried_on(loop, partial(loop_turn, loop)) == [None]

    def test_a_fault_of_the_loop_while_sockets_wait(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """What conversations have open is closed then as ever."""
        loop, opened = Loop("fault"), list[socket.socket]()

        async def read() -> None:
            with connected(loop) as (watched, _):
                opened.append(watched.socket)
                await loop.wait(watched, READ, late())

        def fault() -> None:
            monkeypatch.undo()
            raise LookupError

        async def spoil() -> None:
            while len(opened) < 2:
                await loop_turn(loop)
            monkeypatch.setattr(loop, "_expire", fault)
            await loop_turn(loop)

        errors = carried_on(loop, read, read, spoil)
        assert [type(error) for error in errors] == [LookupError] * 3
        assert [each.fileno() for each in opened] == [-1, -1]

    def test_no_socket_to_be_had(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Where the loop cannot even begin, as no more files may be opened, whoever submitted something hears of it."""

        def fault() -> NoReturn:
            raise OSError(errno.EMFILE, "Too many open files")

        loop = Loop("files")
        monkeypatch.setattr(looping.socket, "socketpair", fault)
        errors = carried_on(loop, *[partial(loop_turn, loop)] * 2, sockets=1)
        assert [type(error) for error in errors] == [NoSocketError] * 2
        monkeypatch.undo()
        assert carried_on(loop, partial(loop_turn, loop)) == [None]


class TestRoom:
    def test_sockets(self) -> None:
        """No more sockets are planned for than there is room; whoever waits is let in when those before it are done,
        in order."""
        loop, order, most = Loop("room", sockets=6), list[int](), [0, 0]

        async def hold(number: int) -> None:
            order.append(number)
            most[0] += 3
            most[1] = max(most)
            await loop.sleep(time.monotonic() + 0.001)
            most[0] -= 3

        carried_on(loop, *(partial(hold, number) for number in range(20)), sockets=3)
        assert order == list(range(20))
        assert most == [0, 6]

    def test_what_was_begun_takes_room_too(self) -> None:
        """A job gives up its room when all that it began has ended."""
        loop, order = Loop("room", sockets=1), list[str]()

        async def rest() -> None:
            await loop.sleep(soon())
            order.append("rest")

        async def first() -> None:
            loop.begin(rest())

        async def second() -> None:
            order.append("second")

        carried_on(loop, first, second)
        assert order == ["rest", "second"]

    def test_more_than_there_is(self) -> None:
        """A job that wants more room than there is at all has it alone."""
        loop = Loop("room", sockets=1)
        assert carried_on(loop, *[partial(loop_turn, loop)] * 3, sockets=5) == [None] * 3

    def test_cancelled_in_the_queue(self) -> None:
        """A job that waits for room can be cancelled, and does not begin."""
        loop, begun = Loop("room", sockets=1), list[str]()

        async def note(word: str) -> None:
            begun.append(word)
            await loop.sleep(soon())

        loop.submit(partial(note, "first"), begun.append)
        loop.cancel(loop.submit(partial(note, "never"), begun.append))
        carried_on(loop, partial(note, "last"))
        assert "never" not in begun

    def test_where_select_takes_few(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Twice the room of a system without a word about it is what its select() takes."""
        monkeypatch.delattr("os.sysconf", raising=False)
        assert room() == FEW_SOCKETS
        assert 2 * FEW_SOCKETS + 1 <= 512


async def loop_turn(loop: Loop) -> None:
    """One turn of everybody."""
    await loop.sleep(time.monotonic())


def test_sockets_of_the_loop_are_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A loop whose thread has ended has no socket left."""
    monkeypatch.setattr(looping, "PATIENCE", 0.01)
    made: list[socket.socket] = []
    real = socket.socketpair

    def pair() -> tuple[socket.socket, socket.socket]:
        made.extend(real())
        return made[-2], made[-1]

    monkeypatch.setattr(looping.socket, "socketpair", pair)
    loop = Loop("closed")
    carried_on(loop, partial(loop_turn, loop))
    for thread in threads("closed"):
        thread.join(PATIENT)
    assert [each.fileno() for each in made] == [-1, -1]
