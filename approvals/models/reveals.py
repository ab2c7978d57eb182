"""That somebody was shown what a request's page covers."""

from __future__ import annotations

from typing import ClassVar

from django.db import models


class Reveal(models.Model):
    """What was shown isn't here; the receipt of it stands in the stream of accesses."""

    insert_only: ClassVar[bool] = True

    request = models.ForeignKey("approvals.ApprovalRequest", on_delete=models.PROTECT, related_name="reveals")
    person = models.ForeignKey("approvals.User", on_delete=models.PROTECT, related_name="+")
    shown_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.request_id} to {self.person_id}"
