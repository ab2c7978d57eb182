"""Who was asked about a request, and what the clock still has to do for it."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from receipts.identifiers import ID_LENGTH


class Asking(models.Model):
    """That a person was asked: the roster as it was. A person is asked once, by whichever step comes first.

    `step` is 0 for those who were asked at once, then the number of the escalation's step; `party` the route's name.
    """

    insert_only: ClassVar[bool] = True

    request = models.ForeignKey(
        "approvals.ApprovalRequest", on_delete=models.PROTECT, db_index=False, related_name="askings"
    )
    person = models.ForeignKey("approvals.User", on_delete=models.PROTECT, related_name="askings")
    step = models.PositiveSmallIntegerField()
    party = models.CharField(max_length=160)
    asked_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["request", "person"], name="asked_once")]

    def __str__(self) -> str:
        return f"{self.request_id} {self.person_id}"


class Timer(models.Model):
    """Something is due for a request at `due_at`. It is done under the request's lock, once, by any sweeper.

    `step` is the escalation's step that is due, or 0 for asking who has come on call since.
    """

    id = models.CharField(primary_key=True, max_length=ID_LENGTH)
    request = models.ForeignKey("approvals.ApprovalRequest", on_delete=models.PROTECT, related_name="timers")
    step = models.PositiveSmallIntegerField()
    due_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["request", "step"], condition=~Q(step=0), name="timer_once"),
        ]
        indexes = [models.Index(fields=["due_at"], condition=Q(done_at__isnull=True), name="timer_due")]

    def __str__(self) -> str:
        return self.id
