"""`./test --bench search`: measures searching a million receipts and writes the numbers into `docs/performance.md`."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import Any

import psycopg

from tests.bench.blocks import with_block
from tests.bench.machine import cores, file_system, model
from tests.bench.report import MOST_OTHERS
from tests.e2e.databases import create_database, drop_database
from tests.e2e.processes import ROOT
from tests.e2e.servers import production_variables
from tests.engines import free_port

BEGIN, END = "<!-- search: written by ./test --bench search -->", "<!-- end of search -->"
PARTS = {"listing": "list", "numbers": "numbers", "page": "page"}


def run_search(folder: Path, *, database_url: str, receipts: int, times: int) -> str:
    """The block of numbers, from a database of its own."""
    roles = create_database(database_url)
    variables = production_variables(folder, roles=roles, port=free_port())
    variables |= {"DJANGO_SETTINGS_MODULE": "tests.bench.settings"}
    try:
        _run("migrate", variables=variables | {"AARM_MIGRATION_DATABASE_URL": roles.owner_url})
        _run("measure_search", f"--populate={receipts}", variables=variables)
        with psycopg.connect(roles.owner_url, autocommit=True) as connection:
            # What autovacuum does by and by.
            connection.execute("VACUUM ANALYZE receipts_receipt, receipts_logentry")
        found = json.loads(_run("measure_search", f"--times={times}", variables=variables))
    finally:
        drop_database(database_url, roles=roles)
    return block(found, receipts=receipts, times=times, file_system=file_system(folder))


def _run(*arguments: str, variables: Mapping[str, str]) -> str:
    command = [sys.executable, "manage.py", *arguments]
    done = subprocess.run(command, cwd=ROOT, env=dict(variables), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def percentile(values: Iterable[float], *, share: float = 0.95) -> float:
    """The value that so many of them don't exceed."""
    ordered = sorted(values)
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)]


def _cell(part: Mapping[str, Any]) -> str:
    wall = part["wall_ms"]
    return f"{statistics.median(wall):.0f} / {percentile(wall):.0f} ({part['processor_ms']:.0f})"


def _row(item: Mapping[str, Any]) -> str:
    question = item["question"].replace("|", "\\|")
    return f"| `{question}` | {item['found']} | {' | '.join(_cell(item[part]) for part in PARTS)} |"


def _all(asked: Iterable[Mapping[str, Any]], part: str) -> str:
    wall = list(chain.from_iterable(item[part]["wall_ms"] for item in asked))
    return f"{PARTS[part]} {statistics.median(wall):.0f} / {percentile(wall):.0f} ms"


def block(found: Mapping[str, Any], *, receipts: int, times: int, file_system: str) -> str:
    """What stands between the marks."""
    asked = found["asked"]
    others = max(item[part]["others"] for item in asked for part in PARTS)
    doubt = f"> **Doubtful:** other processes took up to {others:.0%} of the cores meanwhile; times are too long.\n\n"
    sizes = ", ".join(f"`{name}` {size}" for name, size in sorted(found["sizes"].items()))
    turned = found["turned"]
    together = "; ".join(_all(asked, part) for part in PARTS)
    return "\n".join(
        [
            f"{datetime.now(UTC):%Y-%m-%d}. {receipts:,} receipts of 90 days; {cores()} cores ({model()}), shared by "
            f"the asking process and the database, whose files are on {file_system}; {times} runs a cell after one "
            "that is not counted. A cell is median / 95th percentile in milliseconds and, in brackets, processor time.",
            "",
            f"{doubt if others > MOST_OTHERS else ''}All questions together: {together}.",
            "",
            "| question | found | list, verified | numbers | page |",
            "| --- | --: | --: | --: | --: |",
            *map(_row, asked),
            "",
            f"Forty pages one after the other, of everything: {_cell(turned)}. Sizes: {sizes}.",
        ]
    )


def with_search(page: str, *, block: str) -> str:
    """The page with its block replaced. Raises ValueError for a page without a place for it."""
    return with_block(page, block=f"{block}\n", begin=BEGIN, end=END)
