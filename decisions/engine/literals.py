"""A condition taken apart for the linter: in which ways it can be true, each a set of literals that hold together.

Kleene's laws make this exact: a condition is true if and only if every literal of one of its branches is true, where
the literal of a negated comparison is true where the comparison is false, and neither is where it is unknown.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias

from decisions.engine.catalogue import Catalogue
from decisions.engine.conditions import AllOf, AnyOf, Comparison, Condition, Negation
from decisions.engine.fields import FieldKind
from decisions.engine.likeness import scalars
from decisions.engine.toolnames import category_condition

# More ways than these are not looked at one by one; what is left out then is a fact that could have been used.
MOST_BRANCHES = 64

# Two spellings of one question, the second of them turned around.
_OPPOSITES = {"not_in": "in", "not_contains": "contains", "none": "some"}
_FLAGS = frozenset({"absent", "unknown_or_conflicting", "external"})


@dataclass(frozen=True, slots=True)
class Literal:
    """A comparison that is true, or false where `holds` is not."""

    comparison: Comparison
    holds: bool


@dataclass(frozen=True, slots=True)
class Together:
    """All of the items; none is everything."""

    items: tuple[Tree, ...]


@dataclass(frozen=True, slots=True)
class Either:
    """One of the items; none is nothing."""

    items: tuple[Tree, ...]


Tree: TypeAlias = Literal | Together | Either
Branch: TypeAlias = tuple[Literal, ...]


def tree_of(condition: Condition, *, catalogue: Catalogue, holds: bool = True) -> Tree:
    """What it takes for `condition` to be true (false without `holds`), with negations only left in literals.

    Categories are what they stand for.
    """
    match condition:
        case Comparison():
            return _tree_of_comparison(condition, catalogue=catalogue, holds=holds)
        case Negation(item):
            return tree_of(item, catalogue=catalogue, holds=not holds)
        case AllOf(items) | AnyOf(items):
            trees = tuple(tree_of(item, catalogue=catalogue, holds=holds) for item in items)
            return Together(trees) if isinstance(condition, AllOf) is holds else Either(trees)
    return Together(()) if holds else Either(())


def branches_of(tree: Tree) -> tuple[Branch, ...]:
    """Every way in which `tree` can be true; where there are too many, they say less than they could."""
    match tree:
        case Literal():
            return ((tree,),)
        case Either(items):
            found = tuple(branch for item in items for branch in branches_of(item))
            return found if len(found) <= MOST_BRANCHES else ((),)
        case Together(items):
            return _product(branches_of(item) for item in items)


def is_same(one: Literal, other: Literal) -> bool:
    """Whether two literals ask and answer the same. Equality alone takes 1 for `true`; what they show does not."""
    return one == other and repr(one) == repr(other)


def turned(literal: Literal) -> Literal:
    """The opposite answer to the same question."""
    return Literal(literal.comparison, not literal.holds)


def _product(parts: Iterable[tuple[Branch, ...]]) -> tuple[Branch, ...]:
    product: tuple[Branch, ...] = ((),)
    for part in sorted(parts, key=len):
        if len(product) * len(part) <= MOST_BRANCHES:
            product = tuple(left + right for left in product for right in part)
    return product


def _tree_of_comparison(comparison: Comparison, *, catalogue: Catalogue, holds: bool) -> Tree:
    if comparison.field.kind is FieldKind.CATEGORY:
        meant = category_condition(tuple(map(str, scalars(comparison.operand))), catalogue=catalogue)
        return tree_of(meant, catalogue=catalogue, holds=holds)
    return _normal(comparison, holds=holds)


def _normal(comparison: Comparison, *, holds: bool) -> Literal:
    """The same question in one spelling: `in` for `eq`, no opposites, flags that ask for true."""
    operator, operand = comparison.operator, comparison.operand
    if operator in _FLAGS:
        return Literal(Comparison(comparison.field, operator, True), holds is operand)
    if operator == "eq":
        operator, operand = "in", scalars(operand)
    if operator in _OPPOSITES:
        operator, holds = _OPPOSITES[operator], not holds
    if operator in ("in", "contains"):
        operand = scalars(operand)
    return Literal(Comparison(comparison.field, operator, operand), holds)
