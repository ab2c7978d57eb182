"""The rules with one fault each: of the table, of the clock, of counting, and of what a claim looks at.

A model that doesn't notice these would not notice a fault of the product either.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import takewhile
from typing import Any

from approvals.lifecycle.quorum import Ballot, Tally, Verdict, standing, tally
from approvals.lifecycle.states import Event, State
from approvals.lifecycle.transitions import TRANSITIONS, elapsed_events
from approvals.services.votes import HEARD
from tests.model.rules import CLAIM_CHECKS, Rules

Move = tuple[State, Event]

_LEADS_TO: tuple[tuple[State, Event, State], ...] = (
    (State.PENDING, Event.QUORUM_HELD, State.APPROVED),
    (State.PENDING, Event.QUORUM_HELD, State.DENIED),
    (State.PENDING, Event.QUORUM_HELD, State.CLAIMED),
    (State.PENDING, Event.DENIED, State.APPROVED),
    (State.PENDING, Event.DENIED, State.HELD),
    (State.PENDING, Event.DENIED, State.EXPIRED),
    (State.PENDING, Event.EXPIRED, State.APPROVED),
    (State.PENDING, Event.EXPIRED, State.DENIED),
    (State.PENDING, Event.EXPIRED, State.HELD),
    (State.PENDING, Event.CANCELLED, State.APPROVED),
    (State.PENDING, Event.CANCELLED, State.DENIED),
    (State.PENDING, Event.CANCELLED, State.EXPIRED),
    (State.HELD, Event.RELEASED, State.DENIED),
    (State.HELD, Event.RELEASED, State.EXPIRED),
    (State.HELD, Event.UNDONE, State.APPROVED),
    (State.HELD, Event.UNDONE, State.DENIED),
    (State.HELD, Event.DENIED, State.PENDING),
    (State.HELD, Event.DENIED, State.APPROVED),
    (State.HELD, Event.DENIED, State.CANCELLED),
    (State.APPROVED, Event.CLAIMED, State.APPROVED),
    (State.APPROVED, Event.CLAIMED, State.EXPIRED),
    (State.APPROVED, Event.CLAIM_EXPIRED, State.CLAIMED),
    (State.APPROVED, Event.CLAIM_EXPIRED, State.PENDING),
    (State.APPROVED, Event.REVOKED, State.CLAIMED),
    (State.APPROVED, Event.REVOKED, State.PENDING),
    (State.APPROVED, Event.SUPERSEDED, State.DENIED),
    (State.APPROVED, Event.SUPERSEDED, State.CLAIMED),
)
# What a move's absence would leave undone is noticed where the model makes the move; these two it doesn't make.
UNWALKED: frozenset[Move] = frozenset({(State.PENDING, Event.QUORUM_REACHED), (State.PENDING, Event.SUPERSEDED)})


def _table(changes: Mapping[Move, State], *, without: Iterable[Move] = ()) -> Rules:
    kept = {move: state for move, state in TRANSITIONS.items() if move not in set(without)}
    return Rules(table=kept | dict(changes))


def table_mutants() -> dict[str, Rules]:
    """One row of the table leads elsewhere, is missing, or is added."""
    found = {f"{state} {event} leads to {wrong}": _table({(state, event): wrong}) for state, event, wrong in _LEADS_TO}
    missing = [move for move in TRANSITIONS if move not in UNWALKED]
    found |= {f"{state} {event} is missing": _table({}, without=[(state, event)]) for state, event in missing}
    return found


def _clock(*, late_seconds: int = 0, deaf_to: Event | None = None) -> Rules:
    """The clock goes wrong by some seconds, or never brings one of its events."""

    def elapsed(state: State, *, at: datetime, **deadlines: Any) -> tuple[Event, ...]:
        events = elapsed_events(state, at=at - timedelta(seconds=late_seconds), **deadlines)
        return tuple(takewhile(lambda event: event is not deaf_to, events))

    return Rules(elapsed=elapsed)


def _without_noes(stages: Any, *, ballots: Iterable[Ballot], **more: Any) -> Tally:
    return tally(stages, ballots=[each for each in ballots if each.verdict is Verdict.APPROVE], **more)


def _by_account(stages: Any, *, ballots: Iterable[Ballot], **more: Any) -> Tally:
    return tally(stages, ballots=[replace(each, holder="") for each in ballots], **more)


def _first_stage_only(stages: Any, **more: Any) -> Tally:
    return tally(stages[:1], **more)


def _two_noes(stages: Any, *, denials: int, **more: Any) -> Tally:
    return tally(stages, denials=denials + 1, **more)


def _last_word(votes: Sequence[Verdict]) -> Verdict | None:
    return votes[-1] if votes and votes[-1] is not Verdict.WITHDRAW else None


def _never_taken_back(votes: Sequence[Verdict]) -> Verdict | None:
    return standing([vote for vote in votes if vote is not Verdict.WITHDRAW])


def rule_mutants() -> dict[str, Rules]:
    """Everything but the table: who is heard, what counts, when, and what a claim looks at."""
    found = {
        "deadlines come a second late": _clock(late_seconds=1),
        "deadlines come a second early": _clock(late_seconds=-1),
        "silence never denies": _clock(deaf_to=Event.EXPIRED),
        "a hold never ends": _clock(deaf_to=Event.RELEASED),
        "an approval holds for ever": _clock(deaf_to=Event.CLAIM_EXPIRED),
        "a no counts for nothing": Rules(tally=_without_noes),
        "accounts count, and not places": Rules(tally=_by_account),
        "one stage suffices": Rules(tally=_first_stage_only),
        "it takes one no more": Rules(tally=_two_noes),
        "a no can be taken back": Rules(standing=_last_word),
        "a yes can't be taken back": Rules(standing=_never_taken_back),
        "whoever asked counts": Rules(counts_requester=True),
        "whoever was removed counts": Rules(counts_removed=True),
        "votes don't look at the clock": Rules(settles_first=False),
        "people are asked again": Rules(asks_again=True),
        "a step is due at once": Rules(step_is_due=lambda at, due: True),
        "deputies are forgotten": Rules(stand_in=lambda person, **_: person),
        "a deputy always votes": Rules(stand_in=lambda person, **_: "erin" if person == "bob" else person),
        "what has expired is voted on": Rules(heard=HEARD | {State.EXPIRED: frozenset(Verdict)}, settles_first=False),
        "a hold can't be undone": Rules(heard=HEARD | {State.HELD: frozenset({Verdict.DENY})}),
        "a lease lasts a second longer": Rules(lease_holds=lambda now, until: now <= until),
        "nobody may ask again": Rules(lease_holds=lambda now, until: False),
        "a claim leaves no mark": Rules(marks_claimed=False),
        "votes are taken over": Rules(keeps_votes_on_renewal=True),
        "votes don't look at the identity": Rules(votes_look_at_identity=False),
    }
    for name in CLAIM_CHECKS:
        kept = tuple(check for check in CLAIM_CHECKS if check != name)
        found[f"a claim doesn't look at: {name}"] = Rules(claim_checks=kept)
    return found
