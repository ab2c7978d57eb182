"""The values behind receipts over HTTP: shown to those who may see them, erased, and held."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from pydantic import BaseModel, ConfigDict, Field
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from receipts.access import ERASE, READERS, Caller, CallerKind
from receipts.identifiers import ID_LENGTH
from receipts.models import LegalHold, Receipt
from receipts.problems import ProblemError
from receipts.requests import read_body
from receipts.selectors import page_of
from receipts.selectors.erased import NEVER_RAN
from receipts.selectors.mentions import is_named
from receipts.selectors.privacy import held_subject, privacy_receipts, said_of, standing_holds
from receipts.services.disclosure import disclose_values
from receipts.services.erasure import (
    EVERYBODY,
    Actor,
    Ground,
    erase_subject,
    place_hold,
    release_hold,
)
from receipts.services.retention import RETENTION_ENDED

_ALL = "everybody"
_DISCLOSURE: dict[str, Any] = {
    "title": "Disclosure",
    "type": "object",
    "required": ["receipt", "disclosure", "withheld"],
    "properties": {
        "receipt": {"type": "string"},
        "disclosure": {
            "type": "object",
            "description": "Salt and value by path, as the verifiers take them; null where the value was erased.",
            "additionalProperties": {"type": ["object", "null"], "additionalProperties": True},
        },
        "withheld": {"type": "array", "items": {"type": "string"}, "description": "Paths that are for auditors."},
    },
}
_ERASURE: dict[str, Any] = {
    "title": "Erasure",
    "type": "object",
    "required": ["receipt", "at", "what"],
    "properties": {
        "receipt": {"type": "string"},
        "at": {"type": "string"},
        "what": {"type": "string", "enum": ["erasure", "hold_placed", "hold_released"]},
        "subject": {"type": ["string", "null"]},
        "ground": {"type": "string", "enum": [*Ground, RETENTION_ENDED, NEVER_RAN]},
        "before": {"type": "string", "description": "The first month that stayed."},
        "rows": {"type": "object", "additionalProperties": {"type": "integer"}},
        "others": {
            "type": "array",
            "items": {"type": "string"},
            "description": "Ids of values of others that named the person, and went too.",
        },
    },
}
_ERASED: dict[str, Any] = {
    **_ERASURE,
    "title": "Erased",
    "required": [*_ERASURE["required"], "is_still_named"],
    "properties": {
        **_ERASURE["properties"],
        "is_still_named": {
            "type": "boolean",
            "description": "The person's account is open and keeps its name: deactivate it, and erase again.",
        },
    },
}
_ERASURES: dict[str, Any] = {
    "title": "Erasures",
    "type": "object",
    "required": ["results", "next"],
    "properties": {"results": {"type": "array", "items": _ERASURE}, "next": {"type": ["string", "null"]}},
}
_HOLD: dict[str, Any] = {
    "title": "LegalHold",
    "type": "object",
    "required": ["id", "subject", "placed_at"],
    "properties": {"id": {"type": "string"}, "subject": {"type": "string"}, "placed_at": {"type": "string"}},
}
_HOLDS: dict[str, Any] = {
    "title": "LegalHolds",
    "type": "object",
    "required": ["results"],
    "properties": {"results": {"type": "array", "items": _HOLD}},
}
Subject = Annotated[str, Field(min_length=1, max_length=ID_LENGTH)]
Reason = Annotated[str, Field(min_length=1, max_length=500)]


class ErasureBody(BaseModel):
    """`POST /api/v1/erasures`: `confirm` repeats the subject, because nothing brings the values back."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    subject: Subject
    ground: Ground
    confirm: Subject


class HoldBody(BaseModel):
    """`POST /api/v1/holds`; `everybody` in place of an id holds all."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    subject: Subject
    reason: Reason


class ReleaseBody(BaseModel):
    """`POST /api/v1/holds/{id}/release`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    reason: Reason


def _caller(request: Request) -> Caller:
    caller = request.auth
    assert isinstance(caller, Caller)
    return caller


def _actor(request: Request) -> Actor:
    return Actor(person=_caller(request).id)


def _said(receipt: Receipt) -> dict[str, Any]:
    return {"receipt": receipt.pk, "at": receipt.issued_at.isoformat(), **said_of(receipt)}


def _hold(hold: LegalHold) -> dict[str, Any]:
    return {"id": hold.pk, "subject": hold.subject or _ALL, "placed_at": hold.placed_at.isoformat()}


class ReceiptDisclosureView(APIView):
    """`GET /api/v1/receipts/{id}/disclosure`: what opens its commitments. That it was shown is on record."""

    callers: ClassVar = {CallerKind.USER}
    user_permissions: ClassVar = READERS

    @extend_schema(responses={200: _DISCLOSURE}, operation_id="receipt_disclosure")
    def get(self, request: Request, receipt_id: str) -> Response:
        found = disclose_values(_caller(request), receipt_id=receipt_id)
        return Response({"receipt": found.receipt, "disclosure": found.opened, "withheld": list(found.withheld)})


class _PrivacyView(APIView):
    callers: ClassVar = {CallerKind.USER}
    user_permissions: ClassVar = (ERASE,)


class ErasureListView(_PrivacyView):
    """`/api/v1/erasures`: what was erased or held, newest first; a POST erases a person."""

    @extend_schema(
        parameters=[OpenApiParameter("cursor", OpenApiTypes.STR)], responses={200: _ERASURES}, operation_id="erasures"
    )
    def get(self, request: Request) -> Response:
        page = page_of(privacy_receipts(), cursor=request.query_params.get("cursor", ""))
        return Response({"results": [_said(row) for row in page.rows], "next": page.next})

    @extend_schema(request=ErasureBody, responses={201: _ERASED}, operation_id="erase")
    def post(self, request: Request) -> Response:
        body = read_body(request._request, ErasureBody)
        if body.confirm != body.subject:
            raise ProblemError(
                "invalid_body",
                status=400,
                why="confirm isn't the id of the subject.",
                fix="Write the id once more: what is erased can't be brought back.",
                param="confirm",
            )
        receipt = erase_subject(body.subject, actor=_actor(request), ground=body.ground)
        return Response({**_said(receipt), "is_still_named": is_named(body.subject)}, status=201)


class HoldListView(_PrivacyView):
    """`/api/v1/holds`: the legal holds that stand; a POST places one."""

    @extend_schema(responses={200: _HOLDS}, operation_id="holds")
    def get(self, request: Request) -> Response:
        return Response({"results": [_hold(hold) for hold in standing_holds()]})

    @extend_schema(request=HoldBody, responses={201: _ERASURE}, operation_id="hold")
    def post(self, request: Request) -> Response:
        body = read_body(request._request, HoldBody)
        subject = EVERYBODY if body.subject == _ALL else body.subject
        return Response(_said(place_hold(subject, actor=_actor(request), reason=body.reason)), status=201)


class HoldReleaseView(_PrivacyView):
    """`POST /api/v1/holds/{id}/release`."""

    @extend_schema(request=ReleaseBody, responses={200: _ERASURE}, operation_id="hold_release")
    def post(self, request: Request, hold_id: str) -> Response:
        body = read_body(request._request, ReleaseBody)
        return Response(_said(release_hold(held_subject(hold_id), actor=_actor(request), reason=body.reason)))
