"""What the other tests stand on: the production engine, a clock that moves, tables that can be emptied, a browser."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from django.db import connection, transaction

from receipts.clock import database_now
from receipts.models import Receipt
from receipts.protection import missing_protection
from receipts.services import ensure_signing_key, issue_receipt
from receipts.signing.statement import ReceiptType
from tests.waiting import wait_until

if TYPE_CHECKING:
    from playwright.sync_api import Browser


def test_tests_run_on_the_production_engine() -> None:
    assert connection.vendor == "postgresql"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("turn", ["first", "second"])
def test_committed_facts_are_gone_for_the_next_test_and_the_guards_are_back(turn: str) -> None:
    assert Receipt.objects.count() == 0
    assert missing_protection() == []
    ensure_signing_key()
    with transaction.atomic():
        issue_receipt(type=ReceiptType.POLICY_PUBLISHED, stream="system/policy", body={}, at=database_now())
    with pytest.raises(Exception, match="append-only"):
        Receipt.objects.all().delete()
    assert Receipt.objects.count() == 1


@pytest.mark.parametrize("turn", ["first", "second"])
def test_the_clock_moves_and_moves_on(move_clock: Callable[[float], None], turn: str) -> None:
    before = database_now()
    move_clock(3600)
    move_clock(60)
    assert 3660 <= (database_now() - before).total_seconds() < 3700


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("turn", ["first", "second"])
def test_a_clock_that_was_moved_for_every_connection_is_put_right(
    move_clock: Callable[[float], None], turn: str
) -> None:
    before = database_now()
    move_clock(3600)
    connection.close()
    assert 3600 <= (database_now() - before).total_seconds() < 3640


@pytest.mark.django_db
def test_after_those_the_clock_is_right() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT abs(extract(epoch FROM aarm_now() - clock_timestamp()))")
        assert cursor.fetchone()[0] < 2


def test_waiting_ends_with_the_value_or_says_what_did_not_come() -> None:
    values = iter([0, 0, 7])
    assert wait_until(lambda: next(values), "a value") == 7
    with pytest.raises(AssertionError, match=r"Not within 0\.1 s: rain"):
        wait_until(lambda: False, "rain", seconds=0.1)


def test_the_browser_opens_a_page_and_runs_its_script(browser: Browser) -> None:
    page = browser.new_page()
    page.set_content("<p id=x></p><script>document.getElementById('x').textContent = 6 * 7</script>")
    assert page.inner_text("#x") == "42"
    page.close()
