"""What pages fold away of a long text, and whether they fold away anything of an action."""

from __future__ import annotations

from collections.abc import Iterator

from approvals.lifecycle.render import is_complete, render, render_value
from approvals.lifecycle.snapshot import Snapshot
from receipts.signing.canonical import JSON

SHORT = 300
LONG = 2000
"""How many characters are shown of a name, and of a value, before the middle is folded away."""


def is_folded(snapshot: Snapshot) -> bool:
    """Whether a page that folds leaves out a part of what would run, of what was asked, or of a step inside it."""
    return not all(
        is_complete(render(name, limit=SHORT)) and is_complete(render_value(value, limit=LONG))
        for name, value in _shown(snapshot)
    )


def _shown(snapshot: Snapshot) -> Iterator[tuple[str, JSON]]:
    yield from snapshot.parameters.items()
    yield from (snapshot.original_parameters or {}).items()
    for step in snapshot.steps:
        parameters = step["parameters"]
        yield from parameters.items() if isinstance(parameters, dict) else ()
