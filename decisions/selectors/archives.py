"""Policies and sessions as of then, for those who look at receipts: what the signed digests stand for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

from decisions.engine.errors import PolicyError
from decisions.engine.parser import compile_policy, parse_policy
from decisions.models import ContextEntry, Decision, PolicyVersion, Session
from decisions.selectors.integrity import fault_in
from receipts.ports import PolicyText, SessionEntry, SessionRecord
from receipts.signing.canonical import load_strict, sha256_digest

MOST_ENTRIES = 2000
"""A page shows no more; the chain's length says how many there are."""


def policy_text(digest: str) -> PolicyText | None:
    """Answers `receipts.ports.PolicyArchive`: the digest is computed again from the text that is stored."""
    version = PolicyVersion.objects.filter(digest=digest).order_by("published_at").first()
    if version is None:
        return None
    # What it includes follows it, each part under its name.
    parts = [version.text, *(f"# {name}\n{text}" for name, text in sorted(version.included.items()))]
    return PolicyText(
        text="\n".join(parts),
        digest=_hash_of(version),
        source=version.source,
        published_at=version.published_at,
    )


def _hash_of(version: PolicyVersion) -> str:
    """Computed again; empty where this product can't read the text any more."""
    try:
        document = parse_policy(version.text, source=version.source, included=version.included)
        return compile_policy(document).hash
    except PolicyError:
        return ""


def session_record(session_id: str) -> SessionRecord | None:
    """Answers `receipts.ports.SessionArchive`: every entry is digested again and held against the one before."""
    session = Session.objects.select_related("request").filter(pk=session_id).first()
    if session is None:
        return None
    rows = session.entries.order_by("position")[:MOST_ENTRIES]
    entries = _linked(rows, builds_on=_dependencies(session_id))
    return SessionRecord(
        id=session.pk,
        agent=session.agent_id,
        human=session.human_id or "",
        provenance=session.request_provenance,
        opened_at=session.opened_at,
        ended_at=session.ended_at,
        request=session.request,
        entries=entries,
        length=session.length,
        fault=fault_in(session),
    )


def session_entry(session_id: str, position: int) -> SessionEntry | None:
    """Answers `receipts.ports.EntryArchive`."""
    rows = ContextEntry.objects.filter(session=session_id, position__in=(position - 1, position)).order_by("position")
    found = list(rows)
    if not found or found[-1].position != position:
        return None
    return _entry(found[-1], after=found[0] if len(found) > 1 else None)


def _dependencies(session_id: str) -> Mapping[int, Sequence[int]]:
    """From the position of an action's entry to those of the actions that it depends on."""
    decided = Decision.objects.filter(session=session_id).order_by("position")
    rows = list(decided.values_list("action_id", "position", "depends_on")[:MOST_ENTRIES])
    places = {action_id: position for action_id, position, _ in rows}
    return {position: sorted(places[name] for name in names if name in places) for _, position, names in rows if names}


def _linked(rows: Iterable[ContextEntry], *, builds_on: Mapping[int, Sequence[int]]) -> list[SessionEntry]:
    before: list[ContextEntry | None] = [None, *rows]
    found = [_entry(row, after=previous) for previous, row in pairwise(before) if row is not None]
    return [replace(entry, builds_on=builds_on.get(entry.position, ())) for entry in found]


def _entry(row: ContextEntry, *, after: ContextEntry | None) -> SessionEntry:
    computed = sha256_digest(bytes(row.body))
    body = load_strict(bytes(row.body))
    assert isinstance(body, dict)
    wanted = (after.position + 1, sha256_digest(bytes(after.body))) if after else (1, "")
    is_linked = (row.position, body.get("previous") or "") == wanted and row.digest == computed
    return SessionEntry(
        position=row.position, kind=row.kind, at=row.recorded_at, body=body, digest=computed, is_linked=is_linked
    )
