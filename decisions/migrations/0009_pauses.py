"""Pauses, and the function by which whoever permits asks for one."""

from __future__ import annotations

from typing import Any

import decisions.models.pauses
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


# The lock is shared by all who ask, and taken alone by whoever pauses. Each statement of a volatile function has a
# snapshot of its own, so that the second sees whatever was committed before the first was granted.
ASK = """
CREATE OR REPLACE FUNCTION aarm_pause_of(asked text) RETURNS text LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    PERFORM pg_advisory_xact_lock_shared(4702033791);
    RETURN (
        SELECT p.id FROM decisions_pause p
        WHERE p.resumed_at IS NULL AND (
            p.scope = 'everything' OR p.session_id = asked OR EXISTS (
                SELECT 1 FROM decisions_session s JOIN decisions_agent a ON a.id = s.agent_id
                WHERE s.id = asked AND (p.agent_id = a.id OR p.team_id = a.owner_id)
            )
        )
        ORDER BY p.paused_at, p.id LIMIT 1
    );
END $$
"""
FORGET = "DROP FUNCTION IF EXISTS aarm_pause_of(text)"


def add_function(apps: Any, schema_editor: Any) -> None:
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(ASK, params=None)


def drop_function(apps: Any, schema_editor: Any) -> None:
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(FORGET, params=None)


class Migration(migrations.Migration):

    dependencies = [
        ('auth', '0012_alter_user_first_name_max_length'),
        ('decisions', '0008_keys'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Pause',
            fields=[
                ('id', models.CharField(default=decisions.models.pauses.new_pause_id, editable=False, max_length=40, primary_key=True, serialize=False)),
                ('scope', models.CharField(choices=[('everything', 'everything'), ('team', 'team'), ('agent', 'agent'), ('session', 'session')], max_length=10)),
                ('reason', models.CharField(max_length=500)),
                ('in_flight', models.PositiveIntegerField(default=0)),
                ('paused_at', models.DateTimeField()),
                ('resumed_at', models.DateTimeField(null=True)),
                ('swept_at', models.DateTimeField(null=True)),
                ('agent', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='decisions.agent')),
                ('paused_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('resumed_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('session', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='decisions.session')),
                ('team', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='auth.group')),
            ],
            options={
                'permissions': [('pause_everything', 'May pause and resume everything')],
                'indexes': [models.Index(condition=models.Q(('resumed_at', None)), fields=['scope'], name='pause_standing'), models.Index(fields=['-paused_at', 'id'], name='pause_newest')],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('agent', None), ('scope', 'everything'), ('session', None), ('team', None)), models.Q(('agent__isnull', True), ('scope', 'team'), ('session__isnull', True), ('team__isnull', False)), models.Q(('agent__isnull', False), ('scope', 'agent'), ('session__isnull', True), ('team__isnull', True)), models.Q(('agent__isnull', True), ('scope', 'session'), ('session__isnull', False), ('team__isnull', True)), _connector='OR'), name='pause_names_its_target')],
            },
        ),
        migrations.RunPython(add_function, drop_function, elidable=False),
    ]
