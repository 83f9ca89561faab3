"""The inventory: which targets a run checks, and what is said of each (contract, "fleet"). Pure but for one file."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, get_args

from msgspec import Struct, structs

from certready import reading
from certready.errors import CertreadyError, UsageError
from certready.fleet.forms import MAX_CELL, Row, called, rows
from certready.model import Level, Role
from certready.smtp.starttls import PROTOCOLS
from certready.typed import word

MAX_BYTES = 64 * 1024 * 1024
MAX_KEY = 80  # characters
_HALVES = re.compile("[\ud800-\udfff]")
OWN = "x_"  # begins the keys that are the user's own
YES, NO = ("true", "yes", "1"), ("false", "no", "0")
INTERNAL = 4  # the exit code of a fault of ours
NAMES_A_CONNECTOR = ("connector", "inbound", "outbound", "certificate_only")


class Keys(Struct, frozen=True):
    """What can be said of a target, None where nothing was. The names are the inventory's keys (contract, "fleet").

    ``extra`` are the keys that begin with ``x_``, passed through to the result. Files are named as they are opened.
    """

    name: str | None = None
    target: str | None = None
    role: Role | None = None
    tenant: tuple[str, ...] | None = None
    connector: tuple[str, ...] | None = None
    inbound: tuple[str, ...] | None = None
    outbound: tuple[str, ...] | None = None
    tls_settings: Level | None = None
    accepted_domains: tuple[str, ...] | None = None
    hostname: str | None = None
    same_certificate: bool | None = None
    certificate_only: bool | None = None
    protocol: str | None = None
    sni: str | None = None
    password_env: str | None = None
    password_file: str | None = None
    dane: tuple[str, ...] | None = None
    mta_sts: str | None = None
    extra: tuple[tuple[str, str], ...] = ()

    def over(self, below: Keys) -> Keys:
        """These keys, and those of ``below`` where nothing is said here. Whoever names a connector replaces theirs,
        and a password of one kind one of the other; ``certificate_only`` leaves their tenant out as well."""
        kept = structs.asdict(below) | {"name": None, "target": None}
        if any(getattr(self, key) for key in NAMES_A_CONNECTOR):
            kept |= dict.fromkeys(NAMES_A_CONNECTOR)
        if self.certificate_only:
            kept["tenant"] = None
        if self.password_env or self.password_file:
            kept |= {"password_env": None, "password_file": None}
        kept |= {key: value for key, value in structs.asdict(self).items() if value is not None}
        kept["extra"] = tuple(({**dict(below.extra), **dict(self.extra)}).items())
        return Keys(**kept)


class Problem(Struct, frozen=True):
    """Why a line came to nothing: a sentence, what to do about it, and the exit code it stands for."""

    error: str
    hint: str | None = None
    code: int = 2

    @classmethod
    def of(cls, error: Exception) -> Problem:
        """What an exception says; one that is none of ours is a fault of ours, which ends one line and not the run."""
        if isinstance(error, CertreadyError):
            return cls(error.message, error.hint, error.code)
        return cls(f"certready failed inside: {type(error).__name__}: {error}", "Please report it.", INTERNAL)


class Line(Struct, frozen=True):
    """One target: its ``number`` in the inventory, its name, no two alike in one inventory, and what is said of it.
    With a ``problem`` it cannot be run."""

    number: int
    name: str
    keys: Keys
    problem: Problem | None = None


class Inventory(Struct, frozen=True):
    """The lines of a run, and the folder that their files are relative to."""

    lines: tuple[Line, ...]
    folder: Path = Path()

    @classmethod
    def load(cls, source: str | Path) -> Inventory:
        """The inventory in a file, ``-`` for standard input; see :meth:`loads`."""
        path = Path(source)
        standard = reading.is_stdin(path)
        data = reading.read(path, MAX_BYTES)
        return cls.loads(data, "" if standard else str(path), Path() if standard else path.parent)

    @classmethod
    def loads(cls, data: bytes, name: str = "", folder: Path = Path()) -> Inventory:
        """The inventory of these bytes; ``name`` ends in .csv, .json, .yaml or .toml, or the content tells the form.

        Raises:
            InputError: it cannot be read as a whole.
            UsageError: a key that is not known, by its line, or defaults that cannot be meant.
        """
        read = rows(data, name)
        problem, defaults = _keys(read.defaults, folder)
        if problem or defaults.name or defaults.target:
            reason = problem.error if problem else "name and target belong to a line."
            raise UsageError(f"{called(name)}, defaults: {reason}")
        lines: list[Line] = []
        first: dict[str, str] = {}
        for row in read.lines:
            line = _line(row, defaults, folder)
            twin = first.setdefault(line.name, row.place)
            if twin != row.place:
                line = structs.replace(
                    line,
                    name=f"{line.name} ({row.place})",
                    problem=Problem(f"{line.name} is the name of {twin} already.", "Give each line a name of its own."),
                )
            lines.append(line)
        return cls(tuple(lines), folder)


def _line(row: Row, defaults: Keys, folder: Path) -> Line:
    problem, keys = _keys(row, folder)
    if problem is None and not keys.target:
        problem = Problem("It names no target.", "Write a file, HOST[:PORT] or mx:DOMAIN under the key target.")
    return Line(row.number, keys.name or keys.target or row.place, keys.over(defaults), problem)


# -- values -------------------------------------------------------------------------------------------------------


def _keys(row: Row, folder: Path) -> tuple[Problem | None, Keys]:
    """The row's keys, those that can be read where one cannot. Raises UsageError for a key that is not known."""
    values: dict[str, Any] = {}
    extra: dict[str, str] = {}
    read: set[str] = set()
    problem = Problem(row.problem, None) if row.problem else None
    for given, value in row.cells.items():
        key = str(given).strip().lower().replace("-", "_")
        if (not key.startswith(OWN) and key not in _READERS) or len(key) > MAX_KEY or _HALVES.search(key):
            raise UsageError(
                f"{row.header or row.place}: there is no key {str(given)[:80]!a}.",
                hint=f"The keys are {', '.join(_READERS)}, and any that begins with {OWN}, of at most {MAX_KEY} "
                "characters.",
            )
        if key in read:
            raise UsageError(
                f"{row.header or row.place}: the key {key!a} is there twice, in two spellings.",
                hint="Leave one of them out.",
            )
        read.add(key)
        try:
            if key.startswith(OWN):
                text = _text(value)
                if text is not None:
                    extra[key] = text
            else:
                values[key] = _READERS[key](value, folder)
        except ValueError as error:
            problem = problem or Problem(f"{key} {error}.", None)
    return problem, Keys(**values, extra=tuple(extra.items()))


def _text(value: object, _folder: object = None) -> str | None:
    """Raises ValueError for what is no text."""
    if value is None:
        return None
    if isinstance(value, (dict, list)):
        raise ValueError("is no single value")  # noqa: TRY004 - what is wrong with a value is one kind of error
    text = str(value).strip()
    if len(text) > MAX_CELL:
        raise ValueError(f"is longer than {MAX_CELL} characters")
    if "\0" in text:
        raise ValueError("holds a NUL character")
    if _HALVES.search(text):
        raise ValueError("holds half of a surrogate pair, which is no character")
    return text or None


def _texts(value: object, _folder: object = None) -> tuple[str, ...] | None:
    """One value, or a list of them."""
    listed = value if isinstance(value, list) else [value]
    if len(listed) > MAX_CELL:
        raise ValueError(f"has more than {MAX_CELL} values")
    return tuple(text for text in map(_text, listed) if text) or None


def _blanks(value: object, _folder: object = None) -> tuple[str, ...] | None:
    """A list, or values separated by blanks."""
    texts = _texts(value) or ()
    return tuple(part for text in texts for part in text.split()) or None


def _flag(value: object, _folder: object = None) -> bool | None:
    text = _text(value)
    if text is None:
        return None
    if text.lower() not in (*YES, *NO):
        raise ValueError(f"is {text[:80]!a}, neither true nor false")
    return text.lower() in YES


def _chosen(choices: Sequence[str]) -> Callable[[object, Path], str | None]:
    def read(value: object, _folder: Path) -> str | None:
        text = _text(value)
        if text is not None and word(text, choices) is None:
            raise ValueError(f"is {text[:80]!a}, not one of {', '.join(choices)}")
        return text and word(text, choices)

    return read


def _file(value: object, folder: Path) -> str | None:
    text = _text(value)
    if text and reading.is_stdin(folder / text):
        raise ValueError("is standard input, which no line can read")
    return text and str(folder / text)


def _files(value: object, folder: Path) -> tuple[str, ...] | None:
    return tuple(file for text in _texts(value) or () if (file := _file(text, folder))) or None


_READERS: Mapping[str, Callable[[object, Path], object]] = {
    "name": _text,
    "target": _text,
    "role": _chosen(get_args(Role)),
    "tenant": _files,
    "connector": _texts,
    "inbound": _texts,
    "outbound": _texts,
    "tls_settings": _chosen(get_args(Level)),
    "accepted_domains": _blanks,
    "hostname": _text,
    "same_certificate": _flag,
    "certificate_only": _flag,
    "protocol": _chosen(tuple(PROTOCOLS)),
    "sni": _text,
    "password_env": _text,
    "password_file": _file,
    "dane": _blanks,
    "mta_sts": _text,
}
