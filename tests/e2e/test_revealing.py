"""What stands covered is shown by one button, and the page is in order before and after."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.agents import ask
from tests.e2e.servers import Servers
from tests.e2e.test_accessibility import violations
from tests.e2e.visitors import DESKTOP, PHONE, visitor

TOKEN = "sk_live_9fQ2xL7vB4nR8tW1zK6m"


@pytest.mark.case("DEC-18")
@pytest.mark.parametrize(
    ("scheme", "size"), [pytest.param("light", DESKTOP, id="light-wide"), pytest.param("dark", PHONE, id="dark-narrow")]
)
def test_what_is_covered_is_shown_by_one_button(
    browser: Browser, embedded_server: Servers, scheme: Any, size: Any
) -> None:
    asked = ask(embedded_server, "email.send", to="ana@partner.example", subject="Key", body=f"The key is {TOKEN}.")
    with visitor(browser, embedded_server, "bob", viewport=size, color_scheme=scheme) as page:
        page.goto(f"{embedded_server.base_url}/a/{asked['approval']['id']}")
        expect(page.locator("#facts")).to_contain_text("[SECRET masked: 28 characters, ends in zK6m]")
        assert TOKEN not in page.content()
        assert violations(page) == []
        page.get_by_role("button", name="Show masked values").click()
        expect(page.locator("#facts")).to_contain_text(TOKEN)
        assert page.locator("#masked").count() == 0
        assert violations(page) == []
