"""What approving one request takes."""

from __future__ import annotations

from collections.abc import Mapping

from approvals.lifecycle.friction import WHOLE, Step, confirmed_text, steps_for, target_name
from approvals.models import ApprovalRequest
from receipts.signing.canonical import JSON


def confirm_field(request: ApprovalRequest) -> str:
    """The parameter that has to be confirmed, `tool.operation` where none says where the action goes, or empty."""
    if Step.TARGET not in steps_for(request.risk_level):
        return ""
    return target_name(_parameters(request)) or WHOLE


def expected_target(request: ApprovalRequest) -> str:
    """What has to be typed for it."""
    return confirmed_text(tool=request.tool, operation=request.operation, parameters=_parameters(request))


def needs_passkey(request: ApprovalRequest) -> bool:
    """Whether approving takes a passkey's signature."""
    return Step.PASSKEY in steps_for(request.risk_level)


def is_judged_alone(request: ApprovalRequest) -> bool:
    """Whether who may still decide reads what others wrote only after their own vote."""
    return Step.ALONE in steps_for(request.risk_level)


def _parameters(request: ApprovalRequest) -> Mapping[str, JSON]:
    found = request.shown.get("parameters")
    return found if isinstance(found, dict) else {}
