"""Many processes issue, sequence, sign and read at once, on real PostgreSQL: no fork, no gap, nothing missed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.db import connection, connections, transaction

from receipts.clock import database_now
from receipts.exporters.logfile import log_lines
from receipts.models import Alarm, Chain, LogEntry, Receipt, Unsequenced
from receipts.selectors import published_jwks
from receipts.selectors.log import newest_checkpoint
from receipts.services import ensure_signing_key, issue_receipt
from receipts.services.checkpoints import sign_due_checkpoint
from receipts.services.sequencing import sequence_waiting
from receipts.services.turns import Turn, may_take
from receipts.signing.__main__ import main
from receipts.signing.statement import ReceiptType
from tests.e2e.processes import ROOT, environment

pytestmark = pytest.mark.django_db(transaction=True)

ISSUES = """
import django
django.setup()
import sys
from concurrent.futures import ThreadPoolExecutor
from django.db import connection, transaction
from receipts.clock import database_now
from receipts.services import issue_receipt
from receipts.signing.statement import ReceiptType
threads, count, streams = (int(item) for item in sys.argv[1:])
def issue(thread):
    for number in range(count):
        with transaction.atomic():
            issue_receipt(type=ReceiptType.ADMINISTRATION, stream=f"race/{(thread + number) % streams}",
                          body={"thread": thread, "number": number}, at=database_now())
    connection.close()
with ThreadPoolExecutor(threads) as pool:
    list(pool.map(issue, range(threads)))
"""
SEQUENCES = """
import django
django.setup()
import sys
from receipts.services.checkpoints import sign_due_checkpoint
from receipts.services.sequencing import sequence_waiting
from receipts.services.turns import Turn, may_take
wanted = int(sys.argv[1])
from receipts.selectors.log import log_size
while log_size() < wanted:
    sequence_waiting()
    sign_due_checkpoint()
"""


@dataclass(frozen=True, slots=True)
class Load:
    """So many processes with so many threads that issue so many receipts each."""

    processes: int
    threads: int
    count: int
    streams: int
    sequencers: int

    @property
    def total(self) -> int:
        return self.processes * self.threads * self.count


def variables(settings: LazySettings, folder: Path) -> dict[str, str]:
    """Those of a process on this test's database."""
    values = connection.get_connection_params()
    return environment(
        DJANGO_SETTINGS_MODULE="aarm_site.settings.dev",
        DATABASE_URL=f"postgresql://{values['user']}@/{values['dbname']}?host={values['host']}",
        AARM_DATA_DIR=str(settings.AARM_DATA_DIR),
        AARM_CHECKPOINT_DIR=str(folder),
        AARM_CHECKPOINT_SECONDS="1",
    )


def run(load: Load, *, env: dict[str, str]) -> None:
    sequencers = [[sys.executable, "-c", SEQUENCES, str(load.total)]] * load.sequencers
    issuers = [[sys.executable, "-c", ISSUES, str(load.threads), str(load.count), str(load.streams)]] * load.processes
    started = [
        subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.DEVNULL) for command in (*sequencers, *issuers)
    ]
    longest = 400 + load.total // 50
    assert [process.wait(timeout=longest) for process in started] == [0] * len(started)


def followed(stop: threading.Event) -> list[int]:
    """What a reader sees who asks again and again for what comes after the last leaf it has."""
    found: list[int] = []
    while True:
        is_last = stop.is_set()
        found += LogEntry.objects.filter(pk__gte=len(found)).order_by("pk").values_list("pk", flat=True)
        if is_last:
            connections.close_all()
            return found


LOADS = [
    pytest.param(Load(processes=4, threads=4, count=25, streams=3, sequencers=2), id="4 processes"),
    pytest.param(
        Load(processes=8, threads=8, count=160, streams=5, sequencers=3), id="8 processes", marks=pytest.mark.nightly
    ),
    pytest.param(
        Load(processes=8, threads=8, count=10_000, streams=64, sequencers=3),
        id="64 threads of 10,000",
        marks=pytest.mark.nightly,
    ),
]


@pytest.mark.case("RCP-11", "RCP-12")
@pytest.mark.parametrize("load", LOADS)
def test_processes_that_issue_and_sequence_at_once_leave_no_fork_and_no_gap(
    load: Load, settings: LazySettings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert connection.vendor == "postgresql", "SQLite hides every race."
    ensure_signing_key()
    stop = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        reader = pool.submit(followed, stop)
        run(load, env=variables(settings, tmp_path / "outside"))
        stop.set()
        assert reader.result() == list(range(load.total))
    assert (Receipt.objects.count(), Unsequenced.objects.count(), Alarm.objects.count()) == (load.total, 0, 0)
    assert sum(Chain.objects.values_list("length", flat=True)) == load.total
    verify_whole_log(load.total, settings=settings, folder=tmp_path, capsys=capsys)


def verify_whole_log(total: int, *, settings: LazySettings, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An outsider's verdict on the exported log: chains without fork or gap, and a checkpoint over all."""
    settings.AARM_CHECKPOINT_SINKS = [f"dir:{folder / 'outside'}"]
    settings.AARM_CHECKPOINT_IDLE_SECONDS = settings.AARM_CHECKPOINT_SECONDS = 0
    sign_due_checkpoint()
    checkpoint = newest_checkpoint()
    assert checkpoint is not None
    with (folder / "log.jsonl").open("wb") as file:
        file.writelines(log_lines(checkpoint))
    (folder / "keys.json").write_text(json.dumps(published_jwks()))
    assert main(["verify", "--json", "--keys", str(folder / "keys.json"), str(folder / "log.jsonl")]) == os.EX_OK
    assert json.loads(capsys.readouterr().out)["count"] == total


def issue(stream: str) -> None:
    issue_receipt(type=ReceiptType.ADMINISTRATION, stream=stream, body={}, at=database_now())


@pytest.mark.case("RCP-12")
def test_a_receipt_that_commits_late_is_neither_missed_nor_sequenced_twice() -> None:
    ensure_signing_key()
    drawn, sequenced = threading.Event(), threading.Event()

    def late() -> None:
        with transaction.atomic():
            issue("race/late")
            drawn.set()
            assert sequenced.wait(30)
        connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(late)
        assert drawn.wait(30)
        with transaction.atomic():
            issue("race/early")
        assert sequence_waiting() == 1
        sequenced.set()
        slow.result()
    assert sequence_waiting() == 1
    streams = LogEntry.objects.order_by("pk").values_list("pk", "receipt__stream")
    assert list(streams) == [(0, "race/early"), (1, "race/late")]
    queued = list(Receipt.objects.order_by("stream").values_list("stream", flat=True))
    assert queued == ["race/early", "race/late"]


def test_receipts_get_their_places_while_a_checkpoint_is_computed(settings: LazySettings) -> None:
    settings.AARM_CHECKPOINT_SECONDS = 0
    ensure_signing_key()
    with transaction.atomic():
        issue("race/first")
    assert sequence_waiting() == 1
    signing, sequenced = threading.Event(), threading.Event()

    def sign_slowly() -> None:
        with transaction.atomic():
            assert may_take(Turn.SIGNING)
            signing.set()
            assert sequenced.wait(30)
        connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(sign_slowly)
        assert signing.wait(30)
        with transaction.atomic():
            issue("race/second")
        assert sequence_waiting() == 1
        assert sign_due_checkpoint() is None, "Two sign at once."
        sequenced.set()
        slow.result()
    checkpoint = sign_due_checkpoint()
    assert checkpoint is not None
    assert checkpoint.size == 2
