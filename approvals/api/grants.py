"""Grants, for reviewers and auditors: what is granted for how long, and taking it back."""

from __future__ import annotations

from typing import Any, ClassVar

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from approvals.api.people import person_of
from approvals.selectors.grants import MOST, grant_answer, grants_visible_to, shown_grants, unended
from approvals.selectors.roster import REVIEW
from approvals.services.granting import revoke_grant
from receipts.access import AUDIT, CallerKind
from receipts.problems import ProblemError

_GRANT: dict[str, Any] = {
    "title": "Grant",
    "type": "object",
    "required": ["id", "approval_id", "tool", "operation", "uses", "left", "expires_at", "is_live", "bounds"],
    "additionalProperties": True,
}
_GRANTS: dict[str, Any] = {
    "title": "Grants",
    "type": "object",
    "required": ["results", "next"],
    "properties": {"results": {"type": "array", "items": _GRANT}, "next": {"type": ["string", "null"]}},
}


class GrantListView(APIView):
    """`GET /api/v1/grants`: those in force, or with `state=all` the newest of all."""

    callers: ClassVar = {CallerKind.USER}
    user_permissions: ClassVar = (REVIEW, AUDIT)

    @extend_schema(
        parameters=[OpenApiParameter("state", str, enum=("live", "all"))],
        responses={200: _GRANTS},
        operation_id="grants",
    )
    def get(self, request: Request) -> Response:
        state = request.query_params.get("state", "live")
        if state not in {"live", "all"}:
            raise ProblemError(
                "invalid_state", status=400, why="state is live or all.", fix="Use ?state=live.", param="state"
            )
        rows = grants_visible_to(person_of(request))
        found = shown_grants((rows if state == "all" else unended(rows))[:MOST], user=person_of(request))
        listed = [grant_answer(each) for each in found if state == "all" or each.is_live]
        return Response({"results": listed, "next": None})


class GrantRevokeView(APIView):
    """`POST /api/v1/grants/{id}/revoke`."""

    callers: ClassVar = {CallerKind.USER}
    user_permissions: ClassVar = (REVIEW,)

    @extend_schema(request=None, responses={200: _GRANT}, operation_id="grant_revoke")
    def post(self, request: Request, grant_id: str) -> Response:
        person = person_of(request)
        (shown,) = shown_grants([revoke_grant(grant_id=grant_id, person=person)], user=person)
        return Response(grant_answer(shown))
