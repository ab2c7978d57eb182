"""Values are sealed with a key for each subject and month; what is stored in the clear is sealed on the way."""

from __future__ import annotations

from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

from receipts.identifiers import ID_LENGTH
from receipts.services.sealing import sealed_bytes, sealing_key

SLICE = 500


def seal_what_is_stored(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """Rows that were erased before have nothing to seal."""
    payloads = apps.get_model("receipts", "Payload").objects.filter(content__isnull=False).order_by("id")
    found = list(payloads[:SLICE])
    while found:
        for row in found:
            key = sealing_key(row.subject, at=row.created_at)
            row.key_id = key.id
            row.content = sealed_bytes(bytes(row.seed) + bytes(row.content), key=key, place=row.pk)
        payloads.model.objects.bulk_update(found, ["key_id", "content"])
        found = list(payloads.filter(id__gt=found[-1].pk)[:SLICE])


class Migration(migrations.Migration):
    dependencies = [("receipts", "0004_search")]

    operations = [
        migrations.CreateModel(
            name="SubjectKey",
            fields=[
                ("id", models.CharField(max_length=ID_LENGTH, primary_key=True, serialize=False)),
                ("subject", models.CharField(blank=True, max_length=ID_LENGTH)),
                ("month", models.CharField(max_length=7)),
                ("master_id", models.CharField(max_length=16)),
                ("wrapped", models.BinaryField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("subject", "month"), name="one_key_for_subject_and_month")
                ],
            },
        ),
        migrations.CreateModel(
            name="LegalHold",
            fields=[
                ("id", models.CharField(max_length=ID_LENGTH, primary_key=True, serialize=False)),
                ("subject", models.CharField(blank=True, max_length=ID_LENGTH)),
                ("placed_at", models.DateTimeField()),
                ("released_at", models.DateTimeField(null=True)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("released_at", None)),
                        fields=("subject",),
                        name="one_standing_hold_for_subject",
                    )
                ],
            },
        ),
        migrations.AddField(
            model_name="payload",
            name="key_id",
            field=models.CharField(blank=True, default="", max_length=ID_LENGTH),
            preserve_default=False,
        ),
        migrations.RunPython(seal_what_is_stored, elidable=True),
        migrations.RemoveField(model_name="payload", name="seed"),
        migrations.AddIndex(
            model_name="payload",
            index=models.Index(condition=models.Q(("erased_at", None)), fields=["key_id"], name="payload_of_key"),
        ),
    ]
