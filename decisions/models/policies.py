"""Published policies: immutable versions, and the one pointer that says which of them holds."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models

from receipts.identifiers import ID_LENGTH


class PolicyVersion(models.Model):
    """A policy as published; `digest` is over its canonical form, so that comments don't make another policy."""

    insert_only: ClassVar[bool] = True

    id = models.CharField(primary_key=True, max_length=ID_LENGTH)
    policy_id = models.CharField(max_length=128)
    version = models.CharField(max_length=64)
    digest = models.CharField(max_length=71)
    text = models.TextField()
    source = models.CharField(max_length=200)
    published_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    published_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["-published_at", "id"], name="policy_newest")]
        permissions = [("publish_policy", "May publish policies")]

    def __str__(self) -> str:
        return f"{self.policy_id} {self.version}"


class ActivePolicy(models.Model):
    """The single row (id 1) that every decision reads in its own transaction: a publish holds from its commit on."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    version = models.ForeignKey(PolicyVersion, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="policy_one_active")]

    def __str__(self) -> str:
        return str(self.version_id)
