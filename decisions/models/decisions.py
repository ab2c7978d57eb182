"""Decisions and what came of them. All facts: a later event adds a row."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from receipts.identifiers import ID_LENGTH


class Decision(models.Model):
    """The answer to one action.

    The effective outcome is derived from it and from the approval or deferral it led to.
    """

    insert_only: ClassVar[bool] = True
    # Each index is paid for by every decision: keys that a unique constraint begins with, or that nobody looks rows up
    # by, have none of their own.

    id = models.CharField(primary_key=True, max_length=ID_LENGTH)
    action_id = models.CharField(max_length=128)
    session = models.ForeignKey("decisions.Session", on_delete=models.PROTECT, db_index=False, related_name="decisions")
    agent = models.ForeignKey("decisions.Agent", on_delete=models.PROTECT, db_index=False, related_name="decisions")
    credential_id = models.CharField(max_length=ID_LENGTH)
    policy = models.ForeignKey(
        "decisions.PolicyVersion", null=True, on_delete=models.PROTECT, db_index=False, related_name="+"
    )
    tool = models.CharField(max_length=128)
    operation = models.CharField(max_length=128)
    decision = models.CharField(max_length=8)
    reason_code = models.CharField(max_length=40)
    rule_id = models.CharField(max_length=128, blank=True)
    risk_level = models.CharField(max_length=8)
    action_digest = models.CharField(max_length=71)
    evaluation_digest = models.CharField(max_length=71)
    position = models.PositiveIntegerField()
    depends_on = models.JSONField(default=list)
    # Who asked, as it was authenticated then. Its receipts repeat it, and later checks are made against it.
    identity = models.JSONField(default=dict)
    ruling = models.JSONField()
    payload = models.ForeignKey("receipts.Payload", on_delete=models.PROTECT, db_index=False, related_name="+")
    approval = models.ForeignKey("approvals.ApprovalRequest", null=True, on_delete=models.PROTECT, related_name="+")
    receipt = models.ForeignKey("receipts.Receipt", on_delete=models.PROTECT, db_index=False, related_name="+")
    decided_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["agent", "action_id"], name="decision_action_once")]
        indexes = [models.Index(fields=["session", "position"], name="decision_of_session")]

    def __str__(self) -> str:
        return self.id


class IdempotentAnswer(models.Model):
    """The bytes that were first committed for a caller's key, so that a retry gets the same ones.

    They repeat the agent's own parameters; rows are deleted when their retention ends, so this table isn't insert-only.
    Those of erased people have neither answer nor digest.
    """

    caller = models.CharField(max_length=ID_LENGTH)
    purpose = models.CharField(max_length=60)
    key = models.CharField(max_length=200)
    body_digest = models.CharField(max_length=71)
    status = models.PositiveSmallIntegerField()
    answer = models.BinaryField()
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["caller", "purpose", "key"], name="answer_once")]

    def __str__(self) -> str:
        return f"{self.purpose} {self.key}"


class Claim(models.Model):
    """The single use of an approval or of a resolved deferral. The database allows one a decision."""

    insert_only: ClassVar[bool] = True

    id = models.CharField(primary_key=True, max_length=ID_LENGTH)
    decision = models.OneToOneField(Decision, on_delete=models.PROTECT, related_name="claim")
    credential_id = models.CharField(max_length=ID_LENGTH)
    key = models.CharField(max_length=200, blank=True)
    claimed_at = models.DateTimeField()
    lease_expires_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.id


class OpenLease(models.Model):
    """A claim that nobody has reported on yet. The row goes with the first outcome, or with the lease's end."""

    claim = models.OneToOneField(Claim, primary_key=True, on_delete=models.CASCADE, related_name="open_lease")
    expires_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return self.claim_id


class Outcome(models.Model):
    """What the agent said came of an action. Conflicting reports stand beside each other (RCP-29)."""

    insert_only: ClassVar[bool] = True

    id = models.CharField(primary_key=True, max_length=ID_LENGTH)
    decision = models.ForeignKey(Decision, on_delete=models.PROTECT, related_name="outcomes")
    status = models.CharField(max_length=10)
    data_kinds = models.JSONField(default=list)
    payload = models.ForeignKey("receipts.Payload", on_delete=models.PROTECT, related_name="+")
    receipt = models.ForeignKey("receipts.Receipt", on_delete=models.PROTECT, related_name="+")
    reported_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.id
