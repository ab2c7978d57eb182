"""A request for approval: a frozen snapshot of what the reviewer sees, its digests, its route, and its state."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from approvals.lifecycle.states import NON_TERMINAL, TERMINAL, State
from receipts.identifiers import ID_LENGTH
from receipts.protection import StateGuard
from receipts.selectors import opened_values


class ApprovalRequest(models.Model):
    """It doesn't know the decision that it is for; `receipt_sections` is what its receipts repeat of it, word for word.

    `version` rises when the snapshot or the policy changes, not with votes. `expires_at` ends voting, which is never
    extended beyond `closes_at`; `claim_expires_at` ends what was approved. `replacement` is the request that was opened
    in this one's stead; `origin` names, in such a one, the first of the line.

    `asker` is who asks, by an id of the app above; `likeness` a keyed digest of what is asked, which people's names for
    the same thing share. `again_of` is the request alike that was turned down before, and `repeats` how often this one
    was asked again while it waited. `changed_by` is the reviewer who changed what the one before it asked for.
    `agent_questions` is how many its agent was asked.
    `grant` is what has answered it in the place of people, and `grant_use` which of the grant's uses that was.
    """

    told_fields: ClassVar[tuple[str, ...]] = ("expires_at",)
    state_guard: ClassVar[StateGuard] = StateGuard(
        table="approvals_approvalrequest", column="state", terminal=tuple(sorted(TERMINAL))
    )

    id = models.CharField(primary_key=True, max_length=ID_LENGTH)
    state = models.CharField(max_length=12, choices=[(item.value, item.value) for item in State], default=State.PENDING)
    version = models.PositiveIntegerField(default=1)
    source = models.CharField(max_length=8, choices=[("STEP_UP", "STEP_UP"), ("DEFER", "DEFER")])
    tool = models.CharField(max_length=128)
    operation = models.CharField(max_length=128)
    risk_level = models.CharField(max_length=8)
    risk_order = models.PositiveSmallIntegerField()
    requester = models.CharField(max_length=254, blank=True)
    stream = models.CharField(max_length=80)
    route = models.JSONField()
    asked = models.ManyToManyField("auth.Group", related_name="+")
    receipt_sections = models.JSONField()
    snapshot = models.ForeignKey("receipts.Payload", on_delete=models.PROTECT, related_name="+")
    snapshot_digest = models.CharField(max_length=71)
    action_digest = models.CharField(max_length=71)
    view_digest = models.CharField(max_length=71)
    policy_hash = models.CharField(max_length=71)
    code = models.CharField(max_length=14)
    opened_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    closes_at = models.DateTimeField(null=True)
    release_at = models.DateTimeField(null=True)
    claim_expires_at = models.DateTimeField(null=True)
    resolved_at = models.DateTimeField(null=True)
    resolution = models.CharField(max_length=64, blank=True)
    origin = models.CharField(max_length=ID_LENGTH, blank=True)
    asker = models.CharField(max_length=ID_LENGTH, blank=True)
    likeness = models.CharField(max_length=64, blank=True)
    changed_by = models.ForeignKey("approvals.User", null=True, on_delete=models.PROTECT, related_name="+")
    grant = models.ForeignKey("approvals.Grant", null=True, on_delete=models.PROTECT, related_name="answered")
    grant_use = models.PositiveSmallIntegerField(null=True)
    again_of = models.CharField(max_length=ID_LENGTH, blank=True)
    agent_questions = models.PositiveSmallIntegerField(default=0)
    repeats = models.PositiveIntegerField(default=0)
    replacement = models.OneToOneField("self", null=True, blank=True, on_delete=models.PROTECT, related_name="replaced")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=[state.value for state in State]), name="approval_known_state"
            ),
            models.CheckConstraint(
                condition=~models.Q(state__in=["HELD", "APPROVED", "CLAIMED"])
                | models.Q(claim_expires_at__isnull=False),
                name="approval_approved_has_deadline",
            ),
            models.CheckConstraint(
                condition=models.Q(closes_at__isnull=True) | models.Q(expires_at__lte=models.F("closes_at")),
                name="approval_closes",
            ),
            models.CheckConstraint(
                condition=~models.Q(state=State.HELD.value) | models.Q(release_at__isnull=False),
                name="approval_held_has_release",
            ),
            models.CheckConstraint(
                condition=models.Q(state=State.SUPERSEDED.value) | models.Q(replacement__isnull=True),
                name="approval_replaced_is_superseded",
            ),
            models.UniqueConstraint(fields=["grant", "grant_use"], name="approval_grant_used_once"),
        ]
        indexes = [
            models.Index(
                fields=["expires_at"],
                condition=models.Q(state=State.PENDING.value),
                name="approval_due",
            ),
            models.Index(
                fields=["claim_expires_at"],
                condition=models.Q(state=State.APPROVED.value),
                name="approval_claim_due",
            ),
            models.Index(
                fields=["-risk_order", "expires_at", "id"],
                condition=models.Q(state__in=sorted(state.value for state in NON_TERMINAL)),
                name="approval_inbox",
            ),
            models.Index(
                fields=["release_at"],
                condition=models.Q(state=State.HELD.value),
                name="approval_release_due",
            ),
            models.Index(fields=["-opened_at", "id"], name="approval_newest"),
            models.Index(
                fields=["asker"],
                condition=models.Q(state__in=[State.PENDING.value, State.HELD.value]),
                name="approval_waiting_of_asker",
            ),
            models.Index(
                fields=["asker", "likeness"],
                condition=models.Q(state__in=[State.DENIED.value, State.CANCELLED.value]),
                name="approval_turned_down",
            ),
            models.Index(
                fields=["stream", "resolved_at"],
                condition=models.Q(state__in=[State.DENIED.value, State.APPROVED.value, State.CLAIMED.value]),
                name="approval_answered",
            ),
        ]
        permissions = [("review", "May be asked to approve or deny")]

    def __str__(self) -> str:
        return self.id

    @property
    def first_id(self) -> str:
        """The first request of the line that replaced each other: the one that was opened for the action."""
        return self.origin or self.pk

    @property
    def shown(self) -> dict[str, object]:
        """The snapshot as it was frozen; empty when it was erased."""
        return dict(opened_values(self.snapshot))
