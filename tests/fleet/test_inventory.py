"""Inventory.load: every form an inventory has, and every way in which one can be wrong."""

from __future__ import annotations

import codecs
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certready.errors import CertreadyError, InputError, UsageError
from certready.fleet import Inventory, Keys

CSV = "name,target,inbound,accepted_domains,x_owner\ngw,gw.pem,*.contoso.com,contoso.com fabrikam.com,Ann\nb,b.pem,,,\n"
LISTED = [
    {
        "name": "gw",
        "target": "gw.pem",
        "inbound": "*.contoso.com",
        "accepted_domains": ["contoso.com", "fabrikam.com"],
        "x_owner": "Ann",
    },
    {"name": "b", "target": "b.pem"},
]
YAML = """\
- name: gw
  target: gw.pem
  inbound: "*.contoso.com"
  accepted_domains: [contoso.com, fabrikam.com]
  x_owner: Ann
- {name: b, target: b.pem, inbound: ~, x_owner: null}
"""
TOML = """\
[[targets]]
name = "gw"
target = "gw.pem"
inbound = "*.contoso.com"
accepted_domains = ["contoso.com", "fabrikam.com"]
x_owner = "Ann"
[[targets]]
name = "b"
target = "b.pem"
"""
FORMS = {
    "csv": CSV.encode(),
    "semicolons": CSV.replace(",", ";").encode(),
    "tabs": CSV.replace(",", "\t").encode(),
    "excel": b"\xef\xbb\xbf" + b"sep=;\r\n" + CSV.replace(",", ";").replace("\n", "\r\n").encode(),
    "utf-16": CSV.encode("utf-16"),
    "utf-16-be": codecs.BOM_UTF16_BE + CSV.encode("utf-16-be"),
    "utf-16 without a mark": CSV.encode("utf-16-le"),
    "json": json.dumps(LISTED).encode(),
    "json with defaults": json.dumps({"defaults": {}, "targets": LISTED}, indent=1).encode(),
    "json with a mark": b"\xef\xbb\xbf" + json.dumps(LISTED, indent=1).encode(),
    "yaml": YAML.encode(),
    "yaml with defaults": b"# ours\ntargets:\n" + YAML.encode(),
    "toml": TOML.encode(),
}


@pytest.mark.parametrize("data", FORMS.values(), ids=FORMS)
def test_every_form_says_the_same(data: bytes) -> None:
    """CSV with any delimiter, JSON, YAML and TOML, in UTF-8 and UTF-16, are told by content and give the same lines."""
    lines = Inventory.loads(data).lines
    assert ["gw", "b"] == [line.name for line in lines]
    assert (
        Keys(
            "gw",
            "gw.pem",
            inbound=("*.contoso.com",),
            accepted_domains=("contoso.com", "fabrikam.com"),
            extra=(("x_owner", "Ann"),),
        )
        == lines[0].keys
    )
    assert Keys("b", "b.pem") == lines[1].keys
    assert [None, None] == [line.problem for line in lines]


@pytest.mark.parametrize("ending", ["csv", "json", "yaml", "toml"])
def test_a_file_is_read_by_its_ending(tmp_path: Path, ending: str) -> None:
    """The ending of a file names its form, and its files are relative to its folder."""
    path = tmp_path / f"inventory.{ending}"
    path.write_bytes(FORMS[ending])
    found = Inventory.load(path)
    assert (tmp_path, 2) == (found.folder, len(found.lines))


def test_files_are_relative_to_the_folder() -> None:
    """Tenant and password files are named relative to the inventory; an absolute one stays."""
    data = b"target,tenant,password_file\na.pfx,t.json,/run/secret\n"
    (line,) = Inventory.loads(data, folder=Path("there")).lines
    assert ((str(Path("there", "t.json")),), str(Path("/run/secret"))) == (line.keys.tenant, line.keys.password_file)


def test_the_number_is_the_line_of_a_csv() -> None:
    """A CSV's lines are counted as an editor does, whatever blank lines and line breaks in cells lie between."""
    data = b'target,x_note\n\na.pem,"two\nlines"\nb.pem,\n'
    assert [3, 5] == [line.number for line in Inventory.loads(data).lines]


# -- what goes before what ----------------------------------------------------------------------------------------


def test_a_line_goes_before_the_defaults() -> None:
    """What a line says goes before the inventory's defaults, key by key."""
    data = json.dumps(
        {
            "defaults": {"role": "server", "hostname": "gw.contoso.com", "x_team": "mail", "x_site": "one"},
            "targets": ["a.pem", {"target": "b.pem", "role": "client", "x_site": "two"}],
        }
    ).encode()
    first, second = Inventory.loads(data).lines
    assert ("server", "gw.contoso.com") == (first.keys.role, first.keys.hostname)
    assert ("client", "gw.contoso.com") == (second.keys.role, second.keys.hostname)
    assert {"x_team": "mail", "x_site": "two"} == dict(second.keys.extra)


@pytest.mark.parametrize(
    ("own", "left"),
    [
        (Keys(inbound=("a.test",)), {"inbound": ("a.test",), "tenant": ("t.json",)}),
        (Keys(outbound=("a.test",)), {"outbound": ("a.test",), "tenant": ("t.json",)}),
        (Keys(connector=("A",)), {"connector": ("A",), "tenant": ("t.json",)}),
        (Keys(certificate_only=True), {"certificate_only": True}),
        (Keys(tenant=("u.json",)), {"connector": ("D",), "inbound": ("d.test",), "tenant": ("u.json",)}),
    ],
)
def test_who_names_a_connector_replaces_theirs(own: Keys, left: dict[str, object]) -> None:
    """A line that names a connector has none of the defaults' connectors; certificate_only leaves the tenant out too."""
    below = Keys(tenant=("t.json",), connector=("D",), inbound=("d.test",))
    merged = own.over(below)
    assert left == {
        key: getattr(merged, key)
        for key in ("connector", "inbound", "outbound", "certificate_only", "tenant")
        if getattr(merged, key)
    }


def test_a_password_of_one_kind_replaces_the_other() -> None:
    """A line's password_env takes the place of a default password_file."""
    assert Keys(password_env="A") == Keys(password_env="A").over(Keys(password_file="f"))


def test_half_a_character_is_that_line_s_problem() -> None:
    """JSON can write half of a surrogate pair, which no file and no host is called: the other lines are read."""
    first, second = Inventory.loads(b'[{"target": "a.pem", "inbound": "\\ud800"}, "b.pem"]').lines
    assert (True, None) == (first.problem is not None and "half of a surrogate" in first.problem.error, second.problem)


# -- what one line gets wrong -------------------------------------------------------------------------------------

PROBLEMS = {
    "no target": ("target,name\n,gw\n", "names no target"),
    "an unknown role": ("target,role\na.pem,sender\n", "role is 'sender'"),
    "an unknown level": ("target,tls_settings\na.pem,strong\n", "tls_settings is 'strong'"),
    "no boolean": ("target,certificate_only\na.pem,maybe\n", "neither true nor false"),
    "too many cells": ("target,role\na.pem,client,more\n", "has 3 cells and the header 2"),
    "a NUL": ("target,hostname\na.pem,a\0b\n", "NUL"),
    "standard input": ("target,tenant\na.pem,-\n", "tenant is standard input"),
    "a password from there": ("target,password_file\na.pem,-\n", "password_file is standard input"),
    "a huge cell": (f"target,hostname\na.pem,{'a' * 30000}\n", "longer than"),
    "a quote that never ends": (f'target,hostname\na.pem,"{"b" * 200000}\n', "cannot be read as CSV"),
}


@pytest.mark.parametrize(("text", "sentence"), PROBLEMS.values(), ids=PROBLEMS)
def test_one_bad_line_stops_nothing(text: str, sentence: str) -> None:
    """What one line gets wrong is that line's problem, and the next line is read."""
    lines = Inventory.loads(f"{text}good.pem,\n".encode()).lines
    assert sentence in lines[0].problem.error if lines[0].problem else ""
    assert ("good.pem", None) == (lines[-1].keys.target, lines[-1].problem)


def test_a_second_line_of_one_name_is_that_lines_problem() -> None:
    """Of two lines of one name the second cannot be run, and has a name of its own in the results."""
    lines = Inventory.loads(b"name,target\ngw,a.pem\ngw,b.pem\n").lines
    assert (None, "gw is the name of line 2 already.") == (
        lines[0].problem,
        lines[1].problem.error if lines[1].problem else None,
    )
    assert ["gw", "gw (line 3)"] == [line.name for line in lines]


@pytest.mark.parametrize("word", ["DomainValidation", "domain-validation", "DOMAIN_VALIDATION"])
def test_words_are_taken_in_either_spelling(word: str) -> None:
    """What Exchange's cmdlets print is taken in any case and either spelling."""
    (line,) = Inventory.loads(f"target,tls_settings\na.pem,{word}\n".encode()).lines
    assert "domain-validation" == line.keys.tls_settings


# -- what is wrong with the whole ---------------------------------------------------------------------------------

REFUSED = {
    "an unknown key in a header": (b"target,owner\na.pem,x\n", UsageError, "line 1: there is no key 'owner'"),
    "an unknown key in JSON": (b'[{"target": "a"}, {"target": "b", "owner": 1}]', UsageError, "target 2: there is no"),
    "an unknown key of defaults": (b'{"defaults": {"owner": 1}, "targets": ["a"]}', UsageError, "defaults: there is"),
    "a bad default": (b'{"defaults": {"role": "x"}, "targets": ["a"]}', UsageError, "role is 'x'"),
    "a target in defaults": (b'{"defaults": {"target": "x"}, "targets": ["a"]}', UsageError, "belong to a line"),
    "a key twice": (b'[{"target": "a", "target": "b"}]', InputError, "there twice"),
    "a key in two spellings": (
        b"target,x_a-b,X_A_B\na.pem,1,2\n",
        UsageError,
        "line 1: the key 'x_a_b' is there twice",
    ),
    "a key without end": (b"target,x_" + b"a" * 99 + b"\na.pem,1\n", UsageError, "line 1: there is no key 'x_aaa"),
    "a header twice": (b"target,target\na,b\n", InputError, "there twice"),
    "nothing": (b"\n \n", InputError, "is empty"),
    "a header alone": (b"target\n", InputError, "names no target"),
    "no list": (b'{"targets": "a"}', InputError, "no list of targets"),
    "another object": (b'{"hosts": []}', InputError, "'hosts' beside"),
    "broken JSON": (b'[{"target": ', InputError, "not valid JSON"),
    "broken TOML": (b"[[targets]]\ntarget =\n", InputError, "not valid TOML"),
    "broken YAML": (b"- a\n\t- b: [\n", InputError, "not valid YAML"),
    "deep JSON": (b"[" * 100_000 + b"{", InputError, "nested too deeply"),
    "deep YAML": (b"- " + b"[" * 100_000, InputError, "nested too deeply"),
    "Latin-1": ("target,x_owner\na.pem,J\u00fcrgen\n".encode("latin-1"), InputError, "not UTF-8"),
    "bytes": (bytes(range(128, 256)) * 4, InputError, "is not"),
    "an alias that leads nowhere": (b"- target: *gone\n", InputError, "an alias that leads nowhere"),
}


@pytest.mark.parametrize(("data", "kind", "sentence"), REFUSED.values(), ids=REFUSED)
def test_an_inventory_that_cannot_be_meant(data: bytes, kind: type[CertreadyError], sentence: str) -> None:
    """What makes the whole inventory unreadable is one sentence, with the place where it can be told."""
    with pytest.raises(kind, match=sentence):
        Inventory.loads(data)


@pytest.mark.parametrize("key", ["[a, b]", "{a: b}", "[]", "null", "&a [b]"])
def test_a_key_of_yaml_that_is_no_text_is_refused(key: str) -> None:
    """A list or a mapping may be a key in YAML: it is refused in a sentence."""
    with pytest.raises(InputError, match="has an odd key, at line 1") as caught:
        Inventory.loads(f"- ? {key}\n  : value\n".encode(), "x.yaml")
    assert caught.value.hint


def test_yaml_constructs_nothing() -> None:
    """Tags of Python's are not followed, an unquoted ``no`` is a text, and merge keys of anchors work."""
    data = b"""\
defaults: &all {x_team: no}
targets:
- {<<: *all, target: !!python/object/apply:os.system [x], name: bad}
- {target: a.pem, x_n: 07, certificate_only: no}
"""
    bad, good = Inventory.loads(data).lines
    assert bad.problem
    assert "target" in bad.problem.error
    assert ({"x_team": "no", "x_n": "07"}, False) == (dict(good.keys.extra), good.keys.certificate_only)


def test_a_bomb_of_aliases_is_no_bomb() -> None:
    """Aliases of aliases cost nothing: what they stand for is kept once, and a list of lists is no value."""
    bomb = b"a0: &a0 [x, x, x, x, x, x, x, x, x]\n"
    for level in range(1, 30):
        bomb += b"a%d: &a%d [%s]\n" % (level, level, b", ".join([b"*a%d" % (level - 1)] * 9))
    with pytest.raises(InputError, match="beside defaults and targets"):
        Inventory.loads(bomb, "bomb.yaml")
    merged = b"- &m0 {x_a: b, target: t}\n" + b"".join(
        b"- &m%d {<<: [%s], target: t%d}\n" % (level, b", ".join([b"*m%d" % (level - 1)] * 50), level)
        for level in range(1, 50)
    )
    assert 50 == len(Inventory.loads(merged).lines)


HOSTILE = [
    "\x1b[2J",
    "=cmd|'/c calc'!A1",
    "../../etc/passwd",
    "a\u202eb",
    "%s%n",
    "\ud83d\ude00",
    "x" * 500,
    "[::1",
    ":25",
    "",
]


def test_five_thousand_hostile_lines() -> None:
    """Five thousand lines of nonsense are five thousand lines, each with its problem or its target."""
    text = "target,role,hostname,tls_settings\n" + "".join(
        f'"{HOSTILE[number % len(HOSTILE)]}{number}",{HOSTILE[number % 7]},{HOSTILE[number % 3]},\n'.replace("\0", "")
        for number in range(5000)
    )
    lines = Inventory.loads(text.encode("utf-8", "replace")).lines
    assert 5000 == len(lines)
    assert all(line.problem or line.keys.target for line in lines)


def outcome(data: bytes, name: str = "") -> str:
    """The sentence of an error, or how many lines there are."""
    try:
        return str(len(Inventory.loads(data, name).lines))
    except CertreadyError as error:
        return error.message


@given(st.binary(max_size=400))
def test_any_bytes_are_lines_or_a_sentence(data: bytes) -> None:
    """Whatever the bytes, an inventory comes out or one of our errors."""
    assert outcome(data)


@given(st.text(alphabet="-[]{}&*!|>\"',;:\n\t <=#tar", max_size=120), st.sampled_from(["csv", "json", "yaml", "toml"]))
def test_any_text_in_any_form_is_lines_or_a_sentence(text: str, form: str) -> None:
    """Whatever the text, in each form."""
    assert outcome(text.encode(), f"x.{form}")
