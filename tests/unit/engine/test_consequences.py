"""What goes with a STEP_UP and a DEFER: who is asked when, what is answered first, who supplies what is missing."""

from __future__ import annotations

import pytest

from decisions.engine.document import Consequence
from decisions.engine.parser import parse_policy
from decisions.engine.verdict import Decision, Escalation, RiskLevel, Route, Stage
from tests.unit.engine.scenes import policy_of, problems_of, ruling, text_of


def rule(**keys: str) -> str:
    others = "".join(f", {name}: {value}" for name, value in keys.items())
    return f"- {{id: a, match: {{tool: email.send}}{others}}}"


def codes(rules: str) -> set[str]:
    return {found.code for found in problems_of(text_of(rules))}


def consequence_of(**keys: str) -> Consequence:
    found = parse_policy(text_of(rule(**keys)), source="test").rules[0].consequence
    assert found is not None
    return found


def test_a_question_carries_escalation_questions_and_what_may_be_edited() -> None:
    asked = consequence_of(
        action="STEP_UP",
        approvers="[g]",
        timeout="2h",
        escalation="[{after: 30m, to: [manager]}, {after: PT1H, to: cfo}]",
        questions="[Is there a backup?]",
        editable="[to, parameters.filter.limit, /a~1b]",
        hold="10s",
        denials="2",
    )
    assert (asked.hold_seconds, asked.denials) == (10, 2)
    assert (asked.timeout_seconds, asked.questions) == (7200, ("Is there a backup?",))
    assert asked.escalation == (Escalation(1800, ("manager",)), Escalation(3600, ("cfo",)))
    assert asked.editable == ("/to", "/filter/limit", "/a~1b")
    route = ruling(policy_of(rule(action="STEP_UP", approvers="[g]", questions="[Why?]")), "email.send").route
    assert route is not None
    assert route.questions == ("Why?",)


@pytest.mark.parametrize(
    ("key", "value", "code"),
    [
        ("escalation", "[]", "empty_list"), ("escalation", "[{after: 1h}]", "wrong_type"),
        ("escalation", "[g]", "wrong_type"),
        ("escalation", "[{after: 0, to: g}]", "out_of_range"), ("escalation", "[{after: 1h, to: [g]}]", "out_of_range"),
        ("escalation", "[{after: 20m, to: g}, {after: 10m, to: g}]", "out_of_range"),
        ("escalation", "[{after: 20m, to: g}, {after: 20m, to: h}]", "out_of_range"),
        ("escalation", "[{after: 20m, to: ['a b']}]", "wrong_type"), ("questions", "[]", "empty_list"),
        ("questions", "['']",
        "empty_text"), ("questions", "[7]", "wrong_type"), ("questions", f"[{', '.join('abcdefghijk')}]", "too_long"),
        ("editable", "[7]", "wrong_type"), ("editable", "[a..b]", "wrong_type"),
        ("hold", "31", "out_of_range"), ("hold", "-1", "out_of_range"), ("hold", "soon", "wrong_type"),
        ("denials", "0", "out_of_range"), ("denials", "true", "wrong_type"), ("denials", "21", "out_of_range"),
        ("approvers", "[human:cat]", "wrong_type"), ("approvers", "['user:']", "wrong_type"),
        ("resolvers", "[calendar]", "key_without_use"),
        ("context_needed", "[a]", "key_without_use"),
    ],
)  # fmt: skip
def test_what_goes_with_a_question_is_checked(key: str, value: str, code: str) -> None:
    assert consequence_of(action="STEP_UP", approvers="[g]", questions="[Why?]").questions
    assert code in codes(rule(**{"action": "STEP_UP", "approvers": "[g]", key: value}))


def test_a_deferral_may_ask_people_in_the_end() -> None:
    silent = consequence_of(action="DEFER", context_needed="[w]", resolvers="[calendar, human.desk]")
    assert (silent.resolvers, silent.on_timeout) == (("calendar", "human.desk"), None)
    asking = consequence_of(
        action="DEFER", timeout="60", on_timeout="STEP_UP", approvers="[g]", quorum="2", risk_level="HIGH"
    )
    assert asking.on_timeout == Route((Stage("g", 2),), timeout_seconds=3600, risk_level=RiskLevel.HIGH)
    assert (asking.timeout_seconds, asking.stages) == (60, ())
    answer = ruling(policy_of(rule(action="DEFER", timeout_action="STEP_UP", approvers="[g]")), "email.send")
    assert (answer.decision, answer.route) == (Decision.DEFER, None)
    assert answer.on_timeout is not None


@pytest.mark.parametrize(
    ("keys", "code"),
    [
        ({"approvers": "[g]"}, "key_without_use"), ({"quorum": "1"}, "key_without_use"),
        ({"on_timeout": "STEP_UP"}, "missing_key"),
        ({"on_timeout": "DENY", "approvers": "[g]"}, "key_without_use"), ({"resolvers": "['a b']"}, "wrong_type"),
        ({"resolvers": "[]"}, "empty_list"), ({"questions": "[Why?]"}, "key_without_use"),
        ({"on_timeout": "ALLOW"}, "unknown_value"),
    ],
)  # fmt: skip
def test_what_goes_with_a_deferral_is_checked(keys: dict[str, str], code: str) -> None:
    assert consequence_of(action="DEFER", on_timeout="STEP_UP", approvers="[g]").on_timeout
    assert code in codes(rule(action="DEFER", **keys))
