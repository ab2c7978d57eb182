"""verify.html: one file, opened from a disk, that verifies and cannot speak to anybody."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.core.management import call_command
from playwright.sync_api import Browser, FilePayload, Page, expect

from aarm_site.verify_page import TARGET, verify_page
from tests.e2e.visitors import DESKTOP, PHONE
from tests.verifiers import exports
from tests.verifiers.questions import VECTORS, Question, Vector, all_vectors

PUBLISHED = {vector.name: vector for vector in all_vectors()}
# One of each result that the page can give.
SHOWN = {
    "receipts: one receipt alone": "Valid",
    "receipts: whole stream as a list": "Valid",
    "receipts: one value erased": "Valid; the values behind it were erased",
    "receipts: decision altered": "Tampered: this is not what was signed",
    "receipts: no signature": "Malformed: this is not what it should be",
    "receipts: two first receipts": "Two stories: somebody was told something else",
    "receipts: signed with a key that nobody trusts": "Signed by a key that you do not trust",
    "receipts: signed, version 2": "Unsupported: this verifier does not know that format",
    "log: bundle with the checkpoint that was kept": "Valid",
    "log: log, rewritten with all of its checkpoints": "Two stories: somebody was told something else",
    "log: checkpoint": "Valid",
}


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file alone in a folder, as in a bundle."""
    return Path(shutil.copy(TARGET, tmp_path_factory.mktemp("taken-away")))


@pytest.fixture(params=[DESKTOP, PHONE], ids=["desktop", "phone"])
def page(browser: Browser, copy: Path, request: pytest.FixtureRequest) -> Iterator[Page]:
    """The page from the disk. Any request that it makes besides, and any complaint of the browser, fails the test."""
    context = browser.new_context(viewport=request.param, offline=True)
    page, heard = context.new_page(), list[str]()
    page.on("request", lambda request: heard.append(request.url))
    page.on("pageerror", lambda error: heard.append(str(error)))
    page.on("console", lambda message: heard.append(message.text))
    page.goto(copy.as_uri())
    yield page
    context.close()
    assert heard == [copy.as_uri()]


def given(data: bytes, *, name: str) -> FilePayload:
    return {"name": name, "mimeType": "application/octet-stream", "buffer": data}


def ask(page: Page, question: Question) -> None:
    page.set_input_files("#keys", given(question.keys, name="keys.json"))
    page.set_input_files("#file", given(question.file, name="file"))
    page.set_input_files("#kept", [given(note, name=f"{at}.note") for at, note in enumerate(question.kept)])
    disclosure = [given(question.disclosure, name="disclosure.json")] if question.disclosure else []
    page.set_input_files("#disclosure", disclosure)
    page.get_by_role("button", name="Verify").click()


def test_the_committed_file_is_what_its_modules_make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert TARGET.read_text("utf-8") == verify_page()
    monkeypatch.setattr("aarm_site.management.commands.build_verify_page.TARGET", tmp_path / "verify.html")
    call_command("build_verify_page")
    assert (tmp_path / "verify.html").read_bytes() == TARGET.read_bytes()


def test_the_file_names_no_other_place() -> None:
    text = verify_page()
    assert "default-src 'none'" in text
    for reaching in ("http://", "https://", "fetch(", "XMLHttpRequest", "import(", ' from "./', "src=", "href="):
        assert reaching not in text


def test_every_result_is_told_in_words(page: Page) -> None:
    for name, title in SHOWN.items():
        vector: Vector = PUBLISHED[name]
        ask(page, vector.question)
        expect(page.locator("#title")).to_have_text(title)
        expect(page.locator("#code")).to_contain_text(f"Result {vector.verdict[0]}")
        is_valid = vector.verdict[0] in (0, 6)
        expect(page.get_by_text("What this does not prove")).to_be_visible(visible=is_valid)
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


def test_an_export_is_verified_as_it_was_taken_away(page: Page) -> None:
    ask(page, Question(exports.packed(exports.manifest(exports.selection(), receipts=3)), exports.KEYS))
    expect(page.locator("#title")).to_have_text("Valid")
    expect(page.locator("#sentence")).to_contain_text("3 receipts are unaltered")
    expect(page.locator("#sentence")).to_contain_text("and 2 of them in the log")
    expect(page.locator("#unproven")).to_contain_text("nobody signs these")
    expect(page.locator("#found tbody tr")).to_have_count(3)


@pytest.mark.case("RCP-26")
def test_an_old_checkpoint_is_warned_of_and_nothing_less_valid(page: Page) -> None:
    question = PUBLISHED["log: checkpoint"].question
    signed_at = datetime.fromisoformat(re.findall(r"^time (.*)$", question.file.decode(), re.MULTILINE)[0])
    warning = page.get_by_text("the log has been frozen")
    for minutes, is_old in ((19, False), (21, True)):
        page.clock.set_fixed_time(signed_at + timedelta(minutes=minutes))
        ask(page, question)
        expect(page.locator("#title")).to_have_text("Valid")
        expect(warning).to_be_visible(visible=is_old)


def test_another_file_takes_the_old_verdict_away(page: Page) -> None:
    good, bad = PUBLISHED["receipts: one receipt alone"], PUBLISHED["receipts: decision altered"]
    ask(page, good.question)
    expect(page.locator("#title")).to_have_text("Valid")
    page.set_input_files("#file", given(bad.question.file, name="other.json"))
    expect(page.locator("#report")).to_be_hidden()


def test_what_a_receipt_says_stays_text(page: Page) -> None:
    document = json.loads((VECTORS / "receipts" / "receipts.json").read_text())
    hostile = given(b'{"<img src=x onerror=alert(1)>": 1, "payloadType": "x"}', name="<b>.json")
    page.set_input_files("#keys", given(json.dumps(document["keys"]).encode(), name="keys.json"))
    page.set_input_files("#file", hostile)
    page.get_by_role("button", name="Verify").click()
    expect(page.locator("#sentence")).to_contain_text("<img src=x onerror=alert(1)>")
    assert page.locator("#report img").count() == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_is_for_everybody(page: Page, scheme: str) -> None:
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    ask(page, PUBLISHED["receipts: whole stream as a list"].question)
    expect(page.locator("#report")).to_be_focused()
    assert Axe().run(page).response["violations"] == []


def test_without_scripts_it_says_that_it_verifies_nothing(browser: Browser, copy: Path) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(copy.as_uri())
    expect(page.get_by_text("nothing can be verified here")).to_be_visible()
    expect(page.locator("form")).to_be_hidden()
    context.close()
