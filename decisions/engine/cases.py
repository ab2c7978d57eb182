"""Running the cases of a policy: what was expected, what came, and where the two differ."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from decisions.engine.action import Action
from decisions.engine.changes import is_same
from decisions.engine.context import Context
from decisions.engine.examples import Case
from decisions.engine.pdp import evaluate
from decisions.engine.policy import Policy
from decisions.engine.verdict import Ruling, ShadowRuling
from receipts.signing.canonical import JSON


@dataclass(frozen=True, slots=True)
class Difference:
    """One member of a ruling that came out otherwise than a case expects."""

    name: str
    expected: JSON
    actual: JSON

    def __str__(self) -> str:
        return f"{self.name}: expected {self.expected!r}, got {self.actual!r}"


@dataclass(frozen=True, slots=True)
class CaseResult:
    """A case, the ruling on it, and every difference; a case without any has passed."""

    case: Case
    ruling: Ruling
    differences: tuple[Difference, ...]

    @property
    def has_passed(self) -> bool:
        """Whether the ruling is what the case expects."""
        return not self.differences


class Judge(Protocol):
    """Whoever rules on an action: the engine by itself, or with what is inside the action."""

    def __call__(self, action: Action, /, *, context: Context, policy: Policy) -> Ruling: ...


def run_cases(cases: Iterable[Case], *, policy: Policy, judge: Judge = evaluate) -> tuple[CaseResult, ...]:
    """The result of every case under `policy`."""
    return tuple(run_case(case, policy=policy, judge=judge) for case in cases)


def run_case(case: Case, *, policy: Policy, judge: Judge = evaluate) -> CaseResult:
    """The result of one case under `policy`."""
    ruling = judge(case.action, context=case.context, policy=policy)
    pairs = ((name, expected, _SHOWN[name](ruling)) for name, expected in case.expected.items())
    differences = (_difference(name, expected=expected, actual=actual) for name, expected, actual in pairs)
    return CaseResult(case, ruling, tuple(each for each in differences if each is not None))


def _difference(name: str, *, expected: JSON, actual: JSON) -> Difference | None:
    if name == "shadow" and isinstance(expected, dict) and isinstance(actual, dict):
        # A case says of the second outcome only what it cares about.
        actual = {key: value for key, value in actual.items() if key in expected}
    if name in _UNORDERED and isinstance(expected, list):
        expected = sorted(expected, key=str)
    return None if is_same(expected, actual) else Difference(name, expected, actual)


def _shadow(shadow: ShadowRuling | None) -> JSON:
    if shadow is None:
        return None
    return {
        "decision": shadow.decision.value,
        "rule": shadow.rule_id,
        "reason": shadow.reason,
        "reason_code": shadow.reason_code.value,
    }


# A ruling in the words of cases.
_SHOWN: Mapping[str, Callable[[Ruling], Any]] = {
    "decision": lambda ruling: ruling.decision.value,
    "rule": lambda ruling: ruling.rule_id,
    "reason": lambda ruling: ruling.reason,
    "reason_code": lambda ruling: ruling.reason_code.value,
    "risk_level": lambda ruling: ruling.risk_level.value,
    "classification": lambda ruling: ruling.classification.value if ruling.classification else None,
    "confidence": lambda ruling: ruling.confidence,
    "parameters": lambda ruling: ruling.parameters,
    "context_needed": lambda ruling: list(ruling.context_needed),
    "labels": lambda ruling: sorted(ruling.labels),
    "approvers": lambda ruling: {stage.group: stage.count for stage in ruling.route.stages} if ruling.route else {},
    "timeout": lambda ruling: ruling.timeout_seconds,
    "matched": lambda ruling: list(ruling.matched_rules),
    "shadow": lambda ruling: _shadow(ruling.shadow),
}
_UNORDERED = frozenset({"context_needed", "labels"})
