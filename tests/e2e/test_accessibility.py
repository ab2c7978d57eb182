"""Every page in light and dark, wide and narrow, everything unfolded: no violation of WCAG 2.2 AA that axe knows."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from tests.e2e.agents import ask, open_session
from tests.e2e.people import sign_in as signed_in_over_http
from tests.e2e.servers import Servers
from tests.e2e.visitors import DESKTOP, PHONE, sign_in

WHOLE = "[innerWidth, Math.max(innerHeight, document.documentElement.scrollHeight)]"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
LOOK_ALIKE = {"t\u043e": "x"}
HOSTILE = "аna@partner.example\u202e" + " " * 400 + "<script>x</script>\u200b"


@pytest.fixture(scope="module")
def requests(embedded_server: Servers) -> Mapping[str, str]:
    """One request in every condition that has a page of its own; the addresses."""
    session = open_session(embedded_server)
    ask(embedded_server, "database.drop", session, table="orders")
    asked = {
        "pending": ask(embedded_server, "email.send", session, to="ana@partner.example", n=[1, {"a": 2}]),
        "hostile": ask(embedded_server, "email.send", to=HOSTILE, **LOOK_ALIKE),
        "critical": ask(
            embedded_server, "database.delete", open_session(embedded_server, request="Delete it."), table="customers"
        ),
        "approved": ask(embedded_server, "email.send", to="ana@partner.example"),
        "denied": ask(embedded_server, "email.send", to="ana@partner.example"),
    }
    with signed_in_over_http(embedded_server, "bob") as bob:
        bob.vote(asked["approved"]["approval"]["id"], reason="Fine.")
        bob.vote(asked["denied"]["approval"]["id"], verdict="deny", reason="Not fine.")
        bob.vote(asked["critical"]["approval"]["id"])
    return {name: f"/a/{answer['approval']['id']}" for name, answer in asked.items()} | {
        "receipt": f"/r/{asked['approved']['receipt']['id']}",
        "hostile receipt": f"/r/{asked['hostile']['receipt']['id']}",
        "session": f"/s/{session}",
    }


def stale(page: Page, servers: Servers, path: str) -> None:
    """The page that answers a form of another view."""
    page.goto(servers.base_url + path)
    page.evaluate("document.querySelector('#approve [name=version]').value = '2'")
    page.fill("#confirm-target", "ana@partner.example")
    page.fill("#approve-reason", "Looked fine.")
    page.get_by_role("button", name=re.compile("Approve")).click()
    page.wait_for_selector("text=Changed while you were reading")


def menus(page: Page, servers: Servers, path: str) -> None:
    """With the list of keys open."""
    page.goto(servers.base_url + path)
    page.keyboard.press("?")
    page.wait_for_selector("#keys[open]")


def opened(page: Page, servers: Servers, path: str) -> None:
    """With the values that were asked for."""
    page.goto(servers.base_url + path)
    page.locator("#values button").click()
    page.wait_for_selector("text=is on record")
    # What still comes in makes the page longer.
    page.wait_for_load_state("networkidle")


def exported(page: Page, servers: Servers, path: str) -> None:
    """With a bundle that can be taken away."""
    page.goto(servers.base_url + path)
    page.get_by_role("button", name="Export everything").click()
    page.get_by_role("link", name="Download").first.wait_for()


def tracked(page: Page, servers: Servers, path: str) -> None:
    """A part of the steps, with the request that somebody asked to see."""
    page.goto(servers.base_url + path)
    page.get_by_role("button", name="Show the original request").click()
    page.get_by_role("link", name="Flagged").click()
    page.wait_for_selector("[data-flagged]")


def all_paused(page: Page, servers: Servers, path: str) -> None:
    """The step before everything stops."""
    page.goto(servers.base_url + path)
    page.select_option("#pause-target", "everything:")
    page.fill("#pause-reason", "It looks wrong.")
    page.get_by_role("button", name="Pause", exact=True).click()
    page.wait_for_selector("text=Leave it running")


def first_agent(page: Page, servers: Servers, path: str) -> None:
    """The page of an agent that has asked for something."""
    page.goto(servers.base_url + path)
    page.get_by_role("link", name="demo-agent", exact=True).click()
    page.wait_for_selector("text=Recent sessions")


def plainly(page: Page, servers: Servers, path: str) -> None:
    page.goto(servers.base_url + path)


Opening = Callable[[Page, Servers, str], None]
# Who looks, at what, and how the page is brought into its condition.
SCENES: dict[str, tuple[str, str, Opening]] = {
    "inbox": ("bob", "/inbox", plainly),
    "everything": ("bob", "/inbox?show=all", plainly),
    "nothing": ("dave", "/inbox?cursor=9999", plainly),
    "keys": ("bob", "/inbox", menus),
    "pending": ("bob", "pending", plainly),
    "hostile": ("bob", "hostile", plainly),
    "stale": ("bob", "pending", stale),
    "half": ("dave", "critical", plainly),
    "refused": ("victor", "pending", plainly),
    "approved": ("bob", "approved", plainly),
    "denied": ("bob", "denied", plainly),
    "receipts": ("victor", "/receipts", plainly),
    "no receipts": ("victor", "/receipts?q=nothing-like-it", plainly),
    "agents": ("trent", "/agents", plainly),
    "agent": ("trent", "/agents", first_agent),
    "pauses": ("trent", "/pauses", plainly),
    "people and routes": ("trent", "/routes?day=5&time=03:00", plainly),
    "routes to read": ("victor", "/routes", plainly),
    "schedule": ("trent", "/routes/schedules/new", plainly),
    "pause everything": ("trent", "/pauses", all_paused),
    "found": ("victor", "/receipts?q=decision:STEP_UP+since:all", plainly),
    "session": ("victor", "session", plainly),
    "part of a session": ("victor", "session", tracked),
    "exports": ("victor", "/receipts/exports", exported),
    "values": ("victor", "receipt", opened),
    "bad filter": ("victor", "/receipts?since=yesterday", plainly),
    "receipt": ("victor", "receipt", plainly),
    "hostile receipt": ("bob", "hostile receipt", plainly),
    "forbidden": ("peggy", "/inbox", plainly),
    "absent": ("bob", "/nowhere", plainly),
    "sign-in": ("", "/accounts/login/", plainly),
    "profile": ("bob", "/profile", plainly),
    "new password": ("bob", "/accounts/password/change/", plainly),
    "who are you": ("bob", "/accounts/reauthenticate/", plainly),
    "stranger to us": ("", "/accounts/oidc/error/", plainly),
    "spent link": ("", "/accounts/link/spent", plainly),
}


def violations(page: Page) -> list[str]:
    """What axe finds with everything unfolded."""
    page.evaluate("document.querySelectorAll('details').forEach((part) => { part.open = true })")
    # The bar at the bottom covers what happens to lie beneath it until somebody scrolls.
    width, height = page.evaluate(WHOLE)
    page.set_viewport_size({"width": width, "height": height})
    found: Any = Axe().run(page, options={"runOnly": RULES}).response
    return [f"{item['id']}: {[node['target'] for node in item['nodes']]}" for item in found["violations"]]


@pytest.mark.parametrize(
    ("scheme", "size"),
    [
        # Colours depend on the scheme alone and the arrangement on the width alone: these two show each of them once.
        pytest.param("light", DESKTOP, id="light-wide"),
        pytest.param("dark", PHONE, id="dark-narrow"),
        pytest.param("light", PHONE, id="light-narrow", marks=pytest.mark.nightly),
        pytest.param("dark", DESKTOP, id="dark-wide", marks=pytest.mark.nightly),
    ],
)
def test_no_page_has_a_violation(
    browser: Browser, embedded_server: Servers, requests: Mapping[str, str], scheme: Any, size: Any
) -> None:
    found: dict[str, list[str]] = {}
    for who in sorted({who for who, _, _ in SCENES.values()}):
        context = browser.new_context(viewport=size, color_scheme=scheme)
        page = context.new_page()
        if who:
            sign_in(page, embedded_server, who)
        for scene, (looker, path, come) in SCENES.items():
            if looker == who:
                page.set_viewport_size(size)
                come(page, embedded_server, requests.get(path, path))
                found[scene] = violations(page)
        context.close()
    assert {scene: faults for scene, faults in found.items() if faults} == {}
    assert set(found) == set(SCENES)


@pytest.mark.parametrize("width", [320, 768])
def test_no_page_scrolls_sideways(
    browser: Browser, embedded_server: Servers, requests: Mapping[str, str], width: int
) -> None:
    context = browser.new_context(viewport={"width": width, "height": 800})
    page = context.new_page()
    sign_in(page, embedded_server, "victor")
    for path in ("/inbox", "/receipts", "/pauses", *requests.values()):
        page.goto(embedded_server.base_url + path)
        page.evaluate("document.querySelectorAll('details').forEach((part) => { part.open = true })")
        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), path
    context.close()
