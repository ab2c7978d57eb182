"""Several requests wait side by side: an answer to one of them is an answer to that one."""

from __future__ import annotations

import pytest
from django.test import Client

from approvals.models import ApprovalRequest, Vote
from receipts.models import Receipt
from tests.factories import MAIL, Cast, StepUp, open_step_up
from tests.web.reading import ballot, read
from tests.web.test_deciding import fields, forms


def versions(steps: list[StepUp]) -> list[tuple[str, int]]:
    rows = [ApprovalRequest.objects.get(pk=step.approval.pk) for step in steps]
    return [(row.state, row.version) for row in rows]


@pytest.mark.case("DEC-21", "DEC-24")
def test_each_form_names_its_own_request_and_view_and_answers_no_other(cast: Cast, bob: Client) -> None:
    steps = [open_step_up(cast, parameters={**MAIL, "subject": f"Deck {number}"}) for number in range(3)]
    before = versions(steps)
    approve = [forms(read(bob.get(step.path)))["Approve"] for step in steps]
    assert [form.attributes["action"] for form in approve] == [f"{step.path}/approve" for step in steps]
    sent = [fields(form) for form in approve]
    assert [form["view_digest"] for form in sent] == [step.approval.view_digest for step in steps]
    # What was read of the second is no answer to the first or the third, wherever it is sent.
    for other in (0, 2):
        mixed = ballot(steps[1].approval)
        assert bob.post(approve[other].attributes["action"], mixed).status_code == 409
    assert (versions(steps), Vote.objects.count()) == (before, 0)
    target = {"confirm_target": str(MAIL["to"])}
    assert bob.post(approve[1].attributes["action"], sent[1] | target).status_code == 303
    assert versions(steps) == [before[0], ("APPROVED", 1), before[2]]
    # A second click, and the key that is held down, send the same form again.
    for _ in range(3):
        assert bob.post(approve[1].attributes["action"], sent[1] | target).status_code == 409
    assert [vote.request_id for vote in Vote.objects.all()] == [steps[1].approval.pk]
    assert set(Receipt.objects.filter(type="vote").values_list("approval_id", flat=True)) == {steps[1].approval.pk}
