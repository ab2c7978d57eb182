"""That somebody was about to approve something else than what was asked."""

from __future__ import annotations

from typing import ClassVar

from django.db import models


class AttentionMiss(models.Model):
    """The wrong target was typed. What was typed isn't kept; the person's next vote on the request says that it was."""

    insert_only: ClassVar[bool] = True

    request = models.ForeignKey("approvals.ApprovalRequest", on_delete=models.PROTECT, related_name="+")
    person = models.ForeignKey("approvals.User", on_delete=models.PROTECT, related_name="+")
    missed_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.person_id} on {self.request_id}"
