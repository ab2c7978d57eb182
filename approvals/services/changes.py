"""Approving with changes: a reviewer changes what the rule lets them, policy looks at it again, and it is asked anew.

What is changed becomes another request with a digest of its own, in the place of the first: who approved the first has
not seen this one, so that no vote is taken over, and whoever approves it is shown exactly what will run.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from django.db import transaction

from approvals import ports
from approvals.lifecycle.changes import apply_changes, value_at
from approvals.lifecycle.errors import ChangeError
from approvals.lifecycle.route import Route
from approvals.lifecycle.states import State
from approvals.models import ApprovalRequest, User
from approvals.services.requests import locked_request, replace_request, settle
from approvals.services.votes import CastBallot, cast_vote, check_person, check_view, ended
from receipts.clock import database_now
from receipts.problems import ProblemError, not_found
from receipts.signing.canonical import JSON, canonical_bytes

CHANGED = "changed_by_reviewer"


@dataclass(frozen=True, slots=True)
class Edit:
    """New values by JSON pointer. `view_digest` and `version` say which view of the request they were made on."""

    changes: Mapping[str, JSON]
    view_digest: str
    version: int


def change_request(*, approval_id: str, person: User, edit: Edit) -> ApprovalRequest:
    """The request that takes the place of this one; it waits for approval like any other, and not longer.

    Raises `not_found`, `self_approval`, `not_eligible`, `changed_while_reviewing`, `cannot_change` with the policy's
    reason, `stale_identity`, and `already_resolved` or `expired`.
    """
    with transaction.atomic():
        ports.lock_behind(approval_id=first_id(approval_id))
        request = locked_request(approval_id)
        at = database_now()
        state = settle(request, at=at)
        if state is State.PENDING:
            return _replace(request, person=User.objects.get(pk=person.pk), edit=edit, at=at)
    raise ended(state)


def approve_with_changes(*, approval_id: str, person: User, edit: Edit, ballot: CastBallot) -> ApprovalRequest:
    """Changes a request and approves what it has become, in one transaction; the new request.

    Only what the person has said runs: where policy would change it further, it has to be looked at first. Raises as
    `change_request` and `cast_vote` do.
    """
    with transaction.atomic():
        before = ApprovalRequest.objects.filter(pk=approval_id).first()
        new = change_request(approval_id=approval_id, person=person, edit=edit)
        assert before is not None, "or it could not be changed"
        wanted = apply_changes(_parameters(before.shown), changes=edit.changes, editable=edit.changes)
        if canonical_bytes(new.shown["parameters"]) != canonical_bytes(wanted):
            raise _refused("The policy changes this further.", fix="Change it on its page, and approve what you see.")
        seen = replace(ballot, view_digest=new.view_digest, version=new.version)
        return cast_vote(approval_id=new.pk, person=person, ballot=seen)


def first_id(approval_id: str) -> str:
    """The first of the line of requests that this one belongs to. Raises `not_found`."""
    named = ApprovalRequest.objects.filter(pk=approval_id).first()
    if named is None:
        raise not_found("approval")
    return named.first_id


def _replace(request: ApprovalRequest, *, person: User, edit: Edit, at: datetime) -> ApprovalRequest:
    check_person(person, request=request, at=at)
    check_view(request, view_digest=edit.view_digest, version=edit.version)
    shown = request.shown
    parameters = _parameters(shown)
    try:
        changed = apply_changes(parameters, changes=edit.changes, editable=Route.from_dict(request.route).editable)
    except ChangeError as error:
        raise _refused(error.why, fix=error.fix) from error
    problem = ports.identity_problem(approval_id=request.first_id)
    if problem:
        raise ProblemError("stale_identity", status=409, why=problem, fix="The agent has to ask again.")
    revision = ports.revise(approval_id=request.first_id, parameters=changed)
    if revision.opening is None:
        raise _refused(revision.refusal, fix="Change it in another way, or deny.")
    said = [_change(parameters, pointer=pointer, value=value, by=person) for pointer, value in edit.changes.items()]
    earlier = shown.get("changes", [])
    assert isinstance(earlier, list)
    snapshot = replace(revision.opening.snapshot, changes=(*earlier, *said))
    new = replace(revision.opening, snapshot=snapshot, replaces=request, changed_by=person)
    opening = replace(new, expires_at=request.expires_at, closes_at=request.closes_at)
    return replace_request(request, opening=opening, resolution=CHANGED, at=at)


def _parameters(shown: Mapping[str, object]) -> dict[str, JSON]:
    found = shown.get("parameters")
    if not isinstance(found, dict):
        raise ProblemError("erased", status=410, why="The action's values have been erased.", fix="Deny it.")
    return found


def _change(parameters: Mapping[str, JSON], *, pointer: str, value: JSON, by: User) -> dict[str, JSON]:
    before = value_at(parameters, pointer=pointer)
    return {"path": pointer, **({} if before is None else {"from": before}), "to": value, "by": by.person_id}


def _refused(why: str, *, fix: str) -> ProblemError:
    return ProblemError("cannot_change", status=409, why=why, fix=fix, param="modifications")
