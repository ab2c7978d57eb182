"""What approving one request takes."""

from __future__ import annotations

from collections.abc import Mapping

from approvals.lifecycle.folding import is_beyond, is_folded
from approvals.lifecycle.friction import (
    WHOLE,
    Step,
    confirmed_text,
    is_flagged,
    level_for,
    steps_for,
    target_name,
)
from approvals.lifecycle.inspection import Opaque, why_opaque
from approvals.lifecycle.snapshot import Snapshot
from approvals.models import ApprovalRequest
from receipts.signing.canonical import JSON


def opaque(request: ApprovalRequest) -> Opaque | None:
    """Why nobody can read what the action is called with; None where they can."""
    return why_opaque(dict(_parameters(request)) if request.shown else None)


def steps_of(request: ApprovalRequest) -> frozenset[Step]:
    """What approving takes: what its risk does, and a level more where nobody can read it."""
    return steps_for(level_for(request.risk_level, opaque=opaque(request)))


def confirm_field(request: ApprovalRequest) -> str:
    """The parameter that has to be confirmed, `tool.operation` where none says where the action goes, or empty."""
    if Step.TARGET not in steps_of(request):
        return ""
    return target_name(_parameters(request)) or WHOLE


def must_be_unfolded(request: ApprovalRequest) -> bool:
    """Whether approving takes being given all of the action to read, and a page would fold some of it away."""
    if Step.WHOLE not in steps_of(request):
        return False
    return not request.shown or is_folded(Snapshot.from_dict(request.shown))


def cannot_be_shown(request: ApprovalRequest) -> bool:
    """Whether no page shows all of the action where approving takes all of it."""
    return must_be_unfolded(request) and bool(request.shown) and is_beyond(Snapshot.from_dict(request.shown))


def needs_reason(request: ApprovalRequest) -> bool:
    """Whether whoever approves has to say why."""
    steps = steps_of(request)
    if Step.REASON in steps:
        return True
    return Step.REASON_IF_FLAGGED in steps and is_flagged(_parameters(request), origins=_origins(request))


def needs_recent_sign_in(request: ApprovalRequest) -> bool:
    """Whether whoever approves has to have shown a short time ago who they are. A passkey's signature shows it."""
    return steps_of(request) & {Step.RECENT, Step.PASSKEY} == {Step.RECENT}


def expected_target(request: ApprovalRequest) -> str:
    """What has to be typed for it."""
    return confirmed_text(tool=request.tool, operation=request.operation, parameters=_parameters(request))


def needs_passkey(request: ApprovalRequest) -> bool:
    """Whether approving takes a passkey's signature."""
    return Step.PASSKEY in steps_of(request)


def is_judged_alone(request: ApprovalRequest) -> bool:
    """Whether who may still decide reads what others wrote only after their own vote."""
    return Step.ALONE in steps_of(request)


def _parameters(request: ApprovalRequest) -> Mapping[str, JSON]:
    found = request.shown.get("parameters")
    return found if isinstance(found, dict) else {}


def _origins(request: ApprovalRequest) -> list[dict[str, JSON]]:
    found = request.shown.get("origins")
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []
