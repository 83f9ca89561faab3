"""Reading what the user names: files within bounds, and passwords that leave no trace."""

from __future__ import annotations

import os
import sys
from io import RawIOBase
from pathlib import Path

from certready import bounds
from certready.errors import InputError, UsageError

STDIN = Path("-")
PASSWORD_LIMIT = 4096
STEP = 64 * 1024
FILE_LIMIT = bounds.FILE
CRL_LIMIT = bounds.CRL
TENANT_LIMIT = bounds.TENANT
EVIDENCE_LIMIT = bounds.EVIDENCE


def is_stdin(path: Path) -> bool:
    """Whether a path stands for standard input. To compare paths themselves takes ten times as long."""
    return str(path) == str(STDIN)


def name_of(path: Path) -> str:
    """What a file is called in sentences: its path, or that it is standard input."""
    return "standard input" if is_stdin(path) else str(path)


def read(path: Path, limit: int = FILE_LIMIT, *, missing: str = "Check the path.") -> bytes:
    """The bytes of a file, or of standard input for "-", at most ``limit``. Raises InputError with a sentence;
    ``missing`` is its hint where there is no such file."""
    try:
        if is_stdin(path):
            return bounded("What standard input gave", sys.stdin.buffer.read(limit + 1) if sys.stdin else b"", limit)
        with path.open("rb", buffering=0) as file:
            data = beginning(file, limit + 1)
    except FileNotFoundError:
        raise InputError(f"There is no file {path}.", hint=missing) from None
    except (OSError, ValueError) as error:
        if os.path.isdir(path):  # noqa: PTH112 - Path.is_dir raises PermissionError
            raise InputError(f"{path} is a directory.", hint="Name a file in it.") from None
        if isinstance(error, PermissionError):
            raise InputError(f"{path} may not be read by this user.", hint="Check the file's permissions.") from None
        raise InputError(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}.") from None
    return bounded(str(path), data, limit)


def beginning(file: RawIOBase, most: int) -> bytes:
    """At most so many bytes of an open file, in steps: a buffer for all of them costs more than most files do."""
    parts = []
    while most > 0 and (part := file.read(min(most, STEP))):
        parts.append(part)
        most -= len(part)
    return b"".join(parts)


def bounded(name: str, data: bytes, limit: int) -> bytes:
    """The data, where it is at most ``limit`` bytes. Raises InputError, which calls it ``name``."""
    if len(data) > limit:
        size = f"{limit // 1024**2} MiB" if limit >= 1024**2 else f"{limit // 1024} KiB"
        raise InputError(
            f"{name} is larger than {size}, too large for such a file.", hint="Check that this is the file you mean."
        )
    return data


def given(
    file: Path | None, variable: str | None, descriptor: int | None, *, option: str = "--password"
) -> bytes | None:
    """The password from the one source that was named by options of this name, None where there is none.

    Args:
        file: whose first line it is.
        variable: the environment variable that holds it.
        descriptor: an open file descriptor, read to its first line end.
        option: how the three options begin, for messages.

    Raises:
        UsageError: there is more than one source, or one that cannot be read.
    """
    if sum(source is not None for source in (file, variable, descriptor)) > 1:
        raise UsageError(f"Give one of {option}-file, {option}-env and {option}-fd, not several.")
    if variable is not None:
        password = os.environ.get(variable)
        if password is None:
            raise UsageError(f"The environment variable {variable} is not set.", hint=f"Set it, or use {option}-file.")
        return password.encode("utf-8", "surrogateescape")
    if file is not None:
        return _first_line(read(file, PASSWORD_LIMIT))
    if descriptor is not None:
        try:
            with os.fdopen(descriptor, "rb", closefd=False) as stream:
                return _first_line(stream.read(PASSWORD_LIMIT))
        except (OSError, ValueError):
            raise UsageError(
                f"The file descriptor {descriptor} cannot be read.", hint="Open it, as in 3<password.txt."
            ) from None
    return None


def _first_line(data: bytes) -> bytes:
    """The first line of a password file; Windows PowerShell writes UTF-16 with a mark, editors UTF-8 with one."""
    for mark, encoding in ((b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be")):
        if data.startswith(mark):
            data = data[2:].decode(encoding, "replace").encode("utf-8", "replace")
    return data.removeprefix(b"\xef\xbb\xbf").split(b"\n", 1)[0].rstrip(b"\r")
