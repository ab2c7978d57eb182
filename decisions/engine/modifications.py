"""Reading the `modifications:` of a MODIFY rule."""

from __future__ import annotations

from itertools import combinations

from decisions.engine.pointers import pointer, read_path
from decisions.engine.readers import read_json, read_mapping, wrong_type
from decisions.engine.rewrite import Change, ChangeKind, are_in_conflict
from decisions.engine.source import Findings, Mapping, Node, Scalar

# `parameters:` is the published spelling of `replace:`.
_KEYS = {"replace": "replace", "parameters": "replace", "cap": "cap"}


def read_changes(node: Node, *, findings: Findings) -> tuple[Change, ...]:
    """The changes that a rule makes, in reading order. No two of them may meet."""
    entries = read_mapping(node, keys=_KEYS, what="`modifications`", findings=findings)
    changes: list[Change] = []
    for name, entry in (entries or {}).items():
        changes.extend(_read_block(entry.node, kind=ChangeKind(name), findings=findings))
    if not changes:
        findings.report(node.place, code="no_change", why="Nothing would be changed.", fix="Add `replace` or `cap`.")
    for one, other in combinations(changes, 2):
        if are_in_conflict(one, other) or one.path == other.path:
            why, fix = f"{pointer(one.path)} and {pointer(other.path)} meet.", "Change each place once."
            findings.report(node.place, code="changes_meet", why=why, fix=fix)
    return tuple(changes)


def _read_block(node: Node, *, kind: ChangeKind, findings: Findings) -> list[Change]:
    if not isinstance(node, Mapping):
        wrong_type(node, wanted="a mapping of parameters to values", findings=findings)
        return []
    return [change for key, value in node.entries if (change := _read_change(key, value, kind=kind, findings=findings))]


def _read_change(key: Scalar, node: Node, *, kind: ChangeKind, findings: Findings) -> Change | None:
    path = read_path(key.text)
    if path is None:
        fix = "Write a name, a dotted path, or a JSON pointer."
        findings.report(key.place, code="bad_path", why=f"`{key.text}` is no path.", fix=fix)
        return None
    value = read_json(node)
    if kind is ChangeKind.CAP and (isinstance(value, bool) or not isinstance(value, (int, float))):
        wrong_type(node, wanted="a number", findings=findings)
        return None
    return Change(kind=kind, path=path, value=value)
