"""Rules in shadow decide nothing, label nothing and count nothing; the ruling says what they would have done."""

from __future__ import annotations

import pytest

from decisions.engine.parser import compile_policy, parse_policy
from decisions.engine.verdict import Decision, ReasonCode, ShadowRuling
from tests.unit.engine.scenes import HEADER, policy_of, problems_of, ruling, text_of

ALLOW = "- {id: yes, match: {tool: t.o}, action: ALLOW, effect: {set_context: {data_kinds: SEEN}}}\n"
SHADOW = (
    "- {id: no, match: {tool: t.o, parameters: {x: 1}}, action: DENY, priority: 5, reason: Not this., mode: shadow, "
)
SHADOW += "effect: {set_context: {data_kinds: TRIED}}}"


def test_a_rule_in_shadow_changes_nothing_and_is_recorded() -> None:
    plain, shaded = policy_of(ALLOW), policy_of(ALLOW + SHADOW)
    one, other = (ruling(policy, "t.o", {"x": 1}) for policy in (plain, shaded))
    assert other.shadow == ShadowRuling(Decision.DENY, "no", "Not this.", ReasonCode.RULE_MATCHED)
    assert one.shadow is None
    assert (other.decision, other.rule_id, other.matched_rules) == (Decision.ALLOW, "yes", ("yes",)) == (
        one.decision, one.rule_id, one.matched_rules,
    )  # fmt: skip
    assert (one.labels, one.conditions, one.confidence) == (other.labels, other.conditions, other.confidence)
    assert other.labels == {"SEEN"}
    enforced = ruling(policy_of(ALLOW + SHADOW.replace("mode: shadow", "mode: enforce")), "t.o", {"x": 1})
    assert (enforced.decision, enforced.shadow) == (Decision.DENY, None)


def test_what_it_would_do_is_judged_where_it_is_unknown_too() -> None:
    unknown = ruling(policy_of(ALLOW + SHADOW), "t.o")
    assert unknown.decision is Decision.ALLOW
    assert unknown.shadow is not None
    assert (unknown.shadow.decision, unknown.shadow.reason_code) == (Decision.DEFER, ReasonCode.MISSING_CONTEXT)
    assert ruling(policy_of(ALLOW + SHADOW), "t.o", {"x": 2}).shadow is None
    assert ruling(policy_of(ALLOW + SHADOW), "t.p", {"x": 1}).shadow is None


def test_a_rule_that_would_change_nothing_is_recorded_all_the_same() -> None:
    same = ruling(policy_of(ALLOW + SHADOW.replace("DENY, priority: 5", "ALLOW")), "t.o", {"x": 1})
    assert same.shadow is not None
    assert same.shadow.decision is same.decision is Decision.ALLOW


def test_what_a_modification_leads_to_is_seen_by_rules_in_shadow() -> None:
    cap = "- {id: cap, match: any, action: MODIFY, modifications: {cap: {x: 1}}}\n"
    answer = ruling(policy_of(cap + SHADOW), "t.o", {"x": 9})
    assert (answer.decision, answer.shadow and answer.shadow.decision) == (Decision.MODIFY, Decision.DENY)


@pytest.mark.parametrize("tool", ["t.o", "t.p"])
def test_the_mode_of_the_policy_is_that_of_rules_that_name_none(tool: str) -> None:
    header = HEADER.replace("id: test,", "id: test, mode: shadow, default: ALLOW,")
    rules = (
        "- {id: no, match: {tool: t.o}, action: DENY}\n- {id: never, match: {tool: t.p}, action: DENY, mode: enforce}"
    )
    text = text_of(rules, header=header)
    answer = ruling(compile_policy(parse_policy(text, source="test")), tool)
    assert answer.decision is (Decision.ALLOW if tool == "t.o" else Decision.DENY)
    assert (answer.shadow is not None) is (tool == "t.o")
    assert [found.code for found in problems_of(text.replace("mode: shadow", "mode: off"))] == ["unknown_value"]
