"""A request as a line of the inbox."""

from __future__ import annotations

from dataclasses import dataclass

from approvals.lifecycle.masking import masked
from approvals.lifecycle.snapshot import Snapshot
from approvals.pages.quorum import Quorum, quorum_of
from approvals.selectors import ListedRequest


@dataclass(frozen=True, slots=True)
class InboxLine:
    """A request in the list."""

    listed: ListedRequest
    consequence: str
    agent: str
    human: str | None
    environment: str | None
    rule: str | None
    quorum: Quorum


def line_of(listed: ListedRequest) -> InboxLine:
    """The line of one request; of one whose values were erased only what the row itself says."""
    snapshot = Snapshot.from_dict(masked(listed.shown)) if listed.shown else None
    return InboxLine(
        listed=listed,
        consequence=snapshot.consequence if snapshot else "Its values were erased.",
        agent=snapshot.agent if snapshot else "",
        human=snapshot.human if snapshot else None,
        environment=snapshot.environment if snapshot else None,
        rule=f"{snapshot.rule_id} v{snapshot.policy_version}" if snapshot and snapshot.rule_id else None,
        quorum=quorum_of(listed.tally),
    )
