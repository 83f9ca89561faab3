"""Puts a change in place: into the functions as they are, so that every reference to them sees it, or, for what runs at
import, by importing everything of certready anew."""

from __future__ import annotations

import ast
import gc
import importlib.abc
import importlib.machinery
import importlib.util
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import NamedTuple

from tests.mutation.changes import Mutant

REPOSITORY = Path(__file__).parents[2]
Spot = tuple[str, str, int]


class Source(NamedTuple):
    """A module's file and its code as a tree."""

    module: str
    file: str
    tree: ast.Module


def source(file: Path) -> Source:
    """The code of a module by its file, without importing it."""
    parts = file.relative_to(REPOSITORY).with_suffix("").parts
    module = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
    return Source(module, str(file), ast.parse(file.read_text("utf-8"), str(file)))


def spot(code: CodeType) -> Spot:
    """What tells a function's code from any other's."""
    return code.co_filename, code.co_qualname, code.co_firstlineno


def functions() -> dict[Spot, list[FunctionType]]:
    """Every function of certready that is alive, wherever it is held: under a decorator, in a property, in a table."""
    alive: defaultdict[Spot, list[FunctionType]] = defaultdict(list)
    for held in gc.get_objects():
        if type(held) is FunctionType and "certready" in held.__code__.co_filename:
            alive[spot(held.__code__)].append(held)
    return dict(alive)


def _codes(code: CodeType) -> Iterator[CodeType]:
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield constant
            yield from _codes(constant)


def compiled(mutant: Mutant, of: Source) -> CodeType:
    """The module's code with the change in it."""
    mutant.place.put(mutant.node)
    ast.fix_missing_locations(of.tree)
    return compile(of.tree, of.file, "exec", dont_inherit=True)


def put_in_place(mutant: Mutant, of: Source, alive: dict[Spot, list[FunctionType]]) -> None:
    """Change the functions themselves.

    Raises:
        LookupError: no function that is alive has this code.
    """
    wanted = (of.file, mutant.function, mutant.function_lines[0])
    targets = alive.get(wanted, [])
    changed = [code for code in _codes(compiled(mutant, of)) if spot(code) == wanted]
    if not targets or len(changed) != 1:
        raise LookupError(f"{len(targets)} functions and {len(changed)} codes of {mutant.function}")
    for target in targets:
        target.__code__ = changed[0]
    if isinstance(mutant.place.parent, ast.arguments):
        _put_default(mutant, targets)


def _put_default(mutant: Mutant, targets: Sequence[FunctionType]) -> None:
    arguments, index = mutant.place.parent, mutant.place.index
    assert isinstance(arguments, ast.arguments)
    assert isinstance(mutant.node, ast.Constant)
    assert index is not None
    for target in targets:
        if mutant.place.field == "defaults":
            held = list(target.__defaults__ or ())
            held[index] = mutant.node.value
            target.__defaults__ = tuple(held)
        else:
            target.__kwdefaults__ = {
                **(target.__kwdefaults__ or {}),
                arguments.kwonlyargs[index].arg: mutant.node.value,
            }


class _Changed(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds one module with its code changed."""

    def __init__(self, of: Source, code: CodeType) -> None:
        self.of, self.code = of, code

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if name != self.of.module:
            return None
        package = [str(Path(self.of.file).parent)] if self.of.file.endswith("__init__.py") else None
        return importlib.util.spec_from_file_location(
            name, self.of.file, loader=self, submodule_search_locations=package
        )

    def exec_module(self, module: ModuleType) -> None:
        exec(self.code, vars(module))


def import_anew(mutant: Mutant | None, of: Source | None) -> None:
    """Forget certready and its tests, and have the module imported with the change in it from now on."""
    for name in [name for name in sys.modules if name.split(".")[0] in ("certready", "tests", "benchmarks")]:
        if not name.startswith("tests.mutation"):
            del sys.modules[name]
    if mutant and of:
        sys.meta_path.insert(0, _Changed(of, compiled(mutant, of)))
