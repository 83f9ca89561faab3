"""Evidence on disk: what was gathered, written down and read back, to be judged again elsewhere or later.

One JSON object, ``certready.evidence/1``: the structs of :mod:`certready.model` key for key, bytes as base64,
certificates as base64 DER, moments as ISO 8601 in UTC. The types say what may stand where, and the reader takes nothing
on trust: a saved file arrives by mail, from a stranger.
"""

from __future__ import annotations

import base64
import json
import math
import re
from datetime import date, datetime
from typing import NamedTuple

import msgspec
from msgspec import Struct, inspect, structs

from certready import bounds
from certready.errors import EvidenceError, require_bytes
from certready.model import Chain, Evidence
from certready.x509.certificate import Certificate

SCHEMA = "certready.evidence/1"
MAX_BYTES = bounds.EVIDENCE
# A small file can still decode into gigabytes of empty lists; real evidence stays under a few thousand values.
MAX_VALUES = 1_000_000
MAX_INTEGER = 2**53
MAX_DEPTH = 100  # real evidence has eight levels

# Keys that evidence of 0.1 lacks; the model's default stands for what was not gathered then.
ADDED = frozenset(
    {
        ("Evidence", "exported_at"),
        ("Evidence", "faults"),
        ("Evidence", "gathered_until"),
        ("Evidence", "planned"),
        ("Evidence", "redacted"),
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
        ("Fault", "hint"),
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
        ValueError: a value is of no type the model knows.
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
    """The evidence in a file that :func:`dump` wrote, of this release or an earlier one.

    Raises:
        EvidenceError: whatever else is wrong with the bytes, and where.
        TypeError: ``data`` is no bytes, but a path or the like.
    """
    require_bytes(data, "certready.load_evidence", "evidence.json")
    document = _document(data)
    _check_schema(document.get("schema"))
    try:
        evidence = msgspec.convert(_whole(inspect.type_info(Evidence), document, ""), Evidence)
    except msgspec.ValidationError as error:
        what, _, where = str(error).partition(" - at `$.")
        told = ascii(what.replace("`", ""))[1:-1][:200]
        if not where:
            raise _bad(told, "") from None
        raise _bad(where.rstrip("`").removesuffix(".der"), f"does not hold what it must: {told}") from None
    _check_consistent(evidence)
    return evidence


def _plain(value: object) -> object:
    """One step from a value of the model towards JSON; the encoder asks again for what is inside."""
    if isinstance(value, Certificate):
        return base64.b64encode(value.der).decode("ascii")
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, Struct):
        return structs.asdict(value)
    raise ValueError(f"evidence holds no {type(value).__name__}")


# -- the JSON by itself -------------------------------------------------------------------------------------------


class _Unusable(NamedTuple):
    """Stands where JSON holds what no evidence holds; whoever comes by there knows the place."""

    reason: str


def _document(data: bytes) -> dict[str, object]:
    """The outermost JSON object, within bounds of size, count and depth."""
    if len(data) > MAX_BYTES:
        raise EvidenceError(f"The evidence file is larger than {MAX_BYTES // 2**20} MiB.", hint=_AGAIN)
    # Every value but the first follows one of these; base64 holds none of them.
    if sum(data.count(mark) for mark in (b",", b"[", b"{")) > MAX_VALUES:
        raise EvidenceError(f"The evidence file holds more than {MAX_VALUES} values.", hint=_AGAIN)
    try:
        document = json.loads(
            data.decode("utf-8-sig"),
            object_pairs_hook=_object,
            parse_int=_integer,
            parse_float=_number,
            parse_constant=lambda name: _Unusable(f"is {name}, which is no number"),
        )
    except RecursionError:
        raise EvidenceError(f"The evidence file is nested too deeply{_deepest(data)}.", hint=_AGAIN) from None
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise EvidenceError(f"The evidence file is not JSON: {error.msg} at {where}.", hint=_AGAIN) from None
    except UnicodeDecodeError as error:
        raise EvidenceError(f"The evidence file is not JSON: no UTF-8 at byte {error.start}.", hint=_AGAIN) from None
    if isinstance(document, _Unusable):
        raise _bad("the whole", document.reason)
    if not isinstance(document, dict):
        raise EvidenceError("The evidence file does not hold a JSON object.", hint=_AGAIN)
    return document


def _object(pairs: list[tuple[str, object]]) -> dict[str, object] | _Unusable:
    keyed = dict(pairs)
    if len(keyed) == len(pairs):
        return keyed
    keys = [key for key, _ in pairs]
    twice = next(key for key in keys if keys.count(key) > 1)
    return _Unusable(f"holds the key {twice[:80]!a} twice")


def _integer(digits: str) -> int | _Unusable:
    if len(digits) > len(str(-MAX_INTEGER)) or abs(int(digits)) > MAX_INTEGER:
        return _Unusable("is a larger number than evidence holds")
    return int(digits)


def _number(digits: str) -> float | _Unusable:
    number = float(digits)
    return number if math.isfinite(number) else _Unusable("is not a finite number")


def _deepest(data: bytes) -> str:
    """Where it gets too deep, in words."""
    depth = 0
    for mark in re.finditer(rb'"(?:[^"\\]|\\.)*"|[\[{]|[\]}]', data):
        depth += {b"[": 1, b"{": 1, b"]": -1, b"}": -1}.get(mark[0], 0)
        if depth > MAX_DEPTH:
            return f" at byte {mark.start()}"
    return ""


# -- against the types --------------------------------------------------------------------------------------------


def _check_schema(schema: object) -> None:
    if schema == SCHEMA:
        return
    if isinstance(schema, str) and schema.startswith("certready.evidence/"):
        message, hint = "The evidence was saved in a newer form than this release reads.", "Update certready."
    elif isinstance(schema, str) and schema.startswith("certready."):
        message = "The file was written by certready, but it holds no evidence."
        hint = "Evidence is what --save-evidence or dump_evidence wrote; a report cannot be judged again."
    else:
        message = "The file is not evidence saved by certready."
        hint = "Evidence is what --save-evidence or dump_evidence wrote."
    raise EvidenceError(message, hint=hint)


def _whole(kind: inspect.Type, value: object, where: str) -> object:
    """The value in the form that the types have, once every key of a struct is there, and no other.

    The types alone would let a default stand for what was cut out, and pass over what a newer version knows, on either
    of which the verdict may rest.
    """
    if isinstance(value, _Unusable):
        raise _bad(where, value.reason)
    if isinstance(value, str) and not value.isascii() and not isinstance(kind, inspect.StrType | inspect.UnionType):
        raise _bad(where, "does not hold what it must: what stands there is not ASCII")
    match kind, value:
        case inspect.UnionType(types=(some, inspect.NoneType())), _ if value is not None:
            return _whole(some, value, where)
        case inspect.VarTupleType(item_type=item), list():
            return [_whole(item, inner, f"{where}[{index}]") for index, inner in enumerate(value)]
        case inspect.StructType(cls=cls), _ if cls is Certificate:
            return {"der": value}
        case inspect.StructType(cls=cls, fields=fields), dict():
            return _filled(cls.__name__, {field.name: field.type for field in fields}, value, f"{where}." * bool(where))
    return value


def _filled(name: str, kinds: dict[str, inspect.Type], value: dict[str, object], where: str) -> dict[str, object]:
    """The fields of a struct; ``where`` is what stands before them."""
    for key in value:
        if key not in kinds and (where or key != "schema"):
            raise EvidenceError(
                "The evidence was written by a newer version of certready: it holds "
                f"{where}{ascii(key)[1:-1][:80]}, which this version does not know.",
                hint="Update certready, or save the evidence again with this version.",
            )
    for key in kinds:
        if key not in value and (name, key) not in ADDED:
            raise _bad(f"{where}{key}", "is missing")
    return {key: _whole(kinds[key], inner, f"{where}{key}") for key, inner in value.items() if key in kinds}


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


def _bad(where: str, what: str) -> EvidenceError:
    return EvidenceError(f"The evidence file is damaged: {where} {what}".rstrip() + ".", hint=_AGAIN)
