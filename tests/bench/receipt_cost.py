"""What receipts cost: `/decide` with and without signing, chaining and sequencing, on databases of several sizes.

Two servers run on one database, one with production's settings and one without proof, and are asked in turns. Worker
and scheduler run all the time; before a turn without proof the log has caught up, so that each turn pays for its own.
"""

from __future__ import annotations

import secrets
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

import psycopg

from tests.bench.load import Aim, Client, Door, Spread, Target, start_client
from tests.bench.rounds import CLIENT, DATABASE, SERVER, Pace, Slice, percentile_ms, run_slice
from tests.bench.stage import Server, Stage, set_stage, start_server
from tests.e2e.processes import start_process
from tests.waiting import wait_until

AIM = Aim(Target.DECIDE, Spread.WIDE)
WORKER, BEAT = "worker", "beat"
CATCH_UP_SECONDS = 120.0
WAITING = "SELECT count(*) FROM receipts_unsequenced"
LAG = """
SELECT extract(epoch FROM clock_timestamp() - min(r.issued_at))
FROM receipts_unsequenced u JOIN receipts_receipt r ON r.id = u.receipt_id
"""


class Proof(StrEnum):
    """Whether decisions leave receipts that prove them, and the settings that make it so."""

    WITH = "tests.bench.settings"
    WITHOUT = "tests.bench.unproven.settings"


@dataclass(frozen=True, slots=True)
class Turn:
    """One server's slice, and how long the oldest receipt without a place had waited, several times a second."""

    part: Slice
    lags_seconds: Sequence[float]


@dataclass(frozen=True, slots=True)
class Cost:
    """The turns on one size of database."""

    receipts: int
    turns: Mapping[Proof, Sequence[Turn]]

    def ratios(self) -> list[float]:
        """Requests a second with proof over those without, of neighbouring turns."""
        pairs = zip(self.turns[Proof.WITH], self.turns[Proof.WITHOUT], strict=True)
        return [proven.part.per_second / max(bare.part.per_second, 1e-9) for proven, bare in pairs]

    def processor_ratios(self) -> list[float]:
        """Processor time an answer with proof over that without, worker and scheduler included."""
        trees = (SERVER, DATABASE, CLIENT, WORKER, BEAT)
        pairs = zip(self.turns[Proof.WITH], self.turns[Proof.WITHOUT], strict=True)
        return [
            proven.part.milliseconds_each(*trees) / max(bare.part.milliseconds_each(*trees), 1e-9)
            for proven, bare in pairs
        ]

    def lags(self) -> list[float]:
        """All readings of the turns with proof."""
        return [lag for turn in self.turns[Proof.WITH] for lag in turn.lags_seconds]

    def latency_ms(self, proof: Proof, *, percent: int) -> float:
        """Of all answers of this server."""
        return percentile_ms([each for turn in self.turns[proof] for each in turn.part.latencies_us], percent=percent)


@dataclass(slots=True)
class Watch:
    """Reads the lag beside a turn, on a connection of its own."""

    url: str
    lags: list[float] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)

    def _read(self) -> None:
        with psycopg.connect(self.url, autocommit=True) as connection:
            while not self._stop.wait(0.2):
                found = connection.execute(LAG).fetchone()
                self.lags.append(float(found[0] or 0) if found else 0.0)

    @contextmanager
    def watching(self) -> Iterator[None]:
        thread = threading.Thread(target=self._read)
        thread.start()
        try:
            yield
        finally:
            self._stop.set()
            thread.join()


def catch_up(url: str) -> None:
    """Until every receipt has its place."""
    with psycopg.connect(url, autocommit=True) as connection:
        wait_until(
            lambda: connection.execute(WAITING).fetchone() == (0,), "the log catches up", seconds=CATCH_UP_SECONDS
        )


def take_turn(client: Client, door: Door, *, roots: Mapping[str, int], pace: Pace, url: str) -> Turn:
    """One slice with the lag beside it."""
    watch = Watch(url)
    with watch.watching():
        part = run_slice(client, door, aim=AIM, roots=roots, pace=pace)
    return Turn(part=part, lags_seconds=tuple(watch.lags))


def measure_cost(folder: Path, *, database_url: str, receipts: int, actions: int, pace: Pace) -> Cost:
    """Every round a turn of each, on a database that holds so many receipts already; the first round is thrown away.

    What is outside this database is in a folder of its own in `folder`: checkpoints of another would be a fork.
    """
    folder = folder / f"{receipts}-receipts"
    folder.mkdir(mode=0o755)
    turns: dict[Proof, list[Turn]] = {proof: [] for proof in Proof}
    with ExitStack() as open_:
        stage = open_.enter_context(set_stage(folder, database_url=database_url, actions=actions, receipts=receipts))
        client = open_.enter_context(start_client())
        servers = {proof: _server(open_, proof, stage=stage, folder=folder) for proof in Proof}
        keepers = {name: _keeper(open_, name, stage=stage, folder=folder) for name in (WORKER, BEAT)}
        url = stage.roles.application_url
        for number in range(pace.rounds + 1):
            for proof, (pid, door) in servers.items():
                roots = {SERVER: pid, DATABASE: stage.postmaster, CLIENT: client.process.pid, **keepers}
                catch_up(url)
                turn = take_turn(client, door, roots=roots, pace=pace, url=url)
                assert not turn.part.errors, turn.part.first_error
                if number:
                    turns[proof].append(turn)
    return Cost(receipts=receipts, turns=turns)


def _server(open_: ExitStack, proof: Proof, *, stage: Stage, folder: Path) -> tuple[int, Door]:
    where = folder / f"{proof.name.lower()}-{secrets.token_hex(2)}"
    where.mkdir()
    variables = {**stage.variables, "DJANGO_SETTINGS_MODULE": proof.value}
    process, door = open_.enter_context(start_server(Server.WSGI, stage=stage, folder=where, variables=variables))
    return process.popen.pid, door


def _keeper(open_: ExitStack, name: str, *, stage: Stage, folder: Path) -> int:
    process = start_process(name, [sys.executable, "manage.py", name], folder=folder, variables=stage.variables)
    open_.callback(process.stop)
    return process.popen.pid
