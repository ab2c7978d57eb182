"""Where votes were cast, what attention they took, and whether it was a test: columns to search by, from signed bytes."""

from __future__ import annotations

from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

from receipts.selectors.index import index_of
from receipts.signing.errors import VerificationError
from receipts.signing.statement import parse_statement

SLICE = 500
ADDED = ("surface", "attention", "environment")
# The guards are put back after every `migrate`.
UNGUARDED = {
    "postgresql": ("SET CONSTRAINTS ALL IMMEDIATE", "DROP TRIGGER IF EXISTS aarm_row_guard ON receipts_receipt"),
    "sqlite": ('DROP TRIGGER IF EXISTS "aarm_update_guard_receipts_receipt"',),
}


def _said(body: bytes) -> dict[str, str]:
    try:
        found = index_of(parse_statement(body).body)
    except VerificationError:
        # What was altered is told as such wherever it is read; a column more or less changes nothing about it.
        return dict.fromkeys(ADDED, "")
    return {name: found[name] for name in ADDED}


def fill_columns(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """A slice at a time, in the order of the ids. Rows that say nothing of it have the right columns already."""
    receipts = apps.get_model("receipts", "Receipt").objects.only("id", "body", *ADDED).order_by("id")
    found = list(receipts[:SLICE])
    for statement in UNGUARDED[editor.connection.vendor] if found else ():
        editor.execute(statement, params=None)
    while found:
        said = {row.pk: _said(bytes(row.body)) for row in found}
        changed = [row for row in found if any(said[row.pk].values())]
        for row in changed:
            vars(row).update(said[row.pk])
        receipts.model.objects.bulk_update(changed, ADDED)
        found = list(receipts.filter(id__gt=found[-1].pk)[:SLICE])


class Migration(migrations.Migration):

    dependencies = [
        ('receipts', '0008_key_of_month'),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name='receipt',
            name='receipt_newest',
        ),
        migrations.AddField(
            model_name='receipt',
            name='attention',
            field=models.CharField(blank=True, default='', max_length=16),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name='receipt',
            name='environment',
            field=models.CharField(blank=True, default='', max_length=16),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name='receipt',
            name='surface',
            field=models.CharField(blank=True, default='', max_length=16),
            preserve_default=False,
        ),
        migrations.RunPython(fill_columns, migrations.RunPython.noop, elidable=True),
        migrations.AddIndex(
            model_name='receipt',
            index=models.Index(fields=['issued_at', 'id'], include=('type', 'decision', 'outcome', 'risk_level', 'tool', 'operation', 'rule_id', 'agent_id', 'human_id', 'approver_id', 'surface', 'attention', 'environment'), name='receipt_newest'),
        ),
        migrations.AddIndex(
            model_name='receipt',
            index=models.Index(condition=models.Q(('surface', ''), _negated=True), fields=['surface', 'issued_at', 'id'], name='receipt_votes'),
        ),
        migrations.AddIndex(
            model_name='receipt',
            index=models.Index(condition=models.Q(('attention', ''), _negated=True), fields=['issued_at', 'id'], name='receipt_attention'),
        ),
        migrations.AddIndex(
            model_name='receipt',
            index=models.Index(condition=models.Q(('environment', 'TEST')), fields=['issued_at', 'id'], name='receipt_tests'),
        ),
    ]
