"""Reading the `match:` of a rule into a condition."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TypeAlias

from decisions.engine.conditions import Anything, Condition, Negation
from decisions.engine.field_matching import either, joined, read_asked, read_field
from decisions.engine.fields import CATALOGUE_NAMES, CONTEXT_NAMES, FACT_NAMES, IDENTITY_NAMES, SIGNAL_NAMES
from decisions.engine.readers import nearest, read_items, wrong_type
from decisions.engine.source import Mapping as MappingNode
from decisions.engine.source import Node, Scalar, Sequence
from decisions.engine.time_matching import read_time
from decisions.engine.tool_matching import read_operation, read_tool
from decisions.engine.vocabulary import Reading

__all__ = ["read_context", "read_entry", "read_field", "read_match"]

_ReadKey: TypeAlias = Callable[[Node, Reading], Condition | None]

_MATCH = "a mapping of what to match, or `any`"


def read_match(node: Node, *, reading: Reading) -> Condition | None:
    """The condition that a `match:` stands for; `any` holds for everything, an empty one is refused."""
    if isinstance(node, Scalar) and node.value == "any":
        return Anything()
    return _read_terms(node, reading)


def read_context(node: Node, *, reading: Reading) -> Condition | None:
    """The condition that a `context:` stands for, wherever it is written."""
    return _FAMILIES["context"](node, reading)


def read_entry(key: Scalar, node: Node, *, splits_tool: bool, reading: Reading) -> Condition | None:
    """What one key of a match asks, groups left aside."""
    if key.text == "tool":
        return read_tool(node, splits=splits_tool, reading=reading)
    read = _FAMILIES.get(key.text)
    if read is not None:
        return read(node, reading)
    field = read_field(key.text)
    if field is None:
        why, fix = f"`{key.text}` can't be matched.", nearest(key.text, known=_known_keys(key.text, reading=reading))
        reading.findings.report(key.place, code="unknown_key", why=why, fix=fix)
        return None
    return read_asked(node, field=field, reading=reading)


def _read_terms(node: Node, reading: Reading) -> Condition | None:
    """A mapping, all of whose keys must hold."""
    if not isinstance(node, MappingNode):
        wrong_type(node, wanted=_MATCH, findings=reading.findings)
        return None
    if not node.entries:
        fix = "Name what to match, or write `match: any` for everything."
        reading.findings.report(node.place, code="empty_match", why="An empty match is refused.", fix=fix)
        return None
    has_operation = any(key.text == "operation" for key, _ in node.entries)
    return joined(
        _GROUPS[key.text](value, reading)
        if key.text in _GROUPS
        else read_entry(key, value, splits_tool=not has_operation, reading=reading)
        for key, value in node.entries
    )


def _list(join: Callable[[Iterable[Condition | None]], Condition | None]) -> _ReadKey:
    """The reader of a list of matches."""

    def read(node: Node, reading: Reading) -> Condition | None:
        if not isinstance(node, Sequence):
            wrong_type(node, wanted="a list of matches", findings=reading.findings)
            return None
        items = read_items(node, wanted="a match", findings=reading.findings)
        return None if items is None else join(_read_terms(item, reading) for item in items)

    return read


def _read_not(node: Node, reading: Reading) -> Condition | None:
    item = _read_terms(node, reading)
    return None if item is None else Negation(item)


def _block(family: str, *, known: tuple[str, ...] = ()) -> _ReadKey:
    """The reader of a mapping whose keys are fields of one family."""

    def read(node: Node, reading: Reading) -> Condition | None:
        if not isinstance(node, MappingNode) or not node.entries:
            wrong_type(node, wanted=f"a mapping of {family} to conditions", findings=reading.findings)
            return None
        return joined(read_one(key, value, reading) for key, value in node.entries)

    def read_one(key: Scalar, node: Node, reading: Reading) -> Condition | None:
        field = read_field(f"{family}.{key.text}")
        if field is None:
            why = f"`{key.text}` is no name that {family} can have."
            fix = nearest(key.text, known=known) if known else f"Write {FACT_NAMES.grammar}, or a path."
            reading.findings.report(key.place, code="unknown_key", why=why, fix=fix)
            return None
        return read_asked(node, field=field, reading=reading)

    return read


def _known_keys(name: str, *, reading: Reading) -> tuple[str, ...]:
    """The names among which to look for the one that was meant: of one family, or all that stand by themselves."""
    family, dot, _ = name.partition(".")
    members = _MEMBERS.get(family, ())
    if dot and members:
        return tuple(f"{family}.{member}" for member in members)
    groups = () if reading.is_constraint else tuple(_GROUPS)
    return (*groups, *_FAMILIES, "tool", "original_request")


_MEMBERS: Mapping[str, tuple[str, ...]] = {
    "context": CONTEXT_NAMES,
    "identity": IDENTITY_NAMES,
    "risk_signals": SIGNAL_NAMES,
    "tool": CATALOGUE_NAMES,
}
_GROUPS: Mapping[str, _ReadKey] = {"all": _list(joined), "any": _list(either), "not": _read_not}
_FAMILIES: Mapping[str, _ReadKey] = {
    "operation": lambda node, reading: read_operation(node, reading=reading),
    "time": lambda node, reading: read_time(node, reading=reading),
    "parameters": _block("parameters"),
    "facts": _block("facts"),
    **{name: _block(name, known=members) for name, members in _MEMBERS.items() if name != "tool"},
}
