"""What of a request is covered on its page, and to whom it was shown."""

from __future__ import annotations

from datetime import datetime, timedelta

from approvals.lifecycle.friction import Step
from approvals.lifecycle.masking import kinds_of
from approvals.models import ApprovalRequest, Reveal, User
from approvals.selectors.friction import steps_of

STAYS = timedelta(minutes=15)
"""How long a page shows it before it takes asking again."""


def covered_from(person: User, *, request: ApprovalRequest, at: datetime) -> tuple[str, ...]:
    """The kinds of what this person's page covers at `at`."""
    kinds = kinds_of(request.shown)
    if kinds and Reveal.objects.filter(request=request, person=person, shown_at__gt=at - STAYS).exists():
        return ()
    return kinds


def is_unread_by(person: User, *, request: ApprovalRequest) -> bool:
    """Whether approving takes having been shown what is covered, and this person never was."""
    if not kinds_of(request.shown) or Step.WHOLE not in steps_of(request):
        return False
    return not Reveal.objects.filter(request=request, person=person).exists()
