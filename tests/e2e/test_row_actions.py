"""What one does from the list without opening a request: by hand, by keyboard, and with nothing but forms and links."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.e2e.agents import Answer, ask
from tests.e2e.servers import Servers
from tests.e2e.visitors import PHONE, visitor


def mail(servers: Servers, subject: str) -> Answer:
    return ask(servers, "email.send", to="ana@partner.example", subject=subject)


def row(page: Page, asked: Answer) -> Locator:
    return page.locator(f"#{asked['approval']['id']}")


@pytest.mark.case("DEC-24")
def test_a_key_in_the_list_leads_to_the_form_to_deny_and_one_press_there_denies(
    browser: Browser, embedded_server: Servers
) -> None:
    asked = mail(embedded_server, "By key")
    with visitor(browser, embedded_server, "bob") as page:
        row(page, asked).locator("[data-row]").focus()
        page.keyboard.press("d")
        expect(page.locator("#deny [name=preset]").first).to_be_focused()
        page.keyboard.press("Enter")
        expect(page.locator("#decision")).to_contain_text("0 of 1")
        page.get_by_role("button", name="Deny email.send").click()
        expect(page.locator("#outcome")).to_contain_text("by bob")


def test_more_opens_over_the_rows_below_and_copies_the_address(browser: Browser, embedded_server: Servers) -> None:
    first, second = mail(embedded_server, "Above"), mail(embedded_server, "Below")
    with visitor(browser, embedded_server, "bob", permissions=["clipboard-read", "clipboard-write"]) as page:
        more = row(page, first).locator("summary")
        # Of a long list the row comes into view with it.
        more.focus()
        before = row(page, second).bounding_box()
        more.press("Enter")
        copy = row(page, first).locator("[data-copy]")
        expect(copy).to_be_visible()
        assert row(page, second).bounding_box() == before
        copy.click()
        expect(copy).to_have_text("Link copied")
        address = f"{embedded_server.base_url}/a/{first['approval']['id']}"
        assert page.evaluate("navigator.clipboard.readText()") == address


def test_without_a_script_a_row_is_denied_put_aside_and_taken_back(browser: Browser, embedded_server: Servers) -> None:
    denied, aside = mail(embedded_server, "No"), mail(embedded_server, "Later")
    with visitor(browser, embedded_server, "bob", viewport=PHONE, java_script_enabled=False) as page:
        row(page, denied).get_by_role("link", name="Deny…").click()
        page.get_by_role("button", name="Deny email.send").click()
        assert "by bob" in page.locator("#outcome").inner_text()
        page.goto(f"{embedded_server.base_url}/inbox")
        row(page, aside).locator("summary").click()
        row(page, aside).get_by_role("button", name="15 min").click()
        assert row(page, aside).count() == 0
        page.get_by_role("link", name="see all").click()
        row(page, aside).locator("summary").click()
        row(page, aside).get_by_role("button", name="Let it wait for me again").click()
        assert "Snoozed until" not in row(page, aside).inner_text()


def test_more_time_and_people_by_key_and_without_a_script(browser: Browser, embedded_server: Servers) -> None:
    by_key, by_hand = mail(embedded_server, "More time"), mail(embedded_server, "And more")
    with visitor(browser, embedded_server, "bob") as page:
        page.goto(f"{embedded_server.base_url}/a/{by_key['approval']['id']}")
        page.locator("body").press("e")
        expect(page.locator("#extend-minutes")).to_be_focused()
    with visitor(browser, embedded_server, "bob", viewport=PHONE, java_script_enabled=False) as page:
        page.goto(f"{embedded_server.base_url}/a/{by_hand['approval']['id']}?open=extend")
        page.get_by_role("button", name="Extend the time to decide").click()
        assert "It can be decided until" in page.locator("body").inner_text()


def test_a_list_is_filtered_without_a_script(browser: Browser, embedded_server: Servers) -> None:
    asked = mail(embedded_server, "To be found")
    with visitor(browser, embedded_server, "bob", viewport=PHONE, java_script_enabled=False) as page:
        page.locator("#inbox-filter > summary").click()
        page.get_by_label("Risk").select_option("CRITICAL")
        page.get_by_role("button", name="Show", exact=True).click()
        assert row(page, asked).count() == 0
        page.get_by_role("link", name="Show all, by risk").click()
        assert row(page, asked).count() == 1
