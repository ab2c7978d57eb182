"""What was shown of a request, for those who look at its receipts later."""

from __future__ import annotations

from approvals.lifecycle.snapshot import Snapshot, view_digest
from approvals.models import ApprovalRequest
from receipts.ports import ShownView
from receipts.selectors import opened_values

PROJECTION = "web/1"


def shown_view(approval_id: str) -> ShownView | None:
    """Answers `receipts.ports.ViewArchive`: the digest is computed from the snapshot as it is stored now."""
    row = ApprovalRequest.objects.select_related("snapshot").filter(pk=approval_id).first()
    if row is None:
        return None
    shown = opened_values(row.snapshot)
    found = ""
    if shown:
        frozen = Snapshot.from_dict(shown)
        found = view_digest(
            action_digest=row.action_digest,
            snapshot_digest=frozen.digest,
            policy_hash=row.policy_hash,
            projection=PROJECTION,
        )
    values = {name: value for name, value in shown.items() if name != "nonce"}
    return ShownView(code=row.code, view_digest=found, projection=PROJECTION, values=values)
