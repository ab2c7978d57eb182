"""Results in the order of a column: the same rows in every order, page by page both ways, and nothing moves."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from receipts.models import Receipt
from receipts.selectors import overview, paging
from tests.factories import MAIL, Cast, begin_session, decide
from tests.web.reading import Element, read

INSIDE = {**MAIL, "to": "bob@corp.example"}
SEARCH = "/receipts?q=type:decision"
RANKS = ["CRITICAL", "HIGH", "MEDIUM", "LOW", ""]


@pytest.fixture
def history(cast: Cast) -> Cast:
    """Decisions of several tools, risks, rules and results, not in the order of any."""
    session = begin_session(cast)
    for number in range(3):
        decide(cast, session, "email.send", parameters={**INSIDE, "subject": str(number)})
        decide(cast, session, "database.drop", parameters={"table": f"t{number}"})
        decide(cast, session, "files.read", parameters={"path": f"/{number}"})
        decide(cast, session, "email.send", parameters={**MAIL, "subject": str(number)})
    return cast


def ids(page: Element) -> list[str]:
    return [row.attributes["id"] for row in page.of_class("row")]


def column(page: Element, name: str) -> list[Any]:
    found = Receipt.objects.in_bulk(ids(page))
    return [getattr(found[id_], name) for id_ in ids(page)]


def heads(page: Element) -> dict[str, Element]:
    return {head.text.strip(): head for head in page.tagged("th")}


def followed(client: Client, page: Element, *, rel: str) -> Element | None:
    links = [link.attributes["href"] for link in page.tagged("a") if link.attributes.get("rel") == rel]
    return read(client.get(f"/receipts{links[0]}")) if links else None


def test_each_head_sorts_by_its_column_and_turns_the_order_round(history: Cast, victor: Client) -> None:
    page = read(victor.get(f"{SEARCH}&column=rule&column=result&column=session"))
    assert {name: head.attributes.get("aria-sort") for name, head in heads(page).items()} == {
        "When": "descending", "What happened": None, "Result": None, "Rule": None, "Session": None,
    }  # fmt: skip
    assert heads(page)["Session"].tagged("a") == []
    (link,) = heads(page)["Rule"].tagged("a")
    rising = read(victor.get(f"/receipts{link.attributes['href']}"))
    assert column(rising, "rule_id") == sorted(column(page, "rule_id"))
    assert heads(rising)["Rule"].attributes["aria-sort"] == "ascending"
    assert "aria-sort" not in heads(rising)["When"].attributes
    (link,) = heads(rising)["Rule"].tagged("a")
    falling = read(victor.get(f"/receipts{link.attributes['href']}"))
    assert column(falling, "rule_id") == sorted(column(page, "rule_id"), reverse=True)
    assert heads(falling)["Rule"].attributes["aria-sort"] == "descending"
    (link,) = heads(falling)["When"].tagged("a")
    assert ids(read(victor.get(f"/receipts{link.attributes['href']}"))) == ids(page)


def test_risks_go_by_how_high_they_are_and_the_highest_is_first(history: Cast, victor: Client) -> None:
    page = read(victor.get(f"{SEARCH}&column=risk"))
    (link,) = heads(page)["Risk"].tagged("a")
    risks = column(read(victor.get(f"/receipts{link.attributes['href']}")), "risk_level")
    assert len(set(risks)) > 1
    assert risks == sorted(risks, key=RANKS.index)


@pytest.mark.parametrize("sort", ["what", "-what", "result", "-result", "rule", "-rule", "risk", "-risk"])
def test_sorted_pages_lead_both_ways_without_a_gap_or_a_repeat(
    history: Cast, victor: Client, sort: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = ids(read(victor.get(f"{SEARCH}&sort={sort}")))
    assert sorted(whole) == sorted(ids(read(victor.get(SEARCH))))
    monkeypatch.setattr(paging, "PAGE", 5)
    page: Element | None = read(victor.get(f"{SEARCH}&sort={sort}"))
    pages = []
    while page:
        pages.append(page)
        page = followed(victor, page, rel="next")
    assert [id_ for each in pages for id_ in ids(each)] == whole
    assert followed(victor, pages[0], rel="prev") is None
    for later, before in zip(pages[:0:-1], pages[-2::-1], strict=True):
        back = followed(victor, later, rel="prev")
        assert back
        assert ids(back) == ids(before)


def test_what_comes_later_moves_nothing(history: Cast, victor: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paging, "PAGE", 5)
    first = read(victor.get(f"{SEARCH}&sort=what"))
    second = followed(victor, first, rel="next")
    assert second
    session = begin_session(history)
    for number in range(4):
        decide(history, session, "database.drop", parameters={"table": f"late{number}"})
    again = followed(victor, first, rel="next")
    assert again
    assert ids(again) == ids(second)
    back = followed(victor, again, rel="prev")
    assert back
    assert ids(back) == ids(first)


def test_what_is_sorted_is_bounded_and_the_page_says_so(
    history: Cast, victor: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    newest = ids(read(victor.get(SEARCH)))[:4]
    monkeypatch.setattr(overview, "BOUND", 4)
    page = read(victor.get(f"{SEARCH}&sort=rule"))
    assert set(ids(page)) == set(newest)
    assert "Counted and sorted are the newest 4." in page.text


@pytest.mark.parametrize("cursor", ["x", "on~~~~", "on~2026-11-03T00:00:00Z~2026-11-03T00:00:00Z~rct_1~%00", "on~x"])
def test_a_cursor_that_is_none_is_refused(history: Cast, victor: Client, cursor: str) -> None:
    assert victor.get(f"{SEARCH}&sort=rule&cursor={cursor}").status_code == 400


def test_an_order_that_there_is_not_is_the_usual_one(history: Cast, victor: Client) -> None:
    page = read(victor.get(f"{SEARCH}&sort=body"))
    assert ids(page) == ids(read(victor.get(SEARCH)))
    assert heads(page)["When"].attributes["aria-sort"] == "descending"


def test_a_reviewer_sorts_only_what_they_may_see(history: Cast, bob: Client) -> None:
    assert ids(read(bob.get(f"{SEARCH}&sort=what"))) == []
