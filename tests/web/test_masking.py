"""Secrets are covered on pages, shown by one act that is on the record, and nobody approves danger without it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from approvals.lifecycle.grants import Terms
from approvals.lifecycle.quorum import Verdict
from approvals.models import Reveal
from approvals.selectors.masking import STAYS
from approvals.services.votes import cast_vote
from decisions.services.policies import publish_policy
from receipts.clock import database_now
from receipts.models import Receipt
from receipts.problems import ProblemError
from receipts.selectors import envelope_of
from receipts.signing.statement import parse_statement
from tests.api.doors import Door, door_of
from tests.factories import ALICE, MAIL, Cast, StepUp, ballot_of, make_person, open_step_up, vote
from tests.web.reading import read, signed_in
from tests.web.test_deciding import forms

TOKEN = "sk_live_9fQ2xL7vB4nR8tW1zK6m"
COVER = "[SECRET masked: 28 characters, ends in zK6m]"
LOW = """
policy: {id: low, version: "1"}
rules: [{id: low, match: {tool: email}, action: STEP_UP, risk_level: LOW, hold: 0, approvers: [security-team]}]
"""


@pytest.fixture
def step(cast: Cast) -> StepUp:
    return secret_mail(cast)


def secret_mail(cast: Cast, secret: str = TOKEN) -> StepUp:
    return open_step_up(cast, parameters={**MAIL, "body": f"The key is {secret}, then delete all."})


def disclosures() -> list[Any]:
    rows = Receipt.objects.filter(type="disclosure").order_by("position")
    return [parse_statement(envelope_of(row).payload).body for row in rows]


@pytest.mark.case("DEC-17")
def test_a_secret_stands_on_no_page_before_it_is_asked_for(cast: Cast, step: StepUp) -> None:
    bob = signed_in(cast.bob)
    pages = [bob.get(path).content.decode() for path in (step.path, f"{step.path}?all=1", "/inbox")]
    pages.append(json.dumps(door_of(cast.bob).get(f"/api/v1/approvals/{step.approval.pk}").json()))
    assert not [page for page in pages if TOKEN in page]
    page = read(bob.get(step.path))
    assert COVER in page.by_id("facts").text
    assert "then delete all." in page.by_id("facts").text
    assert "Values are masked: SECRET" in page.by_id("masked").text
    # What runs and what is bound is the value itself.
    other = secret_mail(cast, secret=TOKEN.replace("9f", "8f"))
    assert other.approval.view_digest != step.approval.view_digest
    assert other.approval.action_digest != step.approval.action_digest


@pytest.mark.case("DEC-18")
def test_showing_it_is_one_act_that_leaves_a_receipt_and_does_not_last(cast: Cast, step: StepUp) -> None:
    bob = signed_in(cast.bob)
    assert not disclosures()
    assert bob.post(f"{step.path}/reveal").status_code == 303
    assert [(body["actor"], body["disclosure"]) for body in disclosures()] == [
        ({"person": cast.bob.person_id}, {"approval": step.approval.pk})
    ]
    page = read(bob.get(step.path))
    assert TOKEN in page.by_id("facts").text
    assert not page.all(lambda item: item.attributes.get("id") == "masked")
    assert TOKEN not in signed_in(cast.carol).get(step.path).content.decode()
    Reveal.objects.create(request=step.approval, person=cast.carol, shown_at=database_now() - STAYS)
    assert TOKEN not in signed_in(cast.carol).get(step.path).content.decode()


@pytest.mark.case("DEC-18")
def test_danger_that_is_covered_is_approved_by_nobody_who_was_not_shown_it(cast: Cast, step: StepUp) -> None:
    assert "Approve" not in forms(read(signed_in(cast.bob).get(step.path)))
    with pytest.raises(ProblemError) as problem:
        vote(step, cast.bob)
    assert problem.value.code == "not_shown_whole"
    # Another reviewer's having seen it is not one's own.
    assert signed_in(cast.carol).post(f"{step.path}/reveal").status_code == 303
    with pytest.raises(ProblemError):
        vote(step, cast.bob)
    answer = door_of(cast.bob).post(f"/api/v1/approvals/{step.approval.pk}/reveal").json()
    assert TOKEN in answer["snapshot"]["parameters"]["body"]
    assert "Approve" in forms(read(signed_in(cast.bob).get(step.path)))
    assert vote(step, cast.bob).state in {"HELD", "APPROVED"}


def test_little_risk_is_approved_as_it_is_covered_and_runs_with_the_value(cast: Cast) -> None:
    publish_policy(text=LOW, source="low.yaml", actor=None)
    step = secret_mail(cast)
    assert vote(step, cast.bob).state == "APPROVED"
    answer = Door(cast.agent_key).get(f"/api/v1/decisions/{step.answer['decision_id']}").json()
    assert TOKEN in answer["parameters"]["body"]


def test_it_is_shown_to_auditors_and_to_those_who_may_decide(cast: Cast, step: StepUp) -> None:
    assert signed_in(cast.victor).post(f"{step.path}/reveal").status_code == 303
    assert TOKEN in signed_in(cast.victor).get(step.path).content.decode()
    alice = make_person("alice", teams=("security-team",), email=ALICE)
    assert signed_in(alice).post(f"{step.path}/reveal").status_code == 403
    assert signed_in(cast.mallory).post(f"{step.path}/reveal").status_code == 404
    assert len(disclosures()) == 1


def test_the_bounds_of_a_grant_cover_what_the_request_covers(cast: Cast) -> None:
    publish_policy(text=LOW, source="low.yaml", actor=None)
    step = secret_mail(cast)
    signed_in(cast.bob).post(f"{step.path}/reveal")
    ballot = ballot_of(step, cast.bob, verdict=Verdict.APPROVE)
    cast_vote(
        approval_id=step.approval.pk, person=cast.bob, ballot=replace(ballot, grant=Terms(uses=1, minutes=5, bounds={}))
    )
    assert TOKEN in read(signed_in(cast.bob).get(step.path)).by_id("grants").text, "He was shown it just now."
    carol = signed_in(cast.carol)
    bounds = read(carol.get(step.path)).by_id("grants").text
    assert TOKEN not in bounds
    assert COVER in bounds
    answer = json.dumps(door_of(cast.carol).get("/api/v1/grants").json())
    assert COVER in answer
    assert TOKEN not in answer
    assert TOKEN not in signed_in(cast.trent).get(f"/agents/{cast.agent.id}").content.decode()


def test_a_page_without_secrets_says_nothing_of_masks(cast: Cast) -> None:
    step = open_step_up(cast)
    assert "masks" not in step.approval.shown
    assert not read(signed_in(cast.bob).get(step.path)).all(lambda item: item.attributes.get("id") == "masked")
