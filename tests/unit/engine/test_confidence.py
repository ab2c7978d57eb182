"""Confidence: how much of what a ruling rests on could be evaluated."""

from __future__ import annotations

import pytest

from decisions.engine.confidence import FULL, lowest_confidence
from decisions.engine.context import Trust
from decisions.engine.subject import Subject
from decisions.engine.verdict import Decision, ReasonCode, RiskLevel
from tests.unit.engine.scenes import context, facts, policy_in, policy_of, problems_of, ruling, text_of

THREE = "{any: [{parameters: {a: 1}}, {parameters: {b: 1}}, {facts: {c: 1}}]}"


@pytest.mark.parametrize(
    ("match", "confidence"),
    [
        ("any", 1.0), ("{tool: t.o}", 1.0), ("{tool: t.o, parameters: {a: 1}}", 1.0), (THREE, 0.33),
        ("{any: [{parameters: {a: 1}}, {parameters: {b: 1}}]}", 0.5), ("{not: {parameters: {a: 2}}}", 1.0),
        ("{not: {all: [{parameters: {a: 2}}, {parameters: {b: 1}}]}}", 0.5),
        ("{not: {any: [{parameters: {a: 2}}, {parameters: {a: 3}}]}}", 1.0),
        ("{parameters: {a: {gt: 0, lt: 5}}}", 1.0), ("{parameters: {b: {absent: true}}}", 1.0),
        ("{any: [{tool: t.o}, {parameters: {b: 1}}]}", 0.0),
    ],
)  # fmt: skip
def test_it_is_the_share_of_comparisons_that_are_known(match: str, confidence: float) -> None:
    policy = policy_of(f"- {{id: a, match: {match}, action: ALLOW}}")
    answer = ruling(policy, "t.o", {"a": 1})
    assert (answer.decision, answer.confidence) == (Decision.ALLOW, confidence)


def test_the_agents_mere_word_counts_half() -> None:
    rules = "- {id: a, match: {facts: {x: 1}, parameters: {p: 1}}, trust: asserted, action: ALLOW}"
    for trust, confidence in ((Trust.ATTESTED, 1.0), (Trust.ASSERTED, 0.75)):
        assert ruling(policy_of(rules), "t.o", {"p": 1}, facts=facts(trust, x=1)).confidence == confidence
    asked = "- {id: a, match: {original_request: {contains: x}}, trust: asserted, action: ALLOW}"
    for trust, confidence in ((Trust.ATTESTED, 1.0), (Trust.ASSERTED, 0.5)):
        found = ruling(policy_of(asked), "t.o", original_request="x", request_trust=trust)
        assert (found.decision, found.confidence) == (Decision.ALLOW, confidence)


def test_the_least_sure_of_the_deciding_rules_counts_and_no_other() -> None:
    rules = f"""
        - {{id: sure, match: any, action: ALLOW}}
        - {{id: unsure, match: {THREE}, action: %s}}
    """
    assert ruling(policy_of(rules % "ALLOW"), "t.o", {"a": 1}).confidence == 0.33
    assert ruling(policy_of(rules % "DENY"), "t.o", {"a": 1}).confidence == 0.33
    assert ruling(policy_of(rules % "DENY, priority: -1"), "t.o", {"a": 1}).confidence == 1.0


def test_what_held_a_ruling_back_counts() -> None:
    policy = policy_of("- {id: a, match: {parameters: {a: 1, b: 1}}, action: DENY, priority: 1}", default="ALLOW")
    assert ruling(policy, "t.o", {"a": 1}).confidence == 0.5
    assert ruling(policy, "t.o", {"a": 2}).confidence == 1.0


def test_the_names_that_a_deferral_waits_for_are_comparisons() -> None:
    rules = (
        "- {id: a, match: {any: [{parameters: {a: 1}}, {parameters: {b: 1}}]}, action: DEFER, context_needed: [x, y]}"
    )
    assert ruling(policy_of(rules), "t.o", {"a": 1}).confidence == 0.75


@pytest.mark.parametrize("action", ["ALLOW", "MODIFY, modifications: {cap: {n: 1}}", "STEP_UP, approvers: [g]"])
def test_below_its_threshold_nothing_is_permitted_or_asked(action: str) -> None:
    rules = f"- {{id: a, match: {THREE}, risk_level: CRITICAL, action: {action}%s}}"
    assert ruling(policy_of(rules % ""), "t.o", {"a": 1, "n": 5}).reason_code is ReasonCode.RULE_MATCHED
    for policy in (
        policy_of(rules % ", threshold: 0.34"),
        policy_in("thresholds: {confidence: 0.34}", rules=rules % ""),
        policy_in("thresholds: {confidence: 0.34}", rules=rules % ", threshold: 0.1"),
    ):
        answer = ruling(policy, "t.o", {"a": 1, "n": 5})
        assert (answer.decision, answer.reason_code) == (Decision.DEFER, ReasonCode.LOW_CONFIDENCE)
        assert (answer.rule_id, answer.context_needed) == (None, ("c", "parameters.b"))
        assert (answer.risk_level, answer.timeout_seconds) == (RiskLevel.CRITICAL, 300)
    enough = policy_in("thresholds: {confidence: 0.33}", rules=rules % ", threshold: 0.33")
    assert ruling(enough, "t.o", {"a": 1, "n": 5}).reason_code is ReasonCode.RULE_MATCHED


@pytest.mark.parametrize("action", ["DENY", "DEFER"])
def test_what_permits_nothing_needs_no_confidence(action: str) -> None:
    policy = policy_of(f"- {{id: a, match: {THREE}, action: {action}, threshold: 1}}", default="ALLOW")
    assert ruling(policy, "t.o", {"a": 1}).rule_id == "a"


def test_the_deciding_rule_that_demands_most_is_heard() -> None:
    rules = f"""
        - {{id: a, match: {THREE}, action: ALLOW}}
        - {{id: b, match: any, action: ALLOW, threshold: 0.5}}
    """
    assert ruling(policy_of(rules), "t.o", {"a": 1}).reason_code is ReasonCode.LOW_CONFIDENCE
    sure = {"facts": facts(Trust.ATTESTED, c=2)}
    assert ruling(policy_of(rules), "t.o", {"a": 1, "b": 1}, **sure).decision is Decision.ALLOW


def test_a_modification_is_as_sure_as_its_least_sure_round() -> None:
    rules = f"""
        - {{id: cap, match: {{parameters: {{n: {{gt: 1}}}}}}, action: MODIFY, modifications: {{cap: {{n: 1}}}}}}
        - {{id: then, match: {{all: [{{parameters: {{n: 1}}}}, {THREE}]}}, action: ALLOW%s}}
    """
    answer = ruling(policy_of(rules % ""), "t.o", {"n": 5, "a": 1})
    assert (answer.decision, answer.confidence) == (Decision.MODIFY, 0.5)
    assert ruling(policy_of(rules % ", threshold: 0.6"), "t.o", {"n": 5, "a": 1}).decision is Decision.DEFER


@pytest.mark.parametrize("threshold", ["'1'", "true", "1.5", "-0.1", "null"])
def test_a_threshold_is_a_share(threshold: str) -> None:
    rule = "- {id: a, match: any, action: ALLOW, threshold: %s}"
    assert policy_of(rule % "0.5").rules
    assert {found.code for found in problems_of(text_of(rule % threshold))} <= {"wrong_type", "out_of_range"}


def test_a_rule_without_comparisons_has_all_the_confidence_there_is() -> None:
    nothing = policy_of("- {id: a, match: {tool: t.o}, action: ALLOW}").rules[0].grounds
    subject = Subject("t", "o", {}, context())
    assert nothing.items == ()
    assert (nothing.confidence(subject), nothing.doubtful(subject)) == (FULL, frozenset())
    assert lowest_confidence([], subject=subject) == FULL
