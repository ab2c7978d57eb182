"""Reading `tool:` and `operation:`: names, globs, operators on a name, and what the catalogue is asked."""

from __future__ import annotations

from collections.abc import Mapping

from decisions.engine.action import LONGEST_NAME
from decisions.engine.conditions import Comparison, Condition
from decisions.engine.field_matching import either, joined, read_asked, read_operator
from decisions.engine.fields import FIELDS, Field, plain_field
from decisions.engine.globs import could_be_name, is_glob
from decisions.engine.operands import read_name
from decisions.engine.operators import Takes
from decisions.engine.readers import nearest, read_items, wrong_type
from decisions.engine.source import Mapping as MappingNode
from decisions.engine.source import Node, Scalar, Sequence
from decisions.engine.toolnames import OPERATION, TOOL, tool_condition
from decisions.engine.vocabulary import Reading

_ASKED: Mapping[str, Field] = {
    name: field
    for name in ("category", "effect", "reversible", "data_class", "known")
    if (field := plain_field(f"tool.{name}")) is not None
}
_OPERATORS = FIELDS[TOOL.kind].operators


def read_tool(node: Node, *, splits: bool, reading: Reading) -> Condition | None:
    """What `tool:` asks: a name, a mapping, or a list of them of which one must hold.

    With `splits`, there is no `operation:` beside it, so that a dotted name is both.
    """
    if isinstance(node, MappingNode):
        return _read_mapping(node, reading=reading)
    if not isinstance(node, Sequence) or not any(isinstance(item, MappingNode) for item in node.items):
        return _read_names(node, field=TOOL, splits=splits, reading=reading)
    items = read_items(node, wanted="a tool", findings=reading.findings) or ()
    return either(read_tool(item, splits=splits, reading=reading) for item in items)


def read_operation(node: Node, *, reading: Reading) -> Condition | None:
    """What `operation:` asks."""
    if isinstance(node, MappingNode):
        return read_asked(node, field=OPERATION, reading=reading)
    return _read_names(node, field=OPERATION, splits=False, reading=reading)


def _read_mapping(node: MappingNode, *, reading: Reading) -> Condition | None:
    if not node.entries:
        fix = f"Name one, or one of {', '.join(_ASKED)}."
        reading.findings.report(node.place, code="empty_match", why="No operator is named.", fix=fix)
        return None
    return joined(_read_key(key, value, reading=reading) for key, value in node.entries)


def _read_key(key: Scalar, node: Node, *, reading: Reading) -> Condition | None:
    field = _ASKED.get(key.text)
    if field is not None:
        return read_asked(node, field=field, reading=reading)
    if not _OPERATORS & {key.text} and nearest(key.text, known=_ASKED).startswith("Did"):
        why, fix = f"`{key.text}` can't be asked of a tool.", nearest(key.text, known=_ASKED)
        reading.findings.report(key.place, code="unknown_operator", why=why, fix=fix)
        return None
    return read_operator(key, node, field=TOOL, reading=reading)


def _read_names(node: Node, *, field: Field, splits: bool, reading: Reading) -> Condition | None:
    names = read_items(node, wanted="a name", findings=reading.findings)
    if names is None:
        return None
    read = [_read_name(name, field=field, splits=splits, reading=reading) for name in names]
    whole = [str(item.operand) for item in read if isinstance(item, Comparison) and item.operator == "eq"]
    if len(whole) == len(read) > 1:
        return Comparison(field, "in", tuple(whole))
    return either(read)


def _read_name(node: Node, *, field: Field, splits: bool, reading: Reading) -> Condition | None:
    if isinstance(node, Scalar) and isinstance(node.value, str) and is_glob(node.value):
        return _read_glob(node, text=node.value, field=field, splits=splits, reading=reading)
    name = read_name(node, field=field, reading=reading)
    if name is None:
        return None
    return tool_condition(name, splits=splits) if field is TOOL else Comparison(field, "eq", name)


def _read_glob(node: Scalar, *, text: str, field: Field, splits: bool, reading: Reading) -> Condition | None:
    words = FIELDS[field.kind].words
    if len(text) > LONGEST_NAME or words is None or not could_be_name(text, is_name=words.accepts):
        wrong_type(node, wanted=Takes.GLOBS.wanted, findings=reading.findings)
        return None
    return tool_condition(text, splits=splits) if field is TOOL else Comparison(field, "glob", text)
