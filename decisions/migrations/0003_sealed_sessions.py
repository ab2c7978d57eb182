"""Sessions are sealed from here on; those that are there are taken as they are."""

from __future__ import annotations

from typing import Any

from django.db import migrations, models

import decisions.models.sessions
from decisions.selectors.integrity import seal_of, sealed_values
from receipts.signing.canonical import digest

SLICE = 500


def seal_what_is_there(apps: Any, schema_editor: Any) -> None:
    sessions = apps.get_model("decisions", "Session").objects.filter(seal="")
    while rows := list(sessions.order_by("pk")[:SLICE]):
        for row in rows:
            row.seal = seal_of(sealed_values(row), state=digest(row.state))
        sessions.model.objects.bulk_update(rows, ["seal"])


class Migration(migrations.Migration):
    dependencies = [("decisions", "0002_policies")]

    operations = [
        migrations.CreateModel(
            name="ContextWatch",
            fields=[
                ("name", models.CharField(max_length=8, primary_key=True, serialize=False)),
                ("session", models.CharField(blank=True, max_length=40)),
                ("position", models.PositiveIntegerField(default=0)),
                ("digest", models.CharField(blank=True, max_length=71)),
                ("round_started_at", models.DateTimeField(null=True)),
                ("round_ended_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.AddField(model_name="session", name="broken_at", field=models.DateTimeField(null=True)),
        migrations.AddField(model_name="session", name="seal", field=models.CharField(blank=True, max_length=64)),
        migrations.AlterField(
            model_name="session",
            name="state",
            field=models.JSONField(decoder=decisions.models.sessions.StateDecoder),
        ),
        migrations.RunPython(seal_what_is_there, migrations.RunPython.noop),
    ]
