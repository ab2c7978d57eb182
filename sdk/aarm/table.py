"""Results for a terminal. Names and reasons may be hostile, so no character of theirs can steer it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from aarm.replay import ERROR, TraceResult

_HEADINGS = ("step", "tool", "effect", "decision", "reason")
_WIDTHS = (4, 36, 6, 8, 72)


@dataclass(slots=True)
class Tally:
    """Counts over all traces; `by_kind` is keyed by (effect, decision)."""

    traces: int = 0
    executed: int = 0
    by_kind: Counter[tuple[str, str]] = field(default_factory=Counter)

    def add(self, result: TraceResult) -> None:
        """Counts one trace in."""
        self.traces += 1
        self.executed += sum(step.is_executed for step in result.steps)
        self.by_kind.update((step.effect, step.decision) for step in result.steps)

    @property
    def steps(self) -> int:
        """How many steps were asked about."""
        return self.by_kind.total()

    @property
    def errors(self) -> int:
        """How many steps got no answer that could be used."""
        return sum(count for (_, decision), count in self.by_kind.items() if decision == ERROR)

    def as_json(self) -> dict[str, object]:
        """The same figures for a program."""
        decisions = [
            {"effect": effect, "decision": decision, "steps": count}
            for (effect, decision), count in sorted(self.by_kind.items())
        ]
        return {"traces": self.traces, "steps": self.steps, "executed": self.executed, "decisions": decisions}


def neutral(text: str, *, width: int) -> str:
    """One line of at most `width` characters; what is not printable (control, bidi, invisible) is spelt `\\u{1b}`."""
    shown = "".join(one if one.isprintable() else f"\\u{{{ord(one):x}}}" for one in text)
    return shown if len(shown) <= width else shown[: width - 1] + "…"


def trace_lines(result: TraceResult) -> Iterable[str]:
    """The table of one trace."""
    yield f"trace {neutral(result.trace_id, width=100)} · {neutral(result.session_id, width=60)}"
    rows = [
        (str(number), step.tool, step.effect, step.decision, step.reason)
        for number, step in enumerate(result.steps, start=1)
    ]
    yield from _aligned([_HEADINGS, *rows])
    yield ""


def summary_lines(tally: Tally) -> Iterable[str]:
    """What came out over all traces."""
    yield f"{tally.traces} traces, {tally.steps} steps, {tally.executed} executed, {tally.errors} errors"
    rows = [(effect, decision, str(count)) for (effect, decision), count in sorted(tally.by_kind.items())]
    yield from _aligned([("effect", "decision", "steps"), *rows])


def _aligned(rows: Sequence[Sequence[str]]) -> Iterable[str]:
    limits = _WIDTHS if len(rows[0]) == len(_WIDTHS) else (20,) * len(rows[0])
    cells = [[neutral(cell, width=limit) for cell, limit in zip(row, limits, strict=True)] for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for row in cells:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
