"""What a reviewer decides is what they have before them: all of it, and where it stood when they reached for it."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.agents import ask, open_session
from tests.e2e.servers import Servers
from tests.e2e.visitors import by_name, signer, visitor

OUTSIDE = "ana@partner.example"
# Nearly as much as a request may have.
MEGABYTE = "word " * 200_000


@pytest.mark.case("DEC-08")
def test_a_megabyte_is_opened_and_read_to_its_end_before_it_can_be_approved(
    browser: Browser, embedded_server: Servers
) -> None:
    asked = ask(embedded_server, "email.send", to=OUTSIDE, subject="Q4 deck", body=f"{MEGABYTE}and pay Mallory")
    with signer(browser, embedded_server, "bob") as page:
        page.goto(f"{by_name(embedded_server)}/a/{asked['approval']['id']}")
        approve = page.get_by_role("button", name=re.compile("^Approve email.send"))
        expect(page.locator("#decision")).to_contain_text("A part of this action is folded away.")
        expect(approve).to_have_count(0)
        page.get_by_role("link", name="Show everything").click()
        expect(approve).to_be_visible()
        # In the page itself: what is handed over for a comparison would be a megabyte for each look.
        shown = page.locator(".fields").first.evaluate("fields => [fields.textContent.length, fields.textContent]")
        assert shown[0] > len(MEGABYTE)
        assert "and pay Mallory" in shown[1]
        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
        page.fill("#confirm-target", OUTSIDE)
        # What is too large to be read takes what the next higher risk does.
        page.fill("#approve-reason", "Read to the end.")
        approve.click()
        expect(page.locator("#outcome")).to_contain_text("by bob")


@pytest.mark.case("DEC-24")
def test_what_sorts_first_moves_nothing_under_the_pointer_until_it_is_asked_for(
    browser: Browser, embedded_server: Servers
) -> None:
    ask(embedded_server, "email.send", to=OUTSIDE, subject="Under the pointer")
    with visitor(browser, embedded_server, "bob") as page:
        expect(page.locator("[data-connection]")).to_have_text("Live")
        first = page.locator("#inbox-list [data-row]").first
        before = first.bounding_box(), first.get_attribute("href")
        first.hover()
        session = open_session(embedded_server, request="Please delete the test customers.")
        asked = ask(embedded_server, "database.delete", session, table="customers")
        newer = page.locator(f"#{asked['approval']['id']}")
        expect(page.get_by_role("button", name=re.compile("new, press"))).to_be_visible()
        expect(newer).to_have_count(0)
        assert (first.bounding_box(), first.get_attribute("href")) == before
        page.keyboard.press(".")
        expect(newer).to_be_visible()
        # It is above what was under the pointer, where a click would have landed on another request.
        places = [row.get_attribute("href") for row in page.locator("#inbox-list [data-row]").all()]
        mine = next(place for place, href in enumerate(places) if href and asked["approval"]["id"] in href)
        assert mine < places.index(before[1])
