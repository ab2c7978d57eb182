"""One approval with everybody who could touch it, as small as shows everything: every state, and what may happen next.

Alice asks and is in the team that is asked. Bob is of security and may be away, when Erin votes in his place; Dave
owns the data; Frank is on call and is asked by the escalation; Mallory is nobody. One of security *and* one owner must
approve.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from approvals.lifecycle.quorum import Stage, Verdict
from approvals.lifecycle.route import Route, Step
from approvals.lifecycle.states import State

SECURITY, OWNERS, ON_CALL = "security-team", "data-owner", "on-call"
ROUTE = Route(
    (Stage(SECURITY, 1), Stage(OWNERS, 1)),
    timeout_seconds=3,
    hold_seconds=1,
    claim_seconds=2,
    escalation=(Step(2, (ON_CALL,)),),
)
PATIENT_ROUTE = replace(ROUTE, denials=2)
MEMBERS: Mapping[str, frozenset[str]] = {
    SECURITY: frozenset({"alice", "bob"}),
    OWNERS: frozenset({"dave"}),
    ON_CALL: frozenset({"frank"}),
}
REQUESTER, OUTSIDER, DEPUTY, ABSENT = "alice", "mallory", "erin", "bob"
VOTERS = ("alice", "bob", "dave", "erin", "frank", "mallory")
REMOVABLE = ("bob", "dave")
OPENED = datetime(2026, 1, 14, 13, 32, tzinfo=UTC)
LEASE_SECONDS = 1
LAST_TICK = 9


@dataclass(frozen=True, slots=True)
class Said:
    """The vote of an account that stands, and in whose place it was cast."""

    account: str
    verdict: Verdict
    holder: str


@dataclass(frozen=True, slots=True)
class Claimed:
    """That the parameters were handed out, to whom, and until when the same key may ask again."""

    key: str
    until: int


@dataclass(frozen=True, slots=True)
class World:
    """One state of everything. `ended` are the endings of this request that have a receipt, in order."""

    stored: State = State.PENDING
    tick: int = 0
    opened: int = 0
    quorum_tick: int | None = None
    votes: frozenset[Said] = frozenset()
    # Who has ever said no to this request.
    noes: frozenset[str] = frozenset()
    removed: frozenset[str] = frozenset()
    absence: str = "none"
    asked: frozenset[tuple[str, int]] = frozenset()
    policy: str = "same"
    is_identity_valid: bool = True
    is_paused: bool = False
    claim: Claimed | None = None
    handed_out: int = 0
    ended: tuple[State, ...] = ()
    generation: int = 0
    # The endings of the request that this one replaced.
    replaced: tuple[State, ...] = ()


def at(tick: int) -> datetime:
    return OPENED + timedelta(seconds=tick)
