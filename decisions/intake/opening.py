"""What is inside a call that stands for others: the command line of a shell, the tool behind `mcp_tool`, a skill."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from decisions.engine.action import Action
from decisions.engine.metatools import MetaTool, MetaTools, Opening
from decisions.intake.errors import IntakeError
from decisions.intake.names import split_tool_name
from decisions.intake.shell.doubts import Doubt
from decisions.intake.shell.programs import read_script, read_words
from decisions.intake.shell.steps import Command, Found, Redirection, sets_harmful
from receipts.signing.canonical import JSON

DEEPEST_CALL = 4
# What every command line comes to, by whichever tool it is run.
SHELL, RUN = "shell", "run"
# What can't be read with certainty is an action of this tool, so that a policy can say who is asked about it.
UNCLEAR = "unclear"


class CallDoubt(StrEnum):
    """Why it can't be said which tool is called inside another."""

    NAMELESS = "it does not name the tool that it calls"
    ARGUMENTS = "its arguments are no object"
    TOO_DEEP = "calls are nested too deep"


@dataclass(frozen=True, slots=True)
class Inner:
    """One action inside another. `only_carries` is what does nothing by itself but lead to the next."""

    action: Action
    only_carries: bool = False


@dataclass(frozen=True, slots=True)
class Opened:
    """Everything that is inside, in reading order. `arguments` is the parameter that holds the only inner action's."""

    inner: tuple[Inner, ...]
    doubts: tuple[str, ...] = ()
    kind: Opening = Opening.SHELL
    arguments: str | None = None

    @property
    def unclear(self) -> Action | None:
        """What stands for the part that is not certain."""
        return Action(UNCLEAR, self.kind.value, {"doubts": [*self.doubts]}) if self.doubts else None


def opened(action: Action, *, table: MetaTools) -> Opened | None:
    """What is inside this action; None where it stands for nothing but itself. Pure and total.

    Opening what came out gives the same again: a command is a command line with one command.
    """
    return _opened(action, table=table, depth=0)


def _opened(action: Action, *, table: MetaTools, depth: int) -> Opened | None:
    found = table.find(tool=action.tool, operation=action.operation)
    if found is None:
        return None
    if depth > DEEPEST_CALL:
        return Opened((), (CallDoubt.TOO_DEEP,), kind=Opening.CALL)
    return _OPEN[found.opens](action.parameters, found, table, depth)


def _shell(parameters: Mapping[str, JSON], tool: MetaTool, table: MetaTools, depth: int) -> Opened:
    name = next((each for each in tool.commands if each in parameters), None)
    found = _read(parameters.get(name or ""), tool=tool, table=table)
    doubts = found.doubts | _of_environment(parameters)
    inner = tuple(_of_step(step) for step in found.steps)
    if not inner and not doubts:
        doubts = frozenset({Doubt.COMPUTED})
    return Opened(inner, tuple(sorted(doubts)))


def _read(value: JSON, *, tool: MetaTool, table: MetaTools) -> Found:
    """The command lines of a parameter: a text, or a list of them, or of the words of one program."""
    if isinstance(value, str):
        return read_script(value, runners=table.runners)
    texts = [item for item in value if isinstance(item, str)] if isinstance(value, list) else []
    if not texts or texts != value:
        return Found((), frozenset({Doubt.COMPUTED}))
    if not tool.are_lines:
        return read_words(texts, runners=table.runners)
    found = [read_script(text, runners=table.runners) for text in texts]
    steps = tuple(step for each in found for step in each.steps)
    return Found(steps, frozenset[Doubt]().union(*(each.doubts for each in found)))


def _of_environment(parameters: Mapping[str, JSON]) -> frozenset[Doubt]:
    """Variables that the tool itself sets for the command."""
    variables = parameters.get("env") or {}
    is_harmless = isinstance(variables, Mapping) and not sets_harmful(variables)
    return frozenset(set[Doubt]() if is_harmless else {Doubt.VARIABLE})


def _of_step(step: Command | Redirection) -> Inner:
    """Members that are not known before the command runs are left out, so that a rule about them can't be passed by."""
    if isinstance(step, Redirection):
        path: dict[str, JSON] = {} if step.path is None else {"path": step.path}
        return Inner(Action(SHELL, step.kind, path))
    parameters: dict[str, JSON] = {"program": step.program}
    if step.arguments is not None:
        parameters["arguments"] = [*step.arguments]
        parameters["command"] = shlex.join([step.program, *step.arguments])
    return Inner(Action(SHELL, RUN, parameters), only_carries=step.only_runs)


def _call(parameters: Mapping[str, JSON], tool: MetaTool, table: MetaTools, depth: int) -> Opened:
    name, server = parameters.get(tool.name or ""), parameters.get(tool.server or "")
    under = tool.under if tool.server is None else server
    if not isinstance(name, str) or not isinstance(under, str | None):
        return _unclear(CallDoubt.NAMELESS)
    try:
        called, operation = split_tool_name(f"{under}.{name}" if under else name, None)
    except IntakeError:
        return _unclear(CallDoubt.NAMELESS)
    arguments = _arguments(parameters, tool=tool)
    if arguments is None:
        return _unclear(CallDoubt.ARGUMENTS)
    action = Action(called, operation, arguments)
    further = _opened(action, table=table, depth=depth + 1)
    if further is None:
        return Opened((Inner(action),), kind=Opening.CALL, arguments=tool.arguments)
    return Opened((Inner(action, only_carries=True), *further.inner), further.doubts, kind=further.kind)


def _arguments(parameters: Mapping[str, JSON], *, tool: MetaTool) -> dict[str, JSON] | None:
    if tool.arguments is None:
        return {name: value for name, value in parameters.items() if name not in (tool.name, tool.server)}
    value = parameters.get(tool.arguments, {})
    return dict(value) if isinstance(value, Mapping) else None


def _unclear(doubt: CallDoubt) -> Opened:
    return Opened((), (doubt,), kind=Opening.CALL)


_Open: TypeAlias = Callable[[Mapping[str, JSON], MetaTool, MetaTools, int], Opened]
_OPEN: Mapping[Opening, _Open] = {Opening.SHELL: _shell, Opening.CALL: _call}
