"""The highest level of data that a session may touch, in the order of levels that the active policy has."""

from __future__ import annotations

from collections.abc import Iterable

from decisions.engine.levels import Levels
from decisions.engine.verdict import ReasonCode
from decisions.models import Session
from decisions.selectors import active_version_id
from decisions.services.policies import active_policy
from decisions.services.questions import Bar
from receipts.problems import ProblemError


def admitted_limit(asked: str, *, within: str = "") -> str:
    """The limit of a new session, which may lower that of its parent. Raises `unknown_level` and `not_narrower`."""
    if not asked or asked == within:
        return within
    levels = active_policy(active_version_id())[1].levels
    rank = levels.rank(asked)
    if rank is None:
        raise ProblemError(
            "unknown_level",
            status=400,
            why="The active policy has no such level of data.",
            fix=f"Use one of {', '.join(levels.names)}.",
            param="max_data_classification",
        )
    bound = levels.rank(within) if within else None
    if within and (bound is None or rank > bound):
        raise ProblemError(
            "not_narrower",
            status=403,
            why="A child may touch no higher level of data than its parent.",
            fix="Leave it out to take over the parent's, or send a lower one.",
            param="max_data_classification",
        )
    return asked


def limit_bar(kinds: Iterable[str], *, session: Session, levels: Levels) -> Bar | None:
    """What forbids an action that would leave the session with data of these kinds, or nothing.

    A limit that the policy doesn't know any more permits the lowest level only.
    """
    limit = session.max_data_classification
    highest = levels.highest(kinds) if limit else None
    if highest is None or highest <= (levels.rank(limit) or 0):
        return None
    return Bar(ReasonCode.DATA_LIMIT, "The data is of a higher level than the session may touch.")
