"""What was seen to have run, asked or not."""

from __future__ import annotations

from dataclasses import dataclass

from decisions.engine.action import Action


@dataclass(frozen=True, slots=True)
class Observed:
    """An action that has run. `key` names the observation, `call` the call as the agent named it, if it did."""

    action: Action
    key: str
    call: str | None = None
