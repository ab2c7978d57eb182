"""What is kept about a human beside values: the sessions in which agents acted for them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from decisions.models import Human, Session
from receipts.signing.canonical import JSON
from receipts.signing.times import format_time

SLICE = 500


def told_of_human(subject: str) -> Iterator[Mapping[str, JSON]]:
    """Answers `receipts.ports.Teller`. Sessions hold further ones only by id: those of other people are not told."""
    for human in Human.objects.filter(pk=subject):
        yield {"kind": "human", "known_since": format_time(human.created_at), "is_active": human.is_active}
    for session in Session.objects.filter(human=subject).order_by("opened_at", "id").iterator(SLICE):
        yield _told(session)


def _told(session: Session) -> Mapping[str, JSON]:
    return {
        "kind": "session",
        "id": session.pk,
        "agent": session.agent_id,
        "service": session.service,
        "scope": session.scope,
        "expected_scope": session.expected_scope,
        "intent": session.intent,
        "profile": session.profile,
        "request_values": session.request_id,
        "request_provenance": session.request_provenance,
        "entries": session.length,
        "opened_at": format_time(session.opened_at),
        "ended_at": format_time(session.ended_at) if session.ended_at else None,
        "ended_by": session.ended_by,
    }
