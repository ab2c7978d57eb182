"""From a wish to a permission: decide, wait for whoever must answer, claim. The only place that yields a Permit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from inspect import BoundArguments
from typing import Literal, TypeAlias

from aarm import flows
from aarm.canonical import encode
from aarm.errors import ConfigurationError, Denied, Expired, NotAllowedError, Pending, ProtocolError, RefusedError
from aarm.flows import Flow, OnQuestion
from aarm.records import Decision, Effective, Verdict

Wait: TypeAlias = Literal["block", "return"] | timedelta
OnPending: TypeAlias = Callable[[str | None, str | None, datetime | None], object]
Bind: TypeAlias = Callable[[Mapping[str, object]], BoundArguments]

_EXPIRED = "EXPIRED"
_GONE = 410


@dataclass(frozen=True, slots=True)
class Wish:
    """An action before it is judged. `patience_seconds` None waits as long as the server does; 0 does not wait."""

    tool: str
    session_id: str
    parameters: Mapping[str, object]
    patience_seconds: float | None
    on_pending: OnPending | None
    on_question: OnQuestion | None
    bind: Bind


@dataclass(frozen=True, slots=True)
class Permit:
    """The action may run once, now, with exactly these arguments."""

    verdict: Verdict
    arguments: BoundArguments
    parameters: Mapping[str, object]


def patience(wait: Wait) -> float | None:
    """Seconds that `wait` stands for; None means until the server's own deadline."""
    if isinstance(wait, timedelta):
        return max(0.0, wait.total_seconds())
    if wait not in _PATIENCE:
        raise ConfigurationError(f"wait={wait!r} is unknown.", fix='Use "block", "return" or a timedelta.')
    return _PATIENCE[wait]


def authorise(wish: Wish) -> Flow[Permit]:
    """Returns only after an effective ALLOW whose parameters fit the function; everything else raises an AarmError."""
    verdict = yield from flows.decide(wish.tool, session_id=wish.session_id, parameters=wish.parameters)
    if verdict.effective is Effective.PENDING:
        verdict = yield from _answered(verdict, wish=wish)
    parameters = _allowed_parameters(verdict)
    # Whether they fit is found out before the claim, which spends the permission.
    arguments = wish.bind(parameters)
    if verdict.decision in (Decision.STEP_UP, Decision.DEFER):
        yield from _claimed(verdict, parameters=parameters)
    return Permit(verdict=verdict, arguments=arguments, parameters=parameters)


def _answered(verdict: Verdict, *, wish: Wish) -> Flow[Verdict]:
    waiting = verdict.waiting
    if wish.on_pending is not None and waiting is not None:
        wish.on_pending(waiting.url, waiting.code, waiting.expires_at)
    if wish.patience_seconds == 0:
        return verdict
    return (
        yield from flows.wait_for(
            verdict.decision_id,
            request_digest=verdict.request_digest,
            timeout_seconds=wish.patience_seconds,
            on_question=wish.on_question,
        )
    )


def _allowed_parameters(verdict: Verdict) -> Mapping[str, object]:
    if verdict.effective is Effective.ALLOW and verdict.parameters is not None:
        return verdict.parameters
    raise _refusal(verdict)


def _refusal(verdict: Verdict) -> NotAllowedError:
    if verdict.effective is Effective.PENDING:
        return Pending(verdict)
    ended = (verdict.approval, verdict.deferral)
    return Expired(verdict) if any(one is not None and one.state == _EXPIRED for one in ended) else Denied(verdict)


def _claimed(verdict: Verdict, *, parameters: Mapping[str, object]) -> Flow[None]:
    """Spends the permission. The claim must name the parameters that the answer to this request named."""
    if verdict.action_digest is None:
        raise ProtocolError("The answer names no action_digest, so it cannot be claimed.")
    try:
        claim = yield from flows.claim(verdict.decision_id, action_digest=verdict.action_digest)
    except RefusedError as error:
        if error.status == _GONE:
            raise Expired(verdict) from error
        raise
    if encode(dict(claim.parameters), at="claim") != encode(dict(parameters), at="answer"):
        raise ProtocolError("The claim names other parameters than the decision that was approved.")


_PATIENCE: dict[str, float | None] = {"block": None, "return": 0.0}
