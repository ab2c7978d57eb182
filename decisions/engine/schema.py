"""JSON Schema, the part of draft 2020-12 that says something about one value and always ends, as closures.

A keyword that is made for another type of value holds, as the standard has it. Patterns are RE2. What a schema may say
is checked by `schema_reading`.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from decisions.engine.budget import Meter
from decisions.engine.patterns import Occurs, compile_pattern
from decisions.engine.values import JSON_TYPES, identity, is_number, is_whole

Satisfies: TypeAlias = Callable[[Any, Meter], bool]
_Schema: TypeAlias = Mapping[str, Any]


def compile_schema(schema: Any) -> Satisfies:
    """The test of a checked schema: whether a JSON value satisfies it. It spends the list items that it looks at."""
    if isinstance(schema, bool):
        return lambda value, meter: schema
    return _all([build(schema[keyword], schema) for keyword, build in KEYWORDS.items() if keyword in schema])


def _all(tests: Sequence[Satisfies]) -> Satisfies:
    if len(tests) == 1:
        return tests[0]
    return lambda value, meter: all(test(value, meter) for test in tests)


def _type(wanted: Any, schema: _Schema) -> Satisfies:
    # YAML's own null is as good a name of the type as the text.
    tests = [JSON_TYPES[name or "null"] for name in (wanted if isinstance(wanted, list) else [wanted])]
    return lambda value, meter: any(test(value) for test in tests)


def _enum(wanted: Any, schema: _Schema) -> Satisfies:
    listed = frozenset(map(identity, wanted))

    def test(value: Any, meter: Meter) -> bool:
        if isinstance(value, (list, dict)):
            meter.spend(len(value))
        return identity(value) in listed

    return test


def _const(wanted: Any, schema: _Schema) -> Satisfies:
    return _enum([wanted], schema)


def _properties(wanted: Any, schema: _Schema) -> Satisfies:
    members = {name: compile_schema(each) for name, each in wanted.items()}

    def test(value: Any, meter: Meter) -> bool:
        return all(each(value[name], meter) for name, each in members.items() if name in value)

    return _of_objects(test)


def _required(wanted: Any, schema: _Schema) -> Satisfies:
    return _of_objects(lambda value, meter: all(name in value for name in wanted))


def _patterns(schema: _Schema) -> list[tuple[Occurs, Satisfies]]:
    pairs = (
        (compile_pattern(text), compile_schema(each)) for text, each in schema.get("patternProperties", {}).items()
    )
    return [(occurs, each) for occurs, each in pairs if occurs is not None]


def _pattern_properties(wanted: Any, schema: _Schema) -> Satisfies:
    patterns = _patterns(schema)

    def test(value: Any, meter: Meter) -> bool:
        meter.spend(len(value))
        return all(
            each(item, meter) for name, item in value.items() for occurs, each in patterns if occurs(name) is not False
        )

    return _of_objects(test)


def _additional_properties(wanted: Any, schema: _Schema) -> Satisfies:
    named, rest = frozenset(schema.get("properties", {})), compile_schema(wanted)
    patterns = [occurs for occurs, _ in _patterns(schema)]

    def test(value: Any, meter: Meter) -> bool:
        meter.spend(len(value))
        others = (item for name, item in value.items() if name not in named and not any(p(name) for p in patterns))
        return all(rest(item, meter) for item in others)

    return _of_objects(test)


def _items(wanted: Any, schema: _Schema) -> Satisfies:
    first, each = len(schema.get("prefixItems", ())), compile_schema(wanted)

    def test(value: Any, meter: Meter) -> bool:
        meter.spend(len(value))
        return all(each(item, meter) for item in value[first:])

    return _of_arrays(test)


def _prefix_items(wanted: Any, schema: _Schema) -> Satisfies:
    tests = [compile_schema(each) for each in wanted]

    def test(value: Any, meter: Meter) -> bool:
        # There may be fewer items than tests and the other way round.
        return all(each(item, meter) for each, item in zip(tests, value, strict=False))

    return _of_arrays(test)


def _unique_items(wanted: Any, schema: _Schema) -> Satisfies:
    def test(value: Any, meter: Meter) -> bool:
        meter.spend(len(value))
        return not wanted or len(frozenset(map(identity, value))) == len(value)

    return _of_arrays(test)


def _pattern(wanted: Any, schema: _Schema) -> Satisfies:
    occurs = compile_pattern(wanted)
    assert occurs is not None, "the reader takes no pattern that RE2 refuses"
    return _of_texts(lambda value, meter: occurs(value) is True)


def _multiple_of(wanted: Any, schema: _Schema) -> Satisfies:
    return _of_numbers(lambda value, meter: is_whole(value) and value % wanted == 0)


def _all_of(wanted: Any, schema: _Schema) -> Satisfies:
    return _all([compile_schema(each) for each in wanted])


def _any_of(wanted: Any, schema: _Schema) -> Satisfies:
    tests = [compile_schema(each) for each in wanted]
    return lambda value, meter: any(test(value, meter) for test in tests)


def _one_of(wanted: Any, schema: _Schema) -> Satisfies:
    tests = [compile_schema(each) for each in wanted]
    return lambda value, meter: sum(test(value, meter) for test in tests) == 1


def _not(wanted: Any, schema: _Schema) -> Satisfies:
    inner = compile_schema(wanted)
    return lambda value, meter: not inner(value, meter)


def _bound(compare: Callable[[float, float], bool]) -> Callable[[Any, _Schema], Satisfies]:
    return lambda wanted, schema: _of_numbers(lambda value, meter: compare(value, wanted))


def _size(
    restrict: Callable[[Satisfies], Satisfies], *, compare: Callable[[int, int], bool]
) -> Callable[[Any, _Schema], Satisfies]:
    return lambda wanted, schema: restrict(lambda value, meter: compare(len(value), wanted))


def _only(applies: Callable[[object], bool]) -> Callable[[Satisfies], Satisfies]:
    return lambda test: lambda value, meter: not applies(value) or test(value, meter)


_of_objects = _only(JSON_TYPES["object"])
_of_arrays = _only(JSON_TYPES["array"])
_of_texts = _only(JSON_TYPES["string"])
_of_numbers = _only(is_number)

KEYWORDS: Mapping[str, Callable[[Any, _Schema], Satisfies]] = {
    "type": _type,
    "enum": _enum,
    "const": _const,
    "properties": _properties,
    "required": _required,
    "patternProperties": _pattern_properties,
    "additionalProperties": _additional_properties,
    "minProperties": _size(_of_objects, compare=operator.ge),
    "maxProperties": _size(_of_objects, compare=operator.le),
    "prefixItems": _prefix_items,
    "items": _items,
    "minItems": _size(_of_arrays, compare=operator.ge),
    "maxItems": _size(_of_arrays, compare=operator.le),
    "uniqueItems": _unique_items,
    "minLength": _size(_of_texts, compare=operator.ge),
    "maxLength": _size(_of_texts, compare=operator.le),
    "pattern": _pattern,
    "minimum": _bound(operator.ge),
    "maximum": _bound(operator.le),
    "exclusiveMinimum": _bound(operator.gt),
    "exclusiveMaximum": _bound(operator.lt),
    "multipleOf": _multiple_of,
    "allOf": _all_of,
    "anyOf": _any_of,
    "oneOf": _one_of,
    "not": _not,
}
DESCRIBING = ("title", "description", "default", "examples", "format", "$schema", "$comment")
