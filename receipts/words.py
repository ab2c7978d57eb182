"""How the words of a receipt are kept to be found: those that anybody may know. Values lie elsewhere, and encrypted.

On PostgreSQL a `tsvector` of the searchable columns, computed by the function `aarm_receipt_words` and kept in one GIN
index (migration 0004). It also holds each column's exact value, so that a rare combination is found without reading the
common values that it is made of. On SQLite an FTS5 table of the words alone, filled by a trigger.
"""

from __future__ import annotations

from collections.abc import Mapping

from django.db.backends.base.base import BaseDatabaseWrapper

INDEXED_COLUMNS = (
    "tool", "operation", "rule_id", "type", "decision", "outcome", "risk_level", "agent_id", "human_id", "approver_id",
)  # fmt: skip
# An exact value is told from another column's by a letter; ids tell themselves apart.
LETTERS: Mapping[str, str] = {
    "type": "y",
    "outcome": "o",
    "tool": "t",
    "operation": "p",
    "rule_id": "r",
    "decision": "d",
    "risk_level": "k",
    "agent_id": "i",
    "human_id": "i",
    "approver_id": "i",
}
TABLE, TRIGGER = "receipts_words", "receipts_words_of_new"

_OLD = " || ' ' || ".join(INDEXED_COLUMNS)
_NEW = " || ' ' || ".join(f"NEW.{name}" for name in INDEXED_COLUMNS)
SQLITE_TABLE = (
    f"CREATE VIRTUAL TABLE {TABLE} USING fts5(id UNINDEXED, words)",
    f"INSERT INTO {TABLE} (id, words) SELECT id, {_OLD} FROM receipts_receipt",  # noqa: S608
)
_SQLITE_TRIGGER = (
    f"DROP TRIGGER IF EXISTS {TRIGGER}",
    f"CREATE TRIGGER {TRIGGER} AFTER INSERT ON receipts_receipt "  # noqa: S608
    f"BEGIN INSERT INTO {TABLE} (id, words) VALUES (NEW.id, {_NEW}); END",
)


def keep_words(using: BaseDatabaseWrapper) -> None:
    """(Re)installs SQLite's trigger after every `migrate`: it is dropped whenever Django rebuilds the table."""
    if using.vendor != "sqlite" or TABLE not in using.introspection.table_names():
        return
    with using.cursor() as cursor:
        for statement in _SQLITE_TRIGGER:
            cursor.execute(statement)
