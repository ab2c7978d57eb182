"""What a reviewer with fresh eyes found in the language and its engine, each as the failure that it was."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from decisions.engine.counters import EMPTY, counted, exact, window_of, with_counted
from decisions.engine.document import Mode
from decisions.engine.parser import parse_policy
from decisions.engine.verdict import Decision
from receipts.signing.canonical import canonical_bytes
from tests.unit.engine.scenes import policy_in, policy_of, problems_of, ruling, text_of
from tests.unit.engine.test_language_schema import complaints

AT = datetime(2026, 11, 20, 12, tzinfo=UTC)
BUDGET = """
- id: budget
  match: {tool: pay}
  constraints: {budget: {sum: parameters.amount, max: 1000, window: 1d, per: all}}
  action: DENY
  priority: 5
- {id: pay, match: {tool: pay}, action: ALLOW}
"""


def counted_after(*amounts: float) -> int | float:
    state = EMPTY
    for amount in amounts:
        state = with_counted(state, at=AT, window=60, amount=amount)
    return counted(window_of(state.as_json()), at=AT, window=60)


@pytest.mark.parametrize("amounts", [(1e300,), (1e308, 1e308), (9007199254740991, 2), (9007199254740991.0, 0.5)])
def test_one_huge_amount_does_not_stop_every_later_decision(amounts: tuple[float, ...]) -> None:
    """What was counted goes into the recorded question, whose canonical form knows no larger whole numbers."""
    found = counted_after(*amounts)
    assert canonical_bytes({"counted": found})
    later = ruling(policy_of(BUDGET), "pay.call", {"amount": 0}, counted={"budget": found})
    assert later.decision is Decision.DENY
    assert ruling(policy_of(BUDGET), "pay.call", {"amount": 0}, counted={"budget": 0}).decision is Decision.ALLOW


def test_no_amount_is_too_small_to_count() -> None:
    full = counted_after(999.5, 0.5)
    assert full == 1000
    assert counted_after(999.5, 0.5, *[1e-30] * 3) > full
    assert exact(counted_after(1e12 - 0.5, 0.4999, 1e-9)) >= exact(1e12 - 0.5) + exact(0.4999) + exact(1e-9)
    budget = policy_of(BUDGET)
    assert ruling(budget, "pay.call", {"amount": 0}, counted={"budget": 1000}).decision is Decision.ALLOW
    assert ruling(budget, "pay.call", {"amount": 1e-30}, counted={"budget": 1000}).decision is Decision.DENY


HIDDEN = "\r\x85\u2028\u2029\u202e\u2066\u200f\ufeff"


@pytest.mark.parametrize("mark", HIDDEN, ids=ascii)
def test_no_comment_hides_what_the_parser_reads(mark: str) -> None:
    """To an editor that ends lines with LF alone, `mode: shadow` stood in a comment, and the DENY did not hold."""
    text = text_of("- {id: a, match: {tool: x}, action: DENY #%s, mode: shadow\n  }")
    (found,) = [each for each in problems_of(text.replace("%s", mark)) if each.code == "hidden_character"]
    assert (found.line, found.column) == (3, text.splitlines()[2].index("%s") + 1)
    assert parse_policy(text.replace("%s", ""), source="test").rules[0].mode is Mode.ENFORCE


def test_ordinary_files_of_other_systems_are_read() -> None:
    text = text_of("- {id: a, match: {tool: x}, action: DENY, reason: 'Ça, 🙂 und “so”.'}")
    for spelling in (text, text.replace("\n", "\r\n"), "\ufeff" + text):
        (rule,) = parse_policy(spelling, source="test").rules
        assert rule.consequence is not None
        assert rule.consequence.reason == "Ça, 🙂 und “so”."


def hash_of(rules: str, *, tools: str = "[]") -> str:
    return policy_in(f"tools: {tools}", rules=rules).hash


def test_the_hash_stays_where_only_an_order_changes_that_means_nothing() -> None:
    one = "- {id: a, match: {tool: x, parameters: {p: 1, q: 2}}, action: ALLOW}\n"
    other = "- {id: b, match: {any: [{tool: y}, {parameters: {p: 3}}]}, action: DENY}\n"
    turned = "- {id: b, match: {any: [{parameters: {p: 3}}, {tool: y}]}, action: DENY}\n"
    same = one.replace("{p: 1, q: 2}", "{q: 2, p: 1}")
    tools = "[{tool: x, effect: read}, {tool: y, effect: write}]"
    swapped = "[{tool: y, effect: write}, {tool: x, effect: read}]"
    assert hash_of(one + other, tools=tools) == hash_of(turned + same, tools=swapped)


def test_the_hash_changes_where_an_order_means_something() -> None:
    assert hash_of("- {id: a, match: {tool: x, parameters: {p: 1, q: 2}}, action: ALLOW}") != hash_of(
        "- {id: a, match: {tool: x, parameters: {p: 2, q: 1}}, action: ALLOW}"
    )
    levels = {policy_in(f"levels: [{order}]").hash for order in ("A, B", "B, A")}
    assert len(levels) == 2
    asked = "- {id: a, match: {tool: x}, action: STEP_UP, approvers: [r], questions: [%s]}"
    assert hash_of(asked % "One?, Two?") != hash_of(asked % "Two?, One?")


def test_the_schema_takes_every_type_that_the_parser_takes() -> None:
    text = text_of("- {id: a, match: {parameters: {p: {type: %s}}}, action: DENY}")
    for types in ("null", "[string, null]", '"null"'):
        assert parse_policy(text % types, source="test").rules
        assert complaints(text % types) == []
    assert complaints(text % "nil") != []
