"""What every decision would pay for and nothing asks."""

from __future__ import annotations

import pytest
from django.db import connection

from decisions.models import Decision
from receipts.pattern_indexes import drop_pattern_indexes, pattern_indexes


@pytest.mark.django_db
def test_no_table_of_ours_keeps_an_index_for_prefixes_of_ids() -> None:
    assert pattern_indexes(connection) == []
    with connection.schema_editor() as editor:
        # The control: what a migration that makes the table anew would bring back.
        made = editor._create_like_index_sql(Decision, Decision._meta.get_field("id"))  # type: ignore[attr-defined]
        editor.execute(made)
    assert len(pattern_indexes(connection)) == 1
    drop_pattern_indexes(connection)
    assert pattern_indexes(connection) == []
