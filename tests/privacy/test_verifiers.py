"""Erasures and outsiders: both verifiers accept what is left, and nobody guesses what is gone."""

from __future__ import annotations

import json
from dataclasses import replace
from random import Random
from typing import Any

import pytest

from receipts.models import Receipt
from receipts.selectors import disclosure_of, published_jwks, signed_form
from receipts.services.erasure import Actor, Ground, erase_subject
from receipts.signing.canonical import load_strict
from tests.factories import Cast, make_cast
from tests.privacy.conftest import Both
from tests.privacy.people import Told, tables_with, tell
from tests.verifiers.questions import Question

CASES = 2
PEOPLE = 4


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


@pytest.mark.case("RCP-30")
def test_both_verifiers_say_valid_and_erased_and_refuse_a_wrong_salt_or_value(cast: Cast, both: Both) -> None:
    alice = tell(cast, "alicecanary7391")
    receipt = Receipt.objects.get(decision_id=alice.step.answer["decision_id"], type="decision")
    asked = disclosed(receipt)
    assert both([asked]) == [(0, None)]
    opened: Any = json.loads(asked.disclosure or b"")
    path = "parameters/to"
    for wrong in ({"value": "eve@evil.example"}, {"salt": "0" * 64}):
        forged = replace(asked, disclosure=json.dumps(opened | {path: opened[path] | wrong}).encode())
        assert both([forged]) == [(2, "commitment_mismatch")]
    erase_subject(alice.subject, actor=Actor(login="operator"), ground=Ground.OBJECTION)
    receipt.refresh_from_db()
    assert both([disclosed(receipt)]) == [(6, None)]


@pytest.mark.parametrize("number", range(CASES))
def test_whoever_is_erased_the_log_verifies_nothing_of_them_is_found_and_the_rest_opens(
    cast: Cast, both: Both, number: int
) -> None:
    chance = Random(number)
    people = [tell(cast, f"canary{number}{name}{chance.randrange(10**6):06d}") for name in "abcd"[:PEOPLE]]
    erased = chance.sample(people, chance.randint(1, PEOPLE - 1))
    for told in erased:
        erase_subject(told.subject, actor=Actor(login="operator"), ground=Ground.OBJECTION)
    for told in people:
        stream = Receipt.objects.filter(stream=f"session/{told.session}").order_by("position")
        assert both([question(*stream)]) == [(0, None)]
        _holds(told, is_erased=told in erased, both=both)


def _holds(told: Told, *, is_erased: bool, both: Both) -> None:
    assert (tables_with(told.word) == []) is is_erased
    receipts = Receipt.objects.filter(payload__subject=told.subject).select_related("payload")
    assert receipts.exists()
    assert set(both([disclosed(receipt) for receipt in receipts])) == {(6 if is_erased else 0, None)}
