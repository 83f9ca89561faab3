"""What can be changed in a module's code so that a test ought to notice.

A change is left out where another one includes it (whatever notices ``and`` with an operand dropped notices ``or``), and
where it cannot matter: annotations, docstrings, the words of messages, what is raised with an error, decorators.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from typing import Any, NamedTuple

from tests.mutation.survivors import shown

LONGEST = 110  # characters of code in a change's name
CONTEXT = 60  # characters of code that a small change is shown in


class Place(NamedTuple):
    """Where a node hangs in the tree: a field of its parent, and the index where that field is a list."""

    parent: ast.AST
    field: str
    index: int | None = None

    def put(self, node: ast.AST | None) -> None:
        """Hang another node there."""
        if self.index is None:
            setattr(self.parent, self.field, node)
        else:
            getattr(self.parent, self.field)[self.index] = node


class Mutant(NamedTuple):
    """A change of a module: ``function`` is the qualified name of the outermost function around it, "" where it is
    in what runs at import; ``nth`` tells apart those that read the same. ``lines`` are those of the statement."""

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


class Change(NamedTuple):
    """One replacement: what hangs at ``place`` becomes ``node``. It is named by the code at ``shown``, before and after,
    or by ``words`` in place of the code after, and ``before`` in place of the code before."""

    place: Place
    node: ast.AST | None
    shown: Place | None = None
    words: str = ""
    before: str = ""


ORDER: dict[type[ast.cmpop], type[ast.cmpop]] = {ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt}
OPPOSITE: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.GtE,
    ast.LtE: ast.Gt,
    ast.Gt: ast.LtE,
    ast.GtE: ast.Lt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.FloorDiv: ast.Mult,
    ast.Div: ast.Mult,
    ast.Mod: ast.Mult,
    ast.BitOr: ast.BitAnd,
    ast.BitAnd: ast.BitOr,
    ast.BitXor: ast.BitAnd,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
}
OTHER_CALL = {"any": "all", "all": "any", "min": "max", "max": "min"}
# Calls of these methods are left out: what they are called on takes their place.
NORMALISING = frozenset({"lower", "upper", "casefold", "strip", "rstrip", "lstrip", "removeprefix", "removesuffix"})
# The text they are given decides, so that another one is put in its place.
DECIDING = frozenset({"startswith", "endswith", "partition", "rpartition", "split"})
# Keywords that hold words or documentation, in calls and in tables.
WORDS = frozenset({"why", "what", "fix", "title", "sources", "confidence", "when"})


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
        return _short(change.before or _code(change.place)), change.words
    shown = change.shown or change.place
    before = _code(shown)
    old = _at(change.place)
    change.place.put(change.node)
    after = _code(shown)
    change.place.put(old)
    return _short(before), _short(after)


def _at(place: Place) -> Any:
    held = getattr(place.parent, place.field)
    return held if place.index is None else held[place.index]


def _code(place: Place) -> str:
    return " ".join(ast.unparse(_at(place)).split())


def _short(code: str) -> str:
    return code if len(code) <= LONGEST else code[: LONGEST - 4] + " ..."


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
        for change in _defaults(statement.args):
            yield own, names, range(statement.body[0].lineno, statement.body[0].lineno + 1), change
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
        for change in _of_expression(_at(expression), (expression,), at_import=function is None):
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
            changed = _constant(default)
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


def _constant(node: ast.AST | None) -> ast.Constant | None:
    if not isinstance(node, ast.Constant):
        return None
    if isinstance(node.value, bool):
        return ast.Constant(not node.value)
    return ast.Constant(node.value + 1) if isinstance(node.value, int) else None


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


def _of_expression(node: ast.AST, way: tuple[Place, ...], *, at_import: bool) -> Iterator[Change]:
    """The changes of an expression and of those inside; ``way`` leads from the statement's expression to it."""
    shown = _shown(way)
    for change in _own(node, way, at_import=at_import):
        yield change if change.shown or change.words else change._replace(shown=shown)
    for inner in _children(node, at_import=at_import):
        yield from _of_expression(_at(inner), (*way, inner), at_import=at_import)


def _shown(way: tuple[Place, ...]) -> Place:
    """The largest expression around a node that is still short."""
    largest = way[-1]
    for place in reversed(way):
        if isinstance(_at(place), ast.expr):
            if len(_code(place)) > CONTEXT:
                break
            largest = place
    return largest


def _children(node: ast.AST, *, at_import: bool) -> Iterator[Place]:
    for field, value in ast.iter_fields(node):
        if field in ("annotation", "format_spec", "target", "args") and isinstance(
            node, (ast.FormattedValue, ast.comprehension, ast.Lambda)
        ):
            continue
        if isinstance(value, ast.expr):
            yield Place(node, field)
        elif isinstance(value, list):
            for index, held in enumerate(value):
                if isinstance(held, (ast.expr, ast.comprehension)) or (
                    isinstance(held, ast.keyword) and held.arg not in WORDS and not _asserts(node, held)
                ):
                    yield Place(node, field, index)


def _asserts(node: ast.AST, keyword: ast.keyword) -> bool:
    """``zip(strict=True)``, ``sha1(usedforsecurity=False)``."""
    called = ast.unparse(node.func) if isinstance(node, ast.Call) else ""
    return (called == "zip" and keyword.arg == "strict") or keyword.arg == "usedforsecurity"


def _is_test(way: tuple[Place, ...]) -> bool:
    """Whether a node is a condition as a whole, or an operand: what turns it round is included in what leaves it out."""
    place = way[-1]
    if isinstance(place.parent, ast.UnaryOp) and isinstance(place.parent.op, ast.Not):
        return _is_test(way[:-1]) if len(way) > 1 else False
    if isinstance(place.parent, ast.BoolOp):
        return True
    return place.field in ("test", "ifs", "guard")


def _own(node: ast.AST, way: tuple[Place, ...], *, at_import: bool) -> Iterator[Change]:
    """The changes of one expression, without those of the expressions inside."""
    place = way[-1]
    if place.field in ("test", "ifs", "guard") and not isinstance(node, ast.Constant):
        yield Change(place, ast.Constant(value=False))
        if not isinstance(place.parent, ast.While):
            yield Change(place, ast.Constant(value=True))
    match node:
        case ast.Compare() | ast.BoolOp() | ast.UnaryOp():
            yield from _of_condition(node, way)
        case ast.BinOp(op=operator, left=left, right=right) if not (_is_text(left) or _is_text(right)):
            if type(operator) in ARITHMETIC:
                yield Change(Place(node, "op"), ARITHMETIC[type(operator)]())
        case ast.Constant():
            changed = _constant(node)
            if changed:
                yield Change(place, changed)
        case ast.Slice():
            yield from (Change(Place(node, end), None) for end in ("lower", "upper") if getattr(node, end) is not None)
        case ast.Call():
            yield from _of_call(node, place, at_import=at_import)
        case ast.Set() | ast.Tuple() | ast.List() | ast.Dict():
            yield from _of_display(node, place, at_import=at_import)


def _of_condition(node: ast.Compare | ast.BoolOp | ast.UnaryOp, way: tuple[Place, ...]) -> Iterator[Change]:
    match node:
        case ast.Compare(ops=ops):
            for index, operator in enumerate(ops):
                if type(operator) in ORDER:
                    yield Change(Place(node, "ops", index), ORDER[type(operator)]())
                if not _is_test(way) or len(ops) > 1:
                    yield Change(Place(node, "ops", index), OPPOSITE[type(operator)]())
        case ast.BoolOp(op=junction, values=values):
            for index in range(len(values)):
                rest = values[:index] + values[index + 1 :]
                yield Change(way[-1], rest[0] if len(rest) == 1 else ast.BoolOp(junction, rest))
        case ast.UnaryOp(op=ast.Not(), operand=operand) if not _is_test(way):
            yield Change(way[-1], operand)


def _of_display(node: ast.Set | ast.Tuple | ast.List | ast.Dict, place: Place, *, at_import: bool) -> Iterator[Change]:
    """A table or a set without one of its elements."""
    if isinstance(node, ast.Dict):
        if at_import and len(node.keys) > 1:
            for index, key in enumerate(node.keys):
                less = ast.Dict(
                    node.keys[:index] + node.keys[index + 1 :], node.values[:index] + node.values[index + 1 :]
                )
                yield Change(place, less, words=f"without {_short(ast.unparse(key or node.values[index]))}")
        return
    if len(node.elts) < 2 or _is_unpacked(place):
        return
    if at_import or isinstance(node, ast.Set) or _is_haystack(place):
        for index, element in enumerate(node.elts):
            rest = node.elts[:index] + node.elts[index + 1 :]
            fewer = ast.Set(rest) if isinstance(node, ast.Set) else type(node)(rest, ast.Load())
            yield Change(place, fewer, words=f"without {_short(ast.unparse(element))}")


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, (ast.JoinedStr, ast.Tuple, ast.List)) or (
        isinstance(node, ast.Constant) and isinstance(node.value, (str, bytes))
    )


def _is_unpacked(place: Place) -> bool:
    return isinstance(place.parent, ast.Assign) and isinstance(place.parent.targets[0], ast.Tuple)


def _is_haystack(place: Place) -> bool:
    parent = place.parent
    return (
        isinstance(parent, ast.Compare)
        and place.field == "comparators"
        and isinstance(parent.ops[place.index or 0], (ast.In, ast.NotIn))
    )


def _of_call(node: ast.Call, place: Place, *, at_import: bool) -> Iterator[Change]:
    match node.func:
        case ast.Name(id=name) if name in OTHER_CALL:
            yield Change(Place(node, "func"), ast.Name(OTHER_CALL[name], ast.Load()), place)
        case ast.Attribute(attr=name, value=receiver):
            if name in NORMALISING:
                yield Change(place, receiver)
            if name in DECIDING and node.args:
                for index, argument in enumerate(node.args):
                    if isinstance(argument, ast.Constant) and isinstance(argument.value, (str, bytes)):
                        other = "XX" + argument.value if isinstance(argument.value, str) else b"XX" + argument.value
                        yield Change(Place(node, "args", index), ast.Constant(other), place)
    if not at_import:
        for index, keyword in enumerate(node.keywords):
            if keyword.arg is not None and keyword.arg not in WORDS - {"fix"} and not _asserts(node, keyword):
                rest = node.keywords[:index] + node.keywords[index + 1 :]
                less = ast.Call(node.func, node.args, rest)
                yield Change(place, less, words=f"without {_short(ast.unparse(keyword))}")
