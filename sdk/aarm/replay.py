"""Sends recorded traces through a running server, step by step, as the agent that recorded them would have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from aarm.client import Client
from aarm.errors import NotJsonError, ProtocolError, RefusedError
from aarm.outcomes import details_of
from aarm.records import Effective, OutcomeStatus, Verdict
from aarm.traces import Step, Trace

TOOLS_A_CALL = 50
ERROR = "ERROR"
_DIFFERS = "tool_differs"
_OF_ONE_STEP = (ProtocolError, RefusedError, NotJsonError)


@dataclass(frozen=True, slots=True)
class Setting:
    """`host` opens sessions for `human` and `agent_name`, `agent` asks. `effects` are by tool name."""

    host: Client
    agent: Client
    human: str
    agent_name: str | None
    is_cancelling: bool
    effects: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class StepResult:
    """`decision` is the server's word, or ERROR with the error's text as `reason`."""

    tool: str
    effect: str
    decision: str
    reason: str
    is_executed: bool


@dataclass(frozen=True, slots=True)
class TraceResult:
    """The steps of one trace in their order."""

    trace_id: str
    session_id: str
    steps: tuple[StepResult, ...]


def register_catalogue(host: Client, *, tools: Sequence[Mapping[str, object]]) -> list[str]:
    """Registers tools in portions that stay far below the server's limit. Returns why tools were left as they are.

    A tool that the catalogue already knows otherwise is the organisation's business: its own word stands.
    """
    kept: list[str] = []
    for start in range(0, len(tools), TOOLS_A_CALL):
        kept += _register(host, tools[start : start + TOOLS_A_CALL])
    return kept


def replay_trace(trace: Trace, *, setting: Setting) -> TraceResult:
    """One session for one trace. An error of one step is a result; an unreachable server is an error of the whole."""
    session = setting.host.open_session(trace.user_request, human=setting.human, agent=setting.agent_name)
    steps = tuple(_replay_step(step, session_id=session.session_id, setting=setting) for step in trace.steps)
    return TraceResult(trace_id=trace.id, session_id=session.session_id, steps=steps)


def _register(host: Client, tools: Sequence[Mapping[str, object]]) -> list[str]:
    try:
        host.register_tools(tools)
    except RefusedError as error:
        if error.code != _DIFFERS:
            raise
        # A portion is refused as a whole, so the one that differs is found by asking for each.
        return [error.why] if len(tools) == 1 else [why for tool in tools for why in _register(host, [tool])]
    return []


def _replay_step(step: Step, *, session_id: str, setting: Setting) -> StepResult:
    effect = setting.effects[step.tool]
    try:
        for text in step.user_turns:
            setting.host.add_message(session_id, role="user", text=text)
        verdict = setting.agent.decide(step.tool, session_id=session_id, parameters=step.arguments)
        is_executed = _follow_up(step, verdict=verdict, setting=setting)
    except _OF_ONE_STEP as error:
        return StepResult(tool=step.tool, effect=effect, decision=ERROR, reason=str(error), is_executed=False)
    return StepResult(
        tool=step.tool,
        effect=effect,
        decision=verdict.decision.value,
        reason=verdict.reason or verdict.reason_code,
        is_executed=is_executed,
    )


def _follow_up(step: Step, *, verdict: Verdict, setting: Setting) -> bool:
    """Plays the tool: an allowed step gives the recorded output, a waiting one is withdrawn. Returns whether it ran."""
    if verdict.effective is Effective.ALLOW:
        status = OutcomeStatus.FAILED if step.is_failed else OutcomeStatus.SUCCEEDED
        setting.agent.report_outcome(verdict.decision_id, status=status, details=details_of(step.output))
        return True
    if verdict.effective is Effective.PENDING and setting.is_cancelling:
        setting.agent.cancel(verdict.decision_id)
    return False
