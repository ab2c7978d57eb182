"""Pauses: what people have stopped, and whether it goes on again."""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar

from django.conf import settings
from django.contrib.auth.models import Group
from django.db import models

from receipts.identifiers import ID_LENGTH, new_id


class Scope(StrEnum):
    """What a pause stops. `team` is every agent that the team owns."""

    EVERYTHING = "everything"
    TEAM = "team"
    AGENT = "agent"
    SESSION = "session"


def new_pause_id() -> str:
    """`pau_…`"""
    return new_id("pau")


def _names_its_target() -> models.Q:
    named = models.Q(scope=Scope.EVERYTHING.value, team=None, agent=None, session=None)
    for scope in (Scope.TEAM, Scope.AGENT, Scope.SESSION):
        others = {f"{other}__isnull": other != scope for other in (Scope.TEAM, Scope.AGENT, Scope.SESSION)}
        named |= models.Q(scope=scope.value, **others)
    return named


class Pause(models.Model):
    """Until `resumed_at` nothing in its scope is permitted, decided before or not.

    `in_flight` is how many claims were out when it began: those can't be called back. `swept_at` is when the last
    approval was taken back that had been given before.
    """

    told_fields: ClassVar = ("scope", "team", "agent", "session", "reason", "in_flight", "resumed_at")

    id = models.CharField(primary_key=True, max_length=ID_LENGTH, default=new_pause_id, editable=False)
    scope = models.CharField(max_length=10, choices=[(scope.value, scope.value) for scope in Scope])
    team = models.ForeignKey(Group, null=True, on_delete=models.PROTECT, related_name="+")
    agent = models.ForeignKey("decisions.Agent", null=True, on_delete=models.PROTECT, related_name="+")
    session = models.ForeignKey("decisions.Session", null=True, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=500)
    in_flight = models.PositiveIntegerField(default=0)
    paused_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    paused_at = models.DateTimeField()
    resumed_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    resumed_at = models.DateTimeField(null=True)
    swept_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["scope"], condition=models.Q(resumed_at=None), name="pause_standing"),
            models.Index(fields=["-paused_at", "id"], name="pause_newest"),
        ]
        constraints = [models.CheckConstraint(condition=_names_its_target(), name="pause_names_its_target")]
        permissions = [("pause_everything", "May pause and resume everything")]

    def __str__(self) -> str:
        return self.pk

    @property
    def author(self) -> str:
        """Whose words the reason is, by their random id: it is sealed as theirs. Empty for a command."""
        return self.paused_by.person_id if self.paused_by else ""
