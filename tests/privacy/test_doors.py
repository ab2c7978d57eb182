"""Values over HTTP: shown to those who may see them and on record, erased and held by admins."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from approvals.models import User
from receipts.models import Payload, Receipt
from receipts.selectors import published_jwks, signed_form
from receipts.services.erasure import PRIVACY_STREAM
from receipts.signing.canonical import load_strict
from tests.api.doors import Door, door_of, problem_of
from tests.factories import Cast, make_cast
from tests.privacy.people import Told, tables_with, tell
from tests.verifiers.python import python_verdict
from tests.verifiers.questions import Question

WORD = "alicecanary7391"


@pytest.fixture
def cast(db: None) -> Cast:
    return make_cast()


@pytest.fixture
def alice(cast: Cast) -> Told:
    return tell(cast, WORD)


@pytest.fixture
def trent(cast: Cast) -> Door:
    """The admin."""
    return door_of(cast.trent)


def approved(alice: Told) -> Receipt:
    return Receipt.objects.get(decision_id=alice.step.answer["decision_id"], type="decision")


def shown(door: Door, receipt: Receipt) -> dict[str, Any]:
    reply = door.get(f"/api/v1/receipts/{receipt.pk}/disclosure")
    assert reply.status_code == 200
    found: dict[str, Any] = reply.json()
    return found


def verdict(receipt: Receipt, told: dict[str, Any], *, folder: Path) -> object:
    keys, file = json.dumps(published_jwks()).encode(), json.dumps(signed_form(receipt)).encode()
    return python_verdict(Question(file=file, keys=keys, disclosure=json.dumps(told).encode()), folder=folder)


def erasing(alice: Told, **change: str) -> dict[str, str]:
    return {"subject": alice.subject, "confirm": alice.subject, "ground": "consent_withdrawn"} | change


def test_what_an_auditor_is_shown_opens_the_commitments_and_is_on_record(
    cast: Cast, alice: Told, tmp_path: Path
) -> None:
    receipt = approved(alice)
    answer = shown(door_of(cast.victor), receipt)
    assert answer["disclosure"]["parameters/to"]["value"] == f"{WORD}@partner.example"
    assert (answer["receipt"], answer["withheld"]) == (receipt.pk, [])
    assert verdict(receipt, answer["disclosure"], folder=tmp_path) == (0, None)
    said: Any = load_strict(bytes(Receipt.objects.filter(type="disclosure").latest("position").body))
    assert said["body"]["disclosure"] == {"receipt": receipt.pk}
    assert said["body"]["actor"] == {"person": cast.victor.person_id}


def test_a_reviewer_is_shown_what_they_saw_and_told_what_they_are_not(cast: Cast, alice: Told, tmp_path: Path) -> None:
    receipt = approved(alice)
    answer = shown(door_of(cast.bob), receipt)
    assert (list(answer["disclosure"]), answer["withheld"]) == (["parameters/to"], ["evaluation"])
    assert verdict(receipt, answer["disclosure"], folder=tmp_path) == (0, None)
    outcome = Receipt.objects.get(type="outcome")
    assert shown(door_of(cast.bob), outcome) == {"receipt": outcome.pk, "disclosure": {}, "withheld": ["output"]}


def test_to_ask_what_there_would_be_shows_nothing_and_leaves_nothing(cast: Cast, alice: Told) -> None:
    path = f"/api/v1/receipts/{approved(alice).pk}/disclosure"
    assert door_of(cast.victor).client.head(path).status_code == 405
    assert not Receipt.objects.filter(type="disclosure").exists()


def test_an_erasure_over_http_is_the_one_of_the_command(cast: Cast, alice: Told, trent: Door, tmp_path: Path) -> None:
    assert tables_with(WORD) != []
    made = trent.post("/api/v1/erasures", erasing(alice))
    assert made.status_code == 201
    assert (made.json()["subject"], made.json()["ground"]) == (alice.subject, "consent_withdrawn")
    assert tables_with(WORD) == []
    (listed,) = trent.get("/api/v1/erasures").json()["results"]
    assert made.json() == listed | {"is_still_named": False}
    receipt = approved(alice)
    answer = shown(door_of(cast.victor), receipt)
    assert set(answer["disclosure"].values()) == {None}
    assert verdict(receipt, answer["disclosure"], folder=tmp_path) == (6, None)


def test_an_erasure_over_http_says_that_an_open_account_keeps_its_name(cast: Cast, trent: Door) -> None:
    asked = {"subject": cast.bob.person_id, "confirm": cast.bob.person_id, "ground": "objection"}
    assert trent.post("/api/v1/erasures", asked).json()["is_still_named"] is True
    User.objects.filter(pk=cast.bob.pk).update(is_active=False)
    assert trent.post("/api/v1/erasures", asked).json()["is_still_named"] is False


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"confirm": "hum_other"}, "confirm"),
        ({"ground": "because"}, "ground"),
        ({"ground": "retention_ended"}, "ground"),
    ],
)
def test_an_erasure_that_is_not_confirmed_or_has_no_ground_changes_nothing(
    alice: Told, trent: Door, change: dict[str, str], param: str
) -> None:
    reply = trent.post("/api/v1/erasures", erasing(alice, **change))
    assert problem_of(reply, status=400, code="invalid_body")["param"] == param
    assert not Payload.objects.exclude(erased_at=None).exists()


@pytest.mark.case("PRV-03")
def test_a_hold_over_http_beats_an_erasure_until_it_is_released(alice: Told, trent: Door) -> None:
    held = trent.post("/api/v1/holds", {"subject": alice.subject, "reason": "A claim is pending."})
    assert (held.status_code, held.json()["what"]) == (201, "hold_placed")
    problem_of(trent.post("/api/v1/erasures", erasing(alice)), status=409, code="legal_hold")
    (hold,) = trent.get("/api/v1/holds").json()["results"]
    assert hold["subject"] == alice.subject
    released = trent.post(f"/api/v1/holds/{hold['id']}/release", {"reason": "Settled."})
    assert released.json()["what"] == "hold_released"
    problem_of(trent.post(f"/api/v1/holds/{hold['id']}/release", {"reason": "Again."}), status=404, code="not_found")
    assert trent.post("/api/v1/erasures", erasing(alice)).status_code == 201
    stream = Receipt.objects.filter(stream=PRIVACY_STREAM)
    assert [b"A claim" in bytes(row.body) for row in stream] == [False, False, False]


def test_what_is_kept_about_a_person_is_handed_out_to_admins_alone_and_on_record(
    cast: Cast, alice: Told, trent: Door
) -> None:
    path = f"/api/v1/subjects/{alice.subject}/export"
    for person in (cast.victor, cast.bob, cast.peggy):
        assert door_of(person).post(path, {}).status_code == 403
    assert not Receipt.objects.filter(type="disclosure").exists()
    lines = [json.loads(line) for line in b"".join(trent.post(path, {})).splitlines()]
    assert lines[0]["subject"] == alice.subject
    values = [line["values"] for line in lines if line["kind"] == "values"]
    assert len(values) == Payload.objects.filter(subject=alice.subject).count()
    assert WORD in json.dumps(values)
    (shown,) = [load_strict(bytes(row.body)) for row in Receipt.objects.filter(type="disclosure")]
    said: Any = shown
    assert said["body"]["disclosure"] == {"subject": alice.subject}
    assert said["body"]["actor"] == {"person": cast.trent.person_id}


def test_of_an_erased_person_nothing_is_left_to_hand_out_but_that_there_was(
    cast: Cast, alice: Told, trent: Door
) -> None:
    assert trent.post("/api/v1/erasures", erasing(alice)).status_code == 201
    reply = trent.post(f"/api/v1/subjects/{alice.subject}/export", {})
    told = b"".join(reply)
    assert WORD.encode() not in told
    lines = [json.loads(line) for line in told.splitlines()]
    assert {line["values"] for line in lines if line["kind"] == "values"} == {None}
    # The skeleton stays: that there were sessions, and which receipts tell of them.
    assert {"subject", "session", "receipt", "values"} <= {line["kind"] for line in lines}
    problem_of(trent.post("/api/v1/subjects/hum_nobody/export", {}), status=404, code="not_found")
