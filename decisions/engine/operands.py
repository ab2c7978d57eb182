"""Reading what stands beside an operator, by what the operator takes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from decisions.engine.conditions import Operand, Registered, Schema
from decisions.engine.conditions import Scalar as Value
from decisions.engine.destinations import is_domain, mailbox
from decisions.engine.fields import FIELDS, Field, FieldKind
from decisions.engine.folding import fold
from decisions.engine.networks import parse_network
from decisions.engine.operators import ALL_OPERATORS, LONGEST_TEXT, Takes
from decisions.engine.paths import path_parts
from decisions.engine.patterns import LONGEST_PATTERN, compile_pattern
from decisions.engine.readers import nearest, read_items, read_seconds, shown, wrong_type
from decisions.engine.schema_reading import read_schema
from decisions.engine.source import Node, Scalar
from decisions.engine.source import Sequence as SequenceNode
from decisions.engine.times import parse_time
from decisions.engine.values import JSON_TYPES, is_number
from decisions.engine.vocabulary import Reading

LONGEST_DURATION = 100 * 366 * 86_400

_Read: TypeAlias = Callable[[Node, Field, Takes, Reading], Operand | None]
_ReadOne: TypeAlias = Callable[[Node, Field, Takes, Reading], Value | None]


def read_operand(node: Node, *, field: Field, operator: str, reading: Reading) -> Operand | None:
    """The operand of a comparison, or None where it does not fit the operator or the field.

    What quantifiers take is a condition, which `field_matching` reads.
    """
    takes = ALL_OPERATORS[operator].takes
    if operator == "external" and not reading.vocabulary.has_organisation:
        why = "`external` needs to know which domains are yours."
        fix = "Add `organisation: {domains: [corp.example]}` to the policy."
        reading.findings.report(node.place, code="no_domains", why=why, fix=fix)
    return _READERS[takes](node, field, takes, reading)


def read_name(node: Node, *, field: Field, reading: Reading) -> str | None:
    """One word that may stand beside `field`."""
    value = _read_value(node, field, Takes.SCALAR, reading)
    return value if isinstance(value, str) else None


def _many(read_one: _ReadOne) -> _Read:
    def read(node: Node, field: Field, takes: Takes, reading: Reading) -> Operand | None:
        items = read_items(node, wanted=takes.wanted, findings=reading.findings)
        if items is None:
            return None
        values = [read_one(item, field, takes, reading) for item in items]
        return tuple(value for value in values if value is not None)

    return read


def _read_value(node: Node, field: Field, takes: Takes, reading: Reading) -> Value | None:
    value = node.value if isinstance(node, Scalar) else None
    if value is None:
        why = f"{shown(node)} stands where one text, number or boolean belongs."
        fix = "Write the value to compare with; `absent: true` asks whether there is none."
        reading.findings.report(node.place, code="wrong_type", why=why, fix=fix)
        return None
    special = _SPECIAL.get(field.kind)
    if special is not None:
        return special(node, field, takes, reading)
    spec = FIELDS[field.kind]
    can_stand = type(value) in spec.types and (
        spec.words is None or not isinstance(value, str) or spec.words.accepts(value)
    )
    if not can_stand:
        fix = f"Write {spec.words.grammar if spec.words else _TYPE_NAMES[spec.types]}."
        why = f"{shown(node)} can never stand in {field.name}."
        reading.findings.report(node.place, code="unknown_value", why=why, fix=fix)
        return None
    return _read_text(node, field, takes, reading) if isinstance(value, str) else value


def _read_text(node: Node, field: Field, takes: Takes, reading: Reading) -> str | None:
    value = node.value if isinstance(node, Scalar) else None
    if not isinstance(value, str):
        wrong_type(node, wanted=takes.wanted, findings=reading.findings)
        return None
    if not 0 < len(value) <= LONGEST_TEXT:
        why, fix = f"The text has {len(value)} characters.", f"Write 1 to {LONGEST_TEXT} characters."
        reading.findings.report(node.place, code="bad_length", why=why, fix=fix)
        return None
    return value


def _well_written(is_one: Callable[[str], bool]) -> _ReadOne:
    """The reader of a text that has to follow the operator's grammar."""

    def read(node: Node, field: Field, takes: Takes, reading: Reading) -> Value | None:
        value = node.value if isinstance(node, Scalar) else None
        if isinstance(value, str) and len(value) <= LONGEST_TEXT and is_one(value):
            return value
        wrong_type(node, wanted=takes.wanted, findings=reading.findings)
        return None

    return read


def _read_number(node: Node, field: Field, takes: Takes, reading: Reading) -> Value | None:
    value = node.value if isinstance(node, Scalar) else None
    if is_number(value):
        return value
    wrong_type(node, wanted=takes.wanted, findings=reading.findings)
    return None


def _read_range(node: Node, field: Field, takes: Takes, reading: Reading) -> Operand | None:
    bounds = [item.value for item in node.items if isinstance(item, Scalar)] if isinstance(node, SequenceNode) else []
    low, high = bounds if len(bounds) == 2 else (None, None)
    if is_number(low) and is_number(high) and low <= high:
        return low, high
    wrong_type(node, wanted=takes.wanted, findings=reading.findings)
    return None


def _read_size(node: Node, field: Field, takes: Takes, reading: Reading) -> Value | None:
    value = node.value if isinstance(node, Scalar) else None
    if type(value) is int and value >= 0:
        return value
    wrong_type(node, wanted=takes.wanted, findings=reading.findings)
    return None


def _read_pattern(node: Node, field: Field, takes: Takes, reading: Reading) -> Value | None:
    value = node.value if isinstance(node, Scalar) else None
    if not isinstance(value, str) or not value:
        wrong_type(node, wanted=takes.wanted, findings=reading.findings)
        return None
    if compile_pattern(value) is None:
        why = f"RE2 does not accept this regular expression, or it has more than {LONGEST_PATTERN} characters."
        fix = "Leave out back-references and look-around, and shorten it."
        reading.findings.report(node.place, code="bad_pattern", why=why, fix=fix)
        return None
    return value


def _read_flag(node: Node, field: Field, takes: Takes, reading: Reading) -> Value | None:
    if not isinstance(node, Scalar) or not isinstance(node.value, bool):
        wrong_type(node, wanted=takes.wanted, findings=reading.findings)
        return None
    return node.value


def _read_type(node: Node, field: Field, takes: Takes, reading: Reading) -> Value | None:
    # An unquoted null is YAML's own.
    word = node.text if isinstance(node, Scalar) else ""
    if word in JSON_TYPES:
        return word
    why = f"{shown(node)} is no JSON type."
    reading.findings.report(node.place, code="unknown_value", why=why, fix=nearest(word, known=JSON_TYPES))
    return None


def _read_schema(node: Node, field: Field, takes: Takes, reading: Reading) -> Operand | None:
    if isinstance(node, Scalar) and node.value == "catalogue" and not field.path:
        return Registered()
    return Schema(read_schema(node, findings=reading.findings))


def _read_duration(node: Node, field: Field, takes: Takes, reading: Reading) -> Value | None:
    return read_seconds(node, lowest=0, highest=LONGEST_DURATION, findings=reading.findings)


def _read_level(node: Node, field: Field, takes: Takes, reading: Reading) -> Value | None:
    levels = reading.vocabulary.levels
    word = node.value if isinstance(node, Scalar) else None
    rank = levels.rank(word) if isinstance(word, str) else None
    if rank is not None:
        return levels.names[rank]
    why, fix = f"{shown(node)} is no level.", nearest(str(word), known=levels.names)
    reading.findings.report(node.place, code="unknown_value", why=why, fix=fix)
    return None


def _read_category(node: Node, field: Field, takes: Takes, reading: Reading) -> Value | None:
    word = node.value if isinstance(node, Scalar) else None
    if isinstance(word, str) and fold(word) in reading.vocabulary.categories:
        return fold(word)
    why = f"{shown(node)} is no category of tools."
    known = reading.vocabulary.categories
    fix = (
        nearest(fold(str(word)), known=known) if known else "Define it under `categories:` or in an entry of `tools:`."
    )
    reading.findings.report(node.place, code="unknown_value", why=why, fix=fix)
    return None


_TYPE_NAMES: Mapping[tuple[type, ...], str] = {
    (str,): "a text",
    (bool,): "true or false",
    (int, float): "a number",
    (int, float, bool): "a number, true or false",
    (str, int, float, bool): "a text, number or boolean",
}

_READERS: Mapping[Takes, _Read] = {
    Takes.SCALAR: _read_value,
    Takes.SCALARS: _many(_read_value),
    Takes.TEXTS: _many(_read_text),
    Takes.NUMBER: _read_number,
    Takes.RANGE: _read_range,
    Takes.SIZE: _read_size,
    Takes.PATTERN: _read_pattern,
    Takes.GLOBS: _many(_well_written(lambda text: 0 < len(text) <= LONGEST_PATTERN)),
    Takes.FLAG: _read_flag,
    Takes.TYPES: _many(_read_type),
    Takes.SCHEMA: _read_schema,
    Takes.TIME: _well_written(lambda text: parse_time(text) is not None),
    Takes.DURATION: _read_duration,
    Takes.NETWORKS: _many(_well_written(lambda text: parse_network(text) is not None)),
    Takes.DOMAINS: _many(_well_written(is_domain)),
    Takes.MAILBOXES: _many(_well_written(lambda text: mailbox(text) is not None)),
    Takes.PATHS: _many(_well_written(lambda text: path_parts(text) is not None)),
    Takes.LEVEL: _read_level,
}
# Fields whose words the policy itself defines.
_SPECIAL: Mapping[FieldKind, _ReadOne] = {FieldKind.DATA_LEVEL: _read_level, FieldKind.CATEGORY: _read_category}
