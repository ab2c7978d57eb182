"""One hot session beside spread load, in many short turns: what the tables at the top have too few rounds for."""

from __future__ import annotations

from collections.abc import Iterable

from tests.bench.load import Aim, Spread, Target
from tests.bench.report import Measured, warnings_of
from tests.bench.rounds import CLIENT, DATABASE, SERVER, Pace, over_rounds, percentile_ms, ratio, span_of

BEGIN, END = "<!-- hot: written by ./test --bench hot -->", "<!-- end of hot -->"
SPREAD, HOT = Aim(Target.DECIDE, Spread.WIDE), Aim(Target.DECIDE, Spread.HOT)
FULL, QUICK = Pace(rounds=20, seconds=2.0), Pace(rounds=2, seconds=0.4, warm_seconds=0.1)
GOAL = 0.9


def turns(number: int) -> tuple[Aim, Aim]:
    """Each goes first every other time, so that a machine that slows down favours neither."""
    return (SPREAD, HOT) if number % 2 else (HOT, SPREAD)


def hot_block(measured: Measured, *, setting: str) -> str:
    """What stands between the marks."""
    found = ratio(measured.rounds, of=HOT, to=SPREAD)
    return "\n".join(
        [
            setting,
            "",
            *warnings_of([measured]),
            f"The hot session reaches {found.median:.2f} ({found.least:.2f}–{found.greatest:.2f}) of spread load; "
            f"wanted is {GOAL}.",
            "",
            "| | requests/s | p50 / p99 ms | CPU ms an answer | errors |",
            "| --- | --: | --: | --: | --: |",
            *_rows(measured),
        ]
    )


def _rows(measured: Measured) -> Iterable[str]:
    for aim in (SPREAD, HOT):
        slices = [each.slices[aim] for each in measured.rounds]
        rate = over_rounds(measured.rounds, value=lambda each, aim=aim: each.slices[aim].per_second)  # type: ignore[misc]
        micro = [taken for part in slices for taken in part.latencies_us]
        times = " / ".join(f"{percentile_ms(micro, percent=percent):.1f}" for percent in (50, 99))
        cost = span_of([part.milliseconds_each(SERVER, DATABASE, CLIENT) for part in slices]).median
        errors = sum(each.slices[aim].errors for each in measured.every_round())
        rates = f"{rate.median:.0f} ({rate.least:.0f}–{rate.greatest:.0f})"
        yield f"| {aim.spread} | {rates} | {times} | {cost:.2f} | {errors} |"
