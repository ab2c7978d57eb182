"""What the receipt page hands to the browser that verifies it, and to whom."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.test import Client

from receipts.models import Receipt
from receipts.selectors import envelope_of
from receipts.services.checkpoints import sign_due_checkpoint
from receipts.services.publication import publish_due_copies
from receipts.services.sequencing import sequence_waiting
from receipts.signing.canonical import sha256_digest
from receipts.signing.envelope import Envelope
from receipts.signing.statement import parse_statement
from tests.factories import Cast, StepUp, open_step_up, vote
from tests.web.reading import read, signed_in


@pytest.fixture
def step(cast: Cast) -> StepUp:
    step = open_step_up(cast)
    vote(step, cast.bob)
    return step


def of_kind(step: StepUp, kind: str) -> Receipt:
    return Receipt.objects.get(decision_id=step.answer["decision_id"], type=kind)


def evidence(client: Client, receipt: Receipt) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(client.get(f"/r/{receipt.pk}/evidence.json").content)
    return found


@pytest.mark.case("RCP-34")
def test_the_page_says_which_places_outside_have_a_checkpoint_and_which_have_none_yet(
    step: StepUp, victor: Client, settings: LazySettings, tmp_path: Path
) -> None:
    (tmp_path / "blocked").write_text("not a folder")
    settings.AARM_CHECKPOINT_SINKS = [f"dir:{tmp_path / 'copies'}", f"dir:{tmp_path / 'blocked'}"]
    path = f"/r/{of_kind(step, 'vote').pk}"
    before = read(victor.get(path)).by_id("anchors")
    assert before.text.count("A folder outside the database: not yet anchored.") == 2
    sequence_waiting()
    sign_due_checkpoint()
    publish_due_copies()
    after = read(victor.get(path)).by_id("anchors")
    assert [len(after.of_class(f"check--{state}")) for state in ("passed", "skipped")] == [1, 1]
    assert "A folder outside the database has had one since" in after.text


def test_the_envelope_and_the_one_before_it_are_handed_out_as_signed(step: StepUp, victor: Client) -> None:
    decision, given = of_kind(step, "decision"), of_kind(step, "vote")
    first, second = evidence(victor, decision), evidence(victor, given)
    assert first["previous"] is None
    assert Envelope.from_dict(second["envelope"]).digest == given.digest
    assert Envelope.from_dict(second["previous"]) == envelope_of(decision)


def test_the_proof_is_there_as_soon_as_a_checkpoint_covers_the_receipt(step: StepUp, victor: Client) -> None:
    receipt = of_kind(step, "vote")
    assert evidence(victor, receipt)["proof"] is None
    sequence_waiting()
    sign_due_checkpoint()
    proof = evidence(victor, receipt)["proof"]
    assert set(proof) == {"inclusion", "checkpoint"}
    assert proof["inclusion"]["tree_size"] == Receipt.objects.count()


def test_the_entry_that_a_receipt_names_is_handed_out_as_the_bytes_of_its_digest(step: StepUp, victor: Client) -> None:
    receipt = of_kind(step, "vote")
    named = parse_statement(bytes(receipt.body)).body["context"]
    assert isinstance(named, dict)
    context = evidence(victor, receipt)["context"]
    assert sha256_digest(context.encode()) == named["head"]
    published = Receipt.objects.get(type="policy_published")
    assert evidence(victor, published)["context"] is None


def test_only_those_who_may_see_a_receipt_get_its_evidence(cast: Cast, step: StepUp) -> None:
    path = f"/r/{of_kind(step, 'decision').pk}/evidence.json"
    people = (cast.bob, cast.carol, cast.mallory, cast.victor, cast.peggy)
    answers = {person.username: signed_in(person).get(path).status_code for person in people}
    assert answers == {"bob": 200, "carol": 404, "mallory": 404, "victor": 200, "peggy": 403}
    assert Client().get(path).status_code in (302, 401, 403)
