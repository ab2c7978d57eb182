"""What watches over the log: how far it has come, and what it has found."""

from __future__ import annotations

from django.db import models

from receipts.identifiers import ID_LENGTH


class AlarmCode(models.TextChoices):
    ALTERED = "ALTERED", "A stored receipt is not what was signed"
    INCONSISTENT = "INCONSISTENT", "The stored log does not lead to its checkpoints"
    BEHIND = "BEHIND", "The database lacks what was copied out of it"
    DIFFERENT = "DIFFERENT", "The database has another history than what was copied out of it"
    KEY = "KEY", "A key's row is not what receipts say of it"
    VALUES = "VALUES", "Values are gone, and no receipt of an erasure says why"
    COPIES = "COPIES", "A place outside lacks the copy that it is said to have"
    CONTEXT = "CONTEXT", "The record of a session was altered"


class Alarm(models.Model):
    """Something that must not be. While one about the log is open no checkpoint is signed.

    While one that `is_halting` is open no receipt is issued, and so nothing is allowed. An acknowledgement is of
    what was `found`, a digest of it, and until the subject is seen sound.
    """

    code = models.CharField(max_length=16, choices=AlarmCode.choices)
    subject = models.CharField(max_length=80)
    found = models.CharField(max_length=71, default="", blank=True)
    sentence = models.CharField(max_length=500)
    is_halting = models.BooleanField()
    raised_at = models.DateTimeField()
    acknowledged_at = models.DateTimeField(null=True)
    sound_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["code", "subject"], condition=models.Q(acknowledged_at=None), name="alarm_open_once"
            )
        ]
        indexes = [
            models.Index(fields=["is_halting"], condition=models.Q(acknowledged_at=None), name="alarm_open"),
            models.Index(fields=["subject", "code", "id"], name="alarm_of_subject"),
        ]

    def __str__(self) -> str:
        return self.sentence


class LogWatch(models.Model):
    """How far the background verifier has come in its present round. There is one row.

    `frontier` are the hashes of the complete subtrees that it computed itself from the first `next_index` receipts.
    `next_receipt` is the id behind which it goes on to look for receipts that the log lacks, `next_stream` that behind
    which it goes on to look for chains that lack their end; empty, from the first one.
    """

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    next_index = models.PositiveBigIntegerField(default=0)
    frontier = models.BinaryField(default=bytes)
    next_receipt = models.CharField(max_length=ID_LENGTH, default="", blank=True)
    next_stream = models.CharField(max_length=80, default="", blank=True)
    round_started_at = models.DateTimeField(null=True)
    round_ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="one_log_watch")]

    def __str__(self) -> str:
        return str(self.next_index)
