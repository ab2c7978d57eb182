"""What a request replaced, and in what the two differ."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from approvals.lifecycle.differences import Difference, differences
from approvals.lifecycle.masking import masked
from approvals.lifecycle.route import Route
from approvals.lifecycle.snapshot import Snapshot
from approvals.models import ApprovalRequest
from approvals.selectors.parties import by_names
from receipts.signing.canonical import JSON


@dataclass(frozen=True, slots=True)
class Replaced:
    """The request that another one stands for, and why it ended."""

    id: str
    why: str
    differences: tuple[Difference, ...]

    def to_dict(self) -> dict[str, Any]:
        """As the API shows it."""
        changes = [{"path": each.path, "from": each.before, "to": each.after} for each in self.differences]
        return {"id": self.id, "why": self.why, "changes": changes}


def replaced_by(row: ApprovalRequest) -> Replaced | None:
    """What `row` was opened in the stead of."""
    if not row.origin:
        return None
    before = ApprovalRequest.objects.select_related("snapshot").get(replacement=row)
    return Replaced(id=before.pk, why=before.resolution, differences=_between(before, row))


def _between(before: ApprovalRequest, after: ApprovalRequest) -> tuple[Difference, ...]:
    # Erased values differ from nothing.
    if not before.shown or not after.shown:
        return ()
    return differences(
        Snapshot.from_dict(masked(before.shown)),
        Snapshot.from_dict(masked(after.shown)),
        routes=(_as_called(before.route), _as_called(after.route)),
    )


def _as_called(stored: Mapping[str, JSON]) -> Mapping[str, JSON]:
    route = Route.from_dict(stored)
    return route.renamed(by_names(route.parties)).to_dict()
