"""What can be proved of conditions without an action: that one is never true, or never without another one.

Every proof is sound and none is complete: True is certain, False says only that no proof was found. Values that a
branch lists are tried with the engine's own operators, so that a proof can't disagree with an evaluation.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from itertools import permutations, product
from typing import TypeAlias, cast

from decisions.engine.closures import compile_comparison
from decisions.engine.conditions import Comparison, Registered, Scalar
from decisions.engine.context import Environment
from decisions.engine.examples import FRESH
from decisions.engine.fields import FIELDS, NAME_KINDS, Field, FieldKind
from decisions.engine.folding import fold
from decisions.engine.likeness import scalars
from decisions.engine.literals import Branch, Either, Literal, Together, Tree, branches_of, is_same, turned
from decisions.engine.operators import ALL_OPERATORS, Sees
from decisions.engine.pointers import Path
from decisions.engine.scope import Scope
from decisions.engine.spans import Span, measure_of, span_left, span_of
from decisions.engine.subject import Item, Subject
from decisions.engine.values import scalar_kind

# Fields by what they read; how old a fact may be is no part of it.
_Key: TypeAlias = tuple[FieldKind, Path]
_Name: TypeAlias = tuple[str, str]

# What these answer hangs on more than the value.
_BEYOND_THE_VALUE = frozenset({"older_than", "newer_than", "window", "rate", "budget"})


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known where every literal of a branch is true. `names` are the only tools it can be, None for any."""

    branch: Branch
    scope: Scope
    names: tuple[_Name, ...] | None

    def about(self, key: _Key) -> Branch:
        """The literals on one field."""
        return tuple(each for each in self.branch if _key(each) == key)


def facts_of(branch: Branch, *, scope: Scope) -> Facts:
    """The facts of a branch."""
    return Facts(branch, scope, _names(branch, scope=scope))


def possible_branches(tree: Tree, *, scope: Scope) -> tuple[Facts, ...]:
    """The facts of every way in which `tree` can be true that can't be proved impossible."""
    facts = (facts_of(branch, scope=scope) for branch in branches_of(tree))
    return tuple(each for each in facts if not is_impossible(each))


def is_impossible(facts: Facts) -> bool:
    """Whether the literals of a branch can never all be true."""
    if facts.names == ():
        return True
    keys = {_key(each) for each in facts.branch}
    return any(_contradicts(facts.about(key), key=key, scope=facts.scope) for key in keys)


def entails(facts: Facts, tree: Tree) -> bool:
    """Whether `tree` is true wherever these facts hold."""
    if facts.names is not None and len(facts.names) > 1:
        return all(entails(replace(facts, names=(name,)), tree) for name in facts.names)
    match tree:
        case Together(items):
            return all(entails(facts, item) for item in items)
        case Either(items):
            return any(entails(facts, item) for item in items)
        case Literal():
            return _entails_literal(facts, tree)


def _key(literal: Literal) -> _Key:
    field = literal.comparison.field
    return field.kind, field.path


def _names(branch: Branch, *, scope: Scope) -> tuple[_Name, ...] | None:
    """The tools and operations that a branch can be about, where it lists them."""
    tools, operations, whole = (
        _listed(branch, kind=kind) for kind in (FieldKind.TOOL, FieldKind.OPERATION, FieldKind.WHOLE_NAME)
    )
    if whole is not None:
        pairs = [_divided(name) for name in whole]
    elif tools is not None and operations is not None:
        pairs = list(product(tools, operations))
    else:
        return None
    asked = [each for each in branch if each.comparison.field.kind in NAME_KINDS]
    return tuple(pair for pair in pairs if all(_is_named(pair, each, scope=scope) for each in asked))


def _listed(branch: Branch, *, kind: FieldKind) -> tuple[str, ...] | None:
    lists = [each for each in branch if each.holds and each.comparison.field.kind is kind and _lists(each)]
    return tuple(sorted({fold(str(name)) for name in scalars(lists[0].comparison.operand)})) if lists else None


def _lists(literal: Literal) -> bool:
    return literal.comparison.operator == "in"


def _divided(name: str) -> _Name:
    tool, _, operation = name.rpartition(".")
    return tool, operation


def _is_named(name: _Name, literal: Literal, *, scope: Scope) -> bool:
    return compile_comparison(literal.comparison, scope=scope)(Subject(*name, {}, FRESH)) is literal.holds


def _contradicts(literals: Branch, *, key: _Key, scope: Scope) -> bool:
    """Whether literals on one field can't all be true."""
    return (
        _values(literals, key=key, scope=scope) == ()
        or any(_excludes(one, other) for one, other in permutations(literals, 2))
        or any(_span(literals, measure=measure, key=key, scope=scope).is_empty for measure in _measures(literals))
    )


def _values(literals: Branch, *, key: _Key, scope: Scope) -> tuple[Scalar, ...] | None:
    """The only values that a field can have, folded where its case never matters; None where there may be others."""
    listed = next((scalars(each.comparison.operand) for each in literals if each.holds and _lists(each)), None)
    listed = _DOMAINS.get(key[0]) if listed is None else listed
    if key[0] is FieldKind.DATA_LEVEL and listed is None:
        listed = scope.levels.names
    if listed is None:
        return None
    if key[0] in _SLOTS:
        tried = ((name, _SLOTS[key[0]](name)) for name in dict.fromkeys(fold(str(each)) for each in listed))
        return tuple(name for name, pair in tried if all(_is_named(pair, each, scope=scope) for each in literals))
    folds = FIELDS[key[0]].folds
    asked = [each for each in literals if _can_be_tried(each, folds=folds)]
    values = (fold(value) if folds and isinstance(value, str) else value for value in listed)
    return tuple(value for value in values if all(_answers(each, value, folds=folds, scope=scope) for each in asked))


def _can_be_tried(literal: Literal, *, folds: bool) -> bool:
    """Whether the answer hangs on the value alone, and on nothing that folding takes from it."""
    operator, operand = literal.comparison.operator, literal.comparison.operand
    if folds:
        return operator in _BLIND_TO_CASE
    return operator not in _BEYOND_THE_VALUE and not isinstance(operand, Registered)


def _answers(literal: Literal, value: Scalar, *, folds: bool, scope: Scope) -> bool:
    """Whether `literal` is true of this value."""
    operand = literal.comparison.operand
    if folds and _lists(literal):
        operand = tuple(fold(each) if isinstance(each, str) else each for each in scalars(operand))
    asked = Comparison(Field(FieldKind.ITEM), literal.comparison.operator, operand)
    about = Item(value, within=Subject("", "", {}, FRESH))
    # An item is no subject, but what the test reads of it is the item alone.
    return compile_comparison(asked, scope=scope)(cast(Subject, about)) is literal.holds


def _excludes(one: Literal, other: Literal) -> bool:
    """Whether two literals on one field can't both be true, whatever its value."""
    mine, others = one.comparison, other.comparison
    if is_same(one, turned(other)):
        return True
    if mine.operator in _ABSENCES and one.holds:
        return ALL_OPERATORS[others.operator].sees is Sees.VALUES
    if mine.operator == others.operator == "contains" and one.holds and not other.holds:
        return _parts(mine) <= _parts(others)
    return _NUMERIC & {mine.operator} != set() and _TEXTUAL & {others.operator} != set()


def _parts(comparison: Comparison) -> frozenset[tuple[str | None, Scalar]]:
    folds = FIELDS[comparison.field.kind].folds
    listed = scalars(comparison.operand)
    return frozenset((scalar_kind(each), fold(each) if folds and isinstance(each, str) else each) for each in listed)


def _measures(literals: Branch) -> frozenset[str]:
    return frozenset(measure for each in literals if (measure := measure_of(each)) is not None)


def _span(literals: Branch, *, measure: str, key: _Key, scope: Scope) -> Span:
    measured = [each for each in literals if measure_of(each) == measure]
    return span_left(measured, measure=measure, is_count=key[0] in _COUNTS, levels=scope.levels)


def _entails_literal(facts: Facts, wanted: Literal) -> bool:
    if any(is_same(wanted, each) for each in facts.branch):
        return True
    if wanted.comparison.field.kind in NAME_KINDS and facts.names is not None:
        return all(_is_named(name, wanted, scope=facts.scope) for name in facts.names)
    key = _key(wanted)
    literals = facts.about(key)
    if wanted.comparison.operator in _ABSENCES and not wanted.holds:
        return any(map(_shows_value, literals))
    return _is_as_fresh(literals, wanted=wanted) and (
        _entails_by_values(literals, wanted=wanted, key=key, scope=facts.scope)
        or _entails_by_span(literals, wanted=wanted, key=key, scope=facts.scope)
        or any(_entails_by_parts(each, wanted=wanted) for each in literals)
    )


def _is_as_fresh(literals: Branch, *, wanted: Literal) -> bool:
    """Whether a fact that one of these literals is true of is not too old for the one that is wanted."""
    longest = wanted.comparison.field.max_age
    ages = [each.comparison.field.max_age for each in literals if _shows_value(each)]
    return longest is None or any(age is not None and age <= longest for age in ages)


def _shows_value(literal: Literal) -> bool:
    return ALL_OPERATORS[literal.comparison.operator].sees is Sees.VALUES


def _entails_by_values(literals: Branch, *, wanted: Literal, key: _Key, scope: Scope) -> bool:
    folds = FIELDS[key[0]].folds
    values = _values(literals, key=key, scope=scope)
    is_there = key[0] in _ALWAYS_THERE or any(map(_shows_value, literals))
    if values is None or not is_there or not _can_be_tried(wanted, folds=folds):
        return False
    return all(_answers(wanted, value, folds=folds, scope=scope) for value in values)


def _entails_by_span(literals: Branch, *, wanted: Literal, key: _Key, scope: Scope) -> bool:
    measure = measure_of(wanted)
    if measure is None or measure not in _measures(literals):
        return False
    return _span(literals, measure=measure, key=key, scope=scope).lies_in(span_of(wanted, levels=scope.levels))


def _entails_by_parts(known: Literal, *, wanted: Literal) -> bool:
    """Whether one list of texts or parts settles another one of the same operator."""
    operators = {known.comparison.operator, wanted.comparison.operator}
    if len(operators) > 1 or not operators <= {"in", "contains"} or known.holds is not wanted.holds:
        return False
    mine, others = _parts(known.comparison), _parts(wanted.comparison)
    if known.holds:
        return mine <= others
    # Asked about fewer things one is still sure only if they are of the same kinds.
    return others <= mine and {kind for kind, _ in mine} == {kind for kind, _ in others}


# A name that is known without the other half of it.
_SLOTS: Mapping[FieldKind, Callable[[str], _Name]] = {
    FieldKind.TOOL: lambda name: (name, ""),
    FieldKind.OPERATION: lambda name: ("", name),
}
_BLIND_TO_CASE = frozenset({"in", "higher_than", "lower_than"})
_ABSENCES = frozenset({"absent", "unknown_or_conflicting"})
_NUMERIC = frozenset({"gt", "gte", "lt", "lte", "range"})
_TEXTUAL = frozenset({"starts_with", "ends_with", "matches", "glob", "before", "after", "path_within", "in_network"})
_ALWAYS_THERE = frozenset(
    {FieldKind.ENVIRONMENT, FieldKind.KNOWN, FieldKind.HUMAN_VERIFIED, FieldKind.DATA_LEVEL, *NAME_KINDS}
)
_COUNTS = frozenset({FieldKind.ACTION_COUNT, FieldKind.SESSION_AGE, FieldKind.DELEGATION_DEPTH})
_DOMAINS: Mapping[FieldKind, tuple[Scalar, ...]] = {
    FieldKind.ENVIRONMENT: tuple(map(str, Environment)),
    FieldKind.REVERSIBLE: (True, False),
    FieldKind.KNOWN: (True, False),
    FieldKind.HUMAN_VERIFIED: (True, False),
}
