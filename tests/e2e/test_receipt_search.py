"""Auditors at the product on SQLite: they search with and without scripts, and take away what anybody can verify."""

from __future__ import annotations

import json
import re
import zipfile
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from receipts.signing.__main__ import main
from tests.e2e.agents import ask, open_session
from tests.e2e.servers import Servers
from tests.e2e.visitors import visitor

LONG = 30_000


@pytest.fixture(scope="module")
def session(embedded_server: Servers) -> str:
    """A session with an allowed, a changed and a denied action, found by nobody else's words."""
    found = open_session(embedded_server, request="Tidy up the robot's arms.")
    ask(embedded_server, "email.send", found, to="bob@corp.example")
    ask(embedded_server, "database.query", found, table="orders")
    ask(embedded_server, "robot.dance", found, step="waltz")
    return found


def search(page: Page, servers: Servers, question: str) -> None:
    page.goto(f"{servers.base_url}/receipts")
    page.fill("#q", question)
    page.get_by_role("button", name="Search receipts").click()
    # The histogram can be drawn on once its script runs.
    page.wait_for_url("**/receipts?q=*")
    page.wait_for_load_state("load")


@pytest.mark.parametrize("has_scripts", [True, False], ids=["with-scripts", "without-scripts"])
def test_words_and_facets_find_in_sqlite_too(
    browser: Browser, embedded_server: Servers, session: str, has_scripts: bool
) -> None:
    with visitor(browser, embedded_server, "victor", java_script_enabled=has_scripts) as page:
        search(page, embedded_server, f"session:{session}")
        expect(page.locator(".row")).to_have_count(3)
        search(page, embedded_server, "danc")
        expect(page.locator(".row")).to_have_count(1)
        search(page, embedded_server, f"session:{session} -robot")
        expect(page.locator(".row")).to_have_count(2)
        page.locator(".facet__link", has_text="MODIFY").click()
        expect(page.locator(".row")).to_have_count(1)
        expect(page.locator("#q")).to_have_value(f"session:{session} -robot decision:MODIFY")
        page.locator(".term__text", has_text="decision:MODIFY").click()
        page.get_by_label("Instead of it").locator("visible=true").fill("decision:DENY")
        page.get_by_role("button", name="Change").locator("visible=true").click()
        expect(page.locator("#q")).to_have_value(f"session:{session} -robot decision:DENY")
        expect(page.locator(".row")).to_have_count(0)
        page.locator(".term__text", has_text="decision:DENY").click()
        page.get_by_label("Instead of it").locator("visible=true").fill("decision:MODIFY")
        page.get_by_role("button", name="Change").locator("visible=true").click()
        page.get_by_role("link", name="Take away -robot").click()
        page.get_by_role("link", name="Take away decision:MODIFY").click()
        expect(page.locator(".row")).to_have_count(3)
        page.fill("#view-name", f"Robots {has_scripts}")
        page.get_by_role("button", name="Save view").click()
        page.get_by_role("link", name=f"Robots {has_scripts}").click()
        expect(page.locator(".row")).to_have_count(3)


def test_the_head_of_a_column_sorts_by_it_without_scripts(
    browser: Browser, embedded_server: Servers, session: str
) -> None:
    with visitor(browser, embedded_server, "victor", java_script_enabled=False) as page:
        search(page, embedded_server, f"session:{session}")
        head = page.get_by_role("columnheader", name="What happened")
        for order, tools in (
            ("ascending", ["database", "email", "robot"]),
            ("descending", ["robot", "email", "database"]),
        ):
            head.get_by_role("link").click()
            expect(head).to_have_attribute("aria-sort", order)
            for line, tool in zip(page.locator(".row").all(), tools, strict=True):
                expect(line).to_contain_text(tool)
        page.get_by_role("row", name="robot").get_by_role("link").click()
        expect(page.locator("h1")).to_contain_text("robot")


def test_the_box_completes_what_is_typed_by_keyboard_alone(
    browser: Browser, embedded_server: Servers, session: str
) -> None:
    with visitor(browser, embedded_server, "victor") as page:
        page.goto(f"{embedded_server.base_url}/receipts")
        page.keyboard.press("/")
        page.keyboard.type("dec")
        expect(page.locator("#q-options [role=option]")).to_have_count(1)
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
        expect(page.locator("#q")).to_have_value("decision:")
        expect(page.locator("#q-options [role=option]")).to_have_count(5)
        page.keyboard.type("mod")
        expect(page.locator("#q-options [role=option]")).to_have_count(1)
        page.keyboard.press("ArrowDown")
        expect(page.locator("#q")).to_have_attribute("aria-activedescendant", "q-option-0")
        page.keyboard.press("Enter")
        expect(page.locator("#q")).to_have_value("decision:MODIFY ")
        page.keyboard.press("Escape")
        page.keyboard.press("Enter")
        expect(page).to_have_url(f"{embedded_server.base_url}/receipts?q=decision%3AMODIFY+")
        expect(page.locator(".chip--term")).to_have_text("Take away decision:MODIFY")
        page.locator(".term__text").click()
        page.get_by_label("Instead of it").press("ControlOrMeta+a")
        page.keyboard.type("decision:de")
        expect(page.locator("#part-1-options [role=option]")).to_have_count(2)


def test_a_stretch_of_the_histogram_can_be_drawn(browser: Browser, embedded_server: Servers, session: str) -> None:
    with visitor(browser, embedded_server, "victor") as page:
        search(page, embedded_server, f"session:{session} since:24h")
        box = page.locator("[data-brush]").bounding_box()
        assert box is not None
        page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 10)
        page.mouse.down()
        page.mouse.move(box["x"] + box["width"] - 3, box["y"] + 10, steps=5)
        page.mouse.up()
        expect(page.locator("#q")).to_have_value(re.compile(r'session:\S+ since:"\S+" until:"\S+"'))
        expect(page.locator(".row")).to_have_count(3)


def test_a_session_leaves_as_a_bundle_that_verifies_elsewhere(
    browser: Browser, embedded_server: Servers, session: str, tmp_path: Path
) -> None:
    with visitor(browser, embedded_server, "victor") as page:
        page.goto(f"{embedded_server.base_url}/s/{session}")
        expect(page.locator("h1")).to_contain_text("Session of demo-agent")
        expect(page.locator("#checks")).to_contain_text("3 of 3 receipts linked")
        page.get_by_role("button", name="Export this session").click()
        # The newest is the first; others of the same auditor's may be ready already.
        link = page.locator("li.export").first.get_by_role("link", name="Download")
        # The page asks for itself again while the worker writes.
        expect(link).to_be_visible(timeout=LONG)
        with page.expect_download() as download:
            link.click()
        download.value.save_as(tmp_path / "bundle.zip")
    with zipfile.ZipFile(tmp_path / "bundle.zip") as archive:
        archive.extractall(tmp_path)
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    assert (manifest["receipts"], manifest["is_filtered"]) == (3, True)
    name = "bundle.json" if manifest["receipts_with_proof"] else "receipts.jsonl"
    assert main(["verify", "--keys", str(tmp_path / "keys.json"), str(tmp_path / name)]) == 0


def test_newer_receipts_are_offered_and_nothing_moves(browser: Browser, embedded_server: Servers) -> None:
    session = open_session(embedded_server)
    ask(embedded_server, "email.send", session, to="bob@corp.example")
    with visitor(browser, embedded_server, "victor") as page:
        search(page, embedded_server, f"session:{session}")
        expect(page.locator(".row")).to_have_count(1)
        ask(embedded_server, "database.drop", session, table="orders")
        # Instead of waiting for the next look: somebody comes back to the page.
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
        expect(page.locator("[data-live-insert]")).to_have_text("1 newer, press . to show")
        expect(page.locator(".row")).to_have_count(1)
        page.keyboard.press(".")
        expect(page.locator(".row")).to_have_count(2)
        expect(page.locator("[data-live-insert]")).to_be_hidden()


def test_steps_are_walked_by_keyboard(browser: Browser, embedded_server: Servers, session: str) -> None:
    with visitor(browser, embedded_server, "victor") as page:
        page.goto(f"{embedded_server.base_url}/s/{session}")
        for key, place in (("ArrowRight", 1), ("ArrowRight", 2), ("ArrowLeft", 1)):
            page.keyboard.press(key)
            expect(page.locator("[data-step]:focus")).to_have_id(f"step-{place}")
        page.keyboard.press("f")
        expect(page.locator("[data-flagged]:focus")).to_have_count(1)
        page.locator(".walk__end a").first.click()
        page.wait_for_url("**/r/rct_*")
        page.wait_for_load_state("load")
        page.keyboard.press("v")
        expect(page.locator("#checks")).to_be_focused()
        page.keyboard.press("t")
        expect(page).to_have_url(f"{embedded_server.base_url}/s/{session}")


def look_again(page: Page) -> None:
    """Instead of waiting for the next look: somebody comes back to the page."""
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")


def test_the_tail_of_a_session_is_followed_and_waits_for_who_reads(browser: Browser, embedded_server: Servers) -> None:
    session = open_session(embedded_server)
    ask(embedded_server, "email.send", session, to="bob@corp.example")
    with visitor(browser, embedded_server, "victor") as page:
        page.goto(f"{embedded_server.base_url}/s/{session}")
        page.locator("#step-2").scroll_into_view_if_needed()
        ask(embedded_server, "database.drop", session, table="orders")
        look_again(page)
        expect(page.locator("[data-step]")).to_have_count(3)
        expect(page.locator("#chart [data-point]")).to_have_count(2)
        expect(page.locator("#checks")).to_contain_text("3 of 3 entries linked")
        page.keyboard.press("ArrowRight")
        ask(embedded_server, "email.send", session, to="bob@corp.example")
        look_again(page)
        expect(page.locator("[data-live-insert]")).to_have_text("Paused while you read, 1 newer")
        expect(page.locator("[data-step]")).to_have_count(3)
        page.keyboard.press(".")
        expect(page.locator("[data-step]")).to_have_count(4)
        expect(page.locator("[data-live-insert]")).to_be_hidden()


def test_the_drawing_of_a_session_is_walked_point_by_point(
    browser: Browser, embedded_server: Servers, session: str
) -> None:
    with visitor(browser, embedded_server, "victor") as page:
        page.goto(f"{embedded_server.base_url}/s/{session}")
        page.locator("#chart [data-point]").first.focus()
        for key, name in (("ArrowRight", "Step 3"), ("ArrowRight", "Step 4"), ("ArrowLeft", "Step 3")):
            page.keyboard.press(key)
            expect(page.locator("[data-point]:focus")).to_have_attribute("aria-label", re.compile(name))
        page.keyboard.press("Enter")
        expect(page).to_have_url(re.compile("#step-3$"))
        expect(page.locator("#step-3")).to_be_in_viewport()


def test_times_are_the_readers_and_utc_where_the_focus_is(
    browser: Browser, embedded_server: Servers, session: str
) -> None:
    address = f"{embedded_server.base_url}/receipts?q=session:{session}"
    with visitor(browser, embedded_server, "victor", java_script_enabled=False) as page:
        page.goto(address)
        utc, zone = page.locator(".row__at").first.inner_text().split("\n")
        assert zone == "UTC"
    with visitor(browser, embedded_server, "victor", timezone_id="Asia/Tokyo") as page:
        page.goto(address)
        shown = page.locator(".row__at").first
        tokyo = datetime.fromisoformat(utc) + timedelta(hours=9)
        expect(shown).to_have_text(f"{tokyo:%Y-%m-%d %H:%M:%S}")
        expect(shown).to_have_attribute("title", f"{utc} UTC")
        page.locator(".row a").first.focus()
        expect(shown).to_have_text(f"{utc} UTC")
        page.locator("#q").focus()
        expect(shown).to_have_text(f"{tokyo:%Y-%m-%d %H:%M:%S}")
