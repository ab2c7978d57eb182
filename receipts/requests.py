"""Reading a request's body: the strict JSON profile, then a pydantic model, each fault with its code."""

from __future__ import annotations

from typing import TypeVar

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest
from django.http.request import RawPostDataException, UnreadablePostError
from pydantic import BaseModel, ValidationError

from receipts.problems import ProblemError
from receipts.signing.canonical import StrictJSONError, load_strict

Body = TypeVar("Body", bound=BaseModel)
MAX_KEY_LENGTH = 200
MAX_PARAM_LENGTH = 120


def _raw(request: HttpRequest) -> bytes:
    too_large = ProblemError(
        "body_too_large",
        status=413,
        why=f"The body is larger than {settings.AARM_MAX_BODY_BYTES} bytes.",
        fix="Send less, or a digest of what is bulky.",
    )
    if int(request.META.get("CONTENT_LENGTH") or 0) > settings.AARM_MAX_BODY_BYTES:
        raise too_large
    try:
        return request.body
    except RequestDataTooBig as error:
        raise too_large from error
    except (UnreadablePostError, RawPostDataException) as error:
        raise ProblemError("body_unreadable", status=400, why="The body ended early.", fix="Send it again.") from error


def read_body(request: HttpRequest, model: type[Body]) -> Body:
    """The request's JSON body as `model`.

    Raises `unsupported_media_type`, `body_too_large`, `invalid_json`, `invalid_body`.
    """
    if request.content_type != "application/json" or "HTTP_CONTENT_ENCODING" in request.META:
        raise ProblemError(
            "unsupported_media_type",
            status=415,
            why="The body must be plain application/json.",
            fix="Send 'Content-Type: application/json' and no Content-Encoding.",
        )
    try:
        value = load_strict(_raw(request))
    except StrictJSONError as error:
        raise ProblemError(error.code, status=400, why=error.why, fix=error.fix) from error
    return parse_body(value, model)


def parse_body(value: object, model: type[Body]) -> Body:
    """`value` as `model`, without coercion. The first fault is named; the value itself is never repeated."""
    try:
        return model.model_validate(value)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        # An unknown member's name is the caller's own text, and may be as long as a body.
        where = ".".join(str(part) for part in first["loc"])[:MAX_PARAM_LENGTH] or None
        raise ProblemError(
            "invalid_body", status=400, why=first["msg"], fix="See /api/schema for what this door takes.", param=where
        ) from error


def idempotency_key(request: HttpRequest) -> str:
    """The `Idempotency-Key` header, or empty."""
    key = request.headers.get("Idempotency-Key", "")
    if len(key) > MAX_KEY_LENGTH or not key.isascii() or not key.isprintable():
        raise ProblemError(
            "invalid_idempotency_key",
            status=400,
            why=f"The key must be at most {MAX_KEY_LENGTH} printable ASCII characters.",
            fix="Use a random UUID.",
            param="Idempotency-Key",
        )
    return key
