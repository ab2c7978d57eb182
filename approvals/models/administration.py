"""That somebody changed who or what this installation knows: people, groups, agents, keys, tools."""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar

from django.db import models

from receipts.identifiers import ID_LENGTH


class Change(StrEnum):
    ADDED = "added"
    CHANGED = "changed"
    DELETED = "deleted"


class AdminChange(models.Model):
    """A fact with a receipt of its own. What the fields held afterwards lies in the receipt's payload.

    `actor` is the random id of a person, host or agent, and empty for whoever has a shell on the server.
    """

    insert_only: ClassVar[bool] = True

    id = models.CharField(primary_key=True, max_length=ID_LENGTH)
    what = models.CharField(max_length=8, choices=[(item.value, item.value) for item in Change])
    kind = models.CharField(max_length=100)
    object_id = models.CharField(max_length=100)
    fields = models.JSONField(default=list)
    actor = models.CharField(max_length=ID_LENGTH, blank=True)
    changed_at = models.DateTimeField()
    receipt = models.OneToOneField("receipts.Receipt", on_delete=models.PROTECT, related_name="+")

    def __str__(self) -> str:
        return f"{self.kind} {self.object_id} {self.what}"
