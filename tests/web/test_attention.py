"""Who was about to approve something else: their vote's receipt says so, and auditors find it."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from approvals.models import ApprovalRequest, AttentionMiss
from receipts.models import Receipt
from receipts.signing.statement import parse_statement
from tests.api.doors import Door, Reply, door_of
from tests.factories import MAIL, Cast, StepUp, open_step_up
from tests.web.reading import read


@pytest.fixture
def step(cast: Cast) -> StepUp:
    return open_step_up(cast)


def say(door: Door, step: StepUp, **body: Any) -> Reply:
    row = ApprovalRequest.objects.get(pk=step.approval.pk)
    seen = {"view_digest": row.view_digest, "version": row.version}
    return door.post(f"/api/v1/approvals/{row.pk}/votes", seen | body)


def attention() -> list[tuple[object, str]]:
    """What the receipts of all votes say of it, in order."""
    found: list[tuple[object, str]] = []
    for row in Receipt.objects.filter(type="vote").order_by("issued_at"):
        vote = parse_statement(bytes(row.body)).body["vote"]
        assert isinstance(vote, dict)
        found.append((vote.get("attention"), row.attention))
    return found


def ids(client: Client, question: str) -> list[str]:
    return [row.attributes["id"] for row in read(client.get("/receipts", {"q": question})).of_class("row")]


def test_a_wrong_target_is_noted_though_the_vote_came_to_nothing(cast: Cast, step: StepUp, victor: Client) -> None:
    bob = door_of(cast.bob)
    assert say(bob, step, verdict="approve", confirm_target="eve@partner.example").status_code == 403
    noted = AttentionMiss.objects.get()
    assert (noted.request_id, noted.person) == (step.approval.pk, cast.bob)
    assert ids(victor, "has:attention_miss") == [], "Nothing is on record that wasn't decided."
    assert say(bob, step, verdict="approve", confirm_target=MAIL["to"]).status_code == 200
    assert attention() == [("attention_miss", "attention_miss")]
    (found,) = ids(victor, "has:attention_miss")
    page = read(victor.get(f"/r/{found}"))
    assert "Attention step attention_miss" in page.text
    assert "another target was confirmed first" in page.text
    assert "eve@partner.example" not in page.text


def test_to_name_the_target_at_once_passes_and_to_name_none_is_no_miss(
    cast: Cast, step: StepUp, victor: Client
) -> None:
    bob = door_of(cast.bob)
    assert say(bob, step, verdict="approve").status_code == 403
    assert not AttentionMiss.objects.exists()
    assert say(bob, step, verdict="approve", confirm_target=MAIL["to"]).status_code == 200
    assert attention() == [("passed", "passed")]
    (found,) = ids(victor, "has:passed")
    assert "its target was confirmed at once" in read(victor.get(f"/r/{found}")).text


def test_a_denial_after_a_wrong_target_says_so_and_another_persons_vote_does_not(cast: Cast, step: StepUp) -> None:
    assert say(door_of(cast.bob), step, verdict="approve", confirm_target="eve@partner.example").status_code == 403
    assert say(door_of(cast.carol), step, verdict="deny").status_code == 200
    other = open_step_up(cast)
    assert say(door_of(cast.bob), other, verdict="approve", confirm_target="eve@partner.example").status_code == 403
    assert say(door_of(cast.bob), other, verdict="deny").status_code == 200
    assert attention() == [(None, ""), ("attention_miss", "attention_miss")]
