"""The decision procedure, case by case."""

from __future__ import annotations

import copy

import pytest

from decisions.engine.action import Action
from decisions.engine.changes import ChangeKind
from decisions.engine.context import Trust
from decisions.engine.pdp import evaluate
from decisions.engine.verdict import (
    Classification,
    ConditionResult,
    Decision,
    Modification,
    ReasonCode,
    RiskLevel,
    Route,
    Stage,
    Truth,
)
from receipts.signing.canonical import JSON
from tests.unit.engine.scenes import context, facts, policy_of, ruling

MAIL = """
- id: inside
  match: {tool: email.send, parameters: {to: {external: false}}}
  action: ALLOW
- id: outside
  match: {tool: email.send, parameters: {to: {external: true}}}
  action: STEP_UP
  risk_level: HIGH
  approvers: [security-team]
  timeout: 60
"""


def test_the_highest_priority_decides_whatever_the_order() -> None:
    rules = ["- {id: a, match: any, action: ALLOW}", "- {id: b, match: any, action: DENY, priority: 5}"]
    for order in (rules, rules[::-1]):
        answer = ruling(policy_of("\n".join(order)), "x.y")
        assert (answer.decision, answer.rule_id, answer.matched_rules) == (Decision.DENY, "b", ("b", "a"))
    negative = policy_of("- {id: c, match: any, action: DENY, priority: -1}\n" + rules[0])
    assert ruling(negative, "x.y").decision is Decision.ALLOW


@pytest.mark.case("POL-12")
def test_rules_of_one_priority_that_disagree_defer() -> None:
    allow, deny = "- {id: a, match: any, action: ALLOW, risk_level: CRITICAL}", "- {id: b, match: any, action: DENY}"
    assert ruling(policy_of(allow), "x.y").decision is Decision.ALLOW
    answer = ruling(policy_of(f"{allow}\n{deny}"), "x.y")
    assert (answer.decision, answer.reason_code) == (Decision.DEFER, ReasonCode.RULE_CONFLICT)
    assert (answer.rule_id, answer.classification) == (None, Classification.CONTEXT_DEPENDENT_DEFER)
    assert (answer.timeout_seconds, answer.context_needed, answer.risk_level) == (300, (), RiskLevel.CRITICAL)
    assert "a, b" in answer.reason
    settled = policy_of(f"{allow}\n{deny}\n- {{id: c, match: any, action: DENY, priority: 1}}")
    assert (ruling(settled, "x.y").decision, ruling(settled, "x.y").rule_id) == (Decision.DENY, "c")


def test_rules_that_agree_ask_for_the_strictest_together() -> None:
    answer = ruling(
        policy_of(
            """
            - {id: b, match: any, action: STEP_UP, approvers: [{group: g, count: 2}, h], timeout: 600, risk_level: LOW}
            - {id: a, match: any, action: STEP_UP, approvers: [g, i], timeout: 60, risk_level: HIGH}
            """
        ),
        "x.y",
    )
    stages = (Stage("g", 2), Stage("h", 1), Stage("i", 1))
    assert answer.route == Route(stages=stages, timeout_seconds=60, risk_level=RiskLevel.HIGH)
    assert (answer.rule_id, answer.timeout_seconds, answer.risk_level) == ("a", 60, RiskLevel.HIGH)


def test_deferrals_that_agree_wait_for_everything_and_end_first() -> None:
    answer = ruling(
        policy_of(
            """
            - {id: a, match: any, action: DEFER, context_needed: [ticket], timeout: 60}
            - {id: b, match: any, action: DEFER, context_needed: [window, parameters.x], timeout: 600}
            """
        ),
        "x.y",
        {"x": 1},
    )
    assert (answer.decision, answer.timeout_seconds) == (Decision.DEFER, 60)
    assert answer.context_needed == ("ticket", "window")


@pytest.mark.case("POL-13")
def test_what_is_missing_is_never_taken_for_no_match() -> None:
    policy = policy_of(MAIL)
    assert ruling(policy, "email.send", {"to": "bob@corp.example"}).decision is Decision.ALLOW
    values: tuple[dict[str, JSON], ...] = (
        {},
        {"to": None},
        {"to": 7},
        {"to": []},
        {"to": ""},
        {"TO": "bob@corp.example"},
    )
    for parameters in values:
        answer = ruling(policy, "email.send", parameters)
        assert (answer.decision, answer.reason_code) == (Decision.DEFER, ReasonCode.MISSING_CONTEXT)
        assert answer.context_needed == ("parameters.to",)
        assert (answer.rule_id, answer.timeout_seconds, answer.risk_level) == (None, 300, RiskLevel.HIGH)
        assert "inside, outside" in answer.reason


@pytest.mark.case("POL-13")
@pytest.mark.parametrize(
    ("known", "unknown", "default", "decision"),
    [
        # The ruling could be another one.
        ("ALLOW", "DENY, priority: 1", "DENY", Decision.DEFER),
        ("ALLOW", "DENY", "DENY", Decision.DEFER),
        ("ALLOW", "DENY, classification: forbidden, priority: -1", "DENY", Decision.DEFER),
        ("ALLOW", "MODIFY, modifications: {cap: {n: 1}}", "DENY", Decision.DEFER),
        ("DENY", "ALLOW, priority: 1", "DENY", Decision.DEFER),
        ("STEP_UP, approvers: [g]", "STEP_UP, approvers: [h]", "DENY", Decision.DEFER),
        ("STEP_UP, approvers: [g]", "STEP_UP, approvers: [g], timeout: 5", "DENY", Decision.DEFER),
        ("STEP_UP, approvers: [g]", "STEP_UP, approvers: [g], risk_level: CRITICAL", "DENY", Decision.DEFER),
        ("", "ALLOW", "DENY", Decision.DEFER),
        ("", "DENY", "ALLOW", Decision.DEFER),
        # It could not.
        ("ALLOW, priority: 2", "DENY, priority: 1", "DENY", Decision.ALLOW),
        ("ALLOW", "ALLOW, priority: 5", "DENY", Decision.ALLOW),
        ("DENY", "DENY, priority: 5", "ALLOW", Decision.DENY),
        ("DENY", "DENY, classification: forbidden", "ALLOW", Decision.DENY),
        ("DENY, classification: forbidden", "ALLOW, priority: 1000", "ALLOW", Decision.DENY),
        ("", "DENY", "DENY", Decision.DENY),
        ("", "ALLOW", "ALLOW", Decision.ALLOW),
        ("STEP_UP, approvers: [g]", "STEP_UP, approvers: [g]", "DENY", Decision.STEP_UP),
        ("STEP_UP, approvers: [g, h]", "STEP_UP, approvers: [h], timeout: 9999", "DENY", Decision.STEP_UP),
        ("DEFER", "ALLOW, priority: 1", "DENY", Decision.DEFER),
    ],
)
def test_the_unknown_defers_only_if_it_could_change_the_ruling(
    known: str, unknown: str, default: str, decision: Decision
) -> None:
    certain = f"- {{id: known, match: any, action: {known}}}\n" if known else ""
    policy = policy_of(
        f"{certain}- {{id: unknown, match: {{parameters: {{x: 1}}}}, action: {unknown}}}", default=default
    )
    answer = ruling(policy, "t.o")
    assert answer.decision is decision
    if decision is Decision.DEFER:
        assert answer.context_needed == ("parameters.x",)
    else:
        assert (answer.context_needed, answer.rule_id) == ((), "known" if known else None)
    assert ruling(policy, "t.o", {"x": 2}).reason_code is not ReasonCode.MISSING_CONTEXT


@pytest.mark.case("POL-13")
def test_an_unknown_modification_that_changes_the_same_is_no_reason_to_wait() -> None:
    rules = """
        - {id: a, match: any, action: MODIFY, modifications: {cap: {n: 5}}}
        - {id: b, match: {parameters: {x: 1}}, action: MODIFY, modifications: {cap: {n: %s}}}
    """
    assert ruling(policy_of(rules % 5), "t.o").decision is Decision.MODIFY
    assert ruling(policy_of(rules % 4), "t.o").decision is Decision.DEFER


@pytest.mark.case("POL-13")
def test_a_rule_that_waits_anyway_keeps_its_reason_and_waits_for_more() -> None:
    policy = policy_of(
        """
        - {id: wait, match: any, action: DEFER, reason: Later., context_needed: [window], timeout: 60}
        - {id: more, match: {parameters: {x: 1}}, action: ALLOW, priority: 1}
        """
    )
    answer = ruling(policy, "t.o")
    assert (answer.rule_id, answer.reason, answer.timeout_seconds) == ("wait", "Later.", 60)
    assert answer.context_needed == ("parameters.x", "window")
    assert ruling(policy, "t.o", {"x": 1}).decision is Decision.ALLOW


@pytest.mark.case("POL-13")
def test_the_agents_word_is_enough_only_where_the_rule_says_so() -> None:
    rules = "- {id: a, match: {tool: t.o, facts: {ticket: T-1}}%s, action: ALLOW}"
    strict, trusting = policy_of(rules % ""), policy_of(rules % ", trust: asserted")
    said, known = facts(Trust.ASSERTED, ticket="T-1"), facts(Trust.ATTESTED, ticket="T-1")
    assert ruling(strict, "t.o", facts=known).decision is Decision.ALLOW
    assert ruling(strict, "t.o", facts=said).context_needed == ("ticket",)
    assert ruling(trusting, "t.o", facts=said).decision is Decision.ALLOW
    assert ruling(trusting, "t.o", facts=facts(Trust.ASSERTED, ticket=None)).decision is Decision.DEFER


def test_a_deferral_holds_only_while_something_is_missing() -> None:
    policy = policy_of("- {id: wait, match: {tool: t.o}, action: DEFER, context_needed: [window]}", default="ALLOW")
    assert ruling(policy, "t.o").context_needed == ("window",)
    assert ruling(policy, "t.o", facts=facts(Trust.ASSERTED, window="open")).decision is Decision.DEFER
    assert ruling(policy, "t.o", facts=facts(Trust.ATTESTED, window="open")).decision is Decision.ALLOW
    endless = policy_of("- {id: wait, match: {tool: t.o}, action: DEFER}", default="ALLOW")
    assert ruling(endless, "t.o", facts=facts(Trust.ATTESTED, window="open")).decision is Decision.DEFER


@pytest.mark.case("POL-14")
def test_forbidden_wins_over_every_priority() -> None:
    rules = """
        - {id: never, match: {tool: db.drop}, action: DENY, classification: forbidden, priority: -1000000}
        - {id: yes, match: any, action: ALLOW, priority: 1000000}
    """
    answer = ruling(policy_of(rules), "DB.Drop")
    assert (answer.decision, answer.reason_code, answer.rule_id) == (Decision.DENY, ReasonCode.FORBIDDEN, "never")
    assert answer.classification is Classification.FORBIDDEN
    assert ruling(policy_of(rules), "db.query").decision is Decision.ALLOW


@pytest.mark.case("APR-46")
def test_what_modify_makes_is_judged_again() -> None:
    rules = """
        - id: cap
          match: {tool: db.query, parameters: {limit: {gt: 100}}}
          action: MODIFY
          modifications: {cap: {limit: 100}}
        - {id: hundred, match: {tool: db.query, parameters: {limit: 100}}, action: %s}
    """
    denied = ruling(policy_of(rules % "DENY"), "db.query", {"limit": 5000})
    assert (denied.decision, denied.rule_id, denied.modifications) == (Decision.DENY, "hundred", ())
    assert denied.parameters == {"limit": 5000}
    asked = ruling(policy_of(rules % "STEP_UP, approvers: [g]"), "db.query", {"limit": 5000})
    assert (asked.decision, asked.rule_id, asked.parameters) == (Decision.STEP_UP, "hundred", {"limit": 100})
    assert asked.modifications == (Modification("/limit", before=5000, after=100, rule_id="cap", kind=ChangeKind.CAP),)
    assert asked.matched_rules == ("cap", "hundred")
    allowed = ruling(policy_of(rules % "ALLOW"), "db.query", {"limit": 5000})
    assert (allowed.decision, allowed.rule_id, allowed.parameters) == (Decision.MODIFY, "cap", {"limit": 100})


@pytest.mark.case("APR-46")
def test_where_nothing_covers_the_result_the_modifying_rules_word_holds() -> None:
    policy = policy_of(
        """
        - id: cap
          match: {parameters: {limit: {gt: 9}}}
          action: MODIFY
          reason: Few.
          modifications: {cap: {limit: 9}}
        """
    )
    answer = ruling(policy, "db.query", {"limit": 10, "q": "x"})
    assert (answer.decision, answer.reason, answer.reason_code) == (Decision.MODIFY, "Few.", ReasonCode.RULE_MATCHED)
    assert answer.parameters == {"limit": 9, "q": "x"}
    assert ruling(policy, "db.query", {"limit": 9}).decision is Decision.DENY
    assert [(each.rule_id, each.result) for each in answer.conditions] == [("cap", Truth.TRUE)]


@pytest.mark.case("APR-46")
def test_modifications_that_never_settle_are_denied() -> None:
    rules = """
        - {id: up, match: {parameters: {n: 1}}, action: MODIFY, modifications: {replace: {n: 2}}}
        - {id: down, match: {parameters: {n: 2}}, action: MODIFY, modifications: {replace: {n: 1}}}
    """
    answer = ruling(policy_of(rules), "t.o", {"n": 1})
    assert (answer.decision, answer.reason_code) == (Decision.DENY, ReasonCode.MODIFICATION_NOT_STABLE)
    assert (answer.rule_id, answer.parameters, answer.modifications) == ("up", {"n": 1}, ())
    assert ruling(policy_of(rules), "t.o", {"n": 3}).reason_code is ReasonCode.DEFAULT_POSTURE


@pytest.mark.case("APR-46")
@pytest.mark.parametrize(("steps", "decision"), [(1, Decision.MODIFY), (3, Decision.MODIFY), (4, Decision.DENY)])
def test_three_rounds_are_enough_or_it_is_denied(steps: int, decision: Decision) -> None:
    rules = "\n".join(
        f"- {{id: s{n}, match: {{parameters: {{n: {n}}}}}, action: MODIFY, modifications: {{replace: {{n: {n + 1}}}}}}}"
        for n in range(steps)
    )
    answer = ruling(policy_of(rules), "t.o", {"n": 0})
    assert answer.decision is decision
    if decision is Decision.MODIFY:
        assert answer.parameters == {"n": steps}
        assert [change.after for change in answer.modifications] == list(range(1, steps + 1))
        assert {change.rule_id for change in answer.modifications} == {f"s{n}" for n in range(steps)}
    else:
        assert answer.reason_code is ReasonCode.MODIFICATION_NOT_STABLE


@pytest.mark.case("APR-46")
def test_a_result_that_cannot_be_judged_waits() -> None:
    policy = policy_of(
        """
        - {id: first, match: {parameters: {n: 1}}, action: MODIFY, modifications: {replace: {n: 2}}}
        - {id: then, match: {parameters: {n: 2, x: 1}}, action: DENY}
        """
    )
    answer = ruling(policy, "t.o", {"n": 1})
    assert (answer.decision, answer.context_needed, answer.parameters) == (Decision.DEFER, ("parameters.x",), {"n": 2})
    assert ruling(policy, "t.o", {"n": 1, "x": 2}).decision is Decision.MODIFY


def test_a_modification_that_changes_nothing_is_an_allow() -> None:
    policy = policy_of("- {id: cap, match: any, action: MODIFY, modifications: {cap: {limit: 9}}}")
    answer = ruling(policy, "t.o", {"limit": 5})
    assert (answer.decision, answer.rule_id, answer.modifications) == (Decision.ALLOW, "cap", ())
    assert ruling(policy, "t.o", {"limit": 50}).decision is Decision.MODIFY


@pytest.mark.parametrize("limit", ["50", True, [50], {"$gt": 0}])
def test_what_cannot_be_changed_as_the_rule_says_waits(limit: JSON) -> None:
    policy = policy_of("- {id: cap, match: any, action: MODIFY, risk_level: HIGH, modifications: {cap: {limit: 9}}}")
    answer = ruling(policy, "t.o", {"limit": limit})
    assert (answer.decision, answer.reason_code) == (Decision.DEFER, ReasonCode.MISSING_CONTEXT)
    assert (answer.context_needed, answer.risk_level) == (("parameters.limit",), RiskLevel.HIGH)
    assert "cap" in answer.reason


def test_modifications_of_one_priority_are_made_together_or_conflict() -> None:
    rules = """
        - {id: a, match: any, action: MODIFY, modifications: {cap: {n: 5}}}
        - {id: b, match: any, action: MODIFY, modifications: {%s}}
    """
    answer = ruling(policy_of(rules % "cap: {n: 3}, replace: {m: 1}"), "t.o", {"n": 9})
    assert (answer.decision, answer.parameters) == (Decision.MODIFY, {"n": 3, "m": 1})
    assert ruling(policy_of(rules % "replace: {n: 3}"), "t.o", {"n": 9}).reason_code is ReasonCode.RULE_CONFLICT


LABELS = """
- {id: label, match: {tool: t.o, parameters: {table: %s}}, effect: {set_context: {data_classification: [pii, PCI]}}}
- {id: act, match: {tool: t.o}, action: %s, effect: {set_context: {data_kinds: seen}}}
"""


@pytest.mark.parametrize("action", ["ALLOW", "STEP_UP, approvers: [g]", "DEFER"])
def test_what_goes_on_or_waits_labels_the_session(action: str) -> None:
    policy = policy_of(LABELS % ("customers", action))
    assert ruling(policy, "t.o", {"table": "customers"}).labels == {"PII", "PCI", "SEEN"}
    assert ruling(policy, "t.o", {"table": "orders"}).labels == {"SEEN"}
    assert ruling(policy, "t.p", {"table": "customers"}).labels == frozenset()


def test_what_is_denied_labels_nothing() -> None:
    assert ruling(policy_of(LABELS % ("customers", "ALLOW")), "t.o", {"table": "customers"}).labels
    assert ruling(policy_of(LABELS % ("customers", "DENY")), "t.o", {"table": "customers"}).labels == frozenset()


def test_a_label_is_set_in_doubt_unless_the_rule_speaks_of_absence() -> None:
    doubtful, precise = (
        policy_of(LABELS % (table, "ALLOW")) for table in ("customers", "{absent: false, eq: customers}")
    )
    assert ruling(doubtful, "t.o").labels == {"PII", "PCI", "SEEN"}
    assert ruling(precise, "t.o").labels == {"SEEN"}
    assert ruling(precise, "t.o", {"table": "CUSTOMERS"}).labels == {"PII", "PCI", "SEEN"}
    assert ruling(doubtful, "t.o").decision is Decision.ALLOW


def test_the_session_is_there_for_rules() -> None:
    policy = policy_of(
        """
        - {id: kinds, match: {context: {data_kinds: pii}}, action: DENY, priority: 5}
        - {id: tools, match: {context: {tools_used: DB.query}}, action: DENY, priority: 4}
        - {id: count, match: {context: {action_count: {gte: 10}}}, action: DENY, priority: 3}
        - {id: request, match: {original_request: {absent: false, contains: Wire}}, action: DENY, priority: 2}
        - {id: effect, match: {tool: {effect: {absent: false, not: read}}}, action: DENY, priority: 1}
        - {id: free, match: any, action: ALLOW}
        """
    )
    assert ruling(policy, "t.o").rule_id == "free"
    assert ruling(policy, "t.o", data_kinds=frozenset({"PII"})).rule_id == "kinds"
    assert ruling(policy, "t.o", tools_used=frozenset({"db.Query"})).rule_id == "tools"
    assert ruling(policy, "t.o", action_count=10).rule_id == "count"
    assert ruling(policy, "t.o", original_request="please WIRE it").rule_id == "request"
    assert ruling(policy, "t.o", registered_effect="egress").rule_id == "effect"
    assert ruling(policy, "t.o", registered_effect="read").rule_id == "free"


@pytest.mark.case("POL-13")
def test_an_unregistered_tool_has_no_known_effect() -> None:
    policy = policy_of("- {id: reads, match: {tool: {effect: read}}, action: ALLOW}")
    assert ruling(policy, "t.o", registered_effect="read").decision is Decision.ALLOW
    assert ruling(policy, "t.o", registered_effect="write").decision is Decision.DENY
    assert ruling(policy, "t.o").context_needed == ("tool.effect",)


@pytest.mark.parametrize(
    ("match", "names"),
    [
        ("{tool: email.send}", {"email.send", "EMAIL.Send"}),
        ("{tool: email}", {"email.send", "email.read", "EMAIL.Send"}),
        ("{operation: send}", {"email.send", "sms.send", "EMAIL.Send"}),
        ("{tool: [email.send, sms]}", {"email.send", "sms.send", "EMAIL.Send"}),
        ("{tool: [email, sms], operation: [send]}", {"email.send", "sms.send", "EMAIL.Send"}),
        ("{tool: mcp.github, operation: push}", {"mcp.github.push"}),
        ("{tool: mcp.github.push}", {"mcp.github.push"}),
        ("{tool: {in: [mcp.github]}}", {"mcp.github.push"}),
        ("{tool: {matches: '^mcp'}}", {"mcp.github.push"}),
        ("{tool: {not: email}}", {"sms.send", "mcp.github.push"}),
        ("{any: [{tool: sms}, {operation: read}]}", {"sms.send", "email.read"}),
        ("{any: [{tool: email}, {tool: email.send}]}", {"email.send", "email.read", "EMAIL.Send"}),
        ("{any: [{tool: email}, {operation: send}]}", {"email.send", "email.read", "EMAIL.Send", "sms.send"}),
        ("{all: [{tool: email}, {tool: sms}]}", set()),
        ("{not: {tool: email}, operation: send}", {"sms.send"}),
        ("any", {"email.send", "email.read", "EMAIL.Send", "sms.send", "mcp.github.push"}),
    ],
)
def test_tools_and_operations_are_found_through_the_index(match: str, names: set[str]) -> None:
    policy = policy_of(f"- {{id: a, match: {match}, action: ALLOW}}")
    everything = ("email.send", "email.read", "EMAIL.Send", "sms.send", "mcp.github.push")
    answers = {name: ruling(policy, name) for name in everything}
    assert {name for name, answer in answers.items() if answer.decision is Decision.ALLOW} == names
    for name in everything:
        tool, _, operation = name.lower().rpartition(".")
        assert len(policy.candidates(tool=tool, operation=operation)) <= 1, "A rule is found once or not at all."


def test_the_trace_covers_the_rules_that_decided() -> None:
    policy = policy_of(
        MAIL
        + """
- {id: other, match: {tool: email.send, parameters: {subject: Q4}}, action: ALLOW, priority: -1}
- {id: unrelated, match: {tool: sms.send}, action: DENY}
"""
    )
    allowed = ruling(policy, "email.send", {"to": "bob@corp.example", "subject": "Q4"})
    assert allowed.conditions == (
        ConditionResult("inside", "tool", "eq", Truth.TRUE),
        ConditionResult("inside", "operation", "eq", Truth.TRUE),
        ConditionResult("inside", "parameters.to", "external", Truth.TRUE),
        ConditionResult("other", "tool", "eq", Truth.TRUE),
        ConditionResult("other", "operation", "eq", Truth.TRUE),
        ConditionResult("other", "parameters.subject", "eq", Truth.TRUE),
    )
    # `other` allows already, so `inside` would make no difference; `outside` would.
    waiting = ruling(policy, "email.send", {"subject": "Q4"})
    unknown = [each for each in waiting.conditions if each.result is Truth.UNKNOWN]
    assert unknown == [ConditionResult("outside", "parameters.to", "external", Truth.UNKNOWN)]


def test_nothing_that_was_given_is_changed() -> None:
    policy = policy_of("- {id: a, match: any, action: MODIFY, modifications: {replace: {a.b: 2}, cap: {n: 1}}}")
    parameters: dict[str, JSON] = {"a": {"b": 1, "c": [1]}, "n": 5}
    before = copy.deepcopy(parameters)
    about = context()
    answers = [evaluate(Action("t", "o", parameters), context=about, policy=policy) for _ in range(2)]
    assert parameters == before
    assert answers[0] == answers[1]
    assert answers[0].parameters == {"a": {"b": 2, "c": [1]}, "n": 1}
    unchanged = ruling(policy_of("- {id: a, match: any, action: ALLOW}"), "t.o", parameters)
    assert unchanged.parameters == parameters
    assert unchanged.parameters is not parameters
