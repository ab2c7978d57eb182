"""What pages fold away of a long text, and whether they fold away anything of an action."""

from __future__ import annotations

from collections.abc import Iterator

from approvals.lifecycle.render import is_complete, render, render_value
from approvals.lifecycle.snapshot import Snapshot
from receipts.signing.canonical import JSON

SHORT = 300
LONG = 2000
"""How many characters are shown of a name, and of a value, before the middle is folded away."""

MOST = 4_000_000
"""How many are shown of either where all is asked for. What a megabyte of ordinary text shows is a third of it; labels
and line breaks count for more, and beyond it a browser shows nothing for minutes."""


def is_folded(snapshot: Snapshot) -> bool:
    """Whether a page that folds leaves out a part of what would run, of what was asked, or of a step inside it."""
    return not _is_within(snapshot, name_limit=SHORT, value_limit=LONG)


def is_beyond(snapshot: Snapshot) -> bool:
    """Whether even a page that shows everything leaves out a part of it."""
    return not _is_within(snapshot, name_limit=MOST, value_limit=MOST)


def _is_within(snapshot: Snapshot, *, name_limit: int, value_limit: int) -> bool:
    return all(
        is_complete(render(name, limit=name_limit)) and is_complete(render_value(value, limit=value_limit))
        for name, value in _shown(snapshot)
    )


def _shown(snapshot: Snapshot) -> Iterator[tuple[str, JSON]]:
    yield from snapshot.parameters.items()
    yield from (snapshot.original_parameters or {}).items()
    for step in snapshot.steps:
        parameters = step["parameters"]
        yield from parameters.items() if isinstance(parameters, dict) else ()
