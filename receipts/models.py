"""Proof and what it is about: chains, signed receipts, published keys, and the one table whose rows can be erased."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from receipts.identifiers import ID_LENGTH
from receipts.signing.statement import ReceiptType


class Payload(models.Model):
    """Personal or bulky values behind the commitments that signed and chained rows carry.

    `content` is the RFC 8785 form of `{path: value}`; `seed` yields one salt a path. Erasing sets both to nothing:
    what was signed stays verifiable and no longer says what it was about. `digest` alone would be guessable, so none
    is kept here.
    """

    id = models.CharField(primary_key=True, max_length=ID_LENGTH)
    subject = models.CharField(max_length=ID_LENGTH, blank=True, db_index=True)
    content = models.BinaryField(null=True)
    seed = models.BinaryField(null=True)
    created_at = models.DateTimeField()
    erased_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.id


class Chain(models.Model):
    """The row that orders one stream of receipts; whoever appends holds its lock."""

    stream = models.CharField(primary_key=True, max_length=80)
    length = models.PositiveBigIntegerField(default=0)
    head = models.CharField(max_length=71, blank=True)

    def __str__(self) -> str:
        return self.stream


class PublishedKey(models.Model):
    """A public key that receipts were or are signed with.

    Retired and revoked keys stay, so that old receipts verify.
    """

    key_id = models.CharField(primary_key=True, max_length=80)
    jwk = models.JSONField()
    created_at = models.DateTimeField()
    retired_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.key_id


class Receipt(models.Model):
    """A signed statement, its bytes kept as they were signed.

    The other columns are a search index derived from them.
    """

    insert_only: ClassVar[bool] = True

    id = models.CharField(primary_key=True, max_length=ID_LENGTH)
    stream = models.CharField(max_length=80)
    position = models.PositiveBigIntegerField()
    # NULL, not empty: the first receipts of all streams have none, and NULLs don't collide.
    previous_digest = models.CharField(max_length=71, null=True)  # noqa: DJ001
    digest = models.CharField(max_length=71, unique=True)
    body = models.BinaryField()
    signature = models.BinaryField()
    key_id = models.CharField(max_length=80)
    payload = models.ForeignKey(Payload, null=True, on_delete=models.PROTECT, db_index=False, related_name="+")
    issued_at = models.DateTimeField()

    type = models.CharField(max_length=32, choices=[(item.value, item.value) for item in ReceiptType])
    session_id = models.CharField(max_length=ID_LENGTH, blank=True)
    decision_id = models.CharField(max_length=ID_LENGTH, blank=True)
    approval_id = models.CharField(max_length=ID_LENGTH, blank=True)
    agent_id = models.CharField(max_length=ID_LENGTH, blank=True)
    human_id = models.CharField(max_length=ID_LENGTH, blank=True)
    approver_id = models.CharField(max_length=ID_LENGTH, blank=True)
    tool = models.CharField(max_length=128, blank=True)
    operation = models.CharField(max_length=128, blank=True)
    decision = models.CharField(max_length=16, blank=True)
    outcome = models.CharField(max_length=16, blank=True)
    rule_id = models.CharField(max_length=128, blank=True)
    risk_level = models.CharField(max_length=16, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["stream", "position"], name="receipt_one_per_position"),
            # Two receipts that name one predecessor would be a fork; positions start at 1 with no predecessor.
            models.UniqueConstraint(fields=["stream", "previous_digest"], name="receipt_no_fork"),
            models.CheckConstraint(
                condition=models.Q(position=1, previous_digest__isnull=True)
                | models.Q(position__gt=1, previous_digest__isnull=False),
                name="receipt_first_has_no_predecessor",
            ),
        ]
        indexes = [
            models.Index(fields=["-issued_at", "-id"], name="receipt_newest"),
            models.Index(fields=["decision_id"], name="receipt_of_decision"),
            models.Index(fields=["approval_id"], name="receipt_of_approval"),
            models.Index(fields=["session_id", "position"], name="receipt_of_session"),
        ]
        permissions = [("audit", "May read and search every receipt")]

    def __str__(self) -> str:
        return self.id
