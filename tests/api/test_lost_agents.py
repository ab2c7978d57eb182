"""An agent takes what was approved, and is never heard of again."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.conf import settings

from decisions.models import Agent, Claim, Decision, Outcome
from decisions.services.identity import issue_key
from decisions.services.leases import end_due_leases
from receipts.clock import database_now
from receipts.models import Receipt
from tests.api.doors import Door, problem_of, row_counts
from tests.api.test_decide import asked
from tests.factories import Cast, vote


@pytest.mark.case("APR-45")
def test_what_a_dead_agent_claimed_is_unknown_and_runs_again_for_nobody_until_the_truth_is_told(
    cast: Cast, agent: Door, session: str, move_clock: Callable[[float], None]
) -> None:
    lost, told = (
        asked(agent.decide(session, key="lost")),
        asked(agent.decide(session, parameters={"to": "b@b.example"})),
    )
    for step in (lost, told):
        vote(step, cast.bob)
        assert agent.claim(step.answer, key="claim").status_code == 200
    agent.report(told.answer, output="sent")
    move_clock(settings.AARM_CLAIM_LEASE_SECONDS + 1)
    assert (end_due_leases(), end_due_leases()) == (1, 0), "the control: what was reported on is not among them"
    assert outcomes(lost.answer["decision_id"]) == ["unknown"]
    assert outcomes(told.answer["decision_id"]) == ["succeeded"]
    # The same agent, started again: with its old key or a new one, under the same keys or others.
    again = Door(issue_key(owner=Agent.objects.get(pk=cast.agent.id), at=database_now()))
    before = row_counts()
    for door in (agent, again):
        for key in ("claim", "another", ""):
            problem_of(door.claim(lost.answer, key=key), status=409, code="already_consumed")
    assert again.decide(session, key="lost").json()["decision_id"] == lost.answer["decision_id"]
    assert row_counts() == before
    assert (Claim.objects.filter(decision=lost.answer["decision_id"]).count(), Decision.objects.count()) == (1, 2)
    # Whoever finds out what became of it says so; what nobody knew stays on record.
    assert again.report(lost.answer, output="sent after all").status_code == 200
    assert outcomes(lost.answer["decision_id"]) == ["unknown", "succeeded"]
    problem_of(again.claim(lost.answer), status=409, code="already_consumed")


def outcomes(decision_id: str) -> list[str]:
    """What is on record, in order; each with its receipt."""
    said = list(Outcome.objects.filter(decision=decision_id).order_by("reported_at").values_list("status", flat=True))
    kept = Receipt.objects.filter(decision_id=decision_id, type="outcome").order_by("position")
    assert list(kept.values_list("outcome", flat=True)) == said
    return said
