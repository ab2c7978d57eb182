"""The yardsticks' rows: a chain a session, as small as one can be. `tests.bench.tables` creates them."""

from __future__ import annotations

from typing import ClassVar

from django.db import models


class Head(models.Model):
    """The end of a session's chain; its lock serialises the session."""

    objects: ClassVar[models.Manager[Head]] = models.Manager()

    session_id = models.CharField(primary_key=True, max_length=40)
    length = models.PositiveBigIntegerField()
    digest = models.CharField(max_length=71)

    class Meta:
        app_label = "bench"
        db_table = "bench_head"
        managed = False

    def __str__(self) -> str:
        return self.session_id


class Entry(models.Model):
    """What was asked."""

    objects: ClassVar[models.Manager[Entry]] = models.Manager()

    session_id = models.CharField(max_length=40)
    position = models.PositiveBigIntegerField()
    body = models.BinaryField()
    digest = models.CharField(max_length=71)

    class Meta:
        app_label = "bench"
        db_table = "bench_entry"
        managed = False

    def __str__(self) -> str:
        return self.digest


class Receipt(models.Model):
    """What was signed about it."""

    objects: ClassVar[models.Manager[Receipt]] = models.Manager()

    session_id = models.CharField(max_length=40)
    position = models.PositiveBigIntegerField()
    previous_digest = models.CharField(max_length=71)
    digest = models.CharField(max_length=71)
    body = models.BinaryField()
    signature = models.BinaryField()
    issued_at = models.DateTimeField()

    class Meta:
        app_label = "bench"
        db_table = "bench_receipt"
        managed = False

    def __str__(self) -> str:
        return self.digest
