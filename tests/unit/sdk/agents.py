"""An agent of Alice's that plays one guarded call, sync or async, and tells how it ended."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from aarm import AarmError, Guard, Guarded

Kind = Literal["sync", "async"]
KINDS: tuple[Kind, ...] = ("sync", "async")


class MailError(Exception):
    """What the mail system raises."""


@dataclass(slots=True)
class Ending:
    """`runs` are the parameters that the function really ran with, one entry a run."""

    runs: list[dict[str, Any]] = field(default_factory=list)
    result: object = None
    error: BaseException | None = None
    last: Guarded | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """One guarded call. `raising` is what the function raises after it has run."""

    tool: str = "email.send"
    to: str = "bob@corp.example"
    limit: int = 500
    raising: type[BaseException] | None = None
    options: dict[str, Any] = field(default_factory=dict)


def play(kind: Kind, guard: Guard, call: Call | None = None) -> Ending:
    """Opens a session, calls the guarded function, and returns what happened."""
    ending = Ending()
    try:
        _PLAYS[kind](guard, call or Call(), ending)
    except (AarmError, MailError, KeyboardInterrupt) as error:
        ending.error = error
    return ending


def _run(call: Call, ending: Ending, **parameters: Any) -> dict[str, Any]:
    ending.runs.append(parameters)
    if call.raising is not None:
        raise call.raising("secret of the mail system")
    return {"sent": parameters["to"]}


def _play_sync(guard: Guard, call: Call, ending: Ending) -> None:
    @guard(call.tool, **call.options)
    def send(to: str, limit: int = 1000) -> dict[str, Any]:
        return _run(call, ending, to=to, limit=limit)

    with guard.session(request="Tell Bob"):
        try:
            ending.result = send(call.to, limit=call.limit)
        finally:
            ending.last = guard.last


async def _play_async(guard: Guard, call: Call, ending: Ending) -> None:
    @guard(call.tool, **call.options)
    async def send(to: str, limit: int = 1000) -> dict[str, Any]:
        return _run(call, ending, to=to, limit=limit)

    async with guard.session(request="Tell Bob"):
        try:
            ending.result = await send(call.to, limit=call.limit)
        finally:
            ending.last = guard.last


_PLAYS: dict[Kind, Callable[[Guard, Call, Ending], None]] = {
    "sync": _play_sync,
    "async": lambda guard, call, ending: asyncio.run(_play_async(guard, call, ending)),
}
