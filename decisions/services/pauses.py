"""The kill switch: stopping what agents do, and letting it go on (APR-31, G17).

A pause is acknowledged when it is committed, and from then on nothing in its scope is permitted by any process. What
was approved before and not claimed is taken back: by the claim that meets the pause, or soon afterwards by a sweeper.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from django.contrib.auth.models import Group
from django.db import connection, transaction
from django.db.models import Model, QuerySet, Value
from django.db.models.functions import Concat

from approvals.selectors.roster import REVIEW
from approvals.services.administration import Change, record_change
from approvals.services.people import Person
from approvals.services.requests import revoke_given
from decisions.models import Agent, Claim, Deferral, Pause, Scope, Session
from decisions.selectors.pauses import pause_named, sessions_within
from decisions.services.deferrals import resume_session
from receipts.access import caller_of
from receipts.clock import database_now
from receipts.problems import ProblemError, not_found

EVERYTHING = "decisions.pause_everything"
BATCH = 200
# Also in the migration that makes `aarm_pause_of`, which takes the same lock together with others.
_LOCK = 4_702_033_791

Row = TypeVar("Row", bound=Model)


@dataclass(frozen=True, slots=True)
class Target:
    """What is to stop. `scope` says which of the others is there."""

    scope: Scope
    team: Group | None = None
    agent: Agent | None = None
    session: Session | None = None

    @property
    def owner(self) -> int | None:
        """The team whose agents stop, if it is one team's."""
        if self.team is not None:
            return self.team.pk
        agent = self.session.agent if self.session else self.agent
        return agent.owner_id if agent else None


def target_named(scope: Scope, *, name: str) -> Target:
    """A team by its name, an agent by its name or id, a session by its id. Raises `not_found`."""
    return _TARGETS[scope](name)


def _agent(name: str) -> Target:
    named = Agent.objects.filter(pk=name) or Agent.objects.filter(name=name)
    return Target(Scope.AGENT, agent=_first(named, noun="agent"))


_TARGETS: Mapping[Scope, Callable[[str], Target]] = {
    Scope.EVERYTHING: lambda name: Target(Scope.EVERYTHING),
    Scope.TEAM: lambda name: Target(Scope.TEAM, team=_first(Group.objects.filter(name=name), noun="team")),
    Scope.AGENT: _agent,
    Scope.SESSION: lambda name: Target(
        Scope.SESSION, session=_first(Session.objects.select_related("agent").filter(pk=name), noun="session")
    ),
}


def _first(rows: QuerySet[Row], *, noun: str) -> Row:
    row = rows.first()
    if row is None:
        raise not_found(noun)
    return row


def target_of(pause: Pause) -> Target:
    """What a pause has stopped."""
    return Target(Scope(pause.scope), team=pause.team, agent=pause.agent, session=pause.session)


def may_pause(person: Person, *, target: Target) -> bool:
    """Administrators may stop everything, reviewers what their teams own."""
    if person.has_perm(EVERYTHING):
        return True
    return target.owner is not None and person.has_perm(REVIEW) and person.groups.filter(pk=target.owner).exists()


def may_resume(person: Person, *, pause: Pause) -> bool:
    """As `may_pause`; but what an administrator or a command has stopped only administrators let go on."""
    if person.has_perm(EVERYTHING):
        return True
    by_its_team = pause.paused_by is not None and not pause.paused_by.has_perm(EVERYTHING)
    return by_its_team and may_pause(person, target=target_of(pause))


def pause_actions(target: Target, *, reason: str, actor: Person | None) -> Pause:
    """Stops what is in the scope of `target`, or gives the pause that stops it already.

    `actor` is None for a command. Raises `forbidden`, and `signing_unavailable`.
    """
    if actor is not None and not may_pause(actor, target=target):
        raise _forbidden("stop this", who="its owning team's reviewers and administrators")
    with transaction.atomic():
        _forbid_permitting()
        standing = _standing(target)
        return standing or _begin(target, reason=reason, actor=actor)


def _forbid_permitting() -> None:
    """Waits until whatever is being permitted is committed, and keeps others from permitting until this is."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])


def _standing(target: Target) -> Pause | None:
    same = {"scope": target.scope, "team": target.team, "agent": target.agent, "session": target.session}
    return Pause.objects.filter(resumed_at=None, **same).first()


def _begin(target: Target, *, reason: str, actor: Person | None) -> Pause:
    at = database_now()
    pause = Pause(
        scope=target.scope,
        team=target.team,
        agent=target.agent,
        session=target.session,
        reason=reason,
        paused_by=actor,
        paused_at=at,
    )
    sessions = Session.objects.filter(sessions_within(pause))
    out = Claim.objects.filter(lease_expires_at__gt=at, decision__outcomes=None, decision__session__in=sessions)
    pause.in_flight = out.count()
    pause.save(force_insert=True)
    record_change(Change.ADDED, of=pause, actor=caller_of(actor) if actor else None)
    return pause


def resume_actions(pause_id: str, *, actor: Person | None) -> Pause:
    """Lets what was stopped go on. What was taken back stays taken back; what waits for evidence is judged again.

    Raises `not_found`, `forbidden`, `not_paused`, and `signing_unavailable`.
    """
    pause = pause_named(pause_id)
    if actor is not None and not may_resume(actor, pause=pause):
        raise _forbidden("let this go on", who="those who may stop it, and administrators alone if one of them did")
    with transaction.atomic():
        at = database_now()
        if Pause.objects.filter(pk=pause.pk, resumed_at=None).update(resumed_at=at, resumed_by=actor) != 1:
            raise _not_paused()
        pause.resumed_at, pause.resumed_by = at, actor
        record_change(Change.CHANGED, of=pause, actor=caller_of(actor) if actor else None, fields=["resumed_at"])
    waiting = Deferral.objects.filter(state="PENDING", session__in=Session.objects.filter(sessions_within(pause)))
    for session_id in waiting.values_list("session_id", flat=True).distinct()[:BATCH]:
        resume_session(session_id)
    return pause


def resume_target(target: Target, *, actor: Person) -> Pause:
    """As `resume_actions`, for the pause of exactly this; wider ones stand."""
    if not may_pause(actor, target=target):
        raise _forbidden("let this go on", who="those who may stop it")
    standing = _standing(target)
    if standing is None:
        raise _not_paused()
    return resume_actions(standing.pk, actor=actor)


def _not_paused() -> ProblemError:
    return ProblemError("not_paused", status=409, why="This isn't stopped.", fix="Read the list of pauses.")


def _forbidden(what: str, *, who: str) -> ProblemError:
    why = f"You may not {what}."
    return ProblemError("forbidden", status=403, why=why, fix=f"Ask {who}.")


def sweep_pauses(*, limit: int = BATCH) -> int:
    """Takes back approvals that were given before a pause and not claimed; any number of sweepers may run."""
    revoked = 0
    for pause in Pause.objects.filter(swept_at=None).order_by("paused_at", "id"):
        within = Session.objects.filter(sessions_within(pause))
        streams = within.annotate(stream=Concat(Value("session/"), "pk")).values("stream")
        revoked += (found := revoke_given(streams=streams, before=pause.paused_at, resolution="paused", limit=limit))
        if found == 0:
            Pause.objects.filter(pk=pause.pk).update(swept_at=database_now())
    return revoked
