"""The state machine of an approval, as a table that the application, the docs and the model test all read."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType

from approvals.lifecycle.errors import DeadlineError, TransitionError
from approvals.lifecycle.states import Event, State

TRANSITIONS: Mapping[tuple[State, Event], State] = MappingProxyType(
    {
        (State.PENDING, Event.QUORUM_HELD): State.HELD,
        (State.PENDING, Event.QUORUM_REACHED): State.APPROVED,
        (State.PENDING, Event.DENIED): State.DENIED,
        (State.PENDING, Event.EXPIRED): State.EXPIRED,
        (State.PENDING, Event.CANCELLED): State.CANCELLED,
        (State.PENDING, Event.SUPERSEDED): State.SUPERSEDED,
        (State.HELD, Event.RELEASED): State.APPROVED,
        (State.HELD, Event.UNDONE): State.PENDING,
        (State.HELD, Event.DENIED): State.DENIED,
        (State.APPROVED, Event.CLAIMED): State.CLAIMED,
        (State.APPROVED, Event.CLAIM_EXPIRED): State.EXPIRED,
        (State.APPROVED, Event.REVOKED): State.REVOKED,
        (State.APPROVED, Event.SUPERSEDED): State.SUPERSEDED,
    }
)
"""Every move there is; a pair that is not in the table cannot happen."""

MEANING: Mapping[Event, str] = MappingProxyType(
    {
        Event.QUORUM_HELD: "enough people approved; they have a moment to undo it",
        Event.QUORUM_REACHED: "enough people approved, with a hold of 0 seconds; or a grant of theirs covers it",
        Event.RELEASED: "the hold is over (`release_at`)",
        Event.UNDONE: "an approver took the vote back during the hold, and too few are left",
        Event.DENIED: "a person who may decide said no",
        Event.EXPIRED: "nobody decided in time (`expires_at`)",
        Event.CANCELLED: "the agent or its host withdrew the action, or its person was erased",
        Event.SUPERSEDED: "a new request replaced it, because the action, a reviewer or the policy changed",
        Event.CLAIMED: "the agent took the parameters that were approved",
        Event.CLAIM_EXPIRED: "the agent did not claim in time (`claim_expires_at`)",
        Event.REVOKED: "who asked, or the policy, no longer holds, or somebody took the approval back",
    }
)
"""One clause for each event, as the docs print it."""

_CLOCKED: Mapping[State, Event] = MappingProxyType(
    {State.PENDING: Event.EXPIRED, State.HELD: Event.RELEASED, State.APPROVED: Event.CLAIM_EXPIRED}
)


def next_state(state: State, event: Event) -> State:
    """The state after the event. Raises `TransitionError` where the table has no such move."""
    try:
        return TRANSITIONS[state, event]
    except KeyError:
        raise TransitionError(
            f"An approval that is {state} cannot be {event.replace('_', ' ')}.",
            fix="Read the approval again and act on the state that it has now.",
        ) from None


def elapsed_events(
    state: State,
    *,
    at: datetime,
    expires_at: datetime,
    release_at: datetime | None,
    claim_expires_at: datetime | None,
) -> tuple[Event, ...]:
    """The events that time alone has brought by `at`, oldest first: what a sweeper has still to write down.

    All times are aware. A deadline is reached at its very instant (`at >= deadline`). A hold that ended may be followed
    by a claim that ran out, so there can be two. Raises `DeadlineError` where the deadline that the state needs is
    missing, because an approval without an end must never be honoured.
    """
    deadlines = {State.PENDING: expires_at, State.HELD: release_at, State.APPROVED: claim_expires_at}
    events: list[Event] = []
    while state in _CLOCKED:
        deadline = deadlines[state]
        if deadline is None:
            raise DeadlineError(
                f"An approval that is {state} has no time at which that ends.",
                fix="Store release_at and claim_expires_at when the quorum is reached.",
            )
        if at < deadline:
            break
        events.append(_CLOCKED[state])
        state = next_state(state, _CLOCKED[state])
    return tuple(events)


def settled_state(
    state: State,
    *,
    at: datetime,
    expires_at: datetime,
    release_at: datetime | None,
    claim_expires_at: datetime | None,
) -> State:
    """What a reader must be told at `at`, although no sweeper ran: the stored state moved on by the clock.

    PENDING becomes EXPIRED at `expires_at`; HELD becomes APPROVED at `release_at`, also after `expires_at`; APPROVED
    becomes EXPIRED at `claim_expires_at`. Raises as `elapsed_events` does.
    """
    events = elapsed_events(
        state, at=at, expires_at=expires_at, release_at=release_at, claim_expires_at=claim_expires_at
    )
    for event in events:
        state = next_state(state, event)
    return state


def as_markdown_table() -> str:
    """The state machine as the Markdown table that the docs print."""
    lines = ["| State | Event | Next state | When |", "|---|---|---|---|"]
    lines += [
        f"| {state} | `{event}` | {following} | {MEANING[event]} |" for (state, event), following in TRANSITIONS.items()
    ]
    return "\n".join(lines) + "\n"
