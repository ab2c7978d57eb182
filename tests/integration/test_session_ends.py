"""The end of a session: one, on record, and with the whole of its context under one signature."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from decisions.models import Session
from decisions.selectors import verification_of
from decisions.services.claims import ClaimRequest, claim_decision
from decisions.services.deferrals import expire_due
from decisions.services.endings import end_idle_sessions, end_session
from receipts.models import Receipt
from receipts.problems import ProblemError
from receipts.selectors import envelope_of
from receipts.selectors.accounting import accounts
from receipts.signing.canonical import digest
from receipts.signing.statement import parse_statement
from tests.factories import Cast, begin_session, decide, make_cast, open_step_up, vote
from tests.integration.tampered_sessions import alter_session

DAY = 86_400
INSIDE = {"to": "bob@corp.example"}


@pytest.fixture
def cast(db: None) -> Cast:
    return make_cast()


def sealed(session_id: str) -> Any:
    """What the receipt of the end says; there is one."""
    receipt = Receipt.objects.get(session_id=session_id, type="session_ended")
    return parse_statement(envelope_of(receipt).payload).body


def uneven() -> list[str]:
    return [each.noun for each in accounts() if not each.is_even]


def test_the_end_seals_what_the_context_came_to(cast: Cast) -> None:
    session = begin_session(cast)
    decide(cast, session, "email.send", parameters={"to": "bob@corp.example"})
    decide(cast, session, "database.query", parameters={"table": "customers", "limit": 5})
    decide(cast, session, "database.drop", parameters={})
    end_session(caller=cast.host, session_id=session)
    end_session(caller=cast.host, session_id=session)
    row, said = Session.objects.get(pk=session), sealed(session)
    assert said["context"] == {"session": session, "position": 5, "head": row.head}
    assert said["session"] | {"opened_at": ""} == {
        "ended_by": "host",
        "opened_at": "",
        "length": 5,
        "head": row.head,
        "state": digest(row.state),
        "is_intact": True,
        "actions": 3,
        "decisions": {"ALLOW": 2, "DENY": 1},
        "labels": ["PII"],
        "taint": [],
    }
    assert verification_of(row, after="")["is_intact"]
    assert uneven() == []
    with pytest.raises(ProblemError) as problem:
        decide(cast, session, "email.send", parameters={"to": "bob@corp.example"})
    assert problem.value.code == "session_ended"


def test_accounting_misses_the_receipt_of_an_end(cast: Cast) -> None:
    session = begin_session(cast)
    end_session(caller=cast.agent, session_id=session)
    assert uneven() == []
    Session.objects.filter(pk=begin_session(cast)).update(ended_by="host")
    assert uneven() == ["sessions that ended"]


def test_the_end_of_a_broken_session_says_that_it_is(cast: Cast) -> None:
    session = begin_session(cast)
    alter_session(session, scope=["everything"])
    end_session(caller=cast.agent, session_id=session)
    assert sealed(session)["session"]["is_intact"] is False
    assert uneven() == []


def test_a_session_in_which_nothing_happens_ends_by_itself(cast: Cast, move_clock: Callable[[float], None]) -> None:
    idle, busy = begin_session(cast), begin_session(cast)
    assert end_idle_sessions() == 0
    move_clock(DAY - 60)
    decide(cast, busy, "email.send", parameters={"to": "bob@corp.example"})
    assert end_idle_sessions() == 0
    move_clock(61)
    assert end_idle_sessions() == 1
    assert end_idle_sessions() == 0
    assert sealed(idle)["session"]["ended_by"] == "idle"
    assert Session.objects.get(pk=busy).ended_at is None
    assert uneven() == []


def test_a_session_in_which_something_waits_does_not_end_by_itself(
    cast: Cast, move_clock: Callable[[float], None]
) -> None:
    step = open_step_up(cast)
    vote(step, cast.bob)
    held = begin_session(cast)
    decide(cast, held, "credentials.rotate", parameters={})
    # Both are still to be ended by their own deadlines; nothing has looked since.
    move_clock(DAY + 1)
    assert end_idle_sessions() == 0
    expire_due()
    assert end_idle_sessions() == 1
    assert Session.objects.get(pk=held).ended_by == "idle"


def test_ending_a_session_takes_its_approvals_with_it(cast: Cast) -> None:
    step, control = open_step_up(cast), open_step_up(cast)
    for each in (step, control):
        vote(each, cast.bob)
    session = Receipt.objects.filter(decision_id=step.answer["decision_id"]).values_list("session_id", flat=True)[0]
    end_session(caller=cast.host, session_id=session)

    def claim(answer: Any) -> object:
        wanted = ClaimRequest(action_digest=answer["action_digest"])
        return claim_decision(caller=cast.agent, decision_id=answer["decision_id"], wanted=wanted, key="")

    assert claim(control.answer)
    with pytest.raises(ProblemError):
        claim(step.answer)
