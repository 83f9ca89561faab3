"""The mutation command tries what it should, tells what is noticed from what is not, and compares with what is explained."""

from __future__ import annotations

import ast
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.ending import Child, touching
from tests.mutation import survivors
from tests.mutation.__main__ import ROOMS
from tests.mutation.changes import mutants

PATIENCE = 120  # seconds; a test that waits that long has failed
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


def test_a_default_is_tried_where_the_function_runs() -> None:
    """The tests for it are those that run the first statement; a docstring is none."""
    [mutant] = mutants("m", ast.parse("def f(a=1):\n  'Words.'\n  return ''"))
    assert range(3, 4) == mutant.lines


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
    """What survives unexplained and what is noticed though explained is named; what was not tried is not."""
    alive, killed, other = ("m:f", "a -> b", 1), ("m:f", "c -> d", 1), ("n:f", "a -> b", 1)
    assert ((alive,), (killed,)) == survivors.compared([alive], [alive, killed], {killed: "x", other: "x"})
    assert ((), ()) == survivors.compared([alive], [alive, killed], {alive: "x"})


def test_explanations_of_what_is_gone() -> None:
    """An entry holds no longer where its code reads otherwise now, or its module is gone; other rooms are not asked."""
    kept, changed = ("certready.path.lint:f", "a -> b", 1), ("certready.path.lint:f", "c -> d", 1)
    moved, other = ("certready.path.old:f", "a -> b", 1), ("certready.exchange:f", "a -> b", 1)
    reasons = dict.fromkeys((kept, changed, moved, other), "x")
    assert (changed, moved) == survivors.gone([kept], ["path"], reasons)


def test_the_files_of_survivors_can_be_read() -> None:
    """Each room has its file, and each entry its reason; whether it still holds is what the command says."""
    assert set(ROOMS) == {file.stem for file in survivors.FOLDER.glob("*.toml")}
    assert all(len(reason) > 20 for reason in survivors.read(survivors.FOLDER).values())


ONLY = "column_of  (connector is None -> False|.*if True else 'inbound')"
PARTNER = "'partner' if connector.kind == 'Partner' else 'inbound' -> 'partner' if True else 'inbound'"
ALIVE = f"certready.weighing:column_of  {PARTNER}"


def command(tmp_path: Path, tests: str, *explained: str, only: str = ONLY) -> list[str]:
    """The command that tries changes of one function with these tests, where these changes are explained."""
    (tmp_path / "test_planted.py").write_text(
        f"from certready.model import Connector\nfrom certready.weighing import column_of\n{tests}"
    )
    folder = tmp_path / "explained"
    folder.mkdir(exist_ok=True)
    entry = '[[survivor]]\nwhere = "certready.weighing:column_of"\nchange = "{}"\nreason = "Planted."\n'
    (folder / "weighing.toml").write_text("".join(entry.format(change) for change in explained))
    options = ["--jobs", "1", "--only", only, "--tests", str(tmp_path / "test_planted.py"), "--explained", str(folder)]
    return [sys.executable, "-m", "tests.mutation", "weighing", *options]


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(arguments, cwd=REPOSITORY, capture_output=True, text=True, check=False)


def test_the_command(tmp_path: Path) -> None:
    """A change that a test notices is killed, one that none does is named and fails the run until it is explained, and
    an explanation of what is noticed, or of code that reads otherwise now, fails it too."""
    tests = """
def test_noticed():
    assert column_of(None) == 'inbound'

def test_looks_away():
    column_of(Connector('a', 'inbound'))
"""
    noticed = "connector is None -> False"
    first = run(*command(tmp_path, tests, noticed, "connector is nothing -> False"))
    assert 1 == first.returncode, first.stderr
    lines = first.stdout.splitlines()
    assert "gone, though it is explained: certready.weighing:column_of  connector is nothing -> False" == lines[0]
    assert f"survived: {ALIVE}" in lines
    assert f"noticed now, though it is explained: certready.weighing:column_of  {noticed}" in lines
    assert "weighing: 2 changes, 1 killed (50.0%" in first.stdout
    left = "1 neither noticed nor explained; 1 explained and noticed; 1 explained whose code is gone"
    assert lines[-1].startswith(f"Left to do: {left} (")
    second = run(*command(tmp_path, tests, PARTNER))
    assert 0 == second.returncode, second.stderr
    assert "1 explained, 0 neither" in second.stdout
    assert second.stdout.splitlines()[-1].startswith("Every change is noticed or explained (")


def test_a_test_that_fails_now_and_then_notices_nothing(tmp_path: Path) -> None:
    """A test that fails with a change, passes without it, and passes with it the next time is not believed."""
    tests = f"""
from pathlib import Path

def test_wavers():
    column_of(Connector('a', 'inbound'))
    runs = Path({str(tmp_path / "runs")!r})
    number = len(runs.read_text()) if runs.exists() else 0  # the first is traced, the second has the change
    runs.write_text('.' * (number + 1))
    assert number != 1
"""
    tried = run(*command(tmp_path, tests, only="if True else 'inbound'"))
    assert 1 == tried.returncode, tried.stderr
    assert f"untested: {ALIVE}" in tried.stdout.splitlines()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_a_run_that_is_ended_leaves_nothing(tmp_path: Path, number: signal.Signals) -> None:
    """Ended while a test waits for ever with a change, it says how far it came; no process and no folder is left, not
    even where it is killed."""
    told, tell = os.pipe()
    tests = f"""
import os, tempfile, threading

def test_waits():
    if column_of(Connector('a', 'inbound')) != 'inbound':
        os.write({tell}, tempfile.gettempdir().encode())
        threading.Event().wait()
"""
    arguments = command(tmp_path, tests, only="if True else 'inbound'")
    options: dict[str, Any] = {"cwd": REPOSITORY, "pass_fds": [tell], "stderr": subprocess.PIPE, "text": True}
    with Child(arguments, **options) as started, open(told) as says:  # noqa: PTH123 - it is no path
        os.close(tell)
        scratch = Path(os.read(told, 4096).decode()).parent
        assert scratch.name.startswith("mutation-")
        started.send_signal(number)
        assert "" == says.read()  # until nobody is left who could tell
        said = started.communicate()[1]
    assert number == signal.SIGKILL or "Ended after 0 of 1 changes" in said
    assert started.returncode in (2, -signal.SIGKILL)
    assert [] == touching(scratch)
    deadline = time.monotonic() + PATIENCE
    while scratch.exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not scratch.exists()
