"""Reviewing requests of one kind together: how many, which, and each with a vote and a receipt of its own."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from approvals.lifecycle.batches import split_parameters
from approvals.lifecycle.quorum import Verdict
from approvals.models import ApprovalRequest, Vote
from approvals.services.batches import Chosen, approve_together
from approvals.services.changes import Edit, change_request
from decisions.services.policies import publish_policy
from receipts.models import Receipt
from receipts.problems import ProblemError
from tests.factories import Cast, StepUp, begin_session, open_step_up, vote
from tests.web.reading import Element, read

RULES = """
policy: {id: together, version: "1"}
rules:
  - {id: low, match: {tool: notes.add}, action: STEP_UP, risk_level: LOW, hold: 0, approvers: [security-team],
     editable: [text]}
  - {id: medium, match: {tool: notes.share}, action: STEP_UP, risk_level: MEDIUM, hold: 0, approvers: [security-team]}
  - {id: high, match: {tool: notes.publish}, action: STEP_UP, risk_level: HIGH, hold: 0, approvers: [security-team]}
"""


@pytest.fixture
def session(cast: Cast) -> str:
    publish_policy(text=RULES, source="together.yaml", actor=None)
    return begin_session(cast)


def add(cast: Cast, session: str, text: str, *, name: str = "notes.add") -> StepUp:
    return open_step_up(cast, name=name, parameters={"folder": "spring", "text": text}, session_id=session)


def chosen(*steps: StepUp) -> list[Chosen]:
    return [Chosen(step.approval.pk, step.approval.view_digest, step.approval.version) for step in steps]


def states(*steps: StepUp) -> list[str]:
    return [ApprovalRequest.objects.get(pk=step.approval.pk).state for step in steps]


def refusal(cast: Cast, *steps: StepUp) -> ProblemError:
    with pytest.raises(ProblemError) as problem:
        approve_together(chosen(*steps), person=cast.bob, reason="")
    assert not Vote.objects.exists()
    return problem.value


def sent(form: Element) -> dict[str, Any]:
    """What a browser sends of the form as it is."""
    inputs = [item.attributes for item in form.tagged("input")]
    data: dict[str, Any] = {item["name"]: item["value"] for item in inputs if item["type"] == "hidden"}
    return data | {"id": [item["value"] for item in inputs if item["type"] == "checkbox" and "checked" in item]}


@pytest.mark.case("APR-35")
def test_of_ten_the_one_that_changed_is_left_out_and_each_other_has_its_receipt(cast: Cast, session: str) -> None:
    steps = [add(cast, session, f"note {number}") for number in range(10)]
    edit = Edit({"/text": "another"}, steps[3].approval.view_digest, 1)
    change_request(approval_id=steps[3].approval.pk, person=cast.carol, edit=edit)
    voted = approve_together(chosen(*steps), person=cast.bob, reason="All ours.")
    assert [each.problem and each.problem.status for each in voted] == [None] * 3 + [409] + [None] * 6
    assert states(*steps) == ["APPROVED"] * 3 + ["SUPERSEDED"] + ["APPROVED"] * 6
    votes = Vote.objects.all()
    assert {(row.surface, row.person_id) for row in votes} == {("batch", cast.bob.pk)}
    assert Receipt.objects.filter(type="vote").count() == len(votes) == 9


def test_only_so_many_of_one_kind_are_approved_together_and_never_what_is_high(cast: Cast, session: str) -> None:
    low = [add(cast, session, str(number)) for number in range(11)]
    medium = [add(cast, session, str(number), name="notes.share") for number in range(6)]
    high = [add(cast, session, str(number), name="notes.publish") for number in range(2)]
    assert "at most 10" in refusal(cast, *low).why
    assert "at most 5" in refusal(cast, *medium).why
    assert "one kind" in refusal(cast, *high).why
    assert "one kind" in refusal(cast, low[0], medium[0]).why
    with pytest.raises(ProblemError, match="one kind"):
        approve_together(chosen(*low[:2]), person=cast.mallory, reason="")
    assert all(each.problem is None for each in approve_together(chosen(*medium[:5]), person=cast.bob, reason=""))


def test_what_was_turned_down_before_is_reviewed_by_itself(cast: Cast, session: str) -> None:
    vote(add(cast, session, "again"), cast.bob, verdict=Verdict.DENY)
    again, other = add(cast, session, "again"), add(cast, session, "other")
    with pytest.raises(ProblemError, match="turned down"):
        approve_together(chosen(again, other), person=cast.bob, reason="")


def test_the_page_shows_what_differs_and_approves_without_a_script(cast: Cast, bob: Client, session: str) -> None:
    steps = [add(cast, session, text) for text in ("one", "two\u202e", "three")]
    inbox = read(bob.get("/inbox"))
    (link,) = inbox.all(lambda item: item.attributes.get("href", "").endswith("/alike"))
    assert "3 alike" in inbox.text
    page = read(bob.get(link.attributes["href"]))
    assert page.text.count("spring") == 1
    assert "RIGHT-TO-LEFT OVERRIDE" in page.text
    (form,) = [form for form in page.tagged("form") if form.attributes.get("aria-label") == "Approve together"]
    data = sent(form)
    assert set(data["id"]) == {steps[0].approval.pk, steps[2].approval.pk}, "What may deceive is chosen by hand."
    reply = bob.post(form.attributes["action"], data)
    assert reply.status_code == 200
    assert "2 of 2 approved by you" in read(reply).text
    assert states(*steps) == ["APPROVED", "PENDING", "APPROVED"]
    repeated = bob.post(form.attributes["action"], data)
    assert repeated.status_code == 409
    assert "0 of 2 approved by you" in read(repeated).text


def test_parameters_are_split_into_what_is_common_and_what_is_not() -> None:
    common, own = split_parameters([{"a": 1, "b": 1}, {"a": 1, "b": True}, {"a": 1}])
    assert (common, own) == ({"a": 1}, ({"b": 1}, {"b": True}, {}))
    assert split_parameters([]) == ({}, ())
