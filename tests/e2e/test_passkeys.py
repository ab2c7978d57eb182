"""Every step of the friction ladder in a browser: nothing at LOW, the target at HIGH, a passkey at CRITICAL."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.agents import ask, open_session
from tests.e2e.servers import Servers
from tests.e2e.visitors import by_name, plug_in_authenticator, sign_in, visitor

APPROVE = re.compile("^Approve ")


def password_of(servers: Servers, name: str) -> str:
    return str(next(user["password"] for user in servers.seed["users"] if user["username"] == name))


def add_passkey(page: Page, servers: Servers, name: str, *, called: str) -> None:
    """By the profile, after showing again who one is."""
    page.goto(f"{by_name(servers)}/profile")
    page.get_by_role("link", name="Add a passkey").click()
    page.fill("#id_password", password_of(servers, name))
    page.get_by_role("button", name="Go on").click()
    page.fill("#id_name", called)
    page.get_by_role("button", name="Add a passkey").click()
    expect(page.locator("#recovery-codes")).to_be_visible()
    page.goto(f"{by_name(servers)}/profile")
    expect(page.locator("dt", has_text=called)).to_be_visible()


def remove_passkey(page: Page, servers: Servers, name: str, *, called: str) -> None:
    """Signing in with the key was not yet showing again who one is."""
    page.goto(f"{by_name(servers)}/profile")
    page.get_by_role("link", name=f"Remove… {called}").click()
    page.fill("#id_password", password_of(servers, name))
    page.get_by_role("button", name="Go on").click()
    page.get_by_role("button", name="Remove this passkey").click()
    page.wait_for_url(re.compile("/profile$"))


@pytest.mark.case("CHN-29")
def test_a_passkey_is_added_signs_in_and_approves_what_is_critical(browser: Browser, embedded_server: Servers) -> None:
    session = open_session(embedded_server, request="Please delete the test customers.")
    asked = ask(embedded_server, "database.delete", session, table="customers")
    with visitor(browser, embedded_server) as page:
        plug_in_authenticator(page)
        sign_in(page, embedded_server, "erin", at=by_name(embedded_server))
        add_passkey(page, embedded_server, "erin", called="Laptop")
        page.locator("button[popovertarget=profile]").click()
        page.get_by_role("button", name="Sign out", exact=True).click()
        page.get_by_role("button", name="Sign in with a passkey").click()
        page.wait_for_url(re.compile("/inbox$"))
        page.goto(f"{by_name(embedded_server)}/a/{asked['approval']['id']}")
        page.fill("#approve-reason", "They are test data.")
        page.fill("#confirm-target", "orders")
        page.get_by_role("button", name=APPROVE).click()
        expect(page.locator(".banner--bad")).to_contain_text("That is not the target of this action.")
        page.fill("#confirm-target", "customers")
        page.get_by_role("button", name=APPROVE).click()
        expect(page.locator(".votes")).to_contain_text("signed with a passkey")
        expect(page.locator("#decision")).to_contain_text("1 of 2")
        remove_passkey(page, embedded_server, "erin", called="Laptop")


def test_without_its_passkey_a_browser_says_so_and_nothing_is_sent(browser: Browser, embedded_server: Servers) -> None:
    session = open_session(embedded_server, request="Please delete the old customers.")
    asked = ask(embedded_server, "database.delete", session, table="customers")
    with visitor(browser, embedded_server) as page:
        # A key of somebody else's making: none of those that the server asks for.
        plug_in_authenticator(page)
        sign_in(page, embedded_server, "carol", at=by_name(embedded_server))
        page.goto(f"{by_name(embedded_server)}/a/{asked['approval']['id']}")
        page.fill("#confirm-target", "customers")
        page.fill("#approve-reason", "They are old.")
        page.get_by_role("button", name=APPROVE).click()
        expect(page.locator("[data-passkey-note]")).to_contain_text("The passkey was not used.")
        expect(page.locator("#decision")).to_contain_text("0 of 2")
        expect(page.get_by_role("button", name=APPROVE)).to_be_enabled()


def test_at_low_risk_one_click_is_enough(browser: Browser, embedded_server: Servers) -> None:
    asked = ask(embedded_server, "calendar.create", title="Lunch")
    with visitor(browser, embedded_server, "bob") as page:
        page.goto(f"{embedded_server.base_url}/a/{asked['approval']['id']}")
        expect(page.locator("#confirm-target")).to_have_count(0)


def test_under_an_address_of_digits_the_page_says_where_passkeys_work(
    browser: Browser, embedded_server: Servers
) -> None:
    with visitor(browser, embedded_server, "carol") as page:
        page.goto(f"{embedded_server.base_url}/accounts/passkeys/add/")
        page.fill("#id_password", password_of(embedded_server, "carol"))
        page.get_by_role("button", name="Go on").click()
        expect(page.get_by_role("link", name=by_name(embedded_server))).to_be_visible()
