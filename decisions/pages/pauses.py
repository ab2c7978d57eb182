"""Pauses as the page shows them, and what a person may choose to stop."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from decisions.models import Agent, Pause, Scope
from decisions.selectors.pauses import what_of


@dataclass(frozen=True, slots=True)
class PauseLine:
    """One pause. `session` is there for a link to it; `by` is empty for a command."""

    id: str
    what: str
    session: str
    reason: str
    by: str
    at: datetime
    in_flight: int
    resumed_by: str
    resumed_at: datetime | None
    may_resume: bool = False


@dataclass(frozen=True, slots=True)
class Choice:
    """Something that can be stopped: what the form sends, and its words."""

    value: str
    words: str


@dataclass(frozen=True, slots=True)
class Choices:
    """What a person may stop."""

    agents: tuple[Choice, ...] = ()
    teams: tuple[Choice, ...] = ()
    everything: tuple[Choice, ...] = ()
    sessions: tuple[Choice, ...] = ()

    @property
    def any(self) -> bool:
        """Whether there is anything to choose."""
        return bool(self.agents or self.teams or self.everything or self.sessions)


def line_of(pause: Pause, *, may_resume: bool = False) -> PauseLine:
    """One line of the list."""
    return PauseLine(
        id=pause.pk,
        what=what_of(pause),
        session=pause.session_id or "",
        reason=pause.reason,
        by=pause.paused_by.get_username() if pause.paused_by else "",
        at=pause.paused_at,
        in_flight=pause.in_flight,
        resumed_by=pause.resumed_by.get_username() if pause.resumed_by else "",
        resumed_at=pause.resumed_at,
        may_resume=may_resume,
    )


def choices_of(*, agents: Iterable[Agent], teams: Iterable[str], may_stop_all: bool, session: str) -> Choices:
    """What the form offers, in the order in which it is told."""
    return Choices(
        agents=tuple(Choice(f"{Scope.AGENT}:{agent.pk}", agent.name) for agent in agents),
        teams=tuple(Choice(f"{Scope.TEAM}:{name}", f"All agents of {name}") for name in teams),
        everything=(Choice(f"{Scope.EVERYTHING}:", "Everything"),) if may_stop_all else (),
        sessions=(Choice(f"{Scope.SESSION}:{session}", "This session"),) if session else (),
    )
