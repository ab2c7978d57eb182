"""Which part of the inbox is shown, and in which order."""

from __future__ import annotations

import pytest
from django.test import Client

from approvals.models import ApprovalRequest
from approvals.services.people import Role
from tests.factories import Cast, make_person, open_deletion, open_step_up, vote
from tests.web.reading import Element, read, signed_in
from tests.web.test_inbox import names, rows, tabs

PLANNING = {"title": "Planning"}


@pytest.fixture
def three(cast: Cast) -> list[str]:
    """A meeting, then an e-mail, then a deletion; their ids in the order in which they were asked for."""
    opened = [
        open_step_up(cast, name="calendar.create", parameters=PLANNING), open_step_up(cast), open_deletion(cast)
    ]  # fmt: skip
    return [step.approval.pk for step in opened]


def chosen(page: Element) -> dict[str, list[str]]:
    """What stands selected in each list of the form."""
    form = page.by_id("inbox-filter")
    return {
        select.attributes["name"]: [
            each.attributes.get("value", each.text) for each in select.tagged("option") if "selected" in each.attributes
        ]
        for select in form.tagged("select")
    }


@pytest.mark.parametrize(
    ("asked", "left"),
    [
        ("risk=CRITICAL", ["database.delete"]),
        ("tool=email", ["email.send"]),
        ("source=DEFER", []),
        ("source=STEP_UP&tool=calendar", ["calendar.create"]),
        # What no form of ours sends leaves nothing out, and breaks nothing.
        ("risk=NONE&source=x&sort=y", ["database.delete", "email.send", "calendar.create"]),
        ("tool=" + "x" * 200, []),
    ],
)
def test_a_list_is_narrowed_and_its_totals_are_not(bob: Client, three: list[str], asked: str, left: list[str]) -> None:
    page = read(bob.get(f"/inbox?show=mine&{asked}"))
    assert names(page) == left
    assert tabs(page) == {"Mine": "3", "All": "3"}
    assert ("Nothing in this list is so." in page.text) == (not left)


@pytest.mark.parametrize(
    ("sort", "order", "words"),
    [
        ("risk", [2, 1, 0], "Sorted by risk, then by soonest expiry"),
        ("oldest", [0, 1, 2], "Sorted by how long they have waited"),
        ("agent", [2, 1, 0], "Sorted by agent, then by risk"),
    ],
)
def test_a_list_is_in_the_order_that_it_says(
    bob: Client, three: list[str], sort: str, order: list[int], words: str
) -> None:
    page = read(bob.get(f"/inbox?sort={sort}"))
    assert [row.attributes["id"] for row in rows(page)] == [three[place] for place in order]
    assert words in page.text


def test_by_expiry_the_soonest_comes_first_whatever_its_risk(bob: Client, three: list[str]) -> None:
    soonest = list(ApprovalRequest.objects.order_by("expires_at", "-risk_order").values_list("pk", flat=True))
    assert [row.attributes["id"] for row in rows(read(bob.get("/inbox?sort=expiry")))] == soonest


def test_what_was_deferred_comes_first_among_those_of_equal_risk(cast: Cast, bob: Client) -> None:
    first, later = open_step_up(cast), open_step_up(cast)
    ApprovalRequest.objects.filter(pk=later.approval.pk).update(source="DEFER")
    assert [row.attributes["id"] for row in rows(read(bob.get("/inbox")))] == [later.approval.pk, first.approval.pk]


def test_the_choice_stays_from_tab_to_tab_and_in_the_form(bob: Client, three: list[str]) -> None:
    page = read(bob.get("/inbox?risk=CRITICAL&sort=oldest"))
    assert chosen(page) == {"risk": ["CRITICAL"], "tool": [], "source": [], "sort": ["oldest"]}
    assert [tab.attributes["href"] for tab in page.of_class("tab")] == [
        "?show=mine&risk=CRITICAL&sort=oldest", "?show=all&risk=CRITICAL&sort=oldest"
    ]  # fmt: skip
    assert "open" in page.by_id("inbox-filter").attributes
    assert "open" not in read(bob.get("/inbox")).by_id("inbox-filter").attributes


def test_who_sees_more_than_they_are_asked_has_a_list_of_their_teams(cast: Cast, bob: Client) -> None:
    both = signed_in(make_person("ada", teams=("data-owner",), roles=(Role.REVIEWER, Role.AUDITOR)))
    open_step_up(cast)
    deletion = open_deletion(cast)
    page = read(both.get("/inbox?show=teams"))
    assert names(page) == ["database.delete"]
    assert [tab.text for tab in page.of_class("tab")] == ["Mine 1", "My teams 1", "All 2"]
    vote(deletion, cast.dave)
    assert names(read(both.get("/inbox?show=teams"))) == ["database.delete"], "Decided by another for now, and theirs."
    assert tabs(read(bob.get("/inbox?show=teams"))) == {"Mine": "2", "All": "2"}
