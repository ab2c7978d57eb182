"""Whom a reviewer may ask before deciding, when, and how much."""

from __future__ import annotations

from enum import StrEnum

from approvals.lifecycle.states import State

LONGEST_QUESTION, LONGEST_ANSWER = 500, 2000
"""Characters."""

MOST_OPEN, MOST_ANSWERED = 5, 20
"""Questions of one request that wait for an answer, and answers that it may have."""

HEARD = frozenset({State.PENDING, State.HELD})
"""The states in which a request may still be asked about and answered for."""


class Asked(StrEnum):
    """Who is asked: the agent whose action waits, or the human that it acts for."""

    AGENT = "agent"
    REQUESTER = "requester"
