"""Limits of whole sessions: intent boundaries and re-validation."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from decisions.engine.context import STANDARD_MOMENT, Fact, Trust
from decisions.engine.verdict import Classification, Decision, ReasonCode, RiskLevel, Stage
from tests.unit.engine.scenes import policy_in, problems_of, ruling, text_of

ALLOW = "- {id: yes, match: any, action: ALLOW}"
PARTS = """
categories: {talking: [chat, "mail.*"]}
intent_boundaries: {Prep: {%s}}
"""


def asked(limits: str, name: str, **session: Any) -> str | None:
    """The rule that decides about an action of a session with the intent `prep`; None if none of the limits does."""
    answer = ruling(policy_in(PARTS % limits, rules=ALLOW), name, **{"intent": "prep", **session})
    return None if answer.rule_id == "yes" else f"{answer.decision} {answer.rule_id}"


@pytest.mark.parametrize(
    ("limits", "name", "session", "passes"),
    [
        ("allowed_tools: [calendar, mail.read]", "calendar.make", {}, True),
        ("allowed_tools: [calendar, mail.read]", "MAIL.Read", {}, True),
        ("allowed_tools: [calendar, mail.read]", "mail.send", {}, False),
        ("allowed_tools: [calendar, mail.read]", "mail.send", {"intent": "other"}, True),
        ("allowed_tools: [calendar, mail.read]", "mail.send", {"intent": None}, True),
        ("allowed_tools: [calendar, mail.read]", "mail.send", {"intent": "PREP"}, False),
        ("allowed_tools: ['mail.*']", "mail.send", {}, True),
        ("allowed_tools: {category: talking}", "mail.send", {}, True),
        ("allowed_tools: [{category: talking}]", "files.read", {}, False),
        ("denied_tools: [shell, {category: talking}]", "chat.say", {}, False),
        ("denied_tools: [shell, {category: talking}]", "files.read", {}, True),
        ("max_data_classification: INTERNAL", "files.read", {"data_kinds": frozenset({"INTERNAL", "PUBLIC"})}, True),
        ("max_data_classification: INTERNAL", "files.read", {"data_kinds": frozenset({"INTERNAL", "PII"})}, False),
        ("max_data_classification: CONFIDENTIAL", "files.read", {"data_kinds": frozenset({"INTERNAL", "PII"})}, True),
        ("max_data_classification: internal", "files.read", {"data_kinds": frozenset({"CONFIDENTIAL"})}, False),
        ("max_chain_length: 3", "files.read", {"action_count": 2}, True),
        ("max_chain_length: 3", "files.read", {"action_count": 3}, False),
        ("max_session_age: 2h", "files.read", {"session_age": 7200}, True),
        ("max_session_age: 2h", "files.read", {"session_age": 7201}, False),
    ],
)  # fmt: skip
def test_a_session_stays_within_the_limits_of_its_intent(
    limits: str, name: str, session: dict[str, Any], passes: bool
) -> None:
    limit = limits.partition(":")[0]
    assert asked(limits, name, **session) == (None if passes else f"DENY intent_boundaries/Prep/{limit}")


def test_a_limit_outranks_every_rule_but_a_forbidden_one() -> None:
    never = "- {id: never, match: {tool: t.never}, action: DENY, classification: forbidden}"
    rules = f"{ALLOW[:-1]}, priority: 999999}}\n{never}"
    policy = policy_in(PARTS % "max_chain_length: 1", rules=rules)
    denied = ruling(policy, "t.o", intent="prep", action_count=1)
    assert (denied.decision, denied.classification) == (Decision.DENY, Classification.CONTEXT_DEPENDENT_DENY)
    assert denied.risk_level is RiskLevel.HIGH
    assert "Prep" in denied.reason
    assert ruling(policy, "t.never", intent="prep", action_count=1).reason_code is ReasonCode.FORBIDDEN


def test_an_intent_may_ask_people_or_wait_instead() -> None:
    policy = policy_in(
        PARTS % "max_chain_length: 1, action: STEP_UP, approvers: [g], quorum: 2, timeout: 5m, reason: Long.",
        rules=ALLOW,
    )
    answer = ruling(policy, "t.o", intent="prep", action_count=1)
    assert (answer.decision, answer.reason, answer.classification) == (Decision.STEP_UP, "Long.", None)
    assert answer.route is not None
    assert (answer.route.stages, answer.timeout_seconds, answer.risk_level) == ((Stage("g", 2),), 300, RiskLevel.MEDIUM)
    assert (
        asked("max_chain_length: 1, action: DEFER", "t.o", action_count=1)
        == "DEFER intent_boundaries/Prep/max_chain_length"
    )


@pytest.mark.parametrize(
    ("limits", "code"),
    [
        ("", "missing_key"), ("allowed_tools: []", "empty_list"), ("allowed_tools: [7]", "unknown_value"),
        ("denied_tools: [{category: walking}]", "unknown_value"), ("max_data_classification: SECRET", "unknown_value"),
        ("max_chain_length: 0", "out_of_range"), ("max_session_age: long", "wrong_type"),
        ("max_length: 3", "unknown_key"),
        ("max_chain_length: 1, action: ALLOW", "unknown_value"),
        ("max_chain_length: 1, action: STEP_UP", "missing_key"),
        ("max_chain_length: 1, approvers: [g]", "key_without_use"),
    ],
)  # fmt: skip
def test_limits_that_could_not_mean_anything_are_refused(limits: str, code: str) -> None:
    assert asked("max_chain_length: 9", "t.o") is None
    assert code in {found.code for found in problems_of(text_of(ALLOW) + PARTS % limits)}


@pytest.mark.parametrize("boundaries", ["[]", "{'a b': {max_chain_length: 1}}", "{a: []}"])
def test_boundaries_are_limits_by_intent(boundaries: str) -> None:
    assert problems_of(text_of(ALLOW) + f"intent_boundaries: {boundaries}\n")[0].code in ("wrong_type", "missing_key")


def confirmed(*, count: int = 0, age: int = 0, trust: Trust = Trust.ATTESTED) -> dict[str, Fact]:
    at = STANDARD_MOMENT - timedelta(seconds=age)
    return {"user_confirmation": Fact(False, trust, "user", at, recorded_count=count)}


def revalidated(interval: str, **session: Any) -> Decision:
    part = f"re_validation: {{interval: {interval}, method: user_confirmation, timeout: 10m}}"
    return ruling(policy_in(part, rules=ALLOW), "t.o", **session).decision


@pytest.mark.parametrize(
    ("interval", "session", "passes"),
    [
        ("5_actions", {"action_count": 4}, True), ("5_actions", {"action_count": 5}, False), ("1_action", {}, True),
        ("1_action", {"action_count": 1}, False),
        ("5_actions", {"action_count": 9, "facts": confirmed(count=5)}, True),
        ("5_actions", {"action_count": 10, "facts": confirmed(count=5)}, False),
        ("5_actions", {"action_count": 9, "facts": confirmed(count=5, trust=Trust.ASSERTED)}, False),
        ("30_minutes", {"session_age": 1799}, True), ("30_minutes", {"session_age": 1800}, False),
        ("2_hours", {"session_age": 9000, "facts": confirmed(age=7199)}, True),
        ("2_hours", {"session_age": 9000, "facts": confirmed(age=7200)}, False),
        ("1_days", {"session_age": 86400}, False), ("PT1H", {"session_age": 3600}, False),
        ("90s", {"session_age": 89}, True),
    ],
)  # fmt: skip
def test_a_long_session_is_confirmed_again(interval: str, session: dict[str, Any], passes: bool) -> None:
    assert revalidated(interval, **session) is (Decision.ALLOW if passes else Decision.DEFER)


def test_re_validation_says_what_it_waits_for() -> None:
    policy = policy_in("re_validation: {interval: 5_actions, method: user_confirmation, timeout: 10m}", rules=ALLOW)
    answer = ruling(policy, "t.o", action_count=12, facts=confirmed(count=7))
    assert (answer.rule_id, answer.context_needed, answer.timeout_seconds) == (
        "re_validation",
        ("user_confirmation",),
        600,
    )
    assert ruling(policy_in("", rules=ALLOW), "t.o", action_count=12).decision is Decision.ALLOW


@pytest.mark.parametrize(
    "part",
    [
        "{interval: 5_actions}",
        "{method: user_confirmation}",
        "{interval: 0_actions, method: user_confirmation}",
        "{interval: often, method: user_confirmation}",
        "{interval: 5_actions, method: hope}",
        "5_actions",
        "{interval: 5_actions, method: user_confirmation, timeout: 0}",
        "{interval: 5_actions, method: user_confirmation, priority: 1}",
    ],
)
def test_re_validation_that_could_not_mean_anything_is_refused(part: str) -> None:
    assert problems_of(text_of(ALLOW) + f"re_validation: {part}\n")


def test_the_rules_that_are_made_have_names_that_nobody_else_may_use() -> None:
    names = ("re_validation", "intent_boundaries/a/max_chain_length")
    rules = "\n".join(f"- {{id: {name}, match: any, action: ALLOW}}" for name in names)
    parts = "intent_boundaries: {a: {max_chain_length: 1}}\n"
    parts += "re_validation: {interval: 5_actions, method: user_confirmation}\n"
    assert [found.code for found in problems_of(text_of(rules) + parts)] == ["duplicate_rule", "duplicate_rule"]
