"""Agents as their pages show them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from decisions.engine.verdict import Decision as Verdict
from decisions.models import Agent, Credential, Decision, Pause, Scope, Session
from decisions.selectors.activity import Activity

DUE_WITHIN = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class KeyLine:
    """One key. `state` is `live`, `due` (it ends within a week), `ended` or `revoked`."""

    id: str
    prefix: str
    state: str
    scopes: Sequence[str]
    created_at: datetime
    days: int
    last_used_at: datetime | None
    expires_at: datetime | None

    @property
    def is_live(self) -> bool:
        """Whether it can be used."""
        return self.state in ("live", "due")

    def replaces(self, other: KeyLine) -> bool:
        """Whether it goes on where the other one ends, as after a rotation."""
        is_newer = self.created_at > other.created_at
        return self.state == "live" and is_newer and set(self.scopes) == set(other.scopes)


@dataclass(frozen=True, slots=True)
class AgentLine:
    """One agent. `paused_by` is the id of a pause of exactly this agent, `stopped_by` what a wider one stops."""

    id: str
    name: str
    owner: str
    environment: str
    profile: str
    is_active: bool
    paused_by: str
    stopped_by: str
    seen_at: datetime | None
    keys: Sequence[KeyLine]
    sessions: int
    decisions: Sequence[tuple[str, int]]

    @property
    def is_due(self) -> bool:
        """Whether one of its keys ends soon and no newer one with its scopes holds for longer."""
        return any(key.state == "due" and not any(other.replaces(key) for other in self.keys) for key in self.keys)


@dataclass(frozen=True, slots=True)
class SessionLine:
    """One session: when it began, what stands of it, how many actions it has had and which data it has touched."""

    id: str
    opened_at: datetime
    state: str
    provenance: str
    actions: int
    labels: Sequence[str]


def line_of_agent(
    agent: Agent, *, keys: Iterable[Credential], activity: Activity | None, pauses: Iterable[Pause], at: datetime
) -> AgentLine:
    """What the list says of an agent. `agent` has `seen_at`."""
    done = activity or Activity()
    own, wider = _pauses_of(agent, pauses)
    return AgentLine(
        id=agent.pk,
        name=agent.name,
        owner=agent.owner.name if agent.owner else "",
        environment=agent.environment,
        profile=agent.profile,
        is_active=agent.is_active,
        paused_by=own,
        stopped_by=wider,
        seen_at=getattr(agent, "seen_at"),  # noqa: B009 - annotated by the selector; the model's type doesn't know it
        keys=[line_of_key(key, at=at) for key in keys],
        sessions=done.sessions,
        decisions=[(each.value, done.decisions[each.value]) for each in Verdict if each.value in done.decisions],
    )


def _pauses_of(agent: Agent, pauses: Iterable[Pause]) -> tuple[str, str]:
    own = wider = ""
    for pause in pauses:
        if pause.agent_id == agent.pk:
            own = pause.pk
        elif pause.scope == Scope.EVERYTHING:
            wider = "Everything"
        elif pause.team is not None and pause.team_id == agent.owner_id:
            wider = wider or f"All agents of {pause.team.name}"
    return own, wider


def stops(pause: Pause, *, agent: Agent) -> bool:
    """Whether all that the agent does lies within a pause."""
    is_teams = pause.team_id is not None and pause.team_id == agent.owner_id
    return pause.scope == Scope.EVERYTHING or pause.agent_id == agent.pk or is_teams


def line_of_key(key: Credential, *, at: datetime) -> KeyLine:
    """What may be shown of a key, and how it stands."""
    return KeyLine(
        id=key.pk,
        prefix=key.prefix,
        state=_state_of(key, at=at),
        scopes=key.scopes,
        created_at=key.created_at,
        days=(at - key.created_at).days,
        last_used_at=key.last_used_at,
        expires_at=key.expires_at,
    )


def _state_of(key: Credential, *, at: datetime) -> str:
    if key.revoked_at:
        return "revoked"
    if key.expires_at is None or key.expires_at > at + DUE_WITHIN:
        return "live"
    return "due" if key.expires_at > at else "ended"


def line_of_session(session: Session) -> SessionLine:
    """One session. What was altered in the database may have any form."""
    state: Mapping[str, object] = session.state if isinstance(session.state, dict) else {}
    count, labels = state.get("count"), state.get("kinds")
    ended = "ended" if session.ended_at else "open"
    return SessionLine(
        id=session.pk,
        opened_at=session.opened_at,
        state="altered" if session.broken_at else ended,
        provenance=session.request_provenance,
        actions=count if isinstance(count, int) else 0,
        labels=[str(label) for label in labels] if isinstance(labels, list) else [],
    )


@dataclass(frozen=True, slots=True)
class DenialLine:
    """One action that was denied, and why."""

    tool: str
    operation: str
    session: str
    receipt: str
    code: str
    rule: str
    at: datetime


def line_of_denial(decision: Decision) -> DenialLine:
    """One denial, with what leads to its receipt."""
    return DenialLine(
        tool=decision.tool,
        operation=decision.operation,
        session=decision.session_id,
        receipt=decision.receipt_id,
        code=decision.reason_code,
        rule=decision.rule_id,
        at=decision.decided_at,
    )
