"""What each operator says of a value that is there (page: Operators): true, false, or unknown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import re2

from tests.reference import places, schemas
from tests.reference.kleene import Truth, all_of, any_of, negation
from tests.reference.readings import (
    ANYWHERE,
    MISSING,
    WITHIN_A_PART,
    address_of,
    as_list,
    at_path,
    describes,
    fold,
    in_networks,
    is_number,
    kind_of,
    microseconds_of,
    parts_of_path,
    same,
    seconds_in,
    seconds_of,
)

ALIASES = {
    **dict.fromkeys(("enum", "allowlist"), "in"),
    "blocklist": "not_in",
    "greater_than": "gt",
    "at_least": "gte",
    "min": "gte",
    "less_than": "lt",
    "at_most": "lte",
    "max": "lte",
    **dict.fromkeys(("regex", "pattern"), "matches"),
    "domain_allowlist": "domain_in",
}
ABOUT_ABSENCE = {"absent", "required", "unknown_or_conflicting"}


@dataclass(frozen=True, slots=True)
class Around:
    """What operators look at besides the value: what is ours, the levels, the time, the schema of the tool's entry."""

    domains: list[str]
    networks: list[str]
    levels: list[str]
    at: int
    catalogue_schema: Any = MISSING
    caseless: bool = False
    is_name: bool = False
    recorded_at: int = field(default=0)


def compare(operator: str, wanted: Any, value: Any, around: Around) -> Truth:
    return OPERATORS[ALIASES.get(operator, operator)](value, wanted, around)


def holds(spec: Any, value: Any, around: Around, bare: str = "in") -> Truth:
    """Operators, a value or a list, asked of a value that may be missing."""
    if not isinstance(spec, dict):
        spec = {bare: spec}
    return all_of(answer(operator, spec[operator], value, around, bare) for operator in spec)


def answer(operator: str, wanted: Any, value: Any, around: Around, bare: str = "in") -> Truth:
    """One operator, asked of a value that may be missing or null."""
    if operator == "not":
        return negation(holds(wanted, value, around, bare))
    if operator in ABOUT_ABSENCE:
        gone = value is MISSING or value is None
        return gone == (wanted if operator != "required" else not wanted) or (operator == "required" and not wanted)
    if value is MISSING or (value is None and operator != "type"):
        return None
    return compare(operator, wanted, value, around)


def _equal(value: Any, item: Any, around: Around) -> Truth:
    """Two texts that differ by case, width or composition are neither the same nor surely not."""
    if same(value, item):
        return True
    if isinstance(value, str) and isinstance(item, str) and fold(value) == fold(item):
        return True if around.caseless else None
    return False


def is_in(value: Any, wanted: Any, around: Around) -> Truth:
    items = as_list(wanted)
    if kind_of(value) not in {kind_of(item) for item in items}:
        return None
    return any_of(_equal(value, item, around) for item in items)


def _part(value: str, part: str, around: Around, is_part: Callable[[str, str], bool]) -> Truth:
    if is_part(value, part):
        return True
    if is_part(fold(value), fold(part)):
        return True if around.caseless else None
    return False


def contains(value: Any, wanted: Any, around: Around) -> Truth:
    items = as_list(wanted)
    if isinstance(value, list):
        return any_of(is_in(item, items, around) for item in value)
    texts = [item for item in items if isinstance(item, str)]
    if not isinstance(value, str) or not texts:
        return None
    return any_of(_part(value, text, around, lambda whole, part: part in whole) for text in texts)


def _edge(is_part: Callable[[str, str], bool]) -> Callable[[Any, Any, Around], Truth]:
    def edge(value: Any, wanted: Any, around: Around) -> Truth:
        if not isinstance(value, str):
            return None
        return any_of(_part(value, part, around, is_part) for part in as_list(wanted))

    return edge


def _number(ask: Callable[[Any, Any], bool]) -> Callable[[Any, Any, Around], Truth]:
    return lambda value, wanted, _: ask(value, wanted) if is_number(value) else None


def matches(value: Any, wanted: str, around: Around) -> Truth:
    if not isinstance(value, str):
        return None
    if around.caseless:
        return any(re2.search("(?i)" + wanted, text) is not None for text in (value, fold(value)))
    return re2.search(wanted, value) is not None


def glob(value: Any, wanted: Any, around: Around) -> Truth:
    if not isinstance(value, str):
        return None
    star = ANYWHERE if around.is_name else WITHIN_A_PART
    if around.caseless:
        return any(describes(fold(each), fold(value), star=star) for each in as_list(wanted))
    return any(describes(each, value, star=star) for each in as_list(wanted))


def length(value: Any, wanted: Any, around: Around) -> Truth:
    return holds(wanted, len(value), around) if isinstance(value, str | list) else None


def _type(value: Any, wanted: Any, _: Around) -> Truth:
    return any(schemas.is_of_type(value, name or "null") for name in as_list(wanted))


def _schema(value: Any, wanted: Any, around: Around) -> Truth:
    schema = around.catalogue_schema if wanted == "catalogue" else wanted
    return None if schema is MISSING else schemas.satisfies(value, schema)


def _time(ask: Callable[[int, Any, Around], bool]) -> Callable[[Any, Any, Around], Truth]:
    def time(value: Any, wanted: Any, around: Around) -> Truth:
        at = microseconds_of(value)
        return None if at is None else ask(at, wanted, around)

    return time


def _before(at: int, wanted: Any, _: Around) -> bool:
    other = microseconds_of(wanted)
    return other is not None and at < other


def _after(at: int, wanted: Any, _: Around) -> bool:
    other = microseconds_of(wanted)
    return other is not None and at > other


def is_older(at: int, wanted: Any, around: Around) -> bool:
    return around.at - at > seconds_in(wanted) * 1_000_000


def _duration(ask: Callable[[int, int], bool]) -> Callable[[Any, Any, Around], Truth]:
    def duration(value: Any, wanted: Any, _: Around) -> Truth:
        seconds = seconds_of(value)
        return None if seconds is None else ask(seconds, seconds_in(wanted))

    return duration


def _in_network(value: Any, wanted: Any, _: Around) -> Truth:
    address = address_of(value)
    return None if address is None else in_networks(address, as_list(wanted))


def _path_within(value: Any, wanted: Any, _: Around) -> Truth:
    parts = parts_of_path(value)
    if parts is None:
        return None
    folders = [parts_of_path(each) or [] for each in as_list(wanted)]
    return any(parts[: len(folder)] == folder for folder in folders)


def _external(value: Any, wanted: bool, around: Around) -> Truth:
    outside = places.is_external(value, domains=around.domains, networks=around.networks)
    return outside if wanted else negation(outside)


def _level(ask: Callable[[int, int], bool]) -> Callable[[Any, Any, Around], Truth]:
    def level(value: Any, wanted: str, around: Around) -> Truth:
        order = [fold(each) for each in around.levels]
        if not isinstance(value, str) or fold(value) not in order:
            return None
        return ask(order.index(fold(value)), order.index(fold(wanted)))

    return level


def every(value: Any, wanted: Any, around: Around) -> Truth:
    if not isinstance(value, list) or not value:
        return None
    return all_of(holds(wanted, item, around) for item in value)


def some(value: Any, wanted: Any, around: Around) -> Truth:
    return any_of(holds(wanted, item, around) for item in value) if isinstance(value, list) else None


def _where(value: Any, wanted: dict[str, Any], around: Around) -> Truth:
    if not isinstance(value, dict):
        return None
    return all_of(holds(wanted[name], at_path(value, name), around) for name in wanted)


def _max_age(_: Any, wanted: Any, around: Around) -> Truth:
    return None if is_older(around.recorded_at, wanted, around) else True


OPERATORS: dict[str, Callable[[Any, Any, Around], Truth]] = {
    "eq": is_in,
    "in": is_in,
    "not_in": lambda value, wanted, around: negation(is_in(value, wanted, around)),
    "gt": _number(lambda one, other: one > other),
    "gte": _number(schemas.at_least),
    "lt": _number(lambda one, other: one < other),
    "lte": _number(schemas.at_most),
    "range": _number(lambda one, bounds: bounds[0] <= one <= bounds[1]),
    "contains": contains,
    "not_contains": lambda value, wanted, around: negation(contains(value, wanted, around)),
    "starts_with": _edge(str.startswith),
    "ends_with": _edge(str.endswith),
    "matches": matches,
    "glob": glob,
    "length": length,
    "min_length": lambda value, wanted, around: length(value, {"gte": wanted}, around),
    "max_length": lambda value, wanted, around: length(value, {"lte": wanted}, around),
    "type": _type,
    "schema": _schema,
    "before": _time(_before),
    "after": _time(_after),
    "older_than": _time(is_older),
    "newer_than": _time(lambda at, wanted, around: not is_older(at, wanted, around)),
    "longer_than": _duration(lambda one, other: one > other),
    "shorter_than": _duration(lambda one, other: one < other),
    "in_network": _in_network,
    "domain_in": lambda value, wanted, _: places.all_at(value, domains=as_list(wanted)),
    "domain_blocklist": lambda value, wanted, _: places.is_blocked(value, domains=as_list(wanted)),
    "email_in": lambda value, wanted, _: places.is_mail_in(value, addresses=as_list(wanted)),
    "path_within": _path_within,
    "external": _external,
    "higher_than": _level(lambda one, other: one > other),
    "lower_than": _level(lambda one, other: one < other),
    "every": every,
    "some": some,
    "none": lambda value, wanted, around: negation(some(value, wanted, around)),
    "where": _where,
    "max_age": _max_age,
}
