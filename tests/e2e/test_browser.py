"""The product as a reviewer meets it: in a browser, with and without scripts, while a real agent waits."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, WebSocketRoute, expect

from tests.e2e.agents import Answer, ask, open_session, read_decision, send
from tests.e2e.servers import Servers
from tests.e2e.visitors import DESKTOP, PHONE, by_name, signer, visitor

LONG = 20_000
OUTSIDE = "ana@partner.example"


def ask_for_mail(servers: Servers, **more: Any) -> Answer:
    return ask(servers, "email.send", **({"to": OUTSIDE, "subject": "Q4 deck"} | more))


def carry_on(servers: Servers, asked: Answer) -> Answer:
    """What the agent does all the while: waits to be told, takes up what was approved, runs it and says so."""
    decision_id = asked["decision_id"]
    told = read_decision(servers, decision_id=decision_id, wait_seconds=60).json()
    assert told["effective"] == "ALLOW", told
    claim = send(servers, f"decisions/{decision_id}/claim", action_digest=told["action_digest"])
    send(servers, f"decisions/{decision_id}/outcome", status="succeeded", output="sent")
    return claim


def row(page: Page, asked: Answer) -> Any:
    return page.locator(f"#{asked['approval']['id']}")


def open_request(page: Page, servers: Servers, asked: Answer) -> None:
    page.goto(f"{servers.base_url}/a/{asked['approval']['id']}")


@pytest.mark.parametrize("has_scripts", [True, False], ids=["with-scripts", "without-scripts"])
def test_from_the_agents_question_to_the_verified_receipt(
    browser: Browser, embedded_server: Servers, has_scripts: bool
) -> None:
    with (
        visitor(browser, embedded_server, "bob", java_script_enabled=has_scripts) as page,
        ThreadPoolExecutor(max_workers=1) as agent,
    ):
        asked = ask_for_mail(embedded_server, subject="The journey")
        waiting = agent.submit(carry_on, embedded_server, asked)
        if not has_scripts:
            page.reload()
        row(page, asked).locator("[data-row]").click()
        expect(page.locator("h1")).to_contain_text(f"Sends an e-mail to {OUTSIDE}.")
        expect(page.locator("#facts")).to_contain_text("The journey")
        page.fill("#confirm-target", OUTSIDE)
        page.fill("#approve-reason", "Alice told me.")
        page.get_by_role("button", name=f"Approve email.send to {OUTSIDE}, once").click()
        expect(page.locator("#outcome")).to_contain_text("by bob")
        assert waiting.result(timeout=60)["parameters"]["subject"] == "The journey"
        page.reload()
        expect(page.locator("#decision")).to_contain_text("The agent reports that it succeeded.")
        page.get_by_role("link", name="Review the receipt").click()
        expect(page.locator("h1")).to_have_text("The request for email.send was approved.")
        expect(page.locator("#checks")).to_contain_text("4 of 4 checks passed on this server")
        page.get_by_role("link", name="Outcome", exact=True).click()
        expect(page.locator("h1")).to_contain_text("reports that it succeeded")


def test_a_request_arrives_in_the_open_inbox_without_a_reload(browser: Browser, embedded_server: Servers) -> None:
    with visitor(browser, embedded_server, "bob") as page:
        expect(page.locator("[data-connection]")).to_have_text("Live")
        page.evaluate("window.sameDocument = true")
        asked = ask_for_mail(embedded_server, subject="Arrival")
        expect(row(page, asked)).to_be_visible()
        assert page.evaluate("window.sameDocument")
        assert re.match(r"\(\d+\) Inbox", page.title())


@pytest.mark.case("DEC-24")
def test_under_the_pointer_nothing_moves_until_it_is_asked_for(browser: Browser, embedded_server: Servers) -> None:
    with visitor(browser, embedded_server, "bob") as page:
        expect(page.locator("[data-connection]")).to_have_text("Live")
        page.hover("#inbox-list")
        asked = ask_for_mail(embedded_server, subject="Patience")
        offer = page.get_by_role("button", name=re.compile("new, press"))
        expect(offer).to_be_visible()
        assert row(page, asked).count() == 0
        page.keyboard.press(".")
        expect(row(page, asked)).to_be_visible()


@pytest.mark.case("DEC-24")
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_that_somebody_is_looking_is_seen_at_once_and_moves_no_row(
    browser: Browser, embedded_server: Servers, size: dict[str, int]
) -> None:
    asked = ask_for_mail(embedded_server, subject="Presence")
    with (
        visitor(browser, embedded_server, "bob", viewport=size) as page,
        visitor(browser, embedded_server, "carol") as other,
    ):
        expect(page.locator("[data-connection]")).to_have_text("Live")
        page.hover("#inbox-list")
        before = row(page, asked).bounding_box()
        open_request(other, embedded_server, asked)
        other.locator("body").press("l")
        expect(other.locator("#looking")).to_contain_text("carol is looking")
        expect(row(page, asked)).to_contain_text("carol is looking")
        assert row(page, asked).bounding_box() == before
        other.get_by_role("button", name="I'm not looking any more").click()
        expect(row(page, asked)).not_to_contain_text("is looking")


def _refuse(socket: WebSocketRoute) -> None:
    socket.close()


def test_the_inbox_lives_on_without_its_socket(browser: Browser, embedded_server: Servers) -> None:
    with visitor(browser, embedded_server, "bob") as page:
        page.route_web_socket("**/ws/inbox", _refuse)
        page.reload()
        expect(page.locator("[data-connection]")).to_have_text("Polling", timeout=LONG)
        page.evaluate("window.sameDocument = true")
        asked = ask_for_mail(embedded_server, subject="By polling")
        expect(row(page, asked)).to_be_visible(timeout=LONG)
        assert page.evaluate("window.sameDocument")


def test_an_open_request_shows_what_another_reviewer_decided(browser: Browser, embedded_server: Servers) -> None:
    asked = ask_for_mail(embedded_server, subject="Two at once")
    with visitor(browser, embedded_server, "bob") as page, visitor(browser, embedded_server, "carol") as other:
        open_request(page, embedded_server, asked)
        expect(page.locator("[data-connection]")).to_have_text("Live")
        page.fill("#approve-reason", "Half a thought")
        open_request(other, embedded_server, asked)
        other.locator("#deny > summary").click()
        other.get_by_label("Wrong target").check()
        other.get_by_role("button", name="Deny email.send").click()
        expect(page.locator("#outcome")).to_contain_text("by carol.")
        expect(page.get_by_role("button", name=re.compile("Approve"))).to_have_count(0)


def test_an_open_request_shows_votes_and_what_the_agent_reports(browser: Browser, embedded_server: Servers) -> None:
    session = open_session(embedded_server, request="Please delete the test customers.")
    asked = ask(embedded_server, "database.delete", session, table="customers")
    with signer(browser, embedded_server, "bob") as page, signer(browser, embedded_server, "dave") as other:
        for reader in (page, other):
            reader.goto(f"{by_name(embedded_server)}/a/{asked['approval']['id']}")
            expect(reader.locator("[data-connection]")).to_have_text("Live")
        approve = re.compile("Approve database.delete")
        other.fill("#confirm-target", "customers")
        page.fill("#confirm-target", "customers")
        page.fill("#approve-reason", "They are test data.")
        page.get_by_role("button", name=approve).click()
        expect(page.locator("#decision")).to_contain_text("You have already voted.")
        expect(other.locator("#decision")).to_contain_text("1 of 2")
        expect(other.locator(".votes")).to_contain_text("bob approved")
        expect(other.locator("form[data-inert]")).to_have_count(0)
        # What was typed has survived the news.
        expect(other.locator("#confirm-target")).to_have_value("customers")
        other.fill("#approve-reason", "So they are.")
        other.get_by_role("button", name=approve).click()
        expect(page.locator("#outcome")).to_contain_text("by bob and dave")
        carry_on(embedded_server, asked)
        expect(page.locator("#decision")).to_contain_text("The agent reports that it succeeded.")


@pytest.mark.case("DEC-24")
def test_no_single_key_decides(browser: Browser, embedded_server: Servers) -> None:
    asked = ask_for_mail(embedded_server, subject="Keys")
    with visitor(browser, embedded_server, "bob") as page:
        open_request(page, embedded_server, asked)
        for key in ("a", "Enter", "Enter", "q", "Escape"):
            page.keyboard.press(key)
        expect(page.locator("#ask-to")).to_be_focused()
        page.locator("h1").click()
        for key in ("m", "u", "d", "Escape", "?", "Escape"):
            page.keyboard.press(key)
        page.fill("#deny-reason", "x")
        page.focus("#approve-reason")
        page.keyboard.press("Enter")
        page.reload()
        expect(page.locator("#decision")).to_contain_text("0 of 1")
        expect(page.get_by_role("button", name=re.compile("Approve"))).to_be_visible()


@pytest.mark.case("DEC-24")
def test_two_quick_clicks_and_a_key_held_down_are_one_decision(browser: Browser, embedded_server: Servers) -> None:
    asked, held = ask_for_mail(embedded_server, subject="Twice"), ask_for_mail(embedded_server, subject="Held")
    with visitor(browser, embedded_server, "bob") as page:
        open_request(page, embedded_server, asked)
        page.fill("#confirm-target", OUTSIDE)
        page.get_by_role("button", name=re.compile("Approve email.send")).dblclick()
        expect(page.locator("#outcome")).to_contain_text("by bob")
        expect(page.locator(".votes li")).to_have_count(1)
        open_request(page, embedded_server, held)
        page.fill("#confirm-target", OUTSIDE)
        page.get_by_role("button", name=re.compile("Approve email.send")).focus()
        for _ in range(5):
            # Without a release in between the browser takes it for a key that repeats.
            page.keyboard.down("Enter")
        expect(page.locator("#outcome")).to_contain_text("by bob")
        expect(page.locator(".votes li")).to_have_count(1)


# A name that only looks like another parameter's.
LOOK_ALIKE = {"t\u043e": "x"}
TRICKS: dict[str, str] = {
    "plain": OUTSIDE,
    "long": f"{OUTSIDE} " + "x" * 5000,
    "pushed": OUTSIDE + " " * 400 + "or else " + "\n" * 60 + "mallory@evil.example",
    "hidden": "аna@pаrtner.example\u202e\u200b\u00ad\u2066\U000e0041",
}


@pytest.mark.case("DEC-07")
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("trick", TRICKS)
def test_the_material_facts_are_seen_without_scrolling(
    browser: Browser, embedded_server: Servers, size: dict[str, int], trick: str
) -> None:
    session = open_session(embedded_server, request="Send it. " + "Please. " * 900)
    asked = ask_for_mail(embedded_server, session=session, to=TRICKS[trick], body="y" * 9000, **LOOK_ALIKE)
    with visitor(browser, embedded_server, "bob", viewport=size) as page:
        open_request(page, embedded_server, asked)
        bar = page.locator(".decision-bar")
        covered = bar.bounding_box()
        floor = covered["y"] if covered and bar.is_visible() else size["height"]
        for fact in (".chip--high", "#standing time", ".consequence h1", ".consequence .flag"):
            box = page.locator(fact).last.bounding_box()
            assert box is not None
            assert box["y"] + box["height"] <= floor, f"{fact} ends below the first screen"
        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


def test_the_admin_runs_under_the_strict_policy(browser: Browser, embedded_server: Servers) -> None:
    with visitor(browser, embedded_server, "trent") as page:
        for path in (
            "/admin/",
            "/admin/receipts/receipt/",
            "/admin/decisions/policyversion/add/",
            "/admin/decisions/agent/",
        ):
            page.goto(embedded_server.base_url + path)
            expect(page.locator("#site-name")).to_have_text("AARM administration")
