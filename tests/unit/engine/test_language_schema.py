"""The published JSON Schema: made from the parser's tables, and right about everything that a schema can judge."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from ruamel.yaml import YAML

from decisions.engine.language import policy_schema
from decisions.engine.parser import parse_policy
from tests.reference.triples import judged_examples
from tests.unit.engine.scenes import problems_of, text_of
from tests.unit.engine.test_policy_language_document import blocks

ROOT = Path(__file__).parents[3]
PUBLISHED = ROOT / "docs" / "policy.schema.json"
SCHEMA = policy_schema()
VALIDATOR = Draft202012Validator(SCHEMA)
TEXTS = [text if kind == "policy" else text_of(text) for kind, _, text in blocks() if kind in ("policy", "rules")]
FILES = sorted((ROOT / "decisions" / "policies").rglob("*.yaml"))
RULE = "- {id: a, match: {tool: email.send}, %s}"


def loaded(text: str) -> Any:
    return YAML(typ="safe", pure=True).load(text)


def complaints(text: str) -> list[str]:
    return [error.message for error in VALIDATOR.iter_errors(loaded(text))]


def test_it_is_a_schema_and_the_published_file_is_this_one() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    assert json.loads(PUBLISHED.read_text("utf-8")) == json.loads(json.dumps(SCHEMA)), (
        "Write `json.dumps(policy_schema(), indent=1)` to docs/policy.schema.json."
    )


@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
def test_every_example_of_the_page_is_valid(text: str) -> None:
    assert complaints(text) == []


@pytest.mark.parametrize("path", FILES, ids=[path.stem for path in FILES])
def test_every_policy_that_ships_is_valid(path: Path) -> None:
    assert complaints(path.read_text("utf-8")) == []


@pytest.mark.parametrize(
    "rule",
    [
        RULE % "acton: DENY", RULE % "action: PERMIT", RULE % "action: ALLOW, approvers: [g]",
        RULE % "action: STEP_UP, quorum: 0",
        RULE % "action: ALLOW, priority: high", RULE % "action: ALLOW, priority: 1000001",
        RULE % "action: ALLOW, threshold: 2",
        RULE % "action: ALLOW, classification: forbidden", RULE % "decision: DENY, questions: [a]",
        RULE % "action: STEP_UP, approvers: [g], timeout_action: ALLOW",
        RULE % "action: MODIFY, modifications: {cap: {a: x}}",
        RULE % "action: MODIFY, modifications: {mask: {a: -1}}",
        RULE % "action: MODIFY, modifications: {clamp: {a: [1]}}",
        RULE % "action: STEP_UP, approvers: [{count: 1}]", RULE % "action: ALLOW, mode: on",
        RULE % "action: ALLOW, trust: all",
        RULE % "action: ALLOW, constraints: {rate: {max: 1}}", RULE % "action: ALLOW, constraints: {parameters.a: {}}",
        RULE % "action: STEP_UP, approvers: [g], escalation: [{after: 5m}]", RULE % "effect: {set_context: {}}",
        "- {id: a, action: ALLOW}", "- {match: any, action: ALLOW}", "- {id: a, match: {}, action: ALLOW}",
        "- {id: a, match: all, action: ALLOW}", "- {id: a, match: {parameters: {a: {exteral: true}}}, action: ALLOW}",
        "- {id: a, match: {parameters: {a: {external: 'yes'}}}, action: ALLOW}",
        "- {id: a, match: {parameters: {a: {required: true}}}, action: ALLOW}",
        "- {id: a, match: {context: {data_kind: x}}, action: ALLOW}",
        "- {id: a, match: {tool: {efect: read}}, action: ALLOW}",
        "- {id: a, match: {time: {days: [monday], zone: UTC}}, action: ALLOW}",
        "- {id: a, match: {identity.role: x}, action: ALLOW}",
        "- {id: a, match: {parameters: {a: {gt: '5'}}}, action: ALLOW}",
        "- {id: a, match: {any: []}, action: ALLOW}", "- {id: a, match: {facts: {a: {in: []}}}, action: ALLOW}",
        "- {id: a, match: {risk_signals: {injection: 1}}, action: ALLOW}",
    ],
)  # fmt: skip
def test_what_a_schema_can_refuse_it_refuses_as_the_parser_does(rule: str) -> None:
    good = text_of(RULE % "action: ALLOW")
    assert parse_policy(good, source="test").rules
    assert complaints(good) == []
    assert problems_of(text_of(rule))
    assert complaints(text_of(rule))


@pytest.mark.parametrize(
    "part",
    [
        "levels: [1]", "organisation: {}", "organisation: {domain: [a.example]}", "thresholds: {risk: 0.5}",
        "thresholds: {alignment: 7}", "thresholds: {approvers: [g]}", "tools: [{effect: read}]",
        "tools: [{tool: a, effect: make}]",
        "intent_boundaries: {a: {}}", "intent_boundaries: {a: {max_chain_length: 0}}",
        "re_validation: {interval: 5_actions}",
        "re_validation: {interval: 5_actions, method: none}", "include: [{pack: email, file: a.yaml}]",
        "include: [{file: ../a.yaml}]", "cases: [{action: {tool: a}}]",
        "cases: [{expect: {outcome: ALLOW}, action: {tool: a}}]",
        "categories: {a b: [c]}", "rule: []",
        "meta_tools: {}", "meta_tools: []", "meta_tools: {tool: []}", "meta_tools: {tools: []}",
        "meta_tools: {tools: [{tool: a}]}", "meta_tools: {tools: [{opens: shell, command: c}]}",
        "meta_tools: {tools: [{tool: a, opens: shell}]}", "meta_tools: {tools: [{tool: a, opens: box, command: c}]}",
        "meta_tools: {tools: [{tool: a, opens: shell, command: 7}]}",
        "meta_tools: {tools: [{tool: a, opens: shell, command: c, lines: 1}]}",
        "meta_tools: {tools: [{tool: a, opens: shell, command: c, name: n}]}",
        "meta_tools: {tools: [{tool: a, opens: call, arguments: p}]}",
        "meta_tools: {tools: [{tool: a, opens: call, name: n, server: [s]}]}",
        "meta_tools: {tools: [{tool: a, opens: nothing, command: c}]}",
        "meta_tools: {programs: [{flags: [-a]}]}", "meta_tools: {programs: [{program: A}]}",
        "meta_tools: {programs: [{program: /bin/a}]}", "meta_tools: {programs: [{program: a, flags: [a]}]}",
        "meta_tools: {programs: [{program: a, words: 10}]}", "meta_tools: {programs: [{program: a, only_runs: x}]}",
    ],
)  # fmt: skip
def test_other_parts_are_refused_as_the_parser_does(part: str) -> None:
    whole = text_of(RULE % "action: ALLOW") + part
    assert problems_of(whole)
    assert complaints(whole)


def test_what_the_parser_takes_the_schema_takes() -> None:
    """Whole policies at random, with every key and operator in some of them."""
    policies = [example.example.policy for seed in range(60) for example in judged_examples(seed)[:1]]
    assert [found for policy in policies for found in complaints(json.dumps(policy))] == []
