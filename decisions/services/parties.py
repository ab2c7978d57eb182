"""Who is behind an action: what is signed of it, what policies are told of it, and what stands against it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.conf import settings

from decisions.engine.action import Action
from decisions.engine.allowed_tools import is_listed
from decisions.engine.context import Environment, Identity
from decisions.engine.verdict import ReasonCode
from decisions.models import Decision, Session
from decisions.services.delegations import delegation_problem
from decisions.services.questions import Bar
from receipts.signing.canonical import JSON

Section = Mapping[str, Any]


def identity_section(session: Session, *, credential_id: str, at: datetime) -> dict[str, JSON]:
    """Who is behind a session, by random ids: the section that a decision keeps and its receipts repeat (CTX-17).

    `sources` says where each part came from, `checked_at` when this database last vouched for all of it.
    """
    vouching = "host" if session.host_id else None
    is_named = session.human_id is not None
    return {
        "human": session.human_id,
        "human_verified": is_named,
        "agent": session.agent_id,
        "host": session.host_id,
        "service": session.service or None,
        "credential": credential_id,
        "environment": environment_of(session),
        "scope": list(session.scope),
        "delegation": list(session.delegation),
        "provenance": session.request_provenance,
        "sources": {
            "agent": "key" if credential_id else None,
            "human": vouching if is_named else None,
            "scope": vouching if session.scope else None,
            "delegation": vouching if session.delegation else None,
        },
        "checked_at": at.isoformat(timespec="microseconds"),
    }


def environment_of(session: Session) -> str:
    """TEST where the installation or the agent is a test; only what is neither is LIVE."""
    is_live = {settings.AARM_ENVIRONMENT, session.agent.environment} == {Environment.LIVE.value}
    return Environment.LIVE.value if is_live else Environment.TEST.value


def recorded_section(decision: Decision, *, session: Session) -> Section:
    """The identity with which an action was asked. Decisions of before it was kept say what their session says."""
    if decision.identity:
        recorded: Section = decision.identity
        return recorded
    return identity_section(session, credential_id=decision.credential_id, at=decision.decided_at)


def identity_for_policy(session: Session, *, section: Section) -> Identity:
    """The same by the names that people and policies know the parties by."""
    return Identity(
        agent=session.agent.name,
        human=session.human.identifier if session.human else None,
        service=session.service or None,
        host=session.host.name if session.host else None,
        effective_scope=frozenset(section["scope"]),
        delegation_depth=len(section["delegation"]),
        human_verified=section["human_verified"],
        environment=section["environment"],
    )


def bar_to(actions: Iterable[Action], *, session: Session, at: datetime) -> Bar | None:
    """What forbids an action whatever policy says, or nothing. `actions` are it and whatever is called inside it."""
    if session.pause is not None:
        why = f"People have stopped this ({session.pause}), so nothing is permitted until they let it go on."
        return Bar(ReasonCode.PAUSED, why)
    problem = delegation_problem(session, at=at)
    if problem:
        return Bar(ReasonCode.IDENTITY_UNVERIFIED, problem)
    allowed = session.agent.allowed_tools
    if allowed and not all(is_listed(each.tool, each.operation, entries=allowed) for each in actions):
        return Bar(ReasonCode.TOOL_NOT_ALLOWED, "The agent is not registered for this tool.")
    return None
