"""That somebody is looking is said to others for ten minutes, keeps nobody from anything, and moves nothing."""

from __future__ import annotations

from datetime import timedelta

import pytest

from approvals.lifecycle.quorum import Verdict
from approvals.models import ApprovalRequest, Looking, OutboxEvent
from approvals.selectors.looking import readers_of
from approvals.services.looking import LASTS, look_at, look_away
from receipts.clock import database_now
from receipts.models import Receipt
from receipts.problems import ProblemError
from tests.api.doors import door_of
from tests.factories import ALICE, Cast, StepUp, make_cast, make_person, open_step_up, vote
from tests.web.reading import Element, read, signed_in


@pytest.fixture
def cast(db: None) -> Cast:
    return make_cast()


@pytest.fixture
def step(cast: Cast) -> StepUp:
    return open_step_up(cast)


def panel_of(cast: Cast, step: StepUp) -> Element:
    return read(signed_in(cast.carol).get(step.path)).by_id("looking")


def test_others_see_who_is_looking_until_they_look_away(cast: Cast, step: StepUp) -> None:
    bob = signed_in(cast.bob)
    assert "is looking" not in panel_of(cast, step).text
    assert bob.post(f"{step.path}/looking", {"looking": "yes"}).status_code == 303
    assert "bob is looking (said until" in panel_of(cast, step).text
    assert "bob is looking" in read(signed_in(cast.carol).get("/inbox")).by_id(step.approval.pk).text
    assert "I'm not looking any more" in read(bob.get(step.path)).by_id("looking").text
    assert bob.post(f"{step.path}/looking", {"looking": "no"}).status_code == 303
    assert "is looking" not in panel_of(cast, step).text
    # Each time open pages are told to fetch again, and once more says nothing new.
    assert bob.post(f"{step.path}/looking", {"looking": "no"}).status_code == 303
    assert OutboxEvent.objects.filter(topic="looking", reference=step.approval.pk).count() == 2


def test_looking_changes_nothing_of_the_request_and_keeps_nobody_from_voting(cast: Cast, step: StepUp) -> None:
    before = ApprovalRequest.objects.values().get(pk=step.approval.pk)
    receipts = Receipt.objects.count()
    look_at(approval_id=step.approval.pk, person=cast.bob)
    look_at(approval_id=step.approval.pk, person=cast.bob)
    assert ApprovalRequest.objects.values().get(pk=step.approval.pk) == before
    assert Receipt.objects.count() == receipts
    assert Looking.objects.count() == 1
    assert vote(step, cast.carol).state in {"HELD", "APPROVED"}


def test_it_ends_by_itself_and_with_ones_vote(cast: Cast, step: StepUp) -> None:
    look_at(approval_id=step.approval.pk, person=cast.bob)
    left = Looking.objects.get().until - database_now()
    assert timedelta() < left <= LASTS == timedelta(minutes=10)
    Looking.objects.update(until=database_now())
    assert "is looking" not in panel_of(cast, step).text
    look_at(approval_id=step.approval.pk, person=cast.carol)
    assert [row.person for row in Looking.objects.all()] == [cast.carol]
    assert readers_of([step.approval], at=database_now())
    vote(step, cast.carol, verdict=Verdict.DENY)
    assert not readers_of([step.approval], at=database_now())


def test_only_who_may_decide_says_so_and_only_while_it_is_open(cast: Cast, step: StepUp) -> None:
    alice = make_person("alice", teams=("security-team",), email=ALICE)
    for person, code in ((cast.mallory, "not_eligible"), (alice, "self_approval")):
        with pytest.raises(ProblemError) as problem:
            look_at(approval_id=step.approval.pk, person=person)
        assert problem.value.code == code
    ApprovalRequest.objects.filter(pk=step.approval.pk).update(expires_at=database_now())
    assert signed_in(cast.bob).post(f"{step.path}/looking").status_code == 409
    assert not Looking.objects.exists()
    look_away(approval_id=step.approval.pk, person=cast.bob)


def test_the_api_says_who_is_looking(cast: Cast, step: StepUp) -> None:
    door, address = door_of(cast.bob), f"/api/v1/approvals/{step.approval.pk}"
    (reader,) = door.post(f"{address}/claim-review").json()["looking"]
    assert reader == {"by": "bob", "until": Looking.objects.get().until.isoformat()}
    assert door_of(cast.carol).get(address).json()["looking"] == [reader]
    assert door.post(f"{address}/claim-review", {"looking": False}).json() == {"looking": []}
