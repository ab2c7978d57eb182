"""No index for prefixes on what nobody looks up by its beginning: every decision would pay for six of them.

Django gives each CharField that is unique, a key or a reference a second index on PostgreSQL, for LIKE. Ours are ids
and digests. They go after every `migrate`, since a later migration makes more; Django drops them only where they are.
"""

from __future__ import annotations

from django.apps import apps
from django.db.backends.base.base import BaseDatabaseWrapper

_FOUND = """
SELECT c.relname, t.relname FROM pg_index i
JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_class t ON t.oid = i.indrelid
JOIN pg_opclass o ON o.oid = i.indclass[0] JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE o.opcname IN ('varchar_pattern_ops', 'text_pattern_ops') AND i.indnatts = 1 AND n.nspname = current_schema()
"""
LABELS = ("receipts", "approvals", "decisions")


def pattern_indexes(using: BaseDatabaseWrapper) -> list[str]:
    """Their names, for the tables of our own models."""
    if using.vendor != "postgresql":
        return []
    tables = {model._meta.db_table for label in LABELS for model in apps.get_app_config(label).get_models()}
    with using.cursor() as cursor:
        cursor.execute(_FOUND)
        return sorted(index for index, table in cursor.fetchall() if table in tables)


def drop_pattern_indexes(using: BaseDatabaseWrapper) -> None:
    """Needs the role that owns the tables."""
    with using.schema_editor() as editor:
        for name in pattern_indexes(using):
            editor.execute(f"DROP INDEX IF EXISTS {editor.quote_name(name)}")
