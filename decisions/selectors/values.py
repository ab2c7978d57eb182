"""The paths under which a decision's payload keeps its parameters, as they may run and as they were asked for, and the
question that its ruling answers, and the steps of an action that stands for others."""

from __future__ import annotations

from collections.abc import Mapping

from decisions.engine.action import Action
from decisions.models import Decision
from receipts.problems import ProblemError
from receipts.selectors import opened_values
from receipts.signing.canonical import JSON

FINAL, ASKED = "parameters/", "asked/"
QUESTION, STEPS = "evaluation", "steps"


def erased() -> ProblemError:
    """410: nothing may be run, or answered, on the word of values that are gone."""
    return ProblemError("erased", status=410, why="The action's values have been erased.", fix="Open a new session.")


def parameters_in(values: Mapping[str, JSON], *, prefix: str = FINAL) -> dict[str, JSON]:
    """The parameters among a decision's opened values."""
    return {path.removeprefix(prefix): value for path, value in values.items() if path.startswith(prefix)}


def asked_parameters(decision: Decision, *, values: Mapping[str, JSON]) -> dict[str, JSON]:
    """The parameters that the agent sent, among the opened values of its decision."""
    return parameters_in(values, prefix=ASKED if decision.ruling["is_modified"] else FINAL)


def action_asked(decision: Decision) -> Action:
    """The action as the agent sent it."""
    parameters = asked_parameters(decision, values=opened_values(decision.payload))
    return Action(tool=decision.tool, operation=decision.operation, parameters=parameters)
