"""What is left of an erased person in the database's own files, where old versions of rows outlive the statements."""

from __future__ import annotations

import pytest
from django.db import connection

from receipts.services.erasure import Actor, Ground, erase_subject
from tests.factories import Cast, make_cast
from tests.privacy.people import tell
from tests.waiting import wait_until

ALICE, CHARLIE = "alicecanary8151", "charliecanary8152"
FILES = """
    SELECT relname, relkind FROM pg_class
    WHERE pg_relation_filepath(oid) IS NOT NULL
      AND position(%s::bytea IN pg_read_binary_file(pg_relation_filepath(oid), true)) > 0
"""


@pytest.fixture
def cast(transactional_db: None) -> Cast:
    return make_cast()


def told(*statements: str) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def files_with(word: str) -> dict[str, str]:
    """The tables (r) and indexes (i) whose files have the word, the database's statistics among them."""
    told("CHECKPOINT")
    with connection.cursor() as cursor:
        cursor.execute(FILES, [word.encode()])
        return dict(cursor.fetchall())


def cleaned_of(word: str) -> bool:
    told("VACUUM (FULL, ANALYZE)", "VACUUM FULL pg_statistic")
    return files_with(word) == {}


@pytest.mark.case("PRV-02")
def test_once_the_database_has_cleaned_up_no_file_of_a_table_or_index_has_the_erased_person(cast: Cast) -> None:
    alice = tell(cast, ALICE)
    tell(cast, CHARLIE)
    told("ANALYZE")
    before = files_with(ALICE)
    assert {"decisions_human", "pg_statistic"} <= set(before)
    assert "i" in before.values(), "an index has it too"
    erase_subject(alice.subject, actor=Actor(login="operator"), ground=Ground.CONSENT_WITHDRAWN)
    assert files_with(ALICE) != {}, "PostgreSQL keeps what was until it cleans up"
    # What another connection may still see is left for the next time.
    wait_until(lambda: cleaned_of(ALICE), "the files are rid of her")
    assert {"decisions_human", "pg_statistic"} <= set(files_with(CHARLIE))
