"""Cases beside a policy: read whole, run against it, and different in words that one can read."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from decisions.engine.cases import CaseResult, run_cases
from decisions.engine.context import Trust
from decisions.engine.examples import EXPECT_KEYS, Case
from decisions.engine.parser import compile_policy, parse_policy
from decisions.engine.verdict import Decision
from tests.unit.engine.scenes import problems_of, text_of

RULES = """
- {id: yes, match: {tool: t.o}, action: ALLOW, effect: {set_context: {data_kinds: [B, A]}}}
- {id: ask, match: {tool: t.ask, parameters: {n: {gt: 1}}}, action: STEP_UP, approvers: [{group: g, count: 2}, h],
timeout: 60}
- {id: try, match: {tool: t.o}, action: DENY, priority: 1, mode: shadow, reason: No.}
"""


def run(cases: str) -> tuple[CaseResult, ...]:
    document = parse_policy(text_of(RULES) + f"cases:\n{cases}\n", source="test")
    return run_cases(document.cases, policy=compile_policy(document))


def case(text: str) -> Case:
    (found,) = parse_policy(text_of(RULES) + f"cases:\n  - {text}\n", source="test").cases
    return found


def test_what_comes_out_as_expected_passes_and_the_rest_is_told() -> None:
    good, bad = run(
        """
  - {name: all is well, action: {tool: t.o}, expect: {decision: ALLOW, rule: yes, labels: [A, B], matched: [yes]}}
  - {action: {tool: t.ask, parameters: {n: 5}}, expect: {decision: ALLOW, timeout: 60, approvers: {g: 1, h: 1}}}
"""
    )
    assert good.has_passed
    assert (good.case.name, bad.case.name) == ("all is well", "t.ask")
    assert [str(each) for each in bad.differences] == [
        "decision: expected 'ALLOW', got 'STEP_UP'",
        "approvers: expected {'g': 1, 'h': 1}, got {'g': 2, 'h': 1}",
    ]
    assert not bad.has_passed
    assert bad.ruling.decision is Decision.STEP_UP
    assert bad.case.line > good.case.line


@pytest.mark.parametrize("name", EXPECT_KEYS)
def test_every_word_of_an_expectation_is_compared(name: str) -> None:
    (result,) = run(f"  - {{action: {{tool: t.o}}, expect: {{{name}: nonsense}}}}")
    assert [each.name for each in result.differences] == [name]
    assert result.differences[0].expected == "nonsense"
    again = {name: result.differences[0].actual}
    quoted = repr(again).replace("None", "null").replace("'", '"')
    assert run(f"  - {{action: {{tool: t.o}}, expect: {quoted}}}")[0].has_passed


def test_of_shadow_only_what_the_case_names_is_compared() -> None:
    shown = "{shadow: {decision: DENY, rule: try}}"
    assert run(f"  - {{action: {{tool: t.o}}, expect: {shown}}}")[0].has_passed
    assert not run("  - {action: {tool: t.o}, expect: {shadow: {decision: DENY, rule: yes}}}")[0].has_passed
    assert not run("  - {action: {tool: t.o}, expect: {shadow: null}}")[0].has_passed
    assert run("  - {action: {tool: t.ask, parameters: {n: 1}}, expect: {shadow: null}}")[0].has_passed


def test_numbers_and_booleans_are_told_apart() -> None:
    assert run("  - {action: {tool: t.o, parameters: {a: 1.0}}, expect: {parameters: {a: 1}}}")[0].has_passed
    assert not run("  - {action: {tool: t.o, parameters: {a: true}}, expect: {parameters: {a: 1}}}")[0].has_passed


def test_a_session_that_is_not_described_is_a_fresh_one() -> None:
    found = case("{action: {tool: a.b.c}, expect: {}}")
    assert (found.action.tool, found.action.operation, found.action.parameters) == ("a.b", "c", {})
    context = found.context
    assert (context.original_request, context.request_trust, context.facts) == (None, Trust.ATTESTED, {})
    assert (context.at, context.action_count, context.session_age) == (datetime(2026, 1, 1, 12, tzinfo=UTC), 0, 0)
    assert (context.identity.agent, context.identity.human, context.identity.environment) == ("agent", None, "TEST")
    assert case("{action: {tool: single}, expect: {}}").action.operation == "call"
    assert case("{action: {tool: a.b, operation: c}, expect: {}}").action.tool == "a.b"


def test_a_session_can_be_described_whole() -> None:
    found = case(
        """{given: {action: {tool: t.o, parameters: {x: [1]}}, at: "2026-05-01T10:00:00+02:00",
      counted: {yes: 3, ask: 0.5},
      context: {original_request: Please, request_trust: asserted, intent: i, profile: p, data_kinds: [pii],
      tools_used: a.b,
        entities: [Ana], chain_length: 4, session_age: 9, tool_effect: read, risk_signals: {alignment: 0.5},
        identity: {agent: bot, human: ana, service: s, host: h, scope: [x], delegation_depth: 2, human_verified: true,
          environment: LIVE},
        attested: {plain: 1, full: {value: 2, at: "2026-05-01T07:00:00Z", count: 3, conflicting: true}, object: {a: 1}},
        asserted: {plain: 9, word: w}}}, expect: {decision: ALLOW}}"""
    )
    context, facts = found.context, found.context.facts
    assert context.at == datetime(2026, 5, 1, 8, tzinfo=UTC)
    assert (context.original_request, context.request_trust, context.intent, context.profile) == (
        "Please", Trust.ASSERTED, "i", "p",
    )  # fmt: skip
    assert (*context.data_kinds, *context.tools_used, *context.entities) == ("PII", "a.b", "Ana")
    assert (context.action_count, context.session_age, context.registered_effect) == (4, 9, "read")
    assert (context.counted, context.risk_signals) == ({"yes": 3, "ask": 0.5}, {"alignment": 0.5})
    who = context.identity
    assert (who.agent, who.human, who.service, who.host, who.environment) == ("bot", "ana", "s", "h", "LIVE")
    assert (*who.effective_scope, who.delegation_depth, who.human_verified) == ("x", 2, True)
    assert (facts["plain"].value, facts["plain"].trust, facts["word"].trust) == (1, Trust.ATTESTED, Trust.ASSERTED)
    assert (facts["plain"].recorded_at, facts["plain"].recorded_count) == (context.at, 4)
    assert (facts["full"].value, facts["full"].recorded_count, facts["full"].is_conflicting) == (2, 3, True)
    assert facts["full"].recorded_at == datetime(2026, 5, 1, 7, tzinfo=UTC)
    assert facts["object"].value == {"a": 1}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("{action: {tool: t.o}}", "missing_key"), ("{expect: {}}", "missing_key"), ("5", "wrong_type"),
        ("{action: t.o, expect: {}}", "wrong_type"), ("{action: {operation: o}, expect: {}}", "wrong_type"),
        ("{action: {tool: 7}, expect: {}}", "wrong_type"),
        ("{action: {tool: t.o, parameters: [1]}, expect: {}}", "wrong_type"),
        ("{action: {tool: t.o}, expect: {outcome: x}}", "unknown_key"),
        ("{action: {tool: t.o}, when: x, expect: {}}", "unknown_key"),
        ("{given: {action: {tool: t.o}}, action: {tool: t.o}, expect: {}}", "duplicate_key"),
        ("{action: {tool: t.o}, at: today, expect: {}}", "wrong_type"),
        ("{action: {tool: t.o}, counted: [1], expect: {}}", "wrong_type"),
        ("{action: {tool: t.o}, counted: {a: true}, expect: {}}", "wrong_type"),
        ("{action: {tool: t.o}, context: {facts: {a: 1}}, expect: {}}", "unknown_key"),
        ("{action: {tool: t.o}, context: {intent: 7}, expect: {}}", "wrong_type"),
        ("{action: {tool: t.o}, context: {attested: [a]}, expect: {}}", "wrong_type"),
        ("{action: {tool: t.o}, context: {attested: {a: {value: 1, when: x}}}, expect: {}}", "unknown_key"),
        ("{action: {tool: t.o}, context: {attested: {a: {value: 1, conflicting: 1}}}, expect: {}}", "wrong_type"),
        ("{action: {tool: t.o}, context: {identity: {role: x}}, expect: {}}", "unknown_key"),
        ("{action: {tool: t.o}, context: {action_count: -1}, expect: {}}", "out_of_range"),
        ("{action: {tool: t.o}, context: {request_trust: maybe}, expect: {}}", "unknown_value"),
        ("{action: {tool: t.o}, context: {risk_signals: [a]}, expect: {}}", "wrong_type"),
        ("{name: [a], action: {tool: t.o}, expect: {}}", "wrong_type"),
    ],
)  # fmt: skip
def test_a_case_that_could_not_mean_anything_is_refused(text: str, code: str) -> None:
    assert case("{action: {tool: t.o}, expect: {}}").expected == {}
    assert code in {found.code for found in problems_of(text_of(RULES) + f"cases:\n  - {text}\n")}


def test_cases_are_no_part_of_the_hash() -> None:
    bare, tested = text_of(RULES), text_of(RULES) + "cases: [{action: {tool: t.o}, expect: {}}]\n"
    assert len({compile_policy(parse_policy(text, source="test")).hash for text in (bare, tested)}) == 1
    assert problems_of(bare + "cases: 5\n")[0].code == "wrong_type"
