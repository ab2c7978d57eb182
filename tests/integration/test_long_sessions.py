"""A session of ten thousand actions remembers what one of ten does, and costs what one of ten does."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from decisions.models import Session
from decisions.selectors import verification_of
from tests.bench.long_sessions import lengthen
from tests.factories import MAIL, Cast, begin_session, decide, make_cast

SHORT, LONG = 10, 10_000
INSIDE = {"to": "bob@corp.example"}


@pytest.fixture
def cast(db: None) -> Cast:
    return make_cast()


def sent(cast: Cast, session: str) -> str:
    return str(decide(cast, session, "email.send", parameters=MAIL)["decision"])


@pytest.mark.case("CTX-04")
def test_a_sensitive_read_is_remembered_after_ten_thousand_actions(cast: Cast) -> None:
    session, control = begin_session(cast), begin_session(cast)
    decide(cast, session, "database.query", parameters={"table": "customers", "limit": 5})
    for length in (10, 100, 1_000, LONG):
        lengthen(session, to=length)
        assert sent(cast, session) == "DENY", length
    lengthen(control, to=LONG)
    assert sent(cast, control) == "STEP_UP"
    assert verification_of(Session.objects.get(pk=session), after="")["is_intact"]


def planned_rows(plan: Any) -> int:
    """How many rows the nodes of a plan have gone through."""
    here = int(plan["Actual Rows"] + plan.get("Rows Removed by Filter", 0)) * int(plan["Actual Loops"])
    return here + sum(planned_rows(each) for each in plan.get("Plans", ()))


def work_of(cast: Cast, session: str) -> tuple[list[str], int, int]:
    """The statements of one decision, the rows that its reads go through, and the bytes of the state after it."""
    with CaptureQueriesContext(connection) as captured:
        assert decide(cast, session, "email.send", parameters=INSIDE)["effective"] == "ALLOW"
    statements = [each["sql"] for each in captured.captured_queries]
    reads = [sql for sql in statements if sql.startswith("SELECT")]
    rows = 0
    with connection.cursor() as cursor:
        for sql in reads:
            cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}")
            (found,) = cursor.fetchone()
            rows += planned_rows(found[0]["Plan"])
        cursor.execute("SELECT octet_length(state::text) FROM decisions_session WHERE id = %s", [session])
        (size,) = cursor.fetchone()
    return [sql.split(" ")[0] for sql in statements], rows, size


@pytest.mark.case("CTX-15")
def test_the_ten_thousandth_action_asks_and_writes_what_the_tenth_does(cast: Cast) -> None:
    short, long = begin_session(cast), begin_session(cast)
    lengthen(short, to=SHORT)
    lengthen(long, to=LONG)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE decisions_contextentry, decisions_session")
    for each in (short, long):
        work_of(cast, each)  # A session's first receipt begins its chain.
    statements, rows, size = work_of(cast, short)
    statements_later, rows_later, size_later = work_of(cast, long)
    assert statements_later == statements
    # The planner may choose another way through the few rows of small tables, never through a thousand times as many.
    assert rows_later < 2 * rows
    digits = len(json.dumps(LONG)) - len(json.dumps(SHORT))
    assert 0 <= size_later - size <= 3 * digits, "Its two counters are longer, and the number that an entity came with."
