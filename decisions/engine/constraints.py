"""Reading the `constraints:` of a rule: what must be so, and the rule holds where one of them is violated."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TypeAlias

from decisions.engine.conditions import Comparison, Condition, Negation
from decisions.engine.counters import Per
from decisions.engine.field_matching import joined, read_field, read_operator
from decisions.engine.fields import Field, FieldKind, parameter_field
from decisions.engine.limits import LONGEST_WINDOW, Limit
from decisions.engine.matching import read_entry
from decisions.engine.readers import Entry, members, read_choice, read_mapping, read_seconds, wrong_type
from decisions.engine.source import Findings, Node, Scalar
from decisions.engine.source import Mapping as MappingNode
from decisions.engine.values import is_number
from decisions.engine.vocabulary import Reading

_ReadKey: TypeAlias = Callable[[Node, Reading], Condition | None]

_RATE = {name: name for name in ("max", "window", "per")}
_BUDGET = {**_RATE, "sum": "sum"}
_LIMITS = frozenset({"rate", "budget"})
_ALL_PARAMETERS = parameter_field(())
_MOST = 1_000_000_000_000


def read_constraints(node: Node, *, reading: Reading) -> Condition | None:
    """The condition that some constraint is violated, or None where they could not be read."""
    reading, findings = replace(reading, is_constraint=True), reading.findings
    if not isinstance(node, MappingNode) or not node.entries:
        wrong_type(node, wanted="a mapping of what must be so", findings=findings)
        return None
    limits = [key for key, _ in node.entries if key.text in _LIMITS]
    for key in limits[1:]:
        why, fix = "A rule has a rate or a budget, not both.", "Write a second rule."
        findings.report(key.place, code="duplicate_key", why=why, fix=fix)
    must_hold = joined(_read_constraint(key, value, reading=reading) for key, value in node.entries)
    return None if must_hold is None else Negation(must_hold)


def _read_constraint(key: Scalar, node: Node, *, reading: Reading) -> Condition | None:
    read = _KEYS.get(key.text)
    return read(node, reading) if read else read_entry(key, node, splits_tool=True, reading=reading)


def _read_parameters(node: Node, reading: Reading) -> Condition | None:
    """`parameters:` as in a match, but for `schema`, which is asked of all of them together."""
    if not isinstance(node, MappingNode):
        wrong_type(node, wanted="a mapping of parameters to conditions", findings=reading.findings)
        return None
    whole = [(key, value) for key, value in node.entries if key.text == "schema"]
    others = MappingNode(tuple(pair for pair in node.entries if pair not in whole), node.place)
    asked = [read_operator(key, value, field=_ALL_PARAMETERS, reading=reading) for key, value in whole]
    if others.entries or not whole:
        key = Scalar("parameters", "parameters", node.place)
        asked.append(read_entry(key, others, splits_tool=True, reading=reading))
    return joined(asked)


def _read_rate(node: Node, reading: Reading) -> Condition | None:
    entries = read_mapping(node, keys=_RATE, what="`rate`", findings=reading.findings)
    limit = None if entries is None else _read_limit(entries, node=node, is_whole=True, findings=reading.findings)
    return None if limit is None else Comparison(Field(FieldKind.COUNTED), "rate", limit)


def _read_budget(node: Node, reading: Reading) -> Condition | None:
    entries = read_mapping(node, keys=_BUDGET, what="`budget`", findings=reading.findings)
    if entries is None:
        return None
    summed = _read_summed(entries, node=node, findings=reading.findings)
    limit = _read_limit(entries, node=node, is_whole=False, findings=reading.findings)
    if summed is None or limit is None:
        return None
    return Comparison(Field(FieldKind.COUNTED, summed.path), "budget", limit)


def _read_summed(entries: Mapping[str, Entry], *, node: Node, findings: Findings) -> Field | None:
    if "sum" not in entries:
        _missing(node, name="sum", fix="Add `sum: parameters.NAME`.", findings=findings)
        return None
    name = entries["sum"].node
    field = read_field(name.text) if isinstance(name, Scalar) else None
    if field is not None and field.kind is FieldKind.PARAMETER:
        return field
    wrong_type(name, wanted="a parameter such as `parameters.amount`", findings=findings)
    return None


def _read_limit(entries: Mapping[str, Entry], *, node: Node, is_whole: bool, findings: Findings) -> Limit | None:
    for name in ("max", "window"):
        if name not in entries:
            _missing(node, name=name, fix=f"Add `{name}:`.", findings=findings)
    if "max" not in entries or "window" not in entries:
        return None
    maximum = _read_maximum(entries["max"].node, is_whole=is_whole, findings=findings)
    seconds = read_seconds(entries["window"].node, lowest=1, highest=LONGEST_WINDOW, findings=findings)
    per = _read_per(entries, findings=findings)
    return None if maximum is None or seconds is None or per is None else Limit(maximum, seconds, per)


def _read_maximum(node: Node, *, is_whole: bool, findings: Findings) -> int | float | None:
    value = node.value if isinstance(node, Scalar) else None
    if is_number(value) and 0 <= value <= _MOST and (isinstance(value, int) or not is_whole):
        return value
    wrong_type(node, wanted=f"a {'whole ' if is_whole else ''}number from 0 to {_MOST}", findings=findings)
    return None


def _read_per(entries: Mapping[str, Entry], *, findings: Findings) -> Per | None:
    if "per" not in entries:
        return Per.SESSION
    return read_choice(entries["per"].node, choices=members(Per), findings=findings)


def _missing(node: Node, *, name: str, fix: str, findings: Findings) -> None:
    findings.report(node.place, code="missing_key", why=f"`{name}` is missing.", fix=fix)


_KEYS: Mapping[str, _ReadKey] = {"parameters": _read_parameters, "rate": _read_rate, "budget": _read_budget}
