"""A session drawn: the risk of each action and the highest so far, what data was there, and where people were asked.

Everything is in pixels. A column is a step, as wide as a finger and wider where there are few; a point is an action,
its shape says the decision.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from receipts.pages.steps import Step

LEVELS = ("LOW", "MEDIUM", "HIGH", "CRITICAL")
LEFT, TOP, BAND, LANE = 76, 10, 26, 22
NARROWEST, WIDEST, USUAL_WIDTH = 26, 40, 640
SHAPES: Mapping[str, str] = {
    "ALLOW": "M-5 0a5 5 0 1 0 10 0a5 5 0 1 0 -10 0z",
    "MODIFY": "M0 -6.5L6.5 0L0 6.5L-6.5 0z",
    "STEP_UP": "M-5 -5h10v10h-10z",
    "DEFER": "M-5 -5.5h3.5v11h-3.5zM1.5 -5.5h3.5v11h-3.5z",
    "DENY": "M0 -6.5L6.5 5.5H-6.5z",
}
"""One shape a decision, around its own middle."""
WORDS = {
    "ALLOW": "allowed",
    "MODIFY": "allowed with changes",
    "STEP_UP": "put before a human",
    "DEFER": "deferred",
    "DENY": "denied",
}

_MARKED: Mapping[str, Callable[[Step], bool]] = {
    "outside": lambda step: step.is_outside,
    "people": lambda step: step.decision == "STEP_UP",
}


@dataclass(frozen=True, slots=True)
class Point:
    """An action. `said` tells it in words of our own; a name that isn't plain ASCII is only in the table."""

    x: int
    y: int
    shape: str
    step: Step
    highest: str
    said: str


@dataclass(frozen=True, slots=True)
class Lane:
    """A line under the drawing: a kind of data from the step that brought it, or marks at single steps."""

    name: str
    is_data: bool
    y: int
    start: int
    marks: Sequence[int]


@dataclass(frozen=True, slots=True)
class Level:
    """A labelled line of the scale."""

    name: str
    y: int


@dataclass(frozen=True, slots=True)
class Tick:
    """The number of a step below its column."""

    position: int
    x: int


@dataclass(frozen=True, slots=True)
class Legend:
    """A shape that occurs, and what it stands for."""

    decision: str
    shape: str
    words: str


@dataclass(frozen=True, slots=True)
class Chart:
    """The drawing and its table. `line` are the corners of the highest risk so far."""

    width: int
    height: int
    levels: Sequence[Level]
    ticks: Sequence[Tick]
    ticks_y: int
    points: Sequence[Point]
    line: str
    lanes: Sequence[Lane]
    legend: Sequence[Legend]


@dataclass(frozen=True, slots=True)
class Scale:
    """Where columns stand."""

    columns: int

    @property
    def column(self) -> int:
        """How wide one is."""
        return max(NARROWEST, min(WIDEST, USUAL_WIDTH // self.columns))

    @property
    def width(self) -> int:
        """Of the whole drawing."""
        return LEFT + self.columns * self.column

    def start(self, place: int) -> int:
        """Its left edge."""
        return LEFT + place * self.column

    def middle(self, place: int) -> int:
        """Its middle."""
        return self.start(place) + self.column // 2


def _rank(risk: str) -> int:
    return LEVELS.index(risk) if risk in LEVELS else -1


def _y(risk: str) -> int:
    """The middle of a level's band; what has no level, as where nothing was signed, stands below all of them."""
    return TOP + BAND * (len(LEVELS) - _rank(risk)) - BAND // 2


_GROUND = TOP + BAND * len(LEVELS)


def _said(step: Step) -> str:
    words = [name_of(step), f"risk {step.risk.lower() or 'unknown'}", WORDS.get(step.decision, "decided")]
    return f"Step {step.position}, {', '.join(words)}{f', then {step.answer.lower()}' if step.answer else ''}"


def _points(steps: Sequence[Step], *, scale: Scale) -> list[Point]:
    found, highest = [], ""
    for place, step in enumerate(steps):
        if step.decision:
            highest = max(highest, step.risk, key=_rank)
            shape = SHAPES.get(step.decision, SHAPES["DENY"])
            found.append(Point(scale.middle(place), _y(step.risk), shape, step, highest, _said(step)))
    return found


def _line(points: Sequence[Point], *, scale: Scale) -> str:
    """Up in steps, and on to the right edge."""
    corners = [f"M{points[0].x} {_y(points[0].highest)}"]
    corners += [f"H{point.x}V{_y(point.highest)}" for point in points[1:]]
    return "".join([*corners, f"H{scale.width}"])


def _starts(steps: Sequence[Step], *, scale: Scale) -> dict[str, int]:
    """Where each kind of data begins: at the step that brought it, or at the edge."""
    found: dict[str, int] = {}
    for place, step in enumerate(steps):
        for label in step.seen:
            found.setdefault(label, scale.middle(place) if label in step.labels else scale.start(place))
    return found


def _lanes(steps: Sequence[Step], *, scale: Scale) -> list[Lane]:
    """In the order in which the data came; then what came from outside, and who was asked."""
    starts = _starts(steps, scale=scale).items()
    top = _GROUND + LANE + LANE // 2
    found = [Lane(label, True, top + LANE * number, start, ()) for number, (label, start) in enumerate(starts)]
    for name, is_in in _MARKED.items():
        marks = [scale.middle(place) for place, step in enumerate(steps) if is_in(step)]
        found += [Lane(name, False, top + LANE * len(found), 0, marks)] if marks else []
    return found


def legend_of(steps: Iterable[Step]) -> list[Legend]:
    """The shapes of the decisions that these steps had."""
    there = {step.decision for step in steps}
    return [Legend(name, shape, WORDS[name]) for name, shape in SHAPES.items() if name in there]


def ticks_of(steps: Sequence[Step], *, scale: Scale) -> list[Tick]:
    """The numbers of the steps."""
    return [Tick(step.position, scale.middle(place)) for place, step in enumerate(steps)]


def name_of(step: Step) -> str:
    """What can be said of its name: one that isn't plain ASCII is only in the table."""
    name = f"{step.tool}.{step.operation}"
    return name if name.isascii() and name.isprintable() else "an action"


def chart_of(steps: Sequence[Step]) -> Chart | None:
    """The drawing of these steps; None where there was no action."""
    scale = Scale(max(len(steps), 1))
    points, lanes = _points(steps, scale=scale), _lanes(steps, scale=scale)
    if not points:
        return None
    return Chart(
        width=scale.width,
        height=_GROUND + LANE * (len(lanes) + 1) + TOP,
        levels=[Level(name, _y(name)) for name in LEVELS],
        ticks=ticks_of(steps, scale=scale),
        ticks_y=_GROUND + LANE // 2,
        points=points,
        line=_line(points, scale=scale),
        lanes=lanes,
        legend=legend_of(point.step for point in points),
    )
