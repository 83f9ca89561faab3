"""What can be changed in an expression."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from tests.mutation.places import Change, Place, at, code, short

CONTEXT = 60  # characters of code that a small change is shown in

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


def of_expression(node: ast.AST, way: tuple[Place, ...], *, at_import: bool) -> Iterator[Change]:
    """The changes of an expression and of those inside; ``way`` leads from the statement's expression to it."""
    shown = _shown(way)
    for change in _own(node, way, at_import=at_import):
        yield change if change.shown or change.words else change._replace(shown=shown)
    for inner in _children(node, at_import=at_import):
        yield from of_expression(at(inner), (*way, inner), at_import=at_import)


def _shown(way: tuple[Place, ...]) -> Place:
    """The largest expression around a node that is still short."""
    largest = way[-1]
    for place in reversed(way):
        if isinstance(at(place), ast.expr):
            if len(code(place)) > CONTEXT:
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
            changed = constant(node)
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
                yield Change(place, less, words=f"without {short(ast.unparse(key or node.values[index]))}")
        return
    if len(node.elts) < 2 or _is_unpacked(place):
        return
    if at_import or isinstance(node, ast.Set) or _is_haystack(place):
        for index, element in enumerate(node.elts):
            rest = node.elts[:index] + node.elts[index + 1 :]
            fewer = ast.Set(rest) if isinstance(node, ast.Set) else type(node)(rest, ast.Load())
            yield Change(place, fewer, words=f"without {short(ast.unparse(element))}")


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
                yield Change(place, less, words=f"without {short(ast.unparse(keyword))}")


def constant(node: ast.AST | None) -> ast.Constant | None:
    """Another number or truth value in the place of one; None for anything else."""
    if not isinstance(node, ast.Constant):
        return None
    if isinstance(node.value, bool):
        return ast.Constant(not node.value)
    return ast.Constant(node.value + 1) if isinstance(node.value, int) else None
