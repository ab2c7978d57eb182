"""Reading a JSON Schema of a policy: every keyword must be one of `schema`, and what stands beside it must fit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from decisions.engine.patterns import LONGEST_PATTERN, compile_pattern
from decisions.engine.readers import nearest, read_json, shown, wrong_type
from decisions.engine.schema import DESCRIBING, KEYWORDS
from decisions.engine.source import Findings, Node, Place, Scalar, Sequence
from decisions.engine.source import Mapping as MappingNode
from decisions.engine.values import JSON_TYPES, is_number
from receipts.signing.canonical import JSON

_Check: TypeAlias = Callable[[Node, Findings], None]


def read_schema(node: Node, *, findings: Findings) -> JSON:
    """The schema that `node` holds; whatever is wrong with it goes to `findings`, and then it must not be used."""
    _check_schema(node, findings)
    return read_json(node)


def _check_schema(node: Node, findings: Findings) -> None:
    if isinstance(node, Scalar) and isinstance(node.value, bool):
        return
    if not isinstance(node, MappingNode):
        wrong_type(node, wanted="a JSON Schema", findings=findings)
        return
    for key, value in node.entries:
        check = _CHECKS.get(key.text)
        if check is not None:
            check(value, findings)
        elif key.text not in DESCRIBING:
            why = f"`{key.text}` is no keyword of the schemas that policies use."
            findings.report(key.place, code="unknown_key", why=why, fix=nearest(key.text, known=KEYWORDS))


def _check_schemas(node: Node, findings: Findings) -> None:
    if not isinstance(node, Sequence) or not node.items:
        wrong_type(node, wanted="a list of schemas", findings=findings)
        return
    for item in node.items:
        _check_schema(item, findings)


def _check_members(node: Node, findings: Findings) -> None:
    if not isinstance(node, MappingNode):
        wrong_type(node, wanted="a mapping of names to schemas", findings=findings)
        return
    for _, value in node.entries:
        _check_schema(value, findings)


def _check_pattern_members(node: Node, findings: Findings) -> None:
    _check_members(node, findings)
    for key, _ in node.entries if isinstance(node, MappingNode) else ():
        _check_regular(key.text, place=key.place, findings=findings)


def _check_pattern(node: Node, findings: Findings) -> None:
    if not isinstance(node, Scalar) or not isinstance(node.value, str):
        wrong_type(node, wanted="a regular expression", findings=findings)
        return
    _check_regular(node.value, place=node.place, findings=findings)


def _check_regular(text: str, *, place: Place, findings: Findings) -> None:
    if compile_pattern(text) is None:
        why = f"RE2 does not accept this regular expression, or it has more than {LONGEST_PATTERN} characters."
        fix = "Leave out back-references and look-around, and shorten it."
        findings.report(place, code="bad_pattern", why=why, fix=fix)


def _check_types(node: Node, findings: Findings) -> None:
    if isinstance(node, Sequence) and not node.items:
        wrong_type(node, wanted="a JSON type", findings=findings)
    for item in node.items if isinstance(node, Sequence) else (node,):
        if not isinstance(item, Scalar) or item.text not in JSON_TYPES:
            why = f"{shown(item)} is no JSON type."
            fix = nearest(item.text if isinstance(item, Scalar) else "", known=JSON_TYPES)
            findings.report(item.place, code="unknown_value", why=why, fix=fix)


def _check_names(node: Node, findings: Findings) -> None:
    items = node.items if isinstance(node, Sequence) else None
    if items is None or any(not isinstance(item, Scalar) or not isinstance(item.value, str) for item in items):
        wrong_type(node, wanted="a list of names", findings=findings)


def _check_values(node: Node, findings: Findings) -> None:
    if not isinstance(node, Sequence) or not node.items:
        wrong_type(node, wanted="a list of values", findings=findings)


def _check_any_value(node: Node, findings: Findings) -> None:
    """Any JSON value will do."""


def _check_flag(node: Node, findings: Findings) -> None:
    if not isinstance(node, Scalar) or not isinstance(node.value, bool):
        wrong_type(node, wanted="true or false", findings=findings)


def _check_number(node: Node, findings: Findings) -> None:
    if not isinstance(node, Scalar) or not is_number(node.value):
        wrong_type(node, wanted="a number", findings=findings)


def _whole_number(lowest: int) -> _Check:
    def check(node: Node, findings: Findings) -> None:
        value = node.value if isinstance(node, Scalar) else None
        if type(value) is not int or value < lowest:
            wrong_type(node, wanted=f"a whole number, at least {lowest}", findings=findings)

    return check


_check_size = _whole_number(0)

_CHECKS: Mapping[str, _Check] = {
    "type": _check_types,
    "enum": _check_values,
    "const": _check_any_value,
    "properties": _check_members,
    "required": _check_names,
    "patternProperties": _check_pattern_members,
    **dict.fromkeys(("additionalProperties", "items", "not"), _check_schema),
    **dict.fromkeys(("allOf", "anyOf", "oneOf", "prefixItems"), _check_schemas),
    **dict.fromkeys(("minProperties", "maxProperties", "minItems", "maxItems", "minLength", "maxLength"), _check_size),
    "uniqueItems": _check_flag,
    "pattern": _check_pattern,
    **dict.fromkeys(("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"), _check_number),
    "multipleOf": _whole_number(1),
}
