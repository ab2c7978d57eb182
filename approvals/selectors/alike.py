"""Which of the requests that wait for a person are of one kind, so that they may be reviewed together."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

from approvals.lifecycle.batches import MOST
from approvals.models import ApprovalRequest, User
from approvals.selectors.friction import opaque
from approvals.selectors.requests import waiting_for

Kind = tuple[str, ...]


def kind_of(row: ApprovalRequest) -> Kind:
    """Who asks for what, at which risk, by which rule of which policy; empty for what is reviewed by itself.

    What was turned down before is looked at by itself, and so is what people are asked at the end of a deferral, and
    what nobody can read.
    """
    if row.risk_level not in MOST or row.again_of or row.source != "STEP_UP" or not row.asker or opaque(row):
        return ()
    rule = str(row.receipt_sections.get("decision", {}).get("rule") or "")
    return (row.asker, row.tool, row.operation, row.risk_level, row.policy_hash, rule, row.requester)


def alike_to(row: ApprovalRequest, *, user: User) -> list[ApprovalRequest]:
    """Those that this person can decide of the same kind, itself among them, no more than may be approved together."""
    kind = kind_of(row)
    if not kind:
        return []
    rows = waiting_for(user).filter(
        asker=row.asker, tool=row.tool, operation=row.operation, policy_hash=row.policy_hash
    )
    alike = (each for each in rows if kind_of(each) == kind and each.shown)
    return list(islice(alike, MOST[row.risk_level]))


def groups_among(rows: Iterable[ApprovalRequest]) -> list[tuple[ApprovalRequest, int]]:
    """The first of each kind that occurs more than once, and how often, in the order of the rows."""
    found: dict[Kind, list[ApprovalRequest]] = {}
    for row in rows:
        kind = kind_of(row)
        if kind:
            found.setdefault(kind, []).append(row)
    return [(same[0], len(same)) for same in found.values() if len(same) > 1]
