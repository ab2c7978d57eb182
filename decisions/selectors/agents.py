"""Agents and their keys as administrators see them. A key's secret is in none of it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db.models import Q

from decisions.models import Agent, Credential
from receipts.problems import not_found

PAGE = 100


def agents_page(*, after: str) -> dict[str, Any]:
    """A page of agents in the order of their ids, which is that of their making to nobody."""
    rows = list(Agent.objects.select_related("owner").filter(pk__gt=after).order_by("pk")[: PAGE + 1])
    page = rows[:PAGE]
    return {"results": [agent_answer(row) for row in page], "next": page[-1].pk if len(rows) > PAGE else None}


def agent_named(id: str) -> Agent:
    """The agent of this id. Raises `not_found`."""
    found = Agent.objects.select_related("owner").filter(pk=id).first()
    if found is None:
        raise not_found("agent")
    return found


def key_of(agent: Agent, id: str) -> Credential:
    """That key of this agent. Raises `not_found`."""
    found = agent.credentials.filter(pk=id).first()
    if found is None:
        raise not_found("key")
    return found


def agent_answer(agent: Agent, *, keys: Iterable[Credential] | None = None) -> dict[str, Any]:
    """An agent, and its keys where they are given."""
    said = {
        "id": agent.pk,
        "name": agent.name,
        "owner": agent.owner.name if agent.owner else None,
        "environment": agent.environment,
        "profile": agent.profile or None,
        "drift_threshold": agent.drift_threshold,
        "allowed_tools": agent.allowed_tools,
        "is_active": agent.is_active,
        "created_at": agent.created_at.isoformat(),
    }
    return said if keys is None else said | {"keys": [key_answer(key) for key in keys]}


def keys_of(agent: Agent) -> list[Credential]:
    """Its keys, newest first."""
    return list(agent.credentials.order_by("-created_at", "pk"))


def keys_named(name: str) -> list[Credential]:
    """The keys of whatever agent or host has this name or id, newest first."""
    owned = Q(agent__name=name) | Q(agent=name) | Q(host__name=name) | Q(host=name)
    return list(Credential.objects.filter(owned).order_by("-created_at", "pk"))


def key_answer(key: Credential) -> dict[str, Any]:
    """What may be told of a key."""
    return {
        "id": key.pk,
        "prefix": key.prefix,
        "scopes": key.scopes,
        "created_at": key.created_at.isoformat(),
        "expires_at": _instant(key.expires_at),
        "revoked_at": _instant(key.revoked_at),
        "last_used_at": _instant(key.last_used_at),
    }


def _instant(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
