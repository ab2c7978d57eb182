"""What requests repeat of the person for whom an agent asked, and how it goes when that person is erased."""

from __future__ import annotations

from approvals.models import ApprovalRequest


def erase_requester(subject: str) -> int:
    """The name to which self-approval was compared. Nothing is claimed any more of what is still open: its values are
    gone, and a claim compares them with what was approved."""
    return ApprovalRequest.objects.filter(snapshot__subject=subject).update(requester=f"erased:{subject}")
