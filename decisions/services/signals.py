"""The risk signals of an action: what is computed for policies beside what they read of the session itself."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.conf import settings

from decisions.engine.action import Action
from decisions.engine.allowed_tools import is_listed
from decisions.engine.distance import Passages, Said, distance
from decisions.engine.drift import Drift, cumulative, threshold_of
from decisions.models import Agent, Decision, Session
from decisions.services.state import whole
from receipts.signing.canonical import JSON


def drift_of(session: Session, *, said: Said, request: Passages, is_counted: bool) -> Drift:
    """How far an action is from the request of its session, and how far the session has come with it.

    `is_counted` says that the session has counted it before, when it was submitted.
    """
    taken = distance(request, said=said)
    before: int | None = whole(session.state)["distance"]
    return Drift(
        distance=taken,
        cumulative=before if is_counted else cumulative(before, distance=taken),
        threshold=drift_threshold(session),
    )


def drift_threshold(session: Session) -> float:
    """How far the agent of a session may go from its request."""
    return threshold_of_agent(session.agent, profile=profile_of(session))


def threshold_of_agent(agent: Agent, *, profile: str | None = None) -> float:
    """What it is registered with, or else what its kind may; a session may say the kind of an agent without one."""
    own: float | None = agent.drift_threshold
    return threshold_of(agent.profile or profile, default=settings.AARM_DRIFT_THRESHOLD) if own is None else own


def profile_of(session: Session) -> str | None:
    """The kind of agent that acts in a session: what it is registered as, whatever the session says."""
    profile: Any = session.agent.profile or session.profile
    return profile or None


def estimates_of(decision: Decision, *, threshold: float | None) -> tuple[str, ...]:
    """What a reviewer is told of the distances that an action was decided with; earlier ones had none."""
    found = decision.ruling.get("signals", {})
    if "semantic_distance" not in found:
        return ()
    told = f"From 0 to 1, this action is {found['semantic_distance']:.2f} away from the request"
    if "cumulative_distance" not in found or threshold is None:
        return (f"{told}.",)
    side = "above" if found["drift_detected"] else "not above"
    return (f"{told}, and the session {found['cumulative_distance']:.2f}: {side} {threshold:.2f}, where drift begins.",)


def scope_signals(actions: Iterable[Action], *, session: Session) -> dict[str, JSON]:
    """Whether an action or one inside it is outside of what the session was expected to need, where that was said."""
    expected = session.expected_scope
    if not expected:
        return {}
    return {"scope_expansion": not all(is_listed(each.tool, each.operation, entries=expected) for each in actions)}
