"""Reading the `modifications:` of a MODIFY rule."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TypeAlias

from decisions.engine.changes import Change, ChangeKind, meetings
from decisions.engine.pointers import Path, pointer, read_path
from decisions.engine.readers import read_integer, read_items, read_json, read_mapping, wrong_type
from decisions.engine.source import Findings, Node, Scalar, Sequence
from decisions.engine.source import Mapping as MappingNode
from receipts.signing.canonical import JSON

LONGEST_REMAINDER = 1000

# Every accepted spelling. `parameters:` is the published one of `replace:`.
_DOTTED = "parameters."
MODIFICATION_KEYS = {**{kind.value: kind.value for kind in ChangeKind}, "parameters": "replace"}

# The value comes in a tuple of its own, because null is a value that a rule may set; None was reported.
_ReadValue: TypeAlias = Callable[[Node, Findings], tuple[JSON] | None]


def read_changes(node: Node, *, findings: Findings) -> tuple[Change, ...]:
    """The changes that a rule makes, in reading order: of one mapping, or of a list of them. No two may meet."""
    changes: list[Change] = []
    for part in node.items if isinstance(node, Sequence) else (node,):
        dotted, kinds = _taken_apart(part)
        changes.extend(_read_block(dotted, kind=ChangeKind.REPLACE, findings=findings))
        entries = read_mapping(kinds, keys=MODIFICATION_KEYS, what="`modifications`", findings=findings)
        for name, entry in (entries or {}).items():
            changes.extend(_read_block(entry.node, kind=ChangeKind(name), findings=findings))
    if not changes:
        fix = f"Add one of: {', '.join(ChangeKind)}."
        findings.report(node.place, code="no_change", why="Nothing would be changed.", fix=fix)
    for one, other in meetings(changes):
        why, fix = f"{pointer(one.path)} and {pointer(other.path)} meet.", "Change each place once."
        findings.report(node.place, code="changes_meet", why=why, fix=fix)
    return tuple(changes)


def _taken_apart(part: Node) -> tuple[MappingNode, Node]:
    """What replaces a parameter by its dotted name, and the kinds of change."""
    if not isinstance(part, MappingNode):
        return MappingNode((), part.place), part
    dotted: list[tuple[Scalar, Node]] = []
    kinds: list[tuple[Scalar, Node]] = []
    for key, value in part.entries:
        (dotted if key.text.startswith(_DOTTED) else kinds).append((key, value))
    return MappingNode(tuple(dotted), part.place), MappingNode(tuple(kinds), part.place)


def _read_block(node: Node, *, kind: ChangeKind, findings: Findings) -> Iterator[Change]:
    read_value = _VALUES.get(kind)
    if read_value is None:
        for item in read_items(node, wanted="a parameter", findings=findings) or ():
            path = _read_name(item, findings=findings)
            if path is not None:
                yield Change(kind, path, None)
        return
    if not isinstance(node, MappingNode):
        wrong_type(node, wanted="a mapping of parameters to values", findings=findings)
        return
    for key, value_node in node.entries:
        path, value = _read_name(key, findings=findings), read_value(value_node, findings)
        if path is not None and value is not None:
            yield Change(kind, path, value[0])


def _read_name(node: Node, *, findings: Findings) -> Path | None:
    """A parameter's path; `parameters.` before it is accepted, because others write it."""
    text = node.value if isinstance(node, Scalar) else None
    path = read_path(text.removeprefix(_DOTTED)) if isinstance(text, str) else None
    if path is None:
        fix = "Write a name, a dotted path, or a JSON pointer."
        shown = node.text if isinstance(node, Scalar) else "This"
        findings.report(node.place, code="bad_path", why=f"`{shown}` is no path.", fix=fix)
    return path


def _read_any(node: Node, findings: Findings) -> tuple[JSON] | None:
    return (read_json(node),)


def _read_number(node: Node, findings: Findings) -> tuple[JSON] | None:
    value = node.value if isinstance(node, Scalar) else None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        wrong_type(node, wanted="a number", findings=findings)
        return None
    return (value,)


def _read_bounds(node: Node, findings: Findings) -> tuple[JSON] | None:
    items = node.items if isinstance(node, Sequence) else ()
    if len(items) != 2:
        wrong_type(node, wanted="a list of the lowest and the highest number", findings=findings)
        return None
    low, high = (_read_number(item, findings) for item in items)
    if low is None or high is None:
        return None
    if _first_number(low) > _first_number(high):
        why, fix = "The lowest number is above the highest.", "Write the lower number first."
        findings.report(node.place, code="out_of_range", why=why, fix=fix)
    return ([*low, *high],)


def _first_number(values: tuple[JSON]) -> int | float:
    (value,) = values
    assert isinstance(value, (int, float)), "`_read_number` gives only numbers"
    return value


def _read_remainder(node: Node, findings: Findings) -> tuple[JSON] | None:
    shown = read_integer(node, lowest=0, highest=LONGEST_REMAINDER, findings=findings)
    return None if shown is None else (shown,)


def _read_members(node: Node, findings: Findings) -> tuple[JSON] | None:
    if not isinstance(node, MappingNode) or not node.entries:
        wrong_type(node, wanted="a mapping of members to values", findings=findings)
        return None
    return (read_json(node),)


# What stands beside a name. Kinds that aren't here take a list of names.
_VALUES: Mapping[ChangeKind, _ReadValue] = {
    ChangeKind.REPLACE: _read_any,
    ChangeKind.CAP: _read_number,
    ChangeKind.CLAMP: _read_bounds,
    ChangeKind.MASK: _read_remainder,
    ChangeKind.ADD_FILTER: _read_members,
}
