"""Sending load: what is asked of which address, and what came back."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from enum import StrEnum

from tests.bench.action import body_for
from tests.bench.client import Job, Report
from tests.e2e.processes import ROOT, environment


class Target(StrEnum):
    """The yardsticks and what is held against them."""

    F0 = "F0"
    F1 = "F1"
    F2 = "F2"
    DECIDE = "/decide"


class Spread(StrEnum):
    """Over how many sessions the requests go."""

    WIDE = "16 sessions"
    HOT = "one session"


PATHS = {Target.F0: "/bench/f0", Target.F1: "/bench/f1", Target.F2: "/bench/f2", Target.DECIDE: "/decide"}
EXPECTED = dict.fromkeys(Target, "ALLOW") | {Target.DECIDE: '"effective":"ALLOW"'}
LANES = 16


@dataclass(frozen=True, slots=True)
class Aim:
    """What one slice measures."""

    target: Target
    spread: Spread


# A constant has no session, so a hot one would tell nothing.
AIMS = tuple(Aim(target, spread) for spread in Spread for target in Target if (target, spread) != ("F0", Spread.HOT))


@dataclass(frozen=True, slots=True)
class Door:
    """A running server, and the sessions that may be asked about; the last one is the hot one."""

    port: int
    agent_key: str
    sessions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Client:
    """The load's process."""

    process: subprocess.Popen[str]

    def run(self, job: Job) -> Report:
        """Until the job is done."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(asdict(job)) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        assert line, f"The client ended with {self.process.poll()}."
        return Report(**json.loads(line))


@contextmanager
def start_client() -> Iterator[Client]:
    """A process that waits for jobs, until the block ends."""
    command = [sys.executable, "-m", "tests.bench.client"]
    with subprocess.Popen(
        command, cwd=ROOT, env=environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield Client(process)
        assert process.stdin is not None
        process.stdin.close()


def _sessions(aim: Aim, door: Door) -> tuple[str, ...]:
    *wide, hot = door.sessions
    return (hot,) * LANES if aim.spread is Spread.HOT else tuple(wide[lane % len(wide)] for lane in range(LANES))


def job_for(aim: Aim, *, door: Door, run: str, times: Mapping[str, float]) -> Job:
    """One slice. `run` makes its idempotency keys its own."""
    return Job(
        port=door.port,
        path=PATHS[aim.target],
        bodies=tuple(json.dumps(body_for(session), separators=(",", ":")) for session in _sessions(aim, door)),
        authorization=f"Bearer {door.agent_key}",
        key_prefix=run,
        expected=EXPECTED[aim.target],
        **times,
    )
