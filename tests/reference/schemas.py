"""The part of JSON Schema that policies use, keyword by keyword (page: JSON Schema)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import re2

from tests.reference.readings import exact, is_number, same

JSON = Any


def is_of_type(value: JSON, name: str) -> bool:
    if name == "number":
        return is_number(value)
    if name == "integer":
        return is_number(value) and value == int(value)
    kinds: dict[str, type] = {"string": str, "boolean": bool, "array": list, "object": dict, "null": type(None)}
    return isinstance(value, kinds[name])


def satisfies(value: JSON, schema: JSON) -> bool:
    if isinstance(schema, bool):
        return schema
    return all(KEYWORDS[word](value, schema[word], schema) for word in schema if word in KEYWORDS)


def _types(value: JSON, wanted: JSON, _: JSON) -> bool:
    return any(is_of_type(value, name) for name in ([wanted] if isinstance(wanted, str) else wanted))


def _properties(value: JSON, wanted: JSON, _: JSON) -> bool:
    return not isinstance(value, dict) or all(satisfies(value[name], wanted[name]) for name in wanted if name in value)


def _patterns(value: JSON, wanted: JSON, _: JSON) -> bool:
    if not isinstance(value, dict):
        return True
    return all(satisfies(value[name], wanted[seen]) for seen in wanted for name in value if re2.search(seen, name))


def _additional(value: JSON, wanted: JSON, schema: JSON) -> bool:
    if not isinstance(value, dict):
        return True
    patterns = schema.get("patternProperties", {})
    others = [name for name in value if name not in schema.get("properties", {})]
    return all(
        satisfies(value[name], wanted) for name in others if not any(re2.search(seen, name) for seen in patterns)
    )


def _items(value: JSON, wanted: JSON, schema: JSON) -> bool:
    rest = value[len(schema.get("prefixItems", [])) :] if isinstance(value, list) else []
    return all(satisfies(item, wanted) for item in rest)


def _first_items(value: JSON, wanted: JSON, _: JSON) -> bool:
    pairs = zip(value, wanted, strict=False) if isinstance(value, list) else []
    return all(satisfies(item, each) for item, each in pairs)


def _unique(value: JSON, wanted: JSON, _: JSON) -> bool:
    if not wanted or not isinstance(value, list):
        return True
    return not any(same(item, other) for place, item in enumerate(value) for other in value[:place])


def _multiple(value: JSON, wanted: JSON, _: JSON) -> bool:
    return not is_number(value) or exact(value) % wanted == 0


def _size(kind: type, holds: Callable[[int, int], bool]) -> Callable[[JSON, JSON, JSON], bool]:
    return lambda value, wanted, _: not isinstance(value, kind) or holds(len(value), wanted)  # type: ignore[arg-type]


def _number(holds: Callable[[float, float], bool]) -> Callable[[JSON, JSON, JSON], bool]:
    return lambda value, wanted, _: not is_number(value) or holds(value, wanted)


def at_least(one: float, other: float) -> bool:
    return one >= other


def at_most(one: float, other: float) -> bool:
    return one <= other


KEYWORDS: dict[str, Callable[[JSON, JSON, JSON], bool]] = {
    "type": _types,
    "enum": lambda value, wanted, _: any(same(value, item) for item in wanted),
    "const": lambda value, wanted, _: same(value, wanted),
    "properties": _properties,
    "patternProperties": _patterns,
    "additionalProperties": _additional,
    "required": lambda value, wanted, _: not isinstance(value, dict) or all(name in value for name in wanted),
    "minProperties": _size(dict, at_least),
    "maxProperties": _size(dict, at_most),
    "items": _items,
    "prefixItems": _first_items,
    "minItems": _size(list, at_least),
    "maxItems": _size(list, at_most),
    "uniqueItems": _unique,
    "minLength": _size(str, at_least),
    "maxLength": _size(str, at_most),
    "pattern": lambda value, wanted, _: not isinstance(value, str) or re2.search(wanted, value) is not None,
    "minimum": _number(at_least),
    "maximum": _number(at_most),
    "exclusiveMinimum": _number(lambda one, other: one > other),
    "exclusiveMaximum": _number(lambda one, other: one < other),
    "multipleOf": _multiple,
    "allOf": lambda value, wanted, _: all(satisfies(value, each) for each in wanted),
    "anyOf": lambda value, wanted, _: any(satisfies(value, each) for each in wanted),
    "oneOf": lambda value, wanted, _: sum(satisfies(value, each) for each in wanted) == 1,
    "not": lambda value, wanted, _: not satisfies(value, wanted),
}
