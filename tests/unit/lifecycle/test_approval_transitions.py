"""The state machine, explored exhaustively from its table."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from approvals.lifecycle.errors import DeadlineError, TransitionError
from approvals.lifecycle.states import NON_TERMINAL, TERMINAL, Event, State
from approvals.lifecycle.transitions import (
    MEANING,
    TRANSITIONS,
    as_markdown_table,
    elapsed_events,
    next_state,
    settled_state,
)

Table = Mapping[tuple[State, Event], State]

OPENED = datetime(2026, 1, 14, 13, 32, tzinfo=UTC)
EXPIRES = OPENED + timedelta(hours=1)
RELEASE = EXPIRES + timedelta(seconds=5)
CLAIM_EXPIRES = RELEASE + timedelta(minutes=30)
INSTANT = timedelta(microseconds=1)
CLAIM = (State.APPROVED, Event.CLAIMED)
REFUSALS = {State.DENIED, State.EXPIRED, State.CANCELLED, State.SUPERSEDED, State.REVOKED}


def reachable_from(state: State, *, table: Table) -> set[State]:
    found: set[State] = set()
    todo = [state]
    while todo:
        here = todo.pop()
        following = {target for (source, _), target in table.items() if source is here}
        todo += following - found
        found |= following
    return found


def violations(table: Table) -> list[str]:
    """Everything that is wrong with a state machine of approvals."""
    ways = {state: reachable_from(state, table=table) for state in State}
    return [
        *(f"{state} is left" for state in TERMINAL if ways[state]),
        *(f"{state} never ends" for state in NON_TERMINAL if not ways[state] & TERMINAL),
        *(f"{state} may yet run" for state in REFUSALS if ways[state] & {State.APPROVED, State.CLAIMED}),
        *(f"{state} is never reached" for state in set(State) - ways[State.PENDING] - {State.PENDING}),
        *(f"claimed by {move}" for move, to in table.items() if to is State.CLAIMED and move != CLAIM),
    ]


def test_every_pair_of_state_and_event_is_a_move_of_the_table_or_refused() -> None:
    for state, event in product(State, Event):
        if (state, event) in TRANSITIONS:
            assert next_state(state, event) is TRANSITIONS[state, event]
            continue
        with pytest.raises(TransitionError) as caught:
            next_state(state, event)
        assert state in caught.value.why


@pytest.mark.case("APR-24")
def test_no_walk_leads_from_an_end_back_or_from_a_refusal_to_a_claim() -> None:
    assert set(State) == TERMINAL | NON_TERMINAL
    assert violations(TRANSITIONS) == []


@pytest.mark.parametrize("source", sorted(TERMINAL))
@pytest.mark.parametrize("target", sorted(State))
def test_the_exploration_notices_any_way_out_of_an_end(source: State, target: State) -> None:
    assert violations(TRANSITIONS) == []
    assert violations({**TRANSITIONS, (source, Event.RELEASED): target}) != []


@pytest.mark.parametrize("move", sorted(set(TRANSITIONS) - {CLAIM}))
def test_the_exploration_notices_a_claim_that_no_approval_precedes(move: tuple[State, Event]) -> None:
    assert violations(TRANSITIONS) == []
    assert violations({**TRANSITIONS, move: State.CLAIMED}) != []


def test_the_machine_is_the_one_of_the_architecture() -> None:
    moves: dict[State, set[State]] = {}
    for (source, _), target in TRANSITIONS.items():
        moves.setdefault(source, set()).add(target)
    assert moves == {
        State.PENDING: {
            State.HELD,
            State.APPROVED,
            State.DENIED,
            State.EXPIRED,
            State.CANCELLED,
            State.SUPERSEDED,
        },
        State.HELD: {State.PENDING, State.DENIED, State.APPROVED},
        State.APPROVED: {State.CLAIMED, State.EXPIRED, State.REVOKED, State.SUPERSEDED},
    }


def settled(state: State, at: datetime) -> State:
    return settled_state(state, at=at, expires_at=EXPIRES, release_at=RELEASE, claim_expires_at=CLAIM_EXPIRES)


@pytest.mark.parametrize(
    ("state", "deadline", "after"),
    [
        (State.PENDING, EXPIRES, State.EXPIRED),
        (State.HELD, RELEASE, State.APPROVED),
        (State.APPROVED, CLAIM_EXPIRES, State.EXPIRED),
    ],
)
def test_a_deadline_is_reached_at_its_very_instant_though_no_sweeper_ran(
    state: State, deadline: datetime, after: State
) -> None:
    assert settled(state, deadline - INSTANT) is state
    assert settled(state, deadline) is after
    assert settled(state, deadline + INSTANT) is after


def test_votes_cast_in_time_count_though_the_release_falls_after_the_deadline() -> None:
    assert RELEASE > EXPIRES
    assert settled(State.HELD, EXPIRES) is State.HELD
    assert settled(State.HELD, RELEASE) is State.APPROVED


def test_a_hold_that_nobody_swept_does_not_outlive_its_claim_deadline() -> None:
    assert settled(State.HELD, CLAIM_EXPIRES - INSTANT) is State.APPROVED
    assert settled(State.HELD, CLAIM_EXPIRES) is State.EXPIRED
    events = elapsed_events(
        State.HELD, at=CLAIM_EXPIRES, expires_at=EXPIRES, release_at=RELEASE, claim_expires_at=CLAIM_EXPIRES
    )
    assert events == (Event.RELEASED, Event.CLAIM_EXPIRED)


@pytest.mark.parametrize("state", sorted(TERMINAL))
def test_time_changes_no_terminal_state(state: State) -> None:
    assert settled(state, CLAIM_EXPIRES + timedelta(days=3650)) is state


@pytest.mark.parametrize(("state", "release_at"), [(State.HELD, None), (State.HELD, RELEASE), (State.APPROVED, None)])
def test_an_approval_without_an_end_is_refused_not_honoured(state: State, release_at: datetime | None) -> None:
    assert settled(state, RELEASE) is State.APPROVED
    with pytest.raises(DeadlineError):
        settled_state(state, at=RELEASE, expires_at=EXPIRES, release_at=release_at, claim_expires_at=None)


def test_the_docs_show_every_move_with_its_meaning() -> None:
    table = as_markdown_table()
    assert set(MEANING) == set(Event)
    assert len(table.splitlines()) == len(TRANSITIONS) + 2
    assert "| APPROVED | `claimed` | CLAIMED | the agent took the parameters that were approved |\n" in table
