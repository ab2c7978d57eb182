"""What reviewers ask before they decide, and what they are answered. Both are facts that change nothing."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from approvals.lifecycle.questions import Asked
from receipts.identifiers import ID_LENGTH


class Question(models.Model):
    """What it says lies in `words`, which go with the reviewer who asked."""

    insert_only: ClassVar[bool] = True

    id = models.CharField(primary_key=True, max_length=ID_LENGTH)
    request = models.ForeignKey("approvals.ApprovalRequest", on_delete=models.PROTECT, related_name="questions")
    to = models.CharField(max_length=9, choices=[(item.value, item.value) for item in Asked])
    asked_by = models.ForeignKey("approvals.User", on_delete=models.PROTECT, related_name="+")
    words = models.ForeignKey("receipts.Payload", on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.id


class Answer(models.Model):
    """The one answer to a question: hostile text, and whose it is. `words` go with the human for whom the agent acts.

    `answered_by` is the person who answered as the requester; nobody where the agent did.
    """

    insert_only: ClassVar[bool] = True

    id = models.CharField(primary_key=True, max_length=ID_LENGTH)
    question = models.OneToOneField(Question, on_delete=models.PROTECT, related_name="answer")
    answered_by = models.ForeignKey("approvals.User", null=True, on_delete=models.PROTECT, related_name="+")
    words = models.ForeignKey("receipts.Payload", on_delete=models.PROTECT, related_name="+")
    answered_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.id
