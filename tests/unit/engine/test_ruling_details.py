"""Details of rulings that random triples seldom show: what rules ask for together, their sentences, and running out."""

from __future__ import annotations

import pytest

from decisions.engine.budget import MOST_STEPS
from decisions.engine.verdict import Decision, ReasonCode, Route, Stage
from receipts.signing.canonical import JSON
from tests.unit.engine.scenes import policy_in, policy_of, ruling

TWO_QUESTIONS = """
- {id: a, match: any, action: STEP_UP, approvers: [g], risk_level: HIGH, editable: [to, amount]}
- {id: b, match: any, action: STEP_UP, approvers: [h], editable: [amount, note]}
"""
WAITS = """
- {id: a, match: any, action: DEFER, context_needed: [window]%s}
- {id: b, match: any, action: DEFER, context_needed: [ticket], on_timeout: STEP_UP, approvers: [h]}
"""
NEEDS = "- {id: a, match: {parameters: {to: x@y.example%s}}, action: ALLOW}"
LONG: dict[str, JSON] = {"items": [0] * (MOST_STEPS + 1)}
EVERY = "match: {parameters: {items: {every: {eq: 0}}}}"


def test_reviewers_change_only_what_every_rule_lets_them_change() -> None:
    route = ruling(policy_of(TWO_QUESTIONS), "t.o").route
    assert route is not None
    assert (route.editable, route.stages) == (("/amount",), (Stage("g", 1), Stage("h", 1)))


@pytest.mark.parametrize(
    ("first", "asked"),
    [(", on_timeout: STEP_UP, approvers: [g]", (Stage("g", 1), Stage("h", 1))), ("", None)],
)
def test_people_are_asked_at_the_timeout_if_every_rule_says_so(first: str, asked: tuple[Stage, ...] | None) -> None:
    answer = ruling(policy_of(WAITS % first), "t.o")
    assert answer.decision is Decision.DEFER
    assert answer.on_timeout == (None if asked is None else Route(asked, 3600, answer.risk_level))


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("", "Not enough is known to apply a: parameters.to is missing or can't be relied on."),
        (", cc: z@y.example", "Not enough is known to apply a: parameters.cc, parameters.to are missing or can't be "),
    ],
)
def test_what_is_missing_is_said_in_the_singular_or_the_plural(more: str, said: str) -> None:
    answer = ruling(policy_of(NEEDS % more), "t.o")
    assert answer.reason_code is ReasonCode.MISSING_CONTEXT
    assert answer.reason.startswith(said)


def test_a_threshold_that_nothing_is_known_about_is_no_rule_to_apply() -> None:
    policy = policy_in("thresholds: {alignment: 0.5}", rules="- {id: a, match: any, action: ALLOW}")
    assert ruling(policy, "t.o", risk_signals={"alignment": 0.9}).decision is Decision.ALLOW
    reason = ruling(policy, "t.o").reason
    assert reason == "Not enough is known to judge this: risk_signals.alignment is missing or can't be relied on."


def test_an_evaluation_that_takes_too_many_steps_denies() -> None:
    policy = policy_of(f"- {{id: a, {EVERY}, action: ALLOW}}")
    assert ruling(policy, "t.o", {"items": [0]}).decision is Decision.ALLOW
    answer = ruling(policy, "t.o", LONG)
    assert (answer.decision, answer.reason_code, answer.rule_id) == (Decision.DENY, ReasonCode.POLICY_BUDGET, None)
    assert answer.parameters == LONG


def test_a_shadow_that_takes_too_many_steps_is_told_and_changes_nothing() -> None:
    policy = policy_of(f"- {{id: a, match: any, action: ALLOW}}\n- {{id: b, {EVERY}, action: DENY, mode: shadow}}")
    tried = ruling(policy, "t.o", {"items": [0]}).shadow
    assert tried is not None
    # Two of one standing disagree.
    assert tried.rule_id is None
    answer = ruling(policy, "t.o", LONG)
    assert answer.decision is Decision.ALLOW
    assert answer.shadow is not None
    assert answer.shadow.decision is Decision.DENY
