"""What one does with a request from the list: deny in two steps, put it aside, watch it, pass it on. None is a vote."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client

from approvals.lifecycle.quorum import Verdict
from approvals.models import Mark, Timer
from decisions.services.policies import publish_policy
from receipts.clock import database_now
from receipts.models import Receipt
from tests.factories import ALICE, Cast, make_person, open_step_up, vote
from tests.web.reading import Element, read, signed_in
from tests.web.test_inbox import names, rows, tabs

ESCALATES = """
policy: {id: steps, version: "1"}
rules:
  - {id: mail, match: {tool: email}, action: STEP_UP, risk_level: LOW, hold: 0, timeout: 1h,
     approvers: [security-team], escalation: [{after: 10m, to: ["user:dave"]}]}
"""


def focused(page: Element) -> list[str]:
    return [element.attributes["name"] for element in page.walk() if "autofocus" in element.attributes]


def lengths(row: Element) -> list[str]:
    return [button.attributes["value"] for button in row.tagged("button") if button.attributes.get("name") == "minutes"]


@pytest.mark.case("DEC-24")
def test_deny_of_a_row_leads_to_the_form_unfolded_with_the_focus_in_it_and_decides_nothing(
    cast: Cast, bob: Client
) -> None:
    step = open_step_up(cast)
    (link,) = [link for link in read(bob.get("/inbox")).tagged("a") if link.text.startswith("Deny…")]
    before = Receipt.objects.count()
    page = read(bob.get(link.attributes["href"]))
    assert "open" in page.by_id("deny").attributes
    assert focused(page) == ["preset"]
    assert Receipt.objects.count() == before
    folded = read(bob.get(step.path))
    assert "open" not in folded.by_id("deny").attributes
    assert focused(folded) == []


def test_who_cannot_decide_is_led_to_no_form(cast: Cast) -> None:
    open_step_up(cast)
    alice = signed_in(make_person("alice", teams=("security-team",), email=ALICE))
    (row,) = rows(read(alice.get("/inbox?show=all")))
    assert [link.attributes["href"] for link in row.tagged("a") if "?" in link.attributes["href"]] == []
    assert lengths(row) == []


def test_what_is_put_aside_is_out_of_ones_own_list_alone_until_its_time(
    cast: Cast, bob: Client, move_clock: Callable[[float], None]
) -> None:
    step = open_step_up(cast)
    (row,) = rows(read(bob.get("/inbox")))
    assert lengths(row) == ["15"], "An hour would be more than half of its time."
    sent = bob.post(f"{step.path}/snooze", {"minutes": "15", "show": "mine"})
    assert (sent.status_code, sent.headers["Location"]) == (303, "/inbox?show=mine")
    page = read(bob.get("/inbox"))
    assert (rows(page), tabs(page)) == ([], {"Mine": "0", "All": "1"})
    assert "1 snoozed, back from" in page.text
    assert 800 < int(page.by_id("inbox-tabs").attributes["data-inbox-wakes"]) <= 900
    (seen,) = rows(read(bob.get("/inbox?show=all")))
    assert "Snoozed until" in seen.text
    assert "Deny…" in seen.text, "It can be decided all the same."
    assert len(rows(read(signed_in(cast.carol).get("/inbox")))) == 1
    move_clock(901)
    page = read(bob.get("/inbox"))
    assert (len(rows(page)), tabs(page)["Mine"]) == (1, "1")
    assert "snoozed" not in page.text


def test_it_waits_again_once_somebody_says_so(cast: Cast, bob: Client) -> None:
    step = open_step_up(cast)
    bob.post(f"{step.path}/snooze", {"minutes": "15"})
    (row,) = rows(read(bob.get("/inbox?show=all")))
    assert lengths(row) == ["0"]
    assert bob.post(f"{step.path}/snooze", {"minutes": "0", "show": "all"}).headers["Location"] == "/inbox?show=all"
    assert len(rows(read(bob.get("/inbox")))) == 1
    assert not Mark.objects.exists()


def test_nothing_is_put_aside_for_more_than_half_of_its_time_nor_past_its_escalation(cast: Cast, bob: Client) -> None:
    step = open_step_up(cast)
    bob.post(f"{step.path}/snooze", {"minutes": "480"})
    until = Mark.objects.get().snoozed_until
    assert until is not None
    assert until - database_now() <= timedelta(minutes=30)
    publish_policy(text=ESCALATES, source="steps.yaml", actor=None)
    soon = open_step_up(cast)
    bob.post(f"{soon.path}/snooze", {"minutes": "480"})
    due = Timer.objects.get(request=soon.approval, step=1).due_at
    assert Mark.objects.get(request=soon.approval).snoozed_until == due
    Timer.objects.filter(request=soon.approval).update(due_at=database_now())
    assert bob.post(f"{soon.path}/snooze", {"minutes": "15"}).status_code == 400


def test_what_is_over_is_not_put_aside(cast: Cast, bob: Client, move_clock: Callable[[float], None]) -> None:
    step = open_step_up(cast)
    move_clock(3601)
    assert bob.post(f"{step.path}/snooze", {"minutes": "15"}).status_code in {409, 410}
    assert bob.post(f"{step.path}/snooze", {"minutes": "x"}).status_code == 400
    assert not Mark.objects.exists()


def test_what_is_watched_stays_in_its_list_when_it_is_decided(cast: Cast, bob: Client) -> None:
    step, other = open_step_up(cast), open_step_up(cast)
    bob.post(f"{step.path}/watch", {"watch": "yes", "show": "all"})
    bob.post(f"{other.path}/watch", {"watch": "yes"})
    assert tabs(read(bob.get("/inbox"))) == {"Mine": "2", "All": "2", "Watching": "2"}
    assert "Watched" in rows(read(bob.get("/inbox")))[0].text
    vote(step, cast.carol, verdict=Verdict.DENY)
    page = read(bob.get("/inbox?show=watching"))
    assert [row.attributes["id"] for row in rows(page)] == [other.approval.pk, step.approval.pk], "What waits is first."
    assert "Denied" in rows(page)[1].text
    assert "Deny…" not in rows(page)[1].text
    for each in (step, other):
        bob.post(f"{each.path}/watch", {"watch": "no"})
    page = read(bob.get("/inbox?show=watching"))
    assert "You watch nothing" in page.text
    assert not Mark.objects.exists()
    assert "Watching" not in tabs(read(signed_in(cast.carol).get("/inbox")))


def test_whoever_may_read_may_watch_and_nobody_else(cast: Cast, victor: Client) -> None:
    step = open_step_up(cast)
    assert victor.post(f"{step.path}/watch", {"watch": "yes"}).status_code == 303
    assert names(read(victor.get("/inbox?show=watching"))) == ["email.send"]
    assert signed_in(cast.mallory).post(f"{step.path}/watch", {"watch": "yes"}).status_code == 404
    assert victor.post(f"{step.path}/snooze", {"minutes": "15"}).status_code == 403


def test_passing_it_on_from_its_page_names_who_decides_now(cast: Cast, bob: Client) -> None:
    step = open_step_up(cast)
    page = read(bob.get(f"{step.path}?open=assign"))
    assert "open" in page.by_id("assign").attributes
    assert focused(page) == ["to"]
    refused = bob.post(f"{step.path}/assign", {"to": "nobody"})
    assert refused.status_code == 400
    assert read(refused).by_id("assign-to").attributes["value"] == "nobody"
    assert bob.post(f"{step.path}/assign", {"to": "mallory"}).headers["Location"] == "/inbox"
    assert "mallory decides email.send in your place." in read(bob.get("/inbox")).text
    assert rows(read(bob.get("/inbox"))) == []
    (seen,) = rows(read(signed_in(cast.carol).get("/inbox")))
    assert "Assigned to mallory" in seen.text
    assert names(read(signed_in(cast.mallory).get("/inbox"))) == ["email.send"]
