"""Rules of one priority: what they ask for together, when they conflict, and what an unknown one would change."""

from __future__ import annotations

import pytest

from decisions.engine.verdict import Decision, Escalation, ReasonCode, RiskLevel, Route, Stage
from tests.unit.engine.scenes import policy_in, policy_of, ruling


def test_questions_that_agree_ask_everything_and_let_only_what_all_allow_be_edited() -> None:
    rules = """
        - id: a
          match: any
          action: STEP_UP
          approvers: [g]
          questions: [One?, Two?]
          editable: [x, y]
          escalation: {after: 60, to: h}
        - id: b
          match: any
          action: STEP_UP
          approvers: [g]
          questions: [Two?, Three?]
          editable: [y, z]
          escalation: {after: 30, to: i}
    """
    route = ruling(policy_of(rules), "t.o").route
    assert route is not None
    assert (route.questions, route.editable) == (("One?", "Two?", "Three?"), ("/y",))
    assert route.escalation == (Escalation(30, ("i",)), Escalation(60, ("h",)))


def test_people_are_asked_after_a_deferral_only_if_all_rules_say_so() -> None:
    asking = "- {id: a, match: any, action: DEFER, on_timeout: STEP_UP, approvers: [{group: g, count: 2}], %s}"
    asking %= "resolvers: [r, s]"
    other = (
        asking.replace("id: a", "id: b, risk_level: HIGH")
        .replace("{group: g, count: 2}", "g, h")
        .replace("[r, s]", "[s, t]")
    )
    both = ruling(policy_of(f"{asking}\n{other}"), "t.o")
    assert both.on_timeout == Route((Stage("g", 2), Stage("h", 1)), timeout_seconds=3600, risk_level=RiskLevel.HIGH)
    assert both.resolvers == ("s", "t", "r")
    silent = ruling(policy_of(f"{asking}\n- {{id: b, match: any, action: DEFER}}"), "t.o")
    assert (silent.decision, silent.on_timeout) == (Decision.DEFER, None)


@pytest.mark.parametrize(("other", "hold"), [("hold: 20", 20), ("hold: 5", 10), ("denials: 3", None)])
def test_the_longer_hold_and_the_fewer_denials_win_and_no_hold_means_the_deployments(
    other: str, hold: int | None
) -> None:
    rules = """
        - {id: a, match: any, action: STEP_UP, approvers: [g], hold: 10s, denials: 2}
        - {id: b, match: any, action: STEP_UP, approvers: [h], denials: 4, %s}
    """
    text = rules % other if other != "denials: 3" else (rules % other).replace("denials: 4, ", "")
    route = ruling(policy_of(text), "t.o").route
    assert route is not None
    assert (route.hold_seconds, route.denials) == (hold, 2)


@pytest.mark.case("POL-13")
@pytest.mark.parametrize(
    "key", ["hold: 3", "denials: 2", "questions: [Why?]", "editable: [x]", "escalation: {after: 60, to: [h]}"]
)
def test_an_unknown_rule_that_would_ask_differently_defers(key: str) -> None:
    rules = """
        - {id: a, match: any, action: STEP_UP, approvers: [g], editable: [x]}
        - {id: b, match: {parameters: {p: 1}}, action: STEP_UP, approvers: [g], priority: %s, %s}
    """
    assert ruling(policy_of(rules % (1, key)), "t.o").context_needed == (
        () if key == "editable: [x]" else ("parameters.p",)
    )
    assert ruling(policy_of(rules % (-1, key)), "t.o").decision is Decision.STEP_UP
    assert ruling(policy_of(rules % (0, "editable: [y]")), "t.o").decision is Decision.DEFER


@pytest.mark.case("POL-13")
def test_a_conflict_that_is_held_back_stays_one_and_waits_for_what_would_settle_it() -> None:
    rules = """
        - {id: a, match: any, action: ALLOW}
        - {id: b, match: any, action: DENY}
        - {id: c, match: {parameters: {x: 1}}, action: DENY, priority: %s}
    """
    answer = ruling(policy_of(rules % 1), "t.o")
    assert (answer.reason_code, answer.context_needed) == (ReasonCode.RULE_CONFLICT, ("parameters.x",))
    assert ruling(policy_of(rules % 0), "t.o").context_needed == ()
    assert ruling(policy_of(rules % 1), "t.o", {"x": 1}).rule_id == "c"


@pytest.mark.case("POL-12")
def test_an_unknown_rule_of_the_same_priority_does_not_settle_a_conflict() -> None:
    rules = "- {id: a, match: any, action: ALLOW}\n- {id: b, match: any, action: DENY}\n"
    answer = ruling(policy_of(rules + "- {id: c, match: {parameters: {x: 1}}, action: DENY}"), "t.o")
    assert (answer.reason_code, answer.context_needed, answer.matched_rules) == (
        ReasonCode.RULE_CONFLICT,
        (),
        ("a", "b"),
    )


@pytest.mark.case("POL-12")
def test_a_rule_of_the_same_priority_neither_settles_nor_hides_a_conflict() -> None:
    rules = (
        "- {id: a, match: any, action: ALLOW}\n- {id: b, match: any, action: DENY}\n- {id: c, match: any, action: %s}"
    )
    for action in ("ALLOW", "DENY", "DEFER", "STEP_UP, approvers: [g]"):
        assert ruling(policy_of(rules % action), "t.o").reason_code is ReasonCode.RULE_CONFLICT


def test_a_tools_own_data_class_labels_what_goes_on() -> None:
    parts = "tools: [{tool: t.o, data_class: [pii, INTERNAL]}, {tool: t, data_class: PCI}]"
    policy = policy_in(parts, rules="- {id: a, match: {tool: t, parameters: {x: 1}}, action: ALLOW}")
    assert ruling(policy, "T.O", {"x": 1}).labels == {"PII", "INTERNAL"}
    assert ruling(policy, "t.p", {"x": 1}).labels == {"PCI"}
    assert ruling(policy, "t.o").labels == {"PII", "INTERNAL"}  # It waits, and may go on.
    assert ruling(policy, "t.o", {"x": 2}).labels == frozenset()
    found = ruling(policy, "t.o", {"x": 1}).tool
    assert found is not None
    assert (found.tool, found.operation) == ("t", "o")
