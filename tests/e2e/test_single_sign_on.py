"""Signing in at an identity provider with a browser, which holds a form's redirects to the page's own policy."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.servers import Servers
from tests.e2e.visitors import visitor
from tests.integration.identity_provider import IdentityProvider, identity_provider


@pytest.fixture
def corp(embedded_server: Servers) -> Iterator[IdentityProvider]:
    (said,) = json.loads(Path(embedded_server.variables["AARM_SSO_FILE"]).read_text(encoding="utf-8"))
    with identity_provider(port=urlsplit(said["issuer"]).port or 0) as provider:
        provider.person = {"sub": "8b1f", "preferred_username": "nina", "email": "nina@corp.example"}
        yield provider


@pytest.mark.parametrize("scripts", [True, False])
def test_the_button_leads_to_the_provider_and_back(
    browser: Browser, embedded_server: Servers, corp: IdentityProvider, *, scripts: bool
) -> None:
    with visitor(browser, embedded_server, java_script_enabled=scripts) as page:
        page.goto(f"{embedded_server.base_url}/accounts/login/")
        page.get_by_role("button", name="Sign in with Corp").click()
        page.wait_for_url(re.compile("/inbox$"))
        page.goto(f"{embedded_server.base_url}/profile")
        expect(page.locator("main")).to_contain_text("nina")
