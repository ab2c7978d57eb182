"""The operators: a table from a name to what it takes and what it asks of a value.

A check answers True, False, or None for *unknown*: a value of a type that the operator doesn't compare is never a quiet
False (POL-13, POL-21). Checks are total, and see what is missing only if they ask for it.
"""

from __future__ import annotations

import operator
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from decisions.engine import belonging, forms, likeness, ordering, quantifiers
from decisions.engine.durations import GRAMMAR as DURATION_GRAMMAR
from decisions.engine.patterns import LONGEST_PATTERN
from decisions.engine.setting import Build, opposite
from decisions.engine.times import GRAMMAR as TIME_GRAMMAR
from decisions.engine.values import JSON_TYPES

LONGEST_TEXT = 1000
MOST_ITEMS = 256

_SCALAR = {"type": ["string", "number", "boolean"]}
_PATTERN = {"type": "string", "minLength": 1, "maxLength": LONGEST_PATTERN}
# An unquoted null is the type as well.
_TYPE = {"enum": [*JSON_TYPES, None]}
_TEXT = {"type": "string", "minLength": 1, "maxLength": LONGEST_TEXT}
_SIZE = {"type": "integer", "minimum": 0}
_RANGE = {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2}


def _one_or_more(schema: Mapping[str, Any]) -> dict[str, Any]:
    return {"anyOf": [schema, {"type": "array", "items": schema, "minItems": 1, "maxItems": MOST_ITEMS}]}


class Takes(Enum):
    """What may stand beside an operator: in words, and as a JSON Schema.

    `#/$defs/inner` is what a quantifier asks: operators, a value or a list.
    """

    SCALAR = ("one text, number or boolean", _SCALAR)
    SCALARS = ("one or more texts, numbers or booleans", _one_or_more(_SCALAR))
    TEXTS = ("one or more texts", _one_or_more(_TEXT))
    NUMBER = ("a number", {"type": "number"})
    RANGE = ("a list of two numbers, the lower first", _RANGE)
    SIZE = ("a whole number, at least 0", _SIZE)
    LENGTH = ("a whole number or operators on one", {"anyOf": [_SIZE, {"$ref": "#/$defs/inner"}]})
    PATTERN = ("a regular expression", _PATTERN)
    GLOBS = ("one or more globs", _one_or_more(_PATTERN))
    FLAG = ("true or false", {"type": "boolean"})
    TYPES = ("one or more JSON types", _one_or_more(_TYPE))
    SCHEMA = ("a JSON Schema, or `catalogue`", {"anyOf": [{"type": ["object", "boolean"]}, {"const": "catalogue"}]})
    TIME = (TIME_GRAMMAR, {"type": "string"})
    DURATION = (f"a number of seconds or {DURATION_GRAMMAR}", {"anyOf": [_SIZE, {"type": "string"}]})
    NETWORKS = ("one or more networks such as `10.0.0.0/8`", _one_or_more(_TEXT))
    DOMAINS = ("one or more domains in lower case", _one_or_more(_TEXT))
    MAILBOXES = ("one or more mail addresses", _one_or_more(_TEXT))
    PATHS = ("one or more absolute paths", _one_or_more(_TEXT))
    LEVEL = ("a level of data", _TEXT)
    INNER = ("operators, a value or a list", {"$ref": "#/$defs/inner"})
    MEMBERS = (
        "a mapping of members to operators, a value or a list",
        {"type": "object", "additionalProperties": {"$ref": "#/$defs/inner"}, "minProperties": 1},
    )
    WINDOW = ("days, hours and a zone", {"type": "object"})
    LIMIT = ("a maximum and a window", {"type": "object"})

    def __init__(self, wanted: str, schema: Mapping[str, Any]) -> None:
        self.wanted = wanted
        self.schema = schema


class Sees(Enum):
    """What a check is asked about beside values that are there."""

    VALUES = "values"
    # Null as well, and `Gap.MISSING` for what is not there at all.
    NULL = "null"
    # None for what is missing, null or not trusted, and disputed facts as a `Gap`.
    ABSENCE = "absence"


@dataclass(frozen=True, slots=True)
class Operator:
    """One row of the table."""

    takes: Takes
    build: Build
    sees: Sees = Sees.VALUES


OPERATORS: Mapping[str, Operator] = {
    "eq": Operator(Takes.SCALAR, likeness.is_one_of),
    "in": Operator(Takes.SCALARS, likeness.is_one_of),
    "not_in": Operator(Takes.SCALARS, opposite(likeness.is_one_of)),
    "gt": Operator(Takes.NUMBER, ordering.compares_numbers(operator.gt)),
    "gte": Operator(Takes.NUMBER, ordering.compares_numbers(operator.ge)),
    "lt": Operator(Takes.NUMBER, ordering.compares_numbers(operator.lt)),
    "lte": Operator(Takes.NUMBER, ordering.compares_numbers(operator.le)),
    "range": Operator(Takes.RANGE, ordering.is_between),
    "contains": Operator(Takes.SCALARS, likeness.contains),
    "not_contains": Operator(Takes.SCALARS, opposite(likeness.contains)),
    "starts_with": Operator(Takes.TEXTS, likeness.starts_with),
    "ends_with": Operator(Takes.TEXTS, likeness.ends_with),
    "matches": Operator(Takes.PATTERN, forms.matches),
    "glob": Operator(Takes.GLOBS, forms.glob),
    "length": Operator(Takes.LENGTH, quantifiers.length),
    "min_length": Operator(Takes.SIZE, quantifiers.compares_sizes(operator.ge)),
    "max_length": Operator(Takes.SIZE, quantifiers.compares_sizes(operator.le)),
    "type": Operator(Takes.TYPES, forms.has_type, Sees.NULL),
    "schema": Operator(Takes.SCHEMA, forms.satisfies_schema),
    "before": Operator(Takes.TIME, ordering.compares_moments(operator.lt)),
    "after": Operator(Takes.TIME, ordering.compares_moments(operator.gt)),
    "older_than": Operator(Takes.DURATION, ordering.compares_ages(operator.gt)),
    "newer_than": Operator(Takes.DURATION, ordering.compares_ages(operator.le)),
    "longer_than": Operator(Takes.DURATION, ordering.compares_durations(operator.gt)),
    "shorter_than": Operator(Takes.DURATION, ordering.compares_durations(operator.lt)),
    "in_network": Operator(Takes.NETWORKS, belonging.is_in_network),
    "domain_in": Operator(Takes.DOMAINS, belonging.is_at_domain),
    "domain_blocklist": Operator(Takes.DOMAINS, belonging.is_at_blocked_domain),
    "email_in": Operator(Takes.MAILBOXES, belonging.is_mail_address_of),
    "path_within": Operator(Takes.PATHS, belonging.is_within_path),
    "external": Operator(Takes.FLAG, belonging.is_external),
    "higher_than": Operator(Takes.LEVEL, ordering.compares_levels(operator.gt)),
    "lower_than": Operator(Takes.LEVEL, ordering.compares_levels(operator.lt)),
    "every": Operator(Takes.INNER, quantifiers.every),
    "some": Operator(Takes.INNER, quantifiers.some),
    "none": Operator(Takes.INNER, opposite(quantifiers.some)),
    "where": Operator(Takes.MEMBERS, quantifiers.where),
    "max_age": Operator(Takes.DURATION, forms.is_fresh),
    "absent": Operator(Takes.FLAG, forms.is_absent, Sees.ABSENCE),
    "unknown_or_conflicting": Operator(Takes.FLAG, forms.is_absent_or_disputed, Sees.ABSENCE),
}
# What `time`, `rate` and `budget` become; nobody writes these as operators.
INTERNAL_OPERATORS: Mapping[str, Operator] = {
    "window": Operator(Takes.WINDOW, ordering.is_in_window),
    "rate": Operator(Takes.LIMIT, ordering.is_within_limit),
    "budget": Operator(Takes.LIMIT, ordering.is_within_limit),
}
ALL_OPERATORS: Mapping[str, Operator] = {**OPERATORS, **INTERNAL_OPERATORS}

# Published spellings beside our own.
OPERATOR_SPELLINGS: Mapping[str, str] = {
    **{name: name for name in (*OPERATORS, "not")},
    "enum": "in",
    "allowlist": "in",
    "blocklist": "not_in",
    "greater_than": "gt",
    "at_least": "gte",
    "min": "gte",
    "less_than": "lt",
    "at_most": "lte",
    "max": "lte",
    "regex": "matches",
    "pattern": "matches",
    "domain_allowlist": "domain_in",
}
