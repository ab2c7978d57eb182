"""Reading the `tools:` and `categories:` of a policy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from decisions.engine.action import LONGEST_NAME, NAME_GRAMMAR, is_operation_name, is_tool_name
from decisions.engine.catalogue import Tool
from decisions.engine.context import ToolEffect
from decisions.engine.fields import LABELS
from decisions.engine.folding import fold
from decisions.engine.globs import could_be_name
from decisions.engine.readers import Entry, members, read_choice, read_items, read_mapping, read_text, wrong_type
from decisions.engine.schema_reading import read_schema
from decisions.engine.source import Findings, Node, Scalar, Sequence
from decisions.engine.source import Mapping as MappingNode
from receipts.signing.canonical import JSON

LONGEST_SENTENCE = 500
LONGEST_DESCRIPTION = 4000

TOOL_KEYS = {
    name: name
    for name in (
        "tool", "operation", "effect", "reversible", "category", "data_class", "consequence", "description",
        "parameters",
    )
}  # fmt: skip


def read_categories(node: Node, *, findings: Findings) -> dict[str, tuple[str, ...]]:
    """The names and globs of each category, under the category's folded name."""
    if not isinstance(node, MappingNode):
        wrong_type(node, wanted="a mapping of categories to tools", findings=findings)
        return {}
    categories: dict[str, tuple[str, ...]] = {}
    for key, tools in node.entries:
        if not LABELS.accepts(key.text):
            wrong_type(key, wanted=f"the name of a category ({LABELS.grammar})", findings=findings)
        elif fold(key.text) in categories:
            why, fix = f"`{key.text}` is defined twice; case makes no difference.", "Keep one of the two."
            findings.report(key.place, code="duplicate_key", why=why, fix=fix)
        else:
            categories[fold(key.text)] = tuple(_read_members(tools, findings=findings))
    return categories


def read_tools_block(node: Node, *, findings: Findings) -> tuple[Tool, ...]:
    """Every entry of the catalogue."""
    if not isinstance(node, Sequence):
        wrong_type(node, wanted="a list of tools", findings=findings)
        return ()
    tools: dict[tuple[str, str | None], Tool] = {}
    for item in node.items:
        tool = _read_tool(item, findings=findings)
        if tool is None:
            continue
        name = (tool.tool, tool.operation)
        if name in tools:
            why = f"`{'.'.join(part for part in name if part)}` is described twice."
            findings.report(item.place, code="duplicate_tool", why=why, fix="Keep one of the two entries.")
        tools[name] = tool
    return tuple(tools.values())


def _read_members(node: Node, *, findings: Findings) -> Iterator[str]:
    items = node.items if isinstance(node, Sequence) else (node,)
    if not items:
        findings.report(node.place, code="empty_list", why="The list is empty.", fix="Write at least one tool.")
    for item in items:
        text = item.value if isinstance(item, Scalar) else None
        if isinstance(text, str) and len(text) <= LONGEST_NAME and could_be_name(text, is_name=is_tool_name):
            yield fold(text)
        else:
            wrong_type(item, wanted="the name of a tool, or a glob", findings=findings)


def _read_tool(node: Node, *, findings: Findings) -> Tool | None:
    entries = read_mapping(node, keys=TOOL_KEYS, what="an entry of `tools`", findings=findings)
    if entries is None:
        return None
    if "tool" not in entries:
        findings.report(node.place, code="missing_key", why="The entry names no tool.", fix="Add `tool:`.")
        return None
    name = _read_name(entries, findings=findings)
    if name is None:
        return None
    return Tool(
        tool=name[0],
        operation=name[1],
        effect=_read_effect(entries, findings=findings),
        reversible=_read_reversible(entries, findings=findings),
        categories=frozenset(fold(label) for label in _read_labels(entries, name="category", findings=findings) or ()),
        data_class=_read_data_class(entries, findings=findings),
        consequence=_read_sentence(entries, name="consequence", longest=LONGEST_SENTENCE, findings=findings),
        parameters=_read_parameters(entries, findings=findings),
        description=_read_sentence(entries, name="description", longest=LONGEST_DESCRIPTION, findings=findings) or "",
    )


def _read_name(entries: Mapping[str, Entry], *, findings: Findings) -> tuple[str, str | None] | None:
    """Tool and operation, folded. Beside an `operation:` the tool's name is taken whole."""
    tool, operation = entries["tool"].node, entries["operation"].node if "operation" in entries else None
    text = tool.value if isinstance(tool, Scalar) else None
    if not isinstance(text, str) or not is_tool_name(text):
        wrong_type(tool, wanted=f"the name of a tool ({NAME_GRAMMAR})", findings=findings)
        return None
    if operation is None:
        name, dot, last = fold(text).rpartition(".")
        return (name, last) if dot else (last, None)
    word = operation.value if isinstance(operation, Scalar) else None
    if not isinstance(word, str) or not is_operation_name(word):
        wrong_type(operation, wanted=f"the name of an operation ({NAME_GRAMMAR})", findings=findings)
        return None
    return fold(text), fold(word)


def _read_effect(entries: Mapping[str, Entry], *, findings: Findings) -> ToolEffect | None:
    if "effect" not in entries:
        return None
    return read_choice(entries["effect"].node, choices=members(ToolEffect), findings=findings)


def _read_reversible(entries: Mapping[str, Entry], *, findings: Findings) -> bool | None:
    if "reversible" not in entries:
        return None
    node = entries["reversible"].node
    if isinstance(node, Scalar) and isinstance(node.value, bool):
        return node.value
    wrong_type(node, wanted="true or false", findings=findings)
    return None


def _read_data_class(entries: Mapping[str, Entry], *, findings: Findings) -> frozenset[str] | None:
    labels = _read_labels(entries, name="data_class", findings=findings)
    return None if labels is None else frozenset(label.upper() for label in labels)


def _read_labels(entries: Mapping[str, Entry], *, name: str, findings: Findings) -> list[str] | None:
    if name not in entries:
        return None
    labels = []
    for item in read_items(entries[name].node, wanted="a name", findings=findings) or ():
        if isinstance(item, Scalar) and isinstance(item.value, str) and LABELS.accepts(item.value):
            labels.append(item.value)
        else:
            wrong_type(item, wanted=f"a name ({LABELS.grammar})", findings=findings)
    return labels


def _read_sentence(entries: Mapping[str, Entry], *, name: str, longest: int, findings: Findings) -> str | None:
    if name not in entries:
        return None
    return read_text(entries[name].node, wanted="a sentence", longest=longest, findings=findings)


def _read_parameters(entries: Mapping[str, Entry], *, findings: Findings) -> JSON:
    return read_schema(entries["parameters"].node, findings=findings) if "parameters" in entries else None
