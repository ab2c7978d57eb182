"""What decisions repeat of a person's values outside the payloads, and how it goes when the person is erased."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping

from decisions.models import Decision, Human, IdempotentAnswer, Session
from receipts.erasers import Eraser
from receipts.problems import ProblemError
from receipts.signing.canonical import JSON, canonical_bytes

SLICE = 500
# A retry must find that its action was submitted, and not submit another; what it was answered is gone.
_GONE = ProblemError("erased", status=410, why="What this was about has been erased.", fix="Open a new session.")
GONE: dict[str, JSON] = {
    "type": f"urn:aarm:problem:{_GONE.code}",
    "title": "The values were erased",
    "status": _GONE.status,
    "code": _GONE.code,
    "why": _GONE.why,
    "fix": _GONE.fix,
}


def erase_human(subject: str) -> int:
    """The way back from the random id to the person. Who comes again is somebody new."""
    return Human.objects.filter(pk=subject).update(identifier=f"erased:{subject}")


def erase_session_states(subject: str) -> int:
    """The facts that sessions repeat. Without them rules find nothing known, and the actions that wait are denied."""
    sessions = Session.objects.filter(human=subject).order_by("pk").select_for_update()
    for session in (found := list(sessions)):
        session.state = {**session.state, "facts": {}}
    Session.objects.bulk_update(found, ["state"], batch_size=SLICE)
    return len(found)


def erase_answers(subject: str) -> int:
    """The answers that agents and hosts were given about the person's sessions, for repetition."""
    wanted = set(Session.objects.filter(human=subject).values_list("pk", flat=True))
    wanted |= set(Decision.objects.filter(session__human=subject).values_list("pk", flat=True))
    callers = Decision.objects.filter(session__human=subject).values("agent_id")
    hosts = Session.objects.filter(human=subject, host__isnull=False).values("host_id")
    answers = IdempotentAnswer.objects.filter(caller__in=callers) | IdempotentAnswer.objects.filter(caller__in=hosts)
    named = [row.pk for row in answers.iterator(SLICE) if _is_about(row, wanted)]
    return IdempotentAnswer.objects.filter(pk__in=named).update(status=410, answer=canonical_bytes(GONE))


def _is_about(row: IdempotentAnswer, wanted: Collection[str]) -> bool:
    """Whether the answer, or what it was for, names any of the ids."""
    return any(text in wanted for text in (*row.purpose.split(":"), *_texts(json.loads(bytes(row.answer)))))


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
    "humans": erase_human,
    "session_states": erase_session_states,
    "answers": erase_answers,
}
"""By the names under which the receipt of an erasure counts them."""
