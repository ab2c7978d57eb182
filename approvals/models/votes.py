"""What a person said of a request. A vote is a fact: who thinks better of it casts another."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from approvals.lifecycle.quorum import Verdict
from receipts.identifiers import ID_LENGTH


class Vote(models.Model):
    """`groups` are the route's groups that the person was eligible in when voting.

    `holder` is whose place the vote was cast in, where that wasn't the person's own. `number` counts the person's votes
    on this request; what they come to is `approvals.lifecycle.quorum.standing`. `verified_by` is `session` or
    `passkey`. `grant` is what an approval grants beside this one action.
    """

    insert_only: ClassVar[bool] = True

    id = models.CharField(primary_key=True, max_length=ID_LENGTH)
    request = models.ForeignKey("approvals.ApprovalRequest", on_delete=models.PROTECT, related_name="votes")
    person = models.ForeignKey("approvals.User", on_delete=models.PROTECT, related_name="votes")
    holder = models.ForeignKey("approvals.User", null=True, on_delete=models.PROTECT, related_name="+")
    number = models.PositiveSmallIntegerField(default=1)
    verdict = models.CharField(max_length=8, choices=[(item.value, item.value) for item in Verdict])
    view_digest = models.CharField(max_length=71)
    version = models.PositiveIntegerField()
    surface = models.CharField(max_length=8)
    verified_by = models.CharField(max_length=8, default="session")
    groups = models.JSONField()
    grant = models.ForeignKey("approvals.Grant", null=True, on_delete=models.PROTECT, related_name="votes")
    words = models.ForeignKey("receipts.Payload", null=True, on_delete=models.PROTECT, related_name="+")
    cast_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["request", "person", "number"], name="vote_once")]
        indexes = [models.Index(fields=["request", "cast_at"], name="vote_of_request")]

    def __str__(self) -> str:
        return self.id
