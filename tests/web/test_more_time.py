"""The forms of a request's page that give it more time, or ask more people, before anybody decides."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from approvals.models import ApprovalRequest, Asking
from decisions.services.policies import publish_policy
from receipts.models import Receipt
from tests.factories import ALICE, Cast, StepUp, make_person, open_step_up, vote
from tests.web.reading import Element, read, signed_in
from tests.web.test_row_actions import ESCALATES


@pytest.fixture
def step(cast: Cast) -> StepUp:
    publish_policy(text=ESCALATES, source="steps.yaml", actor=None)
    return open_step_up(cast)


def fields(page: Element, name: str) -> dict[str, str]:
    """What the form of this name sends as it stands, the first choice of a list included."""
    (form,) = [form for form in page.tagged("form") if form.attributes.get("aria-label") == name]
    sent = {each.attributes["name"]: each.attributes["value"] for each in form.tagged("input")}
    for select in form.tagged("select"):
        sent[select.attributes["name"]] = select.tagged("option")[0].attributes["value"]
    return sent


def deadline(step: StepUp) -> timedelta:
    row = ApprovalRequest.objects.get(pk=step.approval.pk)
    return row.expires_at - row.opened_at


def asked(step: StepUp) -> list[str]:
    return list(
        Asking.objects.filter(request=step.approval).order_by("step").values_list("person__username", flat=True)
    )


@pytest.mark.case("APR-37")
def test_more_time_is_given_once_however_often_its_form_is_sent_and_never_beyond_the_cap(
    cast: Cast, bob: Client, step: StepUp
) -> None:
    page = read(bob.get(f"{step.path}?open=extend"))
    assert "open" in page.by_id("extend").attributes
    sent = fields(page, "Extend")
    assert sent["minutes"] == "15"
    receipts = Receipt.objects.count()
    for _ in range(2):
        answer = bob.post(f"{step.path}/extend", sent)
        assert (answer.status_code, answer.headers["Location"]) == (303, f"{step.path}#decision")
    assert deadline(step) == timedelta(minutes=75)
    assert Receipt.objects.count() == receipts + 1
    now = fields(read(bob.get(step.path)), "Extend")
    refused = bob.post(f"{step.path}/extend", now | {"minutes": "46"})
    assert refused.status_code == 409
    assert "beyond its cap" in read(refused).text
    assert bob.post(f"{step.path}/extend", now | {"minutes": "45"}).status_code == 303
    assert deadline(step) == timedelta(hours=2)
    assert "can't be extended any further" in read(bob.get(step.path)).text


def test_the_next_people_are_asked_now_and_those_after_them_by_no_second_click(
    cast: Cast, bob: Client, step: StepUp
) -> None:
    page = read(bob.get(step.path))
    assert "user:dave" in page.by_id("extend").text
    assert "dave" not in asked(step)
    for _ in range(2):
        assert bob.post(f"{step.path}/escalate", fields(page, "Escalate")).status_code == 303
    assert asked(step)[-1] == "dave"
    assert vote(step, cast.dave).state == "APPROVED"
    late = bob.post(f"{step.path}/escalate", fields(page, "Escalate"))
    assert late.status_code == 409


def test_who_may_not_decide_is_offered_neither_and_refused_both(cast: Cast, bob: Client, step: StepUp) -> None:
    sent = fields(read(bob.get(step.path)), "Extend")
    alice = signed_in(make_person("alice", teams=("security-team",), email=ALICE))
    page = read(alice.get(step.path))
    assert [each for each in page.walk() if each.attributes.get("id") == "extend"] == []
    for path, data in (("extend", sent), ("escalate", {"step": "1"})):
        assert alice.post(f"{step.path}/{path}", data).status_code == 403
        assert signed_in(cast.mallory).post(f"{step.path}/{path}", data).status_code == 404
    assert deadline(step) == timedelta(hours=1)
    assert "dave" not in asked(step)


@pytest.mark.parametrize("sent", [{}, {"expires_at": "soon", "minutes": "15"}, {"minutes": "-1"}])
def test_what_no_page_sends_is_refused_with_the_field(bob: Client, step: StepUp, sent: dict[str, str]) -> None:
    assert bob.post(f"{step.path}/extend", sent).status_code == 400
    assert bob.post(f"{step.path}/escalate", {"step": "x"}).status_code == 400
    assert deadline(step) == timedelta(hours=1)
