"""People at a running server, in a real browser."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, Page

from tests.e2e.servers import Servers

DESKTOP = {"width": 1366, "height": 768}
PHONE = {"width": 390, "height": 844}


def sign_in(page: Page, servers: Servers, name: str) -> None:
    """By the form, as somebody whom `seed_demo` made."""
    user = next(user for user in servers.seed["users"] if user["username"] == name)
    page.goto(f"{servers.base_url}/accounts/login/")
    page.fill("#id_username", user["username"])
    page.fill("#id_password", user["password"])
    page.click("button[type=submit]")
    page.wait_for_url(lambda url: "/accounts/login/" not in url)


@contextmanager
def visitor(browser: Browser, servers: Servers, name: str = "", **options: Any) -> Iterator[Page]:
    """A page of a browser of their own, signed in where a name is given. Complaints of the browser fail the test."""
    context = browser.new_context(**({"viewport": DESKTOP} | options))
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda message: complaints.append(message.text) if "Content Security" in message.text else None)
    if name:
        sign_in(page, servers, name)
    yield page
    context.close()
    assert complaints == []
