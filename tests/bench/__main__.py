"""`./test --bench`: measures `/decide` beside the yardsticks and writes the numbers into `docs/performance.md`.

`./test --bench search` does so for searching a million receipts, `./test --bench receipts` for what signing, chaining
and sequencing cost on databases of `--sizes` receipts.

`./test --bench sessions` measures decisions in long sessions, and with many live ones.

`./test --bench hot` measures one session that sixteen clients ask about at once, beside sixteen sessions.

`./test --bench ux` measures the pages in a browser and writes `docs/ux-measurements.md`.

`--quick` runs every piece for half a minute and prints what it finds; its numbers are worth nothing. `./test --bench
engine` measures the policy engine beside its peers instead.
"""

from __future__ import annotations

import argparse
import atexit
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.bench import hot_report, session_report
from tests.bench.blocks import with_block
from tests.bench.engine import __main__ as engine
from tests.bench.load import AIMS, Aim, Client, Target, start_client
from tests.bench.machine import file_system
from tests.bench.profiles import Profile, profile_of
from tests.bench.receipt_cost import measure_cost
from tests.bench.receipt_report import BEGIN as RECEIPTS_BEGIN
from tests.bench.receipt_report import END as RECEIPTS_END
from tests.bench.receipt_report import cost_block
from tests.bench.report import Measured, conditions, numbers, with_numbers
from tests.bench.rounds import CLIENT, DATABASE, SERVER, Pace, run_round
from tests.bench.search_report import run_search, with_search
from tests.bench.stage import Accounts, Server, Stage, accounts_of, set_stage, start_server
from tests.bench.ux import report as ux_report
from tests.e2e.processes import ROOT, run_command
from tests.engines import start_postgresql, start_redis

PAGE = ROOT / "docs" / "performance.md"
WHAT = ("decide", "search", "receipts", "sessions", "hot", "ux")


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured: rounds, each session's actions before, and decisions in the profile."""

    pace: Pace
    actions: int
    requests: int


FULL = Size(pace=Pace(rounds=6, seconds=3.0), actions=100, requests=400)
QUICK = Size(pace=Pace(rounds=1, seconds=0.4, warm_seconds=0.1), actions=10, requests=30)


def measure(
    client: Client,
    stage: Stage,
    *,
    server: Server,
    pace: Pace,
    folder: Path,
    aims: Callable[[int], Iterable[Aim]] = lambda _: AIMS,
) -> Measured:
    """All rounds on one server; `aims` says by a round's number what is measured in it."""
    with start_server(server, stage=stage, folder=folder) as (process, door):
        roots = {
            SERVER: process.popen.pid,
            DATABASE: stage.postmaster,
            CLIENT: client.process.pid,
            "bench": os.getpid(),
        }
        rounds = []
        for number in range(pace.rounds + 1):
            print(f"{server}: round {number} of {pace.rounds}", file=sys.stderr)
            rounds.append(run_round(client, door, roots=roots, pace=pace, aims=aims(number)))
    return Measured(server=server, discarded=rounds[0], rounds=rounds[1:])


def profile(stage: Stage, *, requests: int) -> Profile:
    """In a process of its own, with what the WSGI server has."""
    arguments = ["--session", stage.sessions[0], "--agent-key", stage.agent_key, "--requests", str(requests)]
    done = run_command("profile_decide", *arguments, variables={**stage.variables, "AARM_TIER": "decide"})
    assert done.returncode == 0, done.stderr
    return profile_of(json.loads(done.stdout))


def faults(runs: Sequence[Measured], *, stage: Stage, accounts: Accounts) -> list[str]:
    """What was answered and is not on record, or went wrong; a measurement with a fault measures nothing."""
    slices = [part for run in runs for each in run.every_round() for part in each.slices.values()]
    found = [f"{part.aim}: {part.errors} errors, first: {part.first_error}" for part in slices if part.errors]
    decided = len(stage.sessions) * stage.actions
    decided += sum(part.answered for part in slices if part.aim.target is Target.DECIDE)
    recorded = sum(part.answered for part in slices if part.aim.target in (Target.F1, Target.F2))
    wanted = Accounts(decisions=decided, receipts=decided, yardsticks=recorded, broken_streams=0)
    return found if accounts == wanted else [*found, f"On record is {accounts}, and answered was {wanted}."]


def run(folder: Path, *, size: Size) -> tuple[str, list[str]]:
    """The block of numbers, and the faults."""
    os.environ["AARM_TEST_REDIS_SERVER"] = start_redis(folder)
    database_url = start_postgresql(folder)
    with set_stage(folder, database_url=database_url, actions=size.actions) as stage:
        with start_client() as client:
            runs = [measure(client, stage, server=server, pace=size.pace, folder=folder) for server in Server]
        wrong = faults(runs, stage=stage, accounts=accounts_of(stage))
        setting = conditions(stage, pace=size.pace, file_system=file_system(folder))
        return numbers(runs, profile=profile(stage, requests=size.requests), setting=setting), wrong


def hot(page: Path, *, is_quick: bool) -> int:
    """0 when every answer was good and is on record."""
    folder = working_folder()
    os.environ["AARM_TEST_REDIS_SERVER"] = start_redis(folder)
    pace = hot_report.QUICK if is_quick else hot_report.FULL
    with set_stage(folder, database_url=start_postgresql(folder), actions=FULL.actions) as stage:
        with start_client() as client:
            measured = measure(client, stage, server=Server.WSGI, pace=pace, folder=folder, aims=hot_report.turns)
        wrong = faults([measured], stage=stage, accounts=accounts_of(stage))
        setting = conditions(stage, pace=pace, file_system=file_system(folder))
    block = hot_report.hot_block(measured, setting=setting)
    print("\n".join([block, *wrong]))
    if not is_quick and not wrong:
        begin, end = hot_report.BEGIN, hot_report.END
        page.write_text(with_block(page.read_text(encoding="utf-8"), block=block, begin=begin, end=end), "utf-8")
    return 1 if wrong else 0


def working_folder() -> Path:
    """A folder that is gone after the process, which has stopped the database in it by then."""
    folder = Path(tempfile.mkdtemp(prefix="aarm-bench-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    # PostgreSQL may run as a user of its own, who has to reach its socket.
    folder.chmod(0o755)
    return folder


def search(page: Path, *, is_quick: bool) -> int:
    """0; what goes wrong is raised."""
    folder = working_folder()
    os.environ["AARM_TEST_REDIS_SERVER"] = start_redis(folder)
    receipts, times = (2_000, 2) if is_quick else (1_000_000, 10)
    block = run_search(folder, database_url=start_postgresql(folder), receipts=receipts, times=times)
    print(block)
    if not is_quick:
        page.write_text(with_search(page.read_text(encoding="utf-8"), block=block), encoding="utf-8")
    return 0


def sessions(page: Path, *, is_quick: bool) -> int:
    """0; what goes wrong is raised."""
    folder = working_folder()
    os.environ["AARM_TEST_REDIS_SERVER"] = start_redis(folder)
    scale = session_report.QUICK if is_quick else session_report.FULL
    block = session_report.run_sessions(folder, database_url=start_postgresql(folder), scale=scale)
    print(block)
    if not is_quick:
        begin, end = session_report.BEGIN, session_report.END
        page.write_text(with_block(page.read_text(encoding="utf-8"), block=block, begin=begin, end=end), "utf-8")
    return 0


def receipts(page: Path, *, sizes: Sequence[int], is_quick: bool) -> int:
    """0; what goes wrong is raised."""
    folder = working_folder()
    os.environ["AARM_TEST_REDIS_SERVER"] = start_redis(folder)
    url, pace = start_postgresql(folder), QUICK.pace if is_quick else FULL.pace
    actions = QUICK.actions if is_quick else FULL.actions
    costs = [measure_cost(folder, database_url=url, receipts=size, actions=actions, pace=pace) for size in sizes]
    block = cost_block(costs, pace=pace, file_system=file_system(folder))
    print(block)
    if not is_quick:
        whole = with_block(page.read_text(encoding="utf-8"), block=block, begin=RECEIPTS_BEGIN, end=RECEIPTS_END)
        page.write_text(whole, encoding="utf-8")
    return 0


def ux(*, is_quick: bool) -> int:
    """The pages in a browser."""
    block = ux_report.run_ux(ux_report.QUICK if is_quick else ux_report.Size())
    print(block)
    if not is_quick:
        page, marks = ux_report.PAGE, {"begin": ux_report.BEGIN, "end": ux_report.END}
        page.write_text(with_block(page.read_text(encoding="utf-8"), block=block, **marks), encoding="utf-8")
    return 0


_PLAIN = {"hot": hot, "search": search, "sessions": sessions}


def main() -> int:
    """0 when every answer was good and is on record."""
    if sys.argv[1:2] == ["engine"]:
        return engine.main(sys.argv[2:])
    parser = argparse.ArgumentParser(prog="./test --bench", description=__doc__)
    parser.add_argument("what", nargs="?", choices=WHAT, default="decide")
    parser.add_argument("--quick", action="store_true", help="try every piece, print to the terminal, write nothing")
    parser.add_argument("--output", type=Path, default=PAGE, help="the page whose block of numbers is replaced")
    parser.add_argument("--sizes", type=int, nargs="+", default=[0, 1_000_000], help="receipts before, for `receipts`")
    chosen = parser.parse_args()
    if chosen.what == "ux":
        return ux(is_quick=chosen.quick)
    if chosen.what in _PLAIN:
        return _PLAIN[chosen.what](chosen.output, is_quick=chosen.quick)
    if chosen.what == "receipts":
        return receipts(chosen.output, sizes=chosen.sizes, is_quick=chosen.quick)
    size = QUICK if chosen.quick else FULL
    block, wrong = run(working_folder(), size=size)
    print(block)
    for fault in wrong:
        print(fault, file=sys.stderr)
    if not chosen.quick and not wrong:
        chosen.output.write_text(with_numbers(chosen.output.read_text(encoding="utf-8"), block=block), encoding="utf-8")
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
