"""The keys that values are sealed with, one a person and month, and the reasons for which some must not go yet."""

from __future__ import annotations

from django.db import models

from receipts.identifiers import ID_LENGTH


class SubjectKey(models.Model):
    """What opens the payloads that one subject left in one month. Deleting the row is what erases them.

    `wrapped` is the key under the master key of that id. Payloads name a key without a constraint: those of a key that
    is gone stay, and say nothing. The empty subject has what is about nobody in particular; its month `9999-12` is the
    key with which names that can be guessed are digested.
    """

    id = models.CharField(primary_key=True, max_length=ID_LENGTH)
    subject = models.CharField(max_length=ID_LENGTH, blank=True)
    month = models.CharField(max_length=7)
    master_id = models.CharField(max_length=16)
    wrapped = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["subject", "month"], name="one_key_for_subject_and_month")]
        indexes = [models.Index(fields=["month"], name="key_of_month")]

    def __str__(self) -> str:
        return self.id


class LegalHold(models.Model):
    """While one stands, nothing of its subject is erased, whoever asks and however old it is.

    The empty subject stands for everybody. Why is in the receipt.
    """

    id = models.CharField(primary_key=True, max_length=ID_LENGTH)
    subject = models.CharField(max_length=ID_LENGTH, blank=True)
    placed_at = models.DateTimeField()
    released_at = models.DateTimeField(null=True)

    class Meta:
        permissions = [("erase", "May erase what is kept about people, and hold it")]
        constraints = [
            models.UniqueConstraint(
                fields=["subject"], condition=models.Q(released_at=None), name="one_standing_hold_for_subject"
            )
        ]

    def __str__(self) -> str:
        return self.id
