"""A session: what was asked for, and everything that has happened since, hash-chained."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any, ClassVar, Self

from django.db import models

from receipts.identifiers import ID_LENGTH
from receipts.signing.canonical import MAX_INTEGER


class StateDecoder(json.JSONDecoder):
    """Reads numbers as they were before PostgreSQL wrote them in its way: 1e20 comes back as a whole number."""

    def __init__(self, **options: Any) -> None:
        super().__init__(parse_int=_number, **options)


def _number(text: str) -> int | float:
    value = int(text)
    return value if -MAX_INTEGER <= value <= MAX_INTEGER else float(text)


class Session(models.Model):
    """`state` is the accumulated state that a decision needs, constant in size however long the session grows.

    `length` and `head` are the end of the chain of context entries, and `seal` binds the row to them: see
    `decisions.selectors.integrity`. A session whose record was found altered is `broken_at` that moment, for good. The
    row's lock serialises the session.
    """

    # The columns as they were read; None for a row that was made just now.
    as_read: Mapping[str, Any] | None = None
    # What was found wrong with it since it was locked; None before anybody has looked.
    fault: str | None = None
    # The pause that it stood under when it was locked, by its id; see `decisions.selectors.pauses`.
    pause: str | None = None
    # Whether one of `host_keys` was revoked, as the statement that locked it found; None where nobody has looked.
    has_revoked_key: bool | None = None

    id = models.CharField(primary_key=True, max_length=ID_LENGTH)
    agent = models.ForeignKey("decisions.Agent", on_delete=models.PROTECT, db_index=False, related_name="sessions")
    host = models.ForeignKey("decisions.Host", null=True, on_delete=models.PROTECT, related_name="sessions")
    # The keys of hosts on whose word it rests, by id: see `decisions.services.vouching`.
    host_keys = models.JSONField(default=list)
    human = models.ForeignKey("decisions.Human", null=True, on_delete=models.PROTECT, related_name="sessions")
    # The session that handed part of its task on to this one, how many there are above, and how many below.
    parent = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="child_sessions")
    depth = models.PositiveSmallIntegerField(default=0)
    children = models.PositiveIntegerField(default=0)
    service = models.CharField(max_length=128, blank=True)
    scope = models.JSONField(default=list)
    # From the human to the agent, by random ids: see `decisions.services.delegations`.
    delegation = models.JSONField(default=list)
    expected_scope = models.JSONField(default=list)
    intent = models.CharField(max_length=128, blank=True)
    profile = models.CharField(max_length=64, blank=True)
    # The highest level of data that it may touch; an empty one sets no limit.
    max_data_classification = models.CharField(max_length=64, blank=True)
    request = models.ForeignKey("receipts.Payload", on_delete=models.PROTECT, related_name="+")
    request_provenance = models.CharField(max_length=8, choices=[("attested", "attested"), ("asserted", "asserted")])
    state = models.JSONField(decoder=StateDecoder)
    length = models.PositiveIntegerField(default=0)
    head = models.CharField(max_length=71, blank=True)
    seal = models.CharField(max_length=64, blank=True)
    broken_at = models.DateTimeField(null=True)
    opened_at = models.DateTimeField()
    # When its last entry was written. Without an index, which every decision would pay for.
    active_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    # Who or what ended it. Sessions that ended before there was a receipt of it say nothing.
    ended_by = models.CharField(max_length=8, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["-opened_at", "id"], name="session_newest"),
            models.Index(fields=["agent", "ended_at"], name="session_of_agent"),
            models.Index(fields=["opened_at"], condition=models.Q(ended_at=None), name="session_open"),
        ]

    def __str__(self) -> str:
        return self.id

    @classmethod
    def from_db(cls, db: str | None, field_names: Collection[str], values: Collection[Any], **options: Any) -> Self:
        row = super().from_db(db, field_names, values, **options)
        row.as_read = dict(zip(field_names, values, strict=True))
        return row


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


class ContextWatch(models.Model):
    """How far the background verifier has come in its present round: in the session of that id, or behind it.

    There is one row for sessions that are open, and one for those that have ended.
    """

    name = models.CharField(primary_key=True, max_length=8)
    session = models.CharField(max_length=ID_LENGTH, blank=True)
    position = models.PositiveIntegerField(default=0)
    digest = models.CharField(max_length=71, blank=True)
    round_started_at = models.DateTimeField(null=True)
    round_ended_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.name
