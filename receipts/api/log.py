"""The log over HTTP: its newest checkpoint, and proofs that lead to it."""

from __future__ import annotations

from typing import Any, ClassVar

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from receipts.access import READERS, Caller, CallerKind
from receipts.models import Checkpoint
from receipts.problems import ProblemError
from receipts.selectors import receipt_for
from receipts.selectors.anchoring import cosigned_note, stamped_proof_of, stamps_of
from receipts.selectors.log import consistency_proof, newest_checkpoint, proof_of
from receipts.signing.encoding import encode_base64

_HASHES = {"type": "array", "items": {"type": "string"}}
_INCLUSION: dict[str, Any] = {
    "title": "InclusionProof",
    "type": "object",
    "required": ["leaf_index", "tree_size", "hashes"],
    "properties": {"leaf_index": {"type": "integer"}, "tree_size": {"type": "integer"}, "hashes": _HASHES},
}
_PROVED: dict[str, Any] = {
    "title": "ProvedReceipt",
    "type": "object",
    "required": ["receipt", "digest", "inclusion", "checkpoint"],
    "properties": {
        "receipt": {"type": "string"},
        "digest": {"type": "string"},
        "inclusion": _INCLUSION,
        "checkpoint": {"type": "string"},
    },
}
_STAMPED: dict[str, Any] = {
    "title": "StampedReceipt",
    "type": "object",
    "required": [*_PROVED["required"], "timestamps"],
    "properties": {**_PROVED["properties"], "timestamps": _HASHES},
}
_CHECKPOINT: dict[str, Any] = {
    "title": "Checkpoint",
    "type": "object",
    "required": ["size", "note"],
    "properties": {"size": {"type": "integer"}, "note": {"type": "string"}},
}
_CONSISTENCY: dict[str, Any] = {
    "title": "ConsistencyProof",
    "type": "object",
    "required": ["from", "to", "hashes"],
    "properties": {"from": {"type": "integer"}, "to": {"type": "integer"}, "hashes": _HASHES},
}


class ReceiptProofView(APIView):
    """`GET /api/v1/receipts/{id}/proof`: that the receipt is in the log of the newest checkpoint."""

    callers: ClassVar = {CallerKind.AGENT, CallerKind.USER}
    user_permissions: ClassVar = READERS

    @extend_schema(responses={200: _PROVED}, operation_id="receipt_proof")
    def get(self, request: Request, receipt_id: str) -> Response:
        caller = request.auth
        assert isinstance(caller, Caller)
        receipt = receipt_for(caller, receipt_id)
        inclusion, checkpoint = proof_of(receipt.pk)
        answer = {"receipt": receipt.pk, "digest": receipt.digest, "inclusion": inclusion.to_dict()}
        return Response(answer | {"checkpoint": cosigned_note(checkpoint)})


class ReceiptTimestampView(APIView):
    """`GET /api/v1/receipts/{id}/timestamp`: since when an authority outside has seen the log with the receipt in it.

    The first checkpoint that covers the receipt and was stamped (RFC 3161), as it was then, with the proof that leads
    to it. `timestamps` are DER of TimeStampResp, base64, over the bytes of `checkpoint`.
    """

    callers: ClassVar = {CallerKind.AGENT, CallerKind.USER}
    user_permissions: ClassVar = READERS

    @extend_schema(responses={200: _STAMPED}, operation_id="receipt_timestamp")
    def get(self, request: Request, receipt_id: str) -> Response:
        caller = request.auth
        assert isinstance(caller, Caller)
        receipt = receipt_for(caller, receipt_id)
        inclusion, checkpoint = stamped_proof_of(receipt.pk)
        stamps = [encode_base64(stamp) for stamp in stamps_of([checkpoint])[checkpoint.pk]]
        answer = {"receipt": receipt.pk, "digest": receipt.digest, "inclusion": inclusion.to_dict()}
        return Response(answer | {"checkpoint": checkpoint.note, "timestamps": stamps})


class LogCheckpointView(APIView):
    """`GET /api/v1/log/checkpoint`: the newest one. It says nothing of any receipt, so every caller may keep it."""

    callers: ClassVar = {CallerKind.AGENT, CallerKind.HOST, CallerKind.USER}
    user_permissions: ClassVar = READERS

    @extend_schema(responses={200: _CHECKPOINT}, operation_id="log_checkpoint")
    def get(self, request: Request) -> Response:
        checkpoint = _newest()
        return Response({"size": checkpoint.size, "note": cosigned_note(checkpoint)})


class LogConsistencyView(APIView):
    """`GET /api/v1/log/consistency?from=&to=`: that one size of the log is the beginning of another.

    Without `to` it leads to the newest checkpoint.
    """

    callers: ClassVar = {CallerKind.AGENT, CallerKind.HOST, CallerKind.USER}
    user_permissions: ClassVar = READERS

    @extend_schema(
        parameters=[
            OpenApiParameter("from", OpenApiTypes.INT, required=True),
            OpenApiParameter("to", OpenApiTypes.INT),
        ],
        responses={200: _CONSISTENCY},
        operation_id="log_consistency",
    )
    def get(self, request: Request) -> Response:
        newest = _newest().size
        query = request.query_params
        last = _size(query.get("to", str(newest)), param="to", most=newest)
        first = _size(query.get("from", ""), param="from", most=last)
        return Response(consistency_proof(first, size=last).to_dict())


def _newest() -> Checkpoint:
    found = newest_checkpoint()
    if found is None:
        raise ProblemError(
            "not_logged_yet", status=409, why="No checkpoint has been signed yet.", fix="Ask again in a few seconds."
        )
    return found


def _size(text: str, *, param: str, most: int) -> int:
    """A size that the newest checkpoint covers."""
    size = int(text) if text.isascii() and text.isdigit() and len(text) < 17 else 0
    if not 1 <= size <= most:
        raise ProblemError(
            "invalid_size",
            status=400,
            why="The log has no checkpoint that covers that size.",
            fix="Give sizes from 1 up to that of the newest checkpoint, the smaller one as `from`.",
            param=param,
        )
    return size
