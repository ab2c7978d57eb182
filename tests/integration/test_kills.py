"""A process that is killed wherever it may be: every fact has its receipt, and every receipt its fact (RCP-28)."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing import get_context
from typing import Any

import pytest
from django.db import connection, connections

from approvals.services import outbox
from receipts.models import Alarm
from receipts.selectors.accounting import accounts
from receipts.services.monitoring import verify_everything
from receipts.services.sequencing import sequence_waiting
from tests.factories import Cast, make_cast
from tests.integration.scenario import busy_session

FORK = get_context("fork")
ENOUGH = {"decisions", "votes", "claims", "outcomes", "endings of approvals", "published policies"}


@pytest.fixture
def cast(transactional_db: None) -> Cast:
    """What happens here is committed."""
    return make_cast()


@dataclass(slots=True)
class Fuse:
    """Counts what goes to the database, and kills the process before statement `last`."""

    last: int
    sent: int = 0

    def __call__(self, execute: Callable[..., Any], sql: Any, params: Any, many: Any, context: Any) -> Any:
        if self.sent == self.last:
            os.kill(os.getpid(), signal.SIGKILL)
        self.sent += 1
        return execute(sql, params, many, context)


def _live(cast: Cast, last: int, told: Any) -> None:
    outbox.announce = lambda: True  # type: ignore[attr-defined]  # the parent's connection to Redis is not this one's
    fuse = Fuse(last)
    with connection.execute_wrapper(fuse):
        busy_session(cast)
    told.send(fuse.sent)


def lived(cast: Cast, *, last: int) -> tuple[int | None, int]:
    """How a process of its own ended that lived through everything, or until its fuse; and what it sent if it did."""
    connections.close_all()
    here, there = FORK.Pipe(duplex=False)
    process = FORK.Process(target=_live, args=(cast, last, there))
    process.start()
    there.close()
    process.join(60)
    return process.exitcode, here.recv() if process.exitcode == 0 else 0


def uneven() -> list[str]:
    return [account.noun for account in accounts() if not account.is_even]


@pytest.mark.case("RCP-28")
@pytest.mark.parametrize("cuts", [5, pytest.param(100, marks=pytest.mark.nightly)], ids=["some", "many"])
def test_wherever_a_process_is_killed_facts_and_receipts_agree(cast: Cast, cuts: int) -> None:
    ended, total = lived(cast, last=-1)
    assert (ended, uneven()) == (0, [])
    assert {account.noun for account in accounts() if account.owed} >= ENOUGH
    # A statement more or less is sent each time: what is due is relayed by whoever comes first.
    cut = total * 9 // 10
    assert cut > 200
    for last in range(cut, 0, -(cut // cuts)):
        assert lived(cast, last=last)[0] == -signal.SIGKILL, f"before statement {last}"
        assert uneven() == [], f"killed before statement {last}"
    sequence_waiting()
    verify_everything()
    assert not Alarm.objects.exists()
    assert uneven() == []
