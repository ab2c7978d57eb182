"""A database that was set back, by a restore or a failover, is noticed before it tells a second story."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.conf import LazySettings
from django.core.management import CommandError, call_command
from django.db import connection

from aarm_site.diagnosis import outside_problem
from receipts.exporters.logfile import log_lines
from receipts.models import Alarm, AlarmCode, Checkpoint, Receipt
from receipts.problems import ProblemError
from receipts.selectors import published_jwks
from receipts.selectors.log import newest_checkpoint
from receipts.services import history
from receipts.services.checkpoints import sign_due_checkpoint
from receipts.services.publication import publish_due_copies
from receipts.services.recovery import acknowledge_loss
from receipts.services.sequencing import sequence_waiting
from receipts.signing.__main__ import main
from receipts.signing.canonical import load_strict
from receipts.signing.errors import ExitCode
from receipts.tasks import keep_log, watch_log
from tests.factories import Cast, begin_session, decide, make_cast

Move = Callable[[float], None]


@dataclass(frozen=True)
class Backup:
    """A copy of the whole database, on the same server."""

    name: str

    def take(self) -> None:
        self._run(
            f"DROP DATABASE IF EXISTS {self.name}_backup", f"CREATE DATABASE {self.name}_backup TEMPLATE {self.name}"
        )

    def restore(self) -> None:
        self._run(f"DROP DATABASE {self.name} WITH (FORCE)", f"CREATE DATABASE {self.name} TEMPLATE {self.name}_backup")

    def drop(self) -> None:
        self._run(f"DROP DATABASE IF EXISTS {self.name}_backup")

    def _run(self, *statements: str) -> None:
        """Nobody may be connected to what is copied."""
        parameters = connection.get_connection_params()
        connection.close()
        with closing(
            psycopg.connect(dbname="postgres", user=parameters["user"], host=parameters.get("host"), autocommit=True)
        ) as server:
            for statement in statements:
                server.execute(statement)


@pytest.fixture
def backup(transactional_db: None) -> Iterator[Backup]:
    assert connection.vendor == "postgresql"
    found = Backup(str(connection.settings_dict["NAME"]))
    yield found
    found.drop()


@pytest.fixture
def outside(settings: LazySettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "outside"
    settings.AARM_CHECKPOINT_SINKS = [f"dir:{folder}"]
    # Each test is a process of its own, which has compared nothing yet.
    monkeypatch.setattr(history._Process, "is_compared", False)
    return folder


def allow(cast: Cast) -> dict[str, Any]:
    return decide(cast, begin_session(cast), "email.send", parameters={"to": "ben@corp.example", "body": "Hello."})


def copied(move_clock: Move) -> Checkpoint:
    """A checkpoint of all receipts, kept outside."""
    sequence_waiting()
    move_clock(11)
    found = sign_due_checkpoint()
    assert found is not None
    assert publish_due_copies() == 1
    return found


def refused(cast: Cast) -> str:
    """The code with which the door refuses a decision."""
    with pytest.raises(ProblemError) as caught:
        allow(cast)
    assert caught.value.status == 503
    return caught.value.code


@pytest.fixture
def lost(backup: Backup, outside: Path, move_clock: Move) -> tuple[Cast, Checkpoint]:
    """Last night's backup, restored after more was decided and copied out; the control is that it was decided."""
    cast = make_cast()
    assert allow(cast)["effective"] == "ALLOW"
    copied(move_clock)
    backup.take()
    assert allow(cast)["effective"] == "ALLOW"
    newest = copied(move_clock)
    backup.restore()
    move_clock(11)
    return cast, newest


@pytest.mark.case("FLT-28")
def test_a_process_that_starts_on_a_restored_backup_allows_nothing(
    lost: tuple[Cast, Checkpoint], monkeypatch: pytest.MonkeyPatch
) -> None:
    cast, newest = lost
    count = Receipt.objects.count()
    monkeypatch.setattr(history._Process, "is_compared", False)
    assert [refused(cast), refused(cast)] == ["log_halted", "log_halted"]
    assert Receipt.objects.count() == count
    assert f"A checkpoint of {newest.size} receipts was copied out" in outside_problem()


@pytest.mark.case("FLT-06")
@pytest.mark.parametrize(("decided_since", "code"), [(0, AlarmCode.BEHIND), (1, AlarmCode.DIFFERENT)])
def test_a_process_that_runs_on_after_a_failover_is_stopped_and_signs_nothing(
    lost: tuple[Cast, Checkpoint], decided_since: int, code: AlarmCode
) -> None:
    cast, _ = lost
    before = newest_checkpoint()
    for _ in range(decided_since):
        assert allow(cast)["effective"] == "ALLOW"
    keep_log()
    watch_log()
    (alarm,) = Alarm.objects.all()
    assert (alarm.code, alarm.is_halting) == (code, True)
    assert refused(cast) == "log_halted"
    keep_log()
    watch_log()
    assert (newest_checkpoint(), Alarm.objects.count()) == (before, 1)


@pytest.mark.case("FLT-06", "FLT-28")
def test_an_operator_who_knows_of_the_loss_lets_the_log_go_on_and_it_says_so(
    lost: tuple[Cast, Checkpoint], move_clock: Move, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cast, newest = lost
    monkeypatch.setattr(history._Process, "is_compared", False)
    assert refused(cast) == "log_halted"
    monkeypatch.setattr("sys.stdin", io.StringIO("yes\n"))
    with pytest.raises(CommandError, match=r"Nothing was changed\."):
        call_command("receipts", "acknowledge-loss", "--reason", "The disk broke.")
    assert refused(cast) == "log_halted"
    call_command("receipts", "acknowledge-loss", "--reason", "The disk broke.", "--yes")
    receipt = Receipt.objects.get(type="recovery")
    said: Any = load_strict(bytes(receipt.body))
    assert said["body"]["recovery"]["outside"]["size"] == newest.size
    assert b"disk" not in bytes(receipt.body)
    assert allow(cast)["effective"] == "ALLOW"
    again = copied(move_clock)
    assert again.size > said["body"]["recovery"]["log_size"]
    watch_log()
    assert not Alarm.objects.filter(acknowledged_at=None).exists()
    with pytest.raises(ProblemError) as caught:
        acknowledge_loss(actor="trent", reason="Again.")
    assert caught.value.code == "nothing_lost"


def test_whoever_kept_what_was_lost_can_show_that_there_are_two_histories(
    lost: tuple[Cast, Checkpoint], move_clock: Move, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cast, newest = lost
    acknowledge_loss(actor="trent", reason="The disk broke.")
    for _ in range(3):
        allow(cast)
    (tmp_path / "log.jsonl").write_bytes(b"".join(log_lines(copied(move_clock))))
    (tmp_path / "kept.note").write_text(newest.note)
    (tmp_path / "keys.json").write_text(json.dumps(published_jwks()))
    command = ["verify", "--keys", str(tmp_path / "keys.json"), str(tmp_path / "log.jsonl")]
    assert main(command) == ExitCode.VALID
    assert main([*command, "--checkpoint", str(tmp_path / "kept.note")]) == ExitCode.FORK
    assert "split_view" in capsys.readouterr().err


def test_another_logs_folder_stops_receipts(
    db: None, outside: Path, move_clock: Move, monkeypatch: pytest.MonkeyPatch, settings: LazySettings
) -> None:
    cast = make_cast()
    assert allow(cast)["effective"] == "ALLOW"
    copied(move_clock)
    settings.AARM_DEPLOYMENT = "other"
    monkeypatch.setattr(history._Process, "is_compared", False)
    assert refused(cast) == "log_halted"


def test_a_folder_that_holds_nothing_readable_stops_receipts(db: None, outside: Path) -> None:
    day = outside / "2026-11-03"
    day.mkdir(parents=True)
    (day / "091500.000000-5.note").write_bytes(b"\xff nothing that a log signed")
    with pytest.raises(ProblemError) as caught:
        make_cast()
    assert caught.value.code == "log_halted"
