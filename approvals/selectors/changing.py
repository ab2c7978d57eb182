"""What reviewers have changed of an action, as a page shows it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from approvals.selectors.people import names_of
from receipts.signing.canonical import JSON


@dataclass(frozen=True, slots=True)
class ReviewersChange:
    """One value that a reviewer changed. `had_value` is false where nothing was there."""

    by: str
    path: str
    before: JSON
    after: JSON
    had_value: bool


def changes_shown(snapshot: Mapping[str, Any]) -> tuple[ReviewersChange, ...]:
    """In the order in which they were made; no statement where there are none."""
    said = snapshot.get("changes", ())
    names = names_of({str(each["by"]) for each in said}) if said else {}
    return tuple(
        ReviewersChange(
            by=names.get(str(each["by"]), "A reviewer"),
            path=str(each["path"]),
            before=each.get("from"),
            after=each["to"],
            had_value="from" in each,
        )
        for each in said
    )
