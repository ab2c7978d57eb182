"""From measurements to the pages of numbers in `docs/performance.md`."""

from __future__ import annotations

import platform
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain

import django

from tests.bench.blocks import with_block
from tests.bench.load import AIMS, Aim, Spread, Target
from tests.bench.machine import cores, model
from tests.bench.profiles import OUTSIDE, Profile
from tests.bench.rounds import (
    CLIENT,
    DATABASE,
    SERVER,
    Pace,
    Round,
    Span,
    cost_ratio,
    over_rounds,
    percentile_ms,
    ratio,
    span_of,
)
from tests.bench.stage import WORKERS, Server, Stage

BEGIN, END = "<!-- numbers: written by ./test --bench -->", "<!-- end of numbers -->"
# More than this and the machine was not ours alone, or not the same all the time.
MOST_OTHERS = 0.05
MOST_DRIFT = 1.10


@dataclass(frozen=True, slots=True)
class Measured:
    """One server's rounds; `discarded` is the first one, in which caches and connections were filled."""

    server: Server
    discarded: Round
    rounds: Sequence[Round]

    def every_round(self) -> list[Round]:
        return [self.discarded, *self.rounds]


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    rule = ["---"] + ["--:"] * (len(header) - 1)
    return ["| " + " | ".join(cells) + " |" for cells in (header, rule, *rows)]


def _spanned(span: Span, *, digits: int) -> str:
    return f"{span.median:.{digits}f} ({span.least:.{digits}f}–{span.greatest:.{digits}f})"


def _ratio(measured: Measured, *, of: Aim, to: Target) -> str:
    # A constant has no sessions, so everything is held against the one F0.
    other = Aim(to, Spread.WIDE if to is Target.F0 else of.spread)
    return "1" if of == other else _spanned(ratio(measured.rounds, of=of, to=other), digits=2)


def _row(measured: Measured, *, aim: Aim) -> list[str]:
    slices = [each.slices[aim] for each in measured.rounds]
    latencies = list(chain.from_iterable(part.latencies_us for part in slices))
    costs = [
        f"{span_of([part.milliseconds_each(tree) for part in slices]).median:.2f}"
        for tree in (SERVER, DATABASE, CLIENT)
    ]
    return [
        f"{aim.target}, {aim.spread}",
        _spanned(over_rounds(measured.rounds, value=lambda each: each.slices[aim].per_second), digits=0),
        f"{percentile_ms(latencies, percent=50):.1f} / {percentile_ms(latencies, percent=99):.1f}",
        *(_ratio(measured, of=aim, to=target) for target in (Target.F0, Target.F1, Target.F2)),
        " + ".join(costs),
        str(sum(each.slices[aim].errors for each in measured.every_round())),
    ]


def server_section(measured: Measured) -> list[str]:
    """One server's table."""
    header = ["", "requests/s", "p50 / p99 ms", "× F0", "× F1", "× F2", "CPU ms an answer", "errors"]
    decide = Aim(Target.DECIDE, Spread.WIDE)
    hot = ratio(measured.rounds, of=Aim(Target.DECIDE, Spread.HOT), to=decide)
    costs = [
        f"{_spanned(cost_ratio(measured.rounds, of=decide, to=Aim(target, Spread.WIDE)), digits=2)} × {target}"
        for target in (Target.F1, Target.F2)
    ]
    return [
        f"### {measured.server}, {WORKERS[measured.server]} processes",
        "",
        *_table(header, (_row(measured, aim=aim) for aim in AIMS)),
        "",
        f"An answer of `/decide` costs {' and '.join(costs)} in processor time. "
        f"On one hot session it reaches {_spanned(hot, digits=2)} of what it reaches on 16 sessions.",
        "",
    ]


def profile_section(profile: Profile) -> list[str]:
    """Where one decision's time goes."""
    total = sum(phase.total_us for phase in profile.phases)
    phases = [
        [
            phase.name,
            f"{phase.processor_us:.0f}",
            f"{phase.waiting_us:.0f}",
            f"{100 * phase.total_us / total:.0f} %",
        ]
        for phase in profile.phases
    ]
    statements = [[f"`{item.shape}`", f"{item.count:.2f}", f"{item.mean_us:.0f}"] for item in profile.statements]
    count = sum(item.count for item in profile.statements)
    whole = ", ".join(f"{name} {taken:.0f} µs" for name, taken in profile.whole_us.items())
    return [
        "### Where the time of one decision goes",
        "",
        "One process, one request at a time, over Django's test client (mean of the faster half of "
        f"{profile.requests}): {whole}. By phase, each without the phases inside it; “{OUTSIDE}” is all that is not "
        "named:",
        "",
        *_table(["phase", "CPU µs", "waiting µs", "share"], phases),
        "",
        f"{count:.0f} SQL statements a decision, `BEGIN` and `COMMIT` not counted. Those that go to the database "
        "together are answered together: their time is in the phases.",
        "",
        *_table(["statement", "a decision", "µs each"], statements),
        "",
    ]


def warnings_of(runs: Sequence[Measured]) -> list[str]:
    """What makes the numbers doubtful; empty where nothing does."""
    rounds = [each for measured in runs for each in measured.rounds]
    slices = [part for each in rounds for part in each.slices.values()]
    disturbed = [part.usage.others for part in slices if part.usage.others > MOST_OTHERS]
    drift = span_of([each.calibration_ms for each in rounds])
    found = []
    if disturbed:
        found.append(
            f"Other processes took more than {MOST_OTHERS:.0%} of the cores in {len(disturbed)} of {len(slices)} "
            f"slices, {max(disturbed):.0%} at worst. Requests a second are too low then; the ratios suffer less."
        )
    if drift.greatest > MOST_DRIFT * drift.least:
        found.append(
            f"The machine's own speed varied: the calibration loop took {drift.least:.1f} to {drift.greatest:.1f} ms."
        )
    return [f"> **Doubtful:** {sentence}\n" for sentence in found]


def conditions(stage: Stage, *, pace: Pace, file_system: str) -> str:
    """On what, and how long."""
    return (
        f"{datetime.now(UTC):%Y-%m-%d}. {cores()} cores ({model()}), shared by client, server and database. "
        f"Python {platform.python_version()}, Django {django.get_version()}, PostgreSQL {stage.version} with `fsync`, "
        f"`synchronous_commit` and `full_page_writes` on, its files on {file_system}. {pace.rounds} rounds of "
        f"{pace.seconds:g} s a target, after one round that is not counted. Sessions had {stage.actions} actions when "
        "it began."
    )


def numbers(runs: Sequence[Measured], *, profile: Profile, setting: str) -> str:
    """The block between the marks."""
    lines = [setting, "", *warnings_of(runs)]
    for measured in runs:
        lines += server_section(measured)
    return "\n".join([*lines, *profile_section(profile)]).rstrip() + "\n"


def with_numbers(page: str, *, block: str) -> str:
    """The page with its numbers replaced. Raises ValueError for a page without a place for them."""
    return with_block(page, block=block, begin=BEGIN, end=END)
