"""Policies and sessions as of then, for those who look at receipts: what the signed digests stand for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

from django.db.models.functions import Lower

from decisions.engine.document import canonical_form
from decisions.engine.errors import PolicyError
from decisions.engine.parser import parse_policy
from decisions.models import ContextEntry, Decision, Pause, PolicyVersion, Session, Tool
from decisions.selectors.integrity import fault_in
from decisions.selectors.pauses import pauses_during, what_of
from receipts.ports import PauseRecord, PolicyText, SessionEntry, SessionRecord
from receipts.signing.canonical import canonical_bytes, load_strict, sha256_digest

MOST_ENTRIES = 200
"""How many a page shows at a time."""
MOST_PAUSES = 20
# A value in a tool's sentence. What stood there is the receipt's to disclose.
_VALUE = re.compile(r"\{[A-Za-z0-9_]+\}")


def policy_text(digest: str) -> PolicyText | None:
    """Answers `receipts.ports.PolicyArchive`: the digest is computed again from the text that is stored."""
    version = PolicyVersion.objects.filter(digest=digest).order_by("published_at").first()
    if version is None:
        return None
    # What it includes follows it, each part under its name.
    parts = [version.text, *(f"# {name}\n{text}" for name, text in sorted(version.included.items()))]
    meaning = _meaning_of(version)
    return PolicyText(
        text="\n".join(parts),
        meaning=meaning,
        digest=sha256_digest(meaning) if meaning else "",
        source=version.source,
        published_at=version.published_at,
    )


def _meaning_of(version: PolicyVersion) -> bytes:
    """What its hash is taken of, from the text; empty where this product can't read that any more."""
    try:
        return canonical_bytes(
            canonical_form(parse_policy(version.text, source=version.source, included=version.included))
        )
    except PolicyError:
        return b""


def session_record(session_id: str, /, *, before: int | None) -> SessionRecord | None:
    """Answers `receipts.ports.SessionArchive`: every entry is digested again and held against the one before."""
    session = Session.objects.select_related("request", "agent").filter(pk=session_id).first()
    if session is None:
        return None
    end = session.length if before is None else max(min(before - 1, session.length), 0)
    start = max(end - MOST_ENTRIES, 0)
    decided, labels = _accumulated(session.state)
    return SessionRecord(
        id=session.pk,
        agent=session.agent_id,
        human=session.human_id or "",
        provenance=session.request_provenance,
        opened_at=session.opened_at,
        ended_at=session.ended_at,
        request=session.request,
        entries=_linked(session, start=start, end=end),
        start=start,
        end=end,
        length=session.length,
        decided=decided,
        labels=labels,
        fault=fault_in(session),
        pauses=[_pause(pause) for pause in pauses_during(session, most=MOST_PAUSES)],
    )


def _pause(pause: Pause) -> PauseRecord:
    return PauseRecord(
        id=pause.pk,
        what=what_of(pause),
        by=pause.paused_by.get_username() if pause.paused_by else "",
        at=pause.paused_at,
        reason=pause.reason,
        resumed_by=pause.resumed_by.get_username() if pause.resumed_by else "",
        resumed_at=pause.resumed_at,
    )


def session_length(session_id: str) -> int:
    """Answers `receipts.ports.LengthArchive`."""
    return Session.objects.filter(pk=session_id).values_list("length", flat=True).first() or 0


def _accumulated(state: Any) -> tuple[Mapping[str, int], Sequence[str]]:
    """What the row says of all its actions. What was altered in the database may have any form."""
    known = state if isinstance(state, dict) else {}
    decided, labels = known.get("decisions"), known.get("kinds")
    return decided if isinstance(decided, dict) else {}, labels if isinstance(labels, list) else []


def session_entry(session_id: str, position: int) -> SessionEntry | None:
    """Answers `receipts.ports.EntryArchive`."""
    rows = ContextEntry.objects.filter(session=session_id, position__in=(position - 1, position)).order_by("position")
    found = list(rows)
    if not found or found[-1].position != position:
        return None
    return _entry(found[-1], after=found[0] if len(found) > 1 else None)


def context_entries(session_id: str, upto: int) -> Iterator[bytes]:
    """Answers `receipts.ports.ContextArchive`, a slice at a time."""
    rows = ContextEntry.objects.filter(session=session_id, position__lte=upto).order_by("position")
    return (bytes(body) for body in rows.values_list("body", flat=True).iterator(chunk_size=MOST_ENTRIES))


def _dependencies(session: Session, *, start: int, end: int) -> Mapping[int, Sequence[int]]:
    """From the position of an action's entry to those of the actions that it depends on."""
    decided = Decision.objects.filter(session=session, position__gt=start, position__lte=end)
    wanted = {position: names for position, names in decided.values_list("position", "depends_on") if names}
    named = {name for names in wanted.values() for name in names}
    rows = Decision.objects.filter(session=session, action_id__in=named).values_list("action_id", "position")
    places = dict(rows) if named else {}
    return {at: sorted(places[name] for name in names if name in places) for at, names in wanted.items()}


def _linked(session: Session, *, start: int, end: int) -> list[SessionEntry]:
    """The entries after `start`, the first one held against the one before it."""
    rows = list(session.entries.filter(position__gte=start, position__lte=end).order_by("position"))
    before: list[ContextEntry | None] = [None, *rows]
    builds_on = _dependencies(session, start=start, end=end)
    found = [
        _entry(row, after=previous) for previous, row in pairwise(before) if row is not None and row.position > start
    ]
    return _with_sentences([replace(entry, builds_on=builds_on.get(entry.position, ())) for entry in found])


def _action(entry: SessionEntry) -> tuple[str, str]:
    """Its tool and operation, as tools are compared; nothing where the entry is of no action."""
    if entry.kind != "action":
        return "", ""
    return str(entry.body.get("tool", "")).lower(), str(entry.body.get("operation", "")).lower()


def _with_sentences(entries: Iterable[SessionEntry]) -> list[SessionEntry]:
    """Each action with what its tool is registered to do."""
    found = list(entries)
    wanted = {_action(entry)[0] for entry in found} - {""}
    tools = Tool.objects.annotate(name=Lower("tool")).filter(name__in=wanted) if wanted else ()
    sentences = {(each.tool.lower(), each.operation.lower()): _VALUE.sub("…", each.consequence) for each in tools}
    return [replace(entry, consequence=sentences.get(_action(entry), "")) for entry in found]


def _entry(row: ContextEntry, *, after: ContextEntry | None) -> SessionEntry:
    computed = sha256_digest(bytes(row.body))
    body = load_strict(bytes(row.body))
    assert isinstance(body, dict)
    wanted = (after.position + 1, sha256_digest(bytes(after.body))) if after else (1, "")
    is_linked = (row.position, body.get("previous") or "") == wanted and row.digest == computed
    return SessionEntry(
        position=row.position, kind=row.kind, at=row.recorded_at, body=body, digest=computed, is_linked=is_linked
    )
