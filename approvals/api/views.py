"""The reviewers' API: the same rules as the pages, through the same service."""

from __future__ import annotations

from typing import Any, ClassVar

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from approvals.accounts.recency import shown_at
from approvals.api.bodies import ChallengeBody, EscalateBody, ExtendBody, ReassignBody, VoteBody
from approvals.api.people import person_of
from approvals.lifecycle.errors import GrantError
from approvals.lifecycle.quorum import Verdict
from approvals.models import ApprovalRequest
from approvals.selectors import approval_answer, open_among, page_of, pending_for, request_for, shown_to
from approvals.services.changes import Edit, approve_with_changes
from approvals.services.confirmations import Confirmation
from approvals.services.deadlines import escalate_request, extend_request, pass_on
from approvals.services.granting import Joined, Wish
from approvals.services.people import Person, person_named
from approvals.services.revealing import reveal
from approvals.services.votes import CastBallot, ask_to_sign, cast_vote
from receipts.access import CallerKind
from receipts.problems import ProblemError
from receipts.requests import read_body

_APPROVAL: dict[str, Any] = {
    "title": "Approval",
    "type": "object",
    "required": ["id", "state", "version", "view_digest", "code", "expires_at", "risk_level", "quorum", "may_vote"],
    "additionalProperties": True,
}
_APPROVALS: dict[str, Any] = {
    "title": "Approvals",
    "type": "object",
    "required": ["results", "next"],
    "properties": {"results": {"type": "array", "items": _APPROVAL}, "next": {"type": ["string", "null"]}},
}
_CHALLENGE: dict[str, Any] = {
    "title": "Challenge",
    "type": "object",
    "required": ["challenge", "expires_at", "publicKey"],
    "properties": {
        "challenge": {"type": "string"},
        "expires_at": {"type": "string", "format": "date-time"},
        "publicKey": {"type": "object", "additionalProperties": True},
    },
}


def _answer(request: Request, approval_id: str) -> dict[str, Any]:
    person = person_of(request)
    return approval_answer(shown_to(person, request_for(person, approval_id)))


class ApprovalListView(APIView):
    """`GET /api/v1/approvals?state=pending`."""

    callers: ClassVar = {CallerKind.USER}
    user_permissions: ClassVar = ("approvals.review", "receipts.audit")

    @extend_schema(
        parameters=[OpenApiParameter("state", str, enum=("pending", "all")), OpenApiParameter("cursor", str)],
        responses={200: _APPROVALS},
        operation_id="approvals",
    )
    def get(self, request: Request) -> Response:
        state = request.query_params.get("state", "pending")
        if state not in {"pending", "all"}:
            raise ProblemError(
                "invalid_state", status=400, why="state is pending or all.", fix="Use ?state=pending.", param="state"
            )
        rows = pending_for(person_of(request)) if state == "pending" else open_among(person_of(request))
        page, following = page_of(rows, cursor=request.query_params.get("cursor", ""))
        return Response(
            {"results": [approval_answer(shown_to(person_of(request), row)) for row in page], "next": following}
        )


class ApprovalDetailView(APIView):
    callers: ClassVar = {CallerKind.USER}
    user_permissions: ClassVar = ("approvals.review", "receipts.audit")

    @extend_schema(responses={200: _APPROVAL}, operation_id="approval")
    def get(self, request: Request, approval_id: str) -> Response:
        return Response(_answer(request, approval_id))


class ApprovalVoteView(APIView):
    callers: ClassVar = {CallerKind.USER}
    user_permissions: ClassVar = ("approvals.review",)

    @extend_schema(request=VoteBody, responses={200: _APPROVAL}, operation_id="approval_vote")
    def post(self, request: Request, approval_id: str) -> Response:
        body = read_body(request._request, VoteBody)
        request_for(person_of(request), approval_id)
        ballot = CastBallot(
            verdict=Verdict(body.verdict),
            view_digest=body.view_digest,
            version=body.version,
            reason=body.reason,
            private_note=body.private_note,
            surface="api",
            grant=_wish(body),
            # Whoever reads JSON has been given the whole of it.
            confirmation=Confirmation(
                is_data=True,
                target=body.confirm_target,
                assertion=body.assertion,
                shown_at=shown_at(request._request),
            ),
        )
        row = _voted(approval_id, person=person_of(request), body=body, ballot=ballot)
        return Response(_answer(request, row.pk))


def _wish(body: VoteBody) -> Wish | None:
    if body.grant is None:
        return None
    if isinstance(body.grant, str):
        return Joined(body.grant)
    try:
        return body.grant.terms()
    except GrantError as error:
        raise ProblemError("cannot_grant", status=409, why=error.why, fix=error.fix, param="grant") from error


def _voted(approval_id: str, *, person: Person, body: VoteBody, ballot: CastBallot) -> ApprovalRequest:
    if not body.modifications:
        return cast_vote(approval_id=approval_id, person=person, ballot=ballot)
    changes = {change.path: change.to for change in body.modifications}
    edit = Edit(changes=changes, view_digest=body.view_digest, version=body.version)
    return approve_with_changes(approval_id=approval_id, person=person, edit=edit, ballot=ballot)


class ApprovalChallengeView(APIView):
    """What a passkey signs. It changes nothing of the request, and nothing counts before it comes back."""

    callers: ClassVar = {CallerKind.USER}
    user_permissions: ClassVar = ("approvals.review",)

    @extend_schema(request=ChallengeBody, responses={200: _CHALLENGE}, operation_id="approval_vote_challenge")
    def post(self, request: Request, approval_id: str) -> Response:
        body = read_body(request._request, ChallengeBody) if request._request.body else ChallengeBody()
        person = person_of(request)
        request_for(person, approval_id)
        asked = ask_to_sign(approval_id=approval_id, person=person, view=(body.view_digest, body.version))
        return Response(asked.to_dict())


class ApprovalExtendView(APIView):
    callers: ClassVar = {CallerKind.USER}
    user_permissions: ClassVar = ("approvals.review",)

    @extend_schema(request=ExtendBody, responses={200: _APPROVAL}, operation_id="approval_extend")
    def post(self, request: Request, approval_id: str) -> Response:
        body = read_body(request._request, ExtendBody)
        row = request_for(person_of(request), approval_id)
        extend_request(approval_id=row.pk, person=person_of(request), seconds=body.seconds)
        return Response(_answer(request, approval_id))


class ApprovalEscalateView(APIView):
    callers: ClassVar = {CallerKind.USER}
    user_permissions: ClassVar = ("approvals.review",)

    @extend_schema(request=EscalateBody, responses={200: _APPROVAL}, operation_id="approval_escalate")
    def post(self, request: Request, approval_id: str) -> Response:
        read_body(request._request, EscalateBody)
        row = request_for(person_of(request), approval_id)
        escalate_request(approval_id=row.pk, person=person_of(request))
        return Response(_answer(request, approval_id))


class ApprovalRevealView(APIView):
    """`POST /api/v1/approvals/{id}/reveal`: the request with what is masked, and a receipt of that."""

    callers: ClassVar = {CallerKind.USER}
    user_permissions: ClassVar = ("approvals.review", "receipts.audit")

    @extend_schema(request=None, responses={200: _APPROVAL}, operation_id="approval_reveal")
    def post(self, request: Request, approval_id: str) -> Response:
        reveal(approval_id=approval_id, person=person_of(request))
        return Response(_answer(request, approval_id))


class ApprovalReassignView(APIView):
    callers: ClassVar = {CallerKind.USER}
    user_permissions: ClassVar = ("approvals.review",)

    @extend_schema(request=ReassignBody, responses={200: _APPROVAL}, operation_id="approval_reassign")
    def post(self, request: Request, approval_id: str) -> Response:
        body = read_body(request._request, ReassignBody)
        row = request_for(person_of(request), approval_id)
        pass_on(approval_id=row.pk, person=person_of(request), to=person_named(body.to))
        return Response(_answer(request, approval_id))
