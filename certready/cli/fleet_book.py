"""What a fleet's run writes: records as they come, then the table, the formats and the exit code of all of them."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import timedelta
from pathlib import Path
from typing import IO, NamedTuple

from msgspec.structs import replace

from certready import directories
from certready._version import __version__
from certready.cli import output
from certready.cli.defaults import defaults_file
from certready.cli.progress import Progress
from certready.cli.stopping import undisturbed
from certready.errors import CertreadyError
from certready.fleet import Inventory, Job, Result, Setup, lines, summary
from certready.fleet.across import Owners, across
from certready.fleet.entries import Entry, exit_code
from certready.fleet.lines import DONE, Earlier, Log, Place
from certready.fleet.plan import owned
from certready.fleet.restored import reports as restored
from certready.model import Tenant
from certready.model.report import Report
from certready.render import renderer

INTERRUPTED = 130
WITHOUT_REPORTS = ("text", "json", "jsonl")
REFRESH = 0.2  # seconds between two looks at how far it is


class Logs(NamedTuple):
    """The files that records are added to, and what the one that is gone on with holds already."""

    files: tuple[Log, ...]
    earlier: Earlier
    resumed: Path | None


def log_to(destinations: Sequence[output.Destination], resume: Path | None) -> Logs:
    """Opens the files of ``--format jsonl=FILE`` and ``--resume``, each once; what stands in them must be records.

    Raises CertreadyError where one holds anything else, or cannot be opened; nothing is changed then.
    """
    paths = dict.fromkeys(path for name, path in destinations if name == "jsonl" and path)
    if resume:
        paths[resume] = None
    held = {path: lines.read(path) if directories.keeps_what_is_written(path) else Earlier({}) for path in paths}
    files = tuple(Log(path, earlier.end) for path, earlier in held.items())
    return Logs(files, held[resume] if resume else Earlier({}), resume)


class Book:
    """The lines of one run: kept from an earlier one or done now.

    Args:
        name: what the inventory is called.
        inventory: all lines there are.
        setup: of the run.
        destinations: of its formats.
        logs: files that records are added to.
        before: entries of the run to compare with, None where none is.
    """

    def __init__(
        self,
        name: str,
        inventory: Inventory,
        setup: Setup,
        destinations: Sequence[output.Destination],
        logs: Logs,
        *,
        before: Mapping[str, tuple[Entry, Place]] | None,
    ) -> None:
        self._inventory, self._setup, self._logs = inventory, setup, logs
        self._name = name
        self._before = before
        self._streams = any(name == "jsonl" and path is None for name, path in destinations)
        self._formats = [(name, path) for name, path in destinations if name != "jsonl"]
        if not self._streams and not any(path is None for _, path in self._formats):
            self._formats.append(("text", None))
        self._spool: IO[bytes] | None = None
        if any(name not in WITHOUT_REPORTS for name, _ in self._formats):
            self._spool = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as the run
        self._entries: dict[str, tuple[Entry, Place | None, bool]] = {}  # the last says that it is an earlier one's
        self._tenants: dict[str, Tenant] = {}
        self._owners: dict[str, str] = {}
        self._interrupted = False
        self._aside: Callable[[], AbstractContextManager[None]] = nullcontext  # while a line of progress is drawn

    def note(self, sentence: str) -> None:
        """Tell whoever started the run."""
        with self._aside():
            output.note(sentence)

    def unfinished(self, jobs: Iterable[Job], earlier: Earlier, age: timedelta) -> Iterator[Job]:
        """The jobs that an earlier run did not do, or that are to be done again; the others are kept from it."""
        for job in owned(jobs, self._owners, self._tenants):
            kept, place = earlier.entries.get(job.line.name, (None, None))
            if (
                kept is not None
                and kept.digest == job.digest
                and kept.code in DONE
                and self._setup.now - kept.checked_at <= age
            ):
                self._entries[job.line.name] = (
                    replace(kept, line=job.line.number, extra=job.line.keys.extra),
                    place,
                    True,
                )
            else:
                yield job

    def fill(self, results: Iterable[Result], progress: Progress) -> None:
        """Write down each result as it comes; Ctrl-C ends that, and what is done is kept. Raises CertreadyError."""
        self._aside = progress.aside
        total, began, shown, done = len(self._inventory.lines), time.monotonic(), 0.0, 0
        worst: Entry | None = None
        try:
            for result in results:
                with undisturbed():
                    seen = self._add(result)
                done += 1
                worst = seen if worst is None or seen.rank > worst.rank else worst
                now = time.monotonic()
                if now - shown > REFRESH:
                    shown = now
                    rate = done / max(now - began, 0.001)
                    left = (total - len(self._entries)) / rate
                    progress(
                        f"{len(self._entries)}/{total} lines, {rate:.3g}/s, {left:.0f} s left; "
                        f"{summary.worst_so_far([worst])}"
                    )
        except KeyboardInterrupt:
            self._interrupted = True

    def _add(self, result: Result) -> Entry:
        document = lines.document(result)
        extra = result.line.keys.extra
        data = lines.encoded(document, extra)
        for log in self._logs.files:
            log.add(data)
        if self._streams:
            with self._aside():
                output.write(sys.stdout, data.decode("ascii"))
        place = None
        if self._spool:
            place = Place(self._spool.tell(), len(data))
            self._spool.write(data)
        for sentence in result.notes:
            self.note(f"{result.line.name}: {sentence}")
        seen = lines.entry(document, extra)
        self._entries[seen.name] = (seen, place, False)
        return seen

    def conclude(self) -> int:
        """Write the table and the formats. Returns the exit code."""
        for log in self._logs.files:
            log.close()
        missing = len(self._inventory.lines) - len(self._entries)
        if self._interrupted:
            kept = " What is done is kept." if self._logs.files else ""
            output.write(sys.stderr, f"interrupted: {len(self._entries)} of {len(self._inventory.lines)} done.{kept}\n")
            if not self._entries:
                return INTERRUPTED
        entries = tuple(sorted((entry for entry, _, _ in self._entries.values()), key=lambda entry: entry.line))
        before = None if self._before is None else {name: entry for name, (entry, _) in self._before.items()}
        defaults = defaults_file()
        owners = Owners(self._owners, self._tenants)
        run = summary.Run(
            self._name,
            self._setup.options.at or self._setup.now,
            entries,
            across(entries, owners, self._setup.limits, self._setup.options.at or self._setup.now, before),
            missing,
            str(defaults) if defaults else None,
        )
        code = exit_code(entry.code for entry in entries)
        for name, path in self._formats:
            code = self._write(run, name, path, code)
        return code

    def _write(self, run: summary.Run, name: str, path: Path | None, code: int) -> int:
        """One format to its place. Returns the exit code, a plugin's for Nagios'."""
        if name == "text" and path is None:
            output.show(lambda width: summary.lines(run, width=width))
            return code
        text: str
        if name == "text":
            from certready.render.layout import plain

            text = plain(summary.lines(run, width=None))
        elif name == "json":
            from certready.model.plain import json_text

            text = json_text(run.to_dict())
        elif name == "html":
            from certready.fleet import overview

            text = overview.render(run, self._reports(), self._setup.roots.info.name)
        else:
            reports = list(self._reports())
            text = renderer(name).render_many(reports, run.verdict)
            if name == output.NAGIOS:
                code = output.exit_code(reports, [(name, path)])
        output.deliver(text, path)
        return code

    def _reports(self) -> Iterator[Report]:
        """The reports of every line, in the order of the inventory."""
        for entry, place, earlier in sorted(self._entries.values(), key=lambda kept: kept[0].line):
            if place is None:
                continue
            yield from restored(
                lines.decoded(self._record(place, earlier)),
                extra=entry.extra,
                strict=self._setup.options.strict,
                certready=__version__,
                trust=self._setup.roots.info,
            )

    def _record(self, place: Place, earlier: bool) -> bytes:
        """Raises CertreadyError where the earlier file is no longer what it was."""
        if not earlier and self._spool:
            self._spool.seek(place.start)
            return self._spool.read(place.size)
        if self._logs.resumed is None:
            raise CertreadyError("The earlier run's file is gone.")
        with self._logs.resumed.open("rb") as file:
            file.seek(place.start)
            return file.read(place.size)
