"""Reading what a policy asks of one field: operators, or a bare value or list that stands for the usual operator."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import TypeAlias

from decisions.engine.conditions import Comparison, Condition, Negation, Operand, all_of, any_of
from decisions.engine.fields import FACT_NAMES, FIELDS, Field, FieldKind, fact_field, parameter_field, plain_field
from decisions.engine.operands import read_operand
from decisions.engine.operators import ALL_OPERATORS, OPERATOR_SPELLINGS, Takes
from decisions.engine.pointers import read_path
from decisions.engine.readers import nearest, read_items, wrong_type
from decisions.engine.source import Mapping as MappingNode
from decisions.engine.source import Node, Scalar, Sequence
from decisions.engine.vocabulary import Reading

_ReadInner: TypeAlias = Callable[[Node, Reading], Operand | None]

_ITEM = Field(FieldKind.ITEM)
_LEVELS = frozenset({"higher_than", "lower_than"})


def read_field(name: str) -> Field | None:
    """The field that a dotted name stands for: `parameters.to`, `facts.ticket`, `context.data_kinds`, `operation`."""
    family, _, rest = name.partition(".")
    if family == "parameters" and rest:
        path = read_path(rest)
        return None if path is None else parameter_field(path)
    if family == "facts" and FACT_NAMES.accepts(rest):
        return fact_field(rest)
    return plain_field(name)


def joined(items: Iterable[Condition | None]) -> Condition | None:
    """All of `items` together; None if one could not be read."""
    whole = _whole(items)
    return all_of(whole) if whole else None


def either(items: Iterable[Condition | None]) -> Condition | None:
    """One of `items`; None if one could not be read."""
    whole = _whole(items)
    return any_of(whole) if whole else None


def _whole(items: Iterable[Condition | None]) -> tuple[Condition, ...]:
    read = tuple(items)
    whole = tuple(item for item in read if item is not None)
    return whole if len(whole) == len(read) else ()


def read_asked(node: Node, *, field: Field, reading: Reading) -> Condition | None:
    """What is asked of one field."""
    spec = FIELDS[field.kind]
    if isinstance(node, Scalar):
        return _read_comparison(node, field=field, operator=spec.shorthand, reading=reading)
    if isinstance(node, Sequence):
        return _read_comparison(node, field=field, operator=spec.list_shorthand, reading=reading)
    if not node.entries:
        reading.findings.report(node.place, code="empty_match", why="No operator is named.", fix="Name one.")
        return None
    field = _aged(node, field=field, reading=reading)
    return joined(read_operator(key, value, field=field, reading=reading) for key, value in node.entries)


def read_operator(key: Scalar, node: Node, *, field: Field, reading: Reading) -> Condition | None:
    """What one operator asks of a field."""
    allowed = FIELDS[field.kind].operators
    if reading.is_constraint and key.text == "required" and "absent" in allowed:
        return _read_required(node, field=field, reading=reading)
    name = OPERATOR_SPELLINGS.get(key.text)
    if name not in allowed:
        why = f"`{key.text}` is no operator{'' if name is None else f' for {field.name}'}."
        known = [spelling for spelling, meant in OPERATOR_SPELLINGS.items() if meant in allowed]
        reading.findings.report(key.place, code="unknown_operator", why=why, fix=nearest(key.text, known=known))
        return None
    assert name is not None
    if name == "not":
        item = read_asked(node, field=field, reading=reading)
        return None if item is None else Negation(item)
    if field.kind is FieldKind.DATA_KINDS and name in _LEVELS:
        field = Field(FieldKind.DATA_LEVEL)
    return _read_comparison(node, field=field, operator=name, reading=reading)


def _aged(node: MappingNode, *, field: Field, reading: Reading) -> Field:
    """The field as all operators beside `max_age` read it: a fact that is too old is unknown to them."""
    ages = [value for key, value in node.entries if key.text == "max_age"]
    if field.kind is not FieldKind.FACT or not ages:
        return field
    # What is wrong with the age is reported where the operator itself is read.
    silent = replace(reading, findings=type(reading.findings)())
    seconds = read_operand(ages[0], field=field, operator="max_age", reading=silent)
    return replace(field, max_age=seconds) if isinstance(seconds, int) else field


def _read_required(node: Node, *, field: Field, reading: Reading) -> Condition | None:
    if isinstance(node, Scalar) and node.value is True:
        return Comparison(field, "absent", False)
    wrong_type(node, wanted="`true`", findings=reading.findings)
    return None


def _read_comparison(node: Node, *, field: Field, operator: str, reading: Reading) -> Condition | None:
    read_inner = _INNER.get(ALL_OPERATORS[operator].takes)
    if read_inner is not None:
        operand = read_inner(node, replace(reading, is_constraint=False))
    else:
        operand = read_operand(node, field=field, operator=operator, reading=reading)
    return None if operand is None else Comparison(field, operator, operand)


def _read_item(node: Node, reading: Reading) -> Operand | None:
    return read_asked(node, field=_ITEM, reading=reading)


def _read_length(node: Node, reading: Reading) -> Operand | None:
    if isinstance(node, MappingNode):
        return _read_item(node, reading)
    sizes = read_items(node, wanted=Takes.LENGTH.wanted, findings=reading.findings) or ()
    if not all(isinstance(size, Scalar) and type(size.value) is int for size in sizes):
        wrong_type(node, wanted=Takes.LENGTH.wanted, findings=reading.findings)
        return None
    return _read_item(node, reading) if sizes else None


def _read_members(node: Node, reading: Reading) -> Operand | None:
    if not isinstance(node, MappingNode) or not node.entries:
        wrong_type(node, wanted=Takes.MEMBERS.wanted, findings=reading.findings)
        return None
    return joined(_read_member(key, value, reading=reading) for key, value in node.entries)


def _read_member(key: Scalar, node: Node, *, reading: Reading) -> Condition | None:
    path = read_path(key.text)
    if path is None:
        why = f"`{key.text}` names no member."
        reading.findings.report(key.place, code="unknown_key", why=why, fix="Write a name, a dotted path or a pointer.")
        return None
    return read_asked(node, field=replace(_ITEM, path=path), reading=reading)


_INNER: Mapping[Takes, _ReadInner] = {
    Takes.INNER: _read_item,
    Takes.LENGTH: _read_length,
    Takes.MEMBERS: _read_members,
}
