"""The outbox: what has been committed and must still be announced, also when the process that committed it died."""

from __future__ import annotations

from django.db import models


class OutboxEvent(models.Model):
    """`topic` is what happened, `reference` the id it happened to. It carries no content: receivers read the rows."""

    topic = models.CharField(max_length=32)
    reference = models.CharField(max_length=80)
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["id"], condition=models.Q(sent_at__isnull=True), name="outbox_unsent")]

    def __str__(self) -> str:
        return f"{self.topic} {self.reference}"
