"""Addresses that fail in every way that the error table knows, for the tests beside this file."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.core.exceptions import BadRequest, PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.db import InterfaceError, InternalError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.cache import cache_control
from rest_framework import exceptions as drf
from rest_framework.parsers import JSONParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from receipts.problems import ProblemError

CANARY = "canary-4111111111111111"

handler400 = "aarm_site.errors.bad_request"
handler403 = "aarm_site.errors.permission_denied"
handler404 = "aarm_site.errors.page_not_found"
handler500 = "aarm_site.errors.server_error"

# What is raised, by the name in the address.
RAISED: dict[str, Callable[[], Exception]] = {
    "problem": lambda: ProblemError(
        "expired", status=410, why="It is over.", fix="Ask again.", param="id", headers={"X-Hint": "again"}
    ),
    "http404": lambda: Http404(CANARY),
    "forbidden": lambda: PermissionDenied(CANARY),
    "bad-request": lambda: BadRequest(CANARY),
    "suspicious": lambda: SuspiciousOperation(CANARY),
    "too-large": lambda: RequestDataTooBig(CANARY),
    "operational": lambda: OperationalError(CANARY),
    "interface": lambda: InterfaceError(CANARY),
    "read-only": lambda: InternalError(CANARY),
    "unknown": lambda: RuntimeError(CANARY),
    "unauthenticated": lambda: drf.NotAuthenticated(CANARY),
    "wrong-key": lambda: drf.AuthenticationFailed(CANARY),
    "drf-forbidden": lambda: drf.PermissionDenied(CANARY),
    "drf-404": lambda: drf.NotFound(CANARY),
    "parse": lambda: drf.ParseError(CANARY),
    "invalid": lambda: drf.ValidationError({"field": [CANARY]}),
    "throttled": lambda: drf.Throttled(wait=2.4),
    "throttled-forever": lambda: drf.Throttled(),
    "media-type": lambda: drf.UnsupportedMediaType(CANARY),
    "not-acceptable": lambda: drf.NotAcceptable(CANARY),
    "drf-unknown": lambda: drf.APIException(CANARY),
}


def failure(name: str) -> Exception:
    """A fresh one of its kind."""
    return RAISED[name]()


def plain(request: HttpRequest, name: str) -> HttpResponse:
    """A plain view."""
    raise failure(name)


async def asynchronous(request: HttpRequest, name: str) -> HttpResponse:
    """A plain view of the asynchronous kind."""
    raise failure(name)


class FailingView(APIView):
    """A DRF view."""

    authentication_classes: Any = []
    permission_classes: Any = []
    parser_classes: Any = [JSONParser]

    def get(self, request: Request, name: str) -> Response:
        raise failure(name)


class GuardedView(APIView):
    """A DRF view that names no caller."""

    def get(self, request: Request) -> Response:
        return Response({})


@cache_control(public=True, max_age=3600)
def good(request: HttpRequest) -> HttpResponse:
    """A view that works, and would like to be cached."""
    return HttpResponse(request.request_id)  # type: ignore[attr-defined]


urlpatterns = [
    path("api/plain/<str:name>", plain),
    path("api/async/<str:name>", asynchronous),
    path("api/drf/<str:name>", FailingView.as_view()),
    path("api/guarded", GuardedView.as_view()),
    path("api/good/<str:secret>", lambda request, secret: good(request)),
    path("page/<str:name>", plain),
    path("good", good),
]
