"""The columns to search by that came later: receipts of before have them, by what was signed, on both databases."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from receipts.signing.statement import ReceiptType, build_statement
from tests.e2e.databases import empty_database
from tests.e2e.processes import environment, run_command

AT = datetime(2026, 11, 3, 9, 15, tzinfo=UTC)
COLUMNS = (
    "id", "stream", "position", "digest", "body", "signature", "key_id", "issued_at", "type", "session_id",
    "decision_id", "approval_id", "agent_id", "human_id", "approver_id", "tool", "operation", "decision", "outcome",
    "rule_id", "risk_level",
)  # fmt: skip
VOTE = {"identity": {"environment": "TEST"}, "vote": {"surface": "web"}}
# More than a slice of the migration, each a stream of its own; what they say, and what is left of it as columns.
SAID: Mapping[str, tuple[dict[str, Any], tuple[str, str]]] = {
    "vote": (VOTE, ("web", "TEST")),
    "decision": ({"identity": {"environment": "LIVE"}}, ("", "LIVE")),
    "policy": ({"policy": {"id": "demo"}}, ("", "")),
}


def _signed(receipt_id: str, body: dict[str, Any]) -> bytes:
    return build_statement(
        id=receipt_id,
        type=ReceiptType.VOTE,
        stream=f"session/{receipt_id}",
        position=1,
        previous=None,
        issued_at=AT,
        key_id="aarm-key",
        algorithm="Ed25519",
        deployment="tests",
        body=body,
    )


def _row(receipt_id: str, body: bytes) -> tuple[object, ...]:
    own = (receipt_id, f"session/{receipt_id}", 1, receipt_id, body, b"", "aarm-key", AT.isoformat(" "), "vote")
    return (*own, *[""] * (len(COLUMNS) - len(own)))


def _rows() -> list[tuple[object, ...]]:
    rows = [_row(f"rct_{kind}{number}", b"") for kind in SAID for number in range(200)]
    signed = [(*row[:4], _signed(str(row[0]), SAID[str(row[0])[4:].rstrip("0123456789")][0]), *row[5:]) for row in rows]
    return [*signed, _row("rct_altered", b"no receipt")]


@pytest.mark.parametrize("name", ["postgresql", "sqlite"])
def test_receipts_of_before_are_found_by_the_new_columns_too(name: str, tmp_path: Path) -> None:
    with empty_database(name, folder=tmp_path) as (url, connect, mark):
        variables = environment(AARM_DATA_DIR=str(tmp_path), DATABASE_URL=url)
        before = run_command("migrate", "receipts", "0008", variables=variables)
        assert before.returncode == 0, before.stderr
        with connect() as connection:
            insert = f"INSERT INTO receipts_receipt ({', '.join(COLUMNS)}) VALUES ({', '.join([mark] * len(COLUMNS))})"
            connection.cursor().executemany(insert, _rows())
        after = run_command("migrate", "receipts", variables=variables)
        assert after.returncode == 0, after.stderr
        with connect() as connection:
            found = connection.execute("SELECT id, surface, environment, attention FROM receipts_receipt").fetchall()
            with pytest.raises(Exception, match="append-only"):
                connection.execute("UPDATE receipts_receipt SET surface = 'api'")
            connection.rollback()
    assert len(found) == len(_rows())
    for receipt_id, *columns in found:
        wanted = SAID.get(receipt_id[4:].rstrip("0123456789"), ({}, ("", "")))[1]
        assert columns == [*wanted, ""], receipt_id
