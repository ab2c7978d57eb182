"""What decisions repeat of a person's values outside the payloads, and how it goes when the person is erased."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from datetime import datetime

from django.db import transaction
from django.db.models import Q

from approvals.services.administration import payloads_told_of
from approvals.services.erasure import withdraw_requests
from decisions.models import Decision, Human, IdempotentAnswer, Pause, Session
from decisions.services.context import append_entry
from decisions.services.deferrals import resume_deferrals
from decisions.services.endings import end_with_its_person
from decisions.services.integrity import lock_session
from decisions.services.state import EMPTY_STATE
from receipts.clock import database_now
from receipts.erasers import Ender, Eraser
from receipts.selectors.mentions import Mentioned, erased_name, mentioned
from receipts.selectors.privacy import held_subjects
from receipts.services.erasure import blank_payloads
from receipts.signing.canonical import JSON

SLICE = 500


class _MoreWereOpenedError(Exception):
    pass


def lock_person(subject: str) -> None:
    """Locks the person and all their sessions, so that nothing of theirs is being written any more.

    Whoever writes has a session's lock, or is opening one and shares the person's. Sessions come before the person, as
    for whoever opens a child: where more have been opened meanwhile the person is let go of for them.
    """
    locked: set[str] = set()
    while True:
        locked.update(_lock_sessions(subject, besides=locked))
        try:
            with transaction.atomic():
                Human.objects.select_for_update().filter(pk=subject).first()
                if Session.objects.filter(human=subject).exclude(pk__in=locked).exists():
                    raise _MoreWereOpenedError
                return
        except _MoreWereOpenedError:
            continue


def _lock_sessions(subject: str, *, besides: Collection[str]) -> list[str]:
    """Parents first: locks go downwards only."""
    rows = Session.objects.select_for_update().filter(human=subject).exclude(pk__in=besides)
    return list(rows.order_by("depth", "pk").values_list("pk", flat=True))


def erase_human(subject: str) -> int:
    """The way back from the random id to the person. Who comes again is somebody new."""
    return Human.objects.filter(pk=subject).update(identifier=erased_name(subject))


def erase_pauses(subject: str) -> int:
    """The reasons of pauses that name the person, that stopped one of their sessions, or that they wrote.

    What receipts of the pauses keep of them goes too. What is about somebody who is held, or theirs, stays.
    """
    who, rows = mentioned(subject), Pause.objects.exclude(reason="").select_related("session", "paused_by")
    held = held_subjects()
    kept = rows.order_by("pk").iterator(SLICE)
    found = [row.pk for row in kept if _tells_of(row, who) and _parties(row).isdisjoint(held)]
    blank_payloads(payloads_told_of(Pause, found), held=held)
    return Pause.objects.filter(pk__in=found).update(reason="")


def _tells_of(pause: Pause, who: Mentioned) -> bool:
    return who.subject in _parties(pause) or who.is_in(pause.reason)


def _parties(pause: Pause) -> set[str | None]:
    """Whose session it stopped, and whose words the reason is."""
    return {pause.session.human_id if pause.session else None, pause.author or None}


def erase_session_states(subject: str) -> int:
    """The facts and entities that sessions repeat, and what keeps digests of them from being guessed.

    What waits in them is withdrawn, and those that are open end: who comes again is somebody new.
    """
    found = list(Session.objects.filter(human=subject).order_by("pk").values_list("pk", flat=True))
    at = database_now()
    for session_id in found:
        session = _forget_facts(session_id, at=at)
        if session is not None:
            resume_deferrals(session, at=at)
            withdraw_requests(stream=f"session/{session.pk}", at=at)
            end_with_its_person(session, at=at)
    return len(found)


def end_session_states(before: datetime, held: Collection[str]) -> int:
    """The same in sessions that were opened in months that are over."""
    # Sessions of before there were entities have none to ask for.
    known = ~Q(state__facts={}) | (Q(state__has_key="entities") & ~Q(state__entities={}))
    over = Session.objects.filter(known, opened_at__lt=before).exclude(human__in=held)
    found, at = list(over.order_by("pk").values_list("pk", flat=True)[:SLICE]), database_now()
    for session_id in found:
        _forget_facts(session_id, at=at)
    return len(found)


def _forget_facts(session_id: str, *, at: datetime) -> Session | None:
    """The session, locked."""
    session = lock_session(session_id)
    if session is not None and session.fault:
        Session.objects.filter(pk=session_id).update(state=EMPTY_STATE)
    elif session is not None and (session.state["facts"] or session.state.get("entities")):
        session.state = {**session.state, "facts": {}, "entities": {}, "salt": ""}
        append_entry(session, kind="erasure", body={}, at=at)
    return session


def erase_answers(subject: str) -> int:
    """The answers that agents and hosts were given about the person's sessions, and what would tell the bodies.

    The rows stay: a retry must find that its action was submitted, and not submit another.
    """
    wanted = set(Session.objects.filter(human=subject).values_list("pk", flat=True))
    wanted |= set(Decision.objects.filter(session__human=subject).values_list("pk", flat=True))
    callers = Decision.objects.filter(session__human=subject).values("agent_id")
    hosts = Session.objects.filter(human=subject, host__isnull=False).values("host_id")
    answers = IdempotentAnswer.objects.filter(caller__in=callers) | IdempotentAnswer.objects.filter(caller__in=hosts)
    named = [row.pk for row in answers.iterator(SLICE) if _is_about(row, wanted)]
    return _blanked(named)


def end_answers(before: datetime, held: Collection[str]) -> int:
    """What is still kept for retries from months that are over: what waits that long has lost its values by now.

    They only repeat what is in payloads, so that nothing is lost of those who are held.
    """
    over = IdempotentAnswer.objects.filter(created_at__lt=before).exclude(answer=b"")
    return _blanked(list(over.values_list("pk", flat=True)[:SLICE]))


def _blanked(keys: Collection[int]) -> int:
    return IdempotentAnswer.objects.filter(pk__in=keys).update(answer=b"", body_digest="")


def _is_about(row: IdempotentAnswer, wanted: Collection[str]) -> bool:
    """Whether the answer, or what it was for, names any of the ids."""
    said = _texts(json.loads(bytes(row.answer))) if row.answer else ()
    return any(text in wanted for text in (*row.purpose.split(":"), *said))


def _texts(value: JSON) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)


ERASERS: Mapping[str, Eraser] = {
    "pauses": erase_pauses,
    "session_states": erase_session_states,
    "answers": erase_answers,
}
"""By the names under which the receipt of an erasure counts them."""
FORGETTERS: Mapping[str, Eraser] = {"humans": erase_human}
ENDERS: Mapping[str, Ender] = {"session_states": end_session_states, "answers": end_answers}
