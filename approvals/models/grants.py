"""What reviewers have granted beside one action: so many more of its kind, within bounds, until a time."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from receipts.identifiers import ID_LENGTH


class Grant(models.Model):
    """It belongs to the request that was approved with it: its votes say who grants it, its values what it is bound to.

    `terms` are the words of the first of those votes, with the bounds among them. `used` only rises, and together with
    `revoked_at` is all that ever changes: whether it is in force is worked out anew each time
    (`approvals.selectors.granted`).
    """

    id = models.CharField(primary_key=True, max_length=ID_LENGTH)
    request = models.ForeignKey("approvals.ApprovalRequest", on_delete=models.PROTECT, related_name="grants")
    stream = models.CharField(max_length=80)
    terms = models.ForeignKey("receipts.Payload", on_delete=models.PROTECT, related_name="+")
    uses = models.PositiveSmallIntegerField()
    used = models.PositiveSmallIntegerField(default=0)
    granted_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)
    revoked_by = models.ForeignKey("approvals.User", null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(used__lte=F("uses")), name="grant_not_overused"),
            models.CheckConstraint(condition=Q(expires_at__gt=F("granted_at")), name="grant_ends"),
        ]
        indexes = [
            models.Index(fields=["stream", "-granted_at"], name="grant_of_stream"),
            models.Index(fields=["expires_at"], condition=Q(revoked_at__isnull=True), name="grant_live"),
        ]

    def __str__(self) -> str:
        return self.id

    @property
    def left(self) -> int:
        """How many uses are left."""
        return self.uses - self.used
