"""The inbox: what is in it, in which order, for whom, and the part of it that changes by itself."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from approvals.selectors.requests import PAGE
from tests.factories import MAIL, Cast, begin_session, make_person, open_deletion, open_step_up, vote
from tests.web.reading import Element, read, signed_in


def rows(page: Element) -> list[Element]:
    return page.of_class("row")


def names(page: Element) -> list[str]:
    return [element.text for row in rows(page) for element in row.tagged("strong") if element.of_class("action")]


def tabs(page: Element) -> dict[str, str]:
    return {tab.text.split()[0]: tab.text.split()[1] for tab in page.of_class("tab")}


def test_the_most_dangerous_comes_first_then_what_expires_soonest(cast: Cast, bob: Client) -> None:
    open_step_up(cast, name="calendar.create", parameters={"title": "Planning"})
    first, second = open_step_up(cast), open_step_up(cast)
    open_deletion(cast)
    page = read(bob.get("/inbox"))
    assert names(page) == ["database.delete", "email.send", "email.send", "calendar.create"]
    assert [row.attributes["id"] for row in rows(page)][1:3] == [first.approval.pk, second.approval.pk]


def test_a_row_says_what_who_for_whom_by_which_rule_how_long_and_how_far(cast: Cast, bob: Client) -> None:
    step = open_deletion(cast)
    (row,) = rows(read(bob.get("/inbox")))
    assert row.tagged("a")[0].attributes["href"] == step.path
    assert "Critical risk" in row.text
    assert "Deletes rows of the table customers for good." in row.text
    assert "demo-agent for alice@corp.example · rule delete-when-the-person-asked-for-it v1" in row.text
    assert "expires in" in row.text
    assert "0 of 2 approvals" in row.text


def test_no_row_votes(cast: Cast, bob: Client) -> None:
    step = open_step_up(cast)
    (row,) = rows(read(bob.get("/inbox")))
    sends = {form.attributes["action"] for form in row.tagged("form")}
    assert sends == {f"{step.path}/snooze", f"{step.path}/watch"}


def test_mine_is_what_i_can_decide_and_all_is_what_i_may_see(cast: Cast, bob: Client) -> None:
    for_both = open_deletion(cast)
    open_step_up(cast)
    vote(for_both, cast.bob)
    mine, everything = read(bob.get("/inbox")), read(bob.get("/inbox?show=all"))
    assert tabs(mine) == tabs(everything) == {"Mine": "1", "All": "2"}
    assert names(mine) == ["email.send"]
    assert names(everything) == ["database.delete", "email.send"]
    assert "You have already voted." in rows(everything)[0].text
    assert "1 of 2 approvals" in rows(everything)[0].text


def test_the_totals_count_what_the_page_does_not_show(cast: Cast, bob: Client) -> None:
    session = begin_session(cast)
    for number in range(PAGE + 2):
        open_step_up(cast, session_id=session, parameters={**MAIL, "subject": f"Mail {number}"})
    page = read(bob.get("/inbox"))
    assert len(rows(page)) == PAGE
    assert tabs(page) == {"Mine": str(PAGE + 2), "All": str(PAGE + 2)}
    (more,) = [link for link in page.tagged("a") if link.text == "Show more"]
    assert len(rows(read(bob.get("/inbox" + more.attributes["href"])))) == 2


def test_the_number_of_queries_does_not_grow_with_the_list(cast: Cast, bob: Client) -> None:
    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as captured:
            assert bob.get("/inbox").status_code == 200
        return len(captured)

    session = begin_session(cast)
    open_step_up(cast, session_id=session)
    few = queries()
    for number in range(9):
        open_step_up(cast, session_id=session, parameters={**MAIL, "subject": f"Mail {number}"})
    assert queries() == few


def test_what_has_expired_leaves_without_a_sweeper(
    cast: Cast, bob: Client, move_clock: Callable[[float], None]
) -> None:
    open_step_up(cast)
    assert len(rows(read(bob.get("/inbox")))) == 1
    move_clock(3601)
    page = read(bob.get("/inbox"))
    assert rows(page) == []
    assert tabs(page) == {"Mine": "0", "All": "0"}
    assert "Nothing waiting for you" in page.text


def test_another_teams_request_is_not_there(cast: Cast) -> None:
    open_step_up(cast)
    page = read(signed_in(cast.mallory).get("/inbox?show=all"))
    assert rows(page) == []
    assert "No agent has asked yet" in page.text
    assert len(rows(read(signed_in(cast.carol).get("/inbox?show=all")))) == 1


def test_ones_own_request_is_not_mine_to_decide(cast: Cast) -> None:
    alice = make_person("alice", teams=("security-team",))
    open_step_up(cast)
    client = signed_in(alice)
    assert rows(read(client.get("/inbox"))) == []
    (row,) = rows(read(client.get("/inbox?show=all")))
    assert "You cannot decide: you are the requester." in row.text


def test_an_auditor_sees_everything_and_has_no_tab_of_their_own(cast: Cast, victor: Client) -> None:
    open_step_up(cast)
    page = read(victor.get("/inbox"))
    assert tabs(page) == {"All": "1"}
    assert len(rows(page)) == 1


def test_the_fragment_is_the_part_that_changes_and_nothing_else(cast: Cast, bob: Client) -> None:
    step = open_step_up(cast)
    whole = read(bob.get("/inbox"))
    part = read(bob.get("/inbox", headers={"X-Fragment": "1"}))
    assert part.tagged("html") == []
    assert part.by_id("inbox-tabs").attributes["data-inbox-count"] == "1"
    live = [element for element in whole.walk() if "data-rev" in element.attributes]
    again = [element for element in part.walk() if "data-rev" in element.attributes]
    assert {element.attributes["id"] for element in live} == {"inbox-tabs", step.approval.pk}
    assert [element.attributes for element in live] == [element.attributes for element in again]


def test_a_live_part_has_another_rev_when_something_in_it_changed(cast: Cast) -> None:
    dave = signed_in(cast.dave)

    def revs() -> dict[str, str]:
        return read(dave.get("/inbox")).revs()

    step = open_deletion(cast)
    before = revs()
    vote(step, cast.bob)
    assert before[step.approval.pk] != revs()[step.approval.pk]
    vote(step, cast.dave)
    assert step.approval.pk not in revs()


@pytest.mark.parametrize("cursor", ["x", "-1", "1.5", "٣"])
def test_a_cursor_that_is_not_ours_is_refused(cast: Cast, bob: Client, cursor: str) -> None:
    assert bob.get("/inbox", {"cursor": cursor}).status_code == 400
    assert bob.get("/inbox", {"cursor": "50"}).status_code == 200


def test_home_is_the_first_page_that_a_person_has(cast: Cast, bob: Client) -> None:
    assert bob.get("/").headers["Location"] == "/inbox"
    assert signed_in(cast.peggy).get("/").headers["Location"] == "/admin/"
