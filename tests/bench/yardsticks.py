"""The yardsticks: views that read the body that `/decide` reads and do ever more of what it can't do without.

F0 answers a constant. F1 is what Django and DRF make easy: one transaction through the ORM that locks the head of the
session's chain, inserts two rows, moves the head, and signs a receipt of 3 KB. F2 is the same without DRF and in plain
SQL: four statements and the commit. None of them authenticates, decides, or keeps a policy's word.
"""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.db import connection, transaction
from django.http import HttpRequest, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from rest_framework.parsers import JSONParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from tests.bench.models import Entry, Head, Receipt

RECEIPT_BYTES = 3000
KEY = Ed25519PrivateKey.generate()
# What a receipt says beside what differs from one to the next.
FILLING = {f"section_{number:02}": "sha256:" + f"{number:02}" * 32 for number in range(32)}

LOCK = "SELECT length, digest FROM bench_head WHERE session_id = %s FOR UPDATE"
ADD_ENTRY = "INSERT INTO bench_entry (session_id, position, body, digest) VALUES (%s, %s, %s, %s)"
ADD_RECEIPT = (
    "INSERT INTO bench_receipt (session_id, position, previous_digest, digest, body, signature, issued_at) "
    "VALUES (%s, %s, %s, %s, %s, %s, %s)"
)
MOVE = "UPDATE bench_head SET length = %s, digest = %s WHERE session_id = %s"


def _digest(data: bytes) -> str:
    return "sha256:" + hashlib.sha256(data).hexdigest()


def _encoded(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def receipt_bytes(asked: dict[str, Any], *, position: int, previous: str) -> bytes:
    """About `RECEIPT_BYTES` bytes in canonical order."""
    document = {"position": position, "previous": previous, "request": _digest(_encoded(asked)), "body": FILLING}
    return _encoded(document | {"session": asked["session_id"]})


def _answer(*, position: int, digest: str) -> dict[str, Any]:
    return {"decision": "ALLOW", "position": position, "receipt": digest}


@csrf_exempt
def answer_constant(request: HttpRequest) -> JsonResponse:
    """F0."""
    return JsonResponse(_answer(position=0, digest=""))


class RecordView(APIView):
    """F1."""

    authentication_classes = ()
    permission_classes = ()
    parser_classes = (JSONParser,)

    def post(self, request: Request) -> Response:
        asked: Any = request.data
        with transaction.atomic():
            head = Head.objects.select_for_update().get(pk=asked["session_id"])
            position, previous = head.length + 1, head.digest
            body = _encoded(asked)
            Entry.objects.create(session_id=head.pk, position=position, body=body, digest=_digest(body))
            signed = receipt_bytes(asked, position=position, previous=previous)
            head.length, head.digest = position, _digest(signed)
            Receipt.objects.create(
                session_id=head.pk,
                position=position,
                previous_digest=previous,
                digest=head.digest,
                body=signed,
                signature=KEY.sign(signed),
                issued_at=datetime.now(UTC),
            )
            head.save(update_fields=["length", "digest"])
        return Response(_answer(position=position, digest=head.digest))


@csrf_exempt
def record_raw(request: HttpRequest) -> JsonResponse:
    """F2."""
    asked = json.loads(request.body)
    session, body = asked["session_id"], _encoded(asked)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(LOCK, [session])
        length, previous = cursor.fetchone()
        position, signed = length + 1, receipt_bytes(asked, position=length + 1, previous=previous)
        digest = _digest(signed)
        cursor.execute(ADD_ENTRY, [session, position, body, _digest(body)])
        cursor.execute(ADD_RECEIPT, [session, position, previous, digest, signed, KEY.sign(signed), datetime.now(UTC)])
        cursor.execute(MOVE, [position, digest, session])
    return JsonResponse(_answer(position=position, digest=digest))
