"""An alarm that is about one session, and not about the log."""

from django.db import migrations, models

CODES = [
    ("ALTERED", "A stored receipt is not what was signed"),
    ("INCONSISTENT", "The stored log does not lead to its checkpoints"),
    ("BEHIND", "The database lacks what was copied out of it"),
    ("DIFFERENT", "The database has another history than what was copied out of it"),
    ("CONTEXT", "The record of a session was altered"),
]


class Migration(migrations.Migration):
    dependencies = [("receipts", "0005_sealed_payloads")]

    operations = [
        migrations.AlterField(
            model_name="alarm", name="code", field=models.CharField(choices=CODES, max_length=16)
        ),
    ]
