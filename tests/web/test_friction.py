"""What approving takes beyond a click, enforced by the server: a reason, a sign-in that isn't old, and more of both for
what nobody can read. Denying takes none of it."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

import pytest
from django.test import Client

from approvals.accounts.recency import SIGNED_IN_AT
from approvals.lifecycle.friction import RECENT_SECONDS
from approvals.models import ApprovalRequest, User
from approvals.selectors.alike import kind_of
from approvals.selectors.friction import needs_passkey, needs_reason
from tests.factories import MAIL, Cast, StepUp, begin_session, decide, open_deletion, open_step_up, vote
from tests.web.reading import Element, Reply, ballot, read, signed_in

WORDS = "I have asked Alice, and <b>she</b> wants it."
PASSWORD = "correct-horse-battery"
BINARY = {**MAIL, "attachment": "QUJD" * 200}


def age(client: Client, seconds: float = RECENT_SECONDS + 5) -> None:
    """Makes this browser's sign-in older."""
    session = client.session
    session[SIGNED_IN_AT] -= seconds
    session.save()


def approve(client: Client, step: StepUp, **words: str) -> Reply:
    row = ApprovalRequest.objects.get(pk=step.approval.pk)
    return client.post(f"{step.path}/approve", ballot(row, **words))


def by_api(client: Client, step: StepUp, **change: Any) -> Reply:
    row = ApprovalRequest.objects.get(pk=step.approval.pk)
    body = {"verdict": "approve", **ballot(row), "version": row.version} | change
    return client.post(f"/api/v1/approvals/{row.pk}/votes", body, content_type="application/json")


def state(step: StepUp) -> str:
    return ApprovalRequest.objects.get(pk=step.approval.pk).state


def reason_field(page: Element) -> Element:
    return page.by_id("approve-reason")


@pytest.fixture
def flagged(cast: Cast) -> StepUp:
    return open_step_up(cast, parameters={**MAIL, "to": "\u0430na@partner.example"})


def test_a_high_request_takes_a_reason_where_something_of_it_is_flagged(
    cast: Cast, bob: Client, flagged: StepUp
) -> None:
    assert "required" in reason_field(read(bob.get(flagged.path))).attributes
    refused = approve(bob, flagged, reason="  ")
    assert refused.status_code == 403
    assert "has to say why" in read(refused).text
    assert by_api(bob, flagged, reason="").json()["code"] == "reason_required"
    assert state(flagged) == "PENDING"
    assert approve(bob, flagged, reason=WORDS).status_code == 303
    assert state(flagged) == "APPROVED"


def test_without_a_flag_a_high_request_takes_none(cast: Cast, bob: Client) -> None:
    step = open_step_up(cast)
    assert "required" not in reason_field(read(bob.get(step.path))).attributes
    assert approve(bob, step, reason="").status_code == 303


def test_a_critical_request_always_takes_a_reason_and_denying_never_does(cast: Cast, bob: Client) -> None:
    step = open_deletion(cast)
    assert by_api(bob, step, reason="").json()["code"] == "reason_required"
    vote(step, cast.bob, reason=WORDS)
    assert bob.post(f"{step.path}/deny", ballot(step.approval)).status_code in {303, 409}
    other = open_deletion(cast)
    assert signed_in(cast.dave).post(f"{other.path}/deny", ballot(other.approval, reason="")).status_code == 303
    assert state(other) == "DENIED"


@pytest.fixture
def bob_long_here(cast: Cast) -> Client:
    """Bob signed in by his password, twenty minutes ago."""
    cast.bob.set_password(PASSWORD)
    cast.bob.save()
    client = Client()
    assert client.post("/accounts/login/", {"username": "bob", "password": PASSWORD}).status_code == 302
    session = client.session
    session["account_authentication_methods"] = [
        record | {"at": record["at"] - RECENT_SECONDS - 5} for record in session["account_authentication_methods"]
    ]
    session.save()
    age(client)
    return client


def test_who_was_shown_everything_still_is_after_showing_who_they_are(cast: Cast, bob_long_here: Client) -> None:
    step = open_step_up(cast, parameters={**MAIL, "body": "word " * 4_000})
    part = read(bob_long_here.get(f"{step.path}?all=1")).by_id("approve")
    (way,) = [link.attributes["href"] for link in part.tagged("a") if "reauthenticate" in link.attributes["href"]]
    wanted = unquote(way.partition("next=")[2])
    assert wanted == f"{step.path}?all=1#approve"
    back = bob_long_here.post("/accounts/reauthenticate/", {"password": PASSWORD, "next": wanted})
    assert (back.status_code, back["Location"]) == (302, wanted)


def test_an_old_sign_in_is_renewed_on_the_way_and_nothing_that_was_written_is_lost(
    cast: Cast, bob_long_here: Client
) -> None:
    client, step = bob_long_here, open_step_up(cast)
    assert "Confirm that it is you" in read(client.get(step.path)).by_id("approve").text
    refused = approve(client, step, reason=WORDS)
    assert refused.status_code == 403
    assert reason_field(read(refused)).text == WORDS
    assert state(step) == "PENDING"
    (way,) = [
        link for link in read(refused).by_id("approve").tagged("a") if "reauthenticate" in link.attributes["href"]
    ]
    again = {"password": PASSWORD, "next": f"{step.path}#approve"}
    assert read(client.get(way.attributes["href"])).tagged("form")
    back = client.post("/accounts/reauthenticate/", again)
    assert (back.status_code, back["Location"]) == (302, f"{step.path}#approve")
    page = read(client.get(step.path))
    assert reason_field(page).text == WORDS
    assert page.by_id("confirm-target").attributes["value"] == str(MAIL["to"])
    assert "Confirm that it is you" not in page.by_id("approve").text
    assert state(step) == "PENDING"
    assert approve(client, step, reason=WORDS).status_code == 303
    assert state(step) == "APPROVED"
    assert "kept_words" not in client.session


def test_what_was_kept_lies_sealed_and_is_of_one_request_only(cast: Cast, bob_long_here: Client) -> None:
    first, other = open_step_up(cast), open_step_up(cast, parameters={**MAIL, "subject": "other"})
    approve(bob_long_here, first, reason=WORDS)
    assert WORDS not in str(dict(bob_long_here.session))
    assert reason_field(read(bob_long_here.get(other.path))).text == ""
    assert reason_field(read(bob_long_here.get(first.path))).text == WORDS
    session = bob_long_here.session
    session["kept_words"] |= {"until": 0}
    session.save()
    assert reason_field(read(bob_long_here.get(first.path))).text == ""


def test_the_api_says_the_same_and_lets_an_old_sign_in_deny(cast: Cast, bob: Client) -> None:
    step = open_step_up(cast)
    shown = bob.get(f"/api/v1/approvals/{step.approval.pk}").json()
    assert (shown["needs_recent_sign_in"], shown["needs_reason"]) == (True, False)
    age(bob)
    assert by_api(bob, step).json()["code"] == "sign_in_too_old"
    age(bob, -RECENT_SECONDS)
    assert by_api(bob, step).status_code == 200
    other = open_step_up(cast, parameters={**MAIL, "subject": "other"})
    age(bob)
    assert by_api(bob, other, verdict="deny").status_code == 200


def test_a_session_that_does_not_say_when_it_began_counts_as_old(cast: Cast, bob: Client) -> None:
    session = bob.session
    del session[SIGNED_IN_AT]
    session.save()
    step = open_step_up(cast)
    assert by_api(bob, step).json()["code"] == "sign_in_too_old"


def test_whoever_can_only_sign_in_elsewhere_is_told_to(cast: Cast, bob: Client) -> None:
    User.objects.filter(pk=cast.bob.pk).update(password="!")
    age(bob)
    assert "Sign out and in again" in read(bob.get(open_step_up(cast).path)).text


def test_low_and_medium_requests_take_no_recent_sign_in(cast: Cast, bob: Client) -> None:
    step = open_step_up(cast, name="calendar.create", parameters={"title": "Planning"})
    age(bob)
    assert approve(bob, step).status_code == 303


def test_what_nobody_can_read_is_asked_as_at_the_next_higher_risk(cast: Cast, bob: Client) -> None:
    high = open_step_up(cast, parameters=BINARY)
    assert (needs_passkey(high.approval), needs_reason(high.approval)) == (True, True)
    page = read(bob.get(high.path)).text
    assert "asked as at the next higher risk" in page
    assert by_api(bob, high, reason=WORDS).json()["code"] == "passkey_required"
    assert vote(high, cast.bob, reason=WORDS).state == "APPROVED"
    low = open_step_up(cast, name="calendar.create", parameters={"title": "x " * 40_000})
    assert low.approval.risk_level == "LOW"
    assert approve(bob, low).status_code == 303


def test_of_one_kind_is_only_what_can_be_read(cast: Cast) -> None:
    session = begin_session(cast)
    rows = [
        decide(cast, session, "calendar.create", parameters={"title": title}) for title in ("Planning", "QUJD" * 200)
    ]
    kinds = [kind_of(ApprovalRequest.objects.get(pk=row["approval"]["id"])) for row in rows]
    assert [bool(kind) for kind in kinds] == [True, False]
