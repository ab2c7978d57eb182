"""The action that a decision ended with: as decided, as a deferral's later evaluation left it, or as approved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from decisions.models import Decision, Deferral
from decisions.selectors.standing import approval_of
from decisions.selectors.values import parameters_in
from receipts.selectors import opened_values
from receipts.signing.canonical import JSON


@dataclass(frozen=True, slots=True)
class SettledAction:
    """What may be run once it is allowed, and the digest that binds it. Erased parameters are empty and fit nothing."""

    digest: str
    parameters: dict[str, JSON]
    modifications: Any


def settled_digest(decision: Decision, *, deferral: Deferral | None) -> str:
    """The digest of the action as it stands: that of the request which people answer, if there is one."""
    approval = approval_of(decision, deferral=deferral)
    return approval.action_digest if approval else _ruled_digest(decision, deferral=deferral)


def settled_action(decision: Decision, *, deferral: Deferral | None, values: Mapping[str, JSON]) -> SettledAction:
    """The action itself. What people approve is what they were shown, where that differs from what was ruled on.

    `values` are those of the decision's payload.
    """
    approval = approval_of(decision, deferral=deferral)
    ruled = _ruled_digest(decision, deferral=deferral)
    if approval is not None and approval.action_digest != ruled:
        shown: dict[str, Any] = dict(approval.shown)
        return SettledAction(approval.action_digest, shown.get("parameters", {}), _modifications(shown))
    final = opened_values(deferral.payload) if deferral and deferral.payload else values
    return SettledAction(ruled, parameters_in(final), final.get("modifications"))


def _modifications(shown: Mapping[str, Any]) -> list[Any] | None:
    """What rules changed, then what reviewers did. Agents aren't told who they were."""
    changes = [{**change, "by": "reviewer"} for change in shown.get("changes", ())]
    return [*shown.get("modifications", ()), *changes] or None


def _ruled_digest(decision: Decision, *, deferral: Deferral | None) -> str:
    resolution = (deferral.resolution if deferral else None) or {}
    digest: str = resolution.get("action_digest", decision.action_digest)
    return digest
