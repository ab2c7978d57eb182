"""Opening requests and moving them from state to state.

Every move is a conditional update on a locked row, by the table of `approvals.lifecycle.transitions`; a row count other
than one means that somebody else moved it first.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import QuerySet

from approvals.lifecycle.snapshot import match_code, view_digest
from approvals.lifecycle.states import Event, State
from approvals.lifecycle.transitions import elapsed_events, next_state
from approvals.models import ApprovalRequest, Grant
from approvals.ports import Opening
from approvals.selectors.standing import deadlines_of
from approvals.services.asking import ask, set_timers, watch
from approvals.services.outbox import record_event
from approvals.signals import approval_resolved
from receipts.clock import database_now
from receipts.identifiers import new_id
from receipts.problems import ProblemError, not_found
from receipts.services import Draft, commit_values, issue_receipt
from receipts.signing.canonical import JSON
from receipts.signing.statement import ReceiptType

Request = ApprovalRequest
RISK_ORDER = {"LOW": 0, "MEDIUM": 1, "HIGH": 2, "CRITICAL": 3}
# Why an approval has moved where nobody but the clock moved it.
CLOCK_WORDS = {
    Event.EXPIRED: "nobody_answered",
    Event.RELEASED: "approved_by_quorum",
    Event.CLAIM_EXPIRED: "not_claimed",
}
# States that end the question, and for which a terminal receipt is due.
RESOLVED = frozenset({State.APPROVED, State.DENIED, State.EXPIRED, State.CANCELLED, State.SUPERSEDED, State.REVOKED})


def open_request(*, approval_id: str, opening: Opening, at: datetime, grant: Grant | None = None) -> ApprovalRequest:
    """A pending request, in the caller's transaction. Reviewers are told after its commit.

    `grant` is what answers it, with this use counted.
    """
    frozen = opening.snapshot
    committed = commit_values(frozen.to_dict(), at=at, subject=opening.subject)
    committed.row.save(force_insert=True)
    request = ApprovalRequest(
        id=approval_id,
        source=opening.source,
        tool=frozen.tool,
        operation=frozen.operation,
        risk_level=frozen.risk_level,
        risk_order=RISK_ORDER[frozen.risk_level],
        requester=opening.requester,
        stream=opening.stream,
        route=opening.route.to_dict(),
        receipt_sections=dict(opening.receipt_sections),
        snapshot=committed.row,
        snapshot_digest=frozen.digest,
        action_digest=opening.action_digest,
        view_digest=view_digest(
            action_digest=opening.action_digest, snapshot_digest=frozen.digest, policy_hash=opening.policy_hash
        ),
        policy_hash=opening.policy_hash,
        code=match_code(opening.action_digest),
        opened_at=at,
        expires_at=opening.expires_at or opening.route.expires_at(at),
        closes_at=opening.closes_at or opening.route.closes_at(at),
        origin=opening.replaces.first_id if opening.replaces else "",
        changed_by=opening.changed_by,
        asker=opening.asker,
        likeness=opening.likeness,
        again_of=opening.again_of,
        grant=grant,
        grant_use=grant.used if grant else None,
    )
    request.save(force_insert=True)
    names = [stage.group for stage in opening.route.stages]
    directory = ask(request, names=names, step=0, at=at)
    set_timers(request, route=opening.route, at=at)
    watch(request, names=names, directory=directory, at=at)
    record_event(topic="approval_opened", reference=request.pk)
    return request


def replace_request(request: ApprovalRequest, *, opening: Opening, resolution: str, at: datetime) -> ApprovalRequest:
    """Opens another request in the stead of a locked one, which ends. No vote is taken over."""
    new = open_request(approval_id=new_approval_id(), opening=opening, at=at)
    move(request, event=Event.SUPERSEDED, at=at, resolution=resolution, replacement=new)
    return new


def revoke_request(request: ApprovalRequest, *, resolution: str, at: datetime) -> None:
    """Takes an approval back that was given and not used; the row is locked and its state settled."""
    move(request, event=Event.REVOKED, at=at, resolution=resolution)


def revoke_given(*, streams: QuerySet[Any, Any], before: datetime, resolution: str, limit: int) -> int:
    """Takes back approvals in these streams that were given until then and not used. Returns how many.

    One that is locked is passed over: whoever has locked it finds out for himself.
    """
    with transaction.atomic():
        at = database_now()
        given = ApprovalRequest.objects.filter(state=State.APPROVED.value, resolved_at__lte=before, stream__in=streams)
        locked = given.select_for_update(skip_locked=connection.features.has_select_for_update_skip_locked)
        requests = list(locked.order_by("stream", "id")[:limit])
        states = [settle(request, at=at) for request in requests]
        standing = [request for request, state in zip(requests, states, strict=True) if state is State.APPROVED]
        for request in standing:
            revoke_request(request, resolution=resolution, at=at)
        return len(standing)


def new_approval_id() -> str:
    """`apr_…`"""
    return new_id("apr")


def locked_request(approval_id: str) -> ApprovalRequest:
    """The row, locked until the transaction ends."""
    request = ApprovalRequest.objects.select_for_update().filter(pk=approval_id).first()
    if request is None:
        raise not_found("approval")
    return request


def move(request: ApprovalRequest, *, event: Event, at: datetime, resolution: str, **changes: Any) -> State:
    """Compare-and-swap along one edge of the table, with the receipt and the announcement that belong to it."""
    before, after = State(request.state), next_state(State(request.state), event)
    changes |= {"state": after.value, "resolution": resolution}
    if after in RESOLVED:
        changes["resolved_at"] = at
    swapped = ApprovalRequest.objects.filter(pk=request.pk, state=before.value, version=request.version).update(
        **changes
    )
    if swapped != 1:
        raise ProblemError(
            "already_resolved", status=409, why="The request was resolved by somebody else.", fix="Read it again."
        )
    for name, value in changes.items():
        setattr(request, name, value)
    if after in RESOLVED:
        _conclude(request, state=after, at=at, resolution=resolution)
    record_event(topic="approval_moved", reference=request.pk)
    return after


def _conclude(request: ApprovalRequest, *, state: State, at: datetime, resolution: str) -> None:
    draft = conclusion(request, state=state, resolution=resolution)
    issue_receipt(type=draft.type, stream=draft.stream, body=draft.body, at=at)
    approval_resolved.send(sender=ApprovalRequest, approval_id=request.pk, state=state, at=at)


def conclusion(request: ApprovalRequest, *, state: State, resolution: str) -> Draft:
    """What the receipt of a request says that has just come to `state`."""
    outcome: dict[str, JSON] = {"status": state.value, "why": resolution}
    new = request.replacement
    if new is not None:
        outcome |= {"replacement": new.pk, **({"by": new.changed_by.person_id} if new.changed_by else {})}
    if request.grant_id:
        outcome |= {"grant": {"id": request.grant_id, "use": request.grant_use}}
    body = sections(request, state=state) | {"outcome": outcome}
    return Draft(ReceiptType.APPROVAL_TERMINAL, request.stream, body)


def sections(request: ApprovalRequest, *, state: State) -> dict[str, JSON]:
    """The signed sections of any receipt about this request."""
    approval: dict[str, JSON] = {
        "id": request.pk,
        "state": state.value,
        "source": request.source,
        "view_digest": request.view_digest,
        "opened_at": request.opened_at.isoformat(timespec="microseconds"),
        "expires_at": request.expires_at.isoformat(timespec="microseconds"),
    }
    return {**request.receipt_sections, "approval": approval}


def settle(request: ApprovalRequest, *, at: datetime) -> State:
    """Writes down what the clock has done to a locked row, and returns the state that it is in now."""
    for event in elapsed_events(State(request.state), at=at, **deadlines_of(request)):
        move(request, event=event, at=at, resolution=CLOCK_WORDS[event])
    return State(request.state)


def cancel_request(*, approval_id: str, resolution: str) -> State:
    """Withdraws what is still undecided; a resolved request stays as it is, and its state is returned."""
    with transaction.atomic():
        request = locked_request(approval_id)
        at = database_now()
        state = settle(request, at=at)
        if state is not State.PENDING:
            return state
        return move(request, event=Event.CANCELLED, at=at, resolution=resolution)
