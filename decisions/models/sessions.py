"""A session: what was asked for, and everything that has happened since, hash-chained."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from receipts.identifiers import ID_LENGTH


class Session(models.Model):
    """`state` is the accumulated state that a decision needs, constant in size however long the session grows.

    `length` and `head` are the end of the chain of context entries. The row's lock serialises the session.
    """

    id = models.CharField(primary_key=True, max_length=ID_LENGTH)
    agent = models.ForeignKey("decisions.Agent", on_delete=models.PROTECT, related_name="sessions")
    host = models.ForeignKey("decisions.Host", null=True, on_delete=models.PROTECT, related_name="sessions")
    human = models.ForeignKey("decisions.Human", null=True, on_delete=models.PROTECT, related_name="sessions")
    service = models.CharField(max_length=128, blank=True)
    scope = models.JSONField(default=list)
    expected_scope = models.JSONField(default=list)
    intent = models.CharField(max_length=128, blank=True)
    profile = models.CharField(max_length=64, blank=True)
    request = models.ForeignKey("receipts.Payload", on_delete=models.PROTECT, related_name="+")
    request_provenance = models.CharField(max_length=8, choices=[("attested", "attested"), ("asserted", "asserted")])
    state = models.JSONField()
    length = models.PositiveIntegerField(default=0)
    head = models.CharField(max_length=71, blank=True)
    opened_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["-opened_at", "id"], name="session_newest")]

    def __str__(self) -> str:
        return self.id


class ContextEntry(models.Model):
    """One thing that happened in a session.

    `body` is the canonical form that `digest` covers, with commitments only.
    """

    insert_only: ClassVar[bool] = True

    session = models.ForeignKey(Session, on_delete=models.PROTECT, db_index=False, related_name="entries")
    position = models.PositiveIntegerField()
    kind = models.CharField(max_length=16)
    body = models.BinaryField()
    previous_digest = models.CharField(max_length=71, blank=True)
    digest = models.CharField(max_length=71)
    payload = models.ForeignKey(
        "receipts.Payload", null=True, on_delete=models.PROTECT, db_index=False, related_name="+"
    )
    recorded_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["session", "position"], name="entry_one_per_position")]

    def __str__(self) -> str:
        return f"{self.session_id} {self.position}"
