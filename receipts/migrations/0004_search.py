"""Search: the index that lists and counts, the index of words, saved views and exports."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from receipts.words import SQLITE_TABLE

POSTGRESQL = (
    """
CREATE FUNCTION aarm_receipt_words(
    tool text, operation text, rule_id text, type text, decision text, outcome text, risk_level text,
    agent_id text, human_id text, approver_id text
) RETURNS tsvector LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN
    to_tsvector(
        'pg_catalog.simple'::regconfig,
        translate(
            tool || ' ' || operation || ' ' || rule_id || ' ' || type || ' ' || decision || ' ' || outcome || ' '
                || risk_level,
            '._-/:@', '      '
        )
    ) || array_to_tsvector(ARRAY[
        't:' || tool, 'p:' || operation, 'r:' || rule_id, 'y:' || type, 'd:' || decision, 'o:' || outcome,
        'k:' || risk_level, 'i:' || agent_id, 'i:' || human_id, 'i:' || approver_id
    ])
""",
    # New entries wait in a list that every search reads and that somebody's insert has to empty, so it is kept short.
    """
CREATE INDEX receipt_words ON receipts_receipt USING gin (aarm_receipt_words(
    tool, operation, rule_id, type, decision, outcome, risk_level, agent_id, human_id, approver_id
)) WITH (gin_pending_list_limit = 512)
""",
    # Counting reads the index alone where pages are known to be visible to all: vacuum has to say so often enough.
    "ALTER TABLE receipts_receipt SET (autovacuum_vacuum_insert_scale_factor = 0.02)",
)
STATEMENTS = {"postgresql": POSTGRESQL, "sqlite": SQLITE_TABLE}


def keep_words(apps, schema_editor):
    for statement in STATEMENTS[schema_editor.connection.vendor]:
        schema_editor.execute(statement, params=None)


class Migration(migrations.Migration):

    dependencies = [
        ('auth', '0012_alter_user_first_name_max_length'),
        ('receipts', '0003_evidence'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Export',
            fields=[
                ('id', models.CharField(max_length=40, primary_key=True, serialize=False)),
                ('question', models.CharField(blank=True, max_length=1000)),
                ('state', models.CharField(choices=[('WAITING', 'Waiting'), ('RUNNING', 'Running'), ('READY', 'Ready'), ('FAILED', 'Failed'), ('FORGOTTEN', 'Forgotten')], default='WAITING', max_length=9)),
                ('written', models.PositiveBigIntegerField(default=0)),
                ('size', models.PositiveBigIntegerField(default=0)),
                ('digest', models.CharField(blank=True, max_length=71)),
                ('requested_at', models.DateTimeField()),
                ('renewed_at', models.DateTimeField(null=True)),
                ('finished_at', models.DateTimeField(null=True)),
                ('owner', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('state__in', ['WAITING', 'RUNNING'])), fields=['requested_at'], name='export_unfinished')],
            },
        ),
        migrations.CreateModel(
            name='SavedView',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=60)),
                ('question', models.CharField(blank=True, max_length=1000)),
                ('saved_at', models.DateTimeField()),
                ('owner', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('team', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='auth.group')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('owner', 'name'), name='saved_view_name_once')],
            },
        ),
        migrations.RemoveIndex(
            model_name='receipt',
            name='receipt_newest',
        ),
        migrations.AddIndex(
            model_name='receipt',
            index=models.Index(fields=['issued_at', 'id'], include=('type', 'decision', 'outcome', 'risk_level', 'tool', 'operation', 'rule_id', 'agent_id', 'human_id', 'approver_id'), name='receipt_newest'),
        ),
        migrations.RunPython(keep_words),
    ]
