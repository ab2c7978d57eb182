"""A place outside that hangs delays its own copies; one that is needed, and can't be asked, stops receipts instead."""

from __future__ import annotations

import shutil
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from celery.beat import Scheduler
from django.conf import LazySettings
from django.db import connection

from aarm_site.celery import app
from receipts.anchors.base import AnchorError
from receipts.anchors.directory import DirectorySink
from receipts.models import Checkpoint, CheckpointCopy
from receipts.problems import ProblemError
from receipts.selectors import answers
from receipts.selectors.outside import unreadable
from receipts.services import history
from receipts.services.checkpoints import sign_due_checkpoint
from receipts.services.publication import publish_due_copies
from receipts.services.sequencing import sequence_waiting
from receipts.tasks import watch_log
from tests.factories import Cast, begin_session, decide, make_cast
from tests.web.tampering import unguarded

Move = Callable[[float], None]


@dataclass(frozen=True)
class Silence:
    """An object store that accepts connections and never answers."""

    listener: socket.socket

    @property
    def uri(self) -> str:
        return f"s3:bucket/log?region=us-east-1&endpoint=http://127.0.0.1:{self.listener.getsockname()[1]}"

    def was_called(self) -> bool:
        try:
            self.listener.accept()[0].close()
        except BlockingIOError:
            return False
        return True


@pytest.fixture
def silence(monkeypatch: pytest.MonkeyPatch) -> Iterator[Silence]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        yield Silence(listener)


@pytest.fixture
def folders(db: None, settings: LazySettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The folder of checkpoints, and a second place that can be read."""
    found = [tmp_path / "folder", tmp_path / "second"]
    settings.AARM_CHECKPOINT_SINKS = [f"dir:{folder}" for folder in found]
    started(monkeypatch)
    return found


def started(monkeypatch: pytest.MonkeyPatch) -> None:
    """From here on it is a process that has compared nothing yet."""
    monkeypatch.setattr(history._Process, "is_compared", False)
    monkeypatch.setattr(history._Process, "unanswered", "")


def allow(cast: Cast) -> str:
    told = decide(cast, begin_session(cast), "email.send", parameters={"to": "ben@corp.example", "body": "Hello."})
    return str(told["effective"])


def signed(move_clock: Move) -> Checkpoint | None:
    sequence_waiting()
    move_clock(11)
    return sign_due_checkpoint()


def refused(work: Callable[[], object]) -> str:
    """Why the log is halted."""
    with pytest.raises(ProblemError) as caught:
        work()
    assert (caught.value.code, caught.value.status) == ("log_halted", 503)
    return caught.value.why


def set_back(*, to: int) -> None:
    """The log ends earlier, as after a restore of a backup that was taken before the first checkpoint."""
    with unguarded("receipts_checkpoint"), unguarded("receipts_logentry"), connection.cursor() as cursor:
        cursor.execute("DELETE FROM receipts_checkpointcopy")
        cursor.execute("DELETE FROM receipts_checkpoint")
        cursor.execute("DELETE FROM receipts_logentry WHERE leaf_index >= %s", [to])
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


@pytest.mark.case("RCP-34")
def test_signing_asks_no_place_that_may_hang_and_the_background_verifier_does(
    folders: list[Path], silence: Silence, settings: LazySettings, move_clock: Move, monkeypatch: pytest.MonkeyPatch
) -> None:
    cast = make_cast()
    assert signed(move_clock) is not None
    publish_due_copies()
    settings.AARM_CHECKPOINT_SINKS = [f"dir:{folders[0]}", silence.uri]
    started(monkeypatch)
    assert allow(cast) == "ALLOW"
    assert signed(move_clock) is not None
    assert not silence.was_called()
    monkeypatch.setattr(answers, "ANSWER_SECONDS", 0)
    assert unreadable([silence.uri]) == ["A place outside (s3) doesn't say in time what it has."]
    assert watch_log() > 0, "the verifier goes on"


def test_a_place_is_asked_anew_when_it_has_answered_the_last_question(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Path] = []
    may_answer = threading.Event()

    def slow(self: DirectorySink) -> bytes:
        asked.append(self.folder)
        may_answer.wait()
        return b"note"

    monkeypatch.setattr(DirectorySink, "newest", slow)
    monkeypatch.setattr(answers, "ANSWER_SECONDS", 0)
    uri = f"dir:{tmp_path}"
    late = [answers.answers([uri])[0].note for _ in range(3)]
    may_answer.set()
    monkeypatch.setattr(answers, "ANSWER_SECONDS", 60)
    assert [*late, answers.answers([uri])[0].note] == [None, None, None, b"note"]
    assert answers.answers([uri])[0].note == b"note"
    assert 2 <= len(asked) <= 3


@pytest.mark.case("RCP-34")
def test_a_place_that_hangs_takes_one_turn_and_others_get_their_copies_meanwhile(
    folders: list[Path], move_clock: Move, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_cast()
    checkpoint = signed(move_clock)
    assert checkpoint is not None
    meanwhile: list[int] = []
    publish = DirectorySink.publish

    def slow(self: DirectorySink, note: bytes, *, tree_size: int, at: object) -> None:
        if self.folder == folders[0]:
            # Another task comes while this one waits for the place, and one more.
            meanwhile.extend((publish_due_copies(), publish_due_copies()))
            raise AnchorError("It hung.")
        publish(self, note, tree_size=tree_size, at=at)  # type: ignore[arg-type]

    monkeypatch.setattr(DirectorySink, "publish", slow)
    assert publish_due_copies() == 0
    assert meanwhile == [1, 0]
    (late,) = CheckpointCopy.objects.filter(published_at=None)
    assert (late.sink, late.attempts, late.why_not) == (f"dir:{folders[0]}", 1, "It hung.")
    monkeypatch.setattr(DirectorySink, "publish", publish)
    move_clock(3)
    assert publish_due_copies() == 1


def test_every_tick_ends_by_itself_when_it_comes_late() -> None:
    # Entries are made by this application: each has options, and a period in seconds.
    entries: list[Any] = [*Scheduler(app=app).schedule.values()]
    ours = [entry for entry in entries if not entry.task.startswith("celery.")]
    late = {entry.name: entry.options.get("expires", 0) - entry.schedule.seconds for entry in ours}
    assert late
    assert {name for name, seconds in late.items() if seconds < 0} == set()
    assert max(entry.options["expires"] for entry in ours if entry.schedule.seconds < 10) == 10


@pytest.mark.case("FLT-28")
def test_with_an_empty_folder_the_other_places_are_asked_what_they_know(
    folders: list[Path], move_clock: Move, monkeypatch: pytest.MonkeyPatch
) -> None:
    cast = make_cast()
    assert allow(cast) == "ALLOW"
    assert signed(move_clock) is not None
    assert publish_due_copies() == 2
    shutil.rmtree(folders[0])
    started(monkeypatch)
    assert allow(cast) == "ALLOW", "the control: nothing is lost but the folder"
    set_back(to=2)
    started(monkeypatch)
    assert "would be lost" in refused(lambda: allow(cast))
    move_clock(11)
    assert (sign_due_checkpoint(), publish_due_copies()) == (None, 0)
    assert not folders[0].exists(), "a folder that was filled now would agree with the database that filled it"


@pytest.mark.case("FLT-28")
def test_with_an_empty_folder_and_nobody_who_answers_nothing_goes_on_until_somebody_does(
    folders: list[Path], silence: Silence, settings: LazySettings, move_clock: Move, monkeypatch: pytest.MonkeyPatch
) -> None:
    cast = make_cast()
    assert signed(move_clock) is not None
    assert publish_due_copies() == 2
    kept = folders[0].rename(folders[0].with_name("unmounted"))
    assert allow(cast) == "ALLOW"
    settings.AARM_CHECKPOINT_SINKS = [f"dir:{folders[0]}", silence.uri]
    monkeypatch.setattr(answers, "ANSWER_SECONDS", 0.2)
    started(monkeypatch)
    assert "nobody says what was copied out" in refused(lambda: allow(cast))
    sequence_waiting()
    move_clock(11)
    for work in (sign_due_checkpoint, publish_due_copies):
        refused(work)
    assert not folders[0].exists()
    kept.rename(folders[0])
    monkeypatch.setattr(answers, "ANSWER_SECONDS", 60)
    monkeypatch.setattr(history, "_PAUSE_SECONDS", 0)
    assert allow(cast) == "ALLOW"


def test_a_new_installation_starts_though_its_second_place_is_out_of_reach(
    folders: list[Path], silence: Silence, settings: LazySettings, move_clock: Move, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.AARM_CHECKPOINT_SINKS = [f"dir:{folders[0]}", silence.uri]
    monkeypatch.setattr(answers, "ANSWER_SECONDS", 0.2)
    cast = make_cast()
    started(monkeypatch)
    assert allow(cast) == "ALLOW"
    assert signed(move_clock) is not None
