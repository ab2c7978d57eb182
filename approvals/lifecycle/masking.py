"""Covers the secrets of a snapshot on the page: exactly the characters that were recognised, and what kind they are.

What a reviewer decides on is the whole action; the digest is of the real values. A cover says kind and length, and of
what is long its last four characters, so that another key than the right one can be told.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from approvals.lifecycle.snapshot import Snapshot

MASKS = "masks"
_LONG, _TAIL = 16, 4


def kinds_of(shown: Mapping[str, Any]) -> tuple[str, ...]:
    """The kinds of what would be covered, each once."""
    return tuple(sorted({str(mark["kind"]) for mark in shown.get(MASKS, ())}))


def masked(shown: Mapping[str, Any]) -> dict[str, Any]:
    """The snapshot's JSON with its marked places covered. It has no marks any more, so that doing it twice is once."""
    covered = {name: deepcopy(value) for name, value in shown.items() if name != MASKS}
    known: dict[str, str] = {}
    for mark in sorted(shown.get(MASKS, ()), key=lambda each: (str(each["path"]), -int(each["start"]))):
        holder, key = _place(covered, str(mark["path"]))
        text = str(holder[key])
        start, end = int(mark["start"]), int(mark["end"])
        known[text[start:end]] = cover = _cover(text[start:end], kind=str(mark["kind"]))
        holder[key] = text[:start] + cover + text[end:]
    for change in covered.get("changes", ()):
        # What reviewers changed repeats what stood there; it was added after the places were marked.
        change.update({name: _without(change[name], known=known) for name in ("from", "to") if name in change})
    return covered


def masked_snapshot(snapshot: Snapshot) -> Snapshot:
    """The same of a snapshot."""
    return Snapshot.from_dict(masked(snapshot.to_dict())) if snapshot.masks else snapshot


def _place(value: Any, path: str) -> tuple[Any, Any]:
    *steps, last = [token.replace("~1", "/").replace("~0", "~") for token in path.split("/")[1:]]
    for step in steps:
        value = value[int(step)] if isinstance(value, list) else value[step]
    return value, int(last) if isinstance(value, list) else last


def _cover(text: str, *, kind: str) -> str:
    tail = f", ends in {text[-_TAIL:]}" if len(text) >= _LONG else ""
    return f"[{kind} masked: {len(text)} characters{tail}]"


def _without(value: Any, *, known: Mapping[str, str]) -> Any:
    if not isinstance(value, str):
        return known.get(str(value), value)
    for text, cover in known.items():
        value = value.replace(text, cover)
    return value
