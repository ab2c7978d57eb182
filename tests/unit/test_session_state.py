"""The accumulated state of a session: bounded, and what rules rely on is never forgotten."""

from __future__ import annotations

from contextlib import suppress
from random import Random
from typing import Any

import pytest

from decisions.engine.context import Taint
from decisions.engine.entities import LONGEST, entities_in
from decisions.services.state import (
    EMPTY_STATE,
    MAX_TOOLS,
    whole,
    with_action,
    with_labels,
    with_one_more,
    with_taint,
)
from receipts.problems import ProblemError
from receipts.signing.canonical import JSON, canonical_bytes

MAX_BYTES = 8192
DECISIONS = ("ALLOW", "DENY", "MODIFY", "STEP_UP", "DEFER")


def refusal(state: dict[str, Any], name: str) -> str:
    with pytest.raises(ProblemError) as problem:
        with_action(state, name=name)
    return problem.value.code


def test_a_session_full_of_operations_refuses_a_new_one_and_forgets_none() -> None:
    state = EMPTY_STATE
    for number in range(MAX_TOOLS):
        state = with_action(state, name=f"a{number}.call")
    assert with_action(state, name="a0.call")["count"] == MAX_TOOLS + 1
    assert refusal(state, "vault.read") == "too_many_tools"
    assert len(state["tools"]) == MAX_TOOLS


def test_long_names_of_operations_fill_a_session_sooner() -> None:
    state = EMPTY_STATE
    for number in range(15):
        state = with_action(state, name=f"{number:0128}.{'x' * 128}")
    assert refusal(state, f"{99:0128}.{'x' * 128}") == "too_many_tools"
    assert with_action(state, name="a.b")["count"] == 16


def test_a_session_with_no_room_for_another_label_takes_no_action_any_more() -> None:
    state = with_labels(EMPTY_STATE, kinds={"PII"})
    control = with_action(with_labels(state, kinds={"PCI"}), name="a.b")
    assert control["kinds"] == ["PCI", "PII"]
    full = with_labels(state, kinds={f"{number:064}" for number in range(40)})
    assert full["kinds"] == ["PII"], "What was there stays."
    assert refusal(full, "a.b") == "too_many_labels"


def test_of_entities_the_oldest_are_kept_with_the_action_that_they_came_with() -> None:
    state = EMPTY_STATE
    for number in range(500):
        state = with_action(state, name="email.send", entities=[f"person{number:03}@corp.example"])
    kept = state["entities"]
    assert list(kept.values()) == list(range(1, len(kept) + 1))
    assert 20 < len(kept) < 500
    again = with_action(state, name="email.send", entities=["person000@corp.example"])
    assert again["entities"] == kept


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ({"to": "Ana@Corp.example", "cc": ["bob@corp.example", 5]}, {"ana@corp.example", "bob@corp.example"}),
        ({"url": "https://api.partner.example:8443/v1?x=1"}, {"api.partner.example"}),
        ({"body": "Write to ana@partner.example, or see https://x.example"}, set()),
        ({"ana@partner.example": True}, set()),
        ("a" * LONGEST + "@corp.example", set()),
        ("ana@partner.example@corp.example", set()),
        ({"url": "https://user@evil.example/"}, set()),
    ],
)
def test_an_entity_is_a_text_that_is_an_address_or_a_url(value: JSON, found: set[str]) -> None:
    assert entities_in(value) == found


@pytest.mark.case("CTX-15")
def test_the_state_stays_within_8_kib_over_ten_thousand_mixed_actions() -> None:
    random, state = Random(1), EMPTY_STATE
    sizes, refused = [], 0
    for _ in range(10_000):
        name = f"{random.choice('abc') * random.randint(1, 60)}.{random.randint(0, 400)}"
        entities = [f"{random.randint(0, 10**6)}@{'x' * random.randint(1, 60)}.example"]
        try:
            state = with_action(state, name=name, decision=random.choice(DECISIONS), entities=entities)
        except ProblemError:
            refused += 1
            state = with_action(state, name=random.choice(state["tools"]), decision="DENY", entities=entities)
        state = with_one_more(state, "outcomes", random.choice(["succeeded", "failed", "unknown"]))
        state = with_one_more(state, "messages", random.choice(["user", "model"]))
        state = with_taint(state, *Taint)
        labelled = with_labels(state, kinds={f"kind-{random.randint(0, 10**6)}"})
        state = state if labelled.get("is_overfull") else labelled
        sizes.append(len(canonical_bytes(state)))
    assert max(sizes) <= MAX_BYTES, max(sizes)
    assert refused, "It was driven to its limits."
    assert max(sizes[5000:]) - max(sizes[:5000]) < 100, "What is full grows only in the digits of its counters."
    assert state["count"] == sum(state["decisions"].values()) == 10_000


@pytest.mark.case("CTX-06")
def test_labels_only_rise_whatever_happens_in_whatever_order() -> None:
    random = Random(2)
    for _ in range(200):
        state, seen = EMPTY_STATE, set[str]()
        for _ in range(random.randint(1, 30)):
            kinds = set(random.sample(["PII", "PCI", "PUBLIC", "RESTRICTED"], random.randint(0, 3)))
            with suppress(ProblemError):
                state = with_labels(with_action(state, name="a.b"), kinds=kinds)
            seen |= kinds
            assert set(state["kinds"]) == seen


def test_taint_remembers_the_action_after_which_it_came_and_never_goes() -> None:
    state = with_taint(with_action(EMPTY_STATE, name="a.b"), Taint.TOOL_OUTPUT)
    state = with_taint(with_action(state, name="a.b"), Taint.TOOL_OUTPUT, Taint.MODEL_TEXT)
    assert state["taint"] == {"tool_output": 1, "model_text": 2}


def test_a_state_of_an_earlier_version_has_what_that_lacked() -> None:
    old = {"count": 3, "kinds": ["PII"], "tools": ["a.b"], "facts": {}}
    # It took no distances, and nobody can take them now.
    assert whole(old) == {**EMPTY_STATE, "distance": None, **old}
    grown = with_one_more(with_taint(with_action(old, name="a.b", decision="DENY"), Taint.MODEL_TEXT), "outcomes", "x")
    assert (grown["count"], grown["decisions"], grown["taint"]) == (4, {"DENY": 1}, {"model_text": 4})
