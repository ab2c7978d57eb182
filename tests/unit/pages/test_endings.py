"""How a request ended, in words: who, when, until when, and what the agent made of it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from approvals.lifecycle.quorum import Verdict
from approvals.lifecycle.states import State
from approvals.models import ApprovalRequest
from approvals.pages.endings import Ending, ending_of, instant, people
from approvals.selectors import ShownVote
from tests.unit.pages.snapshots import NOW, request, said, shown

ANA, BOB = said("Ana"), said("Bob")


def row(**columns: object) -> ApprovalRequest:
    return request(resolved_at=NOW, **columns)


def test_a_pending_request_has_not_ended() -> None:
    assert ending_of(shown(State.PENDING), reported="") is None


@pytest.mark.parametrize("state", sorted(set(State) - {State.PENDING}))
def test_every_other_state_has_words_even_where_the_row_lacks_its_times(state: State) -> None:
    ending = ending_of(shown(state), reported="")
    assert ending is not None
    assert ending.kind in {"good", "bad", "wait"}
    assert ending.sentence.endswith(".")
    assert ending.operation.endswith(".")
    assert "None" not in ending.sentence + ending.operation


def test_approved_says_by_whom_until_when_and_that_nothing_ran() -> None:
    until = NOW + timedelta(minutes=30)
    ending = ending_of(shown(State.APPROVED, row=row(claim_expires_at=until), votes=(ANA, BOB)), reported="")
    assert ending == Ending(
        "good", "Approved 14:00 UTC by Ana and Bob, valid until 14:30 UTC.", "The agent has not resumed yet."
    )


@pytest.mark.parametrize(
    ("reported", "kind", "operation"),
    [
        ("", "good", "The agent has taken it up."),
        ("succeeded", "good", "The agent reports that it succeeded."),
        ("failed", "bad", "The agent reports that it failed."),
        ("unknown", "good", "The agent doesn't know how it ended."),
        ("<b>", "good", "The agent has taken it up."),
    ],
)
def test_claimed_says_what_the_agent_reported(reported: str, kind: str, operation: str) -> None:
    ending = ending_of(shown(State.CLAIMED, row=row(), votes=(ANA,)), reported=reported)
    assert ending == Ending(kind, "Approved 14:00 UTC by Ana.", operation)


def test_denied_names_who_denied_and_nobody_who_approved() -> None:
    votes = (ANA, said("Bob", Verdict.DENY))
    ending = ending_of(shown(State.DENIED, row=row(), votes=votes), reported="")
    assert ending is not None
    assert ending.sentence == "Denied 14:00 UTC by Bob."


def test_held_says_when_the_agent_is_told() -> None:
    ending = ending_of(shown(State.HELD, row=request(release_at=NOW + timedelta(minutes=1)), votes=(ANA,)), reported="")
    assert ending == Ending("wait", "Approved by Ana.", "It can still be undone. The agent is told at 14:01 UTC.")


@pytest.mark.parametrize(
    ("votes", "until", "sentence"),
    [
        ((), None, "Expired 15:00 UTC and denied. Nobody answered."),
        ((ANA,), None, "Expired 15:00 UTC and denied. Too few answered."),
        ((ANA, BOB), NOW, "Approved, but the agent did not resume by 14:00 UTC."),
    ],
)
def test_expired_tells_a_question_from_an_unused_approval(
    votes: tuple[ShownVote, ...], until: object, sentence: str
) -> None:
    ending = ending_of(shown(State.EXPIRED, row=request(claim_expires_at=until), votes=votes), reported="")
    assert ending is not None
    assert ending.sentence == sentence


@pytest.mark.parametrize(
    ("resolution", "sentence"),
    [
        ("withdrawn_by_agent", "Withdrawn 14:00 UTC by the agent."),
        ("withdrawn_by_host", "Withdrawn 14:00 UTC by the host."),
        ("something_else", "Withdrawn 14:00 UTC."),
    ],
)
def test_cancelled_says_by_whom_where_that_is_known(resolution: str, sentence: str) -> None:
    ending = ending_of(shown(State.CANCELLED, row=row(resolution=resolution)), reported="")
    assert ending is not None
    assert ending.sentence == sentence


def test_a_moment_of_another_day_carries_its_date() -> None:
    assert instant(NOW, now=NOW) == "14:00 UTC"
    assert instant(NOW, now=NOW + timedelta(days=1)) == "2026-11-03 14:00 UTC"


@pytest.mark.parametrize(
    ("names", "words"),
    [([], ""), (["Ana"], "Ana"), (["Ana", "Bob"], "Ana and Bob"), (["Ana", "Bob", "Carol"], "Ana, Bob and Carol")],
)
def test_people_are_listed_as_one_says_it(names: list[str], words: str) -> None:
    assert people(names) == words
