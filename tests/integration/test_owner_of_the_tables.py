"""What somebody can do who owns the tables and has no private key: the background verifier and `verify` notice it."""

from __future__ import annotations

import io
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.core.management import call_command

from decisions.models import Session
from receipts.clock import database_now
from receipts.models import Alarm, CheckpointCopy, Payload, PublishedKey, SubjectKey
from receipts.selectors import check_receipt
from receipts.selectors.key_history import key_faults, trusted_keys
from receipts.selectors.keys import active_key_id
from receipts.selectors.log import log_alarms
from receipts.selectors.subject_keys import forget_keys
from receipts.services.erasure import Actor, Ground, erase_subject
from receipts.services.publication import publish_due_copies
from receipts.services.recovery import acknowledge_alarm
from receipts.services.retention import end_retention
from receipts.services.rotation import RevocationReason, revoke_key, rotate_key
from receipts.signing.jwk import History, jwk_of
from receipts.signing.keys import SigningKey
from receipts.signing.statement import ReceiptType
from receipts.tasks import watch_log
from tests.factories import Cast, begin_session, make_cast
from tests.integration.test_key_revocation import forged
from tests.integration.test_log import Move, allow, signed, signed_after
from tests.web.tampering import tamper

pytestmark = pytest.mark.case("RCP-24")
THEIRS = SigningKey.from_seed(b"\x11" * 32)


@pytest.fixture
def cast(db: None, settings: LazySettings, tmp_path: Path) -> Cast:
    settings.AARM_CHECKPOINT_SINKS = [f"dir:{tmp_path / 'outside'}"]
    settings.AARM_SIGNING_KEY_PATH = tmp_path / "keys" / "signing-key.pem"
    return make_cast()


def verified() -> list[tuple[str, str]]:
    """What a whole look leaves open, as the command says: it fails exactly where something is."""
    code = 0
    try:
        call_command("receipts", "verify", stdout=io.StringIO())
    except SystemExit as end:
        code = int(end.code or 0)
    found = list(log_alarms().values_list("code", "subject"))
    assert code == bool(found)
    return found


def add_their_key() -> str:
    """A published key that was never introduced, older than ours so that ours goes on signing."""
    at = database_now() - timedelta(days=1)
    jwk = jwk_of(THEIRS.public, history=History(at))
    PublishedKey.objects.create(key_id=THEIRS.key_id, jwk=jwk, created_at=at)
    return THEIRS.key_id


@pytest.mark.case("RCP-21")
def test_every_change_of_keys_that_commands_make_is_borne_out_by_receipts(cast: Cast, move_clock: Move) -> None:
    assert key_faults() == []
    signed_after(cast, move_clock)
    first = active_key_id() or ""
    second = rotate_key().new
    revoke_key(key_id=first, reason=RevocationReason.COMPROMISED)
    rotate_key(is_old_lost=True)
    rotate_key()
    signed_after(cast, move_clock)
    assert verified() == []
    assert {key.key_id for key in trusted_keys()} == set(PublishedKey.objects.values_list("pk", flat=True))
    assert {first, second} < {key.key_id for key in trusted_keys()}


@pytest.mark.case("RCP-21")
def test_a_key_that_no_trusted_key_introduced_is_an_alarm(cast: Cast, move_clock: Move) -> None:
    signed_after(cast, move_clock)
    key_id = add_their_key()
    assert verified() == [("KEY", key_id)]
    # Nor does one that introduces itself, in a receipt that the log has.
    assert THEIRS.key_id not in {key.key_id for key in trusted_keys()}
    PublishedKey.objects.filter(pk=key_id).delete()
    assert key_faults() == []


@pytest.mark.case("RCP-22")
@pytest.mark.parametrize("change", ["revoked_at", "revoked_size", "retired_size", "retired_at", "created_at", "row"])
def test_an_end_of_a_key_that_is_taken_back_or_moved_is_an_alarm(cast: Cast, move_clock: Move, change: str) -> None:
    signed_after(cast, move_clock)
    rotate_key()
    key_id = rotate_key().old
    revoke_key(key_id=key_id, reason=RevocationReason.COMPROMISED)
    signed_after(cast, move_clock)
    assert verified() == []
    row = PublishedKey.objects.filter(pk=key_id)
    if change == "row":
        row.delete()
    elif change in {"revoked_size", "retired_size"}:
        row.update(jwk={**row.get().jwk, change: 1_000_000})
    elif change == "created_at":
        row.update(created_at=database_now() - timedelta(days=9))
    else:
        row.update(**{change: None})
    found = verified()
    assert ("KEY", key_id) in found
    # Of a key that is gone what it signed is missed as well.
    assert change == "row" or [code for code, _ in found].count("KEY") == 1


def test_an_acknowledgement_that_no_receipt_says_is_none(cast: Cast, move_clock: Move) -> None:
    signed_after(cast, move_clock)
    victim = allow(cast)[0]
    signed(move_clock)
    tamper(victim, tool="other.tool")
    assert verified() == [("ALTERED", victim.pk)]
    Alarm.objects.update(acknowledged_at=database_now())
    assert verified() == [("ALTERED", victim.pk)], "a row that was written is no acknowledgement"
    # The control: an operator's word is signed, holds, and holds for nothing but what was found.
    for alarm in log_alarms():
        acknowledge_alarm(alarm.pk, actor="trent", reason="We looked into it.")
    assert verified() == []
    tamper(victim, tool="a.third")
    assert verified() == [("ALTERED", victim.pk)]
    newest = Alarm.objects.latest("pk")
    known = Alarm.objects.filter(acknowledged_at__isnull=False).latest("pk")
    newest.delete()
    Alarm.objects.filter(pk=known.pk).update(found=newest.found)
    assert verified() == [("ALTERED", victim.pk)], "what was found is part of what was signed"


def test_an_acknowledgement_under_a_key_of_their_own_is_none(cast: Cast, move_clock: Move) -> None:
    signed_after(cast, move_clock)
    key_id = add_their_key()
    assert verified() == [("KEY", key_id)]
    alarm = Alarm.objects.get()
    at = database_now()
    entry = {"code": alarm.code, "subject": alarm.subject, "found": alarm.found}
    body = {"recovery": {"alarms": [entry]}}
    forged(THEIRS, issued_at=at, stream="system/log", type=ReceiptType.RECOVERY, body=body)
    Alarm.objects.update(acknowledged_at=at)
    assert ("KEY", key_id) in verified()


@pytest.mark.case("PRV-03")
@pytest.mark.parametrize("loss", ["content", "content and time", "key"])
def test_values_that_are_gone_without_an_erasure_are_an_alarm_and_no_erasure(
    cast: Cast, move_clock: Move, loss: str
) -> None:
    receipts = allow(cast)
    signed(move_clock)
    victim = receipts[1]
    rows = Payload.objects.filter(pk=victim.payload_id)
    if loss == "key":
        SubjectKey.objects.filter(pk=rows.get().key_id).delete()
        forget_keys()
    else:
        times = {"erased_at": database_now() - timedelta(days=1)} if loss == "content and time" else {}
        rows.update(content=None, **times)
    found = verified()
    assert ("VALUES", victim.pk) in found
    assert len(found) == (len(receipts) if loss == "key" else 1)
    victim.refresh_from_db()
    why = [check.sentence for check in check_receipt(victim) if not check.is_good]
    assert why == ["The values are gone, and no receipt of an erasure says why."]


@pytest.mark.case("PRV-03")
def test_values_given_to_somebody_who_was_erased_are_missed_all_the_same(cast: Cast, move_clock: Move) -> None:
    victim = allow(cast)[0]
    alone = begin_session(cast, human="charlie@corp.example")
    subject = Session.objects.get(pk=alone).human_id or ""
    signed(move_clock)
    erase_subject(subject, actor=Actor(login="operator"), ground=Ground.OBJECTION)
    rows = Payload.objects.filter(pk=victim.payload_id)
    rows.update(content=None, erased_at=database_now() - timedelta(days=1), subject=subject)
    assert verified() == [("VALUES", victim.pk)]


@pytest.mark.case("PRV-03", "PRV-04")
def test_what_erasures_and_the_end_of_retention_took_is_accounted_for(cast: Cast, move_clock: Move) -> None:
    first = allow(cast)[0]
    subject = Session.objects.get(pk=first.session_id).human_id or ""
    erase_subject(subject, actor=Actor(login="operator"), ground=Ground.OBJECTION)
    allow(cast)
    end_retention("2999-01", actor=Actor(login="operator"))
    signed(move_clock)
    Payload.objects.exclude(erased_at=None).update(erased_at=database_now() - timedelta(days=1))
    assert not Payload.objects.exclude(content=None).filter(subject__startswith="hum_").exists()
    assert verified() == []


@pytest.mark.case("RCP-34")
def test_a_copy_that_a_place_outside_does_not_have_is_an_alarm_whatever_the_row_says(
    cast: Cast, move_clock: Move, tmp_path: Path
) -> None:
    signed_after(cast, move_clock)
    assert publish_due_copies() == 1
    signed_after(cast, move_clock)
    CheckpointCopy.objects.filter(published_at=None).update(published_at=database_now())
    move_clock(120)
    assert [code for code, _ in verified()] == ["COPIES"]
    # The worker looks as well, and says the same once.
    watch_log()
    assert log_alarms().count() == 1
