"""Child sessions: part of a task handed on, to the same agent or another, with no more than the parent has (CTX-09).

A child takes over the human, the request and how far from it the parent has come, labels and taint, and whatever it may
say for itself can only narrow. Its parent is named once, when it opens, and must be open then: no cycle can be.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction

from decisions.engine.context import Taint
from decisions.models import Agent, Session
from decisions.services.context import append_entry
from decisions.services.delegations import passed_on
from decisions.services.hosting import hosted_agent
from decisions.services.identity import known_human
from decisions.services.inheritance import carried_state, handed_over, same_task, with_children
from decisions.services.integrity import lock_session, require_intact
from decisions.services.levels import admitted_limit
from decisions.services.sessions import NewSession, require_open, session_of, vouched_identity
from decisions.services.state import with_one_more, with_taint
from decisions.services.vouching import keys_of
from receipts.access import Caller, CallerKind
from receipts.clock import database_now
from receipts.identifiers import new_id, new_seed
from receipts.problems import ProblemError
from receipts.selectors import opened_values
from receipts.services import store_values
from receipts.signing.canonical import JSON


def open_child(*, caller: Caller, new: NewSession) -> Session:
    """A child of a session of this caller. Raises `not_found`, `session_ended`, `not_narrower`, `too_many_children`.

    Raises `invalid_delegation` as well, where another agent may not act.
    """
    named = session_of(caller=caller, session_id=new.parent_session_id)
    with transaction.atomic():
        parent = lock_session(named.pk)
        assert parent is not None
        require_open(parent)
        require_intact(parent)
        _require_room(parent)
        _require_same(parent, new=new)
        agent, at = _agent(caller, parent=parent, new=new), database_now()
        child = _created(parent, caller=caller, agent=agent, new=new, at=at)
        _append_beginnings(parent, child=child, caller=caller, at=at)
        if new.original_request not in ("", opened_values(parent.request).get("text")):
            _append_task(child, text=new.original_request, caller=caller, at=at)
    return child


def _created(parent: Session, *, caller: Caller, agent: Agent, new: NewSession, at: datetime) -> Session:
    own = carried_state(agent=agent, human=parent.human, at=at)
    scope = list(new.scope or parent.scope)
    return Session.objects.create(
        id=new_id("ses"),
        parent=parent,
        depth=parent.depth + 1,
        agent=agent,
        host=parent.host,
        host_keys=list(dict.fromkeys([*parent.host_keys, *keys_of(caller)])),
        human=parent.human,
        service=parent.service,
        scope=scope,
        delegation=passed_on(parent, to=agent, scope=scope, at=at),
        expected_scope=list(new.expected_scope or parent.expected_scope),
        intent=parent.intent,
        profile=parent.profile,
        max_data_classification=admitted_limit(new.max_data_classification, within=parent.max_data_classification),
        request=parent.request,
        request_provenance=parent.request_provenance,
        state={**same_task(own, with_children(parent)), "salt": new_seed().hex()},
        opened_at=at,
    )


def _append_beginnings(parent: Session, *, child: Session, caller: Caller, at: datetime) -> None:
    """An entry for each: the parent's names the child, and the child's the entry of its parent."""
    parent.children += 1
    said: dict[str, JSON] = {"child": child.pk, "agent": child.agent_id, "scope": list(child.scope)}
    there = append_entry(parent, kind="child", body=said, at=at)
    body: dict[str, JSON] = {
        "identity": vouched_identity(child, caller=caller, at=at),
        "provenance": child.request_provenance,
        "inherited": handed_over(child.state),
        "parent": {"session": parent.pk, "position": there.position, "digest": there.digest},
    }
    append_entry(child, kind="request", body=body, at=at)


def _append_task(child: Session, *, text: str, caller: Caller, at: datetime) -> None:
    """What the child is told to do is no word of the human's: the request is still the parent's."""
    stored = store_values({"text": text}, at=at, subject=child.human_id or "")
    child.state = with_taint(with_one_more(child.state, "messages", "model"), Taint.MODEL_TEXT)
    body: Mapping[str, Any] = {"role": "model", "from": caller.kind.value, "commitments": dict(stored.commitments)}
    append_entry(child, kind="message", body=body, at=at, payload=stored)


def _require_room(parent: Session) -> None:
    if parent.depth >= settings.AARM_SESSION_DEPTH or parent.children >= settings.AARM_SESSION_CHILDREN:
        raise ProblemError(
            "too_many_children",
            status=409,
            why=f"Sessions are nested {settings.AARM_SESSION_DEPTH} deep at most, "
            f"and one has {settings.AARM_SESSION_CHILDREN} children at most.",
            fix="Let a session that is there do it.",
            param="parent_session_id",
        )


def _agent(caller: Caller, *, parent: Session, new: NewSession) -> Agent:
    """An agent can hand on to itself only; a host to any of its agents."""
    if caller.kind is CallerKind.AGENT and new.agent not in ("", caller.id, caller.name):
        raise _wider("agent", why="An agent opens sessions for itself only.")
    if caller.kind is CallerKind.AGENT or not new.agent:
        return parent.agent
    return hosted_agent(caller, new.agent)


def _require_same(parent: Session, *, new: NewSession) -> None:
    human = known_human(new.human).pk if new.human else parent.human_id
    same = {
        "human": human == parent.human_id,
        "service": new.service in ("", parent.service),
        "intent": new.intent in ("", parent.intent),
        "profile": new.profile in ("", parent.profile),
        "delegation": not new.delegation,
        "scope": set(new.scope) <= set(parent.scope),
        "expected_scope": not parent.expected_scope or set(new.expected_scope) <= set(parent.expected_scope),
    }
    for field, is_kept in same.items():
        if not is_kept:
            raise _wider(field, why=f"What a child says of {field} goes beyond its parent's.")


def _wider(field: str, *, why: str) -> ProblemError:
    fix = "Leave it out to take over the parent's, or send less."
    return ProblemError("not_narrower", status=403, why=why, fix=fix, param=field)
