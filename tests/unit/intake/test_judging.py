"""The strictest decision on anything inside a call is the decision on the call."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from decisions.engine.action import Action
from decisions.engine.metatools import MetaTool, Opening, table_of
from decisions.engine.pdp import evaluate
from decisions.engine.verdict import Counted, Decision, ReasonCode, RiskLevel, Ruling
from decisions.intake.judging import actions_in, judge
from tests.unit.engine.scenes import context, policy_of

ALLOWS = "- {id: look, match: {tool: shell.run, parameters: {program: [ls, cat, echo, grep]}}, action: ALLOW}\n"
DENIES = "- {id: no-rm, match: {tool: shell.run, parameters: {program: rm}}, action: DENY, classification: forbidden}\n"
ASKS = (
    "- {id: ask-git, match: {tool: shell.run, parameters: {program: git}}, action: STEP_UP, approvers: [devs],"
    " timeout: 60}\n"
)
ASKS_OTHERS = (
    "- {id: ask-curl, match: {tool: shell.run, parameters: {program: curl}}, action: STEP_UP, approvers: [security],"
    " risk_level: HIGH, questions: [Where to?], escalation: [{after: 10, to: [boss]}]}\n"
)


def ruled(rules: str, command: Any = None, *, default: str = "DENY", tool: str = "bash", **parameters: Any) -> Ruling:
    asked = parameters if command is None else {"command": command, **parameters}
    return judge(Action(tool, "call", asked), context=context(), policy=policy_of(rules, default=default))


@pytest.mark.case("API-10")
@pytest.mark.parametrize(
    ("command", "decision", "rule"),
    [
        ("ls", Decision.ALLOW, "look"),
        ("ls | grep x && cat y", Decision.ALLOW, "look"),
        ("nohup env LANG=C bash -c 'ls'", Decision.ALLOW, "look"),
        ("ls; rm x", Decision.DENY, "no-rm"),
        ("ls | xargs rm", Decision.DENY, "no-rm"),
        ("echo $(rm x)", Decision.DENY, "no-rm"),
        ("r'm' x", Decision.DENY, "no-rm"),
        ("sh -c \"bash -c 'rm x'\"", Decision.DENY, "no-rm"),
        ("git log; ls", Decision.STEP_UP, "ask-git"),
        ("git log; rm x", Decision.DENY, "no-rm"),
        ("ls; make", Decision.DENY, None),
        ("sudo ls", Decision.DENY, None),
        ("ls > x", Decision.DENY, None),
        ("eval ls", Decision.DENY, None),
        ("ls; $X", Decision.DEFER, None),
        ("git log; $X", Decision.DEFER, None),
        ("rm x; $X", Decision.DENY, "no-rm"),
    ],
)
def test_the_strictest_command_decides(command: str, decision: Decision, rule: str | None) -> None:
    ruling = ruled(ALLOWS + DENIES + ASKS, command)
    assert (ruling.decision, ruling.rule_id) == (decision, rule)
    assert ruling.parameters == {"command": command}


@pytest.mark.case("API-10")
@pytest.mark.parametrize("default", ["ALLOW", "DENY", "DEFER", "{action: STEP_UP, approvers: [devs]}"])
@pytest.mark.parametrize("command", ["$X", "ls '", "curl x | sh", "eval ls", "", "ls\u200b", "PATH=. ls"])
def test_what_is_unclear_is_never_permitted(command: str, default: str) -> None:
    rules = "- {id: any, match: any, action: ALLOW}\n"
    for text in (rules, ALLOWS + DENIES):
        ruling = ruled(text, command, default=default)
        assert ruling.decision in (Decision.DEFER, Decision.DENY)
    assert ruled(rules, "ls", default=default).decision is Decision.ALLOW
    unclear = ruled(rules, command, default=default)
    assert (unclear.decision, unclear.reason_code) == (Decision.DEFER, ReasonCode.UNCLEAR_MEANING)
    assert (unclear.route, unclear.context_needed, unclear.timeout_seconds) == (None, (), 300)
    assert unclear.reason.startswith(("what is unclear: It can't be said for certain", "It can't"))


def test_a_policy_may_say_who_is_asked_about_what_is_unclear() -> None:
    rules = ALLOWS + DENIES + "- {id: read-it, match: {tool: unclear}, action: STEP_UP, approvers: [devs]}\n"
    ruling = ruled(rules, "ls; $X")
    assert (ruling.decision, ruling.rule_id) == (Decision.STEP_UP, "read-it")
    # A person can't be asked into what is forbidden.
    assert ruled(rules, "rm x; $X").rule_id == "no-rm"
    assert ruled(rules, tool="mcp_tool").rule_id == "read-it"


@pytest.mark.parametrize("decision", ["DENY", "DEFER", "{action: STEP_UP, approvers: [devs]}"])
def test_a_rule_about_the_tool_itself_holds_whatever_is_inside(decision: str) -> None:
    action = decision if "{" not in decision else "STEP_UP, approvers: [devs]"
    rules = f"{ALLOWS}- {{id: shells, match: {{tool: bash}}, action: {action}}}\n"
    assert ruled(rules, "ls").rule_id == "shells"
    assert ruled(ALLOWS, "ls").decision is Decision.ALLOW


def test_a_rule_that_permits_the_tool_permits_nothing_that_it_runs() -> None:
    rules = "- {id: shells, match: {tool: bash}, action: ALLOW}\n" + DENIES
    assert ruled(rules, "make").decision is Decision.DENY
    assert ruled(rules, "rm x").rule_id == "no-rm"


def test_the_reason_names_the_command_that_decided() -> None:
    ruling = ruled(ALLOWS + DENIES, "ls; rm x; cat y")
    assert ruling.reason.startswith("shell.run rm (step 2 of 3): ")
    assert [(step.decision, step.rule_id) for step in ruling.steps] == [
        (Decision.ALLOW, "look"), (Decision.DENY, "no-rm"), (Decision.ALLOW, "look")]  # fmt: skip
    assert ruling.steps[1].parameters["arguments"] == ["x"]
    hidden = ruled(ALLOWS, "./a\u00e9")
    assert hidden.reason.startswith("shell.run (step 1 of 1): ")


def test_each_step_is_judged_after_the_one_before() -> None:
    rules = (
        "- {id: secrets, match: {tool: shell.run, parameters: {program: cat}}, action: ALLOW,"
        " effect: {set_context: {data_classification: SECRET}}}\n"
        "- {id: send, match: {tool: shell.run, parameters: {program: curl}}, action: ALLOW}\n"
        "- {id: leak, match: {tool: shell.run, parameters: {program: curl}, context: {data_classification: SECRET}},"
        " action: DENY, classification: context_dependent_deny, priority: 5}\n"
    )
    assert ruled(rules, "cat x | curl y").rule_id == "leak"
    allowed = ruled(rules, "curl y; cat x")
    assert (allowed.decision, allowed.labels) == (Decision.ALLOW, frozenset({"SECRET"}))


def test_commands_of_one_line_are_counted_one_by_one() -> None:
    rules = (
        "- {id: send, match: {tool: shell.run, parameters: {program: curl}}, action: ALLOW}\n"
        "- {id: rate, match: {tool: shell.run, parameters: {program: curl}}, constraints: {rate: {max: 2, window: 60}},"
        " action: DENY, priority: 5}\n"
    )
    within = ruled(rules, "curl a; curl b")
    assert (within.decision, within.counted) == (Decision.ALLOW, (Counted("rate", 2),))
    beyond = ruled(rules, "curl a; curl b; curl c")
    assert (beyond.decision, beyond.rule_id, beyond.counted) == (Decision.DENY, "rate", ())


def test_everybody_is_asked_whom_one_of_the_commands_needs() -> None:
    route = ruled(ASKS + ASKS_OTHERS, "git log; curl x").route
    assert route is not None
    assert {stage.group for stage in route.stages} == {"devs", "security"}
    assert (route.timeout_seconds, route.risk_level, route.editable) == (60, RiskLevel.HIGH, ())
    assert (route.questions, len(route.escalation)) == (("Where to?",), 1)
    only = ruled(ASKS + ASKS_OTHERS + ALLOWS, "git log; ls").route
    assert only is not None
    assert [stage.group for stage in only.stages] == ["devs"]


MODIFIES = (
    "- {id: cap, match: {tool: database.query, parameters: {limit: {gt: 10}}}, action: MODIFY,"
    " modifications: {parameters: {limit: 10}}}\n"
    "- {id: query, match: {tool: database.query}, action: ALLOW, priority: -1}\n"
)


def test_a_change_of_the_one_call_inside_is_made_inside() -> None:
    asked: dict[str, Any] = {
        "mcp_server_name": "database",
        "mcp_tool_name": "query",
        "arguments": {"limit": 50, "table": "a"},
    }
    ruling = ruled(MODIFIES, tool="mcp_tool", **asked)
    assert ruling.decision is Decision.MODIFY
    assert ruling.parameters == {**asked, "arguments": {"limit": 10, "table": "a"}}
    assert [(each.path, each.before, each.after) for each in ruling.modifications] == [("/arguments/limit", 50, 10)]
    small = ruled(MODIFIES, tool="mcp_tool", **(asked | {"arguments": {"limit": 5}}))
    assert (small.decision, small.modifications) == (Decision.ALLOW, ())


def test_a_change_that_has_no_place_in_what_is_sent_is_refused() -> None:
    rules = (
        "- {id: shorten, match: {tool: shell.run, parameters: {program: ls}}, action: MODIFY,"
        " modifications: {parameters: {arguments: []}}}\n"
    )
    ruling = ruled(rules, "ls -l")
    assert (ruling.decision, ruling.reason_code) == (Decision.DENY, ReasonCode.CANNOT_MODIFY)
    assert (ruling.parameters, ruling.modifications) == ({"command": "ls -l"}, ())
    other = "- {id: other, match: {tool: bash}, action: MODIFY, modifications: {parameters: {command: ls}}}\n"
    changed = ruled(ALLOWS + other, "cat x")
    assert (changed.decision, changed.reason_code) == (Decision.DENY, ReasonCode.CANNOT_MODIFY)


def test_a_change_beside_the_command_line_is_made() -> None:
    rules = "- {id: time, match: {tool: bash}, action: MODIFY, modifications: {parameters: {timeout: 5}}}\n" + ALLOWS
    ruling = ruled(rules, "ls", timeout=90)
    assert (ruling.decision, ruling.parameters) == (Decision.MODIFY, {"command": "ls", "timeout": 5})
    assert ruled(rules + DENIES, "rm x", timeout=90).parameters == {"command": "rm x", "timeout": 90}


def test_rules_in_shadow_are_tried_on_what_is_inside() -> None:
    rules = (
        ALLOWS
        + "- {id: try, match: {tool: shell.run, parameters: {program: cat}}, action: DENY, priority: 5, mode: shadow}\n"
    )
    tried = ruled(rules, "ls; cat x")
    assert tried.decision is Decision.ALLOW
    assert tried.shadow is not None
    assert (tried.shadow.decision, tried.shadow.rule_id) == (Decision.DENY, "try")
    assert ruled(rules, "ls").shadow is None


def test_an_action_that_stands_for_itself_is_judged_as_ever() -> None:
    policy = policy_of(MODIFIES)
    action = Action("database", "query", {"limit": 50})
    assert judge(action, context=context(), policy=policy) == evaluate(action, context=context(), policy=policy)
    assert actions_in(action, policy=policy) == (action,)


def test_the_actions_inside_are_those_that_are_judged() -> None:
    policy = policy_of(ALLOWS)
    action = Action("bash", "call", {"command": "nohup ls; $X"})
    _, *inner = actions_in(action, policy=policy)
    assert [f"{each.tool}.{each.operation}" for each in inner] == ["shell.run", "shell.run", "unclear.shell"]
    ruling = judge(action, context=context(), policy=policy)
    assert [(step.tool, step.only_carries) for step in ruling.steps] == [
        ("shell", True), ("shell", False), ("unclear", False)]  # fmt: skip


def test_the_effects_of_what_is_inside_are_its_own() -> None:
    rules = "- {id: reads, match: {tool: {effect: read}}, action: ALLOW}\n"
    now = replace(context(), registered_effect="write", inner_effects={"github.list": "read"})
    asked = {"mcp_server_name": "GitHub", "mcp_tool_name": "list"}
    policy = policy_of(rules)
    assert judge(Action("mcp_tool", "call", asked), context=now, policy=policy).decision is Decision.ALLOW
    other = asked | {"mcp_tool_name": "delete"}
    assert judge(Action("mcp_tool", "call", other), context=now, policy=policy).decision is not Decision.ALLOW


def test_a_table_may_open_other_tools_and_leave_some_closed() -> None:
    policy = policy_of(DENIES + "- {id: own, match: {tool: bash}, action: ALLOW}\n", default="ALLOW")
    table = table_of([
        MetaTool("bash", "call", Opening.NOTHING),
        MetaTool("terminal", "exec", Opening.SHELL, commands=("line",)),
    ])  # fmt: skip
    other = replace(policy, meta_tools=table)
    assert judge(Action("bash", "call", {"command": "rm"}), context=context(), policy=other).rule_id == "own"
    ruling = judge(Action("terminal", "exec", {"line": "rm x"}), context=context(), policy=other)
    assert ruling.rule_id == "no-rm"
