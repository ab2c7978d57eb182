"""The list of receipts: which columns it has, and how it offers what has come since; and the steps of a session."""

from __future__ import annotations

import pytest
from django.test import Client

from tests.factories import MAIL, Cast, begin_session, decide
from tests.web.reading import Element, read

SEARCH = "/receipts?q=tool:email"


def rows(client: Client, query: str = "") -> list[Element]:
    return read(client.get(f"{SEARCH}{query}")).of_class("row")


@pytest.fixture
def session(cast: Cast) -> str:
    """A session with one mail that was allowed."""
    found = begin_session(cast)
    decide(cast, found, "email.send", parameters={**MAIL, "to": "bob@corp.example"})
    return found


def test_a_line_has_the_columns_that_the_address_asks_for(session: str, victor: Client) -> None:
    (usual,) = rows(victor)
    assert "demo-agent for alice@corp.example" in usual.text
    assert session not in usual.text
    (asked,) = rows(victor, "&column=session&column=rule&column=nothing")
    assert f"Session {session}" in asked.text
    assert "Rule" in asked.text
    assert "demo-agent" not in asked.text
    assert "ALLOW" not in asked.text


def test_chosen_columns_stay_chosen_on_every_way_on(session: str, victor: Client) -> None:
    page = read(victor.get(f"{SEARCH}&column=id&column=who"))
    links = [link.attributes["href"] for link in page.of_class("facet__link")]
    assert links
    assert all(link.endswith("&column=who&column=id") for link in links)
    boxes = [box for box in page.by_id("columns").tagged("input") if box.attributes.get("type") == "checkbox"]
    assert [box.attributes["value"] for box in boxes if "checked" in box.attributes] == ["who", "id"]
    assert all("column=" not in link.attributes["href"] for link in read(victor.get(SEARCH)).of_class("facet__link"))


def test_the_newest_page_is_told_how_many_have_come_and_stays_as_it_is(
    cast: Cast, session: str, victor: Client, bob: Client
) -> None:
    (news,) = read(victor.get(SEARCH)).of_class("news")
    address = news.attributes["data-newer"]
    assert victor.get(address).json() == {"count": 0, "is_more": False}
    decide(cast, session, "email.send", parameters={**MAIL, "to": "carol@corp.example"})
    decide(cast, session, "database.drop", parameters={"table": "orders"})
    assert victor.get(address).json() == {"count": 1, "is_more": False}
    assert bob.get(address).json() == {"count": 0, "is_more": False}, "Bob has voted on neither."
    assert read(victor.get(f"{SEARCH}&sort=oldest")).of_class("news") == []


def test_a_line_of_what_is_no_action_says_what_it_is(session: str, victor: Client, trent: Client) -> None:
    trent.post("/admin/auth/group/add/", {"name": "on-call"})
    first = read(victor.get("/receipts?q=type:administration")).of_class("row")[0]
    assert "Administration trent added the group on-call." in first.text


def test_an_empty_page_is_told_of_the_first_that_comes(cast: Cast, victor: Client) -> None:
    page = read(victor.get("/receipts?q=tool:nothing"))
    assert page.of_class("news") == []
    assert victor.get("/receipts/newer?q=tool:email&cursor=nonsense").status_code == 400


def test_a_step_names_the_steps_that_it_builds_on_and_those_that_use_it(
    cast: Cast, session: str, victor: Client
) -> None:
    first = decide(cast, session, "email.send", parameters={**MAIL, "to": "dave@corp.example"}, action_id="act_first")
    depends_on = [str(first["action_id"])]
    decide(cast, session, "email.send", parameters={**MAIL, "to": "bob@corp.example"}, depends_on=depends_on)
    decide(cast, session, "database.drop", parameters={"table": "orders"})
    steps = {step.attributes["id"]: step for step in read(victor.get(f"/s/{session}")).of_class("walk__step")}
    used, using = steps["step-3"], steps["step-4"]
    assert [(link.text, link.attributes["href"]) for link in used.of_class("edge")] == [("used by step 4", "#step-4")]
    assert [(edge.text, edge.attributes["href"]) for edge in using.of_class("edge")] == [
        ("builds on step 3", "#step-3")
    ]
    flagged = [name for name, step in steps.items() if "data-flagged" in step.attributes]
    assert flagged == ["step-5"], "Only the action that was denied."
