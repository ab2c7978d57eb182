"""Actions and sessions for which conditions hold, as far as they are easily made up.

Whatever comes out is only a proposal: whoever asks has to evaluate it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from decisions.engine.action import Action
from decisions.engine.conditions import Scalar
from decisions.engine.context import Context, Fact, Trust
from decisions.engine.examples import DEFAULT_OPERATION, FRESH
from decisions.engine.fields import FieldKind
from decisions.engine.globs import literal_segments
from decisions.engine.likeness import scalars
from decisions.engine.literals import Branch, Literal, Together, Tree
from decisions.engine.pointers import Path
from decisions.engine.proofs import Facts, possible_branches
from decisions.engine.scope import Scope
from receipts.signing.canonical import JSON

MOST_WITNESSES = 4
LONGEST_SHOWN = 200

_ELSEWHERE = "someone@outside.invalid"


@dataclass(frozen=True, slots=True)
class Witness:
    """An action, and the session in which it is asked for."""

    action: Action
    context: Context

    def __str__(self) -> str:
        shown = json.dumps(self.action.parameters, ensure_ascii=False)
        parameters = f" with {shown}" if self.action.parameters and len(shown) <= LONGEST_SHOWN else ""
        return f"{self.action.tool}.{self.action.operation}{parameters}"


def witnesses_of(*trees: Tree, scope: Scope) -> Iterator[Witness]:
    """Proposals of what all of `trees` could hold for."""
    for facts in possible_branches(Together(trees), scope=scope)[:MOST_WITNESSES]:
        parameters: dict[str, JSON] = {}
        context = FRESH
        for key in dict.fromkeys((each.comparison.field.kind, each.comparison.field.path) for each in facts.branch):
            kind, path = key
            value = _proposal(facts.about(key), scope=scope)
            if value is None:
                continue
            if kind is FieldKind.PARAMETER:
                _put(parameters, path, value)
            elif kind in _SESSION:
                context = _SESSION[kind](context, path, value)
        tool, operation = _name(facts)
        yield Witness(Action(tool, operation, parameters), context)


def _name(facts: Facts) -> tuple[str, str]:
    """A tool and operation; where a branch doesn't list them, something that its globs describe."""
    if facts.names:
        return facts.names[0]
    ends = [literal_segments(text) for text in _said(facts.branch, kind=FieldKind.WHOLE_NAME)]
    tools = [*_said(facts.branch, kind=FieldKind.TOOL), *(first for first, _ in ends if first is not None)]
    operations = [*_said(facts.branch, kind=FieldKind.OPERATION), *(last for _, last in ends if last is not None)]
    tool, operation = ((names or [other])[0] for names, other in ((tools, "tool"), (operations, DEFAULT_OPERATION)))
    return _filled(tool), _filled(operation)


def _said(branch: Branch, *, kind: FieldKind) -> list[str]:
    """The names and globs that some name of this kind has to be like."""
    asked = [each.comparison for each in branch if each.holds and each.comparison.field.kind is kind]
    return [str(scalars(each.operand)[0]) for each in asked if each.operator in ("in", "glob")]


def _filled(glob: str) -> str:
    return glob.replace("*", "x").replace("?", "x")


def _proposal(literals: Branch, *, scope: Scope) -> Any:
    """A value that makes the first of these literals true that speaks of one; None for none."""
    for each in literals:
        propose = _PROPOSALS.get(each.comparison.operator)
        if propose is not None:
            return propose(each, scope)
    return None


def _listed(literal: Literal, scope: Scope) -> Any:
    return scalars(literal.comparison.operand)[0] if literal.holds else _other_than(literal.comparison.operand)


def _other_than(operand: Any) -> Scalar:
    first = scalars(operand)[0]
    if isinstance(first, bool):
        return not first
    if isinstance(first, str):
        return "other"
    return 1 + max(each for each in scalars(operand) if isinstance(each, (int, float)))


def _beyond(step: int) -> Callable[[Literal, Scope], Any]:
    """A number on the side of a bound that makes the literal true."""
    return lambda literal, scope: literal.comparison.operand + (step if literal.holds else -step)  # type: ignore[operator]


def _place(literal: Literal, scope: Scope) -> str:
    if literal.holds or not scope.domains.exact:
        return _ELSEWHERE
    return f"someone@{min(scope.domains.exact)}"


def _put(parameters: dict[str, Any], path: Path, value: JSON) -> None:
    """Sets a member, with the objects that lead to it; what is in the way stays."""
    for name in path[:-1]:
        inner = parameters.setdefault(name, {})
        if not isinstance(inner, dict):
            return
        parameters = inner
    if path:
        parameters.setdefault(path[-1], value)


def _fact(context: Context, path: Path, value: Any) -> Context:
    fact = Fact(value=value, trust=Trust.ATTESTED, source="lint", recorded_at=context.at)
    return replace(context, facts={**context.facts, path[0]: fact})


def _signal(context: Context, path: Path, value: Any) -> Context:
    return replace(context, risk_signals={**context.risk_signals, path[0]: value})


def _member(name: str, *, as_set: bool = False) -> Callable[[Context, Path, Any], Context]:
    def told(context: Context, path: Path, value: Any) -> Context:
        changes: dict[str, Any] = {name: frozenset({value}) if as_set else value}
        return replace(context, **changes)

    return told


_PROPOSALS: Mapping[str, Callable[[Literal, Scope], Any]] = {
    "in": _listed,
    "contains": _listed,
    "starts_with": _listed,
    "ends_with": _listed,
    "path_within": lambda literal, scope: scalars(literal.comparison.operand)[0] if literal.holds else "/",
    "gt": _beyond(1),
    "gte": _beyond(1),
    "lt": _beyond(-1),
    "lte": _beyond(-1),
    "range": lambda literal, scope: scalars(literal.comparison.operand)[0],
    "external": _place,
    "absent": lambda literal, scope: None if literal.holds else "something",
}
_SESSION: Mapping[FieldKind, Callable[[Context, Path, Any], Context]] = {
    FieldKind.FACT: _fact,
    FieldKind.SIGNAL: _signal,
    FieldKind.REQUEST: _member("original_request"),
    FieldKind.INTENT: _member("intent"),
    FieldKind.ACTION_COUNT: _member("action_count"),
    FieldKind.EFFECT: _member("registered_effect"),
    FieldKind.DATA_KINDS: _member("data_kinds", as_set=True),
    FieldKind.TOOLS_USED: _member("tools_used", as_set=True),
    FieldKind.TAINT: _member("taint", as_set=True),
}
