"""A pause of a session stops what that has handed on as well."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from django.db import migrations

# As before, but for the sessions above. They are looked for only where a pause stands.
ASK = """
CREATE OR REPLACE FUNCTION aarm_pause_of(asked text) RETURNS text LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    PERFORM pg_advisory_xact_lock_shared(4702033791);
    RETURN (
        WITH RECURSIVE line AS (
            SELECT s.id, s.parent_id FROM decisions_session s WHERE s.id = asked
            UNION ALL
            SELECT s.id, s.parent_id FROM decisions_session s JOIN line ON s.id = line.parent_id
        )
        SELECT p.id FROM decisions_pause p
        WHERE p.resumed_at IS NULL AND (
            p.scope = 'everything' OR p.session_id IN (SELECT line.id FROM line) OR EXISTS (
                SELECT 1 FROM decisions_session s JOIN decisions_agent a ON a.id = s.agent_id
                WHERE s.id = asked AND (p.agent_id = a.id OR p.team_id = a.owner_id)
            )
        )
        ORDER BY p.paused_at, p.id LIMIT 1
    );
END $$
"""


def replace_function(apps: Any, schema_editor: Any) -> None:
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(ASK, params=None)


def put_back(apps: Any, schema_editor: Any) -> None:
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(import_module("decisions.migrations.0009_pauses").ASK, params=None)


class Migration(migrations.Migration):

    dependencies = [
        ("decisions", "0012_issuers"),
    ]

    operations = [
        migrations.RunPython(replace_function, put_back, elidable=False),
    ]
