"""Changing an action by the page's own form, without a script: what is written, refused, shown and approved."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from approvals.models import ApprovalRequest
from decisions.services.policies import publish_policy
from tests.factories import Cast, StepUp, begin_session, open_step_up
from tests.web.reading import Element, read

RULES = """
policy: {id: changes, version: "1"}
rules:
  - {id: asks, match: {tool: mail.send}, action: STEP_UP, risk_level: MEDIUM, hold: 0, timeout: 600,
     approvers: [security-team], editable: [to, copies]}
  - {id: never, match: {tool: mail.send, parameters: {to: {ends_with: "@evil.example"}}}, action: DENY, priority: 30,
     reason: "Nobody writes there."}
"""
ASKED: dict[str, Any] = {"to": "ana@partner.example\u202e", "subject": "Q4", "copies": 1}


@pytest.fixture
def step(cast: Cast) -> StepUp:
    publish_policy(text=RULES, source="changes.yaml", actor=None)
    return open_step_up(cast, name="mail.send", parameters=ASKED, session_id=begin_session(cast))


def form_of(page: Element, label: str) -> Element:
    (form,) = page.all(lambda item: item.tag == "form" and item.attributes.get("aria-label") == label)
    return form


def sent(form: Element, **written: str) -> dict[str, str]:
    inputs = [item.attributes for item in form.tagged("input") if item.attributes["type"] == "hidden"]
    return {item["name"]: item["value"] for item in inputs} | {f"to:/{name}": text for name, text in written.items()}


def test_a_form_leads_to_the_changed_request_which_is_approved_like_any_other(bob: Client, step: StepUp) -> None:
    page = read(bob.get(step.path))
    form = form_of(page, "Change")
    assert "RIGHT-TO-LEFT OVERRIDE" in form.text
    reply = bob.post(form.attributes["action"], sent(form, to="ben@partner.example", copies="2"))
    assert reply.status_code == 303
    new = ApprovalRequest.objects.get(state="PENDING")
    assert reply.headers["Location"] == f"/a/{new.pk}#changes"
    changed = read(bob.get(f"/a/{new.pk}"))
    said = changed.by_id("changes").text
    assert said.index("/to") < said.index("ben@partner.example") < said.index("/copies")
    assert "by bob" in said
    approve = form_of(changed, "Approve")
    assert bob.post(approve.attributes["action"], sent(approve)).status_code == 303
    assert ApprovalRequest.objects.get(pk=new.pk).state == "APPROVED"
    assert new.shown["parameters"] == {"to": "ben@partner.example", "subject": "Q4", "copies": 2}


@pytest.mark.parametrize(
    ("written", "status", "says"),
    [
        ({"to": "eve@evil.example"}, 409, "Nobody writes there."),
        ({"copies": "many"}, 400, "no JSON"),
        ({"copies": '"2"'}, 409, "is a number"),
        ({}, 409, "Nothing is changed."),
    ],
)
def test_what_is_refused_is_kept_in_the_form_with_the_reason(
    bob: Client, step: StepUp, written: dict[str, str], status: int, says: str
) -> None:
    form = form_of(read(bob.get(step.path)), "Change")
    reply = bob.post(form.attributes["action"], sent(form, **written))
    assert reply.status_code == status
    page = read(reply)
    assert says in page.text
    kept = {item.attributes["name"]: item.attributes["value"] for item in form_of(page, "Change").tagged("input")[2:]}
    assert {f"to:/{name}": text for name, text in written.items()}.items() <= kept.items()
    assert ApprovalRequest.objects.get().state == "PENDING"


def test_nothing_is_offered_where_the_rule_lists_nothing(bob: Client, cast: Cast) -> None:
    page = read(bob.get(open_step_up(cast).path))
    assert not page.all(lambda item: item.attributes.get("id") == "change")
