"""The transparency log: leaves, checkpoints and their copies, alarms. Receipts that exist already are queued for it."""

import django.db.models.deletion
from django.db import migrations, models

import receipts.models

# In each stream by position, streams in the order of their times: a clock that was set back must not part a stream.
QUEUE_ALL = """
INSERT INTO receipts_unsequenced (receipt_id)
SELECT id FROM (
    SELECT id, stream, position, MAX(issued_at) OVER (PARTITION BY stream ORDER BY position) AS due
    FROM receipts_receipt
) AS present ORDER BY due, stream, position
"""


class Migration(migrations.Migration):
    dependencies = [("receipts", "0001_initial")]

    operations = [
        migrations.AlterField(
            model_name="receipt",
            name="type",
            field=models.CharField(choices=receipts.models.receipt_types, max_length=32),
        ),
        migrations.CreateModel(
            name="Alarm",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "code",
                    models.CharField(
                        choices=[
                            ("ALTERED", "A stored receipt is not what was signed"),
                            ("INCONSISTENT", "The stored log does not lead to its checkpoints"),
                            ("BEHIND", "The database lacks what was copied out of it"),
                            ("DIFFERENT", "The database has another history than what was copied out of it"),
                        ],
                        max_length=16,
                    ),
                ),
                ("subject", models.CharField(max_length=80)),
                ("sentence", models.CharField(max_length=500)),
                ("is_halting", models.BooleanField()),
                ("raised_at", models.DateTimeField()),
                ("acknowledged_at", models.DateTimeField(null=True)),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("acknowledged_at", None)), fields=["is_halting"], name="alarm_open"
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("code", "subject"), name="alarm_once_for_each_subject")
                ],
            },
        ),
        migrations.CreateModel(
            name="Checkpoint",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("size", models.PositiveBigIntegerField(db_index=True)),
                ("note", models.TextField()),
                ("signed_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="CheckpointCopy",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("sink", models.CharField(max_length=500)),
                ("published_at", models.DateTimeField(null=True)),
                ("attempts", models.PositiveIntegerField(default=0)),
                ("next_attempt_at", models.DateTimeField()),
                ("why_not", models.CharField(blank=True, max_length=300)),
                (
                    "checkpoint",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="copies", to="receipts.checkpoint"
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("published_at", None)), fields=["next_attempt_at"], name="copy_unpublished"
                    )
                ],
                "constraints": [models.UniqueConstraint(fields=("sink", "checkpoint"), name="copy_once_for_each_sink")],
            },
        ),
        migrations.CreateModel(
            name="LogEntry",
            fields=[
                ("leaf_index", models.PositiveBigIntegerField(primary_key=True, serialize=False)),
                ("nodes", models.BinaryField()),
                (
                    "receipt",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="entry", to="receipts.receipt"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="LogWatch",
            fields=[
                ("id", models.PositiveSmallIntegerField(default=1, primary_key=True, serialize=False)),
                ("next_index", models.PositiveBigIntegerField(default=0)),
                ("frontier", models.BinaryField(default=bytes)),
                ("round_started_at", models.DateTimeField(null=True)),
                ("round_ended_at", models.DateTimeField(null=True)),
            ],
            options={
                "constraints": [models.CheckConstraint(condition=models.Q(("id", 1)), name="one_log_watch")],
            },
        ),
        migrations.CreateModel(
            name="Unsequenced",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("receipt_id", models.CharField(max_length=40)),
            ],
        ),
        migrations.RunSQL(QUEUE_ALL, migrations.RunSQL.noop),
    ]
