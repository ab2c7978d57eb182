"""Requests of one kind side by side: what is the same is shown once, and of each what is its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from approvals.lifecycle.batches import split_parameters
from approvals.lifecycle.masking import masked
from approvals.lifecycle.snapshot import Snapshot
from approvals.models import ApprovalRequest
from approvals.pages.parameters import Parameter, parameters_of
from receipts.signing.canonical import JSON


@dataclass(frozen=True, slots=True)
class Own:
    """One of the requests, and its own parameters by name."""

    row: ApprovalRequest
    snapshot: Snapshot
    parameters: tuple[tuple[str, JSON], ...]

    @property
    def flagged(self) -> tuple[Parameter, ...]:
        """All that the reader should look at first, whether or not the others have it too."""
        return tuple(each for each in parameters_of(self.snapshot) if each.warnings)


@dataclass(frozen=True, slots=True)
class Batch:
    """`common` are the parameters that all have alike."""

    common: tuple[tuple[str, JSON], ...]
    items: tuple[Own, ...]


def batch_of(rows: Sequence[ApprovalRequest]) -> Batch:
    """All with their values: erased ones are not among them."""
    snapshots = [Snapshot.from_dict(masked(row.shown)) for row in rows]
    common, own = split_parameters([snapshot.parameters for snapshot in snapshots])
    items = tuple(
        Own(row, snapshot, tuple(sorted(mine.items())))
        for row, snapshot, mine in zip(rows, snapshots, own, strict=True)
    )
    return Batch(tuple(sorted(common.items())), items)
