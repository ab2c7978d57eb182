"""What stands beside the rules of a policy: its organisation, its levels, its limits, and its hash over all of it."""

from __future__ import annotations

import pytest

from decisions.engine import parser
from decisions.engine.parser import compile_policy, parse_policy
from decisions.engine.rules import MOST_RULES
from decisions.engine.verdict import Decision
from tests.unit.engine.scenes import HEADER, policy_of, problems_of, ruling, text_of

GOOD = "- {id: a, match: {tool: email.send}, action: ALLOW}"


def codes_of_text(text: str) -> list[str]:
    return [found.code for found in problems_of(text)]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("levels: []", "empty_list"), ("levels: [A, a]", "duplicate_level"), ("levels: [7]", "wrong_type"),
        ("levels: ['a b']",
        "wrong_type"), ("organisation: {}", "missing_key"), ("organisation: {networks: [10.0.0.1/8]}", "wrong_type"),
        ("organisation: {domains: [Corp.Example]}", "wrong_type"),
        ("organisation: {domain: [a.example]}", "unknown_key"),
        ("version: 1", "unknown_key"), ("mode: shadow", "unknown_key"), ("default: ALLOW", "unknown_key"),
    ],
)  # fmt: skip
def test_what_stands_beside_the_rules_is_checked(text: str, code: str) -> None:
    bare = 'policy: {id: a, version: "1"}\nrules: []\n'
    good = parse_policy(f"{bare}levels: [low, HIGH]\norganisation: {{networks: [10.0.0.0/8]}}\n", source="test")
    assert (good.levels, good.organisation_networks) == (("LOW", "HIGH"), ("10.0.0.0/8",))
    assert code in codes_of_text(f"{bare}{text}\n")


def test_the_organisation_is_named_in_one_place() -> None:
    assert codes_of_text(f"{HEADER}organisation: {{domains: [a.example]}}\nrules: []\n") == ["duplicate_key"]


def test_a_policy_has_a_limit_of_rules(monkeypatch: pytest.MonkeyPatch) -> None:
    assert MOST_RULES == 20_000
    monkeypatch.setattr(parser, "MOST_RULES", 3)
    three = "\n".join(GOOD.replace("id: a", f"id: a{number}") for number in range(3))
    assert len(parse_policy(text_of(three), source="test").rules) == 3
    boundary = "intent_boundaries: {a: {max_chain_length: 5}}\n"
    assert codes_of_text(text_of(three) + boundary) == codes_of_text(text_of(f"{three}\n{GOOD}")) == ["too_large"]


@pytest.mark.parametrize(
    "changed",
    [
        "organisation: {networks: [10.0.0.0/8]}", "organisation: {domains: [a.example]}",
        "thresholds: {alignment: 0.5}",
        "levels: [A, B]", "classification: {unclassified: PUBLIC}", "classification: {kinds: {PII: PUBLIC}}",
        "categories: {a: [b]}", "tools: [{tool: a.b, effect: read}]",
        "tools: [{tool: a.b, effect: write}]",
        "intent_boundaries: {a: {max_chain_length: 5}}",
        "re_validation: {interval: 5_actions, method: user_confirmation}",
    ],
)  # fmt: skip
def test_the_hash_covers_every_part_that_can_change_a_ruling(changed: str) -> None:
    bare = 'policy: {id: a, version: "1"}\nrules: [{id: a, match: any, action: ALLOW}]\n'
    described = "tools: [{tool: a.b, effect: read, description: Words.}]\n"
    hashes = [compile_policy(parse_policy(bare + part, source="test")).hash for part in ("", f"{changed}\n")]
    assert hashes[0] != hashes[1]
    same = [
        compile_policy(parse_policy(bare + part, source="test")).hash
        for part in (described, described.replace("Words", "Other"))
    ]
    assert same[0] == same[1]


def test_match_and_condition_must_both_hold_and_a_name_beside_an_id_is_a_title() -> None:
    policy = policy_of("- {id: a, name: Two keys!, match: {tool: t.o}, condition: {parameters: {x: 1}}, action: ALLOW}")
    assert ruling(policy, "t.o", {"x": 1}).rule_id == "a"
    assert ruling(policy, "t.o", {"x": 2}).decision is Decision.DENY
    assert policy.rules[0].title == "Two keys!"
    only = policy_of("- {name: a, condition: {parameters: {x: 1}}, action: ALLOW}")
    assert (only.rules[0].id, only.rules[0].title) == ("a", "")
    titled = policy_of("- {id: a, name: Other, match: {tool: t.o}, condition: {parameters: {x: 1}}, action: ALLOW}")
    assert titled.hash == policy.hash
