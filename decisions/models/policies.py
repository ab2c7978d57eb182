"""Published policies: immutable versions, the one pointer that says which of them holds, and what leads up to them."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models

from receipts.identifiers import ID_LENGTH


class _WrittenPolicy(models.Model):
    """A policy as its author wrote it.

    `text` is the policy itself and `source` its name; `included` are the other files and packs that it names, by name.
    `digest` is over the canonical form of the whole, so that comments don't make another policy.
    """

    id = models.CharField(primary_key=True, max_length=ID_LENGTH)
    policy_id = models.CharField(max_length=128)
    version = models.CharField(max_length=64)
    digest = models.CharField(max_length=71)
    text = models.TextField()
    source = models.CharField(max_length=200)
    included = models.JSONField(default=dict)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.policy_id} {self.version}"


class PolicyProposal(_WrittenPolicy):
    """What somebody wants to publish where that takes two people. It stands for as long as `base` is what holds.

    A version that names it was published from it; it needs no state of its own.
    """

    insert_only: ClassVar[bool] = True

    base = models.ForeignKey("decisions.PolicyVersion", null=True, on_delete=models.PROTECT, related_name="+")
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField()


class PolicyVersion(_WrittenPolicy):
    """A policy as published."""

    insert_only: ClassVar[bool] = True

    proposal = models.OneToOneField(PolicyProposal, null=True, on_delete=models.PROTECT, related_name="published")
    published_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    published_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["-published_at", "id"], name="policy_newest")]
        permissions = [("publish_policy", "May publish policies")]


class ActivePolicy(models.Model):
    """The single row (id 1) that every decision reads in its own transaction: a publish holds from its commit on."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    version = models.ForeignKey(PolicyVersion, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="policy_one_active")]

    def __str__(self) -> str:
        return str(self.version_id)


class RefusedPolicy(models.Model):
    """The last attempt to publish, if it failed: a row until somebody publishes a policy that is in order (POL-08)."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    source = models.CharField(max_length=200)
    faults = models.JSONField()
    refused_at = models.DateTimeField()

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="policy_one_refused")]

    def __str__(self) -> str:
        return self.source


class RuleCounter(models.Model):
    """What a rate or budget has counted for one session, agent or human, or for all. Its lock makes counting exact.

    `id` is the digest of what is counted where, and `state` the sliding window of `decisions.engine.counters`.
    """

    id = models.CharField(primary_key=True, max_length=71)
    policy_id = models.CharField(max_length=128)
    rule_id = models.CharField(max_length=128)
    subject = models.CharField(max_length=ID_LENGTH, blank=True)
    state = models.JSONField()

    def __str__(self) -> str:
        return f"{self.policy_id} {self.rule_id} {self.subject}"
