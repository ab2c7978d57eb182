"""The one place where an exception becomes an answer: RFC 9457 JSON at API doors, a page elsewhere.

What an exception says never reaches the caller; only `ProblemError`, which was written for callers, speaks for itself.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Any

import structlog
from django.conf import settings
from django.core.exceptions import (
    BadRequest,
    PermissionDenied,
    RequestDataTooBig,
    SuspiciousOperation,
    TooManyFieldsSent,
    TooManyFilesSent,
)
from django.db import InterfaceError, InternalError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.template.loader import render_to_string
from rest_framework import exceptions as drf

from aarm_site.codes import CODES, TYPE_PREFIX
from decisions.intake.errors import IntakeError
from receipts.problems import ProblemError

log = structlog.get_logger(__name__)

API_PATHS = ("/decide", "/api/", "/healthz", "/readyz", "/.well-known/", "/metrics")
CONTENT_TYPE = "application/problem+json"
PAGES: Mapping[int, str] = {403: "403.html", 404: "404.html"}
RETRY_SECONDS = "1"


def _fixed(code: str, status: int, why: str, fix: str, **headers: str) -> Callable[[Any], ProblemError]:
    """A translation that doesn't look at the exception."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda error: ProblemError(code, status=status, why=why, fix=fix, headers=named)


def _itself(error: ProblemError) -> ProblemError:
    return error


def _unreadable_action(error: IntakeError) -> ProblemError:
    return ProblemError(error.code, status=400, why=error.why, fix=error.fix, param=error.param)


def _throttled(error: Any) -> ProblemError:
    return ProblemError(
        "too_many_requests",
        status=429,
        why="This credential sent more requests than its limit.",
        fix="Wait as long as Retry-After says.",
        headers={"Retry-After": str(max(1, int(error.wait or 1)))},
    )


_MALFORMED = _fixed("malformed", 400, "The request can't be read.", "Send one strict JSON object in UTF-8.")
_TOO_LARGE = _fixed("body_too_large", 413, "The request is larger than the limit.", "Send less in one request.")
_FORBIDDEN = _fixed("forbidden", 403, "This credential may not do that.", "Use one that holds the right.")
_NOT_FOUND = _fixed("not_found", 404, "There is nothing at this address, or it is not yours.", "Check the address.")
_UNAUTHENTICATED = _fixed(
    "unauthenticated",
    401,
    "The request carries no valid credential.",
    "Send `Authorization: Bearer KEY`, or sign in.",
    WWW_Authenticate='Bearer realm="aarm"',
)
_UNAVAILABLE = _fixed(
    "unavailable",
    503,
    "A part that every answer depends on can't be reached.",
    "Try again; the same idempotency key gives the same answer.",
    Retry_After=RETRY_SECONDS,
)
_INTERNAL = _fixed("internal", 500, "An unexpected error stopped this request.", "Report the request_id.")

TRANSLATIONS: Mapping[type[BaseException], Callable[[Any], ProblemError]] = {
    ProblemError: _itself,
    IntakeError: _unreadable_action,
    drf.APIException: _INTERNAL,
    drf.ParseError: _MALFORMED,
    drf.ValidationError: _MALFORMED,
    drf.NotAuthenticated: _UNAUTHENTICATED,
    drf.AuthenticationFailed: _UNAUTHENTICATED,
    drf.PermissionDenied: _FORBIDDEN,
    drf.NotFound: _NOT_FOUND,
    drf.MethodNotAllowed: _fixed(
        "method_not_allowed", 405, "This address doesn't take that method.", "Use one that Allow names."
    ),
    drf.NotAcceptable: _fixed("not_acceptable", 406, "Answers are JSON.", "Accept application/json."),
    drf.UnsupportedMediaType: _fixed(
        "unsupported_media_type", 415, "Bodies are JSON, uncompressed.", "Send Content-Type: application/json."
    ),
    drf.Throttled: _throttled,
    Http404: _NOT_FOUND,
    PermissionDenied: _FORBIDDEN,
    BadRequest: _MALFORMED,
    SuspiciousOperation: _MALFORMED,
    RequestDataTooBig: _TOO_LARGE,
    TooManyFieldsSent: _TOO_LARGE,
    TooManyFilesSent: _TOO_LARGE,
    OperationalError: _UNAVAILABLE,
    InterfaceError: _UNAVAILABLE,
    # PostgreSQL's "read-only transaction" arrives as this one.
    InternalError: _UNAVAILABLE,
    BaseException: _INTERNAL,
}


def as_problem(error: BaseException) -> ProblemError:
    """What the caller is told about `error`: the translation of its nearest known class."""
    translate = next(TRANSLATIONS[cls] for cls in type(error).__mro__ if cls in TRANSLATIONS)
    return translate(error)


def is_api(request: HttpRequest) -> bool:
    """Whether the caller of this path reads JSON. The tier that only decides has no pages."""
    return settings.AARM_TIER == "decide" or request.path.startswith(API_PATHS)


def problem_body(problem: ProblemError, *, request_id: str) -> dict[str, object]:
    """The RFC 9457 object."""
    body: dict[str, object] = {
        "type": TYPE_PREFIX + problem.code,
        "title": CODES.get(problem.code, problem.code),
        "status": problem.status,
        "code": problem.code,
        "why": problem.why,
        "fix": problem.fix,
        "request_id": request_id,
    }
    return body | ({"param": problem.param} if problem.param else {})


def _page(request: HttpRequest, problem: ProblemError, request_id: str) -> HttpResponse:
    is_ours = problem.status >= 500
    name = "500.html" if is_ours else PAGES.get(problem.status, "400.html")
    context = {"problem": problem_body(problem, request_id=request_id), "exception": problem.why}
    # After a failure of ours nothing that reads the database may run again: that page is rendered without a request.
    return HttpResponse(render_to_string(name, context, None if is_ours else request), status=problem.status)


def answer(request: HttpRequest, problem: ProblemError) -> HttpResponse:
    """The answer that says `problem`, in the form that this path's callers read."""
    request_id = getattr(request, "request_id", "")
    if is_api(request):
        body = problem_body(problem, request_id=request_id)
        response: HttpResponse = JsonResponse(body, status=problem.status, content_type=CONTENT_TYPE)
    else:
        response = _page(request, problem, request_id)
    for name, value in problem.headers.items():
        response[name] = value
    return response


def _record(problem: ProblemError, error: BaseException) -> None:
    if problem.status >= 500:
        log.error("request_failed", code=problem.code, exc_info=error)


def answer_to(request: HttpRequest, error: BaseException) -> HttpResponse:
    """As `answer`, for any exception; what is our own fault is logged."""
    problem = as_problem(error)
    _record(problem, error)
    return answer(request, problem)


def problem_response(error: Exception, context: Mapping[str, Any]) -> HttpResponseBase:
    """DRF's `EXCEPTION_HANDLER`."""
    request = context["request"]
    return answer_to(getattr(request, "_request", request), error)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's `handler400`."""
    return answer_to(request, exception)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's `handler403`."""
    return answer_to(request, exception)


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's `handler404`."""
    return answer_to(request, exception)


def too_many_requests(request: HttpRequest) -> HttpResponse:
    """The sign-in library's `handler429`."""
    problem = ProblemError(
        "too_many_requests",
        status=429,
        why="There were too many attempts from your address or for this account.",
        fix="Wait five minutes, or use a passkey.",
    )
    return answer(request, problem)


def server_error(request: HttpRequest) -> HttpResponse:
    """Django's `handler500`, called while the exception is being handled."""
    return answer_to(request, sys.exc_info()[1] or RuntimeError())


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Django's `CSRF_FAILURE_VIEW`. `reason` is for developers and stays out of the answer."""
    return answer(
        request,
        ProblemError(
            "csrf_failed",
            status=403,
            why="The form was not sent from our own page, or the page is older than the sign-in.",
            fix="Reload the page and send it again.",
        ),
    )
