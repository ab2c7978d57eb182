"""What was said in a session before an action: the user's words, models' messages, and what tools gave back."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from approvals.lifecycle.origins import Origin, Said
from decisions.models import ContextEntry, Session
from receipts.selectors import opened_values

MOST_ENTRIES = 20
"""So many of the newest messages and outcomes are looked through, beside the request."""
# What of a report comes from the tool.
_CONTENT = ("output", "error", "resources")


def said_before(session: Session, *, position: int) -> tuple[Said, ...]:
    """The request and what came between it and the entry at `position`."""
    request = opened_values(session.request).get("text")
    asked = [Said(Origin.REQUEST, 1, request)] if isinstance(request, str) else []
    rows = (
        ContextEntry.objects.filter(session=session, position__lt=position, kind__in=_READERS, payload__isnull=False)
        .select_related("payload")
        .order_by("-position")[:MOST_ENTRIES]
    )
    return (*asked, *(said for row in rows for said in _READERS[row.kind](row)))


def _message(row: ContextEntry) -> Iterator[Said]:
    text = opened_values(row.payload).get("text")
    origin = Origin.REQUEST if json.loads(bytes(row.body)).get("role") == "user" else Origin.MODEL
    if isinstance(text, str):
        yield Said(origin, row.position, text)


def _outcome(row: ContextEntry) -> Iterator[Said]:
    values: Mapping[str, Any] = opened_values(row.payload)
    text = "\n".join(_texts_in([values.get(name) for name in _CONTENT]))
    if text:
        yield Said(Origin.OUTPUT, row.position, text)


_READERS = {"message": _message, "outcome": _outcome}


def _texts_in(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from _texts_in(each)
    elif isinstance(value, list):
        for each in value:
            yield from _texts_in(each)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield str(value)
