"""What reviewers may do about the time of a request: extend it within its hard cap, escalate now, pass it on."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from approvals.lifecycle.delegation import Delegation as Standing
from approvals.lifecycle.delegation import check_delegation
from approvals.lifecycle.errors import DelegationError
from approvals.lifecycle.route import Route
from approvals.lifecycle.states import State
from approvals.models import ApprovalRequest, Change, Delegation, Timer, User
from approvals.selectors.eligibility import eligibility_of
from approvals.selectors.roster import delegations_at
from approvals.services.administration import record_change
from approvals.services.asking import ask
from approvals.services.outbox import record_event
from approvals.services.requests import locked_request, settle
from approvals.services.timers import run_step
from receipts.access import caller_of
from receipts.clock import database_now
from receipts.problems import ProblemError

# Whoever was asked because somebody passed a request on stands behind all steps that a policy may have.
_PASSED_ON = 100


def _pending(approval_id: str, *, person: User) -> tuple[ApprovalRequest, datetime]:
    """The locked request, which is pending and which this person may decide."""
    request = locked_request(approval_id)
    at = database_now()
    if settle(request, at=at) is not State.PENDING:
        why = f"This request is {request.state.lower()}."
        raise ProblemError("already_resolved", status=409, why=why, fix="Read the request again.")
    if eligibility_of(person, request=request, at=at) is None:
        raise ProblemError(
            "not_eligible", status=403, why="You are not one of the reviewers who were asked.", fix="Ask one of them."
        )
    return request, at


def extend_request(*, approval_id: str, person: User, seconds: int, shown: datetime | None = None) -> ApprovalRequest:
    """Gives people more time, never beyond `closes_at`; from the deadline that was `shown`, where one is given, or else
    not at all. Raises `already_resolved`, `not_eligible`, `beyond_cap`.
    """
    with transaction.atomic():
        request, _ = _pending(approval_id, person=person)
        if shown is not None and request.expires_at != shown:
            return request
        later = request.expires_at + timedelta(seconds=seconds)
        if request.closes_at is None or later > request.closes_at:
            raise ProblemError(
                "beyond_cap",
                status=409,
                why="The time to decide can't be extended beyond its cap, twice the time that the policy gave.",
                fix="Extend it by less, or let the agent ask again.",
                param="seconds",
            )
        ApprovalRequest.objects.filter(pk=request.pk, state=State.PENDING.value).update(expires_at=later)
        request.expires_at = later
        record_event(topic="approval_moved", reference=request.pk)
        record_change(Change.CHANGED, of=request, actor=caller_of(person), fields=["expires_at"])
    return request


def escalate_request(*, approval_id: str, person: User, step: int | None = None) -> ApprovalRequest:
    """Asks the people of the next step now; of `step`, where one is given, unless they were asked already.

    Raises `already_resolved`, `not_eligible`, `nobody_left_to_ask`.
    """
    with transaction.atomic():
        request, at = _pending(approval_id, person=person)
        if step is not None and request.timers.filter(step=step, done_at__isnull=False).exists():
            return request
        timer = request.timers.filter(done_at__isnull=True, step__gt=0).order_by("step").first()
        if timer is None:
            raise ProblemError(
                "nobody_left_to_ask",
                status=409,
                why="The policy names nobody else.",
                fix="Decide it, or pass it on to somebody.",
            )
        Timer.objects.filter(pk=timer.pk, done_at__isnull=True).update(due_at=at, done_at=at)
        run_step(request, route=Route.from_dict(request.route), step=timer.step, at=at)
        record_change(Change.CHANGED, of=request, actor=caller_of(person), fields=["escalation"])
    return request


def pass_on(*, approval_id: str, person: User, to: User) -> ApprovalRequest:
    """Lets `to` decide in `person`'s place, on this request. Raises `already_resolved`, `not_eligible`,
    `cannot_pass_on`.

    The place stays one place: whoever of the two votes, it is filled once.
    """
    with transaction.atomic():
        request, at = _pending(approval_id, person=person)
        end = request.closes_at or request.expires_at
        try:
            new = Standing(str(person.pk), str(to.pk), starts_at=at, ends_at=end, request=request.pk)
            check_delegation(new, others=delegations_at(at))
        except DelegationError as error:
            raise ProblemError("cannot_pass_on", status=409, why=error.why, fix=error.fix, param="to") from error
        row = Delegation.objects.create(person=person, deputy=to, request=request, starts_at=at, ends_at=end)
        if eligibility_of(to, request=request, at=at) is None:
            raise ProblemError(
                "not_eligible",
                status=409,
                why="This person may not decide it: they asked for it, or are no reviewer.",
                fix="Choose somebody else.",
                param="to",
            )
        ask(request, names=[stage.group for stage in Route.from_dict(request.route).stages], step=_PASSED_ON, at=at)
        record_change(Change.ADDED, of=row, actor=caller_of(person), fields=["person", "deputy", "request"])
    return request
