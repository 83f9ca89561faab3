"""Evidence written down and read back: nothing lost, nothing trusted."""

import json
import re
from datetime import UTC, datetime, timedelta, timezone
from types import NoneType, UnionType
from typing import Literal, Union, get_args, get_origin, get_type_hints

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from msgspec.structs import replace

from certready import schemas
from certready import serial as saved
from certready.demo.pki import Authority
from certready.errors import EvidenceError
from certready.model import (
    AcceptedDomain,
    Answer,
    Chain,
    Connector,
    Endpoint,
    Evidence,
    ExpiryWarning,
    Fetched,
    Known,
    Options,
    Root,
    StoreInfo,
    Target,
)
from certready.model.evidence import TargetKind
from certready.x509.certificate import Certificate

AT = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
VALIDATOR = Draft202012Validator(schemas.load("evidence"))


def sample():
    """Evidence with something in every field."""
    leaf, issuer = Certificate(b"leaf"), Certificate(b"issuer")
    return Evidence(
        "1.0.0",
        AT,
        Target("host", "gw.contoso.com:25"),
        Options(at=AT + timedelta(days=1), hostname="gw.contoso.com"),
        StoreInfo("microsoft", "2026-10-27", 400),
        (Chain("c1", "tls", (leaf, issuer), 0, ("ab" * 32,), "gw.contoso.com", ("PBES2",), ("A note.",)),),
        (
            Endpoint(
                "gw.contoso.com", "192.0.2.1", 25, "c1", "TLSv1.3", "X", b"\x30", "done", "220 ok", None, "", "smtp", 7
            ),
        ),
        (Connector("From gateway", "inbound", "*.contoso.com", require_tls=True, sender_domains=("*",)),),
        False,
        (AcceptedDomain("contoso.com", True),),
        (Known(issuer, "aia", "http://ca.example/i.cer"),),
        (Fetched("http://ca.example/i.cer"), Fetched("http://ca.example/j.cer", "It was refused.")),
        (Root(Certificate(b"root"), True),),
        (
            Answer("ab" * 32, "crl", "file", None, b"\x30\x80", None, 3),
            Answer("ab" * 32, "ocsp", "network", "http://o/"),
        ),
    )


def document():
    """What ``sample()`` looks like on disk, as plain JSON values."""
    return json.loads(saved.dump(sample()))


def changed(path, value):
    """The bytes of ``document()`` with the value at this path replaced, or removed where it is ``...``."""
    root = document()
    place = root
    for step in path[:-1]:
        place = place[step]
    if value is ...:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    return json.dumps(root).encode()


def values(hint):
    """Any value that a type of the model admits."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in {Union, UnionType}:
        return st.none() | st.one_of(values(argument) for argument in arguments if argument is not NoneType)
    if origin is tuple:
        return st.lists(values(arguments[0]), max_size=2).map(tuple)
    if origin is Literal:
        return st.sampled_from(arguments)
    simple = {
        str: st.text(st.characters(exclude_categories=()), max_size=5).map(no_pairs),
        bool: st.booleans(),
        int: st.integers(0, 65535),
        float: st.floats(allow_nan=False, allow_infinity=False),
        bytes: st.binary(max_size=5),
        datetime: st.datetimes(
            timezones=st.sampled_from([UTC, timezone(timedelta(hours=2))]),
            min_value=datetime(2000, 1, 1),
            max_value=datetime(8999, 1, 1),
        ),
        Certificate: st.binary(max_size=5).map(Certificate),
        ExpiryWarning: st.builds(ExpiryWarning, st.none() | st.floats(0, 1), st.none() | st.integers(0, 99_999)),
        Target: st.builds(Target, st.sampled_from(get_args(TargetKind)), st.text(max_size=5)),
    }
    if hint in simple:
        return simple[hint]
    hints = get_type_hints(hint)
    return st.builds(hint, **{name: values(hints[name]) for name in hint.__struct_fields__})


def no_pairs(text):
    """The text unless two lone surrogates in it would be read as one character."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")


def tidy(evidence):
    """The evidence with references that lead somewhere."""
    chains, peers = (
        tuple(
            replace(
                each,
                id=f"c{index}",
                certificates=(*each.certificates, Certificate(b"")),
                leaf=0 if each.container == "tls" else len(each.certificates),
            )
            for index, each in enumerate(several)
        )
        for several in (evidence.chains, evidence.peers)
    )
    ids = [chain.id for chain in chains] or [None]
    endpoints = tuple(
        replace(
            each,
            chain=ids[index % len(ids)],
            handshakes=tuple(replace(one, chain=ids[0]) for one in each.handshakes),
        )
        for index, each in enumerate(evidence.endpoints)
    )
    listened = evidence.target.kind == "listen" and not endpoints
    return replace(
        evidence,
        chains=chains,
        endpoints=endpoints,
        peers=peers,
        target=Target("file", "x") if listened else evidence.target,
        store=replace(evidence.store, as_of="2026-10-27" if evidence.store.as_of else None),
    )


@given(values(Evidence).map(tidy))
@settings(max_examples=60, deadline=None)
def test_round_trip(evidence):
    """What was saved is read back equal, whatever it holds, and fits the schema."""
    data = saved.dump(evidence)
    assert evidence == saved.load(data)
    assert [] == [error.message for error in VALIDATOR.iter_errors(json.loads(data))]


def test_round_trip_of_real_certificates():
    """Certificates, moments and answers come back byte for byte, and the file is ASCII."""
    root = Authority.root()
    issued = root.issue("mail.contoso.com")
    chain = Chain("c1", "pem", (Certificate(issued.der),))
    evidence = replace(sample(), chains=(chain,), roots=(Root(Certificate(root.der)),), answers=())
    data = saved.dump(evidence)
    assert evidence == saved.load(data)
    assert data.isascii()
    assert "mail.contoso.com" == saved.load(data).chain("c1").leaf_certificate.parsed.label


def test_form_on_disk():
    """Moments are ISO 8601 with a Z, bytes and certificates are base64, and the schema comes first."""
    root = document()
    assert "schema" == next(iter(root))
    assert "certready.evidence/1" == root["schema"]
    assert "2026-11-21T09:00:00Z" == root["gathered_at"]
    assert "MIA=" == root["answers"][0]["body"]
    assert ["bGVhZg==", "aXNzdWVy"] == root["chains"][0]["certificates"]


def test_moments_come_back_in_utc():
    """A moment written with another offset is read in UTC."""
    loaded = saved.load(changed(["gathered_at"], "2026-11-21T11:00:00+02:00"))
    assert (AT, UTC) == (loaded.gathered_at, loaded.gathered_at.tzinfo)


@pytest.mark.parametrize(("path", "place"), [([], "weather"), (["chains", 0], "chains[0].weather")])
def test_a_key_of_a_newer_version_is_refused(path, place):
    """A key that this version does not know may be what the verdict rests on: the file is refused, and the key named."""
    root = document()
    inner = root
    for step in path:
        inner = inner[step]
    inner["weather"] = "fine"
    with pytest.raises(EvidenceError, match="written by a newer version") as raised:
        saved.load(json.dumps(root).encode())
    assert f"it holds {place}, which" in raised.value.message
    assert raised.value.hint


def test_a_byte_order_mark_is_passed_over():
    """A file that an editor saved again with a byte order mark is still read."""
    assert sample() == saved.load(b"\xef\xbb\xbf" + saved.dump(sample()))


@pytest.mark.parametrize(
    ("path", "value", "says"),
    [
        (["gathered_at"], "2026-11-21T09:00:00", "gathered_at has no time zone"),
        (["gathered_at"], "yesterday", "gathered_at does not hold what it must: Invalid RFC3339"),
        (["gathered_at"], "0001-01-01T00:00:00+05:00", "gathered_at lies beyond the calendar"),
        (["gathered_at"], 5, "gathered_at does not hold what it must: Expected datetime, got int"),
        (["gathered_at"], None, "gathered_at does not hold what it must: Expected datetime, got null"),
        (["target"], ..., "target is missing"),
        (["target"], "gw", "target does not hold what it must: Expected object, got str"),
        (["target", "kind"], "moon", "target.kind does not hold what it must: Invalid enum value 'moon'"),
        (["options", "strict"], 1, "options.strict does not hold what it must: Expected bool, got int"),
        (
            ["options", "revocation"],
            "maybe",
            "options.revocation does not hold what it must: Invalid enum value 'maybe'",
        ),
        (["options", "revocation"], ["off"], "options.revocation does not hold what it must: Expected str, got array"),
        (
            ["options", "expiry_warning", "fraction"],
            "half",
            "options.expiry_warning.fraction does not hold what it must: Expected float | null",
        ),
        (
            ["options", "expiry_warning", "days"],
            1.5,
            "options.expiry_warning.days does not hold what it must: Expected int | null",
        ),
        (
            ["options", "expiry_warning", "days"],
            True,
            "options.expiry_warning.days does not hold what it must: Expected int | null",
        ),
        (
            ["options", "expiry_warning", "days"],
            10**30,
            "options.expiry_warning.days is a larger number than evidence holds",
        ),
        (["chains"], {}, "chains does not hold what it must: Expected array, got object"),
        (["chains"], [*document()["chains"], *document()["chains"]], "chains holds the same id twice"),
        (["chains", 0, "leaf"], 2, "chains[0].leaf is not the place of one of its certificates"),
        (["chains", 0, "leaf"], -1, "chains[0].leaf is not the place of one of its certificates"),
        (["chains", 0, "certificates"], [], "chains[0].leaf is not the place of one of its certificates"),
        (
            ["chains", 0, "certificates", 1],
            "!!",
            "chains[0].certificates[1] does not hold what it must: Invalid base64",
        ),
        (
            ["chains", 0, "certificates", 1],
            "\u00e9",
            "chains[0].certificates[1] does not hold what it must: what stands there is not",
        ),
        (
            ["endpoints", 0, "stage"],
            "\ud800",
            "endpoints[0].stage does not hold what it must: what stands there is not",
        ),
        (["accepted_domains"], "\ud800", "accepted_domains does not hold what it must: what stands there is not"),
        (["chains", 0, "container"], "zip", "chains[0].container does not hold what it must: Invalid enum value 'zip'"),
        (["endpoints", 0, "chain"], "c9", "endpoints[0].chain names a chain that is not there"),
        (["endpoints", 0, "port"], 70000, "endpoints[0].port does not hold what it must: Expected int <= 65535"),
        (["endpoints", 0, "trouble"], "x", "endpoints[0].trouble does not hold what it must: Invalid enum value 'x'"),
        (["roots", 0, "extra"], ..., "roots[0].extra is missing"),
        (["answers", 0, "body"], "MIA", "answers[0].body does not hold what it must: Invalid base64"),
    ],
)
def test_damage_is_named(path, value, says):
    """A missing, mistyped or dangling value is one sentence that names its place, and a hint."""
    with pytest.raises(EvidenceError) as raised:
        saved.load(changed(path, value))
    assert f"The evidence file is damaged: {says}" in raised.value.message
    assert raised.value.hint


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "is not JSON: Expecting value at line 1, column 1"),
        (b"hello", "is not JSON"),
        (b"\xff\xfe{}", "is not JSON: no UTF-8 at byte 0"),
        (b"[]", "does not hold a JSON object"),
        (b"{}", "is not evidence saved by certready"),
        (b'{"schema": 1}', "is not evidence saved by certready"),
        (b'{"schema": "certready.evidence/2"}', "in a newer form"),
        (b'{"schema": "certready.report/1"}', "holds no evidence"),
        (b'{"schema": "certready.evidence/1"}', "certready is missing"),
        (b'{"a":' * 100_000, "nested too deeply at byte 500"),
        (b"9" * 10_000, "the whole is a larger number"),
        (b'{"a": NaN}', "is not evidence saved by certready"),
        (b"[" + b"0," * 1_000_001 + b"0]", "more than 1000000 values"),
    ],
)
def test_other_files_are_refused(data, says):
    """Whatever is not evidence is refused in one sentence with a hint, however it is built."""
    with pytest.raises(EvidenceError, match=says) as raised:
        saved.load(data)
    assert raised.value.hint


@pytest.mark.parametrize(
    ("number", "says"),
    [
        (b"1e999", "is not a finite number"),
        (b"NaN", "is NaN, which is no number"),
        (b"-Infinity", "is -Infinity, which is no number"),
        (b"9" * 300, "is a larger number than evidence holds"),
        (b"-" + b"9" * 5000, "is a larger number than evidence holds"),
    ],
)
def test_what_is_no_number_is_refused_at_its_place(number, says):
    """Infinity, NaN and numbers of hundreds of digits are refused, with the place where they stand."""
    data = saved.dump(sample()).replace(b"0.3333333333333333", number)
    with pytest.raises(EvidenceError, match=f"damaged: options.expiry_warning.fraction {says}"):
        saved.load(data)


def test_a_doubled_key_is_refused_at_its_place():
    """Of a key that stands twice one value would be judged and another read by people."""
    data = saved.dump(sample()).replace(b'"leaf":0', b'"leaf":0,"leaf":1')
    with pytest.raises(EvidenceError, match=re.escape("damaged: chains[0] holds the key 'leaf' twice.")):
        saved.load(data)


def test_a_file_too_large_is_not_even_decoded(monkeypatch):
    """The bound on size holds when reading and when writing: what is written can be read back."""
    data = saved.dump(sample())
    monkeypatch.setattr(saved, "MAX_BYTES", len(data) - 1)
    with pytest.raises(EvidenceError, match="larger than"):
        saved.load(data)
    with pytest.raises(EvidenceError, match="larger than"):
        saved.dump(sample())


def test_a_naive_moment_is_never_written():
    """Evidence without a time zone is a mistake of the caller, and found when it is made."""
    with pytest.raises(ValueError, match="gathered_at has no time zone"):
        replace(sample(), gathered_at=datetime(2026, 11, 21))


JUNK = st.sampled_from(
    [None, True, -1, 10**40, 1.5, "", "x", "MIA=", "2026-01-01T00:00:00", [], [[]], {}, {"schema": 1}]
)


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_mutated_json_never_surprises(data):
    """Any value replaced or removed anywhere: evidence comes out, or an EvidenceError with a hint."""
    root = document()
    place = root
    while True:
        keys = sorted(place) if isinstance(place, dict) else range(len(place))
        key = data.draw(st.sampled_from(list(keys)))
        inner = place[key]
        if not isinstance(inner, dict | list) or not inner or data.draw(st.booleans()):
            break
        place = inner
    if data.draw(st.booleans()):
        place[key] = data.draw(JUNK)
    else:
        del place[key]
    accepted_or_refused(json.dumps(root).encode())


@given(st.data())
@settings(max_examples=100, deadline=None)
def test_mutated_bytes_never_surprise(data):
    """Any stretch of bytes replaced: evidence comes out, or an EvidenceError with a hint."""
    original = saved.dump(sample())
    start = data.draw(st.integers(0, len(original)))
    stop = data.draw(st.integers(start, min(len(original), start + 20)))
    accepted_or_refused(original[:start] + data.draw(st.binary(max_size=4)) + original[stop:])


def accepted_or_refused(data):
    """Load hostile bytes: what is accepted is sound enough to be judged and saved again."""
    outcome = attempt(data)
    if isinstance(outcome, EvidenceError):
        assert outcome.hint
        assert outcome.message.endswith(".")
    else:
        assert outcome == saved.load(saved.dump(outcome))
        assert all(chain.leaf_certificate for chain in outcome.chains)


def attempt(data):
    """The evidence, or the EvidenceError in its place."""
    try:
        return saved.load(data)
    except EvidenceError as error:
        return error
