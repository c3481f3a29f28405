"""Small faults of a source: what a mutation test puts into it.

Comparisons and truth values are turned, `and` and `or` exchanged, `not` dropped, numbers changed by
one, statements deleted, values not returned, neighbouring arguments swapped.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change of a source: the bytes from `start` to `end` of `path` become `new`."""

    room: str
    path: str
    line: int
    start: int
    end: int
    old: str
    new: str

    def applied(self, source: bytes) -> bytes:
        """Return the source with the change in it."""
        return source[: self.start] + self.new.encode() + source[self.end :]

    def __str__(self) -> str:
        """Return `file:line old -> new`, each text on one line."""
        old, new = " ".join(self.old.split()), " ".join(self.new.split())
        return f"{self.path}:{self.line} {old} -> {new}"


COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}


def changed_comparisons(node: ast.Compare) -> Iterator[ast.expr]:
    """Yield the comparison with one operator changed, for each of its operators."""
    for place, operator in enumerate(node.ops):
        ops = list(node.ops)
        ops[place] = COMPARISONS[type(operator)]()
        yield ast.Compare(node.left, ops, node.comparators)


def changed_constants(node: ast.Constant) -> Iterator[ast.expr]:
    """Yield the opposite of a truth value, and the neighbours of a number."""
    if isinstance(node.value, bool):
        yield ast.Constant(not node.value)
    elif isinstance(node.value, int | float):
        yield ast.Constant(node.value + 1)
        yield ast.Constant(node.value - 1)


_EITHER_WAY = {"max", "min", "maximum", "minimum"}
"""Functions of which the order of the arguments changes nothing."""


def swapped_arguments(node: ast.Call) -> Iterator[ast.expr]:
    """Yield the call with two neighbouring arguments swapped, for each pair that differs."""
    if any(isinstance(argument, ast.Starred) for argument in node.args):
        return
    called = getattr(node.func, "id", getattr(node.func, "attr", ""))
    if called in _EITHER_WAY:
        return
    for place in range(len(node.args) - 1):
        args = list(node.args)
        args[place : place + 2] = args[place + 1], args[place]
        if ast.dump(args[place]) != ast.dump(args[place + 1]):
            yield ast.Call(node.func, args, node.keywords)


def changed_expressions(node: ast.expr) -> Iterator[ast.expr]:
    """Yield what an expression is changed into."""
    match node:
        case ast.Compare():
            yield from changed_comparisons(node)
        case ast.BoolOp():
            yield ast.BoolOp(ast.Or() if isinstance(node.op, ast.And) else ast.And(), node.values)
        case ast.UnaryOp(op=ast.Not()):
            yield node.operand
        case ast.Constant():
            yield from changed_constants(node)
        case ast.Call():
            yield from swapped_arguments(node)


def changed_statements(node: ast.stmt) -> Iterator[str]:
    """Yield what a statement is changed into: nothing, or the return of nothing.
    An assignment to a name is left: without it most code fails at once."""
    match node:
        case ast.Return(value=ast.expr() as value):
            if not (isinstance(value, ast.Constant) and value.value is None):
                yield "return None"
        case ast.Expr(value=ast.Constant()):
            return  # a docstring, or an ellipsis
        case ast.Expr() | ast.AugAssign() | ast.Raise() | ast.Continue() | ast.Break():
            yield "pass"
        case ast.Delete() | ast.Assign(targets=[ast.Attribute() | ast.Subscript(), *_]):
            yield "pass"


def mutable_nodes(node: ast.AST) -> Iterator[ast.expr | ast.stmt]:
    """Yield the nodes below one, but for annotations, decorators and formatted strings.
    The first two do not run with the code; the places within the last are wrong before 3.12."""
    for name, value in ast.iter_fields(node):
        if name in {"annotation", "returns", "decorator_list"}:
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST) and not isinstance(child, ast.JoinedStr):
                if isinstance(child, ast.expr | ast.stmt):
                    yield child
                yield from mutable_nodes(child)


def changes(node: ast.expr | ast.stmt) -> Iterator[str]:
    """Yield the new texts of a node."""
    if isinstance(node, ast.stmt):
        yield from changed_statements(node)
    else:
        for new in changed_expressions(node):
            yield f"({ast.unparse(ast.fix_missing_locations(new))})"


def mutants_of(room: str, path: str, source: bytes) -> list[Mutant]:
    """Return every mutant of a source, in its order, of those that do not compile, too."""
    starts = [0]
    for line in source.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    found = []
    for node in mutable_nodes(ast.parse(source)):
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        start = starts[node.lineno - 1] + node.col_offset
        end = starts[node.end_lineno - 1] + node.end_col_offset
        for new in changes(node):
            old = source[start:end].decode()
            found.append(Mutant(room, path, node.lineno, start, end, old, new))
    return found


def statement_of(source: bytes, line: int) -> tuple[range, bool]:
    """Return the lines of the statement at a line, and True if only a call runs it."""
    found, called = range(line, line + 1), False
    smallest = len(source)
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.stmt) or node.end_lineno is None:
            continue
        if not node.lineno <= line <= node.end_lineno:
            continue
        body = getattr(node, "body", None)
        head = body[0].lineno if body else node.end_lineno + 1
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            called = called or line >= head
        end = head if line < head else node.end_lineno + 1
        if end - node.lineno <= smallest:
            found, smallest = range(node.lineno, max(end, node.lineno + 1)), end - node.lineno
    return found, called
