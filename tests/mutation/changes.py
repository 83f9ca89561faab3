"""What can be changed in a module's code so that a test ought to notice.

A change is left out where another one includes it (whatever notices ``and`` with an operand dropped notices ``or``), and
where it cannot matter: annotations, docstrings, the words of messages, what is raised with an error, decorators.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from tests.mutation.expressions import constant, of_expression
from tests.mutation.places import Change, Place, at, code, short
from tests.mutation.survivors import shown


class Mutant(NamedTuple):
    """A change of a module: ``function`` is the qualified name of the outermost function around it, or in what runs at
    import the names that are assigned; ``nth`` tells apart those that read the same. ``lines`` are the statement's."""

    module: str
    function: str
    before: str
    after: str
    nth: int
    lines: range
    function_lines: range  # from its first line, as its code object has it; empty at import
    place: Place
    node: ast.AST | None
    names: frozenset[str]  # what an import-time statement assigns

    @property
    def key(self) -> tuple[str, str, int]:
        """What names it as long as the code reads the same, wherever that stands."""
        return f"{self.module}:{self.function}", f"{self.before} -> {self.after}", self.nth

    def __str__(self) -> str:
        return shown(self.key)


class Function(NamedTuple):
    """The outermost function around a node: its qualified name and its lines, decorators included."""

    name: str
    lines: range


def mutants(module: str, tree: ast.Module) -> Iterator[Mutant]:
    """Every change of the module that is tried, in the order of the code. The tree is whole again after each."""
    seen: Counter[tuple[str, str, str]] = Counter()
    for function, names, lines, change in _statements(tree.body, Place(tree, "body"), None, "", frozenset()):
        before, after = _described(change)
        if before == after:
            continue
        owner = function.name if function else ",".join(sorted(names))
        seen[owner, before, after] += 1
        nth = seen[owner, before, after]
        function_lines = function.lines if function else range(0)
        yield Mutant(module, owner, before, after, nth, lines, function_lines, change.place, change.node, names)


def _described(change: Change) -> tuple[str, str]:
    """The code before and after, short enough to be read."""
    if change.words:
        return short(change.before or code(change.place)), change.words
    where = change.shown or change.place
    before = code(where)
    old = at(change.place)
    change.place.put(change.node)
    after = code(where)
    change.place.put(old)
    return short(before), short(after)


Found = tuple[Function | None, frozenset[str], range, Change]


def _statements(
    body: list[ast.stmt], place: Place, function: Function | None, prefix: str, names: frozenset[str]
) -> Iterator[Found]:
    for index, statement in enumerate(body):
        own = Place(place.parent, place.field, index)
        yield from _statement(statement, own, function, prefix, names)


def _statement(
    statement: ast.stmt, place: Place, function: Function | None, prefix: str, names: frozenset[str]
) -> Iterator[Found]:
    """The changes in one statement: of itself, of its expressions, and of the statements inside."""
    if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef)):
        own = function or Function(prefix + statement.name, _whole(statement))
        first = next(
            (inner for inner in statement.body if not _left_out(inner)), statement.body[0]
        )  # a docstring never runs
        for change in _defaults(statement.args):
            yield own, names, range(first.lineno, first.lineno + 1), change
        yield from _statements(statement.body, Place(statement, "body"), own, prefix, names)
        return
    if isinstance(statement, ast.ClassDef):
        inside, class_names = f"{prefix}{statement.name}.", names | {statement.name}
        yield from _statements(statement.body, Place(statement, "body"), function, inside, class_names)
        return
    if _left_out(statement):
        return
    if function is None and (assigned := _assigned(statement)):
        if assigned & {"__all__", "__slots__"} or _is_type(statement):
            return
        names = names | assigned
    lines = _lines(statement)
    for change in _of_statement(statement, place, at_import=function is None):
        yield function, names, lines, change
    for expression in _expressions(statement):
        for change in of_expression(at(expression), (expression,), at_import=function is None):
            yield function, names, lines, change
    for field in ("body", "orelse", "finalbody"):
        inner_body = getattr(statement, field, [])
        yield from _statements(inner_body, Place(statement, field), function, prefix, names)
    for inner in (*getattr(statement, "handlers", []), *getattr(statement, "cases", [])):
        yield from _statements(inner.body, Place(inner, "body"), function, prefix, names)


def _whole(function: ast.FunctionDef | ast.AsyncFunctionDef) -> range:
    """The lines of a function, decorators included."""
    first = min(node.lineno for node in (function, *function.decorator_list))
    return range(first, (function.end_lineno or first) + 1)


def _left_out(statement: ast.stmt) -> bool:
    match statement:
        case ast.Import() | ast.ImportFrom() | ast.Assert() | ast.Global() | ast.Nonlocal() | ast.Pass():
            return True
        case ast.If(test=ast.Name(id="TYPE_CHECKING") | ast.Attribute(attr="TYPE_CHECKING")):
            return True
        case ast.Expr(value=ast.Constant()):
            return True
    return False


def _assigned(statement: ast.stmt) -> frozenset[str]:
    match statement:
        case ast.Assign(targets=targets):
            every: list[ast.expr] = targets
        case ast.AnnAssign(target=target) | ast.AugAssign(target=target):
            every = [target]
        case _:
            return frozenset()
    return frozenset(node.id for target in every for node in ast.walk(target) if isinstance(node, ast.Name))


def _is_type(statement: ast.stmt) -> bool:
    """Whether what is assigned is a type: ``Literal[...]``, ``A | B``, a type variable."""
    match getattr(statement, "value", None):
        case ast.Subscript(value=ast.Name(id=name)):
            return _names_type(name)
        case ast.BinOp(op=ast.BitOr(), left=ast.Name(id=name) | ast.Subscript(value=ast.Name(id=name))):
            return _names_type(name) or name in ("str", "bytes", "int")
        case ast.Call(func=ast.Name(id="TypeVar" | "NewType" | "ParamSpec")):
            return True
    return False


def _names_type(name: str) -> bool:
    return (name[:1].isupper() and not name.isupper()) or name in ("tuple", "list", "dict", "set", "frozenset", "type")


def _lines(statement: ast.stmt) -> range:
    """The lines of a statement without those of the statements inside."""
    inside = [*getattr(statement, "body", []), *getattr(statement, "cases", [])]
    first = inside[0] if inside else None
    if first is not None:
        line = first.pattern.lineno if isinstance(first, ast.match_case) else first.lineno
        return range(statement.lineno, max(line, statement.lineno + 1))
    return range(statement.lineno, (statement.end_lineno or statement.lineno) + 1)


def _defaults(arguments: ast.arguments) -> Iterator[Change]:
    for field in ("defaults", "kw_defaults"):
        for index, default in enumerate(getattr(arguments, field)):
            changed = constant(default)
            if changed:
                number = len(arguments.posonlyargs) + len(arguments.args) - len(arguments.defaults) + index
                named = (
                    (arguments.posonlyargs + arguments.args)[number]
                    if field == "defaults"
                    else arguments.kwonlyargs[index]
                )
                words = f"{named.arg}={ast.unparse(changed)}"
                yield Change(
                    Place(arguments, field, index), changed, words=words, before=f"{named.arg}={ast.unparse(default)}"
                )


def _of_statement(statement: ast.stmt, place: Place, *, at_import: bool) -> Iterator[Change]:
    """A statement left out, or what it gives back."""
    gone = "(left out)"
    match statement:
        case ast.Expr(value=ast.Yield() | ast.YieldFrom()):  # the function stays a generator
            never = ast.If(ast.Constant(value=False), [ast.Expr(ast.Yield(None))], [])
            yield Change(place, never, words=gone)
        case ast.Expr() | ast.AugAssign() | ast.Raise() | ast.Delete() if not at_import:
            yield Change(place, ast.Pass(), words=gone)
        case ast.Assign(targets=[ast.Attribute() | ast.Subscript()]):
            yield Change(place, ast.Pass(), words=gone)
        case ast.Continue():
            yield Change(place, ast.Break())
        case ast.Break():
            yield Change(place, ast.Pass(), words=gone)
        case ast.Return(value=value) if value is not None and not _gives_bool(value) and not _is_empty(value):
            yield Change(Place(statement, "value"), ast.Constant(None), place)
        case ast.Match(cases=cases):
            for case in cases:
                if not _says_nothing(case):
                    pattern = f"case {ast.unparse(case.pattern)}"
                    yield Change(Place(case, "guard"), ast.Constant(value=False), words="(never)", before=pattern)


def _says_nothing(case: ast.match_case) -> bool:
    """Whether it is ``case _: pass``, which is there for the reader."""
    catches_all = isinstance(case.pattern, ast.MatchAs) and case.pattern.pattern is None
    return catches_all and all(isinstance(statement, ast.Pass) for statement in case.body)


def _gives_bool(value: ast.expr) -> bool:
    return isinstance(value, (ast.Compare, ast.BoolOp)) or (
        isinstance(value, ast.UnaryOp) and isinstance(value.op, ast.Not)
    )


def _is_empty(value: ast.expr) -> bool:
    match value:
        case ast.Constant():
            return not value.value
        case ast.Tuple(elts=[]) | ast.List(elts=[]) | ast.Dict(keys=[]):
            return True
        case ast.Call(func=ast.Name(id="frozenset" | "set" | "dict" | "tuple" | "list"), args=[], keywords=[]):
            return True
    return False


def _expressions(statement: ast.stmt) -> Iterator[Place]:
    """Where a statement's own expressions hang, without annotations, targets and what is raised."""
    match statement:
        case ast.Raise():
            return
        case ast.Assign() | ast.AnnAssign() | ast.AugAssign() | ast.Expr() | ast.Return():
            if statement.value is not None:
                yield Place(statement, "value")
        case ast.If() | ast.While():
            yield Place(statement, "test")
        case ast.For():
            yield Place(statement, "iter")
        case ast.With():
            yield from (Place(item, "context_expr") for item in statement.items)
        case ast.Match():
            yield Place(statement, "subject")
            yield from (Place(case, "guard") for case in statement.cases if case.guard is not None)
