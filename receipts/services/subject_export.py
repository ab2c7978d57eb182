"""Everything that is kept about one person, for that person. That it was handed out is itself on record."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from django.db import transaction

from receipts.clock import database_now
from receipts.models import Payload, Receipt
from receipts.ports import names_of
from receipts.problems import not_found
from receipts.selectors.values import opened_values
from receipts.services.disclosure import ACCESS_STREAM
from receipts.services.erasure import Actor
from receipts.services.issuing import issue_receipt
from receipts.services.payloads import store_values
from receipts.signing.canonical import JSON, canonical_bytes
from receipts.signing.statement import ReceiptType
from receipts.signing.times import format_time

SLICE = 500


def export_subject(subject: str, *, actor: Actor) -> Iterator[bytes]:
    """Who the subject is known as, then a JSON line for each payload, oldest first: its id, time and values.

    Values are null where they were erased. Raises `not_found` where nothing was ever kept.
    """
    rows = Payload.objects.filter(subject=subject).order_by("created_at", "id")
    if not subject or not rows.exists():
        raise not_found("subject")
    _record(subject, actor=actor)
    who = canonical_bytes({"subject": subject, "known_as": names_of({subject}).get(subject)}) + b"\n"
    return chain([who], (_line(row) for row in rows.iterator(SLICE)))


def _line(row: Payload) -> bytes:
    values = None if row.content is None else opened_values(row)
    return canonical_bytes({"id": row.pk, "at": format_time(row.created_at), "values": values or None}) + b"\n"


def _record(subject: str, *, actor: Actor) -> Receipt:
    with transaction.atomic():
        at = database_now()
        words = store_values({"/privacy/actor": actor.login}, at=at, subject=actor.person)
        body: dict[str, JSON] = {"disclosure": {"subject": subject}, "commitments": dict(words.commitments)}
        if actor.person:
            body["actor"] = {"person": actor.person}
        return issue_receipt(type=ReceiptType.DISCLOSURE, stream=ACCESS_STREAM, body=body, at=at, payload=words)
