"""Agents as administrators keep them: made known, changed, and found by their id."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib.auth.models import Group
from django.db import IntegrityError, transaction

from approvals.services.administration import Actor, Change, record_change, record_difference, told_values
from decisions.engine.allowed_tools import is_entry
from decisions.models import Agent
from receipts.problems import ProblemError, not_found

CHANGEABLE = ("owner", "environment", "profile", "drift_threshold", "allowed_tools", "is_active")


def is_agent_name(text: str) -> bool:
    """Where an agent may be named by id or by name, a name must not pass for an id."""
    is_plain = 0 < len(text) <= 128 and text == text.strip() and text.isprintable()
    return is_plain and not text.startswith(("agt_", "hst_"))


def create_agent(*, name: str, values: Mapping[str, Any], actor: Actor) -> Agent:
    """A new agent, without a key. Raises `agent_exists`, and `invalid_body` as `change_agent` does."""
    if not is_agent_name(name):
        raise _refused("name", "A name has 1 to 128 printable characters and doesn't look like an id.")
    try:
        with transaction.atomic():
            agent = Agent.objects.create(name=name, **_checked(values))
            record_change(Change.ADDED, of=agent, actor=actor)
    except IntegrityError:
        raise ProblemError(
            "agent_exists", status=409, why="An agent has this name.", fix="Change that one, or choose another name."
        ) from None
    return agent


def change_agent(*, id: str, values: Mapping[str, Any], actor: Actor) -> Agent:
    """Sets the fields that are named. It holds from the next request on, on every process. Raises `invalid_body`."""
    with transaction.atomic():
        agent = Agent.objects.select_for_update().filter(pk=id).first()
        if agent is None:
            raise not_found("agent")
        before = told_values(agent)
        for name, value in _checked(values).items():
            setattr(agent, name, value)
        agent.save()
        record_difference(agent, before=before, actor=actor)
    return agent


def _checked(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values as the row holds them."""
    wrong = [name for name in values.get("allowed_tools", ()) if not is_entry(name)]
    if wrong:
        raise _refused("allowed_tools", f"No tool can be called {wrong[0]!a}.")
    lists = {"allowed_tools": list(values["allowed_tools"])} if "allowed_tools" in values else {}
    owner = {"owner": _team(values["owner"])} if "owner" in values else {}
    return {name: value for name, value in values.items() if name in CHANGEABLE} | lists | owner


def _team(name: str) -> Group | None:
    """The team of that name; none for the empty one. Roles have permissions, teams have none."""
    team = Group.objects.filter(name=name, permissions__isnull=True).first() if name else None
    if name and team is None:
        raise _refused("owner", "There is no such team.")
    return team


def _refused(param: str, why: str) -> ProblemError:
    return ProblemError("invalid_body", status=400, why=why, fix="Correct it and send it again.", param=param)
