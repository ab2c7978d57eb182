"""The linter finds what is wrong, and whatever it claims to have proved is true of every action that is tried."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from itertools import product
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from decisions.engine.action import Action
from decisions.engine.context import Context, Trust
from decisions.engine.findings import Finding, Gaps, Severity
from decisions.engine.lint import CHECKS, lint
from decisions.engine.lint_reach import MOST_PAIRS
from decisions.engine.literals import MOST_BRANCHES
from decisions.engine.parser import compile_policy, parse_policy
from decisions.engine.pdp import evaluate
from decisions.engine.policy import Policy
from decisions.engine.subject import Subject
from tests.unit.engine.scenes import context, facts, text_of

HEADER = 'policy: {id: test, version: "1", organisation: {domains: [corp.example]}}\n'


def found(rules: str, *, header: str = HEADER, **known: Any) -> tuple[Finding, ...]:
    """What the linter says of some rules, reasons left aside."""
    document = parse_policy(text_of(rules, header=dedent(header)), source="test")
    return tuple(finding for finding in lint(document, **known) if finding.code != "no_reason")


def codes(rules: str, **known: Any) -> list[tuple[str, str | None]]:
    return [(finding.code, finding.rule) for finding in found(rules, **known)]


def reason_codes(rules: str, **known: Any) -> set[str]:
    return {finding.code for finding in found(rules, **known)}


NEVER = [
    "tool: [a.x, b.x], not: {tool: [a, b]}",
    "tool: a, all: [{tool: b}]",
    "tool: a.x, all: [{operation: y}]",
    "tool: {glob: 'mail*'}, all: [{tool: [files, shell]}]",
    "tool: a, parameters: {n: {gt: 3, lt: 2}}",
    "tool: a, parameters: {n: {gt: 3}}, not: {parameters: {n: {gte: 2}}}",
    "tool: a, parameters: {n: {range: [1, 2], gt: 2}}",
    "tool: a, parameters: {n: 3}, all: [{parameters: {n: {in: [1, 2]}}}]",
    "tool: a, parameters: {n: {gt: 3, starts_with: x}}",
    "tool: a, parameters: {n: 1}, not: {parameters: {n: true}}",
    "tool: a, parameters: {t: {absent: true, eq: x}}",
    "tool: a, parameters: {t: x}, not: {parameters: {t: {absent: false}}}",
    "tool: a, parameters: {t: {unknown_or_conflicting: true, matches: x}}",
    "tool: a, parameters: {to: {external: true}}, not: {parameters: {to: {external: true}}}",
    "tool: a, parameters: {to: {external: true}}, all: [{parameters: {to: {external: false}}}]",
    "tool: a, parameters: {t: {starts_with: x}}, not: {parameters: {t: {starts_with: x}}}",
    "tool: a, parameters: {t: {in: [abc, abd], ends_with: z}}",
    "tool: a, parameters: {t: {min_length: 5, max_length: 4}}",
    "tool: a, parameters: {at: {after: '2026-02-01T00:00:00Z', before: '2026-01-01T00:00:00Z'}}",
    "tool: a, parameters: {for: {longer_than: 1h, shorter_than: 30m}}",
    "tool: a, context: {action_count: {lt: 0}}",
    "tool: a, context: {data_level: {higher_than: RESTRICTED}}",
    "tool: a, context: {data_level: [PUBLIC, INTERNAL]}, all: [{context: {data_level: {higher_than: INTERNAL}}}]",
    "tool: a, context: {data_kinds: [PII]}, not: {context: {data_kinds: [PCI, pii]}}",
    "tool: a, context: {data_kinds: {contains: PII}}, all: [{context: {data_kinds: {not_contains: pii}}}]",
    "tool: a, identity: {environment: {not_in: [TEST, LIVE]}}",
    "tool: a, identity: {human_verified: true}, not: {identity: {human_verified: true}}",
    "tool: a, time: {after: '2026-02-01T00:00:00Z', before: '2026-01-01T00:00:00Z'}",
    "any: [{tool: a, all: [{tool: b}]}, {parameters: {n: {gt: 3, lt: 2}}}]",
    "tool: {category: unused}, not: {tool: [a.x, b]}",
]
POSSIBLE = [
    "tool: a, parameters: {n: {gt: 2, lt: 3}}",
    "tool: a, parameters: {n: {gte: 2, lte: 2}}",
    "tool: a, parameters: {n: 1}, not: {parameters: {n: 2}}",
    "tool: a, parameters: {t: {absent: true, type: 'null'}}",
    "tool: a, parameters: {tags: {contains: x, not_contains: y}}",
    "tool: a, parameters: {t: {starts_with: x, ends_with: y}}",
    "tool: a, facts: {f: {absent: false, unknown_or_conflicting: true}}",
    "tool: a, parameters: {t: {matches: x}}, not: {parameters: {t: {matches: y}}}",
    "tool: a, context: {data_level: {higher_than: CONFIDENTIAL}}",
    "tool: a, parameters: {at: {older_than: 1h, newer_than: 30m}}",
]


@pytest.mark.case("POL-20")
@pytest.mark.parametrize("match", NEVER)
def test_a_rule_that_cannot_hold_is_found(match: str) -> None:
    header = HEADER + "categories: {unused: [a.x, b]}\n"
    said = found(f"- id: one\n  match: {{{match}}}\n  action: DENY", header=header)
    assert [(each.code, each.severity) for each in said if each.rule] == [("unreachable", Severity.ERROR)]


@pytest.mark.parametrize("match", POSSIBLE)
def test_a_rule_that_can_hold_is_left_alone(match: str) -> None:
    assert found(f"- id: one\n  match: {{{match}}}\n  action: DENY") == ()


WIDER = [
    ("tool: mail.send", "tool: mail"),
    ("tool: mail.send", "tool: 'mail.*'"),
    ("tool: [mail.send, mail.reply]", "tool: {category: sending}"),
    ("tool: {category: sending}", "tool: mail"),
    ("tool: mail, parameters: {n: {gt: 5}}", "tool: mail, parameters: {n: {gte: 3}}"),
    ("tool: mail, parameters: {n: 5}", "tool: mail, parameters: {n: {gte: 3}}"),
    ("tool: mail, parameters: {n: {range: [4, 5]}}", "tool: mail, parameters: {n: {lt: 6, gt: 3}}"),
    ("tool: mail, parameters: {t: [x, y]}", "tool: mail, parameters: {t: {in: [x, y, z]}}"),
    ("tool: mail, parameters: {t: x}", "tool: mail, parameters: {t: {absent: false}}"),
    ("tool: mail, parameters: {t: {not_in: [x, y]}}", "tool: mail, parameters: {t: {not: x}}"),
    ("tool: mail, parameters: {to: {external: true}}", "tool: mail, not: {parameters: {to: {external: false}}}"),
    ("tool: mail, context: {data_kinds: PII}", "tool: mail, context: {data_kinds: [PII, PCI]}"),
    ("tool: mail, facts: {f: {max_age: 1m, eq: x}}", "tool: mail, facts: {f: {max_age: 1h, eq: x}}"),
    ("tool: mail, parameters: {n: {gt: 5}}", "any: [{tool: files}, {parameters: {n: {gt: 5}}}]"),
    ("any: [{tool: mail.send}, {tool: mail.reply}]", "tool: mail"),
]
NOT_WIDER = [
    ("tool: mail", "tool: mail.send"),
    ("tool: mail, parameters: {n: {gte: 3}}", "tool: mail, parameters: {n: {gt: 3}}"),
    ("tool: mail, parameters: {n: 1}", "tool: mail, parameters: {n: true}"),
    ("tool: mail, parameters: {t: {not_in: [x, 1]}}", "tool: mail, parameters: {t: {not: x}}"),
    ("tool: mail", "tool: mail, parameters: {t: {absent: false}}"),
    ("tool: mail", "tool: {reversible: {not: true}}, any: [{tool: mail}]"),
    ("tool: mail, facts: {f: {max_age: 1h, eq: x}}", "tool: mail, facts: {f: {max_age: 1m, eq: x}}"),
]


def pair(narrow: str, wide: str, *, changes: str = "", priority: int = 1) -> str:
    return f"""
        - id: narrow
          match: {{{narrow}}}
          action: ALLOW
        - id: wide
          match: {{{wide}}}
          action: DENY
          priority: {priority}
          {changes}
    """


CATEGORIES = HEADER + "categories: {sending: [mail.send, mail.reply]}\n"


@pytest.mark.case("POL-20")
@pytest.mark.parametrize(("narrow", "wide"), WIDER)
def test_a_rule_that_never_decides_is_found(narrow: str, wide: str) -> None:
    assert ("shadowed", "narrow") in codes(pair(narrow, wide), header=CATEGORIES)
    assert ("shadowed", "narrow") in codes(pair(narrow, wide, changes="classification: forbidden", priority=-1),
                                           header=CATEGORIES)  # fmt: skip
    assert ("shadowed", "narrow") not in codes(pair(narrow, wide, priority=-1), header=CATEGORIES)
    assert "shadowed" not in reason_codes(pair(narrow, wide, changes="mode: shadow"), header=CATEGORIES)


@pytest.mark.parametrize(("narrow", "wide"), NOT_WIDER)
def test_a_rule_that_may_decide_is_left_alone(narrow: str, wide: str) -> None:
    assert "shadowed" not in reason_codes(pair(narrow, wide), header=CATEGORIES)


def test_another_ones_word_and_another_ones_count_prove_nothing() -> None:
    word = "tool: mail, facts: {f: x}"
    assert "shadowed" in reason_codes(pair(word, word))
    assert "shadowed" not in reason_codes(pair(word, word, changes="trust: asserted"))
    rate = "constraints: {rate: {max: 1, window: 60}}"
    counting = f"""
        - {{id: one, match: {{tool: mail}}, {rate}, action: STEP_UP, approvers: [a]}}
        - {{id: two, match: {{tool: mail}}, {rate}, action: DENY, priority: 1}}
    """
    assert "shadowed" not in reason_codes(counting)


def test_a_forbidden_rule_is_only_shadowed_by_another_one() -> None:
    rules = """
        - {id: one, match: {tool: mail}, action: DENY, classification: forbidden}
        - {id: two, match: {tool: mail}, action: ALLOW, priority: 5}
    """
    assert codes(rules) == [("shadowed", "two")]


def test_a_defer_that_waits_for_something_covers_nothing_once_that_is_there() -> None:
    rules = """
        - {id: waits, match: {tool: mail}, action: DEFER, context_needed: [window], priority: 5}
        - {id: sends, match: {tool: mail}, action: ALLOW}
    """
    assert found(rules) == ()


@pytest.mark.case("POL-20")
@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("tool: mail.send", "tool: mail"),
        ("tool: mail", "tool: 'm*'"),
        ("tool: mail, parameters: {n: {gt: 5}}", "tool: mail, parameters: {n: {lt: 9}}"),
        ("tool: mail, parameters: {a.b: {lte: 5}}", "tool: mail, parameters: {t: {starts_with: x}}"),
        ("tool: mail, parameters: {to: {external: true}}", "tool: mail, context: {data_kinds: PII}"),
        ("tool: mail, parameters: {to: {external: false}}", "tool: mail, facts: {f: {not: x}}"),
        ("tool: mail, parameters: {p: {path_within: /a}}", "tool: mail, parameters: {x: {absent: false}, n: {not: 3}}"),
        ("tool: {effect: write}", "tool: mail, risk_signals: {anomaly_score: {gt: 0.5}}"),
        ("operation: send", "tool: mail, context: {intent: x, action_count: {gte: 2}}"),
        ("tool: mail, parameters: {b: {not: true}}", "tool: mail, original_request: {contains: x}"),
        ("tool: '*.send'", "tool: 'mail.*'"),
    ],
)
def test_rules_that_contradict_each_other_are_found_with_an_action(one: str, other: str) -> None:
    rules = f"""
        - {{id: one, match: {{{one}}}, action: ALLOW}}
        - {{id: other, match: {{{other}}}, action: DENY}}
    """
    assert codes(rules) == [("contradictory", "other")]
    assert codes(rules.replace("DENY}", "DENY, priority: 1}")) in ([], [("shadowed", "one")])
    assert codes(rules.replace("DENY", "ALLOW")) == []
    assert codes(rules.replace("DENY}", "DENY, mode: shadow}")) in ([], [("contradictory", "other")])
    assert "mail.send" in found(rules)[0].why or "mail" in found(rules)[0].why


def test_changes_of_one_place_to_different_values_contradict_each_other() -> None:
    rules = """
        - {id: one, match: {tool: mail}, action: MODIFY, modifications: {replace: {n: 1}}}
        - {id: other, match: {tool: mail.send}, action: MODIFY, modifications: {replace: {n: 2}}}
    """
    assert codes(rules) == [("contradictory", "other")]
    assert codes(rules.replace("n: 2", "m: 2")) == []


STEP_UP = "- {id: one, match: {tool: mail}, action: STEP_UP, approvers: [{group: a, count: 2}], timeout: 1h%s}"


@pytest.mark.case("POL-20")
@pytest.mark.parametrize(
    ("groups", "expected"),
    [
        (None, []), ({"a": 2}, []), ({"a": 1}, ["unreachable_quorum"]), ({"a": 0}, ["unreachable_quorum"]),
        ({}, ["unknown_group"]), ({"a": 2, "b": 1}, ["unused_group"]),
    ],
)  # fmt: skip
def test_groups_that_cannot_answer_are_found(groups: Mapping[str, int] | None, expected: list[str]) -> None:
    assert [code for code, _ in codes(STEP_UP % "", groups=groups)] == expected


GAPS: Gaps = {
    "schedule:s": (
        (datetime(2026, 3, 7, 0, tzinfo=UTC), datetime(2026, 3, 8, 9, tzinfo=UTC)),
        (datetime(2026, 3, 9, 0, tzinfo=UTC), datetime(2026, 3, 10, 0, tzinfo=UTC)),
    )
}


def test_times_in_which_nobody_is_on_call_are_told_wherever_people_are_asked() -> None:
    rules = STEP_UP % ', escalation: [{after: 30m, to: ["schedule:s"]}]'
    there = {"a": 2, "schedule:s": 1}
    (said,) = found(rules, groups=there, gaps=GAPS)
    assert (said.code, said.severity, said.rule) == ("unattended", Severity.WARNING, "one")
    assert "nobody from 2026-03-07 00:00 to 2026-03-08 09:00 UTC, and 1 more time." in said.why
    once = {name: times[:1] for name, times in GAPS.items()}
    assert "2026-03-08 09:00 UTC." in found(rules, gaps=once)[0].why
    assert codes(rules, groups=there, gaps={}) == codes(STEP_UP % "", gaps=GAPS) == []
    # Of a schedule that isn't there at all only that is said.
    assert codes(rules, groups={"a": 2}, gaps=GAPS) == [("unknown_group", "one")]


def test_groups_are_looked_for_wherever_people_are_asked() -> None:
    escalated = STEP_UP % ", escalation: [{after: 30m, to: [b]}]"
    assert codes(escalated, groups={"a": 2}) == [("unknown_group", "one")]
    assert codes(escalated, groups={"a": 2, "b": 1}) == []
    default = HEADER.replace("version", "default: {action: STEP_UP, approvers: [c]}, version")
    assert codes("- {id: one, match: {tool: mail}, action: ALLOW}", header=default, groups={}) == [
        ("unknown_group", None)
    ]
    thresholds = HEADER + "thresholds: {alignment: 0.5, approvers: [d], timeout: 5}\n"
    said = codes("- {id: one, match: {tool: mail}, action: ALLOW}", header=thresholds, groups={})
    assert said == [("short_timeout", None), ("unknown_group", None)]
    waits = "- {id: one, match: {tool: mail}, action: DEFER, context_needed: [f], on_timeout: STEP_UP, approvers: [e]}"
    assert codes(waits, groups={}) == [("unknown_group", "one")]


def test_what_an_agent_says_of_itself_is_no_permission() -> None:
    rule = "- {id: one, match: {tool: mail, facts: {ticket: x}}, action: ALLOW, trust: asserted}"
    assert codes(rule) == [("agents_word_permits", "one")]
    assert codes(rule.replace("asserted", "attested")) == []
    assert codes(rule.replace("ALLOW", "DENY")) == []


def test_rules_without_a_reason_are_found_also_where_they_are_included() -> None:
    rule = (
        "- {id: one, match: {tool: mail}, action: ALLOW}\n- {id: two, match: {tool: files}, action: DENY, reason: No.}"
    )
    included = text_of(rule)
    whole = 'policy: {id: whole, version: "1"}\ninclude: [{file: part.yaml}]\nrules: []\n'
    document = parse_policy(whole, source="test", included={"file:part.yaml": included})
    (said,) = lint(document)
    assert (said.code, said.rule, said.source, said.line) == ("no_reason", "test/one", "file:part.yaml", 3)
    (said,) = lint(parse_policy(included, source="test"))
    assert (said.code, said.rule, said.source, (said.line, said.column)) == ("no_reason", "one", "", (3, 5))


TOOLS = HEADER + "tools: [{tool: mail.send}, {tool: files}]\ncategories: {c: [mail.send], d: [x]}\n"


@pytest.mark.case("POL-20")
@pytest.mark.parametrize(
    ("match", "unknown"),
    [
        ("tool: mail.send", 0), ("tool: Mail.Send", 0), ("tool: mail", 0), ("tool: files.read", 0),
        ("tool: mial.send", 1), ("tool: [mail.send, mail.sned]", 1), ("tool: mail, operation: [send, sned]", 1),
        ("tool: 'mial.*'", 0), ("any: [{tool: mial}, {tool: files}]", 1), ("not: {tool: slack.post}", 1),
        ("tool: host.run", 0), ("tool: {in: [mail, mial]}", 1),
    ],
)  # fmt: skip
def test_tools_that_nobody_knows_are_found(match: str, unknown: int) -> None:
    rule = f"- {{id: one, match: {{all: [{{{match}}}], any: [{{tool: {{category: [c, d]}}}}]}}, action: DENY}}"
    said = codes(rule, header=TOOLS, known_tools=["host.run"])
    assert [code for code, _ in said if code == "unknown_tool"] == ["unknown_tool"] * unknown
    assert "unknown_tool" not in reason_codes(rule, header=HEADER + "categories: {c: [mail.send], d: [x]}\n")


def test_categories_that_nobody_asks_for_are_found() -> None:
    rule = "- {id: one, match: {tool: {category: C}}, action: DENY}"
    assert codes(rule, header=TOOLS) == [("unused_category", None)]


def test_a_policy_too_large_to_be_compared_whole_says_so() -> None:
    number = int(MOST_PAIRS**0.5) + 2
    rules = "\n".join(
        f"- {{id: r{each}, match: {{tool: t, parameters: {{n: {each}}}}}, action: DENY}}" for each in range(number)
    )
    assert reason_codes(rules) == {"too_many_rules"}


def test_every_code_belongs_to_one_check() -> None:
    listed = [code for codes_of_check in CHECKS for code in codes_of_check]
    assert len(listed) == len(set(listed))


def test_conditions_with_too_many_ways_to_hold_are_judged_by_what_is_left() -> None:
    many = ", ".join(f"{{parameters: {{n: {{gt: {each}, lt: {each}}}}}}}" for each in range(MOST_BRANCHES + 1))
    assert codes(f"- {{id: one, match: {{any: [{many}]}}, action: DENY}}") == []
    possible = ", ".join(f"{{parameters: {{n: {{not: {each}}}}}}}" for each in range(MOST_BRANCHES + 1))
    assert codes(f"- {{id: one, match: {{any: [{possible}]}}, action: DENY}}") == []
    pairs = ", ".join(f"{{any: [{{parameters: {{p{each}: 1}}}}, {{parameters: {{q{each}: 1}}}}]}}" for each in range(8))
    impossible = "{tool: a}, {tool: b}"
    assert codes(f"- {{id: one, match: {{all: [{pairs}]}}, action: DENY}}") == []
    assert codes(f"- {{id: one, match: {{all: [{pairs}, {impossible}]}}, action: DENY}}") == [("unreachable", "one")]


def test_what_only_labels_needs_no_reason_and_decides_nothing() -> None:
    rules = """
        - {id: labels, match: {tool: mail}, effect: {set_context: {data_kinds: PII}}}
        - {id: decides, match: {tool: mail}, action: DENY, priority: 1, reason: Mail is closed.}
    """
    assert lint(parse_policy(text_of(rules), source="test")) == ()


def test_an_example_that_cannot_be_made_up_is_no_finding() -> None:
    rules = """
        - {id: one, match: {tool: mail, parameters: {a: x}}, action: ALLOW}
        - {id: other, match: {tool: mail, parameters: {a.b: y}}, action: DENY}
    """
    assert found(rules) == ()


# Every proof against every action of a small world.
TOOLS_TRIED = [("a", "x"), ("a", "y"), ("b", "x"), ("b.c", "x")]
NUMBERS: list[Any] = [None, 0, 1, 2, 1.5, "1", True]
TEXTS: list[Any] = [None, "p", "P", "pq", ["p"]]
CONTEXTS = [
    context(),
    context(data_kinds=frozenset({"PII"}), action_count=2),
    context(data_kinds=frozenset({"RESTRICTED"}), facts=facts(Trust.ASSERTED, f="p")),
    context(facts=facts(Trust.ATTESTED, f="p"), action_count=1),
]
_NUMBER = st.sampled_from([0, 1, 2, True])
_NUMERIC = st.fixed_dictionaries(
    {}, optional={name: st.integers(0, 2) for name in ("gt", "gte", "lt", "lte")} | {"absent": st.booleans()}
).filter(bool)
_TEXTUAL = st.one_of(
    st.sampled_from(["p", "pq", ["p", "q"], {"not": "p"}, {"not_in": ["p", "pq", 1]}, {"starts_with": "p"}]),
    st.sampled_from([{"contains": "p"}, {"not_contains": ["p", "q"]}, {"absent": True}, {"absent": False}]),
    st.sampled_from([{"matches": "q"}, {"min_length": 2}, {"type": "null"}, {"glob": "p*"}, {"max_length": 1}]),
)
_ATOMS = st.one_of(
    st.sampled_from(["a", "a.x", "b.x", "*.x", "a*", ["a.x", "b"], "b.c.x"]).map(lambda tool: {"tool": tool}),
    st.sampled_from([{"operation": "x"}, {"tool": {"category": "c"}}, {"operation": ["x", "y"]}]),
    st.one_of(_NUMERIC, _NUMBER, st.lists(_NUMBER, min_size=1, max_size=2)).map(
        lambda asked: {"parameters": {"n": asked}}
    ),
    _TEXTUAL.map(lambda asked: {"parameters": {"t": asked}}),
    _TEXTUAL.map(lambda asked: {"facts": {"f": asked}}),
    st.sampled_from(["PII", ["PII", "PCI"], {"not_contains": "PII"}, {"higher_than": "INTERNAL"}]).map(
        lambda asked: {"context": {"data_kinds": asked}}
    ),
    st.sampled_from([{"gt": 0}, {"lt": 2}, 1, {"lt": 0}]).map(lambda asked: {"context": {"action_count": asked}}),
)
_MATCHES = st.recursive(
    _ATOMS,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map(lambda items: {"all": items}),
        st.lists(inner, min_size=1, max_size=3).map(lambda items: {"any": items}),
        inner.map(lambda item: {"not": item}),
    ),
    max_leaves=4,
)
_OUTCOMES = st.sampled_from(
    [{"action": "ALLOW"}, {"action": "DENY"}, {"action": "DENY", "classification": "forbidden"},
     {"action": "DEFER", "context_needed": ["f"]}, {"action": "MODIFY", "modifications": {"replace": {"n": 2}}}]
)  # fmt: skip
_RULES = st.fixed_dictionaries(
    {"match": _MATCHES, "priority": st.integers(0, 1)},
    optional={"trust": st.just("asserted"), "mode": st.just("shadow")},
)


@pytest.mark.case("POL-20")
@settings(max_examples=80, deadline=None)
@given(st.lists(st.tuples(_RULES, _OUTCOMES), min_size=2, max_size=5))
def test_what_is_proved_is_true_of_every_action(rules: list[tuple[dict[str, Any], dict[str, Any]]]) -> None:
    listed = [{"id": f"r{number}", **rule, **outcome} for number, (rule, outcome) in enumerate(rules)]
    whole = {"policy": {"id": "t", "version": "1"}, "categories": {"c": ["a.x", "b"]}, "rules": listed}
    document = parse_policy(json.dumps(whole), source="random")
    said = lint(document)
    never = {finding.rule for finding in said if finding.code == "unreachable"}
    silent = {finding.rule for finding in said if finding.code == "shadowed"}
    policy = compile_policy(document)
    for action, session in _small_world():
        assert not never & _holding(policy, action, session), (action, session)
        if silent:
            ruling = evaluate(action, context=session, policy=policy)
            tried = ruling.shadow.rule_id if ruling.shadow else None
            assert ruling.rule_id not in silent, (action, session)
            assert tried not in silent or tried == ruling.rule_id, (action, session)


def _small_world() -> Iterator[tuple[Action, Context]]:
    for (tool, operation), number, text, session in product(TOOLS_TRIED, NUMBERS, TEXTS, CONTEXTS):
        given_values = {"n": number, "t": text}
        parameters = {name: value for name, value in given_values.items() if value is not None}
        yield Action(tool, operation, parameters), session


def _holding(policy: Policy, action: Action, session: Context) -> set[str]:
    subject = Subject(action.tool, action.operation, action.parameters, session)
    return {rule.id for rule in policy.rules if rule.condition.test(subject) is True}


def test_the_page_lists_every_code_with_its_severity() -> None:
    page = (Path(__file__).parents[3] / "docs" / "policy-language.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\| `(\w+)` \| (error|warning) \|", page, re.MULTILINE)
    assert sorted(code for code, _ in listed) == sorted(code for codes_of_check in CHECKS for code in codes_of_check)
    errors = {"unreachable", "contradictory", "unknown_group", "unreachable_quorum"}
    assert {code for code, severity in listed if severity == Severity.ERROR} == errors
