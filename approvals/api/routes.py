"""What would happen to a request on each route of the policy that holds, for programs."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, ClassVar

from django.utils.dateparse import parse_datetime
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from approvals.pages.routes import preview_answer
from approvals.selectors.roster import REVIEW
from approvals.selectors.routes import previews
from receipts.access import AUDIT, CallerKind
from receipts.clock import database_now
from receipts.problems import ProblemError

_TIME = {"type": "string", "format": "date-time"}
_ROUTES: dict[str, Any] = {
    "title": "Routes",
    "type": "object",
    "required": ["opened_at", "results"],
    "properties": {
        "opened_at": _TIME,
        "results": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["rules", "stages", "sentence", "ladder", "dead_ends"],
                "properties": {
                    "rules": {"type": "array", "items": {"type": "string"}},
                    "stages": {"type": "array", "items": {"type": "object"}},
                    "sentence": {"type": "string"},
                    "ladder": {"type": "array", "items": {"type": "object"}},
                    "dead_ends": {"type": "array", "items": {"type": "object"}},
                },
            },
        },
    },
}


class RouteListView(APIView):
    """`GET /api/v1/routes?at=&human=`."""

    callers: ClassVar = {CallerKind.USER}
    user_permissions: ClassVar = (REVIEW, AUDIT, "decisions.publish_policy")

    @extend_schema(
        parameters=[OpenApiParameter("at", datetime), OpenApiParameter("human", str)],
        responses={200: _ROUTES},
        operation_id="routes",
    )
    def get(self, request: Request) -> Response:
        now = database_now()
        opened_at = _instant(request.query_params.get("at", "")) or now
        found = previews(opened_at=opened_at, now=now, human=request.query_params.get("human", ""))
        return Response({"opened_at": opened_at.isoformat(), "results": preview_answer(found)})


def _instant(text: str) -> datetime | None:
    if not text:
        return None
    try:
        found = parse_datetime(text)
        # The database doesn't know every distance from UTC that ISO 8601 can write.
        found = found.astimezone(UTC) if found and found.tzinfo else None
    except (ValueError, OverflowError):
        found = None
    if found is None:
        why = "at is no time with its distance from UTC."
        fix = "Write it as 2026-03-07T03:00:00Z."
        raise ProblemError("invalid_time", status=400, why=why, fix=fix, param="at")
    return found
