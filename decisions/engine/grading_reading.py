"""Reading what a policy says of the levels of data: `levels:` and `classification:`."""

from __future__ import annotations

from decisions.engine.fields import LABELS
from decisions.engine.folding import fold
from decisions.engine.levels import NOT_CLASSIFIED, STANDARD_GRADING, STANDARD_NAMES, Grading
from decisions.engine.readers import nearest, read_items, read_mapping, shown, wrong_type
from decisions.engine.source import Findings, Mapping, Node, Scalar

GRADING_KEYS = ("kinds", "unclassified")
_KEYS = {name: name for name in GRADING_KEYS}


def read_levels(node: Node, *, findings: Findings) -> tuple[str, ...]:
    """The levels of data, lowest first, in upper case."""
    items = read_items(node, wanted="a level", findings=findings) or ()
    names: list[str] = []
    for item in items:
        name = _read_label(item, wanted="the name of a level", findings=findings)
        if name is None:
            continue
        if fold(name) in map(fold, names):
            why, fix = f"{shown(item)} is a level already.", "Name each level once."
            findings.report(item.place, code="duplicate_level", why=why, fix=fix)
        else:
            names.append(name)
    return tuple(names) or STANDARD_NAMES


def read_grading(node: Node, *, levels: tuple[str, ...], findings: Findings) -> Grading:
    """Which level each kind of data has, and which one everything else."""
    entries = read_mapping(node, keys=_KEYS, what="`classification`", findings=findings)
    if entries is None:
        return STANDARD_GRADING
    if not entries:
        fix = f"Name one of {', '.join(GRADING_KEYS)}."
        findings.report(node.place, code="missing_key", why="The classification has nothing.", fix=fix)
    others = None
    if "unclassified" in entries:
        others = _read_level(entries["unclassified"].node, levels=levels, findings=findings)
    kinds = _read_kinds(entries["kinds"].node, levels=levels, findings=findings) if "kinds" in entries else {}
    return Grading(kinds=tuple(sorted(kinds.items())), unclassified=others)


def _read_kinds(node: Node, *, levels: tuple[str, ...], findings: Findings) -> dict[str, str]:
    if not isinstance(node, Mapping):
        wrong_type(node, wanted="a mapping of kinds of data to levels", findings=findings)
        return {}
    kinds: dict[str, str] = {}
    for key, value in node.entries:
        kind = _read_label(key, wanted="a kind of data", findings=findings)
        level = _read_level(value, levels=levels, findings=findings)
        if kind is None or level is None:
            continue
        if fold(kind) in {*map(fold, levels), *map(fold, kinds)}:
            why, fix = f"{shown(key)} has a level already.", "Name each kind once, and no level."
            findings.report(key.place, code="duplicate_level", why=why, fix=fix)
        else:
            kinds[kind] = level
    return kinds


def _read_label(node: Node, *, wanted: str, findings: Findings) -> str | None:
    if not isinstance(node, Scalar) or not isinstance(node.value, str) or not LABELS.accepts(node.value):
        wrong_type(node, wanted=f"{wanted} ({LABELS.grammar})", findings=findings)
        return None
    if fold(node.value) == fold(NOT_CLASSIFIED):
        why = f"{shown(node)} marks what nothing has classified."
        fix = "Say which level that has under `classification: {unclassified: …}`."
        findings.report(node.place, code="reserved_label", why=why, fix=fix)
        return None
    return node.value.upper()


def _read_level(node: Node, *, levels: tuple[str, ...], findings: Findings) -> str | None:
    word = node.value if isinstance(node, Scalar) else None
    named = [level for level in levels if isinstance(word, str) and fold(level) == fold(word)]
    if named:
        return named[0]
    why, fix = f"{shown(node)} is no level.", nearest(str(word), known=levels)
    findings.report(node.place, code="unknown_value", why=why, fix=fix)
    return None
