"""What others may read of a fleet: names, records and sentences without a path of this machine. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

import msgspec
from msgspec.structs import replace

from certready.fleet import lines
from certready.fleet.inventory import INTERNAL
from certready.fleet.lines import LineDocument, LineError
from certready.wording import visible

# An absolute path with at least one folder, as errors of the system quote them; no part of a URL, and no subject.
_POSIX = re.compile(r"(?<![\w./~])(?:/[^\s/:'\",;]+){2,}/?")
_WINDOWS = re.compile(r"(?<!\w)(?:[A-Za-z]:|\\)\\[^\s'\",;]+")


class Public:
    """Takes paths of this machine out of what is served: of a file below one of ``folders`` the rest of its path stays.

    Args:
        folders: where the files lie that an inventory and the options name.
    """

    def __init__(self, folders: Iterable[Path]) -> None:
        known = {str(form) for folder in folders for form in _forms(folder)}
        longest = [name.rstrip("/\\") for name in sorted(known, key=lambda name: (-len(name), name))]
        ends = "|".join(map(re.escape, longest))
        whole = rf"(?<![\w.~/\\-])(?:{ends})(?:[/\\]|(?![\w-]|\.\w))"
        self._folders = re.compile(whole, re.IGNORECASE) if ends else None
        written = b"|".join(re.escape(json.dumps(name)[1:-1].encode("ascii")) for name in longest)
        self._written = re.compile(written, re.IGNORECASE) if ends else None

    def text(self, text: str) -> str:
        """The text without these folders."""
        return self._folders.sub("", text) if self._folders else text

    def error(self, text: str) -> str:
        """The sentence of an error, which may quote any path: of each its last part."""
        text = _WINDOWS.sub(lambda path: PureWindowsPath(path[0]).name, self.text(text))
        return _POSIX.sub(lambda path: PurePosixPath(path[0]).name, text)

    def document(self, record: bytes, name: str) -> LineDocument:
        """A record, as one line of JSON, under this name and without paths; of a fault inside the kind alone."""
        document = lines.decoded(record)
        if self._written and self._written.search(record):
            document = msgspec.convert(self._value(msgspec.to_builtins(document)), LineDocument)
        error = document.error
        if error:
            sentence = error.error.split(": ")[:2] if document.code == INTERNAL else [error.error]
            error = LineError(self.error(": ".join(sentence)), error.hint and self.error(error.hint))
        return replace(document, name=name, error=error)

    def names(self, names: Iterable[str]) -> Mapping[str, str]:
        """What each name is called in public, told apart where several are equal then: ``X``, ``X #2``."""
        called: dict[str, str] = {}
        taken: set[str] = set()
        for name in names:
            base = shown = self.text(name) or "target"
            count = 1
            while visible(shown) in taken:  # formats show names so
                count += 1
                shown = f"{base} #{count}"
            taken.add(visible(shown))
            called[name] = shown
        return called

    def _value(self, value: Any) -> Any:
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {key: self._value(item) for key, item in value.items()}
        return [self._value(item) for item in value] if isinstance(value, list | tuple) else value


def _forms(folder: Path) -> Iterable[Path]:
    """A folder as it may be written: absolute, and with its links followed; the root of a drive is none."""
    absolute = folder.absolute()
    for form in (absolute, _resolved(absolute)):
        if len(form.parts) > 1:
            yield form


def _resolved(path: Path) -> Path:
    try:
        return path.resolve()
    except (OSError, RuntimeError):
        return path
