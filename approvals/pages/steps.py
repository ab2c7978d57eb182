"""What is inside an action that stands for others, as a page shows it: each step with what was decided about it."""

from __future__ import annotations

from dataclasses import dataclass

from approvals.lifecycle.snapshot import JSONObject, Snapshot
from receipts.signing.canonical import JSON

# What a command line was taken apart into says these beside the command itself, which has both.
_SAID_TWICE = frozenset({"program", "arguments"})


@dataclass(frozen=True, slots=True)
class InnerStep:
    """One step, numbered from 1. `values` are what it is called with; `only_carries`: it does nothing by itself."""

    number: int
    tool: str
    operation: str
    decision: str
    rule_id: str
    only_carries: bool
    values: tuple[tuple[str, JSON], ...]


def steps_of(snapshot: Snapshot) -> tuple[InnerStep, ...]:
    """Every step, in the order in which it was written."""
    return tuple(_step(each, number=number) for number, each in enumerate(snapshot.steps, start=1))


def _step(step: JSONObject, *, number: int) -> InnerStep:
    parameters = step["parameters"]
    values = parameters if isinstance(parameters, dict) else {}
    hidden = _SAID_TWICE if "command" in values and step["tool"] == "shell" else frozenset()
    return InnerStep(
        number=number,
        tool=str(step["tool"]),
        operation=str(step["operation"]),
        decision=str(step["decision"]),
        rule_id=str(step["rule"] or ""),
        only_carries=step["only_carries"] is True,
        values=tuple((name, value) for name, value in values.items() if name not in hidden),
    )
