"""What the listen command does with each gateway that came by: judge it, print the report, remember the worst."""

from __future__ import annotations

import contextlib
import sys
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from pathlib import Path

from msgspec import Struct, field
from msgspec.structs import replace

from certready import directories
from certready.cli import output
from certready.cli.judge import judged, save, write_remedies
from certready.cli.progress import Progress
from certready.errors import CertreadyError
from certready.judging import judge
from certready.model import Bundle, Evidence
from certready.model.report import Report, Verdict
from certready.net.listener import Visit
from certready.render.nagios import rank
from certready.wording import counted

KEPT_REPORTS = 1000  # for formats that are written at the end
KEPT_EVIDENCE = 64  # chains whose revocation answers are used again
FRESH = 300.0  # seconds for which they are
SAVED = 100  # evidence files

Key = tuple[bytes, ...]


class Sessions(Struct):
    """The host of a listener (:class:`certready.net.listener.Host`).

    ``gather`` makes evidence of a bundle, ``destinations`` say where reports go, ``save`` where evidence does (the
    second session's to a name with "-2", and so on), ``remedies`` where the fixes of the last session do. ``ended`` is
    called after each completed session. A file that could not be written is in ``failed``; it costs no report. Every
    method may be called by several threads at once.
    """

    gather: Callable[[Bundle], Evidence]
    destinations: Sequence[output.Destination]
    verbose: bool = False
    save: Path | None = None
    redact: bool = False
    remedies: Path | None = None
    progress: Progress = field(default_factory=lambda: Progress(None))
    ended: Callable[[], None] = lambda: None
    worst: Report | None = None
    count: int = 0
    failed: CertreadyError | None = None
    reports: list[Report] = field(default_factory=list)
    _known: OrderedDict[Key, tuple[float, Future[Evidence]]] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _printing: threading.Lock = field(default_factory=threading.Lock)

    def judge(self, bundle: Bundle) -> Verdict:
        """The verdict on what a client presented, while it waits for the answer to RCPT TO."""
        self.progress(f"judging what {bundle.target.name} presents")
        return judge(self._evidence(bundle)).verdict

    def done(self, visit: Visit) -> None:
        """Report on a session that has ended."""
        evidence = replace(self._evidence(visit.bundle), dialogue=visit.dialogue)
        report = judged(evidence)
        with self._printing, self.progress.aside():
            self.count += 1
            self.worst = report if self.worst is None else max(self.worst, report, key=rank)
            with self._noting_failure():
                self._save(evidence)
            with self._noting_failure():
                write_remedies([(report, evidence)], self.remedies)
            self._write(report)
            words = report.verdict.replace("-", " ")
            output.write(sys.stderr, f"session {self.count}, {report.target.name}: {words}\n")
        self.wait()
        if visit.completed:
            self.ended()

    def wait(self) -> None:
        """Say that the next gateway is waited for."""
        so_far = f", {counted(self.count, 'session')} so far" if self.count else ""
        self.progress(f"waiting for a gateway to connect{so_far}")

    @property
    def verdict(self) -> Verdict | None:
        """The worst verdict so far, None before the first session."""
        return None if self.worst is None else self.worst.verdict

    def log(self, line: str) -> None:
        """One line on stderr."""
        with self._printing, self.progress.aside():
            output.write(sys.stderr, f"{line}\n")

    def conclude(self) -> None:
        """Write what waits for the end: every format but the text on stdout.

        Raises CertreadyError where a file could not be written, now or for a session; the others are written first.
        """
        waiting = [destination for destination in self.destinations if not _streamed(destination)]
        kept = self.reports
        if self.worst is not None and not any(report is self.worst for report in kept):
            kept = [*kept, self.worst]
        for name, path in waiting:
            text = _text(name, kept, self.verdict or "cannot-tell", verbose=self.verbose)
            with self._noting_failure():
                output.deliver(text, path)
        if self.failed:
            raise self.failed

    @contextlib.contextmanager
    def _noting_failure(self) -> Iterator[None]:
        """A file that cannot be written is said now and counts at the end."""
        try:
            yield
        except CertreadyError as error:
            if self.failed is None:
                self.failed = error
                output.write(sys.stderr, f"{error.message}\n")

    def _evidence(self, bundle: Bundle) -> Evidence:
        """The evidence on a bundle; revocation of the same chain is asked for once within five minutes, however many
        connections present it."""
        key = tuple(certificate.der for chain in bundle.chains for certificate in chain.certificates)
        with self._lock:
            at, future = self._known.get(key, (0.0, None))
            mine = future is None or time.monotonic() - at > FRESH
            if mine or future is None:
                future = Future()
                self._known[key] = (time.monotonic(), future)
                while len(self._known) > KEPT_EVIDENCE:
                    self._known.popitem(last=False)
        if mine:
            try:
                future.set_result(self.gather(bundle))
            except BaseException as error:
                future.set_exception(error)
                with self._lock:
                    self._known.pop(key, None)
                raise
        return replace(future.result(), target=bundle.target, chains=bundle.chains, endpoints=bundle.endpoints)

    def _save(self, evidence: Evidence) -> None:
        if self.save is None or self.count > SAVED:
            return
        path = self.save
        if self.count > 1 and directories.keeps_what_is_written(path):
            path = path.with_stem(f"{path.stem}-{self.count}")
        save(evidence, path, redacted=self.redact)

    def _write(self, report: Report) -> None:
        streamed = [destination for destination in self.destinations if _streamed(destination)]
        if streamed:
            if self.count > 1:
                output.write(sys.stdout, "\n")
            output.emit(report, streamed, verbose=self.verbose)
        if len(streamed) < len(self.destinations):
            if len(self.reports) < KEPT_REPORTS:
                self.reports.append(report)
            elif self.count == KEPT_REPORTS + 1:
                output.write(
                    sys.stderr,
                    f"only the first {KEPT_REPORTS} reports and the worst are kept\n",
                )


def check_writable(paths: Sequence[Path | None]) -> None:
    """See before a long wait that files can be written after it. Raises CertreadyError."""
    for path in paths:
        if path is not None and not directories.writable(path):
            raise CertreadyError(f"{path} cannot be written.", hint="Check the path: its directory, and who may write.")


def _streamed(destination: output.Destination) -> bool:
    """Text on stdout is written as it comes; everything else is one document, written at the end."""
    return destination == ("text", None)


def _text(name: str, reports: Sequence[Report], verdict: Verdict, *, verbose: bool) -> str:
    if len(reports) == 1:
        return output.rendered(name, reports[0], verbose=verbose)
    from certready.render import renderer

    return renderer(name).render_many(reports, verdict)
