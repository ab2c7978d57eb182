"""Measuring in rounds: every target once a round, one after the other, so that what slows the machine slows all."""

from __future__ import annotations

import secrets
import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from tests.bench.load import AIMS, Aim, Client, Door, job_for
from tests.bench.machine import Usage, calibration_ms, read_now, usage_between

# Whose processor time is told apart; the rest of the benchmark is its own process and Redis.
SERVER, DATABASE, CLIENT, REST = "server", "database", "client", "rest"


@dataclass(frozen=True, slots=True)
class Pace:
    """How long to measure. One more round than `rounds` is run; the first one is thrown away."""

    rounds: int
    seconds: float
    warm_seconds: float = 0.25


@dataclass(frozen=True, slots=True)
class Slice:
    """One target for a few seconds."""

    aim: Aim
    per_second: float
    latencies_us: Sequence[int]
    answered: int
    errors: int
    first_error: str
    usage: Usage

    def milliseconds_each(self, *trees: str) -> float:
        """Processor time that an answer cost in these trees together."""
        return 1000 * sum(self.usage.trees[tree] for tree in trees) / max(1, self.answered)


@dataclass(frozen=True, slots=True)
class Round:
    """Every target once, and how fast the machine was just before."""

    calibration_ms: float
    slices: Mapping[Aim, Slice]


def run_round(client: Client, door: Door, *, roots: Mapping[str, int], pace: Pace, aims: Iterable[Aim] = AIMS) -> Round:
    """All aims in their order."""
    calibrated = min(calibration_ms() for _ in range(3))
    slices = {aim: run_slice(client, door, aim=aim, roots=roots, pace=pace) for aim in aims}
    return Round(calibration_ms=calibrated, slices=slices)


def run_slice(client: Client, door: Door, *, aim: Aim, roots: Mapping[str, int], pace: Pace) -> Slice:
    """One target for as long as `pace` says."""
    times = {"seconds": pace.seconds, "warm_seconds": pace.warm_seconds}
    job = job_for(aim, door=door, run=secrets.token_hex(8), times=times)
    before = read_now(roots)
    report = client.run(job)
    usage = usage_between(before, read_now(roots))
    return Slice(
        aim=aim,
        per_second=len(report.latencies_us) / pace.seconds,
        latencies_us=report.latencies_us,
        answered=report.answered,
        errors=report.errors,
        first_error=report.first_error,
        usage=usage,
    )


def percentile_ms(latencies_us: Sequence[int], *, percent: int) -> float:
    """The least time that this share of the answers kept to."""
    ordered = sorted(latencies_us)
    return ordered[max(0, -(-len(ordered) * percent // 100) - 1)] / 1000 if ordered else 0.0


@dataclass(frozen=True, slots=True)
class Span:
    """A median over the rounds, and the least and the greatest of them."""

    median: float
    least: float
    greatest: float


def span_of(values: Sequence[float]) -> Span:
    """Of at least one value."""
    return Span(median=statistics.median(values), least=min(values), greatest=max(values))


def over_rounds(rounds: Sequence[Round], *, value: Callable[[Round], float]) -> Span:
    """`value` of each round."""
    return span_of([value(each) for each in rounds])


def cost_ratio(rounds: Sequence[Round], *, of: Aim, to: Aim) -> Span:
    """Processor time that an answer of one target costs, over that of another in the same round, all told.

    Where server, database and client share the cores this is what bounds requests a second, and it hardly changes when
    others use the cores too.
    """

    def cost(each: Round, aim: Aim) -> float:
        return max(each.slices[aim].milliseconds_each(SERVER, DATABASE, CLIENT), 1e-9)

    return over_rounds(rounds, value=lambda each: cost(each, of) / cost(each, to))


def ratio(rounds: Sequence[Round], *, of: Aim, to: Aim) -> Span:
    """Requests a second of one target over those of another in the same round."""
    return over_rounds(rounds, value=lambda each: each.slices[of].per_second / max(each.slices[to].per_second, 1e-9))
