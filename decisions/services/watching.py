"""The background verifier of sessions: it follows every chain of entries again, slice by slice, round after round.

What is wrong is found before anybody asks, and from then on nothing is permitted in that session (CTX-07). No lock is
held: entries only come to the end of a chain, and the length that was read first says which must be there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from django.conf import settings

from decisions.models import ContextWatch, Session
from decisions.selectors.integrity import BEGINNING, End, entries_by_session, follow_session, follow_whole
from decisions.selectors.rollbacks import rolled_back
from decisions.services.integrity import mark_broken
from receipts.clock import database_now

MOST_SESSIONS = 500


class Part(StrEnum):
    """Sessions that go on have rounds of their own, which so are short."""

    OPEN = "open"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a slice begins or ends: inside the chain of a session, or with an empty `end` behind it."""

    session: str
    end: End = BEGINNING


def verify_slice(part: Part) -> int:
    """Verifies the next entries of the present round; returns how many. After the last one a new round begins.

    Of two processes that verify the same slice, the second leaves no trace.
    """
    watch, _ = ContextWatch.objects.get_or_create(pk=part.value)
    at, start = database_now(), _Place(watch.session, End(watch.position, watch.digest))
    place, count = _advance(part, start=start, most=settings.AARM_CONTEXT_CHECK_ENTRIES)
    is_over = not place.session
    ContextWatch.objects.filter(pk=watch.pk, session=watch.session, position=watch.position).update(
        session=place.session,
        position=place.end.position,
        digest=place.end.digest,
        round_started_at=watch.round_started_at if start.session else at,
        round_ended_at=at if is_over else watch.round_ended_at,
    )
    return count


def _advance(part: Part, *, start: _Place, most: int) -> tuple[_Place, int]:
    if start.end.position:
        session = Session.objects.filter(pk=start.session).first()
        return _through(session, after=start.end, most=most) if session else (_Place(start.session), 0)
    sessions = _next_sessions(part, after=start.session, most=most)
    if not sessions:
        return _Place(""), 0
    if sessions[0].length > most:
        return _through(sessions[0], after=BEGINNING, most=most)
    return _whole(sessions)


def _next_sessions(part: Part, *, after: str, most: int) -> list[Session]:
    """The next sessions that together have no more than so many entries, or the next one alone."""
    rows = Session.objects.filter(pk__gt=after, ended_at__isnull=part is Part.OPEN, broken_at=None).order_by("pk")
    found: list[Session] = []
    for session in rows[:MOST_SESSIONS]:
        most -= session.length
        if most < 0 and found:
            break
        found.append(session)
    return found


def _through(session: Session, *, after: End, most: int) -> tuple[_Place, int]:
    """A slice of one long chain."""
    found = follow_session(session, after=after, most=most)
    if found.fault:
        mark_broken(session, why=found.fault)
    is_over = bool(found.fault) or found.end.position >= session.length
    if is_over and not found.fault:
        _hold_against_receipts([session])
    return _Place(session.pk, BEGINNING if is_over else found.end), found.end.position - after.position


def _whole(sessions: Sequence[Session]) -> tuple[_Place, int]:
    """All entries of a few short chains, in one query."""
    entries, count = entries_by_session(sessions), 0
    for session in sessions:
        found = follow_whole(session, entries=entries.get(session.pk, []))
        if found.fault:
            mark_broken(session, why=found.fault)
        count += found.end.position
    _hold_against_receipts(sessions)
    return _Place(sessions[-1].pk), count


def _hold_against_receipts(sessions: Sequence[Session]) -> None:
    found = rolled_back([session.pk for session in sessions])
    for session in sessions:
        if session.pk in found:
            why = f"It was put back to an earlier state: receipts tell of {found[session.pk]} entries more."
            mark_broken(session, why=why)
