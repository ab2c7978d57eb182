"""Judging what was judged before: in the session's present context, under the policy that holds now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from decisions.engine.action import Action
from decisions.models import Decision, Session
from decisions.selectors import active_version_id, deferral_of
from decisions.selectors.values import action_asked
from decisions.services.counters import Earlier
from decisions.services.evaluation import Asked, Basis, Judged, basis_for, judge_action
from decisions.services.parties import recorded_section
from decisions.services.questions import nonce_in
from decisions.services.tools import effect_of
from receipts.selectors import opened_values
from receipts.signing.canonical import JSON


def judge_again(
    decision: Decision, *, session: Session, at: datetime, parameters: Mapping[str, JSON] | None = None
) -> Judged:
    """The same action in the session's present context, under the policy that holds now. Nothing is counted.

    `parameters` are those of an action that people have changed since it was asked.
    """
    action = action_asked(decision) if parameters is None else _changed(decision, parameters=parameters)
    basis = basis_for([action], session=session, policy_id=active_version_id(), is_counting=False)
    return judged_again(decision, session=session, basis=basis, at=at, action=action)


def _changed(decision: Decision, *, parameters: Mapping[str, JSON]) -> Action:
    return Action(tool=decision.tool, operation=decision.operation, parameters=dict(parameters))


def basis_again(session: Session, decisions: Iterable[Decision]) -> Basis:
    """What these decisions of a locked session are judged on now, with their counters locked."""
    actions = [action_asked(decision) for decision in decisions]
    return basis_for(actions, session=session, policy_id=active_version_id(), is_counting=True)


def judged_again(
    decision: Decision, *, session: Session, basis: Basis, at: datetime, action: Action | None = None
) -> Judged:
    """The same action, or another in its place, without what it has been counted for itself."""
    deferral = deferral_of(decision)
    earlier = [Earlier(counted_for(decision.ruling), at=decision.decided_at)]
    if deferral is not None and deferral.resolved_at is not None:
        earlier.append(Earlier(counted_for(deferral.resolution), at=deferral.resolved_at))
    asked = Asked(
        action=action or action_asked(decision),
        nonce=nonce_in(opened_values(decision.payload)),
        identity=recorded_section(decision, session=session),
        tool_effect=effect_of(tool=decision.tool, operation=decision.operation),
        earlier=tuple(earlier),
    )
    return judge_action(asked, session=session, basis=basis, at=at)


def counted_for(record: Mapping[str, Any] | None) -> Mapping[str, Any]:
    """What a ruling was counted for, by rule. Of before there were counters rulings say nothing."""
    counted: Mapping[str, Any] = (record or {}).get("counted", {})
    return counted
