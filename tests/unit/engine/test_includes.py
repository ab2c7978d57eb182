"""Packs and files that a policy includes: their rules, tools and words, and nothing else of them."""

from __future__ import annotations

import pytest

from decisions.engine.cases import run_cases
from decisions.engine.document import Mode, PolicyDocument
from decisions.engine.errors import PolicyError, Problem
from decisions.engine.parser import compile_policy, included_keys, parse_policy
from decisions.engine.verdict import Decision
from tests.unit.engine.scenes import ruling

PACK = """
policy: {id: mail, version: "3", default: ALLOW, organisation: {domains: [pack.example]}}
thresholds: {confidence: 1}
levels: [LOW, HIGH]
re_validation: {interval: 1_action, method: user_confirmation}
categories: {talking: [chat]}
tools: [{tool: mail.send, effect: egress, data_class: INTERNAL}]
intent_boundaries: {prep: {max_chain_length: 3}}
rules:
  - {id: outside, match: {tool: mail.send, parameters: {to: {external: true}}}, action: DENY, priority: 5}
  - {id: own, match: {tool: mail.read}, action: DENY, mode: enforce}
cases:
  - {action: {tool: mail.send, parameters: {to: a@pack.example}}, expect: {decision: ALLOW}}
  - {action: {tool: mail.send, parameters: {to: a@corp.example}}, expect: {decision: DENY, rule: outside}}
"""
MAIN = """
policy: {id: main, version: "1"}
organisation: {domains: [corp.example]}
include: [%s]
%s
rules:
  - {id: chat, match: {tool: {category: talking}}, action: ALLOW}
  - {id: send, match: {tool: mail.send}, action: ALLOW}
"""
TEXTS = {"pack:mail": PACK, "file:mail.yaml": PACK}


def document(entry: str = "{pack: mail}", *, more: str = "", **texts: str) -> PolicyDocument:
    return parse_policy(MAIN % (entry, more), source="main.yaml", included=TEXTS | texts)


def problems(
    entry: str = "{pack: mail}", *, more: str = "", texts: dict[str, str] | None = None
) -> tuple[Problem, ...]:
    assert document().rules
    with pytest.raises(PolicyError) as caught:
        parse_policy(MAIN % (entry, more), source="main.yaml", included=TEXTS | (texts or {}))
    return caught.value.problems


def modes(found: PolicyDocument) -> dict[str, Mode]:
    return {rule.id: rule.mode for rule in found.rules if rule.id.startswith("mail/")}


@pytest.mark.parametrize(
    ("entry", "outside", "own"),
    [
        ("{pack: mail}", Mode.SHADOW, Mode.SHADOW), ("{pack: mail, mode: enforce}", Mode.ENFORCE, Mode.ENFORCE),
        ("{file: mail.yaml}", Mode.ENFORCE, Mode.ENFORCE),
        ("{file: mail.yaml, mode: shadow}", Mode.SHADOW, Mode.SHADOW),
    ],
)  # fmt: skip
def test_a_pack_is_in_shadow_until_it_is_switched_on_and_a_file_as_it_says(
    entry: str, outside: Mode, own: Mode
) -> None:
    assert modes(document(entry)) == {
        "mail/outside": outside, "mail/own": own, "mail/intent_boundaries/prep/max_chain_length": outside,
    }  # fmt: skip


def test_a_file_keeps_the_mode_of_its_header() -> None:
    shaded = PACK.replace('version: "3"', 'version: "3", mode: shadow')
    found = modes(parse_policy(MAIN % ("{file: mail.yaml}", ""), source="main", included={"file:mail.yaml": shaded}))
    assert found["mail/outside"] is Mode.SHADOW
    assert found["mail/own"] is Mode.ENFORCE


def test_its_rules_live_in_the_including_policys_world() -> None:
    policy = compile_policy(document("{pack: mail, mode: enforce}"))
    assert policy.thresholds.confidence is None
    assert ruling(policy, "mail.send", {"to": "a@corp.example"}).decision is Decision.ALLOW
    denied = ruling(policy, "mail.send", {"to": "a@pack.example"})
    assert (denied.decision, denied.rule_id) == (Decision.DENY, "mail/outside")
    assert ruling(policy, "chat.say").rule_id == "chat"
    assert ruling(policy, "mail.send", {"to": "a@corp.example"}).labels == {"INTERNAL"}
    assert ruling(policy, "mail.send", {"to": "a@corp.example"}, action_count=50).decision is Decision.ALLOW
    assert ruling(policy, "files.read").decision is Decision.DENY


def test_the_hash_covers_what_is_included() -> None:
    one = compile_policy(document()).hash
    assert compile_policy(document()).hash == one
    assert compile_policy(document("{pack: mail, mode: enforce}")).hash != one
    for old, new in (("priority: 5", "priority: 6"), ("effect: egress", "effect: write"), ("[chat]", "[chats]")):
        other = parse_policy(MAIN % ("{pack: mail}", ""), source="x", included={"pack:mail": PACK.replace(old, new)})
        assert compile_policy(other).hash != one
    unsaid = PACK.replace("confidence: 1", "confidence: 0.5").replace("decision: ALLOW", "risk_level: LOW")
    same = parse_policy(MAIN % ("{pack: mail}", ""), source="x", included={"pack:mail": unsaid})
    assert compile_policy(same).hash == one


def test_its_cases_are_about_itself_alone() -> None:
    found = document()
    (alone,) = found.tested_parts
    assert (alone.id, found.cases, len(alone.cases)) == ("mail", (), 2)
    assert all(result.has_passed for result in run_cases(alone.cases, policy=compile_policy(alone)))


def test_what_has_to_be_supplied_can_be_asked() -> None:
    text = MAIN % ("{pack: mail}, {file: a.yaml, mode: shadow}", "")
    assert included_keys(text, source="x") == ("pack:mail", "file:a.yaml")
    assert included_keys(PACK, source="x") == ()
    for broken in ("", "rules: []", MAIN % ("{pack: ../mail}", "")):
        with pytest.raises(PolicyError):
            included_keys(broken, source="x")


@pytest.mark.parametrize(
    ("entry", "code"),
    [
        ("{pack: other}", "unknown_include"), ("{file: other.yaml}", "unknown_include"),
        ("{pack: mail, file: mail.yaml}",
        "wrong_type"), ("{mode: shadow}", "wrong_type"), ("{file: ../mail.yaml}", "wrong_type"),
        ("{file: /etc/mail.yaml}", "wrong_type"), ("{file: mail}", "wrong_type"), ("{pack: Mail}", "wrong_type"),
        ("{pack: mail, mode: on}", "unknown_value"), ("{pack: mail}, {pack: mail}", "duplicate_include"),
        ("mail", "wrong_type"),
        ("{pack: mail}, {file: mail.yaml}", "duplicate_rule"),
        (", ".join(f"{{pack: p{number}}}" for number in range(65)), "too_long"),
    ],
)  # fmt: skip
def test_an_include_names_one_text_that_is_there(entry: str, code: str) -> None:
    assert code in {found.code for found in problems(entry)}


def test_a_fault_of_an_included_text_says_where_it_is() -> None:
    (found,) = problems(
        texts={"pack:mail": PACK.replace("action: DENY, priority", "acton: DENY, action: DENY, priority")}
    )
    assert (found.source, found.line, found.code) == ("pack:mail", 10, "unknown_key")
    with pytest.raises(PolicyError) as caught:
        parse_policy(MAIN % ("{pack: mail}", ""), source="main.yaml", included={"pack:mail": PACK + "include: []\n"})
    assert "pack:mail:15:1: What is included includes nothing itself." in str(caught.value)


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ("tools: [{tool: mail.send, effect: write}]", "different_definitions"),
        ("categories: {Talking: [sms]}", "different_definitions"),
        ("tools: [{tool: MAIL.send, effect: egress, data_class: [internal]}]\ncategories: {TALKING: [Chat]}", None),
        ("levels: [ONLY]", None),
    ],
)  # fmt: skip
def test_two_texts_define_a_word_alike_or_not_at_all(more: str, code: str | None) -> None:
    if code is None:
        assert document(more=more).rules
    else:
        assert [found.code for found in problems(more=more)] == [code]


def test_a_level_that_only_the_included_text_knows_is_refused() -> None:
    rule = "  - {id: high, match: {context: {data_level: HIGH}}, action: DENY}\ncases:"
    assert [found.code for found in problems(texts={"pack:mail": PACK.replace("cases:", rule)})] == ["unknown_value"]


def test_cases_of_an_included_text_are_checked_with_it() -> None:
    with pytest.raises(PolicyError) as caught:
        parse_policy(
            MAIN % ("{pack: mail}", ""),
            source="m",
            included={"pack:mail": PACK.replace("expect: {decision: A", "expect: {x: A")},
        )
    assert caught.value.source == "pack:mail"
