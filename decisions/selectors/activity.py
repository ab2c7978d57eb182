"""What agents have done lately: a statement for each kind of rows, however many agents there are."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Count, Max, Q

from decisions.models import Agent, Credential, Decision, Host, Session
from receipts.clock import DatabaseNow
from receipts.problems import not_found

PAGE = 50
RECENT = 20


@dataclass(slots=True)
class Activity:
    """Sessions that an agent opened since some moment, and what was decided in them: how often which decision."""

    sessions: int = 0
    decisions: dict[str, int] = field(default_factory=dict)


def agents_by_name(*, after: str) -> tuple[list[Agent], str]:
    """A page of agents with their teams and `seen_at`, and the name after which the next begins, if there is one."""
    seen = Agent.objects.select_related("owner").annotate(seen_at=Max("credentials__last_used_at"))
    rows: list[Agent] = [*seen.filter(name__gt=after).order_by("name")[: PAGE + 1]]
    return rows[:PAGE], rows[PAGE - 1].name if len(rows) > PAGE else ""


def agent_seen(id: str) -> Agent:
    """The agent with this id, its team and `seen_at`. Raises `not_found`."""
    found = Agent.objects.select_related("owner").annotate(seen_at=Max("credentials__last_used_at")).filter(pk=id)
    agent = found.first()
    if agent is None:
        raise not_found("agent")
    return agent


def activity_of(agents: Collection[Agent], *, since: datetime) -> Mapping[str, Activity]:
    """By the agent's id; agents that opened no session are not there."""
    opened = Q(agent__in=agents, opened_at__gte=since)
    found: dict[str, Activity] = {}
    for agent, count in Session.objects.filter(opened).values_list("agent").annotate(Count("pk")):
        found[agent] = Activity(sessions=count)
    decided = Decision.objects.filter(session__in=Session.objects.filter(opened))
    for agent, decision, count in decided.values_list("agent", "decision").annotate(Count("pk")).order_by():
        found[agent].decisions[decision] = count
    return found


def live_keys(agents: Collection[Agent]) -> Mapping[str, list[Credential]]:
    """The keys of each agent that can be used now, by its id, oldest first."""
    still = Q(revoked_at=None) & (Q(expires_at=None) | Q(expires_at__gt=DatabaseNow()))
    found: dict[str, list[Credential]] = {}
    for key in Credential.objects.filter(still, agent__in=agents).order_by("created_at", "pk"):
        found.setdefault(str(key.agent_id), []).append(key)
    return found


def hosts_of(agent: Agent) -> list[Host]:
    """The applications that are listed as running it, by name."""
    return list(agent.hosts.filter(is_active=True).order_by("name"))


def recent_sessions(agent: Agent) -> list[Session]:
    """Its newest sessions."""
    return list(agent.sessions.order_by("-opened_at", "pk")[:RECENT])


def denials_in(sessions: Collection[Session]) -> list[Decision]:
    """What was denied in these sessions, newest first."""
    denied = Decision.objects.filter(session__in=sessions, decision="DENY")
    return list(denied.order_by("-decided_at", "pk")[:RECENT])
