"""Chains of delegation as sessions keep them: admitted when a session opens, asked again whenever something is decided.

A session keeps random ids, so that its receipts name nobody. Every party between the human and the agent is an agent
that is known here: a chain through somebody else can't be told from a forged one.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from django.conf import settings
from django.db.models import Q

from decisions.intake.delegation import Bounds, Hop, check_chain, check_fan_out, granted_scope, has_lapsed
from decisions.intake.errors import IntakeError
from decisions.models import Agent, Human, Session
from receipts.access import Authority
from receipts.identifiers import folded
from receipts.problems import ProblemError
from receipts.signing.canonical import JSON

DAY = timedelta(days=1)
LAPSED = "What was delegated to the agent has expired."
BROKEN = "An agent that passed the delegation on was deactivated."


@dataclass(frozen=True, slots=True)
class NamedHop:
    """A hop as it was sent: the parties by name or id, times aware."""

    delegator: str
    delegatee: str
    scope: tuple[str, ...]
    issued_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Admitted:
    """A chain that holds, as a session keeps it, and the scope that it leaves."""

    rows: list[dict[str, JSON]]
    scope: list[str]


def admit_chain(
    named: Sequence[NamedHop], *, human: Human | None, agent: Agent, asked: Collection[str], at: datetime
) -> Admitted:
    """The chain of a session that is about to open. Raises `invalid_delegation`.

    What one human has delegated is counted under a lock on that human, so that two sessions can't both be the last.
    """
    if not named:
        return Admitted(rows=[], scope=list(asked))
    if human is None:
        raise _unfounded("Nobody whose identity is verified has delegated anything.", hop=0)
    # Whoever opens a session of theirs shares the row's key already, which a stronger lock would wait for.
    Human.objects.select_for_update(no_key=True).get(pk=human.pk)
    chain = _with_ids(named, human=human)
    bounds = _bounds()
    check_chain(chain, human=human.pk, agent=agent.pk, bounds=bounds, at=at)
    scope = granted_scope(chain, asked=frozenset(asked))
    check_fan_out(chain, others=_held_by(human, at=at), bounds=bounds)
    return Admitted(rows=[_row(hop) for hop in chain], scope=sorted(scope))


def passed_on(parent: Session, *, to: Agent, scope: Collection[str], at: datetime) -> list[dict[str, JSON]]:
    """The chain of a child session: that of its parent, with a hop more where another agent is to act.

    It holds no longer than the parent's does, or a day. Raises `invalid_delegation`, also where it would come back to
    an agent that is in it.
    """
    rows: list[dict[str, JSON]] = list(parent.delegation)
    if to.pk == parent.agent_id:
        return rows
    if parent.human_id is None:
        raise _unfounded("Nobody whose identity is verified has delegated anything.", hop=0)
    until = min((_hop(row).expires_at for row in rows), default=at + DAY)
    first = Hop(parent.human_id, parent.agent_id, frozenset(parent.scope), at, until)
    chain = [*map(_hop, rows)] or [first]
    chain.append(Hop(parent.agent_id, to.pk, frozenset(scope), at, until))
    bounds = Bounds(hops=settings.AARM_DELEGATION_HOPS, fan_out=settings.AARM_DELEGATION_FAN_OUT)
    check_chain(chain, human=parent.human_id, agent=to.pk, bounds=bounds, at=at)
    return [_row(hop) for hop in chain]


def _with_ids(named: Sequence[NamedHop], *, human: Human) -> list[Hop]:
    ids = _agent_ids({party for hop in named for party in (hop.delegator, hop.delegatee)})
    chain = []
    for place, hop in enumerate(named):
        own = human.pk if folded(hop.delegator) == human.identifier else None
        delegator, delegatee = own or ids.get(hop.delegator), ids.get(hop.delegatee)
        if delegator is None or delegatee is None:
            raise _unfounded(
                "Only the session's human and active agents delegate, and only to active agents.", hop=place
            )
        chain.append(Hop(delegator, delegatee, frozenset(hop.scope), hop.issued_at, hop.expires_at))
    return chain


def _agent_ids(names: Collection[str]) -> dict[str, str]:
    """The ids of active agents by what they may be named by."""
    found = Agent.objects.filter(Q(pk__in=names) | Q(name__in=names), is_active=True).values_list("pk", "name")
    return {**{name: pk for pk, name in found}, **{pk: pk for pk, _ in found}}


def _held_by(human: Human, *, at: datetime) -> list[Hop]:
    open_sessions = Session.objects.filter(human=human, ended_at__isnull=True).exclude(delegation=[])
    kept = open_sessions.values_list("delegation", flat=True)
    return [hop for rows in kept for hop in map(_hop, rows) if not has_lapsed(hop, at=at)]


def presented_chain(authority: Authority, *, human_id: str, agent_id: str) -> list[dict[str, JSON]]:
    """What a token says of how its bearer came to act. Raises IntakeError `invalid_delegation`.

    Each hop has the token's own scope and time: it says nothing of what those before it had.
    """
    actors = authority.actors or (agent_id,)
    if not all(actors):
        raise IntakeError(
            code="invalid_delegation",
            why="Somebody through whom the token came is no active agent here.",
            fix="Register the client that acted before.",
            param="act",
        )
    chain = [
        Hop(delegator, delegatee, authority.scope, authority.issued_at, authority.expires_at)
        for delegator, delegatee in pairwise((human_id, *actors))
    ]
    # Its times were checked with the token, with as much leeway as its issuer is given.
    check_chain(chain, human=human_id, agent=agent_id, bounds=_bounds(), at=authority.issued_at)
    return [_row(hop) for hop in chain]


def _bounds() -> Bounds:
    return Bounds(hops=settings.AARM_DELEGATION_HOPS, fan_out=settings.AARM_DELEGATION_FAN_OUT)


def delegation_problem(rows: Sequence[Mapping[str, Any]], *, is_lasting: bool, at: datetime) -> str | None:
    """Why a chain no longer holds, or nothing. Costs a statement only where agents lie in between.

    What a token said holds while a token says it again (`is_lasting` is false); a host's word as long as it says.
    """
    chain = [_hop(row) for row in rows]
    if is_lasting and any(has_lapsed(hop, at=at) for hop in chain):
        return LAPSED
    between = {hop.delegatee for hop in chain[:-1]}
    if between and Agent.objects.filter(pk__in=between, is_active=True).count() < len(between):
        return BROKEN
    return None


def go_betweens(rows: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """The names of the agents between the human and the one that acts, in order."""
    ids = [row["delegatee"] for row in rows[:-1]]
    names = dict(Agent.objects.filter(pk__in=ids).values_list("pk", "name")) if ids else {}
    return tuple(names[pk] for pk in ids)


def _row(hop: Hop) -> dict[str, JSON]:
    return {
        "delegator": hop.delegator,
        "delegatee": hop.delegatee,
        "scope": list[JSON](sorted(hop.scope)),
        "issued_at": hop.issued_at.isoformat(),
        "expires_at": hop.expires_at.isoformat(),
    }


def _hop(row: Mapping[str, Any]) -> Hop:
    return Hop(
        delegator=row["delegator"],
        delegatee=row["delegatee"],
        scope=frozenset(row["scope"]),
        issued_at=datetime.fromisoformat(row["issued_at"]),
        expires_at=datetime.fromisoformat(row["expires_at"]),
    )


def _unfounded(why: str, *, hop: int) -> ProblemError:
    return ProblemError(
        "invalid_delegation",
        status=400,
        why=why,
        fix="Send the hops in order from the human to the agent, by ids or names that are known here.",
        param=f"delegation.{hop}",
    )
