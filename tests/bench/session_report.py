"""From what decisions cost in long sessions to a block of `docs/performance.md`."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.bench.machine import cores, file_system, model
from tests.bench.report import MOST_OTHERS
from tests.bench.rounds import percentile_ms
from tests.bench.session_scale import BEFORE, Scale, median_ratio
from tests.e2e.databases import create_database, drop_database
from tests.e2e.processes import ROOT, run_command
from tests.e2e.servers import production_variables
from tests.engines import free_port

BEGIN, END = "<!-- sessions: written by ./test --bench sessions -->", "<!-- end of sessions -->"
FULL = Scale(lengths=(10, 100, 1_000, 10_000, 100_000), live=(1, 100, 10_000), turns=1_000)
QUICK = Scale(lengths=(10, 100, 500), live=(1, 5), turns=10, warm_turns=2)
# The action numbered so is to cost at most so many times what action 100 costs.
GOAL, GOAL_LENGTH = 1.15, 10_000


def run_sessions(folder: Path, *, database_url: str, scale: Scale) -> str:
    """The block of numbers, from a database of its own."""
    roles = create_database(database_url)
    variables = production_variables(folder, roles=roles, port=free_port())
    variables |= {"DJANGO_SETTINGS_MODULE": "tests.bench.settings"}
    try:
        migrated = run_command("migrate", variables=variables | {"AARM_MIGRATION_DATABASE_URL": roles.owner_url})
        assert migrated.returncode == 0, migrated.stderr
        found = _measured(scale, variables=variables)
    finally:
        drop_database(database_url, roles=roles)
    return session_block(found, scale=scale, file_system=file_system(folder))


def _measured(scale: Scale, *, variables: Mapping[str, str]) -> dict[str, Any]:
    command = [sys.executable, "manage.py", "measure_sessions", f"--turns={scale.turns}"]
    command += [f"--warm-turns={scale.warm_turns}", "--lengths", *map(str, scale.lengths)]
    command += ["--live", *map(str, scale.live)]
    done = subprocess.run(command, cwd=ROOT, env=dict(variables), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _numbered(found: Mapping[str, Any]) -> dict[int, Any]:
    return {int(name): value for name, value in found.items()}


def _rows(found: Mapping[int, Sequence[float]], *, to: int, more: Mapping[int, int]) -> Iterable[str]:
    for name, taken in found.items():
        micro = [round(value * 1000) for value in taken]
        times = f"{percentile_ms(micro, percent=50):.1f} / {percentile_ms(micro, percent=99):.1f}"
        size = f" {more[name]:,} |" if name in more else ""
        yield f"| {name:,} | {times} | {median_ratio(found, of=name, to=to):.2f} |{size}"


def session_block(found: Mapping[str, Any], *, scale: Scale, file_system: str) -> str:
    """What stands between the marks."""
    lengths, live = _numbered(found["lengths"]), _numbered(found["live"])
    doubt = (
        f"> **Doubtful:** other processes took {found['others']:.0%} of the cores meanwhile; ratios suffer less.\n\n"
    )
    goal = median_ratio(lengths, of=GOAL_LENGTH, to=BEFORE) if GOAL_LENGTH in lengths else None
    said = f"Action 10,000 costs {goal:.2f} × action 100; the goal is {GOAL} at most." if goal else ""
    first = min(live)
    return "\n".join(
        [
            f"{datetime.now(UTC):%Y-%m-%d}. {cores()} cores ({model()}), shared by the asking process and the "
            f"database, whose files are on {file_system}; {scale.turns:,} turns, a decision of each kind a turn.",
            "",
            f"{doubt if found['others'] > MOST_OTHERS else ''}{said}",
            "",
            "| entries before | p50 / p99 ms | × 100 entries | bytes of state |",
            "| --: | --: | --: | --: |",
            *_rows(lengths, to=BEFORE, more=_numbered(found["state_bytes"])),
            "",
            "| sessions live | p50 / p99 ms | × the first |",
            "| --: | --: | --: |",
            *_rows(live, to=first, more={}),
        ]
    )
