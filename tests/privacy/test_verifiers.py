"""Erasures and outsiders: both verifiers accept what is left, and nobody guesses what is gone."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pytest
from playwright.sync_api import sync_playwright

from receipts.models import Receipt
from receipts.selectors import disclosure_of, published_jwks, signed_form
from receipts.services.erasure import Actor, Ground, erase_subject
from receipts.signing.canonical import load_strict
from tests.conftest import BROWSER_FLAGS, chromium_path
from tests.factories import Cast, make_cast
from tests.privacy.people import Told, tables_with, tell
from tests.verifiers.javascript import JavaScriptVerifier, javascript_verifier
from tests.verifiers.python import python_verdict
from tests.verifiers.questions import Question, Verdict

CASES = 3
PEOPLE = 4


Ask = Callable[[Question], Verdict]


def _opened(stack: ExitStack) -> JavaScriptVerifier:
    playwright = stack.enter_context(sync_playwright())
    chromium = playwright.chromium.launch(executable_path=chromium_path(), args=list(BROWSER_FLAGS))
    stack.callback(chromium.close)
    return stack.enter_context(javascript_verifier(chromium))


@pytest.fixture(scope="module")
def javascript() -> Iterator[Ask]:
    """In a thread of its own: the browser's event loop would give this one another connection to the database."""
    stack = ExitStack()
    with ThreadPoolExecutor(1) as thread:
        verifier = thread.submit(_opened, stack).result()
        yield lambda asked: thread.submit(verifier.verdicts, [asked]).result()[0]
        thread.submit(stack.close).result()


@pytest.fixture
def cast(db: None) -> Cast:
    return make_cast()


def question(*receipts: Receipt, disclosure: Any = None) -> Question:
    told = None if disclosure is None else json.dumps(disclosure).encode()
    lines = "\n".join(json.dumps(signed_form(receipt)) for receipt in receipts)
    return Question(file=lines.encode(), keys=json.dumps(published_jwks()).encode(), disclosure=told)


def commitments_of(receipt: Receipt) -> dict[str, str]:
    document: Any = load_strict(bytes(receipt.body))
    found: dict[str, str] = document["body"].get("commitments", {})
    return found


def disclosed(receipt: Receipt) -> Question:
    opened = disclosure_of(receipt.payload, commitments=commitments_of(receipt))
    return question(receipt, disclosure=opened)


def both(asked: Question, *, javascript: Ask, folder: Path) -> Verdict:
    """The verdict on which both agree."""
    found = javascript(asked)
    assert found == python_verdict(asked, folder=folder)
    return found


@pytest.mark.case("RCP-30")
def test_both_verifiers_say_valid_and_erased_and_refuse_a_wrong_salt_or_value(
    cast: Cast, javascript: Ask, tmp_path: Path
) -> None:
    alice = tell(cast, "alicecanary7391")
    receipt = Receipt.objects.get(decision_id=alice.step.answer["decision_id"], type="decision")
    asked = disclosed(receipt)
    assert both(asked, javascript=javascript, folder=tmp_path) == (0, None)
    opened: Any = json.loads(asked.disclosure or b"")
    path = "parameters/to"
    for wrong in ({"value": "eve@evil.example"}, {"salt": "0" * 64}):
        forged = replace(asked, disclosure=json.dumps(opened | {path: opened[path] | wrong}).encode())
        assert both(forged, javascript=javascript, folder=tmp_path) == (2, "commitment_mismatch")
    erase_subject(alice.subject, actor=Actor(login="operator"), ground=Ground.OBJECTION)
    receipt.refresh_from_db()
    assert both(disclosed(receipt), javascript=javascript, folder=tmp_path) == (6, None)


@pytest.mark.parametrize("number", range(CASES))
def test_whoever_is_erased_the_log_verifies_nothing_of_them_is_found_and_the_rest_opens(
    cast: Cast, javascript: Ask, tmp_path: Path, number: int
) -> None:
    chance = Random(number)
    people = [tell(cast, f"canary{number}{name}{chance.randrange(10**6):06d}") for name in "abcd"[:PEOPLE]]
    erased = chance.sample(people, chance.randint(1, PEOPLE - 1))
    for told in erased:
        erase_subject(told.subject, actor=Actor(login="operator"), ground=Ground.OBJECTION)
    for told in people:
        stream = Receipt.objects.filter(stream=f"session/{told.session}").order_by("position")
        assert both(question(*stream), javascript=javascript, folder=tmp_path) == (0, None)
        _holds(told, is_erased=told in erased, javascript=javascript, folder=tmp_path)


def _holds(told: Told, *, is_erased: bool, javascript: Ask, folder: Path) -> None:
    assert (tables_with(told.word) == []) is is_erased
    receipts = Receipt.objects.filter(payload__subject=told.subject).select_related("payload")
    assert receipts.exists()
    for receipt in receipts:
        expected = (6 if is_erased else 0, None)
        assert both(disclosed(receipt), javascript=javascript, folder=folder) == expected
