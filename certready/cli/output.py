"""Where reports go: formats to stdout or into files, progress and errors to stderr, an exit code at the end."""

from __future__ import annotations

import contextlib
import errno
import io
import os
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from certready import directories
from certready.errors import CertreadyError, UsageError
from certready.model.report import Report, Verdict, worst
from certready.model.report import exit_code as code_of
from certready.render import format_called, renderer

if TYPE_CHECKING:
    from msgspec import Struct

    from certready.render.layout import Line

Destination = tuple[str, Path | None]
NAGIOS = "nagios"


def destinations(texts: Sequence[str]) -> tuple[Destination, ...]:
    """``NAME[=FILE]`` as (name, file or None for stdout); text to stdout where nothing is given.

    Raises:
        UsageError: a name that is no format, two formats for stdout or for one file, or Nagios' beside another.
    """
    chosen: list[Destination] = []
    for text in texts:
        name, separator, file = text.partition("=")
        name = format_called(name)
        if separator and not file:
            raise UsageError(f"--format {text[:80]!r} names no file.", hint=f"Write {name}=FILE, or {name} for stdout.")
        chosen.append((name, Path(file) if separator else None))
    if any(name == NAGIOS for name, _ in chosen) and chosen != [(NAGIOS, None)]:
        raise UsageError(
            "--format nagios stands alone: a plugin prints one line and ends with codes of its own.",
            hint="Run certready again for the other formats; --save-evidence and --replay judge the same evidence.",
        )
    if sum(path is None for _, path in chosen) > 1:
        raise UsageError(
            "Only one format can go to stdout.", hint="Send the others to files, as in --format json=out.json."
        )
    files = [path.absolute() for _, path in chosen if path is not None]
    twice = next((path for path in files if files.count(path) > 1), None)
    if twice is not None:
        raise UsageError(f"Two formats name the file {twice}.", hint="Give each format a file of its own.")
    return tuple(chosen) or (("text", None),)


def exit_code(reports: Sequence[Report], wanted: Sequence[Destination]) -> int:
    """The exit code of these reports: the contract's, or a plugin's where Nagios' format was asked for."""
    if any(name == NAGIOS for name, _ in wanted):
        from certready.render import nagios

        return nagios.exit_code(reports)
    return code_of(worst(report.verdict for report in reports))


def emit(report: Report, wanted: Sequence[Destination], *, verbose: bool) -> None:
    """Write the report to every destination. Raises CertreadyError where a file cannot be written."""
    for name, path in wanted:
        if (name, path) == ("text", None):
            from certready.render.text import report_lines

            show(lambda width: report_lines(report, verbose=verbose, width=width))
        else:
            deliver(rendered(name, report, verbose=verbose), path)


def emit_many(reports: Sequence[Report], verdict: Verdict, wanted: Sequence[Destination], *, verbose: bool) -> None:
    """Write several reports as one document, with the worst verdict. Raises CertreadyError."""
    for name, path in wanted:
        if name == "text":
            from certready.render import text as as_text

            if path is None:
                show(lambda width: as_text.lines_of_many(reports, verdict, verbose=verbose, width=width))
                continue
            document = as_text.render_many(reports, verdict, verbose=verbose)
        else:
            document = renderer(name).render_many(reports, verdict)
        deliver(document, path)


def rendered(name: str, report: Report, *, verbose: bool) -> str:
    """The report in a format; only the text has a longer form."""
    if name == "text":
        from certready.render.text import render

        return render(report, verbose=verbose)
    return renderer(name).render(report)


def show(lines: Callable[[int | None], Iterable[Line]]) -> None:
    """Lines of text on stdout: as wide as the terminal, in colour where that is wanted; elsewhere a finding a line."""
    from certready.render.layout import console, plain, print_lines

    width = columns(sys.stdout)
    if colourful(sys.stdout):
        with outlasting(sys.stdout):
            print_lines(lines(width), console(sys.stdout))
    else:
        write(sys.stdout, plain(lines(width)))


def columns(stream: TextIO | None) -> int | None:
    """The width of a terminal, at least 40; None away from one."""
    return max(shutil.get_terminal_size().columns, 40) if stream is not None and stream.isatty() else None


def drawn(stream: TextIO | None) -> bool:
    """Whether frames are drawn on it: on a terminal, and wherever FORCE_COLOR asks for what a terminal gets."""
    return stream is not None and (stream.isatty() or bool(os.environ.get("FORCE_COLOR")))


def colourful(stream: TextIO | None) -> bool:
    """A terminal, or anything with FORCE_COLOR, that is not told to do without colour (no-color.org)."""
    if stream is None or os.environ.get("NO_COLOR"):
        return False
    return bool(os.environ.get("FORCE_COLOR")) or (stream.isatty() and os.environ.get("TERM") != "dumb")


def text_or_json(formats: Sequence[str], command: str, *more: str) -> tuple[Destination, ...]:
    """As :func:`destinations`, for a command whose answer is no report: it has these formats alone.

    Raises:
        UsageError: another format.
    """
    names = ("text", "json", *more)
    chosen = destinations(formats)
    for name, _ in chosen:
        if name not in names:
            raise UsageError(
                f"{command} writes {', '.join(names[:-1])} and {names[-1]}, not {name}.", hint="Write --format json."
            )
    return chosen


def write_document(
    wanted: Sequence[Destination],
    lines: Callable[[int | None], Iterable[Line]],
    document: Callable[[], Struct],
    page: Callable[[], str] | None = None,
) -> None:
    """An answer as text, in the terminal's width and colours or one line each, as JSON, and as a page where it has
    one; each to its place."""
    from certready.model.plain import json_text
    from certready.render.layout import plain

    for name, path in wanted:
        if name == "text" and path is None:
            show(lines)
            continue
        if name == "text":
            text = plain(lines(None))
        elif name == "html" and page:
            text = page()
        else:
            text = json_text(document())
        deliver(text, path)


def deliver(text: str, path: Path | None) -> None:
    """A document to its file in UTF-8, or to stdout. Raises CertreadyError where it cannot be written."""
    if path is None:
        write(sys.stdout, text)
    else:
        write_file(path, text.encode("utf-8", "backslashreplace"))


def note(sentence: str) -> None:
    """Tell whoever started the run, on stderr, what is no part of the result."""
    write(sys.stderr, f"note: {sentence}\n")


def write(stream: TextIO | None, text: str) -> None:
    """Text to a stream of any encoding: what it cannot hold is escaped. A reader that went away and a stream that was
    closed before the start (None) are no errors. Raises CertreadyError where the device takes no more."""
    if stream is None:
        return
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors="backslashreplace")
    with outlasting(stream):
        stream.write(text)
        stream.flush()


@contextlib.contextmanager
def outlasting(stream: TextIO | None) -> Iterator[None]:
    """While the stream is written to, also by rich and typer: whatever its reader does, the run goes on to its own exit
    code. Raises CertreadyError where the device takes no more."""
    try:
        yield
    except SystemExit:  # how rich ends where the reader went away; it has sent the stream nowhere by then
        return
    except OSError as error:
        # The interpreter flushes once more at exit; give it somewhere to write to.
        with contextlib.suppress(OSError, ValueError, AttributeError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())  # type: ignore[union-attr]
        if not reader_gone(error, os.name):
            raise CertreadyError(
                f"The output cannot be written: {error.strerror}.", hint="Check where it is redirected to."
            ) from None


def reader_gone(error: OSError, system: str) -> bool:
    """Whether a write failed because whoever read the other end of the pipe stopped; Windows (``nt`` of ``os.name``)
    calls that an invalid argument."""
    return isinstance(error, BrokenPipeError) or (system == "nt" and error.errno == errno.EINVAL)


def write_file(path: Path, data: bytes) -> None:
    """All of the file or nothing of it. Raises CertreadyError where it cannot be written."""
    try:
        directories.write(path, data)
    except OSError as error:
        raise CertreadyError(f"{path} cannot be written: {error.strerror}.", hint="Check the path.") from None
