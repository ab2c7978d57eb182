"""An action that waits until its context suffices."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from receipts.identifiers import ID_LENGTH
from receipts.protection import StateGuard

PENDING = "PENDING"
STATES = (PENDING, "ALLOWED", "DENIED", "ESCALATED", "EXPIRED", "CANCELLED")


class Deferral(models.Model):
    """`resolution` is what the later evaluation said. It ends by itself: unresolved at `expires_at` means denied.

    With `asks_on_timeout` it waits on until then people are asked; what they can't be asked is denied.
    """

    state_guard: ClassVar[StateGuard] = StateGuard(
        table="decisions_deferral", column="state", terminal=tuple(state for state in STATES if state != PENDING)
    )

    id = models.CharField(primary_key=True, max_length=ID_LENGTH)
    decision = models.OneToOneField("decisions.Decision", on_delete=models.PROTECT, related_name="deferral")
    session = models.ForeignKey("decisions.Session", on_delete=models.PROTECT, related_name="deferrals")
    state = models.CharField(max_length=10, choices=[(state, state) for state in STATES], default=PENDING)
    context_needed = models.JSONField()
    waits_for_actions = models.BooleanField(default=False)
    asks_on_timeout = models.BooleanField(default=False)
    opened_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    resolved_at = models.DateTimeField(null=True)
    method = models.CharField(max_length=16, blank=True)
    resolution = models.JSONField(null=True)
    payload = models.ForeignKey("receipts.Payload", null=True, on_delete=models.PROTECT, related_name="+")
    approval = models.ForeignKey("approvals.ApprovalRequest", null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(state__in=STATES), name="deferral_known_state"),
        ]
        indexes = [
            models.Index(fields=["expires_at"], condition=models.Q(state=PENDING), name="deferral_due"),
            models.Index(
                fields=["session"],
                condition=models.Q(state=PENDING, waits_for_actions=True),
                name="deferral_dependants",
            ),
        ]

    def __str__(self) -> str:
        return self.id
