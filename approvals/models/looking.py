"""Who says that they are looking at a request, so that others look at another one. It has no authority whatever."""

from __future__ import annotations

from django.db import models


class Looking(models.Model):
    """One row a person and request, for as long as it lasts; the next one deletes those whose time is over."""

    request = models.ForeignKey("approvals.ApprovalRequest", on_delete=models.PROTECT, related_name="looking")
    person = models.ForeignKey("approvals.User", on_delete=models.CASCADE, related_name="+")
    until = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["request", "person"], name="looking_once")]

    def __str__(self) -> str:
        return f"{self.person_id} at {self.request_id}"
