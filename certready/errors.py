"""What certready raises: only "I could not work", never "this certificate is bad".

Every error carries one sentence and, where there is something to do about it, a hint. They are caught in one
place, the command line, which prints both and ends with the exit code of the class.
"""

from __future__ import annotations

# What reading a document of our own may raise where somebody else wrote it, whatever is in it.
MISSHAPEN = (ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError)


class CertreadyError(Exception):
    """certready could not do what was asked.

    Args:
        message: one sentence that says what is wrong.
        hint: one sentence that says what to do about it, or None.

    Attributes:
        code: the exit code of the command line (contract, "Exit codes").
    """

    code = 2

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(CertreadyError):
    """An option or argument does not have the form it must have."""


class InputError(CertreadyError):
    """A file cannot be read, is too large, or is in no format that certready knows."""


class PasswordError(InputError):
    """A PFX file or private key is encrypted, and the password is missing or wrong.

    Attributes:
        missing: True where no password was given, False where the one given does not fit.
    """

    def __init__(self, message: str, *, hint: str | None = None, missing: bool) -> None:
        super().__init__(message, hint=hint)
        self.missing = missing


class TenantError(InputError):
    """A tenant file is not what the Exchange cmdlets print, or names no such connector."""


class EvidenceError(InputError):
    """A saved evidence file is damaged or was written by another, incompatible release."""


class StoreError(InputError):
    """A root store cannot be read."""


def require_files(files: object, taker: str) -> None:
    """Raises TypeError where these are not files as pairs of name and content."""
    for pair in files if isinstance(files, list | tuple) else [files]:
        if not (isinstance(pair, tuple) and len(pair) == 2 and isinstance(pair[1], bytes | bytearray | memoryview)):
            raise TypeError(f"{taker} takes files as (name, content), not {type(pair).__name__}")


def require_bytes(data: object, taker: str, example: str) -> None:
    """Raises TypeError, which says what is wanted, where somebody gave a path or a text for a file's content."""
    if not isinstance(data, bytes | bytearray | memoryview):
        content = f"{taker}(Path({example!r}).read_bytes())"
        raise TypeError(f"{taker} takes the content of a file, as in {content}, not {type(data).__name__}")
