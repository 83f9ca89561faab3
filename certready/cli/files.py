"""Reading what the user names: files within bounds, and passwords that leave no trace."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from certready.errors import InputError, PasswordError, UsageError
from certready.model import Bundle, Known

PASSWORD_LIMIT = 4096
FILE_LIMIT = 10 * 1024 * 1024
CRL_LIMIT = 64 * 1024 * 1024
TENANT_LIMIT = 20 * 1024 * 1024
EVIDENCE_LIMIT = 256 * 1024 * 1024


def read(path: Path, limit: int = FILE_LIMIT) -> bytes:
    """The bytes of a regular file of at most ``limit`` bytes. Raises InputError with a sentence otherwise."""
    try:
        if path.is_dir():
            raise InputError(f"{path} is a directory.", hint="Name the certificate files in it.")
        with path.open("rb") as file:
            data = file.read(limit + 1)
    except FileNotFoundError:
        raise InputError(f"There is no file {path}.", hint="Check the path.") from None
    except PermissionError:
        raise InputError(f"{path} may not be read by this user.", hint="Check the file's permissions.") from None
    except (OSError, ValueError) as error:
        raise InputError(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}.") from None
    if len(data) > limit:
        raise InputError(
            f"{path} is larger than {limit // (1024 * 1024)} MiB, which no such file is.",
            hint="Check that this is the file you mean.",
        )
    return data


def read_bundle(paths: Sequence[Path], password: bytes | None, *, ask: bool) -> Bundle:
    """The files as one bundle. An encrypted one is asked for its password where a terminal is there and ``ask``."""
    from certready import bundle as bundles

    parts = [(str(path), read(path)) for path in paths]
    try:
        return bundles.load_files(parts, password=password)
    except PasswordError as error:
        if not (error.missing and ask and sys.stdin is not None and sys.stdin.isatty()):
            raise
    import getpass

    return bundles.load_files(parts, password=getpass.getpass("Password: ", stream=sys.stderr))


def intermediates(paths: Sequence[Path]) -> tuple[Known, ...]:
    """The certificates of ``--intermediate`` files."""
    if not paths:
        return ()
    from certready import bundle as bundles

    return tuple(
        Known(certificate, "intermediate-file", str(path))
        for path in paths
        for certificate in bundles.certificates(read(path), str(path))
    )


def password(file: Path | None, variable: str | None, descriptor: int | None) -> bytes | None:
    """The password from the one source that was named; its first line, without the line end. Never from an argument.

    Raises:
        UsageError: more than one source, or a source that cannot be read.
    """
    if sum(one is not None for one in (file, variable, descriptor)) > 1:
        raise UsageError("Give one of --password-file, --password-env and --password-fd, not several.")
    if variable is not None:
        found = os.environ.get(variable)
        if found is None:
            raise UsageError(f"The environment variable {variable} is not set.", hint="Set it, or use --password-file.")
        return found.encode()
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
    text = data.removeprefix(b"\xef\xbb\xbf")
    return text.split(b"\n", 1)[0].rstrip(b"\r")
