"""Reading the `match:` of a rule into a condition."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TypeAlias

from decisions.engine.conditions import AllOf, AnyOf, Anything, Comparison, Condition, Negation
from decisions.engine.fields import (
    CONTEXT_NAMES,
    FACT_NAMES,
    FIELDS,
    Field,
    FieldKind,
    fact_field,
    parameter_field,
    plain_field,
)
from decisions.engine.operands import read_operand
from decisions.engine.operators import OPERATORS
from decisions.engine.pointers import read_path
from decisions.engine.readers import nearest, read_items, wrong_type
from decisions.engine.source import Findings, Node, Scalar, Sequence
from decisions.engine.source import Mapping as MappingNode

_ReadKey: TypeAlias = Callable[[Node, Findings], Condition | None]

_MATCH = "a mapping of what to match, or `any`"
_OPERATOR_NAMES = (*OPERATORS, "not")
_WHOLE_TOOL = Field(FieldKind.TOOL)
_WHOLE_OPERATION = Field(FieldKind.OPERATION)
_EFFECT = Field(FieldKind.EFFECT)


def read_match(node: Node, *, findings: Findings) -> Condition | None:
    """The condition that a `match:` stands for; `any` holds for everything, an empty one is refused."""
    if isinstance(node, Scalar) and node.value == "any":
        return Anything()
    return _read_terms(node, findings)


def _read_terms(node: Node, findings: Findings) -> Condition | None:
    """A mapping, all of whose keys must hold."""
    if not isinstance(node, MappingNode):
        wrong_type(node, wanted=_MATCH, findings=findings)
        return None
    if not node.entries:
        fix = "Name what to match, or write `match: any` for everything."
        findings.report(node.place, code="empty_match", why="An empty match is refused.", fix=fix)
        return None
    has_operation = any(key.text == "operation" for key, _ in node.entries)
    return _joined(
        _read_term(key, value, splits_tool=not has_operation, findings=findings) for key, value in node.entries
    )


def _read_term(key: Scalar, node: Node, *, splits_tool: bool, findings: Findings) -> Condition | None:
    if key.text == "tool":
        return _read_tool(node, splits=splits_tool, findings=findings)
    reader = _KEYS.get(key.text)
    if reader is not None:
        return reader(node, findings)
    field = read_field(key.text)
    if field is None:
        why, fix = f"`{key.text}` can't be matched.", nearest(key.text, known=_KNOWN_KEYS)
        findings.report(key.place, code="unknown_key", why=why, fix=fix)
        return None
    return _read_value(node, field=field, findings=findings)


def read_field(name: str) -> Field | None:
    """The field that a dotted name stands for: `parameters.to`, `facts.ticket`, `context.data_kinds`, `operation`."""
    family, _, rest = name.partition(".")
    if family == "parameters" and rest:
        path = read_path(rest)
        return None if path is None else parameter_field(path)
    if family == "facts" and FACT_NAMES.accepts(rest):
        return fact_field(rest)
    return plain_field(name)


def _joined(items: Iterable[Condition | None]) -> Condition | None:
    """All of `items` together; None if one could not be read."""
    flat: list[Condition] = []
    is_whole = True
    for item in items:
        is_whole = is_whole and item is not None
        if item is not None:
            flat.extend(item.items if isinstance(item, AllOf) else (item,))
    if not is_whole:
        return None
    return flat[0] if len(flat) == 1 else AllOf(tuple(flat))


def _read_list(node: Node, *, findings: Findings) -> list[Condition] | None:
    if not isinstance(node, Sequence):
        wrong_type(node, wanted="a list of matches", findings=findings)
        return None
    items = read_items(node, wanted="a match", findings=findings)
    if items is None:
        return None
    read = [_read_terms(item, findings) for item in items]
    return None if None in read else [item for item in read if item is not None]


def _read_all(node: Node, findings: Findings) -> Condition | None:
    items = _read_list(node, findings=findings)
    return None if items is None else _joined(items)


def _read_any(node: Node, findings: Findings) -> Condition | None:
    items = _read_list(node, findings=findings)
    return None if items is None else AnyOf(tuple(items))


def _read_not(node: Node, findings: Findings) -> Condition | None:
    item = _read_terms(node, findings)
    return None if item is None else Negation(item)


def _block(family: str, *, known: tuple[str, ...] = ()) -> _ReadKey:
    """The reader of a mapping whose keys are fields of one family."""

    def read(node: Node, findings: Findings) -> Condition | None:
        if not isinstance(node, MappingNode) or not node.entries:
            wrong_type(node, wanted=f"a mapping of {family} to conditions", findings=findings)
            return None
        return _joined(read_entry(key, value, findings) for key, value in node.entries)

    def read_entry(key: Scalar, node: Node, findings: Findings) -> Condition | None:
        field = read_field(f"{family}.{key.text}")
        if field is None:
            why = f"`{key.text}` is no name that {family} can have."
            fix = nearest(key.text, known=known) if known else f"Write {FACT_NAMES.grammar}, or a path."
            findings.report(key.place, code="unknown_key", why=why, fix=fix)
            return None
        return _read_value(node, field=field, findings=findings)

    return read


def _read_value(node: Node, *, field: Field, findings: Findings) -> Condition | None:
    """What is asked of one field: operators, or a bare value or list that stands for the field's usual operator."""
    spec = FIELDS[field.kind]
    if isinstance(node, Scalar):
        return _read_comparison(node, field=field, operator=spec.shorthand, findings=findings)
    if isinstance(node, Sequence):
        return _read_comparison(node, field=field, operator=spec.list_shorthand, findings=findings)
    if not node.entries:
        findings.report(node.place, code="empty_match", why="No operator is named.", fix="Name one.")
        return None
    return _joined(_read_operator(key, value, field=field, findings=findings) for key, value in node.entries)


def _read_operator(key: Scalar, node: Node, *, field: Field, findings: Findings) -> Condition | None:
    allowed = FIELDS[field.kind].operators
    if key.text not in allowed:
        known = key.text in _OPERATOR_NAMES
        why = f"`{key.text}` is no operator{f' for {field.name}' if known else ''}."
        findings.report(key.place, code="unknown_operator", why=why, fix=nearest(key.text, known=allowed))
        return None
    if key.text == "not":
        item = _read_value(node, field=field, findings=findings)
        return None if item is None else Negation(item)
    return _read_comparison(node, field=field, operator=key.text, findings=findings)


def _read_comparison(node: Node, *, field: Field, operator: str, findings: Findings) -> Condition | None:
    operand = read_operand(node, field=field, operator=operator, findings=findings)
    return None if operand is None else Comparison(field, operator, operand)


def _read_tool(node: Node, *, splits: bool, findings: Findings) -> Condition | None:
    """`tool:` takes names, operators on the whole name, or `effect:`. Without `operation:`, a dotted name is both."""
    if isinstance(node, MappingNode):
        return _read_tool_mapping(node, findings=findings)
    names = read_items(node, wanted="a tool", findings=findings)
    if names is None:
        return None
    read = [_read_tool_name(name, splits=splits, findings=findings) for name in names]
    items = [item for item in read if item is not None]
    if len(items) < len(read):
        return None
    whole = [item.operand for item in items if isinstance(item, Comparison) and isinstance(item.operand, str)]
    if len(items) == 1 or len(whole) < len(items):
        return items[0] if len(items) == 1 else AnyOf(tuple(items))
    return Comparison(_WHOLE_TOOL, "in", tuple(whole))


def _read_tool_name(node: Node, *, splits: bool, findings: Findings) -> Condition | None:
    whole = read_operand(node, field=_WHOLE_TOOL, operator="eq", findings=findings)
    if whole is None:
        return None
    tool, dot, operation = str(whole).rpartition(".")
    if not (splits and dot):
        return Comparison(_WHOLE_TOOL, "eq", whole)
    return AllOf((Comparison(_WHOLE_TOOL, "eq", tool), Comparison(_WHOLE_OPERATION, "eq", operation)))


def _read_tool_mapping(node: MappingNode, *, findings: Findings) -> Condition | None:
    if not node.entries:
        findings.report(node.place, code="empty_match", why="No operator is named.", fix="Name one, or `effect`.")
        return None
    return _joined(
        _read_value(value, field=_EFFECT, findings=findings)
        if key.text == "effect"
        else _read_operator(key, value, field=_WHOLE_TOOL, findings=findings)
        for key, value in node.entries
    )


_KEYS: Mapping[str, _ReadKey] = {
    "all": _read_all,
    "any": _read_any,
    "not": _read_not,
    "parameters": _block("parameters"),
    "facts": _block("facts"),
    "context": _block("context", known=CONTEXT_NAMES),
}
_KNOWN_KEYS = (*_KEYS, "tool", "operation", "original_request")
