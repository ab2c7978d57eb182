"""The background verifier goes on: past what is missing, after what was acknowledged, and as fast as the log grows."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.db import connection

from aarm_site.diagnosis import sequencer_problem
from receipts.models import Alarm, AlarmCode, Chain, Checkpoint, LogEntry, LogWatch, Receipt, Unsequenced
from receipts.selectors.accounting import accounts
from receipts.selectors.keys import active_key_id, own_keys, published_keys, verify_own_checkpoint
from receipts.selectors.log import log_alarms, log_size
from receipts.selectors.stored import signature_fault
from receipts.selectors.unplaced import unplaced
from receipts.services import ends, missing, monitoring
from receipts.services.checkpoints import sign_due_checkpoint
from receipts.services.ends import find_lost_ends
from receipts.services.keys import signer_of
from receipts.services.missing import find_missing
from receipts.services.monitoring import ROUND_SLICES, slice_length, verify_everything, verify_slice
from receipts.services.recovery import acknowledge_alarm
from receipts.services.rotation import RevocationReason, revoke_key, rotate_key
from receipts.services.sequencing import sequence_waiting
from receipts.signing.checkpoint import sign_checkpoint
from receipts.signing.envelope import PAYLOAD_TYPE, pae
from receipts.signing.errors import UntrustedKeyError
from tests.factories import Cast, make_cast
from tests.integration.test_log import Move, allow, alter, say, signed, signed_after
from tests.web.tampering import tamper


@pytest.fixture
def cast(db: None, settings: LazySettings, tmp_path: Path) -> Cast:
    settings.AARM_CHECKPOINT_SINKS = [f"dir:{tmp_path / 'outside'}"]
    return make_cast()


def acknowledge() -> None:
    """Somebody knows about everything that is open."""
    for alarm in log_alarms():
        acknowledge_alarm(alarm.pk, actor="trent", reason="We looked into it.")


def opened() -> list[tuple[str, str]]:
    """What a whole round leaves open."""
    verify_everything()
    return list(log_alarms().values_list("code", "subject"))


def remove_leaves(first: int, last: int) -> None:
    alter("receipts_logentry", f"DELETE FROM receipts_logentry WHERE leaf_index BETWEEN {first} AND {last}")


@pytest.mark.case("RCP-24", "RCP-27")
@pytest.mark.parametrize(("chunk", "step"), [(1000, 2000), (3, 4), (1, 1)])
def test_a_missing_leaf_is_reported_once_and_everything_after_it_is_still_verified(
    cast: Cast, move_clock: Move, settings: LazySettings, monkeypatch: pytest.MonkeyPatch, chunk: int, step: int
) -> None:
    monkeypatch.setattr(monitoring, "CHUNK", chunk)
    settings.AARM_LOG_CHECK_RECEIPTS = step
    for _ in range(3):
        allow(cast)
        signed(move_clock)
    size = log_size()
    assert opened() == []
    remove_leaves(1, 2)
    while verify_slice() < size:
        pass
    (alarm,) = log_alarms()
    assert (alarm.code, alarm.subject, alarm.sentence) == ("INCONSISTENT", "leaf 1", "Leaves 1 to 2 are missing.")
    acknowledge()
    while verify_slice() < size:
        pass
    assert opened() == []
    victim = Receipt.objects.get(entry__leaf_index=size - 1)
    tamper(victim, tool="calendar")
    while verify_slice() < size:
        pass
    assert list(log_alarms().values_list("code", "subject")) == [("ALTERED", victim.pk)]


@pytest.mark.case("RCP-27")
def test_hashes_and_checkpoints_after_a_missing_leaf_are_still_compared(cast: Cast, move_clock: Move) -> None:
    allow(cast)
    signed(move_clock)
    allow(cast, count=9)
    last = signed(move_clock)
    remove_leaves(1, 1)
    assert opened() == [("INCONSISTENT", "leaf 1")]
    acknowledge()
    # The node over the first four leaves can't be computed any more; the checkpoints say that it is another one.
    alter("receipts_logentry", "UPDATE receipts_logentry SET nodes = nodes || nodes WHERE leaf_index = 0")
    alter("receipts_logentry", f"UPDATE receipts_logentry SET nodes = '\\x{'11' * 96}' WHERE leaf_index = 3")
    found = opened()
    assert {("INCONSISTENT", "leaf 0"), ("INCONSISTENT", "leaf 3"), ("INCONSISTENT", f"checkpoint {last.pk}")} <= set(
        found
    )
    acknowledge()
    assert opened() == []


@pytest.mark.parametrize("nodes", ["", "00" * 32, "00" * 96])
def test_a_leaf_whose_hashes_are_gone_is_an_alarm_and_no_end(cast: Cast, move_clock: Move, nodes: str) -> None:
    allow(cast, count=5)
    signed(move_clock)
    remove_leaves(1, 1)
    alter("receipts_logentry", f"UPDATE receipts_logentry SET nodes = '\\x{nodes}' WHERE leaf_index = 3")
    tamper(Receipt.objects.get(entry__leaf_index=3), tool="calendar")
    assert verify_slice() == log_size()
    assert ("INCONSISTENT", "leaf 3") in list(log_alarms().values_list("code", "subject"))


def test_a_leaf_with_an_absurd_place_does_not_keep_the_verifier_busy(cast: Cast, move_clock: Move) -> None:
    allow(cast, count=5)
    signed(move_clock)
    last = LogEntry.objects.order_by("pk").last()
    assert last is not None
    alter("receipts_logentry", f"UPDATE receipts_logentry SET leaf_index = {2**60} WHERE leaf_index = {last.pk}")
    assert verify_slice() == 2**60 + 1
    assert ("INCONSISTENT", f"leaf {last.pk}") in list(log_alarms().values_list("code", "subject"))


@pytest.mark.case("RCP-24")
def test_an_acknowledgement_holds_for_what_was_found_and_for_nothing_else(cast: Cast, move_clock: Move) -> None:
    victim = allow(cast)[0]
    signed(move_clock)
    altered = [("ALTERED", victim.pk)]
    tamper(victim, tool="calendar")
    assert opened() == altered
    acknowledge()
    assert [opened(), opened()] == [[], []], "What is known and stays as it is stays silent."
    tamper(victim, tool="payments")
    assert opened() == altered, "It was altered again."
    acknowledge()
    tamper(victim, tool=victim.tool)
    assert opened() == [], "It was restored."
    tamper(victim, tool="payments")
    assert opened() == altered, "It is as it was acknowledged, but it was sound in between."
    assert Alarm.objects.count() == 3


@pytest.mark.case("RCP-24")
def test_what_was_altered_again_while_it_waits_is_a_new_alarm_and_enters_the_log_once_it_is_restored(
    cast: Cast, move_clock: Move
) -> None:
    allow(cast)
    signed(move_clock)
    victim = allow(cast)[0]
    signature = bytes(victim.signature)
    tamper(victim, signature=b"0" * 64)
    sequence_waiting()
    acknowledge()
    tamper(victim, signature=b"1" * 64)
    sequence_waiting()
    assert list(log_alarms().values_list("code", "subject")) == [("ALTERED", victim.pk)]
    tamper(victim, signature=signature)
    acknowledge()
    signed(move_clock)
    assert opened() == []
    assert not Alarm.objects.filter(acknowledged_at=None).exists()


@pytest.mark.case("RCP-24")
def test_what_waits_altered_never_enters_the_log_and_everything_else_goes_on_once_somebody_knows(
    cast: Cast, move_clock: Move
) -> None:
    signed_after(cast, move_clock)
    victim, *_ = allow(cast, count=2)
    after = Receipt.objects.get(previous_digest=victim.digest)
    others = allow(cast)
    tamper(victim, body=bytes(victim.body).replace(b"ALLOW", b"DENY!"))
    sequence_waiting()
    assert not LogEntry.objects.filter(receipt__in=[after, *others]).exists(), "Nothing goes on unnoticed."
    acknowledge()
    note = signed(move_clock)
    assert not LogEntry.objects.filter(receipt=victim).exists()
    assert LogEntry.objects.filter(receipt__in=[after, *others]).count() == 1 + len(others)
    assert not Unsequenced.objects.exists(), "It would keep keys from being revoked."
    assert note.size == LogEntry.objects.count() == Receipt.objects.count() - 1
    find_missing()
    assert opened() == []
    assert [account.noun for account in accounts() if not account.is_even] == ["places in the log"]


def keep_out(victim: Receipt) -> None:
    """Takes it out of the queue, and dates the row back: nothing that was signed says so."""
    Unsequenced.objects.filter(receipt_id=victim.pk).delete()
    tamper(victim, issued_at=datetime(2020, 1, 1, tzinfo=UTC))


@pytest.mark.case("RCP-24")
def test_a_receipt_that_was_kept_out_of_the_log_and_dated_back_is_found_however_long_ago_that_was(
    cast: Cast, move_clock: Move
) -> None:
    allow(cast)
    signed(move_clock)
    victim = allow(cast)[-1]
    keep_out(victim)
    for _ in range(missing.CHECKPOINTS_BACK + 1):
        allow(cast, count=1)
        signed(move_clock)
    assert [account.missing or account.surplus for account in accounts() if not account.is_even] == [(victim.pk,)]
    assert find_missing() == 1
    assert list(log_alarms().values_list("code", "subject")) == [("ALTERED", victim.pk)]


@pytest.mark.case("RCP-24")
def test_every_receipt_is_looked_at_once_a_round_and_what_is_known_hides_nothing_behind_it(
    cast: Cast, move_clock: Move, settings: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(missing, "MOST_TOLD", 2)
    monkeypatch.setattr(missing, "CHECKPOINTS_BACK", 10**6)
    settings.AARM_LOG_CHECK_RECEIPTS = 4
    rows = sorted(allow(cast, count=9), key=lambda row: row.pk)
    for victim in rows[:5]:
        keep_out(victim)
    rounds = Receipt.objects.count()
    assert 1 <= max(find_missing() for _ in range(rounds)) <= 2
    assert set(log_alarms().values_list("subject", flat=True)) == {row.pk for row in rows[:5]}
    for alarm in log_alarms():
        acknowledge_alarm(alarm.pk, actor="trent", reason="We looked into it.")
    keep_out(rows[-1])
    for _ in range(rounds):
        find_missing()
    assert list(log_alarms().values_list("subject", flat=True)) == [rows[-1].pk]
    reached = [LogWatch.objects.get().next_receipt for _ in range(rounds) if find_missing() >= 0]
    assert "" in reached, "A new round begins after the last receipt."


def test_a_receipt_that_stands_in_the_queue_twice_has_one_place_and_holds_up_nothing(
    cast: Cast, move_clock: Move
) -> None:
    first, *_ = allow(cast)
    signed(move_clock)
    second, *_ = allow(cast)
    Unsequenced.objects.bulk_create([Unsequenced(receipt_id=row.pk) for row in (first, second, first)])
    sequence_waiting()
    assert not Unsequenced.objects.exists()
    assert log_size() == Receipt.objects.count()
    assert opened() == []


def cut_off(victim: Receipt) -> None:
    """The last receipt of its stream and its place in the queue: nothing else names it but the row of its chain."""
    Unsequenced.objects.filter(receipt_id=victim.pk).delete()
    alter("receipts_receipt", f"DELETE FROM receipts_receipt WHERE id = '{victim.pk}'")


def lost_in_a_round() -> list[int]:
    """How many ends each slice of a round found lost."""
    found = [find_lost_ends()]
    while LogWatch.objects.get().next_stream:
        found.append(find_lost_ends())
    return found


@pytest.mark.case("RCP-24")
def test_the_end_of_a_stream_that_the_log_never_heard_of_is_missed(cast: Cast, move_clock: Move) -> None:
    allow(cast)
    signed(move_clock)
    *_, before, victim = allow(cast)
    assert find_lost_ends() == 0
    cut_off(victim)
    sequence_waiting()
    find_missing()
    assert opened() == [], "Nothing else shows it."
    assert find_lost_ends() == 1
    assert opened() == [("ALTERED", victim.stream)]
    assert f"number {victim.position}, is gone" in log_alarms().get().sentence
    acknowledge()
    assert (find_lost_ends(), opened()) == (1, []), "One that is known stays silent."
    Chain.objects.filter(pk=victim.stream).update(length=before.position, head=before.digest)
    assert find_lost_ends() == 0
    Chain.objects.filter(pk=victim.stream).update(length=victim.position)
    assert (find_lost_ends(), opened()) == (1, [("ALTERED", victim.stream)]), "Another loss is another alarm."


@pytest.mark.case("RCP-24")
def test_every_chain_is_looked_at_once_a_round_and_many_that_lost_their_ends_hide_none(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, settings: LazySettings
) -> None:
    monkeypatch.setattr(ends, "MOST_TOLD", 2)
    monkeypatch.setattr(ends, "CHUNK", 1)
    settings.AARM_LOG_CHECK_RECEIPTS = 3
    victims = [allow(cast, count=1)[-1] for _ in range(5)]
    assert sum(lost_in_a_round()) == 0
    for victim in victims:
        cut_off(victim)
    told = lost_in_a_round()
    assert (sum(told), max(told)) == (5, 2)
    assert set(log_alarms().values_list("subject", flat=True)) == {victim.stream for victim in victims}


def test_looking_for_what_was_kept_out_reads_no_more_of_the_log_than_a_slice(cast: Cast) -> None:
    allow(cast, count=9)
    sequence_waiting()
    ids = sorted(Receipt.objects.values_list("pk", flat=True))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE receipts_receipt, receipts_logentry")
        cursor.execute("SET LOCAL enable_seqscan = off")
    plan = unplaced(after=ids[1], upto=ids[3]).order_by("pk").values_list("pk").explain()
    scans = plan.count("Index Cond: ((receipt_id") + plan.count("Index Cond: (((receipt_id")
    assert scans == plan.count("on receipts_logentry u0 ") == 1, plan


@pytest.mark.case("RCP-22", "RCP-24")
def test_a_revoked_key_vouches_for_nothing_that_came_after_its_end(cast: Cast, move_clock: Move) -> None:
    before = signed_after(cast, move_clock)
    revoked = str(active_key_id())
    stolen = signer_of(revoked)
    rotate_key()
    size = revoke_key(key_id=revoked, reason=RevocationReason.COMPROMISED)
    allow(cast)
    last = signed(move_clock)
    assert opened() == [], "What it had signed counts."
    assert verify_own_checkpoint(before.note, rows=published_keys()).size == before.size <= size
    said = say(last)
    for forged in (said, replace(said, signed_at=before.signed_at), replace(said, size=before.size)):
        with pytest.raises(UntrustedKeyError):
            verify_own_checkpoint(sign_checkpoint(forged, signer=stolen), rows=published_keys())
    # The thief writes the database too, and dates the checkpoint back: it would be the last one, and be gone on from.
    note = sign_checkpoint(replace(said, signed_at=before.signed_at), signer=stolen)
    alter("receipts_checkpoint", f"UPDATE receipts_checkpoint SET note = '{note}' WHERE id = {last.pk}")
    assert opened() == [("INCONSISTENT", f"checkpoint {last.pk}")]
    row = Receipt.objects.get(entry__leaf_index=said.size - 1)
    row.key_id, row.signature = revoked, stolen.sign(pae(PAYLOAD_TYPE, bytes(row.body)))
    assert "revoked" in signature_fault(row, keys=own_keys(), leaf_index=size)
    assert signature_fault(row, keys=own_keys(), leaf_index=before.size - 1) == "", "the control"


@pytest.mark.case("RCP-26")
def test_a_clock_that_was_ahead_stops_no_checkpoints_and_is_told(cast: Cast, move_clock: Move) -> None:
    allow(cast)
    signed(move_clock)
    assert sequencer_problem() == ""
    move_clock(86400)
    allow(cast)
    ahead = signed(move_clock)
    move_clock(-86400)
    assert sign_due_checkpoint() is None, "Nothing has come since."
    assert "look at the clock" in sequencer_problem()
    allow(cast)
    sequence_waiting()
    found = sign_due_checkpoint()
    assert found is not None
    assert (found.size, found.signed_at > ahead.signed_at) == (log_size(), True)
    assert opened() == []


@pytest.mark.case("RCP-27")
def test_a_checkpoint_whose_row_tells_another_time_is_an_alarm(cast: Cast, move_clock: Move) -> None:
    allow(cast)
    row = signed(move_clock)
    assert opened() == []
    alter("receipts_checkpoint", f"UPDATE receipts_checkpoint SET signed_at = '2199-01-01' WHERE id = {row.pk}")
    assert opened() == [("INCONSISTENT", f"checkpoint {row.pk}")]


@pytest.mark.case("RCP-27")
def test_a_checkpoint_that_is_altered_again_is_a_new_alarm(cast: Cast, move_clock: Move) -> None:
    allow(cast)
    last = signed(move_clock)
    for number in range(2):
        wrong = last.note.replace("/receipts\n", f"/receipts\n{number}", 1)
        alter("receipts_checkpoint", f"UPDATE receipts_checkpoint SET note = '{wrong}' WHERE id = {last.pk}")
        assert opened() == [("INCONSISTENT", f"checkpoint {last.pk}")]
        acknowledge()
        assert opened() == []
    alter("receipts_checkpoint", f"UPDATE receipts_checkpoint SET note = '{last.note}' WHERE id = {last.pk}")
    assert opened() == []
    assert {alarm.code for alarm in Alarm.objects.exclude(sound_at=None)} == {AlarmCode.INCONSISTENT}
    assert Checkpoint.objects.get(pk=last.pk).note == last.note


@pytest.mark.case("RCP-24")
def test_a_round_takes_less_than_five_minutes_up_to_a_million_receipts() -> None:
    every, minutes = 10, 5
    assert slice_length(0) == slice_length(50_000) == 2000
    for size in (1, 55_999, 56_001, 60_000, 100_000, 999_999, 1_000_000):
        slices = -(-size // slice_length(size))
        assert slices <= ROUND_SLICES
        assert slices * every < minutes * 60
    assert slice_length(10**9) == slice_length(2 * 10**6) <= 36_000, "A larger log doesn't take the whole processor."
