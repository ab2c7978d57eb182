"""How far a session has come from its request, drawn: a point an action, a line for the session, another for drift.

In pixels, in the same columns as the drawing of risks. Everything shown is an estimate, from what was signed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from receipts.pages.charts import LEFT, SHAPES, WORDS, Legend, Scale, Tick, legend_of, name_of, ticks_of
from receipts.pages.steps import Step

# A point at either end has room around it for the frame of the focus.
TOP, HEIGHT, FOOT = 14, 130, 26
# How far below the threshold the line is that says that it is near.
NEAR = 0.2


@dataclass(frozen=True, slots=True)
class Dot:
    """An action whose distance is known; `said` tells it in words."""

    x: int
    y: int
    shape: str
    step: Step
    said: str


@dataclass(frozen=True, slots=True)
class Mark:
    """A labelled line across: an end of the scale, or where drift is near or begins."""

    kind: str
    name: str
    y: int


@dataclass(frozen=True, slots=True)
class DistanceChart:
    """The drawing and its table. `line` is the session's distance."""

    left: int
    width: int
    height: int
    marks: Sequence[Mark]
    ticks: Sequence[Tick]
    ticks_y: int
    dots: Sequence[Dot]
    line: str
    legend: Sequence[Legend]


def _y(distance: float) -> int:
    return TOP + round((1 - distance) * HEIGHT)


def _said(step: Step) -> str:
    drift = step.drift
    words = [
        f"Step {step.position}",
        name_of(step),
        WORDS.get(step.decision, "decided"),
        f"distance {drift.distance:.2f}",
    ]
    if drift.cumulative is not None:
        words.append(f"session {drift.cumulative:.2f}")
    return ", ".join([*words, "above the threshold"] if drift.is_above else words)


def _marks(steps: Sequence[Step]) -> list[Mark]:
    """The ends of the scale, and the newest threshold."""
    marks = [Mark("end", "0", _y(0)), Mark("end", "1", _y(1))]
    threshold = next((step.drift.threshold for step in reversed(steps) if step.drift.threshold is not None), None)
    if threshold is None:
        return marks
    near = max(threshold - NEAR, 0)
    return [*marks, Mark("near", f"near {near:.2f}", _y(near)), Mark("drift", f"drift {threshold:.2f}", _y(threshold))]


def _line(steps: Sequence[Step], *, scale: Scale) -> str:
    """From action to action; it breaks off where the session's distance is unknown."""
    corners, is_drawn = [], False
    for place, step in enumerate(steps):
        if step.drift.cumulative is not None:
            corners.append(f"{'L' if is_drawn else 'M'}{scale.middle(place)} {_y(step.drift.cumulative)}")
        is_drawn = step.drift.cumulative is not None or (is_drawn and not step.decision)
    return "".join(corners)


def distances_of(steps: Sequence[Step]) -> DistanceChart | None:
    """The drawing of these steps; None where no distance was taken."""
    scale = Scale(max(len(steps), 1))
    dots = [
        Dot(scale.middle(place), _y(step.drift.distance), SHAPES.get(step.decision, SHAPES["DENY"]), step, _said(step))
        for place, step in enumerate(steps)
        if step.drift.distance is not None
    ]
    if not dots:
        return None
    return DistanceChart(
        left=LEFT,
        width=scale.width,
        height=_y(0) + FOOT + TOP,
        marks=_marks(steps),
        ticks=ticks_of(steps, scale=scale),
        ticks_y=_y(0) + FOOT,
        dots=dots,
        line=_line(steps, scale=scale),
        legend=legend_of(dot.step for dot in dots),
    )


def told_of(steps: Sequence[Step]) -> str:
    """Where the session's distance began and how far it rose, in a sentence; empty where nobody knows."""
    known = [(step.drift.cumulative, step) for step in steps if step.drift.cumulative is not None]
    if not known:
        return ""
    (first, _), (most, furthest) = known[0], max(known, key=lambda each: each[0])
    if most == first:
        return f"Its distance from the request stayed at {first:.2f} or below (an estimate)."
    where = f"step {furthest.position} ({furthest.tool}.{furthest.operation})"
    above = ", above the threshold" if furthest.drift.is_above else ""
    return f"Its distance from the request rose from {first:.2f} to {most:.2f} at {where}{above} (an estimate)."
