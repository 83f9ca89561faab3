"""What a loop keeps of its work: jobs, their tasks, and the sockets that these wait for."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")

FEW_SOCKETS = 252  # where select() takes 512, as on Windows: a job may for a while have twice what it was let in for
MOST_SOCKETS = 3000
NEVER = float("inf")

Conversation = Coroutine[Any, Any, T]


def room() -> int:
    """How many sockets may be planned for at once: half of the files that this process may open."""
    if not hasattr(os, "sysconf"):
        return FEW_SOCKETS
    files = os.sysconf("SC_OPEN_MAX")  # -1: as many as it likes
    return MOST_SOCKETS if files < 0 else max(min(files // 2, MOST_SOCKETS), 16)


class NoSocketError(OSError):
    """The system has none for the loop itself, which cannot begin without."""


class Watched:
    """A socket that does not block, as the loop knows it."""

    __slots__ = ("events", "socket", "task")

    def __init__(self, connection: socket.socket) -> None:
        self.socket = connection
        self.events = 0  # for which it is registered
        self.task: Task | None = None  # that waits for it


class Task:
    """A conversation under way. ``until`` is when it waits no longer, ``timer`` its first entry among the timers."""

    __slots__ = ("conversation", "job", "timer", "until")

    def __init__(self, conversation: Conversation[Any], job: Job) -> None:
        self.conversation = conversation
        self.job = job
        self.until = self.timer = NEVER


class Job:
    """A conversation that was submitted, with those that it began. Made by ``Loop.submit``."""

    __slots__ = ("begin", "done", "first", "limit", "sockets", "tasks", "timer", "told", "until")

    def __init__(
        self, begin: Callable[[], Conversation[Any]], done: Callable[[Any], object], sockets: int, limit: float
    ) -> None:
        self.begin, self.done, self.sockets, self.limit = begin, done, sockets, limit
        self.tasks: set[Task] = set()
        self.first: Task | None = None
        self.told = False  # what it came to
        self.until = self.timer = NEVER
