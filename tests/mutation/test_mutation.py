"""The mutation command tries what it should, tells what is noticed from what is not, and compares with what is explained."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from tests.mutation import survivors
from tests.mutation.__main__ import ROOMS
from tests.mutation.changes import mutants

REPOSITORY = Path(__file__).parents[2]


def changes(code: str) -> list[str]:
    return [f"{mutant.function}: {mutant.before} -> {mutant.after}" for mutant in mutants("m", ast.parse(code))]


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("return a < b", ["a < b -> a <= b", "a < b -> a >= b"]),
        ("return a == b", ["a == b -> a != b"]),
        ("return a in (1, b)", ["a in (1, b) -> a not in (1, b)", "(1, b) -> without 1", "(1, b) -> without b"]),
        ("return a and b", ["a and b -> b", "a and b -> a"]),
        ("return not a", ["not a -> a"]),
        ("return f(a)", ["return f(a) -> return None"]),
        ("return f(a, k=b)", ["return f(a, k=b) -> return None", "f(a, k=b) -> without k=b"]),
        ("return None", []),
        ("if a:\n  b()", ["a -> False", "a -> True", "b() -> (left out)"]),
        ("if not a == b:\n  pass", ["not a == b -> False", "not a == b -> True"]),
        ("while a:\n  break", ["a -> False", "break -> (left out)"]),
        ("for a in b:\n  continue", ["continue -> break"]),
        (
            "x = [a for a in b if a]",
            ["[a for a in b if a] -> [a for a in b if False]", "[a for a in b if a] -> [a for a in b if True]"],
        ),
        ("x = b if a else c", ["b if a else c -> b if False else c", "b if a else c -> b if True else c"]),
        ("x = a + 1", ["a + 1 -> a - 1", "a + 1 -> a + 2"]),
        ("x = a[1:b]", ["a[1:b] -> a[:b]", "a[1:b] -> a[1:]", "a[1:b] -> a[2:b]"]),
        ("x = any(a)", ["any(a) -> all(a)"]),
        ("x = a.strip().lower()", ["a.strip().lower() -> a.strip()", "a.strip().lower() -> a.lower()"]),
        ("x = a.startswith('b')", ["a.startswith('b') -> a.startswith('XXb')"]),
        ("a.b = c", ["a.b = c -> (left out)"]),
        ("a += b", ["a += b -> (left out)"]),
        ("raise E(1 + a)", ["raise E(1 + a) -> (left out)"]),
        ("yield a", ["yield a -> (left out)"]),
        ("match a:\n  case 'b':\n    pass\n  case _:\n    pass", ["case 'b' -> (never)"]),
    ],
)
def test_changes_of_a_statement(code: str, expected: list[str]) -> None:
    """Each kind of statement and expression is changed in the ways that a test ought to notice."""
    body = "\n".join(f"  {line}" for line in code.splitlines())
    found = [change.removeprefix("f: ") for change in changes(f"def f(a, b, c):\n{body}")]
    assert set(expected) <= set(found)
    assert [] == [
        change
        for change in found
        if change not in expected
        and not change.startswith("(1, b)")
        and "1 -> 2" not in change
        and "(2, b)" not in change
    ]


@pytest.mark.parametrize(
    "code",
    [
        '"""Words."""',
        "from __future__ import annotations",
        "if TYPE_CHECKING:\n  x = 1",
        '__all__ = ["a", "b"]',
        'A = Literal["a", "b"]',
        "Answer = Build | None",
        "About = tuple[str | None, Direction | None]",
        "def f():\n  for a, b in zip(x, y, strict=True):\n    pass",
        "class A(Struct, frozen=True):\n  __slots__ = ('a', 'b')\n  a: Literal[1, 2]",
        "@cache(maxsize=1)\ndef f(a: A | None, b: Literal[1] = 'x') -> A | B:\n  '''Words.'''",
        "def f():\n  assert 1 < 2, 'words'",
        "def f():\n  return ''",
        'RULE = Rule("a", why="b", sources=(A, B))',
    ],
)
def test_what_cannot_matter_is_left_alone(code: str) -> None:
    """Types, words, decorators and what a class says of its storage are not changed."""
    assert [] == changes(code)


def test_what_runs_at_import_is_changed() -> None:
    """Tables lose their elements one by one; numbers and truth values become others."""
    assert ["A: {1, B} -> without 1", "A: {1, B} -> without B", "A: {1, B} -> {2, B}"] == changes("A = {1, B}")
    assert ["A,b: True -> False"] == changes("class A:\n  b: bool = True")
    assert ["f: a=1 -> a=2", "f: b=True -> b=False"] == changes("def f(a=1, *, b=True): ...")


def test_the_same_change_twice_is_told_apart() -> None:
    """Changes that read the same are numbered, and the tree is whole again after each."""
    tree = ast.parse("def f(a):\n  g(a)\n  g(a)")
    assert [1, 2] == [mutant.nth for mutant in mutants("m", tree)]
    assert ["m:f  g(a) -> (left out)", "m:f  g(a) -> (left out)  (#2)"] == [str(one) for one in mutants("m", tree)]


def test_what_is_explained(tmp_path: Path) -> None:
    """Entries are read from every file; one without a reason, or given twice, is refused."""
    file = tmp_path / "a.toml"
    file.write_text('[[survivor]]\nwhere = "m:f"\nchange = ["a -> b", "a -> b  (#2)"]\nreason = "Equivalent."\n')
    assert {("m:f", "a -> b", 1): "Equivalent.", ("m:f", "a -> b", 2): "Equivalent."} == survivors.read(tmp_path)
    (tmp_path / "b.toml").write_text('[[survivor]]\nwhere = "m:f"\nchange = "a -> b"\nreason = "Again."\n')
    with pytest.raises(ValueError, match="m:f  a -> b"):
        survivors.read(tmp_path)
    (tmp_path / "b.toml").write_text('[[survivor]]\nwhere = "m:g"\nchange = "a -> b"\nreason = " "\n')
    with pytest.raises(ValueError, match="m:g  a -> b"):
        survivors.read(tmp_path)


def test_a_run_is_compared_with_what_is_explained() -> None:
    """What survives unexplained, what is noticed though explained, and what is gone is named; other modules are not."""
    alive, killed, other = ("m:f", "a -> b", 1), ("m:f", "c -> d", 1), ("n:f", "a -> b", 1)
    gone = ("m:f", "e -> f", 1)
    result = survivors.compared([alive], [alive, killed], ["m"], {killed: "x", gone: "x", other: "x"})
    assert ((alive,), (killed,), (gone,)) == result
    assert ((), (), ()) == survivors.compared([alive], [alive, killed], ["m"], {alive: "x"})


def test_the_files_of_survivors_can_be_read() -> None:
    """Each room has its file, and each entry its reason; whether it still holds is what the command says."""
    assert set(ROOMS) == {file.stem for file in survivors.FOLDER.glob("*.toml")}
    assert all(len(reason) > 20 for reason in survivors.read(survivors.FOLDER).values())


def test_the_command(tmp_path: Path) -> None:
    """A change that a test notices is killed, one that none does is named and fails the run until it is explained, and
    an explanation of what is noticed fails it too."""
    tests = tmp_path / "test_planted.py"
    tests.write_text(
        "from certready.model import Connector\n"
        "from certready.weighing import column_of\n"
        "def test_noticed():\n"
        "    assert column_of(None) == 'inbound'\n"
        "def test_looks_away():\n"
        "    column_of(Connector('a', 'inbound'))\n"
    )
    only = "column_of  (connector is None -> False|.*if True else 'inbound')"
    partner = "'partner' if connector.kind == 'Partner' else 'inbound' -> 'partner' if True else 'inbound'"
    planted = 'where = "certready.weighing:column_of"\nchange = "{}"\nreason = "Planted."\n'
    alive = f"certready.weighing:column_of  {partner}"

    def run(*explained: str) -> subprocess.CompletedProcess[str]:
        folder = tmp_path / "explained"
        folder.mkdir(exist_ok=True)
        entries = "".join("[[survivor]]\n" + planted.format(change) for change in explained)
        (folder / "weighing.toml").write_text(entries)
        command = (sys.executable, "-m", "tests.mutation", "weighing", "--jobs", "1", "--only", only)
        more = ("--tests", str(tests), "--explained", str(folder))
        return subprocess.run((*command, *more), cwd=REPOSITORY, capture_output=True, text=True, check=False)

    noticed = "connector is None -> False"
    first = run(noticed)
    assert 1 == first.returncode, first.stderr
    lines = first.stdout.splitlines()
    assert f"survived: {alive}" in lines
    assert f"noticed now, though it is explained: certready.weighing:column_of  {noticed}" in lines
    assert "weighing: 2 changes, 1 killed (50.0%" in first.stdout
    second = run(partner)
    assert 0 == second.returncode, second.stderr
    assert "1 explained, 0 neither" in second.stdout
