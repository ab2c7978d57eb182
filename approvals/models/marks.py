"""What somebody notes of a request for themselves: not now, and tell me more. It has no authority whatever."""

from __future__ import annotations

from django.db import models


class Mark(models.Model):
    """One row a person and request. While `snoozed_until` lies ahead it isn't among what waits for them."""

    request = models.ForeignKey("approvals.ApprovalRequest", on_delete=models.PROTECT, related_name="marks")
    person = models.ForeignKey("approvals.User", on_delete=models.CASCADE, related_name="+")
    snoozed_until = models.DateTimeField(null=True)
    is_watched = models.BooleanField(default=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["request", "person"], name="marked_once")]

    def __str__(self) -> str:
        return f"{self.person_id} at {self.request_id}"
