"""fleet --serve: checked again and again, and shown over HTTP until somebody ends it."""

from __future__ import annotations

import contextlib
import ipaddress
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import NamedTuple

from msgspec import structs

from certready import directories
from certready.cli import output
from certready.cli.fleet_book import INTERRUPTED, log_to
from certready.cli.fleet_options import Effort, Records, Serving
from certready.cli.options import present
from certready.cli.shared import Shared
from certready.errors import CertreadyError, UsageError
from certready.fleet import Inventory, Keys, Setup
from certready.fleet.entries import exit_code
from certready.fleet.lines import Log
from certready.fleet.serve import state
from certready.fleet.serve.board import Known
from certready.fleet.serve.pages import duration as in_words
from certready.fleet.serve.rounds import Plan, Rounds
from certready.net.threads import Task, start
from certready.reading import is_stdin
from certready.typed import bind_address, duration, hostname
from certready.wording import counted, host_port, visible

EVERY = "6h"
LOOPBACK = "127.0.0.1"
POLL = 0.5  # seconds between two looks at whether to end: a wait is not interrupted by Ctrl-C everywhere
PARTING = 5.0  # seconds that answers under way may take
EXAMPLE = "certready fleet inventory.yaml --serve 127.0.0.1:8080 --every 6h"


class Typed(NamedTuple):
    """The command line, but for the shared options."""

    inventory: Path
    effort: Effort
    records: Records
    serving: Serving


class Making(NamedTuple):
    """How what a round needs is made, each time anew."""

    setup: Callable[[], Setup]
    defaults: Keys
    executor: Callable[[], Executor]


class _Files:
    """Where records go: the state of our own, if one is kept, and the files that were named."""

    def __init__(self, own: state.State | None, logs: tuple[Log, ...]) -> None:
        self._own, self._logs = own, logs

    def add(self, record: bytes) -> None:
        for log in self._logs:
            log.add(record)
        if self._own:
            self._own.add(record)

    def keep(self, everything: Iterable[Known]) -> None:
        if self._own:
            self._own.keep(everything)


def serve(typed: Typed, shared: Shared, making: Making) -> int:
    """Serve until SIGTERM (0) or Ctrl-C (the worst verdict so far, as a run that is interrupted).

    Raises CertreadyError where it cannot begin.
    """
    bind, hosts, every = _checked(typed, shared)
    try:
        from certready.fleet.serve.app import App, all_headers
        from certready.net.web import WebServer
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "waitress":
            raise
        raise CertreadyError(
            "--serve needs waitress, which is not installed.", hint="pip install 'certready[serve]'"
        ) from None
    inventory = Inventory.load(typed.inventory)
    setup = making.setup()
    server = WebServer(bind, all_headers())
    files, held = _files(typed, shared)
    plan = Plan(
        typed.inventory,
        every,
        making.setup,
        making.executor,
        present,
        making.defaults,
        typed.effort.at_once,
        typed.effort.per_host,
        typed.effort.workers,
        tuple(_folders(shared, typed)),
    )
    rounds = Rounds(plan, inventory, setup, held, store=files, note=note)
    app = App(rounds.board, hosts, present, note)
    _announce(server.address, len(inventory.lines), in_words(every))
    stopping = threading.Event()
    with _signals() as terminated:
        serving = start(partial(server.run, app), "serve")
        checking = start(partial(rounds.run, stopping), "rounds")
        try:
            _wait((serving, checking), terminated)
        except KeyboardInterrupt:
            pass
        finally:
            stopping.set()
            server.stop()
            rounds.end()
            serving.wait(PARTING)
    note("ended" if terminated.is_set() else "interrupted")
    if terminated.is_set():
        return 0
    return exit_code(rounds.codes) if rounds.codes else INTERRUPTED


def _checked(typed: Typed, shared: Shared) -> tuple[tuple[str, int], list[str], timedelta]:
    """Where to listen, which names to answer to, and how often to check. Raises UsageError."""
    if typed.serving.serve is None:
        raise UsageError("--every and --host belong to --serve.", hint=EXAMPLE)
    if is_stdin(typed.inventory):
        raise UsageError("--serve reads the inventory again and again: standard input cannot be.", hint=EXAMPLE)
    if typed.records.since:
        raise UsageError("--since compares with one run; --serve never ends.", hint="Leave it out.")
    if any(name != "jsonl" or path is None for name, path in output.destinations(shared.formats or ("jsonl=x",))):
        raise UsageError(
            "--serve shows its results over HTTP; beside it there is --format jsonl=FILE alone.",
            hint="Leave --format out; /metrics is what --format prometheus writes.",
        )
    bind = _bind(typed.serving.serve)
    hosts = [_address(name) or hostname(name, "--host") or "" for name in typed.serving.host]
    if _address(bind[0]) is None:
        hosts.append(hostname(bind[0], "--serve") or "")
    return bind, hosts, duration(typed.serving.every or EVERY, "--every")


def _bind(text: str) -> tuple[str, int]:
    """Address and port; a port alone is loopback's. Raises UsageError."""
    port = text.removeprefix(":")
    if port.isascii() and port.isdigit():
        text = f"{LOOPBACK}:{port}"
    return bind_address(text, "--serve")


def _address(text: str) -> str | None:
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return None


def _files(typed: Typed, shared: Shared) -> tuple[_Files, dict[str, Known]]:
    """Where records go, and what was told before: by the file to go on with, else by the state of our own.

    Raises CertreadyError where a file that was named holds anything else, or cannot be written.
    """
    destinations = output.destinations(shared.formats) if shared.formats else ()
    logs = log_to(destinations, typed.records.resume).files
    if typed.records.resume:
        return _Files(None, logs), state.read(typed.records.resume)[0]
    if shared.no_cache:
        return _Files(None, logs), {}
    place = state.place(directories.cache(os.environ), typed.inventory)
    try:
        own = state.State(place)
    except CertreadyError as error:
        note(f"what is checked will be forgotten at the end: {error.message}")
        return _Files(None, logs), {}
    if own.damaged:
        note(f"{place} was damaged, and is begun anew")
    return _Files(own, logs), own.known


def _folders(shared: Shared, typed: Typed) -> Iterator[Path]:
    """Where files lie that the options name, and where this user's are."""
    yield Path.cwd()
    with contextlib.suppress(RuntimeError):
        yield Path.home()
    for place in (directories.cache, directories.data, directories.config):
        yield place(os.environ)
    for value in (*structs.astuple(shared), typed.records.resume):
        for each in value if isinstance(value, tuple) else (value,):
            if isinstance(each, Path):
                yield each.absolute().parent
    trust = Path(shared.trust or "")
    if trust.is_absolute():
        yield trust.parent


def _announce(address: tuple[str, int], lines: int, every: str) -> None:
    pages = "/metrics, /report/NAME and /healthz"
    note(f"serving http://{host_port(*address)}/ with {pages}; {counted(lines, 'line')}, every {every}")
    if not ipaddress.ip_address(address[0].partition("%")[0]).is_loopback:
        note("other machines can connect: there is no password, and whoever can connect reads every name and verdict")


def _wait(tasks: tuple[Task[None], ...], terminated: threading.Event) -> None:
    """Until it is to end. Raises what a thread failed with."""
    while not terminated.wait(POLL):
        for task in tasks:
            if task.wait(0):
                task.result()
                return


@contextlib.contextmanager
def _signals() -> Iterator[threading.Event]:
    """SIGTERM, and Ctrl-Break on Windows, end it: the event is set then. In the main thread alone."""
    terminated = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield terminated
        return
    numbers = [getattr(signal, name) for name in ("SIGTERM", "SIGBREAK") if hasattr(signal, name)]
    before = {number: signal.signal(number, lambda *_: terminated.set()) for number in numbers}
    try:
        yield terminated
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def note(sentence: str) -> None:
    """A line of the log; the server goes on where it cannot be written."""
    with contextlib.suppress(CertreadyError):
        output.write(sys.stderr, f"{present():%Y-%m-%d %H:%M:%S} {visible(sentence)}\n")
