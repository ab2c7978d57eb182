"""The migration that seals: payloads that were stored in the clear open to what they held, on both databases."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.conf import LazySettings

from receipts.master_keys import master_keys
from receipts.sealing import unseal
from receipts.signing.canonical import canonical_bytes
from tests.e2e.databases import empty_database
from tests.e2e.processes import environment, run_command

SEED = bytes(range(32))
VALUES = canonical_bytes({"parameters/to": "alicecanary7391@corp.example"})
# Ids sort as they were made; more than one slice of the migration, from two people and two months.
ROWS = [
    (f"pld_{number:026d}", f"hum_{number % 2}", f"2026-{10 + number // 300:02d}-15 12:00:00+00:00")
    for number in range(600)
]
ERASED = ("pld_z", "hum_0", "2026-10-15 12:00:00+00:00")
INSERT = "INSERT INTO receipts_payload (id, subject, content, seed, created_at, erased_at) VALUES ({})"


@pytest.mark.parametrize("name", ["postgresql", "sqlite"])
def test_what_was_stored_in_the_clear_is_sealed_and_what_was_erased_stays_erased(
    name: str, tmp_path: Path, settings: LazySettings
) -> None:
    settings.AARM_PAYLOAD_KEY_PATH = tmp_path / "payload_keys"
    with empty_database(name, folder=tmp_path) as (url, connect, mark):
        variables = environment(AARM_DATA_DIR=str(tmp_path), DATABASE_URL=url)
        before = run_command("migrate", "receipts", "0004", variables=variables)
        assert before.returncode == 0, before.stderr
        with connect() as connection:
            insert = INSERT.format(", ".join([mark] * 6))
            connection.cursor().executemany(insert, [(*row[:2], VALUES, SEED, row[2], None) for row in ROWS])
            connection.execute(insert, (*ERASED[:2], None, None, ERASED[2], ERASED[2]))
        after = run_command("migrate", "receipts", variables=variables)
        assert after.returncode == 0, after.stderr
        with connect() as connection:
            keys = connection.execute("SELECT id, subject, month, master_id, wrapped FROM receipts_subjectkey")
            by_id = {row[0]: row for row in keys.fetchall()}
            found = connection.execute("SELECT id, subject, key_id, content FROM receipts_payload ORDER BY id")
            rows = found.fetchall()
    assert len(rows) == len(ROWS) + 1
    assert rows[-1] == (ERASED[0], ERASED[1], "", None)
    assert len(by_id) == 4, "two people, two months"
    for (_, subject, at), (payload_id, same, key_id, content) in zip(ROWS, rows[:-1], strict=True):
        _, whose, month, master_id, wrapped = by_id[key_id]
        assert (whose, month, same) == (subject, at[:7], subject)
        key = unseal(bytes(wrapped), key=master_keys()[master_id], place=key_id)
        assert VALUES not in bytes(content)
        assert unseal(bytes(content), key=key, place=payload_id) == SEED + VALUES
