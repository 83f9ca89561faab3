"""The command line: options in, pipeline, renderer, exit code. Every error is caught here, once."""

from __future__ import annotations

import contextlib
import gc
import os
import sys
from collections.abc import Sequence
from itertools import pairwise
from typing import NoReturn

EXIT_INTERRUPTED = 130
EXIT_INTERNAL = 4
EXIT_PLUGIN_UNKNOWN = 3  # Nagios plugins have no other code for what could not run
_SINGLE_QUOTES = "The single quotes came along, as they do in cmd.exe: use double quotes there."


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command. Returns the exit code of the contract and never raises.

    Args:
        arguments: the words after the program's name; ``sys.argv`` where None.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        code = _run(words)
    except KeyboardInterrupt:  # also while what the command needs is imported
        code = EXIT_INTERRUPTED
    if code == EXIT_INTERRUPTED and sys.stderr is not None:
        with contextlib.suppress(OSError):  # nothing is imported for it: what was interrupted may be an import
            sys.stderr.write("interrupted\n")
            sys.stderr.flush()
    return code


def _run(words: list[str]) -> int:
    """The command of these words. Raises KeyboardInterrupt, and with ``--debug`` whatever went wrong inside."""
    from typer import Abort, TyperException

    from certready.cli.app import app
    from certready.cli.stopping import terminable
    from certready.errors import CertreadyError

    try:
        with terminable():
            code = int(app.main(words or ["--help"], prog_name="certready", standalone_mode=False) or 0)
    except CertreadyError as error:
        return _say(words, error.code, error.message, error.hint)
    except Abort:  # typer's word for Ctrl-C
        return EXIT_INTERRUPTED
    except TyperException as error:
        from certready.cli.usage import sentence

        context = getattr(error, "ctx", None)
        place = context.command_path if context else "certready"
        return _say(words, 2, sentence(error), f"{place} --help lists its arguments and options.")
    except Exception as error:  # the last resort: a fault of ours ends in a sentence, not a traceback
        if isinstance(error.__cause__, KeyboardInterrupt):  # as Python wrapped what __set_name__ raised, up to 3.11
            return EXIT_INTERRUPTED
        if "--debug" in words:
            raise
        text = f"certready failed inside: {type(error).__name__}: {error}"
        hint = "Please report it with the command you ran; certready --debug before the command shows the traceback."
        return _say(words, EXIT_INTERNAL, text, hint)
    return code if words else 2


def run() -> None:
    """The entry point of the installed command."""
    try:
        # The start makes many objects and hardly any garbage; looking for it that often is a twentieth of a short run.
        gc.set_threshold(50_000)
        if not sys.warnoptions:
            import warnings

            # What a library deprecates in odd certificates is said by a finding, not by a warning on stderr.
            warnings.simplefilter("ignore")
        code = main()
    except KeyboardInterrupt:  # a second one, or one before or after the command
        code = EXIT_INTERRUPTED
    _leave(code)


def _leave(code: int) -> NoReturn:
    """End the process at once: taking down the interpreter, object by object, is a twelfth of a short run, and where a
    daemon thread still works inside a library written in Rust, it aborts the process. Everything was written by then.
    """
    threading = sys.modules.get("threading")
    if threading and any(not each.daemon for each in threading.enumerate() if each is not threading.main_thread()):
        sys.exit(code)  # which waits for them
    if "multiprocessing.util" in sys.modules:  # its semaphores outlive the process, if they are not taken back
        import atexit

        atexit._run_exitfuncs()  # noqa: SLF001 - as sys.exit would do it
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError, AttributeError):
            stream.flush()
    os._exit(code)


def _say(words: Sequence[str], code: int, message: str, hint: str | None) -> int:
    """The error on stderr, and on stdout where the format asked for has a place for it. Returns the exit code."""
    if any(len(word) > 2 and word[0] == word[-1] == "'" for word in words):
        hint = f"{f'{hint} ' if hint else ''}{_SINGLE_QUOTES}"
    asked = _asked_format(words)
    if asked == "json":
        from certready.cli.output import write
        from certready.render.json import error_json

        write(sys.stdout, error_json(code, message, hint))
    elif asked == "nagios":
        from certready.cli.output import write
        from certready.render.nagios import error_line

        write(sys.stdout, error_line(message))
        code = EXIT_PLUGIN_UNKNOWN
    if sys.stderr is not None:
        from certready.cli.output import write

        write(sys.stderr, f"error: {message}\n" + (f"hint: {hint}\n" if hint else ""))
    return code


def _asked_format(words: Sequence[str]) -> str | None:
    """The format typed for stdout, in either spelling and any case; the words may not have been parsed."""
    typed = [second for first, second in pairwise(words) if first == "--format"]
    typed += [word.removeprefix("--format=") for word in words if word.startswith("--format=")]
    names = [name.lower() for name in typed]
    # Nagios' is refused beside others, and it is a plugin that is told so.
    return next((name for name in ("nagios", "json") if name in names), None)
