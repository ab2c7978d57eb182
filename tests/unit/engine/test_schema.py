"""Schemas of policies mean what JSON Schema says, and hold nothing that could run forever or look elsewhere."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from ruamel.yaml import YAML

from decisions.engine.budget import Meter
from decisions.engine.schema import DESCRIBING, KEYWORDS, compile_schema
from decisions.engine.schema_reading import read_schema
from decisions.engine.source import Findings, read_source
from receipts.signing.canonical import canonical_bytes

NAMES = st.sampled_from(["a", "b", "ab", "c"])
NUMBERS = st.integers(-3, 6) | st.sampled_from([0.5, 1.0, 2.5, -1.0])
SCALARS = st.none() | st.booleans() | NUMBERS | NAMES | st.just("")
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=3), max_leaves=8
)
SIZES = st.integers(0, 3)
TYPES = st.sampled_from(["string", "number", "integer", "boolean", "array", "object", "null"])


def keywords(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    members, several = st.dictionaries(NAMES, inner, max_size=2), st.lists(inner, min_size=1, max_size=3)
    return st.fixed_dictionaries(
        {},
        optional={
            "type": TYPES | st.lists(TYPES, min_size=1, max_size=3, unique=True),
            "enum": st.lists(VALUES, min_size=1, max_size=3),
            "const": VALUES,
            "properties": members,
            "required": st.lists(NAMES, max_size=2, unique=True),
            "patternProperties": st.dictionaries(st.sampled_from(["^a", "b$"]), inner, max_size=2),
            "additionalProperties": inner,
            "items": inner,
            "prefixItems": several,
            "uniqueItems": st.booleans(),
            "pattern": st.sampled_from(["a", "^b?$", "[ab]+"]),
            "multipleOf": st.integers(1, 3),
            "allOf": several,
            "anyOf": several,
            "oneOf": several,
            "not": inner,
            **{f"{end}{what}": SIZES for end in ("min", "max") for what in ("Properties", "Items", "Length")},
            **dict.fromkeys(("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"), NUMBERS),
        },
    ).map(lambda schema: dict(list(schema.items())[:6]))


SCHEMAS = st.recursive(st.booleans(), keywords, max_leaves=6)


def holds(schema: Any, value: object) -> bool:
    return compile_schema(schema)(value, Meter())


@given(SCHEMAS, VALUES)
@settings(max_examples=400)
def test_a_schema_says_what_a_validator_of_the_standard_says(schema: Any, value: Any) -> None:
    assert holds(schema, value) is Draft202012Validator(schema).is_valid(value)


@pytest.mark.parametrize("keyword", sorted(KEYWORDS))
def test_every_keyword_can_fail_and_can_hold(keyword: str) -> None:
    schema, good, bad = EXAMPLES[keyword]
    assert holds(schema, good)
    assert not holds(schema, bad)
    assert Draft202012Validator(schema).is_valid(good)
    assert not Draft202012Validator(schema).is_valid(bad)


EXAMPLES: dict[str, tuple[dict[str, Any], Any, Any]] = {
    "type": ({"type": ["string", "null"]}, None, 1),
    "enum": ({"enum": [1, "a", [1]]}, 1.0, True),
    "const": ({"const": {"a": [1]}}, {"a": [1.0]}, {"a": [True]}),
    "properties": ({"properties": {"a": {"type": "string"}}}, {"b": 1}, {"a": 1}),
    "required": ({"required": ["a"]}, {"a": None}, {}),
    "patternProperties": ({"patternProperties": {"^x": {"type": "string"}}}, {"y": 1}, {"xy": 1}),
    "additionalProperties": (
        {"properties": {"a": True}, "patternProperties": {"^x": True}, "additionalProperties": False},
        {"a": 1, "xy": 1},
        {"a": 1, "b": 1},
    ),
    "minProperties": ({"minProperties": 1}, {"a": 1}, {}),
    "maxProperties": ({"maxProperties": 1}, {"a": 1}, {"a": 1, "b": 2}),
    "prefixItems": ({"prefixItems": [{"type": "string"}, True]}, ["a"], [1]),
    "items": ({"prefixItems": [True], "items": {"type": "string"}}, [1, "a"], [1, 2]),
    "minItems": ({"minItems": 1}, [1], []),
    "maxItems": ({"maxItems": 1}, [1], [1, 2]),
    "uniqueItems": ({"uniqueItems": True}, [1, True, "1", [1]], [1, 1.0]),
    "minLength": ({"minLength": 2}, "é!", "😀"),
    "maxLength": ({"maxLength": 1}, "😀", "ab"),
    "pattern": ({"pattern": "^a+$"}, "aa", "ab"),
    "minimum": ({"minimum": 1}, 1, 0.5),
    "maximum": ({"maximum": 1}, 1, 1.5),
    "exclusiveMinimum": ({"exclusiveMinimum": 1}, 2, 1),
    "exclusiveMaximum": ({"exclusiveMaximum": 1}, 0, 1),
    "multipleOf": ({"multipleOf": 3}, 6.0, 7),
    "allOf": ({"allOf": [{"minimum": 1}, {"maximum": 2}]}, 2, 3),
    "anyOf": ({"anyOf": [{"minimum": 2}, {"maximum": 0}]}, 0, 1),
    "oneOf": ({"oneOf": [{"minimum": 1}, {"minimum": 2}]}, 1, 2),
    "not": ({"not": {"type": "null"}}, 1, None),
}


def found_in(text: str) -> list[tuple[int, str]]:
    findings = Findings()
    tree = read_source(text, findings=findings)
    assert tree is not None
    schema = read_schema(tree, findings=findings)
    assert canonical_bytes(schema) == canonical_bytes(YAML(typ="safe", pure=True).load(text))
    return [(problem.line, problem.code) for problem in findings.all()]


def test_a_good_schema_is_read_as_it_stands() -> None:
    text = "type: object\nproperties: {a: {type: [string, 'null'], pattern: '^a'}}\nadditionalProperties: false\n"
    assert found_in(text) == []
    assert found_in("\n".join(f"'{word}': {{}}" for word in DESCRIBING)) == []
    assert found_in("true") == []
    for keyword, (schema, _, _) in EXAMPLES.items():
        assert found_in(json.dumps(schema)) == [], keyword


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("$ref: '#/$defs/a'", "unknown_key"), ("$defs: {}", "unknown_key"), ("$dynamicRef: x", "unknown_key"),
        ("propertys: {}", "unknown_key"), ("unevaluatedProperties: false", "unknown_key"), ("if: true", "unknown_key"),
        ("type: text", "unknown_value"), ("type: []", "wrong_type"), ("type: [string, {}]", "unknown_value"),
        ("pattern: '(?=a)'", "bad_pattern"), ("pattern: 5", "wrong_type"),
        ("patternProperties: {'(a': true}", "bad_pattern"), ("patternProperties: []", "wrong_type"),
        ("properties: [a]", "wrong_type"), ("properties: {a: {typ: string}}", "unknown_key"),
        ("properties: {a: 5}", "wrong_type"),
        ("required: a", "wrong_type"), ("required: [1]", "wrong_type"), ("enum: []", "wrong_type"),
        ("enum: a", "wrong_type"),
        ("required: [[a]]", "wrong_type"), ("minLength: -1", "wrong_type"), ("minItems: 1.5", "wrong_type"),
        ("maxItems: true", "wrong_type"),
        ("uniqueItems: 1", "wrong_type"), ("minimum: '1'", "wrong_type"), ("maximum: true", "wrong_type"),
        ("multipleOf: 0", "wrong_type"), ("multipleOf: 0.1", "wrong_type"), ("allOf: []", "wrong_type"),
        ("anyOf: {}", "wrong_type"),
        ("prefixItems: [5]", "wrong_type"), ("not: text", "wrong_type"), ("[]", "wrong_type"),
    ],
)  # fmt: skip
def test_what_is_no_schema_of_this_kind_is_refused_where_it_stands(text: str, code: str) -> None:
    assert found_in(text) == [(1, code)]


def test_values_deeper_than_any_policy_are_never_unique_nor_listed() -> None:
    deep: list[Any] = []
    for _ in range(500):
        deep = [deep]
    assert not holds({"uniqueItems": True}, [deep, [deep]])
    assert not holds({"enum": [[1]]}, deep)


def test_null_may_be_written_without_quotes() -> None:
    assert holds({"type": None}, None)
    assert not holds({"type": [None, "string"]}, 1)
