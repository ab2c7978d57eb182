"""U1, U8 and U9: how many steps a decision takes, and whether it can be had by keyboard, and without a script."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import partial

from playwright.sync_api import Browser, Page, expect

from tests.bench.ux.people import Hand, Keyboard
from tests.e2e.agents import Answer, ask, open_session
from tests.e2e.servers import Servers
from tests.e2e.visitors import by_name, signer, visitor

OUTSIDE = "ana@partner.example"
APPROVE, DENY = "#approve button.button--wide", "#deny button[type=submit]:not([disabled])"
DONE = re.compile("by bob|You have already voted")
Task = Callable[[Page, Servers, str], None]


def _mail(servers: Servers, subject: str) -> Answer:
    return ask(servers, "email.send", to=OUTSIDE, subject=subject)


def _deletion(servers: Servers) -> Answer:
    return ask(servers, "database.delete", open_session(servers, request="Delete the test rows."), table="customers")


def _path(asked: Answer) -> str:
    return f"/a/{asked['approval']['id']}"


def _decided(page: Page) -> None:
    expect(page.locator("#decision")).to_contain_text(DONE)


def steps(browser: Browser, servers: Servers) -> dict[str, int]:
    """U1: from the notification's link to the decision; opening it, each field and each button is one."""
    home = by_name(servers)
    with signer(browser, servers, "bob") as page:
        found = {
            "approve at LOW": _approving(Hand(page), home + _path(ask(servers, "calendar.create", title="Lunch"))),
            "approve at HIGH": _approving(
                Hand(page), home + _path(_mail(servers, "one")), **{"#confirm-target": OUTSIDE}
            ),
            "approve at CRITICAL": _approving(
                Hand(page),
                home + _path(_deletion(servers)),
                **{"#confirm-target": "customers", "#approve-reason": "They are test data."},
            ),
        }
        found["deny from the inbox"] = _denying(Hand(page), home, asked=_mail(servers, "two"))
    return found


def _approving(hand: Hand, address: str, **fields: str) -> int:
    hand.open(address)
    for selector, text in fields.items():
        hand.fill(selector, text)
    hand.click(APPROVE)
    _decided(hand.page)
    return hand.steps


def _denying(hand: Hand, home: str, *, asked: Answer) -> int:
    """The inbox is where somebody is already. Its link is the notification's."""
    hand.page.goto(f"{home}/inbox?show=all")
    hand.click(f"[id='deny-{asked['approval']['id']}']")
    hand.click(DENY)
    _decided(hand.page)
    return hand.steps


def _keys_approve(page: Page, servers: Servers, path: str) -> None:
    page.goto(servers.base_url + path)
    keys = Keyboard(page)
    keys.type("#confirm-target", OUTSIDE)
    keys.press(APPROVE)
    _decided(page)


def _keys_deny(page: Page, servers: Servers, path: str) -> None:
    page.goto(servers.base_url + path)
    keys = Keyboard(page)
    keys.press("#deny > summary")
    keys.press("#deny input[type=radio]", "Space")
    keys.press(DENY)
    _decided(page)


def _follow(page: Page, servers: Servers, path: str, *, link: str, then: str) -> None:
    """From one page along a link to where something stands."""
    page.goto(servers.base_url + path)
    Keyboard(page).press(link)
    page.wait_for_selector(then)


def _search(page: Page, servers: Servers, path: str) -> None:
    page.goto(servers.base_url + path)
    keys = Keyboard(page)
    keys.type("input[name=q]", "tool:email.send")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("q=tool"))


def _away(page: Page, servers: Servers, path: str) -> None:
    page.goto(servers.base_url + path)
    keys = Keyboard(page)
    keys.press("#away-deputy", "End")
    keys.type("#away-deputy", "nobody-of-this-name")
    keys.reach("#away-end")
    page.locator("#away-end").fill("2099-01-01T00:00")
    keys.press("#away button[type=submit]")
    page.wait_for_selector(".banner--bad")


def tasks(servers: Servers) -> Mapping[str, tuple[str, Task]]:
    """U8: the ten things that people come for, each with where it begins."""
    return {
        "open a request from the inbox": ("/inbox", partial(_follow, link="#inbox-list [data-row]", then="#decision")),
        "approve": (_path(_mail(servers, "keys")), _keys_approve),
        "deny": (_path(_mail(servers, "keys too")), _keys_deny),
        "skip to the decision": (
            _path(_mail(servers, "skip")),
            partial(_follow, link=".skip-links a[href='#decision']", then="#decision:focus"),
        ),
        "find receipts": ("/receipts", _search),
        "open a receipt": ("/receipts", partial(_follow, link="a[href^='/r/']", then="#checks")),
        "go to the inbox": ("/receipts", partial(_follow, link=".rail a[href='/inbox']", then="#inbox-list")),
        "see who is asked": ("/inbox", partial(_follow, link=".rail a[href='/routes']", then="#routes-title")),
        "say that one is away": ("/routes", _away),
        "come to the kill switch": ("/inbox", partial(_follow, link=".topbar__pause", then="#pauses-title")),
    }  # fmt: skip


def by_keyboard(browser: Browser, servers: Servers) -> dict[str, bool]:
    """U8: which of them can be done without a pointer, signing in included."""
    with visitor(browser, servers) as page:
        user = next(user for user in servers.seed["users"] if user["username"] == "bob")
        page.goto(f"{servers.base_url}/accounts/login/")
        keys = Keyboard(page)
        keys.type("#id_username", user["username"])
        keys.type("#id_password", user["password"])
        page.keyboard.press("Enter")
        page.wait_for_url(re.compile("/inbox$"))
        return {name: _can(task, page, servers, path) for name, (path, task) in tasks(servers).items()}


def _can(task: Task, page: Page, servers: Servers, path: str) -> bool:
    try:
        task(page, servers, path)
    except AssertionError:
        return False
    return True


def without_scripts(browser: Browser, servers: Servers) -> dict[str, bool]:
    """U9: signing in, the list, a request, approving, denying and searching, with scripts switched off."""
    approved, denied = _mail(servers, "plain"), _mail(servers, "plain too")
    with visitor(browser, servers, "bob", java_script_enabled=False) as page:
        found = {"sign in": "/inbox" in page.url}
        found["list"] = page.locator(f"[id='{approved['approval']['id']}']").count() == 1
        page.goto(servers.base_url + _path(approved))
        found["read"] = OUTSIDE in page.locator("h1").inner_text()
        page.fill("#confirm-target", OUTSIDE)
        page.click(APPROVE)
        found["approve"] = "by bob" in page.locator("#decision").inner_text()
        page.goto(servers.base_url + _path(denied))
        page.click("#deny > summary")
        page.click(DENY)
        found["deny"] = "by bob" in page.locator("#decision").inner_text()
        page.goto(f"{servers.base_url}/receipts?q=tool:email.send")
        found["search"] = page.locator("a[href^='/r/']").count() > 0
    return found
