"""Reading what stands beside an operator, by the shape that the operator takes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from decisions.engine.fields import FIELDS, Field
from decisions.engine.operators import OPERATORS, Operand, Shape
from decisions.engine.operators import Scalar as Value
from decisions.engine.patterns import LONGEST_PATTERN, compile_pattern
from decisions.engine.readers import read_items, shown, wrong_type
from decisions.engine.source import Findings, Node, Scalar

LONGEST_TEXT = 1000

_ReadOperand: TypeAlias = Callable[[Node, Field, Findings], Operand | None]


def read_operand(node: Node, *, field: Field, operator: str, findings: Findings) -> Operand | None:
    """The operand of a comparison, or None where it does not fit the operator or the field."""
    return _READERS[OPERATORS[operator].takes](node, field, findings)


def _read_scalar(node: Node, field: Field, findings: Findings) -> Operand | None:
    return _read_value(node, field=field, findings=findings)


def _read_scalars(node: Node, field: Field, findings: Findings) -> Operand | None:
    items = read_items(node, wanted=Shape.SCALARS.value, findings=findings)
    if items is None:
        return None
    values = [_read_value(item, field=field, findings=findings) for item in items]
    return tuple(value for value in values if value is not None)


def _read_value(node: Node, *, field: Field, findings: Findings) -> Value | None:
    value = node.value if isinstance(node, Scalar) else None
    if value is None:
        why = f"{shown(node)} stands where one text, number or boolean belongs."
        fix = "Write the value to compare with; `absent: true` asks whether there is none."
        findings.report(node.place, code="wrong_type", why=why, fix=fix)
        return None
    words = FIELDS[field.kind].words
    if words is not None and not (isinstance(value, str) and words.accepts(value)):
        why = f"{shown(node)} can never stand in {field.name}."
        findings.report(node.place, code="unknown_value", why=why, fix=f"Write {words.grammar}.")
        return None
    if isinstance(value, str) and not 0 < len(value) <= LONGEST_TEXT:
        why, fix = f"The text has {len(value)} characters.", f"Write 1 to {LONGEST_TEXT} characters."
        findings.report(node.place, code="bad_length", why=why, fix=fix)
        return None
    return value


def _read_number(node: Node, field: Field, findings: Findings) -> Operand | None:
    value = node.value if isinstance(node, Scalar) else None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        wrong_type(node, wanted="a number", findings=findings)
        return None
    return value


def _read_pattern(node: Node, field: Field, findings: Findings) -> Operand | None:
    value = node.value if isinstance(node, Scalar) else None
    if not isinstance(value, str) or not value:
        wrong_type(node, wanted="a regular expression", findings=findings)
        return None
    if compile_pattern(value) is None:
        why = f"RE2 does not accept this regular expression, or it has more than {LONGEST_PATTERN} characters."
        fix = "Leave out back-references and look-around, and shorten it."
        findings.report(node.place, code="bad_pattern", why=why, fix=fix)
        return None
    return value


def _read_flag(node: Node, field: Field, findings: Findings) -> Operand | None:
    if not isinstance(node, Scalar) or not isinstance(node.value, bool):
        wrong_type(node, wanted="true or false", findings=findings)
        return None
    return node.value


_READERS: Mapping[Shape, _ReadOperand] = {
    Shape.SCALAR: _read_scalar,
    Shape.SCALARS: _read_scalars,
    Shape.NUMBER: _read_number,
    Shape.PATTERN: _read_pattern,
    Shape.FLAG: _read_flag,
}
