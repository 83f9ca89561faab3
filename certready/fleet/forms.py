"""The bytes of an inventory into rows: CSV, JSON, YAML or TOML, told by the file's ending or by content. Pure.

Whatever is wrong with the file as a whole is an InputError; whatever is wrong with one row is that row's problem, so
that one bad line stops nothing. Size, depth and the number of lines and keys are bounded.
"""

from __future__ import annotations

import codecs
import csv
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from certready.errors import InputError

MAX_LINES = 250_000
MAX_KEYS = 100
MAX_CELL = 20_000  # characters of one value

FORMS = ("csv", "json", "yaml", "toml")
HINT = "An inventory is CSV with a header, or a list in JSON, YAML or TOML; certready fleet --init FOLDER makes one."

_ENDINGS = {".csv": "csv", ".tsv": "csv", ".json": "json", ".yaml": "yaml", ".yml": "yaml", ".toml": "toml"}
_TOML = re.compile(r"(?:\[\[?\s*[A-Za-z_]|[A-Za-z_][\w.-]*\s*=)")
_DELIMITER = re.compile(r"sep=.?", re.IGNORECASE)  # Excel's first line, which names the delimiter
_YAML = re.compile(r"(?:---|%YAML|-\s|(?:defaults|targets)\s*:)")


class Row(Struct, frozen=True):
    """One line as it stands: its ``number`` (the line of a CSV file, else the target's, from 1), the values by key, and
    the sentence that says why it cannot be read, or None. ``place`` is what messages call it, ``header`` where its keys
    are written, where that is elsewhere."""

    number: int
    place: str
    cells: Mapping[str, object]
    problem: str | None = None
    header: str | None = None


class Rows(Struct, frozen=True):
    """An inventory as it stands: what it says of every line, and the lines."""

    defaults: Row
    lines: tuple[Row, ...]


def rows(data: bytes, name: str) -> Rows:
    """The rows of an inventory called ``name``. Raises InputError where it cannot be read as a whole."""
    text = _text(data, name)
    first = next((line.strip() for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")), "")
    if not first:
        raise InputError(f"{called(name)} is empty.", hint=HINT)
    form = next((form for ending, form in _ENDINGS.items() if name.lower().endswith(ending)), None) or told(first)
    if form == "csv":
        read = Rows(Row(0, "", {}), tuple(_bounded(_csv(text, name), name)))
    else:
        read = _listed(_document(text, name, form), name)
    if not read.lines:
        raise InputError(f"{called(name)} names no target.", hint=HINT)
    return read


def told(first: str) -> str:
    """The form of an inventory by its first line that is neither blank nor a comment."""
    if _DELIMITER.fullmatch(first):
        return "csv"
    if _TOML.match(first):
        return "toml"
    if first.startswith(("{", "[")):
        return "json"
    return "yaml" if _YAML.match(first) else "csv"


def called(name: str) -> str:
    """How sentences begin about the inventory of this name."""
    return f"The inventory {name}" if name else "The inventory"


def _text(data: bytes, name: str) -> str:
    """As text: UTF-8 or UTF-16, with and without a mark. Raises InputError."""
    encoding = "utf-8-sig"
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encoding = "utf-16"
    elif b"\0" in data[:2]:  # every inventory begins with an ASCII character
        encoding = "utf-16-be" if data[:1] == b"\0" else "utf-16-le"
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        shown = encoding.removesuffix("-sig").upper()
        raise InputError(
            f"{called(name)} is not {shown} text: byte {error.start} does not fit.",
            hint="Save it as UTF-8; Excel calls that CSV UTF-8.",
        ) from None


# -- CSV ----------------------------------------------------------------------------------------------------------


def _csv(text: str, name: str) -> Iterator[Row]:
    lines = text.splitlines(keepends=True)
    if _DELIMITER.fullmatch(lines[0].strip()):
        lines[0] = "\n"
    head = next(line for line in lines if line.strip())
    delimiter = max(",;\t", key=head.count)
    reader = csv.reader(iter(lines), delimiter=delimiter, skipinitialspace=True)
    header: list[str] = []
    written = ""
    while True:
        start = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield Row(start, f"line {start}", {}, f"It cannot be read as CSV: {error}.")
            continue
        if not any(cell.strip() for cell in cells) or (not header and cells[0].lstrip().startswith("#")):
            continue
        if not header:
            header, written = _header(cells, name, start), f"line {start}"
            continue
        yield replace(_cells(header, cells, start, delimiter), header=written)


def _header(cells: Sequence[str], name: str, number: int) -> list[str]:
    """Raises InputError where a key stands there twice."""
    header = [cell.strip() for cell in cells]
    while header and not header[-1]:
        header.pop()
    _once(header, name, f"line {number}")
    if len(header) > MAX_KEYS:
        raise InputError(f"The header of {name} has more than {MAX_KEYS} keys.", hint=HINT)
    return header


def _cells(header: Sequence[str], cells: Sequence[str], number: int, delimiter: str) -> Row:
    place = f"line {number}"
    beyond = [cell for cell in cells[len(header) :] if cell.strip()]
    if beyond:
        shown = {"\t": "a tab"}.get(delimiter, f'"{delimiter}"')
        return Row(
            number,
            place,
            dict(zip(header, cells, strict=False)),
            f"It has {len(cells)} cells and the header {len(header)}: put a value that holds {shown} in double quotes.",
        )
    return Row(number, place, dict(zip(header, cells, strict=False)))


# -- JSON, YAML, TOML ---------------------------------------------------------------------------------------------


def _document(text: str, name: str, form: str) -> object:
    try:
        match form:
            case "json":
                return json.loads(text, object_pairs_hook=lambda pairs: _mapping(pairs, name))
            case "toml":
                import tomllib

                return tomllib.loads(text)
            case _:
                from certready.fleet import yamlform

                return yamlform.load(text, called(name), HINT)
    except RecursionError:
        raise InputError(f"{called(name)} is nested too deeply.", hint=HINT) from None
    except ValueError as error:
        reason = (str(error).splitlines() or ["it cannot be read"])[0][:200]
        raise InputError(
            f"{called(name)} is not valid {form.upper()}: {ascii(reason)[1:-1].rstrip('.')}.", hint=HINT
        ) from None


def _mapping(pairs: Sequence[tuple[str, object]], name: str) -> dict[str, object]:
    """Raises InputError where a key stands there twice."""
    if len({key for key, _ in pairs}) < len(pairs):
        _once([key for key, _ in pairs], name, "one object")
    return dict(pairs)


def _once(keys: Sequence[str], name: str, place: str) -> None:
    met: set[str] = set()
    for key in keys:
        if key in met:
            raise InputError(f"{name}, {place}: the key {key[:80]!a} is there twice.", hint="Leave one of them out.")
        met.add(key)


def _listed(document: object, name: str) -> Rows:
    """``[...]`` or ``{"defaults": {...}, "targets": [...]}``. Raises InputError for anything else."""
    defaults: object = {}
    targets = document
    if isinstance(document, Mapping):
        unknown = [str(key) for key in document if key not in ("defaults", "targets")]
        if unknown:
            raise InputError(
                f"{called(name)} has {unknown[0][:80]!a} beside defaults and targets.",
                hint='Write {"defaults": {...}, "targets": [...]}.',
            )
        defaults, targets = document.get("defaults") or {}, document.get("targets")
    if not isinstance(targets, list) or not isinstance(defaults, Mapping):
        raise InputError(f"{called(name)} holds no list of targets.", hint=HINT)
    listed = (_row(target, number) for number, target in enumerate(targets, 1))
    return Rows(Row(0, "defaults", defaults), tuple(_bounded(listed, name)))


def _row(target: object, number: int) -> Row:
    place = f"target {number}"
    if isinstance(target, str):
        return Row(number, place, {"target": target})
    if not isinstance(target, Mapping):
        return Row(number, place, {}, "It is neither a target's name nor an object with its keys.")
    if len(target) > MAX_KEYS:
        return Row(number, place, {}, f"It has more than {MAX_KEYS} keys.")
    return Row(number, place, target)


def _bounded(listed: Iterable[Row], name: str) -> Iterator[Row]:
    """Raises InputError where there are more lines than one run looks at."""
    for count, row in enumerate(listed, 1):
        if count > MAX_LINES:
            raise InputError(f"{called(name)} has more than {MAX_LINES} lines.", hint="Split it.")
        yield row
