"""The pages of agents: who they are, who answers for them, what they did today, what stops them, and their keys."""

from __future__ import annotations

from datetime import datetime, timedelta
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST, require_safe

from approvals.selectors.grants import grants_of_agent
from approvals.services.people import Person
from decisions.models import Scope
from decisions.pages.agents import line_of_agent, line_of_denial, line_of_key, line_of_session, stops
from decisions.pages.pauses import line_of
from decisions.selectors.activity import (
    activity_of,
    agent_seen,
    agents_by_name,
    denials_in,
    hosts_of,
    live_keys,
    recent_sessions,
)
from decisions.selectors.agents import agent_named, key_of, keys_of
from decisions.selectors.pauses import standing_pauses
from decisions.services.identity import rotate_key
from decisions.services.pauses import Target, may_pause, may_resume
from decisions.services.signals import threshold_of_agent
from receipts.access import caller_of, for_people
from receipts.clock import database_now

# As in the administration.
VIEW, ROTATE = "decisions.view_agent", "decisions.change_credential"
OVERLAP = timedelta(days=1)


@for_people(VIEW)
@require_safe
def agent_list(request: HttpRequest) -> HttpResponse:
    """`/agents`: by name, so many a page."""
    agents, following = agents_by_name(after=request.GET.get("after", ""))
    at, pauses = database_now(), standing_pauses()
    keys, activity = live_keys(agents), activity_of(agents, since=_midnight(at))
    lines = [
        line_of_agent(agent, keys=keys.get(agent.pk, ()), activity=activity.get(agent.pk), pauses=pauses, at=at)
        for agent in agents
    ]
    return render(
        request,
        "decisions/agents.html",
        {"agents": lines, "following": urlencode({"after": following}) if following else ""},
    )


@for_people(VIEW)
@require_safe
def agent_detail(request: HttpRequest, agent_id: str) -> HttpResponse:
    """`/agents/<id>`."""
    agent, at = agent_seen(agent_id), database_now()
    activity = activity_of([agent], since=_midnight(at)).get(agent.pk)
    sessions = recent_sessions(agent)
    person = request.user
    assert isinstance(person, Person)
    pauses = standing_pauses()
    over = [pause for pause in pauses if stops(pause, agent=agent)]
    context = {
        "agent": line_of_agent(agent, keys=keys_of(agent), activity=activity, pauses=pauses, at=at),
        "pauses": [line_of(pause, may_resume=may_resume(person, pause=pause)) for pause in over],
        "allowed_tools": agent.allowed_tools,
        "drift_threshold": threshold_of_agent(agent),
        "hosts": [host.name for host in hosts_of(agent)],
        "sessions": [line_of_session(each) for each in sessions],
        "denials": [line_of_denial(each) for each in denials_in(sessions)],
        "grants": grants_of_agent(agent.pk, user=person),
        "may_pause": may_pause(person, target=Target(Scope.AGENT, agent=agent)),
        "may_rotate": person.has_perm(ROTATE),
    }
    return render(request, "decisions/agent.html", context)


@for_people(ROTATE)
@require_POST
def key_rotate(request: HttpRequest, agent_id: str, key_id: str) -> HttpResponse:
    """`/agents/<id>/keys/<key>/rotate`: another key, shown by this answer alone; the old one holds for a day more."""
    agent = agent_named(agent_id)
    secret = rotate_key(id=key_of(agent, key_id).pk, overlap=OVERLAP, actor=caller_of(request.user))
    old = line_of_key(key_of(agent, key_id), at=database_now())
    return render(request, "decisions/key_rotated.html", {"agent": agent, "old": old, "secret": secret})


def _midnight(at: datetime) -> datetime:
    """The beginning of the day in UTC, which all pages speak."""
    return at.replace(hour=0, minute=0, second=0, microsecond=0)
