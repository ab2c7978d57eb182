"""A ruling explains itself in a sentence or two."""

from __future__ import annotations

import pytest

from decisions.engine.explain import explain, explanation_of, sentences_of
from decisions.engine.verdict import Ruling
from receipts.signing.canonical import canonical_bytes
from tests.unit.engine.scenes import policy_in, policy_of, ruling

RULES = """
- {id: read, match: {tool: files.read}, action: ALLOW, reason: Reading changes nothing.}
- {id: cap, match: {tool: db.query}, action: MODIFY, reason: Few rows, modifications: {cap: {a: 1, b: 1, c: 1}}}
- {id: mail, match: {tool: email.send}, action: STEP_UP, reason: Think twice!, approvers: [{group: g, count: 2}, h]}
- {id: wait, match: {tool: keys.rotate}, action: DEFER, reason: Is the window open?, context_needed: [window]}
- {id: drop, match: {tool: db.drop}, action: DENY, classification: forbidden, reason: Never.}
- {id: yes, match: {tool: x.y}, action: ALLOW}
- {id: no, match: {tool: x.y}, action: DENY}
- {id: env, match: {tool: env.set, parameters: {env: test}}, action: ALLOW}
"""


@pytest.mark.parametrize(
    ("name", "sentences"),
    [
        ("files.read", "Allowed by rule read. Reading changes nothing."),
        ("db.query", "Allowed by rule cap after changing a, b and c. Few rows."),
        (
            "email.send",
            "Needs approval by rule mail: 2 of g and 1 of h, within 3600 seconds. Think twice!",
        ),
        ("keys.rotate", "Deferred by rule wait until window is known, for 300 seconds at most. Is the window open?"),
        ("db.drop", "Denied by rule drop, which nothing overrides. Never."),
        ("x.y", "Deferred by the policy, for 300 seconds at most. Rules of equal priority disagree: no, yes."),
        (
            "env.set",
            "Deferred by the policy until parameters.env is known, for 300 seconds at most. "
            "Not enough is known to apply env: parameters.env is missing or can't be relied on.",
        ),
        ("other.tool", "Denied by the policy's default. No rule covers this action, and the default is DENY."),
    ],
)
def test_rulings_explain_themselves(name: str, sentences: str) -> None:
    assert explain(ruling(policy_of(RULES), name)) == sentences


def told(rules: str, parts: str = "", **parameters: object) -> tuple[str, ...]:
    return sentences_of(found(rules, parts, **parameters))


def found(rules: str, parts: str = "", **parameters: object) -> Ruling:
    signals = {"alignment": 0.5}
    return ruling(policy_in(parts, rules=rules), "t.o", parameters, risk_signals=signals)  # type: ignore[arg-type]


CONFIDENT = "Confidence: 1.00 of what this rests on could be evaluated."


def test_an_auditor_reads_which_comparison_came_out_how() -> None:
    rules = """
        - {id: yes, match: {tool: t.o, parameters: {a: 1, b: {gt: 2}}}, action: ALLOW,
        effect: {set_context: {data_kinds: [B, A]}}}
        - {id: all, match: any, action: ALLOW, priority: -1}
    """
    assert told(rules, a=1, b=3) == (
        "Allowed by rule yes. Rule yes says ALLOW.",
        "Rule yes holds: tool eq is true, operation eq is true, parameters.a eq is true and parameters.b gt is true.",
        "Rule all holds for every action.",
        "If it goes on, the session has touched A and B.",
        CONFIDENT,
    )


def test_what_would_have_to_be_known_is_said() -> None:
    rules = "- {id: env, match: {parameters: {env: test, size: {lt: 5}}}, action: ALLOW}"
    assert told(rules)[1:] == (
        "Rule env could not be judged, because parameters.env eq and parameters.size lt are unknown.",
        "Confidence: 0.00 of what this rests on could be evaluated.",
    )
    assert told(rules, env="test")[1] == "Rule env could not be judged, because parameters.size lt is unknown."


def test_a_reviewer_reads_what_is_asked_of_whom() -> None:
    rules = """
        - id: ask
          match: any
          action: STEP_UP
          approvers: [g]
          escalation: [{after: 10m, to: [boss, deputy]}]
          questions: [Is it urgent?, Who knows?]
          editable: [to, body.text]
    """
    assert told(rules)[1:] == (
        "Rule ask holds for every action.",
        "After 600 seconds without an answer, boss and deputy are asked too.",
        "The reviewer is asked to judge: Is it urgent? Who knows?",
        "The reviewer may change to and body/text.",
        CONFIDENT,
    )
    waiting = "- {id: wait, match: any, action: DEFER, resolvers: [calendar], context_needed: [w], %s}"
    waiting %= "on_timeout: STEP_UP, approvers: [g, h]"
    assert told(waiting)[2:4] == (
        "calendar may supply what is missing.",
        "If nothing arrives in time, 1 of g and 1 of h are asked.",
    )


def test_every_change_and_what_shadow_would_do_are_told() -> None:
    rules = """
        - {id: cut, match: any, action: MODIFY, modifications: {cap: {n: 1}, redact: [a], remove: [d]}}
        - {id: no, match: any, action: DENY, priority: 1, mode: shadow, reason: Not yet}
    """
    assert told(rules, n=5, a="x", d=1)[2:] == (
        "Rule cut lowered n.",
        "Rule cut redacted a.",
        "Rule cut removed d.",
        CONFIDENT,
        "With the rules in shadow it would be DENY by rule no: Not yet.",
    )


def test_thresholds_are_named_where_they_decide() -> None:
    rules = "- {id: yes, match: any, action: ALLOW}"
    assert told(rules, "thresholds: {alignment: 0.9}")[0] == (
        "Denied by the policy. This fits what the session is for by less than 0.9."
    )
    rules += "\n- {id: more, match: {parameters: {a: 1}}, action: DENY, priority: 1}"
    unknown = told(rules, "thresholds: {session_risk: 1}")
    assert unknown[0].startswith("Deferred by the policy until parameters.a and risk_signals.session_risk are known")


def test_programs_get_the_same_without_any_value_of_the_action() -> None:
    rules = """
        - {id: ask, match: {parameters: {to: secret-recipient}}, action: STEP_UP, approvers: [g],
        escalation: {after: 5m, to: h}}
        - {id: try, match: any, action: DENY, priority: 9, mode: shadow}
    """
    shown = explanation_of(found(rules, "thresholds: {session_risk: 1, alignment: 0.1}", to="secret-recipient"))
    assert b"secret" not in canonical_bytes(shown)
    assert set(shown) == {
        "decision", "reason", "reason_code", "rule", "classification", "risk_level", "confidence", "sentences", "rules",
        "matched", "modifications", "route", "on_timeout", "context_needed", "resolvers", "labels", "timeout", "shadow",
        "thresholds", "tool",
    }  # fmt: skip
    assert shown["rules"] == [
        {
            "id": "ask",
            "holds": True,
            "conditions": [{"field": "parameters.to", "operator": "eq", "result": "true"}],
        }
    ]
    assert shown["reason"] == (
        "Not enough is known to judge this: risk_signals.session_risk is missing or can't be relied on."
    )
    assert shown["shadow"] == {
        "decision": "DENY", "rule": "try", "reason": "Rule try says DENY.", "reason_code": "rule_matched",
    }  # fmt: skip
    assert shown["context_needed"] == ["risk_signals.session_risk"]


def test_a_route_and_a_tool_are_drawn_whole() -> None:
    tools = "tools: [{tool: t.o, effect: write, reversible: false, consequence: 'Writes {to}'}]"
    rules = (
        "- {id: ask, match: any, action: STEP_UP, approvers: [{group: g, count: 2}], escalation: {after: 5m, to: h}}"
    )
    shown = explanation_of(found(rules, tools))
    assert shown["route"] == {
        "stages": [{"group": "g", "count": 2}], "timeout": 3600, "risk_level": "MEDIUM",
        "escalation": [{"after": 300, "groups": ["h"]}], "questions": [], "editable": [],
        "hold": None, "denials": 1,
    }  # fmt: skip
    assert shown["tool"] == {"effect": "write", "reversible": False, "consequence": "Writes {to}"}
