"""Sliding windows never hold more than they may, forget nothing too early, and add decimals as they are written."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decisions.engine.action import Action
from decisions.engine.counters import EMPTY, SLOTS, Per, Window, counted, exact, window_of, with_counted
from decisions.engine.verdict import Counted, Decision
from tests.unit.engine.scenes import policy_of, ruling

START = datetime(2026, 11, 20, 12, tzinfo=UTC)
SECONDS = st.integers(0, 400)
LENGTHS = st.sampled_from([1, 7, 59, 60, 61, 90, 3600])
EVENTS = st.lists(st.tuples(st.integers(0, 2000), st.sampled_from([1, 2, 0.1, 0.25, 1000.01])), max_size=30)


def after(milliseconds: int) -> datetime:
    return START + timedelta(milliseconds=milliseconds)


def filled(events: list[tuple[int, Any]], *, window: int) -> Window:
    state = EMPTY
    for at, amount in events:
        state = with_counted(state, at=after(at * window), window=window, amount=amount)
    return state


@given(EVENTS, st.integers(0, 4000), LENGTHS)
def test_nothing_leaves_before_the_window_has_left_it_and_all_soon_after(
    events: list[tuple[int, Any]], now: int, window: int
) -> None:
    """In thousandths of the window: what is less than a window old counts, what is older than 61/60 does not."""
    events = sorted(event for event in events if event[0] <= now)
    found = exact(counted(filled(events, window=window), at=after(now * window), window=window))
    inside = sum((exact(amount) for at, amount in events if at > now - 1000), Decimal(0))
    nearby = sum((exact(amount) for at, amount in events if at > now - 1000 * (SLOTS + 1) / SLOTS), Decimal(0))
    assert inside <= found <= nearby


@given(st.lists(st.integers(0, 5000), max_size=60), LENGTHS, st.integers(1, 6))
def test_no_window_ever_holds_more_than_a_rate_allows(moments: list[int], window: int, most: int) -> None:
    state, passed = EMPTY, []
    for at in sorted(moments):
        if counted(state, at=after(at * window), window=window) + 1 <= most:
            state = with_counted(state, at=after(at * window), window=window, amount=1)
            passed.append(at)
    assert all(sum(1 for at in passed if first <= at < first + 1000) <= most for first in passed)


def test_a_slot_counts_until_it_has_left_the_window_whole() -> None:
    state = with_counted(EMPTY, at=START, window=60, amount=1)
    assert [counted(state, at=START + timedelta(seconds=age), window=60) for age in (0, 59, 60, 60.999999, 61, 62)] == [
        1, 1, 1, 1, 0, 0,
    ]  # fmt: skip


def test_amounts_are_the_decimals_that_were_written() -> None:
    state = EMPTY
    for _ in range(3):
        state = with_counted(state, at=START, window=60, amount=0.1)
    assert counted(state, at=START, window=60) == 0.3 != 0.1 + 0.1 + 0.1
    state = with_counted(state, at=START, window=60, amount=0.7)
    assert repr(counted(state, at=START, window=60)) == "1"
    assert repr(counted(with_counted(state, at=START, window=60, amount=-1), at=START, window=60)) == "0"


@given(EVENTS, LENGTHS)
def test_a_state_comes_back_from_its_json_form(events: list[tuple[int, Any]], window: int) -> None:
    state = filled(events, window=window)
    again = window_of(state.as_json())
    assert again == state or not events
    assert counted(again, at=after(2000 * window), window=window) == counted(
        state, at=after(2000 * window), window=window
    )
    assert window_of(None) == EMPTY


@pytest.mark.parametrize(
    "state", [[], "x", {}, {"seconds": 60}, {"seconds": "a", "slots": {}}, {"seconds": 1, "slots": {"a": "1"}}]
)
def test_what_is_no_state_is_not_taken_for_an_empty_one(state: Any) -> None:
    with pytest.raises((KeyError, ValueError, ArithmeticError)):
        window_of(state)


def test_the_state_does_not_grow_with_the_number_of_actions() -> None:
    state = EMPTY
    for number in range(5000):
        state = with_counted(state, at=START + timedelta(seconds=number), window=600, amount=1)
    assert len(state.slots) <= SLOTS + 1


@given(EVENTS, LENGTHS, LENGTHS, st.integers(0, 4000))
def test_a_new_length_forgets_nothing_that_the_old_one_still_knows(
    events: list[tuple[int, Any]], old: int, new: int, now: int
) -> None:
    events = sorted(event for event in events if event[0] <= now)
    at = after(now * old)
    state = filled(events, window=old)
    known = timedelta(seconds=min(old, new))
    inside = sum((exact(amount) for moment, amount in events if at - after(moment * old) < known), Decimal(0))
    assert exact(counted(state, at=at, window=new)) >= inside
    moved = with_counted(state, at=at, window=new, amount=1)
    assert exact(counted(moved, at=at, window=new)) == exact(counted(state, at=at, window=new)) + 1


def test_the_zone_and_a_clock_that_went_back_make_no_difference() -> None:
    elsewhere = START.astimezone(timezone(timedelta(hours=5, minutes=45)))
    state = with_counted(EMPTY, at=elsewhere, window=60, amount=1)
    assert state == with_counted(EMPTY, at=START, window=60, amount=1)
    assert counted(state, at=START - timedelta(seconds=5), window=60) == 1


RULES = """
- {id: mail, match: {tool: mail.send}, action: ALLOW}
- {id: two, match: {tool: mail.send}, constraints: {rate: {max: 2, window: 1h, per: human}}, action: DENY, priority: 1}
- id: spent
  match: {tool: mail.send, parameters: {kind: {absent: false, eq: paid}}}
  constraints: {budget: {sum: parameters.cost.net, max: 0.3, window: 1d}}
  action: STEP_UP
  approvers: [g]
  priority: 2
- {id: tried, match: {tool: mail.send}, constraints: {rate: {max: 0, window: 1h}}, action: DENY, mode: shadow}
"""


@pytest.mark.case("CTX-10")
def test_a_ruling_says_what_it_counts_and_for_whom() -> None:
    policy = policy_of(RULES)
    counters = {each.rule_id: each for each in policy.counters_for("MAIL", "Send")}
    assert {name: (each.per, each.window_seconds) for name, each in counters.items()} == {
        "two": (Per.HUMAN, 3600), "spent": (Per.SESSION, 86_400),
    }  # fmt: skip
    assert policy.counters_for("sms", "send") == ()
    assert policy_of("- {id: a, match: any, action: ALLOW}").counters_for("mail", "send") == ()
    free = ruling(policy, "mail.send", {"kind": "free"}, counted={"two": 1})
    assert (free.decision, free.counted) == (Decision.ALLOW, (Counted("two", 1),))
    paid = ruling(policy, "mail.send", {"kind": "paid", "cost": {"net": 0.1}}, counted={"spent": 0.2})
    assert (paid.decision, paid.counted) == (Decision.ALLOW, (Counted("two", 1), Counted("spent", 0.1)))


@pytest.mark.case("CTX-10")
def test_what_is_over_the_limit_is_held_back_and_what_is_denied_not_counted() -> None:
    policy = policy_of(RULES)
    assert ruling(policy, "mail.send", {}, counted={"two": 1}).decision is Decision.ALLOW
    denied = ruling(policy, "mail.send", {}, counted={"two": 2})
    assert (denied.decision, denied.rule_id, denied.counted) == (Decision.DENY, "two", ())
    asked = ruling(policy, "mail.send", {"kind": "paid", "cost": {"net": 0.2}}, counted={"spent": 0.2, "two": 2})
    assert (asked.decision, asked.rule_id) == (Decision.STEP_UP, "spent")
    assert asked.counted == (Counted("two", 1), Counted("spent", 0.2))


@pytest.mark.parametrize("net", ["0.1", -1, True, None, [0.1], float("nan")])
def test_an_amount_that_cannot_be_added_is_unknown_and_counts_nothing(net: Any) -> None:
    answer = ruling(policy_of(RULES), "mail.send", {"kind": "paid", "cost": {"net": net}})
    assert (answer.decision, answer.context_needed) == (Decision.DEFER, ("parameters.cost.net",))
    assert answer.counted == (Counted("two", 1),)


def test_what_counts_is_the_action_as_it_goes_on() -> None:
    rules = """
        - {id: cap, match: any, action: MODIFY, modifications: {cap: {cost: 5}}}
        - {id: spent, match: any, constraints: {budget: {sum: parameters.cost, max: 9, window: 1d}}, action: DENY,
        priority: -1}
    """
    answer = ruling(policy_of(rules), "mail.send", {"cost": 50})
    assert (answer.decision, answer.counted) == (Decision.MODIFY, (Counted("spent", 5),))


def test_evaluating_counts_nothing_itself() -> None:
    policy, about = policy_of(RULES), {"two": 1}
    for _ in range(3):
        assert ruling(policy, "mail.send", {}, counted=about).decision is Decision.ALLOW
    assert about == {"two": 1}
    assert Action("mail", "send", {}).parameters == {}
