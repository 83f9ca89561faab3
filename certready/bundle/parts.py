"""The files of a folder or an archive, each with its content or the reason why it was not read, within bounds."""

from __future__ import annotations

from msgspec import Struct

from certready.bundle.contents import MAX_BYTES
from certready.bundle.der import looks_binary
from certready.errors import InputError

MAX_FILES = 2000
MAX_TOTAL = 64 * 1024 * 1024  # bytes of all files of one folder or archive together
ENDINGS = (".pem", ".crt", ".cer", ".der", ".pfx", ".p12", ".p7b", ".p7c", ".jks", ".keystore")
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")  # PKWARE's APPNOTE, 4.3.7 and 4.3.16: a file's header, an empty archive's end
_APPLE = "__MACOSX"  # where macOS keeps what is no file's content


class Part(Struct, frozen=True):
    """One file: its ``name`` for people, its ``data``, or why there is none (``trouble``). ``folder`` is where it
    lies, "" for a file that was named itself; ``note`` is a sentence on its certificate."""

    name: str
    data: bytes = b""
    trouble: InputError | None = None
    folder: str = ""
    note: str = ""


class Collected(Struct, frozen=True):
    """The files of a folder or an archive, and sentences on what was passed over without a look at it."""

    parts: tuple[Part, ...]
    notes: tuple[str, ...] = ()


class Budget:
    """What one folder or archive may take. ``place`` is how the user called it."""

    def __init__(self, place: str) -> None:
        self._place = place
        self._files = MAX_FILES
        self._bytes = MAX_TOTAL

    @property
    def most(self) -> int:
        """How many bytes of a file to read: one more than allowed, so that a file too large is noticed."""
        return min(MAX_BYTES, self._bytes) + 1

    def count_file(self) -> None:
        """Raises InputError for one file more than are looked at."""
        self._files -= 1
        if self._files < 0:
            raise InputError(
                f"{self._place} holds more than {MAX_FILES} files.",
                hint="Name the folder of one gateway, or the certificate files themselves.",
            )

    def count_bytes(self, count: int) -> None:
        """Raises InputError where the files together are larger than is read."""
        self._bytes -= count
        if self._bytes < 0:
            raise InputError(
                f"The files in {self._place} are larger than {MAX_TOTAL // 1024**2} MiB together.",
                hint="Name the folder of one gateway, or the certificate files themselves.",
            )


def is_zip(data: bytes) -> bool:
    """Whether the bytes begin as a ZIP archive does."""
    return data.startswith(_ZIP)


def is_hidden(name: str) -> bool:
    """Whether a file or folder of this name is one that its system hides."""
    return name.startswith(".") or name == _APPLE


def could_be_certificate(name: str, head: bytes = b"") -> bool:
    """Whether a file that is not read may hold a certificate, by its name's ending and its first bytes."""
    return name.lower().endswith(ENDINGS) or b"-BEGIN " in head or looks_binary(head)


def too_large(name: str) -> InputError:
    """The error for a file that is larger than any certificate file."""
    return InputError(
        f"{name} is larger than {MAX_BYTES // 1024**2} MiB, too large for a certificate file.",
        hint="Give the certificate file itself: PEM, DER, PFX or P7B.",
    )


def passed_over(names: list[str], why: str) -> tuple[str, ...]:
    """The sentence about files that were skipped; () where there are none."""
    if not names:
        return ()
    shown = ", ".join(names[:5]) + (f" and {len(names) - 5} more" if names[5:] else "")
    return (f"Passed over, {why}: {shown}.",)
