"""Which pause a session stands under, and the pauses that there are.

Whatever may permit asks `aarm_pause_of` before it commits. In PostgreSQL that is a function which first takes
a lock, shared with all others that ask, and only then looks, with a snapshot of that moment; whoever pauses takes the
same lock for itself alone. So a pause begins when everything that was being permitted has been committed, and whatever
comes later sees it (APR-31). A session that was locked first keeps no pause from being written: such locks let rows
come that refer to it. SQLite has one writer at a time anyway.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib.auth.models import Group
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import CharField, Func, Q, QuerySet
from django.db.models.sql.compiler import SQLCompiler

from approvals.services.people import Person
from decisions.models import Agent, Pause, Scope, Session
from receipts.problems import not_found
from receipts.signing.canonical import JSON

_STANDING = (
    "(WITH RECURSIVE line AS (SELECT s.id, s.parent_id FROM decisions_session s WHERE s.id = {session} "
    "UNION ALL SELECT s.id, s.parent_id FROM decisions_session s JOIN line ON s.id = line.parent_id) "
    "SELECT p.id FROM decisions_pause p WHERE p.resumed_at IS NULL AND (p.scope = 'everything' "
    "OR p.session_id IN (SELECT line.id FROM line) OR EXISTS (SELECT 1 FROM decisions_session s "
    "JOIN decisions_agent a ON a.id = s.agent_id "
    "WHERE s.id = {session} AND (p.agent_id = a.id OR p.team_id = a.owner_id))) ORDER BY p.paused_at, p.id LIMIT 1)"
)
PAUSE_OF_ROW = {"postgresql": "aarm_pause_of(r.id)", "sqlite": _STANDING.format(session="r.id")}
MOST_LISTED = 100
MOST_OFFERED = 500


class PauseOf(Func):
    """The id of the pause that a session stands under, or null. Its one argument is the session's id."""

    function = "aarm_pause_of"
    output_field = CharField()

    def as_sqlite(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **context: Any
    ) -> tuple[str, tuple[Any, ...]]:
        return self.as_sql(compiler, connection, template=_STANDING.format(session="%(expressions)s"), **context)


def _at_or_below(session_id: str | None) -> Q:
    """A session and whatever it has handed on, as deep as sessions go."""
    levels = ["__".join(["parent"] * depth) for depth in range(1, settings.AARM_SESSION_DEPTH + 1)]
    return Q(*((level, session_id) for level in ("pk", *levels)), _connector=Q.OR)


def _line_of(session: Session) -> list[str]:
    """A session and those that it works for."""
    line, above = [session.pk], session.parent_id
    while above:
        line.append(above)
        above = Session.objects.values_list("parent_id", flat=True).get(pk=above)
    return line


def sessions_within(pause: Pause) -> Q:
    """The sessions in the scope of a pause."""
    return {
        Scope.EVERYTHING: lambda: Q(),
        Scope.TEAM: lambda: Q(agent__owner=pause.team_id),
        Scope.AGENT: lambda: Q(agent=pause.agent_id),
        Scope.SESSION: lambda: _at_or_below(pause.session_id),
    }[Scope(pause.scope)]()


def pauses_over(session: Session) -> QuerySet[Pause]:
    """Every pause, over or not, in whose scope a session lies."""
    owned = Q(team__isnull=False, team=session.agent.owner_id)
    return Pause.objects.filter(
        Q(scope=Scope.EVERYTHING) | Q(agent=session.agent_id) | Q(session__in=_line_of(session)) | owned
    )


def what_of(pause: Pause) -> str:
    """What is stopped, in words."""
    if pause.session is not None:
        return f"A session of {pause.session.agent.name}"
    if pause.agent is not None:
        return pause.agent.name
    return f"All agents of {pause.team.name}" if pause.team else "Everything"


def pauses_during(session: Session, *, most: int) -> list[Pause]:
    """Those under which a session stood at any time while it was open, newest first."""
    found = pauses_over(session).exclude(resumed_at__lt=session.opened_at)
    if session.ended_at:
        found = found.filter(paused_at__lt=session.ended_at)
    people = found.select_related("team", "agent", "session__agent", "paused_by", "resumed_by")
    return list(people.order_by("-paused_at", "id")[:most])


def was_paused_since(session: Session, *, since: datetime) -> bool:
    """Whether a pause stands over a session, or one has begun since then."""
    return pauses_over(session).filter(Q(resumed_at=None) | Q(paused_at__gte=since)).exists()


def pause_named(pause_id: str) -> Pause:
    """Raises `not_found`."""
    pause = _listed().filter(pk=pause_id).first()
    if pause is None:
        raise not_found("pause")
    return pause


def _listed() -> QuerySet[Pause]:
    return Pause.objects.select_related("team", "agent", "session__agent", "paused_by", "resumed_by")


def standing_pauses() -> list[Pause]:
    """Those that hold now, newest first."""
    return list(_listed().filter(resumed_at=None).order_by("-paused_at", "id"))


def ended_pauses(*, most: int = MOST_LISTED) -> list[Pause]:
    """Those that are over, newest first."""
    return list(_listed().filter(resumed_at__isnull=False).order_by("-paused_at", "id")[:most])


def is_everything_paused() -> bool:
    """Whether a pause of everything holds."""
    return Pause.objects.filter(scope=Scope.EVERYTHING, resumed_at=None).exists()


@dataclass(frozen=True, slots=True)
class Counts:
    """What is at work in a scope: agents, sessions that are open."""

    agents: int
    sessions: int


def counts_within(team: Group | None) -> Counts:
    """For a team's agents, or for all."""
    agents = Agent.objects.filter(is_active=True, **({"owner": team} if team else {}))
    return Counts(agents.count(), Session.objects.filter(ended_at=None, agent__in=agents).count())


def agents_to_pause(person: Person | None) -> list[Agent]:
    """The agents that this person's teams own, or all; by name."""
    owned = {"owner__in": person.groups.all()} if person else {}
    return list(Agent.objects.filter(is_active=True, **owned).order_by("name")[:MOST_OFFERED])


def teams_to_pause(person: Person | None) -> list[str]:
    """The teams of this person, or all, that own an agent; by name."""
    owning = Group.objects.filter(agents__isnull=False, **({"user": person} if person else {}))
    return list(owning.order_by("name").values_list("name", flat=True).distinct())


def pause_answer(pause: Pause) -> dict[str, JSON]:
    """A pause as the API shows it."""
    return {
        "pause_id": pause.pk,
        "scope": pause.scope,
        "team": pause.team.name if pause.team else None,
        "agent": pause.agent_id,
        "session": pause.session_id,
        "reason": pause.reason,
        "in_flight": pause.in_flight,
        "paused_by": pause.paused_by.person_id if pause.paused_by else None,
        "paused_at": _moment(pause.paused_at),
        "resumed_by": pause.resumed_by.person_id if pause.resumed_by else None,
        "resumed_at": _moment(pause.resumed_at) if pause.resumed_at else None,
    }


def _moment(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
