"""The index of a policy: which rules an action can possibly concern, by its tool and operation.

A rule is filed under every place that its condition can hold for: names, the first part of names (`slack.*`), the
operation alone (`*.delete`), or everywhere. An evaluation looks only where its own tool and operation lead, so its cost
doesn't grow with the policy.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Generic, TypeAlias, TypeVar

from decisions.engine.catalogue import Catalogue
from decisions.engine.conditions import AllOf, AnyOf, Anything, Comparison, Condition
from decisions.engine.fields import FieldKind
from decisions.engine.folding import fold
from decisions.engine.globs import literal_segments
from decisions.engine.likeness import scalars
from decisions.engine.toolnames import category_condition

R = TypeVar("R")
_Shelf: TypeAlias = Mapping[str | None, tuple[R, ...]]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a rule is filed. `tool` is a name, or with `is_segment` the first dotted part of one; None is any."""

    tool: str | None = None
    operation: str | None = None
    is_segment: bool = False


Places: TypeAlias = frozenset[Place]

_EVERYWHERE: Places = frozenset({Place()})
_NAMES = frozenset({FieldKind.TOOL, FieldKind.OPERATION, FieldKind.WHOLE_NAME})
_EXACTLY = frozenset({"eq", "in"})


@dataclass(frozen=True, slots=True)
class Index(Generic[R]):
    """Rules by folded tool, by the first part of it, and those for any tool; on each shelf by operation, None for any.

    `overlaps` says that an action may find some rule in two places.
    """

    tools: Mapping[str, _Shelf[R]]
    segments: Mapping[str, _Shelf[R]]
    anywhere: _Shelf[R]
    overlaps: bool

    def find(self, *, tool: str, operation: str) -> tuple[R, ...]:
        """Every rule that could hold for a folded tool and operation, once."""
        found = self.anywhere.get(None, ()) + self.anywhere.get(operation, ())
        shelf = self.tools.get(tool)
        if shelf is not None:
            found = shelf.get(operation, ()) + shelf.get(None, ()) + found
        shelf = self.segments.get(tool.partition(".")[0]) if self.segments else None
        if shelf is not None:
            found = shelf.get(operation, ()) + shelf.get(None, ()) + found
        return tuple({id(rule): rule for rule in found}.values()) if self.overlaps else found


def index_of(rules: Iterable[tuple[R, Places]]) -> Index[R]:
    """The index of some rules, each with the places that it is filed under."""
    tools: dict[str, dict[str | None, list[R]]] = {}
    segments: dict[str, dict[str | None, list[R]]] = {}
    anywhere: dict[str | None, list[R]] = {}
    overlaps = False
    for rule, places in rules:
        overlaps = overlaps or _may_overlap(places)
        for place in places:
            drawer = segments if place.is_segment else tools
            shelf = anywhere if place.tool is None else drawer.setdefault(place.tool, {})
            shelf.setdefault(place.operation, []).append(rule)
    return Index(
        tools={name: _sealed(shelf) for name, shelf in tools.items()},
        segments={name: _sealed(shelf) for name, shelf in segments.items()},
        anywhere=_sealed(anywhere),
        overlaps=overlaps,
    )


def _sealed(shelf: Mapping[str | None, list[R]]) -> _Shelf[R]:
    return {operation: tuple(rules) for operation, rules in shelf.items()}


def places_of(condition: Condition, *, catalogue: Catalogue) -> Places:
    """Where to file a rule: every tool and operation that `condition` can be other than False for."""
    match condition:
        case Comparison():
            return _places_of_comparison(condition, catalogue=catalogue)
        case AllOf(items):
            places = _EVERYWHERE
            for item in items:
                places = _common(places, places_of(item, catalogue=catalogue))
            return places
        case AnyOf(items):
            return _maximal(frozenset[Place]().union(*(places_of(item, catalogue=catalogue) for item in items)))
    return _EVERYWHERE


def unsettled(condition: Condition, *, catalogue: Catalogue) -> Condition:
    """What is left to test once a rule was found where it is filed."""
    if _is_settled(condition, catalogue=catalogue):
        return Anything()
    if not isinstance(condition, AllOf):
        return condition
    left = tuple(item for item in condition.items if not _is_settled(item, catalogue=catalogue))
    return AllOf(left)


def _is_settled(condition: Condition, *, catalogue: Catalogue) -> bool:
    """Whether `condition` holds exactly in its places, so that the index alone settles it."""
    match condition:
        case Comparison(field, operator, _) if field.kind is FieldKind.CATEGORY:
            return _is_settled(_expanded(condition, catalogue=catalogue), catalogue=catalogue)
        case Comparison(field, operator, _):
            return field.kind in _NAMES and operator in _EXACTLY
        case AllOf(items) | AnyOf(items):
            return all(_is_settled(item, catalogue=catalogue) for item in items)
    return False


def _places_of_comparison(comparison: Comparison, *, catalogue: Catalogue) -> Places:
    kind = comparison.field.kind
    if kind is FieldKind.CATEGORY:
        return places_of(_expanded(comparison, catalogue=catalogue), catalogue=catalogue)
    if comparison.operator == "glob" and kind in (FieldKind.TOOL, FieldKind.WHOLE_NAME):
        return _maximal(frozenset(_place_of_glob(str(text), kind=kind) for text in scalars(comparison.operand)))
    if kind not in _NAMES or comparison.operator not in _EXACTLY:
        return _EVERYWHERE
    return frozenset(_PLACES[kind](fold(str(name))) for name in scalars(comparison.operand))


def _place_of_name(name: str) -> Place:
    tool, _, operation = name.rpartition(".")
    return Place(tool, operation)


def _expanded(comparison: Comparison, *, catalogue: Catalogue) -> Condition:
    return category_condition(tuple(map(str, scalars(comparison.operand))), catalogue=catalogue)


def _place_of_glob(text: str, *, kind: FieldKind) -> Place:
    first, last = literal_segments(fold(text))
    # An operation has no dot, so what follows the last one is the operation, or at least its end.
    operation = last if kind is FieldKind.WHOLE_NAME else None
    return Place(first, operation, is_segment=first is not None)


_PLACES: Mapping[FieldKind, Callable[[str], Place]] = {
    FieldKind.TOOL: lambda name: Place(tool=name),
    FieldKind.OPERATION: lambda name: Place(operation=name),
    FieldKind.WHOLE_NAME: _place_of_name,
}


def _common(some: Places, others: Places) -> Places:
    """The places that lie in both."""
    met = (_meeting(one, other) for one in some for other in others)
    return _maximal(frozenset(place for place in met if place is not None))


def _meeting(one: Place, other: Place) -> Place | None:
    if one.operation is not None and other.operation is not None and one.operation != other.operation:
        return None
    operation = one.operation or other.operation
    if one.tool is None or other.tool is None:
        named = one if other.tool is None else other
        return Place(named.tool, operation, named.is_segment)
    if one.is_segment == other.is_segment:
        return Place(one.tool, operation, one.is_segment) if one.tool == other.tool else None
    segment, exact = (one, other) if one.is_segment else (other, one)
    assert exact.tool is not None
    return Place(exact.tool, operation) if exact.tool.partition(".")[0] == segment.tool else None


def _maximal(places: Places) -> Places:
    """The same without places that lie in others."""
    return frozenset(place for place in places if not any(wider in places for wider in wider_places(place)))


def wider_places(place: Place) -> Iterator[Place]:
    """Every place that `place` lies in, itself left out."""
    tools = {(place.tool, place.is_segment), (None, False)}
    if place.tool is not None and not place.is_segment:
        tools.add((place.tool.partition(".")[0], True))
    for tool, is_segment in tools:
        for operation in {place.operation, None}:
            wider = Place(tool, operation, is_segment)
            if wider != place:
                yield wider


def _may_overlap(places: Places) -> bool:
    """Whether two of some places, of which none lies in another, can hold for one action."""
    return any(place.operation is None for place in places) and any(
        place.operation is not None and (place.tool is None or place.is_segment) for place in places
    )
