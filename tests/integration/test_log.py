"""The log: every receipt gets its place and its checkpoint, and what was altered is found before it is vouched for."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.core.management import call_command
from django.db import IntegrityError, connection

from aarm_site.diagnosis import checkpoint_folder_problem, copies_problem, sequencer_problem
from aarm_site.health import CHECKS
from receipts.exporters.logfile import log_lines
from receipts.models import Alarm, AlarmCode, Checkpoint, CheckpointCopy, LogEntry, LogWatch, Receipt, Unsequenced
from receipts.problems import ProblemError
from receipts.selectors import published_jwks
from receipts.selectors.accounting import Account, accounts
from receipts.selectors.keys import own_keys
from receipts.selectors.log import consistency_proof, newest_checkpoint, proof_of
from receipts.services.checkpoints import sign_due_checkpoint
from receipts.services.monitoring import verify_everything, verify_slice
from receipts.services.publication import publish_due_copies
from receipts.services.recovery import acknowledge_alarm
from receipts.services.sequencing import sequence_waiting
from receipts.signing.__main__ import main
from receipts.signing.checkpoint import Checkpoint as Said
from receipts.signing.checkpoint import read_checkpoint, verify_checkpoint
from receipts.tasks import keep_log, watch_log
from tests.factories import Cast, begin_session, decide, make_cast
from tests.integration.scenario import busy_session
from tests.web.tampering import GUARD, tamper

Move = Callable[[float], None]


@pytest.fixture
def outside(settings: LazySettings, tmp_path: Path) -> Path:
    """The folder of checkpoints."""
    folder = tmp_path / "outside"
    settings.AARM_CHECKPOINT_SINKS = [f"dir:{folder}"]
    return folder


@pytest.fixture
def cast(db: None, outside: Path) -> Cast:
    return make_cast()


def allow(cast: Cast, *, count: int = 3) -> list[Receipt]:
    """Decisions of one session; their receipts."""
    session = begin_session(cast)
    for number in range(count):
        decide(cast, session, "email.send", parameters={"to": f"someone{number}@corp.example", "body": "Hello."})
    return list(Receipt.objects.filter(stream=f"session/{session}").order_by("position"))


def say(checkpoint: Checkpoint | None) -> Said:
    """What a checkpoint says, verified."""
    assert checkpoint is not None
    return verify_checkpoint(checkpoint.note, keys=own_keys())


def signed(move_clock: Move) -> Checkpoint:
    """Sequences what waits, and lets a checkpoint become due."""
    sequence_waiting()
    move_clock(11)
    found = sign_due_checkpoint()
    assert found is not None
    return found


def verify(folder: Path, lines: Iterator[bytes], *options: str, capsys: Any) -> dict[str, Any]:
    """The offline verifier's report on a log file."""
    (folder / "keys.json").write_text(json.dumps(published_jwks()))
    (folder / "log.jsonl").write_bytes(b"".join(lines))
    main(["verify", "--json", "--keys", str(folder / "keys.json"), *options, str(folder / "log.jsonl")])
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def alter(table: str, statement: str) -> None:
    """What the owner of a table of facts could do to it."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(f'ALTER TABLE "{table}" DISABLE TRIGGER {GUARD}')
        # Foreign keys don't hold for who replicates.
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(statement)
        cursor.execute("SET LOCAL session_replication_role = origin")
        cursor.execute(f'ALTER TABLE "{table}" ENABLE ALWAYS TRIGGER {GUARD}')


def test_every_receipt_waits_for_its_place_from_the_moment_of_its_commit(cast: Cast) -> None:
    receipts = allow(cast)
    assert set(Unsequenced.objects.values_list("receipt_id", flat=True)) >= {row.pk for row in receipts}
    assert Unsequenced.objects.count() == Receipt.objects.count()
    assert sequence_waiting() == Receipt.objects.count()
    assert not Unsequenced.objects.exists()
    places = [row.entry.leaf_index for row in receipts]
    assert places == sorted(places)
    assert sorted(LogEntry.objects.values_list("pk", flat=True)) == list(range(Receipt.objects.count()))


def test_a_checkpoint_is_signed_in_time_and_a_quiet_log_signs_rarely(
    cast: Cast, move_clock: Move, settings: LazySettings
) -> None:
    assert sign_due_checkpoint() is None
    allow(cast)
    sequence_waiting()
    first = say(sign_due_checkpoint())
    assert (first.size, first.origin) == (Receipt.objects.count(), f"{settings.AARM_DEPLOYMENT}/receipts")
    allow(cast)
    sequence_waiting()
    assert sign_due_checkpoint() is None
    move_clock(settings.AARM_CHECKPOINT_SECONDS)
    second = say(sign_due_checkpoint())
    assert second.size == Receipt.objects.count()
    proof = consistency_proof(first.size, size=second.size)
    proof.require(first, later=second)
    move_clock(settings.AARM_CHECKPOINT_IDLE_SECONDS - 1)
    assert sign_due_checkpoint() is None
    move_clock(1)
    again = say(sign_due_checkpoint())
    assert (again.size, again.root) == (second.size, second.root)
    assert again.signed_at > second.signed_at


def test_every_receipt_has_a_proof_that_an_outsider_can_check(cast: Cast, move_clock: Move) -> None:
    receipts = allow(cast, count=9)
    with pytest.raises(ProblemError) as caught:
        proof_of(receipts[0].pk)
    assert (caught.value.code, caught.value.status) == ("not_logged_yet", 409)
    said = say(signed(move_clock))
    for row in Receipt.objects.all():
        proof, checkpoint = proof_of(row.pk)
        assert say(checkpoint) == said
        proof.require(row.digest, checkpoint=said)


def test_the_exported_log_verifies_offline_against_a_copy_that_was_taken_early(
    cast: Cast, move_clock: Move, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    busy_session(cast)
    kept = tmp_path / "kept.note"
    kept.write_text(signed(move_clock).note)
    allow(cast)
    newest = signed(move_clock)
    report = verify(tmp_path, log_lines(newest), "--checkpoint", str(kept), capsys=capsys)
    assert (report["verdict"], report["count"]) == ("valid", Receipt.objects.count())
    assert report["compared_sizes"] == [read_checkpoint(kept.read_text()).size]
    part = verify(tmp_path, log_lines(newest, start=5), "--without-signatures", capsys=capsys)
    assert (part["verdict"], part["start"], part["signatures_verified"]) == ("valid", 5, False)


@pytest.mark.case("RCP-24")
@pytest.mark.parametrize("column", ["body", "signature"])
def test_a_bit_that_flips_while_a_receipt_waits_keeps_it_out_of_the_log(
    cast: Cast, move_clock: Move, column: str
) -> None:
    before = say(signed_after(cast, move_clock))
    victim = allow(cast)[1]
    data = bytes(getattr(victim, column))
    tamper(victim, **{column: data[:-3] + bytes([data[-3] ^ 1]) + data[-2:]})
    keep_log()
    (alarm,) = Alarm.objects.all()
    assert (alarm.code, alarm.subject, alarm.is_halting) == (AlarmCode.ALTERED, victim.pk, False)
    assert not LogEntry.objects.filter(receipt=victim).exists()
    move_clock(1000)
    assert sign_due_checkpoint() is None
    assert say(newest_checkpoint()) == before


@pytest.mark.case("RCP-24", "RCP-27")
@pytest.mark.parametrize("position", [1, 2, 3])
def test_a_receipt_that_is_taken_out_of_the_queue_is_missed(cast: Cast, move_clock: Move, position: int) -> None:
    signed_after(cast, move_clock)
    victim = allow(cast)[position - 1]
    Unsequenced.objects.filter(receipt_id=victim.pk).delete()
    keep_log()
    watch_log()
    after = Receipt.objects.filter(stream=victim.stream, position=position + 1).first()
    assert {alarm.subject for alarm in Alarm.objects.all()} == {victim.pk, *([after.pk] if after else [])}
    assert not LogEntry.objects.filter(receipt=after).exists()
    move_clock(1000)
    assert sign_due_checkpoint() is None


def signed_after(cast: Cast, move_clock: Move) -> Checkpoint:
    """The control: a checkpoint of a log in order."""
    allow(cast)
    return signed(move_clock)


@pytest.mark.case("RCP-24")
def test_a_bit_that_flips_before_the_checkpoint_is_not_signed_for(cast: Cast, move_clock: Move) -> None:
    signed_after(cast, move_clock)
    victim = allow(cast)[0]
    sequence_waiting()
    tamper(victim, body=bytes(victim.body).replace(b"someone", b"somenoe"))
    tamper(victim, digest="sha256:" + "0" * 64)
    tamper(victim, body=bytes(victim.body)[:-1] + b" ")
    move_clock(1000)
    assert sign_due_checkpoint() is None
    assert [alarm.subject for alarm in Alarm.objects.all()] == [victim.pk]


@pytest.mark.case("RCP-20", "RCP-24", "RCP-27")
@pytest.mark.parametrize(
    "change", [{"tool": "calendar"}, {"agent_id": "agt_other"}, {"body": b"{}"}, {"signature": b"0" * 64}]
)
def test_the_background_verifier_finds_what_was_altered_later(
    cast: Cast, move_clock: Move, change: dict[str, Any]
) -> None:
    signed_after(cast, move_clock)
    victim = allow(cast)[1]
    before = signed(move_clock)
    assert verify_everything() == Receipt.objects.count()
    assert not Alarm.objects.exists()
    tamper(victim, **change)
    verify_slice()
    assert [(alarm.code, alarm.subject) for alarm in Alarm.objects.all()] == [(AlarmCode.ALTERED, victim.pk)]
    allow(cast)
    sequence_waiting()
    move_clock(1000)
    assert sign_due_checkpoint() is None
    assert newest_checkpoint() == before


@pytest.mark.case("RCP-27")
def test_a_receipt_that_was_deleted_is_missed(cast: Cast, move_clock: Move) -> None:
    signed_after(cast, move_clock)
    victim = allow(cast)[2]
    signed(move_clock)
    alter("receipts_receipt", f"DELETE FROM receipts_receipt WHERE id = '{victim.pk}'")
    verify_everything()
    assert [alarm.code for alarm in Alarm.objects.all()] == [AlarmCode.INCONSISTENT]
    uneven = {account.noun: account for account in accounts() if not account.is_even}
    assert uneven["places in chains"].missing == (victim.stream,)
    assert uneven["decisions"].missing == (victim.decision_id,)


def test_a_log_whose_stored_hashes_were_rewritten_gets_no_signature(cast: Cast, move_clock: Move) -> None:
    last = signed_after(cast, move_clock)
    allow(cast)
    sequence_waiting()
    alter(
        "receipts_logentry", f"UPDATE receipts_logentry SET nodes = '\\x{'00' * 32}' WHERE leaf_index = {last.size - 1}"
    )
    move_clock(1000)
    assert sign_due_checkpoint() is None
    assert [alarm.code for alarm in Alarm.objects.all()] == [AlarmCode.INCONSISTENT]
    assert newest_checkpoint() == last


def test_a_checkpoint_that_was_altered_is_found(cast: Cast, move_clock: Move) -> None:
    last = signed_after(cast, move_clock)
    alter(
        "receipts_checkpoint",
        f"UPDATE receipts_checkpoint SET note = replace(note, 'time', 'tide') WHERE id = {last.pk}",
    )
    verify_everything()
    assert [alarm.code for alarm in Alarm.objects.all()] == [AlarmCode.INCONSISTENT]


def test_rounds_begin_again_and_remember_how_far_they_came(
    cast: Cast, move_clock: Move, settings: LazySettings
) -> None:
    allow(cast, count=8)
    signed(move_clock)
    size = Receipt.objects.count()
    settings.AARM_LOG_CHECK_RECEIPTS = step = size // 2 - 1
    assert [verify_slice() for _ in range(3)] == [step, 2 * step, size]
    assert LogWatch.objects.get().round_ended_at is None
    assert verify_slice() == step
    assert LogWatch.objects.get().round_ended_at is not None
    assert not Alarm.objects.exists()


def test_an_acknowledged_alarm_lets_the_log_go_on(cast: Cast, move_clock: Move) -> None:
    signed_after(cast, move_clock)
    victim = allow(cast)[1]
    tamper(victim, signature=b"0" * 64)
    keep_log()
    alarm = Alarm.objects.get()
    receipt = acknowledge_alarm(alarm.pk, actor="trent", reason="We looked into it.")
    assert (receipt.type, receipt.stream) == ("recovery", "system/log")
    assert b"We looked" not in bytes(receipt.body)
    said = say(signed(move_clock))
    assert said.size == Receipt.objects.count() - 1, "What was altered is not vouched for."
    verify_everything()
    assert not Alarm.objects.filter(acknowledged_at=None).exists()


@pytest.mark.case("RCP-34")
def test_a_place_that_is_down_only_delays_its_own_copies(
    cast: Cast, move_clock: Move, outside: Path, settings: LazySettings, tmp_path: Path
) -> None:
    blocked = tmp_path / "blocked"
    blocked.write_text("not a folder")
    settings.AARM_CHECKPOINT_SINKS = [f"dir:{outside}", f"dir:{blocked}"]
    checkpoint = signed_after(cast, move_clock)
    assert publish_due_copies() == 1
    (late,) = CheckpointCopy.objects.filter(published_at=None)
    assert (late.sink, late.attempts) == (f"dir:{blocked}", 1)
    assert "can't be written" in late.why_not
    assert publish_due_copies() == 0
    blocked.unlink()
    move_clock(3)
    assert publish_due_copies() == 1
    (found,) = outside.rglob("*.note")
    assert found.read_text() == checkpoint.note
    assert not CheckpointCopy.objects.filter(published_at=None).exists()


@pytest.mark.case("RCP-10")
def test_the_database_refuses_a_second_receipt_after_the_same_predecessor(cast: Cast) -> None:
    receipts = allow(cast)
    twin = Receipt.objects.get(pk=receipts[1].pk)
    twin.pk, twin.digest, twin.position = "rct_twin", "sha256:" + "0" * 64, 99
    with pytest.raises(IntegrityError, match="receipt_no_fork"):
        twin.save(force_insert=True)


def uneven(found: list[Account]) -> list[str]:
    return [account.noun for account in found if not account.is_even]


@pytest.mark.case("RCP-28")
def test_facts_and_receipts_agree_exactly_and_a_gap_is_named(cast: Cast, move_clock: Move) -> None:
    busy_session(cast)
    sequence_waiting()
    allow(cast)
    found = accounts()
    assert uneven(found) == []
    owed = {account.noun for account in found if account.owed}
    assert owed >= {"decisions", "votes", "claims", "outcomes", "endings of approvals", "published policies"}
    victim = Receipt.objects.filter(type="vote").first()
    assert victim is not None
    tamper(victim, type="claim")
    wrong = {account.noun: account for account in accounts() if not account.is_even}
    assert set(wrong) == {"votes", "claims"}
    assert wrong["votes"].missing == (victim.approval_id,)
    assert wrong["claims"].surplus


def test_the_command_tells_how_the_log_stands(
    cast: Cast, move_clock: Move, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    allow(cast)
    call_command("receipts", "keep")
    call_command("receipts", "verify")
    call_command("receipts", "account")
    call_command("receipts", "export-log", str(tmp_path / "log.jsonl"))
    told = capsys.readouterr().out
    count = Receipt.objects.count()
    assert f"{count} sequenced" in told
    assert f"{count} receipts computed again." in told
    assert "uneven" not in told
    assert len((tmp_path / "log.jsonl").read_bytes().splitlines()) == count + 1
    tamper(Receipt.objects.order_by("pk")[0], signature=b"0" * 64)
    with pytest.raises(SystemExit):
        call_command("receipts", "verify")


def test_doctor_and_readyz_say_what_stands_against_the_log(
    cast: Cast, move_clock: Move, settings: LazySettings, tmp_path: Path, outside: Path
) -> None:
    (log,) = (check.problem for check in CHECKS if check.name == "log")
    assert (sequencer_problem(), copies_problem(), log()) == ("", "", "")
    victim = allow(cast)[0]
    move_clock(21)
    assert "still waits for its place in the log" in sequencer_problem()
    (tmp_path / "blocked").write_text("not a folder")
    settings.AARM_CHECKPOINT_SINKS = [f"dir:{tmp_path / 'blocked'}"]
    sequence_waiting()
    sign_due_checkpoint()
    publish_due_copies()
    assert "can't be written" in copies_problem()
    tamper(victim, signature=b"0" * 64)
    tamper(allow(cast)[0], signature=b"0" * 64)
    keep_log()
    verify_everything()
    assert log().endswith("There are more: ./run receipts log.")


def test_the_doctor_sees_copies_that_lie_beside_the_database(
    cast: Cast, settings: LazySettings, tmp_path: Path, outside: Path
) -> None:
    outside.mkdir()
    with connection.cursor() as cursor:
        cursor.execute("SHOW data_directory")
        data = Path(cursor.fetchone()[0])
    is_same = data.stat().st_dev == outside.stat().st_dev
    assert ("own disk" in checkpoint_folder_problem()) == is_same
    settings.AARM_CHECKPOINT_SINKS = [f"dir:{data}"]
    assert "use another one" in checkpoint_folder_problem()
    settings.AARM_CHECKPOINT_SINKS = [f"dir:{tmp_path / 'missing'}"]
    assert checkpoint_folder_problem() == ""
