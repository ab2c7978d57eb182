"""The application's role gets what it needs on each table and no more."""

from __future__ import annotations

import pytest

from aarm_site.grants import rights_on, role_of


@pytest.mark.parametrize(
    ("url", "role"),
    [
        ("postgresql://aarm@db/aarm", "aarm"),
        ("postgresql://aa%40rm:secret@db:5432/aarm", "aa@rm"),
        ("postgresql:///aarm", ""),
        ("", ""),
    ],
)
def test_the_role_is_read_from_the_address(url: str, role: str) -> None:
    assert role_of(url) == role


@pytest.mark.case("RCP-33")
@pytest.mark.parametrize(
    ("table", "rights"),
    [
        ("receipts_receipt", "SELECT, INSERT"),
        ("approvals_approvalrequest", "SELECT, INSERT, UPDATE, DELETE"),
        ("django_migrations", "SELECT"),
    ],
)
def test_facts_are_only_added_to(table: str, rights: str) -> None:
    assert rights_on(table, insert_only={"receipts_receipt"}) == rights
