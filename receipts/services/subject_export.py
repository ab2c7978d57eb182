"""Everything that is kept about one person, for that person. That it was handed out is itself on record."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain

from django.db import transaction
from django.db.models import Q

from receipts.clock import database_now
from receipts.models import Export, Payload, Receipt, SavedView
from receipts.ports import names_of, told_of
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
    """JSON lines, each with its `kind`. The first says who it is; then come accounts, sessions, votes, questions that
    were saved or exported, receipts by id, and every payload, oldest first, with its values.

    Values are null where they were erased. What would name somebody else is left out. Raises `not_found` where nothing
    was ever kept.
    """
    rows = Payload.objects.filter(subject=subject).order_by("created_at", "id")
    name = names_of({subject}).get(subject)
    if not subject or not (name or rows.exists()):
        raise not_found("subject")
    _record(subject, actor=actor)
    who: dict[str, JSON] = {"kind": "subject", "subject": subject, "known_as": name}
    told = chain(
        [who], told_of(subject), _asked(subject), (_receipt(row, subject=subject) for row in _receipts(subject))
    )
    return (canonical_bytes(dict(row)) + b"\n" for row in chain(told, map(_values, rows.iterator(SLICE))))


def _asked(subject: str) -> Iterator[Mapping[str, JSON]]:
    for view in SavedView.objects.filter(owner__person_id=subject).order_by("saved_at", "id"):
        yield {"kind": "saved_view", "name": view.name, "question": view.question, "at": format_time(view.saved_at)}
    for export in Export.objects.filter(owner__person_id=subject).order_by("requested_at", "id"):
        yield {
            "kind": "export", "id": export.pk, "question": export.question, "at": format_time(export.requested_at),
        }  # fmt: skip


def _receipts(subject: str) -> Iterator[Receipt]:
    """Those that name the subject, or whose values are theirs: few questions are as rare, so that no index is kept."""
    own = Q(human_id=subject) | Q(approver_id=subject) | Q(payload__subject=subject)
    return Receipt.objects.filter(own).select_related("payload").order_by("issued_at", "id").iterator(SLICE)


def _receipt(row: Receipt, *, subject: str) -> Mapping[str, JSON]:
    roles = {"human": row.human_id, "approver": row.approver_id, "values": row.payload and row.payload.subject}
    return {
        "kind": "receipt",
        "id": row.pk,
        "type": row.type,
        "stream": row.stream,
        "position": row.position,
        "digest": row.digest,
        "at": format_time(row.issued_at),
        "session": row.session_id,
        "decision_id": row.decision_id,
        "request": row.approval_id,
        "tool": row.tool,
        "operation": row.operation,
        "decision": row.decision,
        "outcome": row.outcome,
        "named_as": [role for role, person in roles.items() if person == subject],
        "values": row.payload_id if row.payload and row.payload.subject == subject else None,
    }


def _values(row: Payload) -> Mapping[str, JSON]:
    values = None if row.content is None else opened_values(row)
    return {"kind": "values", "id": row.pk, "at": format_time(row.created_at), "values": values or None}


def _record(subject: str, *, actor: Actor) -> Receipt:
    with transaction.atomic():
        at = database_now()
        words = store_values({"/privacy/actor": actor.login}, at=at, subject=actor.person)
        body: dict[str, JSON] = {"disclosure": {"subject": subject}, "commitments": dict(words.commitments)}
        if actor.person:
            body["actor"] = {"person": actor.person}
        return issue_receipt(type=ReceiptType.DISCLOSURE, stream=ACCESS_STREAM, body=body, at=at, payload=words)
