"""The states of an approval and the events that move it."""

from __future__ import annotations

from enum import StrEnum


class State(StrEnum):
    """Where an approval stands. Only PENDING, HELD and APPROVED can still change."""

    PENDING = "PENDING"
    HELD = "HELD"
    APPROVED = "APPROVED"
    CLAIMED = "CLAIMED"
    DENIED = "DENIED"
    EXPIRED = "EXPIRED"
    CANCELLED = "CANCELLED"
    SUPERSEDED = "SUPERSEDED"
    REVOKED = "REVOKED"


class Event(StrEnum):
    """What happens to an approval. A vote is none of them: the tally of the votes is."""

    QUORUM_HELD = "quorum_held"
    QUORUM_REACHED = "quorum_reached"
    RELEASED = "released"
    UNDONE = "undone"
    DENIED = "denied"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    SUPERSEDED = "superseded"
    CLAIMED = "claimed"
    CLAIM_EXPIRED = "claim_expired"
    REVOKED = "revoked"


NON_TERMINAL: frozenset[State] = frozenset({State.PENDING, State.HELD, State.APPROVED})
"""The states that can still change."""

TERMINAL: frozenset[State] = frozenset(State) - NON_TERMINAL
"""The states that nothing leaves."""
