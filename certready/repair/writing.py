"""Several files into one folder: all of them or none, whatever interrupts."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from certready import directories
from certready.errors import CertreadyError, UsageError
from certready.repair.model import Output


def write_together(folder: Path, files: Sequence[Output], *, force: bool) -> None:
    """Write every file, or leave the folder as it was.

    They are first written into a hidden folder beside their places that this user alone can enter, then moved; where a
    move fails or the user interrupts, what was moved is taken back and what stood there put back.

    Raises:
        UsageError: one of the files is there and ``force`` is not given, or is a link or a device.
        CertreadyError: the folder cannot be made or written to.
    """
    check_free(folder, files, force=force)
    is_new = not folder.exists()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        staging = Path(tempfile.mkdtemp(prefix=".certready-", dir=folder))
    except OSError as error:
        raise CertreadyError(f"{folder} cannot be written to: {error.strerror}.", hint="Check the path.") from None
    moved: list[Output] = []
    try:
        for file in files:
            with directories.exclusive(staging / file.name, 0o600 if file.secret else 0o644) as stream:
                stream.write(file.content)
        for file in files:
            moved.append(file)
            _move(folder, staging, file, force=force)
    except BaseException as error:
        for file in reversed(moved):
            _take_back(folder / file.name, staging / file.name)
        shutil.rmtree(staging, ignore_errors=True)
        if is_new:
            with contextlib.suppress(OSError):
                folder.rmdir()
        if isinstance(error, OSError):
            raise CertreadyError(f"{folder} cannot be written to: {error.strerror}.", hint="Check the path.") from None
        raise
    shutil.rmtree(staging, ignore_errors=True)


def check_free(folder: Path, files: Sequence[Output], *, force: bool) -> None:
    """Makes sure that every file may be written into ``folder``, before anything is.

    Raises:
        UsageError: the folder is something else, or one of the files is there and ``force`` is not given, or is a link
            or a device.
    """
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder} is not a folder.", hint="--out names a folder; it is made where it is missing.")
    for file in files:
        target = folder / file.name
        if target.is_symlink() or (target.exists() and not target.is_file()):
            raise UsageError(f"{target} is a link or not a regular file.", hint="Name another folder with --out.")
        if target.exists() and not force:
            raise UsageError(f"{target} is there already.", hint="Name another folder with --out, or add --force.")


def _old(staged: Path) -> Path:
    return staged.with_name(staged.name + ".old")


def _move(folder: Path, staging: Path, file: Output, *, force: bool) -> None:
    target, staged = folder / file.name, staging / file.name
    if force and target.exists():
        target.replace(_old(staged))
    staged.replace(target)


def _take_back(target: Path, staged: Path) -> None:
    """Undo a move, wherever it was interrupted: the staged file is gone exactly when it was moved."""
    with contextlib.suppress(OSError):
        if not staged.exists():
            target.unlink()
        if _old(staged).exists():
            _old(staged).replace(target)
