"""Approving with limits by the page's own form, without a script: previewed, granted, listed, revoked."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from approvals.lifecycle.quorum import Verdict
from approvals.models import ApprovalRequest, Grant
from decisions.services.policies import publish_policy
from tests.factories import Cast, StepUp, begin_session, decide, open_step_up, vote
from tests.web.reading import Element, read, signed_in

RULES = """
policy: {id: grants, version: "1"}
rules:
  - {id: mail, match: {tool: mail.send}, action: STEP_UP, risk_level: %s, hold: 0,
     approvers: [{group: security-team, count: %s}]}
"""
ASKED: dict[str, Any] = {"to": "ana@partner.example", "subject": "Q4\u202e", "copies": 1, "folder": "/spring"}


def publish(risk: str = "MEDIUM", count: int = 1) -> None:
    publish_policy(text=RULES % (risk, count), source="grants.yaml", actor=None)


@pytest.fixture
def session(cast: Cast) -> str:
    publish()
    return begin_session(cast)


def open_mail(cast: Cast, session: str, **changes: Any) -> StepUp:
    return open_step_up(cast, name="mail.send", parameters=ASKED | changes, session_id=session)


def form_of(page: Element, label: str) -> Element:
    (form,) = page.all(lambda item: item.tag == "form" and item.attributes.get("aria-label") == label)
    return form


def sent(form: Element, **written: str) -> dict[str, str]:
    """What a browser sends of the form, with what is written over it."""
    inputs = [item.attributes for item in form.tagged("input")]
    values = {item["name"]: item.get("value", "") for item in inputs}
    chosen = {
        select.attributes["name"]: next(
            (each.attributes["value"] for each in select.tagged("option") if "selected" in each.attributes), "same"
        )
        for select in form.tagged("select")
    }
    return values | chosen | {name.replace("__", ":"): value for name, value in written.items()}


@pytest.mark.case("APR-34")
def test_the_form_says_what_it_would_cover_before_it_grants(cast: Cast, bob: Client, session: str) -> None:
    vote(open_mail(cast, session, to="ben@partner.example"), cast.bob)
    denied = open_mail(cast, session, to="cyd@partner.example")
    vote(denied, cast.bob, verdict=Verdict.DENY)
    vote(open_mail(cast, session, to="eve@evil.example"), cast.bob)
    step = open_mail(cast, session)
    form = form_of(read(bob.get(step.path)), "Grant")
    assert "folder has to be the same" in form.text
    written = sent(form, uses="2", minutes="30", within__to="email_domain")
    preview = bob.post(form.attributes["action"], written)
    assert preview.status_code == 200
    page = read(preview)
    said = page.by_id("grant-preview").text
    assert "covered 2 of the last 3" in said
    assert denied.approval.pk in said
    assert not Grant.objects.exists()
    again = form_of(page, "Grant")
    changed = bob.post(again.attributes["action"], sent(again, uses="3"))
    assert changed.status_code == 200, "What was changed after the preview is previewed again."
    assert bob.post(again.attributes["action"], sent(again)).status_code == 303
    found = Grant.objects.get()
    assert (found.uses, (found.expires_at - found.granted_at).total_seconds()) == (2, 1800)
    answer = decide(cast, session, "mail.send", parameters=ASKED | {"to": "dan@partner.example"})
    assert answer["effective"] == "ALLOW"
    told = read(bob.get(f"/a/{answer['approval']['id']}"))
    assert "by a grant of bob, use 1 of 2" in told.text
    outside = open_mail(cast, session, to="dan@evil.example")
    assert "It is outside what was granted. to" in read(bob.get(outside.path)).by_id("not-granted").text


@pytest.mark.parametrize(
    ("written", "status", "says"),
    [
        ({"within__copies": "at_most", "most__copies": "many"}, 400, "is no number"),
        ({"within__copies": "at_most", "most__copies": "nan"}, 400, "is no number"),
        ({"within__folder": "any_text"}, 400, "Nothing like that"),
        ({"uses": "51"}, 400, "uses"),
        ({"version": "2", "previewed": ""}, 200, "would have covered"),
    ],
)
def test_what_cant_be_granted_is_refused_with_the_reason(
    cast: Cast, bob: Client, session: str, written: dict[str, str], status: int, says: str
) -> None:
    form = form_of(read(bob.get(open_mail(cast, session).path)), "Grant")
    reply = bob.post(form.attributes["action"], sent(form, **written))
    assert reply.status_code == status
    assert says in read(reply).text
    assert ApprovalRequest.objects.get().state == "PENDING"


def test_a_second_reviewer_joins_what_the_first_proposes(cast: Cast, bob: Client, session: str) -> None:
    publish("HIGH", 2)
    step = open_mail(cast, session)
    form = form_of(read(bob.get(step.path)), "Grant")
    reason = "The hidden character is theirs."
    written = sent(form, confirm_target=ASKED["to"], within__copies="at_most", most__copies="2.5", reason=reason)
    again = form_of(read(bob.post(form.attributes["action"], written)), "Grant")
    assert reason in again.text
    assert bob.post(again.attributes["action"], sent(again, reason=reason)).status_code == 303
    carol = signed_in(cast.carol)
    join = form_of(read(carol.get(step.path)), "Join the grant")
    assert "from 0 up to 2.5" in join.text
    missed = carol.post(join.attributes["action"], sent(join, confirm_target="eve@evil.example", reason=reason))
    assert missed.status_code == 403
    joined = sent(join, confirm_target=ASKED["to"], reason=reason)
    assert carol.post(join.attributes["action"], joined).status_code == 303
    assert decide(cast, session, "mail.send", parameters=ASKED | {"copies": 2})["effective"] == "ALLOW"


def test_nothing_is_offered_where_nothing_can_be_granted(cast: Cast, bob: Client, session: str) -> None:
    publish("HIGH")
    page = read(bob.get(open_mail(cast, session).path))
    assert not page.all(lambda item: item.attributes.get("id") == "grant")
    assert form_of(page, "Approve").attributes["method"] == "post"


def test_the_agents_page_lists_grants_and_only_reviewers_who_were_asked_see_values_and_revoke(
    cast: Cast, bob: Client, trent: Client, session: str
) -> None:
    form = form_of(read(bob.get(open_mail(cast, session).path)), "Grant")
    again = form_of(read(bob.post(form.attributes["action"], sent(form))), "Grant")
    bob.post(again.attributes["action"], sent(again))
    found = Grant.objects.get()
    page = read(trent.get(f"/agents/{cast.agent.id}"))
    listed = page.by_id("grants").text
    assert "5 of 5 left" in listed
    assert "Granted by bob" in listed
    assert signed_in(cast.mallory).post(f"/grants/{found.pk}/revoke").status_code == 404
    shown = read(bob.get(f"/a/{found.request_id}"))
    assert "RIGHT-TO-LEFT OVERRIDE" in shown.by_id("grants").text
    revoke = form_of(shown, "Revoke the grant")
    assert bob.post(revoke.attributes["action"]).status_code == 303
    assert "None." in read(trent.get(f"/agents/{cast.agent.id}")).by_id("grants").text
    assert "It was taken back." in read(bob.get(f"/a/{found.request_id}")).by_id("grants").text


def test_the_api_grants_lists_and_revokes_by_the_same_rules(cast: Cast, bob: Client, session: str) -> None:
    step = open_mail(cast, session)
    row = step.approval
    terms = {"uses": 2, "minutes": 5, "bounds": {"to": {"within": "email_domain"}}}
    body = {"verdict": "approve", "view_digest": row.view_digest, "version": row.version, "grant": terms}
    address = f"/api/v1/approvals/{row.pk}/votes"
    refused = bob.post(address, body | {"verdict": "deny"}, content_type="application/json")
    assert refused.status_code == 400
    lacking = {"uses": 1, "minutes": 1, "bounds": {"copies": {"within": "at_most"}}}
    assert bob.post(address, body | {"grant": lacking}, content_type="application/json").status_code == 409
    assert bob.post(address, body, content_type="application/json").status_code == 200
    answer = decide(cast, session, "mail.send", parameters=ASKED | {"to": "dan@partner.example"})
    told = bob.get(f"/api/v1/approvals/{answer['approval']['id']}").json()
    (listed,) = bob.get("/api/v1/grants").json()["results"]
    assert told["answered_by"] == {"grant": listed["id"], "use": 1}
    assert (listed["left"], listed["granted_by"], listed["is_live"]) == (1, ["bob"], True)
    assert {"parameter": "to", "within": "email_domain", "domain": "partner.example"} in listed["bounds"]
    ended = bob.post(f"/api/v1/grants/{listed['id']}/revoke").json()
    assert (ended["is_live"], ended["why_not"]) == (False, "It was taken back.")
    assert bob.get("/api/v1/grants").json()["results"] == []
    assert len(bob.get("/api/v1/grants?state=all").json()["results"]) == 1
    assert bob.get("/api/v1/grants?state=dead").status_code == 400
    assert signed_in(cast.mallory).get("/api/v1/grants?state=all").json()["results"] == []
