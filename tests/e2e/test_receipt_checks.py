"""The receipt page verifies in the reader's browser, says what it found, and never calls a pass what it couldn't do."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.e2e.agents import ask
from tests.e2e.servers import Servers
from tests.e2e.visitors import visitor
from tests.waiting import wait_until

NO_CRYPTO = "Object.defineProperty(globalThis.crypto, 'subtle', { value: undefined })"
NO_ED25519 = """
const keep = crypto.subtle.importKey.bind(crypto.subtle);
crypto.subtle.importKey = (format, data, name, ...rest) =>
  name.name === "Ed25519"
    ? Promise.reject(new DOMException("unknown", "NotSupportedError"))
    : keep(format, data, name, ...rest);
"""


@pytest.fixture(scope="module")
def receipt_url(embedded_server: Servers) -> str:
    """The first receipt of a session: the decision on an action that waits for Bob."""
    asked = ask(embedded_server, "email.send", to="ana@partner.example", subject="Checks")
    return f"{embedded_server.base_url}/r/{asked['receipt']['id']}"


def line(page: Page, text: str) -> Any:
    return page.locator("[data-browser-checks] .check", has_text=text)


def title(page: Page) -> Any:
    return page.locator("[data-browser-checks] .banner__title")


def change(page: Page, path: str, alter: Callable[[Any], Any]) -> None:
    """What the server answers under `path` arrives altered."""

    def answer(route: Route) -> None:
        route.fulfill(json=alter(route.fetch().json()))

    page.route(f"**/{path}", answer)


def test_the_browser_verifies_the_signed_bytes_up_to_the_checkpoint(
    browser: Browser, embedded_server: Servers, receipt_url: str
) -> None:
    with visitor(browser, embedded_server, "victor") as page:

        def is_in_the_log() -> bool:
            page.goto(receipt_url)
            expect(title(page)).to_contain_text("passed in your browser")
            return bool(line(page, "receipts in the log that was signed at").count())

        page.goto(receipt_url)
        expect(line(page, "Ed25519 signature of aarm-")).to_have_class("check check--passed")
        expect(line(page, "The signed bytes hash to the digest")).to_be_visible()
        expect(line(page, "nothing comes before it")).to_be_visible()
        expect(page.locator("#checks")).to_contain_text("What this does not prove")
        wait_until(is_in_the_log, "a checkpoint that covers the receipt")
        expect(title(page)).to_have_text("8 of 8 checks passed in your browser")


def _other_payload(evidence: Any) -> Any:
    envelope = evidence["envelope"]
    payload = base64.b64decode(envelope["payload"]).replace(b"STEP_UP", b"ALLOW!!")
    return {**evidence, "envelope": {**envelope, "payload": base64.b64encode(payload).decode()}}


def _other_signature(evidence: Any) -> Any:
    envelope = evidence["envelope"]
    signature = bytearray(base64.b64decode(envelope["signatures"][0]["sig"]))
    signature[0] ^= 1
    altered = {**envelope["signatures"][0], "sig": base64.b64encode(signature).decode()}
    return {**evidence, "envelope": {**envelope, "signatures": [altered]}}


def _other_context(evidence: Any) -> Any:
    return {**evidence, "context": evidence["context"].replace("STEP_UP", "ALLOW")}


def _other_policy(evidence: Any) -> Any:
    assert "never-drop-a-table" in evidence["policy"]
    return {**evidence, "policy": evidence["policy"].replace("DENY", "ALLOW", 1)}


def _revoked(keys: Any) -> Any:
    return {"keys": [{**key, "revoked_at": "2026-01-01T00:00:00.000000Z"} for key in keys["keys"]]}


@pytest.mark.case("RCP-27")
@pytest.mark.parametrize(
    ("path", "alter", "says"),
    [
        ("evidence.json", _other_payload, "not those of the digest that this page shows"),
        ("evidence.json", _other_signature, "The signature is not that of aarm-"),
        ("evidence.json", _other_policy, "The policy that is kept is not the one"),
        ("evidence.json", _other_context, "is not the one that it names"),
        ("keys.json", _revoked, "was revoked"),
        ("keys.json", lambda keys: {"keys": [{**keys["keys"][0], "kty": "EC", "crv": "P-384"}]}, "does not know"),
    ],
    ids=["other-bytes", "other-signature", "other-policy", "other-context", "revoked-key", "other-key"],
)
def test_what_arrives_altered_is_no_pass(
    browser: Browser, embedded_server: Servers, receipt_url: str, path: str, alter: Callable[[Any], Any], says: str
) -> None:
    with visitor(browser, embedded_server, "victor") as page:
        change(page, path, alter)
        page.goto(receipt_url)
        expect(page.locator("[data-browser-checks]")).to_contain_text(says)
        expect(title(page)).not_to_contain_text("passed")


def test_a_policy_that_is_not_kept_is_neither_pass_nor_failure(
    browser: Browser, embedded_server: Servers, receipt_url: str
) -> None:
    with visitor(browser, embedded_server, "victor") as page:
        change(page, "evidence.json", lambda evidence: {**evidence, "policy": None})
        page.goto(receipt_url)
        expect(line(page, "The policy that it names is not kept any more")).to_have_class("check check--skipped")
        expect(title(page)).to_have_text("7 of 7 checks passed in your browser")


@pytest.mark.parametrize("script", [NO_CRYPTO, NO_ED25519], ids=["no-webcrypto", "no-ed25519"])
def test_a_browser_that_cannot_verify_says_so(
    browser: Browser, embedded_server: Servers, receipt_url: str, script: str
) -> None:
    with visitor(browser, embedded_server, "victor") as page:
        page.add_init_script(script)
        page.goto(receipt_url)
        expect(title(page)).to_have_text("Your browser could not verify this receipt")
        expect(page.locator("#checks")).to_contain_text("4 of 4 checks passed on this server")


def test_without_scripts_the_servers_word_is_called_that(
    browser: Browser, embedded_server: Servers, receipt_url: str
) -> None:
    with visitor(browser, embedded_server, "victor", java_script_enabled=False) as page:
        page.goto(receipt_url)
        expect(page.locator("#checks")).to_contain_text("Your browser has checked nothing so far")
        expect(page.locator("#checks")).to_contain_text("4 of 4 checks passed on this server")


def test_the_offline_page_can_be_taken_away(browser: Browser, embedded_server: Servers, receipt_url: str) -> None:
    with visitor(browser, embedded_server, "victor") as page:
        page.goto(receipt_url)
        with page.expect_download() as download:
            page.get_by_role("link", name="verify.html").click()
        assert "default-src 'none'" in download.value.path().read_text("utf-8")
        evidence = page.request.get(f"{receipt_url}/evidence.json").json()
        assert set(evidence) == {"envelope", "previous", "policy", "context", "proof"}
        assert json.loads(base64.b64decode(evidence["envelope"]["payload"]))["position"] == 1


def test_on_paper_long_text_stands_once_and_whole(browser: Browser, embedded_server: Servers, receipt_url: str) -> None:
    """The demo policy is longer than what is shown of it on screen before somebody asks for all of it."""
    with visitor(browser, embedded_server, "victor") as page:
        page.goto(receipt_url)
        page.emulate_media(media="print")
        policy = page.get_by_role("region", name="Policy as of then")
        shown = policy.locator(".raw .untrusted:visible")
        expect(shown).to_have_count(1)
        expect(shown).to_contain_text("never-drop-a-table")
        expect(policy.get_by_text("Show all")).to_be_hidden()
