"""Small faults, one at a time: every way in which a line of the evaluator could plausibly be wrong."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

Swap = Callable[[ast.AST], Iterator[ast.AST]]

_COMPARISONS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Lt: (ast.LtE, ast.Gt),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.Lt),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
_ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
}
_TWINS = {"min": "max", "max": "min", "any": "all", "all": "any", "any_of": "all_of", "all_of": "any_of"}
_TWINS |= {"startswith": "endswith", "endswith": "startswith", "union": "intersection", "intersection": "union"}


@dataclass(frozen=True, slots=True)
class Mutant:
    """A module with one fault. `name` says where and what."""

    module: str
    name: str
    source: str


def mutants(path: Path, module: str) -> Iterator[Mutant]:
    """Every mutant of a module, in the order of its lines."""
    tree = ast.parse(path.read_text("utf-8"))
    quiet = _unspoken(tree)
    for node in list(ast.walk(tree)):
        for fault in _faults(node) if node not in quiet else ():
            what = f"{path.name}:{getattr(node, 'lineno', 0)}: {_shown(node)} → {_shown(fault)}"
            _put(tree, node, fault)
            source = ast.unparse(ast.fix_missing_locations(tree))
            _put(tree, fault, node)
            yield Mutant(module, what, source)


def _unspoken(tree: ast.AST) -> set[ast.AST]:
    """Annotations, imports, docstrings, and what is only said: texts for people are no decisions."""
    quiet: set[ast.AST] = set()
    for node in ast.walk(tree):
        for part in _quiet_parts(node):
            quiet.update(ast.walk(part))
    return quiet


def _quiet_parts(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.Import | ast.ImportFrom | ast.JoinedStr | ast.Assert):
        yield node
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        yield node
    if isinstance(node, ast.FunctionDef):
        yield from filter(None, [node.returns, *node.decorator_list])
    if isinstance(node, ast.ClassDef):
        yield from node.decorator_list
    if isinstance(node, ast.arg | ast.AnnAssign) and node.annotation is not None:
        yield node.annotation
    if isinstance(node, ast.AnnAssign) and isinstance(node.annotation, ast.Name) and node.annotation.id == "TypeAlias":
        yield node


def _put(tree: ast.AST, old: ast.AST, new: ast.AST) -> None:
    for parent in ast.walk(tree):
        for name, value in ast.iter_fields(parent):
            if value is old:
                setattr(parent, name, new)
            elif isinstance(value, list) and any(each is old for each in value):
                setattr(parent, name, [new if each is old else each for each in value])


def _shown(node: ast.AST) -> str:
    text = ast.unparse(node).splitlines()
    return text[0][:90] + (" …" if len(text) > 1 else "")


def _faults(node: ast.AST) -> Iterator[ast.AST]:
    for kind, faults in _KINDS.items():
        if isinstance(node, kind):
            yield from faults(node)


def _of_comparison(node: ast.AST) -> Iterator[ast.AST]:
    assert isinstance(node, ast.Compare)
    for place, operator in enumerate(node.ops):
        for other in _COMPARISONS[type(operator)]:
            yield ast.Compare(node.left, [*node.ops[:place], other(), *node.ops[place + 1 :]], node.comparators)


def _of_group(node: ast.AST) -> Iterator[ast.AST]:
    assert isinstance(node, ast.BoolOp)
    yield ast.BoolOp(ast.Or() if isinstance(node.op, ast.And) else ast.And(), node.values)
    for place in range(len(node.values)):
        rest = [*node.values[:place], *node.values[place + 1 :]]
        yield rest[0] if len(rest) == 1 else ast.BoolOp(node.op, rest)


def _of_negation(node: ast.AST) -> Iterator[ast.AST]:
    assert isinstance(node, ast.UnaryOp)
    if isinstance(node.op, ast.Not | ast.USub):
        yield node.operand


def _of_constant(node: ast.AST) -> Iterator[ast.AST]:
    assert isinstance(node, ast.Constant)
    if isinstance(node.value, bool):
        yield ast.Constant(not node.value)
    elif isinstance(node.value, int):
        yield ast.Constant(node.value + 1)


def _of_return(node: ast.AST) -> Iterator[ast.AST]:
    assert isinstance(node, ast.Return)
    said = node.value.value if isinstance(node.value, ast.Constant) else ...
    for value in (None, True, False):
        if said is not value and (said is ... or isinstance(said, bool | None)) and (said is not ... or value is None):
            yield ast.Return(ast.Constant(value))


def _of_arithmetic(node: ast.AST) -> Iterator[ast.AST]:
    assert isinstance(node, ast.BinOp)
    if type(node.op) in _ARITHMETIC:
        yield ast.BinOp(node.left, _ARITHMETIC[type(node.op)](), node.right)


def _of_branch(node: ast.AST) -> Iterator[ast.AST]:
    assert isinstance(node, ast.If)
    for value in (True, False):
        yield ast.If(ast.Constant(value), node.body, node.orelse)


def _of_choice(node: ast.AST) -> Iterator[ast.AST]:
    assert isinstance(node, ast.IfExp)
    yield node.body
    yield node.orelse


def _of_call(node: ast.AST) -> Iterator[ast.AST]:
    assert isinstance(node, ast.Call)
    if isinstance(node.func, ast.Name) and node.func.id in _TWINS:
        yield ast.Call(ast.Name(_TWINS[node.func.id], ast.Load()), node.args, node.keywords)
    if isinstance(node.func, ast.Attribute) and node.func.attr in _TWINS:
        twin = ast.Attribute(node.func.value, _TWINS[node.func.attr], ast.Load())
        yield ast.Call(twin, node.args, node.keywords)


def _of_filter(node: ast.AST) -> Iterator[ast.AST]:
    assert isinstance(node, ast.comprehension)
    for place in range(len(node.ifs)):
        rest = [*node.ifs[:place], *node.ifs[place + 1 :]]
        yield ast.comprehension(node.target, node.iter, rest, node.is_async)


def _of_statement(node: ast.AST) -> Iterator[ast.AST]:
    yield ast.Pass()


_KINDS: dict[type[ast.AST], Swap] = {
    ast.Compare: _of_comparison,
    ast.BoolOp: _of_group,
    ast.UnaryOp: _of_negation,
    ast.Constant: _of_constant,
    ast.Return: _of_return,
    ast.BinOp: _of_arithmetic,
    ast.If: _of_branch,
    ast.IfExp: _of_choice,
    ast.Call: _of_call,
    ast.comprehension: _of_filter,
    ast.Expr: _of_statement,
    ast.AugAssign: _of_statement,
    ast.Continue: _of_statement,
    ast.Break: _of_statement,
}
