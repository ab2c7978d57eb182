"""Thousands of requests whose time is over at once: each ends once, with one receipt, by however many sweepers."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext

from approvals.models import ApprovalRequest, OutboxEvent
from approvals.services.expiry import BATCH, expire_due
from approvals.tasks import expire_approvals
from receipts.clock import database_now
from receipts.identifiers import new_id
from receipts.models import Chain, Receipt, Unsequenced
from receipts.selectors import envelope_of, published_jwks
from receipts.signing.keys import KeySet
from receipts.signing.verify import verify_chain
from tests.factories import Cast, StepUp, make_cast, open_step_up

STREAMS = 40
SECOND = timedelta(seconds=1)


@pytest.fixture
def cast() -> Cast:
    return make_cast()


def crowd_of(step: StepUp, count: int, **values: Any) -> list[str]:
    """So many requests beside `step`, which differ in their ids, their streams and in `values`."""
    rows: list[ApprovalRequest] = []
    for number in range(count):
        row = ApprovalRequest.objects.get(pk=step.approval.pk) if not rows else _twin(rows[0])
        row.pk, row.stream = new_id("apr"), f"ses_{number % STREAMS:03}"
        for name, value in values.items():
            setattr(row, name, value)
        rows.append(row)
    ApprovalRequest.objects.bulk_create(rows)
    return [row.pk for row in rows]


def _twin(row: ApprovalRequest) -> ApprovalRequest:
    return ApprovalRequest(**{item.attname: getattr(row, item.attname) for item in row._meta.concrete_fields})


def past() -> datetime:
    return database_now() - SECOND


def drain(_: int) -> int:
    """One sweeper at its work, as the task runs it, on a connection of its own."""
    try:
        return expire_approvals()
    finally:
        connections.close_all()


def endings(ids: list[str]) -> Counter[str]:
    return Counter(ApprovalRequest.objects.filter(pk__in=ids).values_list("state", flat=True))


def assert_chains_hold() -> None:
    keys = KeySet.from_jwks(published_jwks())
    for number in range(STREAMS):
        stream = f"ses_{number:03}"
        receipts = list(Receipt.objects.filter(stream=stream).order_by("position"))
        verify_chain([envelope_of(receipt) for receipt in receipts], keys=keys)
        chain = Chain.objects.get(stream=stream)
        assert (chain.length, chain.head) == (len(receipts), receipts[-1].digest)


def _assert_all_end_once(cast: Cast, count: int) -> None:
    step = open_step_up(cast)
    control = crowd_of(step, 5, expires_at=database_now() + 60 * SECOND)
    late = crowd_of(step, count, expires_at=past())
    before = Unsequenced.objects.count()

    with ThreadPoolExecutor(max_workers=2) as pool:
        swept = list(pool.map(drain, range(2)))

    assert sum(swept) == count
    assert (endings(late), endings(control)) == (Counter(EXPIRED=count), Counter(PENDING=5))
    receipts = Receipt.objects.filter(type="approval_terminal", approval_id__in=late)
    assert receipts.count() == receipts.values("approval_id").distinct().count() == count
    assert Unsequenced.objects.count() == before + count
    moved = OutboxEvent.objects.filter(topic="approval_moved", reference__in=late)
    assert (moved.count(), moved.filter(sent_at__isnull=True).count()) == (count, 0)
    assert_chains_hold()
    assert expire_due() == 0


@pytest.mark.django_db(transaction=True)
@pytest.mark.case("FLT-35")
def test_a_thousand_that_expire_in_one_second_each_end_once_with_one_receipt(cast: Cast) -> None:
    assert connection.vendor == "postgresql", "SQLite has one writer."
    _assert_all_end_once(cast, 1_000)


@pytest.mark.nightly
@pytest.mark.django_db(transaction=True)
@pytest.mark.case("FLT-35")
def test_ten_thousand_that_expire_in_one_second_each_end_once_with_one_receipt(cast: Cast) -> None:
    _assert_all_end_once(cast, 10_000)


@pytest.mark.django_db
def test_what_was_held_and_then_not_claimed_ends_with_both_its_receipts(cast: Cast) -> None:
    step = open_step_up(cast)
    held = crowd_of(step, 3, state="HELD", release_at=past(), claim_expires_at=database_now() + 60 * SECOND)
    unused = crowd_of(step, 3, state="HELD", release_at=past(), claim_expires_at=past())
    unclaimed = crowd_of(step, 3, state="APPROVED", release_at=past(), claim_expires_at=past())

    assert expire_due() == 9

    assert [endings(ids) for ids in (held, unused, unclaimed)] == [{"APPROVED": 3}, {"EXPIRED": 3}, {"EXPIRED": 3}]
    outcomes = Receipt.objects.filter(type="approval_terminal").order_by("position")
    told = {row.pk: row.resolution for row in ApprovalRequest.objects.filter(pk__in=[*held, *unused, *unclaimed])}
    assert [told[held[0]], told[unused[0]], told[unclaimed[0]]] == ["approved_by_quorum", "not_claimed", "not_claimed"]
    assert [
        list(outcomes.filter(approval_id=ids[0]).values_list("outcome", flat=True)) for ids in (held, unused, unclaimed)
    ] == [["APPROVED"], ["APPROVED", "EXPIRED"], ["EXPIRED"]]


@pytest.mark.django_db
@pytest.mark.case("FLT-35")
def test_a_batch_takes_as_many_statements_for_four_hundred_as_for_twenty(cast: Cast) -> None:
    step = open_step_up(cast)
    counts = []
    for size in (20, 400):
        crowd_of(step, size, expires_at=past())
        with CaptureQueriesContext(
            connection,
        ) as statements:
            assert expire_due() == size
        counts.append(len(statements))

    assert counts[0] == counts[1]


@pytest.mark.django_db
def test_the_task_goes_on_until_nothing_is_due(cast: Cast) -> None:
    late = crowd_of(open_step_up(cast), BATCH + 20, expires_at=past())

    assert expire_approvals() == len(late)
    assert (endings(late), expire_approvals()) == (Counter(EXPIRED=len(late)), 0)
