"""Who is behind an action: what is signed of it, what policies are told of it, and what stands against it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings

from decisions.engine.action import Action
from decisions.engine.allowed_tools import is_listed
from decisions.engine.context import Environment, Identity
from decisions.engine.verdict import ReasonCode
from decisions.intake.errors import IntakeError
from decisions.models import Decision, Session
from decisions.services.delegations import delegation_problem, presented_chain
from decisions.services.questions import Bar
from decisions.services.signals import drift_threshold, profile_of
from decisions.services.vouching import rests_on_revoked_key
from receipts.access import Authority
from receipts.signing.canonical import JSON

Section = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Said:
    """What stands behind a session at one moment: whether its human is vouched for, by whom, with which scope.

    `fault` is what contradicts it, or that nobody vouches for it any more.
    """

    by: str | None
    scope: list[str]
    delegation: list[Any]
    fault: str = ""


def identity_section(
    session: Session, *, credential_id: str, authority: Authority | None = None, at: datetime
) -> dict[str, JSON]:
    """Who is behind a session, by random ids: the section that a decision keeps and its receipts repeat (CTX-17).

    `sources` says where each part came from, `checked_at` when this database last vouched for all of it. `fault` is
    there where a token contradicts the session, or its human, its host or a key of that is gone: nothing is permitted.
    """
    said = _said(session, authority=authority)
    section: dict[str, JSON] = {
        "human": session.human_id,
        "human_verified": said.by is not None,
        "agent": session.agent_id,
        "host": session.host_id,
        "service": session.service or None,
        "credential": credential_id,
        "environment": environment_of(session),
        "profile": profile_of(session),
        "drift_threshold": drift_threshold(session),
        "scope": list(said.scope),
        "delegation": said.delegation,
        "provenance": session.request_provenance,
        "sources": {
            "agent": _authenticated_by(credential_id, authority=authority),
            "human": said.by,
            "scope": said.by if said.scope else None,
            "delegation": said.by if said.delegation else None,
        },
        "checked_at": at.isoformat(timespec="microseconds"),
    }
    if authority:
        section["token"] = _token_section(authority)
    return section | ({"fault": said.fault} if said.fault else {})


def _authenticated_by(credential_id: str, *, authority: Authority | None) -> str | None:
    """How the agent proved who it is; nothing where nobody asked, as at the end of an idle session."""
    if authority:
        return "token"
    return "key" if credential_id else None


def _token_section(authority: Authority) -> dict[str, JSON]:
    return {
        "issuer": authority.issuer,
        "token": authority.token or None,
        "subject": authority.subject,
        "issued_at": authority.issued_at.isoformat(),
        "expires_at": authority.expires_at.isoformat(),
    }


def _said(session: Session, *, authority: Authority | None) -> _Said:
    """A host's word holds for its session; a token's only for the requests that come with it, and it only narrows."""
    if session.host is not None and not session.host.is_active:
        return _Said(None, [], [], fault="The host that vouched for this session was deactivated.")
    if session.host_keys and rests_on_revoked_key(session):
        return _Said(None, [], [], fault="A key of the host that vouched for this session was revoked.")
    if session.human is not None and not session.human.is_active:
        return _Said(None, [], [], fault="The person that the agent acts for was deactivated.")
    is_hosts = session.host is not None and session.human is not None
    if authority is None or authority.human is None or session.human is None:
        scope = session.scope if session.host_id or session.human is None else []
        return _Said("host" if is_hosts else None, list(scope), list(session.delegation))
    if authority.human != session.human.identifier:
        return _Said(None, [], [], fault="The token speaks for another person than the session.")
    try:
        chain = presented_chain(authority, human_id=session.human.pk, agent_id=session.agent_id)
    except IntakeError as error:
        return _Said(None, [], [], fault=error.why)
    if not is_hosts:
        return _Said("token", sorted(authority.scope), chain)
    is_named = session.scope or session.delegation
    scope = sorted(authority.scope & set(session.scope)) if is_named else []
    return _Said("host", scope, list(session.delegation))


def speaks_again(section: Section, *, session: Session, authority: Authority | None) -> bool:
    """Whether what a token once said is said by the one that comes now: for the same person, no less (G14)."""
    if section["sources"]["human"] != "token":
        return True
    if authority is None or session.human is None or authority.human != session.human.identifier:
        return False
    return set(section["scope"]) <= authority.scope


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
        human=session.human.identifier if session.human and section["human_verified"] else None,
        service=session.service or None,
        host=session.host.name if session.host else None,
        effective_scope=frozenset(section["scope"]),
        delegation_depth=len(section["delegation"]),
        human_verified=section["human_verified"],
        environment=section["environment"],
    )


def chain_problem(section: Section, *, at: datetime) -> str | None:
    """Why the chain of delegation behind a decision holds no longer, or nothing."""
    return delegation_problem(section["delegation"], is_lasting=section["sources"]["delegation"] != "token", at=at)


def bar_to(actions: Iterable[Action], *, session: Session, section: Section, at: datetime) -> Bar | None:
    """What forbids an action whatever policy says, or nothing. `actions` are it and whatever is called inside it."""
    if session.pause is not None:
        why = f"People have stopped this ({session.pause}), so nothing is permitted until they let it go on."
        return Bar(ReasonCode.PAUSED, why)
    problem = section.get("fault") or chain_problem(section, at=at)
    if problem:
        return Bar(ReasonCode.IDENTITY_UNVERIFIED, problem)
    allowed = session.agent.allowed_tools
    if allowed and not all(is_listed(each.tool, each.operation, entries=allowed) for each in actions):
        return Bar(ReasonCode.TOOL_NOT_ALLOWED, "The agent is not registered for this tool.")
    return None
