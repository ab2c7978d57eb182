"""What `./test --bench receipts` writes into `docs/performance.md`."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from datetime import UTC, datetime

from tests.bench.machine import cores, model
from tests.bench.receipt_cost import Cost, Proof
from tests.bench.report import MOST_OTHERS
from tests.bench.rounds import Pace
from tests.bench.stage import WORKERS, Server

BEGIN, END = "<!-- receipts: written by ./test --bench receipts -->", "<!-- end of receipts -->"


def _spread(values: Sequence[float]) -> str:
    return f"{statistics.median(values):.2f} ({min(values):.2f}–{max(values):.2f})"


def _rate(cost: Cost, proof: Proof) -> str:
    rate = statistics.median(turn.part.per_second for turn in cost.turns[proof])
    p50, p99 = (cost.latency_ms(proof, percent=percent) for percent in (50, 99))
    return f"{rate:.0f}/s, {p50:.0f} / {p99:.0f} ms"


def _row(cost: Cost) -> str:
    lags = sorted(cost.lags())
    lag = f"{statistics.median(lags):.2f} / {lags[int(len(lags) * 0.95)]:.2f} / {lags[-1]:.2f} s"
    cells = (
        f"{cost.receipts:,}",
        _rate(cost, Proof.WITH),
        _rate(cost, Proof.WITHOUT),
        _spread(cost.ratios()),
        _spread(cost.processor_ratios()),
        lag,
    )
    return f"| {' | '.join(cells)} |"


def cost_block(costs: Sequence[Cost], *, pace: Pace, file_system: str) -> str:
    """What stands between the marks."""
    parts = [turn.part for cost in costs for turns in cost.turns.values() for turn in turns]
    others = max(part.usage.others for part in parts)
    doubt = f"> **Doubtful:** other processes took up to {others:.0%} of the cores meanwhile.\n\n"
    workers = WORKERS[Server.WSGI]
    return "\n".join(
        [
            f"{datetime.now(UTC):%Y-%m-%d}. {cores()} cores ({model()}), shared by client, {workers} workers of "
            f"each server, PostgreSQL on {file_system}, worker and scheduler; {pace.rounds} turns of {pace.seconds:g} "
            "s each, 16 clients; ratios are medians (least–greatest) of neighbouring turns.",
            "",
            f"{doubt if others > MOST_OTHERS else ''}"
            "| receipts before | with: rate, p50 / p99 | without | requests a second, with ÷ without | processor time, "
            "with ÷ without | lag of the log, p50 / p95 / greatest |",
            "| --: | --- | --- | --: | --: | --- |",
            *map(_row, costs),
        ]
    )
