"""The limits of a deployment: the risk of the session, the alignment of the action, and what is unknown of them."""

from __future__ import annotations

from typing import Any

import pytest

from decisions.engine.policy import Policy
from decisions.engine.verdict import Classification, Decision, ReasonCode, RiskLevel, Ruling, Stage
from tests.unit.engine.scenes import policy_in, problems_of, ruling, text_of

RULES = """
- {id: allow, match: {tool: t.allow}, action: ALLOW}
- {id: modify, match: {tool: t.modify}, action: MODIFY, modifications: {cap: {n: 1}}}
- {id: ask, match: {tool: t.ask}, action: STEP_UP, approvers: [g]}
- {id: wait, match: {tool: t.wait}, action: DEFER, timeout: 60}
- {id: deny, match: {tool: t.deny}, action: DENY}
- {id: never, match: {tool: t.never}, action: DENY, classification: forbidden}
"""
RISK, ALIGNMENT = "risk_signals.session_risk", "risk_signals.alignment"
TOOLS = ("allow", "modify", "ask", "wait", "deny", "never", "none")


def answer(policy: Policy, name: str, parameters: Any = None, **signals: Any) -> Ruling:
    return ruling(policy, f"t.{name}", parameters or {"n": 5}, risk_signals=signals)


def decisions(policy: Policy, **signals: Any) -> dict[str, Decision]:
    return {name: answer(policy, name, **signals).decision for name in TOOLS}


BASELINE = {
    "allow": Decision.ALLOW, "modify": Decision.MODIFY, "ask": Decision.STEP_UP, "wait": Decision.DEFER,
    "deny": Decision.DENY, "never": Decision.DENY, "none": Decision.DENY,
}  # fmt: skip


def test_without_thresholds_no_signal_changes_anything() -> None:
    policy = policy_in("", rules=RULES)
    assert decisions(policy) == decisions(policy, session_risk=1, alignment=0) == BASELINE


def test_a_session_that_is_too_risky_is_denied_whatever_the_rules_say() -> None:
    policy = policy_in("thresholds: {session_risk: 0.8}", rules=RULES)
    assert decisions(policy, session_risk=0.8) == BASELINE
    assert set(decisions(policy, session_risk=0.81).values()) == {Decision.DENY}
    denied = answer(policy, "allow", session_risk=1)
    assert (denied.reason_code, denied.rule_id, denied.risk_level) == (ReasonCode.SESSION_RISK, None, RiskLevel.HIGH)
    assert (denied.classification, denied.confidence) == (Classification.CONTEXT_DEPENDENT_DENY, 1.0)
    assert answer(policy, "never", session_risk=1).reason_code is ReasonCode.FORBIDDEN


@pytest.mark.case("POL-13")
@pytest.mark.parametrize("risk", [None, "0.9", True, float("nan"), float("inf"), [0.1], {}])
def test_a_risk_that_is_no_number_is_unknown_and_never_low(risk: Any) -> None:
    policy = policy_in("thresholds: {session_risk: 0.8}", rules=RULES)
    found = decisions(policy, session_risk=risk)
    assert found == BASELINE | dict.fromkeys(("allow", "modify", "ask", "wait"), Decision.DEFER)
    waiting = answer(policy, "allow", session_risk=risk)
    assert (waiting.reason_code, waiting.context_needed) == (ReasonCode.MISSING_CONTEXT, (RISK,))
    assert (waiting.risk_level, waiting.timeout_seconds) == (RiskLevel.LOW, 300)
    own = answer(policy, "wait", session_risk=risk)
    assert (own.rule_id, own.context_needed, own.timeout_seconds) == ("wait", (RISK,), 60)


def test_what_is_permitted_but_misaligned_is_denied() -> None:
    policy = policy_in("thresholds: {alignment: 0.3}", rules=RULES)
    assert decisions(policy, alignment=0.3) == BASELINE
    found = decisions(policy, alignment=0.29)
    assert found == BASELINE | {"allow": Decision.DENY, "modify": Decision.DENY}
    denied = answer(policy, "modify", alignment=0)
    assert (denied.reason_code, denied.rule_id, denied.parameters) == (ReasonCode.MISALIGNED, None, {"n": 5})
    assert decisions(policy) == BASELINE | {"allow": Decision.DEFER, "modify": Decision.DEFER}
    assert answer(policy, "allow").context_needed == (ALIGNMENT,)


ASKING = "thresholds: {session_risk: 0.8, alignment: 0.3, approvers: [{group: g, count: 2}, h], timeout: 10m}"


def test_people_are_asked_about_what_only_the_default_denies_and_what_fits() -> None:
    policy = policy_in(ASKING, rules=RULES)
    asked = answer(policy, "none", session_risk=0, alignment=0.3)
    assert (asked.decision, asked.reason_code, asked.rule_id) == (Decision.STEP_UP, ReasonCode.ALIGNED, None)
    assert asked.classification is Classification.CONTEXT_DEPENDENT_ALLOW
    assert asked.route is not None
    assert (asked.route.stages, asked.route.timeout_seconds) == ((Stage("g", 2), Stage("h", 1)), 600)
    assert asked.risk_level is RiskLevel.MEDIUM
    for signals in ({"alignment": 0.2}, {"alignment": 1, "session_risk": 0.9}):
        assert answer(policy, "none", **{"session_risk": 0, **signals}).decision is Decision.DENY
    assert answer(policy, "deny", session_risk=0, alignment=1).rule_id == "deny"
    assert answer(policy, "never", session_risk=0, alignment=1).rule_id == "never"


def test_an_unknown_signal_keeps_people_from_being_asked() -> None:
    policy = policy_in(ASKING, rules=RULES)
    assert answer(policy, "none", alignment=0.9).context_needed == (RISK,)
    assert answer(policy, "none", session_risk=0).context_needed == (ALIGNMENT,)
    assert answer(policy, "none").context_needed == (ALIGNMENT, RISK)
    assert answer(policy, "none", alignment=0.1).decision is Decision.DENY


@pytest.mark.case("POL-13")
@pytest.mark.parametrize("classification", ["forbidden", "context_dependent_deny"])
def test_an_unknown_denial_is_not_outvoted_by_alignment(classification: str) -> None:
    rules = f"- {{id: no, match: {{parameters: {{x: 1}}}}, action: DENY, classification: {classification}}}"
    policy = policy_in(ASKING, rules=rules)
    waiting = answer(policy, "none", session_risk=0, alignment=1)
    assert (waiting.decision, waiting.context_needed) == (Decision.DEFER, ("parameters.x",))
    assert answer(policy, "none", {"x": 1}, session_risk=0, alignment=1).rule_id == "no"
    assert answer(policy, "none", {"x": 2}, session_risk=0, alignment=1).decision is Decision.STEP_UP
    assert answer(policy, "none", session_risk=0, alignment=0).decision is Decision.DENY


@pytest.mark.case("POL-17")
@pytest.mark.parametrize("match", ["any", "{parameters: {x: 1}}"])
@pytest.mark.parametrize("priority", [-1, 0, 1])
def test_adding_a_denial_does_not_weaken_what_is_misaligned(match: str, priority: int) -> None:
    allow = "- {id: yes, match: any, action: ALLOW}"
    deny = f"- {{id: no, match: {match}, action: DENY, priority: {priority}}}"
    for rules in (allow, f"{allow}\n{deny}"):
        assert (
            answer(policy_in("thresholds: {alignment: 0.5}", rules=rules), "x", alignment=0).decision is Decision.DENY
        )
    fits = answer(policy_in("thresholds: {alignment: 0.5}", rules=f"{allow}\n{deny}"), "x", alignment=1).decision
    assert fits is not Decision.DENY or (match, priority) == ("any", 1)


def test_a_conflict_that_could_ask_people_stays_one_where_the_action_is_misaligned() -> None:
    rules = "- {id: a, match: any, action: %s}\n- {id: b, match: any, action: STEP_UP, approvers: [g]}"
    for action in ("ALLOW", "DENY"):
        policy = policy_in("thresholds: {alignment: 0.5}", rules=rules % action)
        assert answer(policy, "x", alignment=0).reason_code is ReasonCode.RULE_CONFLICT


def test_a_ruling_states_the_thresholds_that_applied() -> None:
    found = answer(policy_in(ASKING, rules=RULES), "allow", session_risk=0, alignment=1)
    assert (found.decision, found.thresholds.session_risk, found.thresholds.alignment) == (Decision.ALLOW, 0.8, 0.3)
    assert found.thresholds.confidence is None


@pytest.mark.parametrize(
    ("thresholds", "code"),
    [
        ("5", "wrong_type"), ("{risk: 0.5}", "unknown_key"), ("{session_risk: high}", "wrong_type"),
        ("{session_risk: true}", "wrong_type"), ("{session_risk: 1.01}", "out_of_range"),
        ("{alignment: -1}", "out_of_range"),
        ("{approvers: [g]}", "key_without_use"), ("{alignment: 1, quorum: 2}", "key_without_use"),
        ("{alignment: 1, timeout: 5m}", "key_without_use"),
        ("{alignment: 1, approvers: [g], timeout: 0}", "out_of_range"),
    ],
)  # fmt: skip
def test_thresholds_that_could_not_mean_anything_are_refused(thresholds: str, code: str) -> None:
    text = text_of("- {id: a, match: any, action: ALLOW}")
    assert policy_in("thresholds: {session_risk: 1, alignment: 0, confidence: 0.5}").thresholds.confidence == 0.5
    assert code in {found.code for found in problems_of(f"{text}thresholds: {thresholds}\n")}
