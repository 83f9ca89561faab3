"""Evidence on disk: what was gathered, written down and read back, to be judged again elsewhere or later.

One JSON object, ``certready.evidence/1``: the structs of :mod:`certready.model` key for key, bytes as base64,
certificates as base64 DER, moments as ISO 8601 in UTC. The reader follows the type hints of the model and takes
nothing on trust: a saved file arrives by mail, from a stranger.
"""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Callable
from datetime import UTC, date, datetime
from functools import lru_cache
from types import NoneType, UnionType
from typing import Literal, Union, cast, get_args, get_origin, get_type_hints

from msgspec import Struct, structs

from certready.errors import EvidenceError
from certready.model import Chain, Evidence
from certready.x509.certificate import Certificate

SCHEMA = "certready.evidence/1"
# The largest CRLs in use are about 42 MB, and a chain may need several.
MAX_BYTES = 256 * 1024 * 1024
# A small file can still decode into gigabytes of empty lists; real evidence stays under a few thousand values.
MAX_VALUES = 1_000_000
MAX_INTEGER = 2**53

# Keys that evidence of 0.1 lacks; the model's default stands for what was not gathered then.
ADDED = frozenset(
    {
        ("Evidence", "exported_at"),
        ("Evidence", "gathered_until"),
        ("Evidence", "planned"),
        ("Evidence", "rehearsal"),
        ("Evidence", "unlisted"),
        ("Evidence", "dane"),
        ("Evidence", "mta_sts"),
        ("AcceptedDomain", "region"),
        ("Answer", "date"),
        ("Chain", "faults"),
        ("Connector", "made_by_hybrid_wizard"),
        ("Connector", "mta_sts_mode"),
        ("Endpoint", "banner"),
        ("Endpoint", "demands_certificate"),
        ("StoreInfo", "left_out"),
    }
)
# Moments beyond these are no dates of a certificate's life, and too near the ends of the calendar to reckon with.
FIRST_YEAR, LAST_YEAR = 1970, 9000
LONGEST_WARNING = 99_999  # days, as on the command line

_AGAIN = "Save the evidence again with --save-evidence; the file may have been cut short or edited."


def dump(evidence: Evidence) -> bytes:
    """The evidence as ASCII JSON, ``certready.evidence/1``; :func:`load` gives back an equal value.

    Raises:
        EvidenceError: the file would be larger than :func:`load` accepts.
        ValueError: a moment has no time zone, or a value is of no type the model knows.
    """
    document = {"schema": SCHEMA, **structs.asdict(evidence)}
    # Piece by piece: the text of a large CRL then exists once, not once for each step.
    pieces = json.JSONEncoder(default=_plain, allow_nan=False, separators=(",", ":")).iterencode(document)
    data = b"".join(piece.encode("ascii") for piece in pieces) + b"\n"
    if len(data) > MAX_BYTES:
        raise EvidenceError(
            f"The evidence is larger than the {MAX_BYTES // 2**20} MiB that can be read back.",
            hint="Save it with --revocation off, or judge fewer certificates in one run.",
        )
    return data


def load(data: bytes) -> Evidence:
    """The evidence in a file that :func:`dump` wrote. Keys it does not know are passed over: a later release adds some.

    Raises:
        EvidenceError: whatever else is wrong with the bytes.
    """
    document = _document(data)
    _check_schema(document.get("schema"))
    evidence = cast(Evidence, _struct(Evidence, document, "evidence"))
    _check_consistent(evidence)
    return evidence


def _plain(value: object) -> object:
    """One step from a value of the model towards JSON; the encoder asks again for what is inside."""
    if isinstance(value, Certificate):
        return base64.b64encode(value.der).decode("ascii")
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ValueError("a moment in the evidence has no time zone")
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, Struct):
        return structs.asdict(value)
    raise ValueError(f"evidence holds no {type(value).__name__}")


def _document(data: bytes) -> dict[str, object]:
    """The outermost JSON object, within bounds of size, count and depth."""
    if len(data) > MAX_BYTES:
        raise EvidenceError(f"The evidence file is larger than {MAX_BYTES // 2**20} MiB.", hint=_AGAIN)
    # Every value but the first follows one of these; base64 holds none of them.
    if sum(data.count(mark) for mark in (b",", b"[", b"{")) > MAX_VALUES:
        raise EvidenceError(f"The evidence file holds more than {MAX_VALUES} values.", hint=_AGAIN)
    try:
        document = json.loads(data.decode("utf-8-sig"), parse_constant=_no_constant)
    except RecursionError:
        raise EvidenceError("The evidence file is nested too deeply.", hint=_AGAIN) from None
    except ValueError:
        raise EvidenceError("The evidence file is not JSON.", hint=_AGAIN) from None
    if not isinstance(document, dict):
        raise EvidenceError("The evidence file does not hold a JSON object.", hint=_AGAIN)
    return document


def _no_constant(name: str) -> object:
    raise ValueError(name)


def _check_schema(schema: object) -> None:
    if schema == SCHEMA:
        return
    if isinstance(schema, str) and schema.startswith("certready.evidence/"):
        message, hint = "The evidence was saved in a newer form than this release reads.", "Update certready."
    elif isinstance(schema, str) and schema.startswith("certready."):
        message = "The file was written by certready, but it holds no evidence."
        hint = "Replay reads what --save-evidence wrote; a report cannot be judged again."
    else:
        message, hint = "The file is not evidence saved by certready.", "Replay reads what --save-evidence wrote."
    raise EvidenceError(message, hint=hint)


def _check_consistent(evidence: Evidence) -> None:
    """What the types cannot say: every reference leads somewhere, and every value is one that can be reckoned with."""
    if evidence.target.kind == "listen" and not evidence.endpoints:
        raise _bad("endpoints", "is empty, and a listener sees a certificate on a connection alone")
    _check_values(evidence)
    ids = [chain.id for chain in evidence.chains]
    if len(set(ids)) != len(ids):
        raise _bad("chains", "holds the same id twice")
    _check_chains(evidence.chains, "chains")
    _check_chains(evidence.peers, "peers")
    _check_endpoints(evidence, set(ids))


def _check_chains(chains: tuple[Chain, ...], name: str) -> None:
    for index, chain in enumerate(chains):
        if not 0 <= chain.leaf < len(chain.certificates):
            raise _bad(f"{name}[{index}].leaf", "is not the place of one of its certificates")
        if chain.container == "tls" and chain.leaf:
            raise _bad(f"{name}[{index}].leaf", "is not 0, though on the wire the first certificate is the peer's own")


def _check_endpoints(evidence: Evidence, ids: set[str]) -> None:
    for index, endpoint in enumerate(evidence.endpoints):
        if endpoint.chain is not None and endpoint.chain not in ids:
            raise _bad(f"endpoints[{index}].chain", "names a chain that is not there")
        if not ids.issuperset(endpoint.chain_ids):
            raise _bad(f"endpoints[{index}].handshakes", "name a chain that is not there")
        if not 0 <= endpoint.port <= 65535:
            raise _bad(f"endpoints[{index}].port", "is no port number")


def _check_values(evidence: Evidence) -> None:
    for where, moment in (
        ("gathered_at", evidence.gathered_at),
        ("options.at", evidence.options.at),
        ("exported_at", evidence.exported_at),
    ):
        if moment and not FIRST_YEAR <= moment.year <= LAST_YEAR:
            raise _bad(where, f"is not between the years {FIRST_YEAR} and {LAST_YEAR}")
    warning = evidence.options.expiry_warning
    if warning.days is not None and not 0 <= warning.days <= LONGEST_WARNING:
        raise _bad("options.expiry_warning.days", f"is not between 0 and {LONGEST_WARNING}")
    if warning.fraction is not None and not 0 <= warning.fraction <= 1:
        raise _bad("options.expiry_warning.fraction", "is not between 0 and 1")
    if evidence.store.as_of is not None and not _is_date(evidence.store.as_of):
        raise _bad("store.as_of", "is not a date such as 2026-10-27")


def _is_date(text: str) -> bool:
    try:
        return FIRST_YEAR <= date.fromisoformat(text).year <= LAST_YEAR
    except ValueError:
        return False


@lru_cache(maxsize=64)
def _hints(kind: type) -> tuple[tuple[str, object], ...]:
    """The fields of a struct of the model, in order, each with its type."""
    hints = get_type_hints(kind)
    return tuple((name, hints[name]) for name in cast(type[Struct], kind).__struct_fields__)


def _struct(kind: type, value: object, where: str) -> object:
    """An instance of ``kind`` out of a JSON object, which is emptied on the way: what was decoded can be let go."""
    if not isinstance(value, dict):
        raise _bad(where, "is not an object")
    values = {}
    for name, hint in _hints(kind):
        inner = name if where == "evidence" else f"{where}.{name}"
        if name not in value:
            if (kind.__name__, name) in ADDED:
                continue
            raise _bad(inner, "is missing")
        values[name] = _read(hint, value.pop(name), inner)
    return kind(**values)


def _read(hint: object, value: object, where: str) -> object:
    """``value`` as what ``hint`` asks for. Only forms the model uses are known: a new one fails in the first test."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in {Union, UnionType}:
        (kind,) = (argument for argument in arguments if argument is not NoneType)
        return None if value is None else _read(kind, value, where)
    if origin is tuple:
        if not isinstance(value, list):
            raise _bad(where, "is not a list")
        return tuple(_read(arguments[0], item, f"{where}[{index}]") for index, item in enumerate(value))
    if origin is Literal:
        if not isinstance(value, str) or value not in arguments:
            raise _bad(where, f"is not one of {', '.join(name or 'nothing' for name in arguments)}")
        return value
    kind = cast(type, hint)
    reader = _READERS.get(kind)
    return reader(value, where) if reader else _struct(kind, value, where)


def _text(value: object, where: str) -> str:
    if not isinstance(value, str):
        raise _bad(where, "is not text")
    return value


def _boolean(value: object, where: str) -> bool:
    if not isinstance(value, bool):
        raise _bad(where, "is not true or false")
    return value


def _integer(value: object, where: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) > MAX_INTEGER:
        raise _bad(where, "is not a whole number")
    return value


def _number(value: object, where: str) -> float:
    if isinstance(value, float) and math.isfinite(value):
        return value
    if isinstance(value, float):
        raise _bad(where, "is not a finite number")
    return float(_integer(value, where))


def _bytes(value: object, where: str) -> bytes:
    try:
        return base64.b64decode(_text(value, where), validate=True)
    except ValueError:
        raise _bad(where, "is not base64") from None


def _certificate(value: object, where: str) -> Certificate:
    return Certificate(_bytes(value, where))


def _moment(value: object, where: str) -> datetime:
    try:
        found = datetime.fromisoformat(_text(value, where))
        if found.tzinfo is not None:
            return found.astimezone(UTC)
    except (ValueError, OverflowError):
        raise _bad(where, "is not a date and time in ISO 8601 form") from None
    raise _bad(where, "has no time zone")


_READERS: dict[type, Callable[[object, str], object]] = {
    str: _text,
    bool: _boolean,
    int: _integer,
    float: _number,
    bytes: _bytes,
    datetime: _moment,
    Certificate: _certificate,
}


def _bad(where: str, what: str) -> EvidenceError:
    return EvidenceError(f"The evidence file is damaged: {where} {what}.", hint=_AGAIN)
