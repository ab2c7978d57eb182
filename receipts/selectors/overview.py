"""What a question finds in numbers: how many, how they divide, and when. Bounded, and it says when it was.

Nothing here counts a whole table. The newest `BOUND` matches are read once, along an index that has every column that
is counted, and divided by each facet; a number that reached the bound is a number of those, which the page says.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import dropwhile, pairwise
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import QuerySet

from receipts.models import COUNTED_COLUMNS, Receipt
from receipts.selectors.fields import FIELDS

BOUND = 20_000
MOST_VALUES = 8
FACETS = ("decision", "outcome", "risk", "type", "tool", "rule", "agent", "human", "approver", "surface", "has", "is")
# Steps of the histogram, the first that makes no more than so many bars.
STEPS = tuple(timedelta(minutes=count) for count in (1, 5, 15, 60, 180, 360, 1440, 4320, 10080, 43200))
MOST_BARS = 48
_SECONDS = {"postgresql": "extract(epoch FROM issued_at)", "sqlite": "unixepoch(issued_at)"}


@dataclass(frozen=True, slots=True)
class Facet:
    """The commonest values of a column among the matches, with how many have them. Nothing is a value too."""

    key: str
    counts: Sequence[tuple[str, int]]


@dataclass(frozen=True, slots=True)
class Bar:
    """A slice of time and the decisions in it."""

    start: datetime
    end: datetime
    counts: Mapping[str, int]

    @property
    def total(self) -> int:
        """All matches in it."""
        return sum(self.counts.values())


@dataclass(frozen=True, slots=True)
class Overview:
    """`total` matches, or with `is_more` the newest so many of more."""

    total: int
    is_more: bool
    facets: Sequence[Facet]
    bars: Sequence[Bar]


@dataclass(frozen=True, slots=True)
class _Count:
    """A row of the answer: `of` is a column, `bar`, or nothing for the total."""

    of: str
    value: str
    word: str
    count: int


def _step(span: timedelta) -> timedelta:
    return next((step for step in STEPS if step * MOST_BARS >= span), span / MOST_BARS)


def _newest(rows: QuerySet[Receipt]) -> tuple[str, tuple[Any, ...]]:
    chosen = rows.order_by("-issued_at", "-id").values_list("issued_at", *COUNTED_COLUMNS)[:BOUND]
    sql, parameters = chosen.query.sql_with_params()
    return sql, tuple(parameters)


def _divided(column: str) -> str:
    return (
        f"SELECT * FROM (SELECT '{column}', {column}, '', count(*) AS n FROM newest "  # noqa: S608 - our own names
        f"GROUP BY {column} ORDER BY n DESC, {column} LIMIT {MOST_VALUES}) AS of_{column}"
    )


def _found(rows: QuerySet[Receipt], *, place: str) -> list[_Count]:
    """Every number there is, in one statement that reads the matches once."""
    sql, parameters = _newest(rows)
    parts = [
        "SELECT '', '', '', count(*) FROM newest",
        *(_divided(FIELDS[key].column) for key in FACETS),
        f"SELECT 'bar', CAST({place} AS varchar), decision, count(*) "  # noqa: S608 - numbers of our own
        f"FROM newest GROUP BY {place}, decision",
    ]
    with connection.cursor() as cursor:
        cursor.execute(f"WITH newest AS ({sql}) {' UNION ALL '.join(parts)}", parameters)
        return [_Count(*row) for row in cursor.fetchall()]


def overview_of(rows: QuerySet[Receipt], *, since: datetime, until: datetime) -> Overview:
    """The numbers of the matches `rows`, whose times lie between `since` and `until`."""
    step = _step(until - since).total_seconds()
    start = since.timestamp() // step * step
    place = f"CAST(floor(({_SECONDS[connection.vendor]} - {start:.0f}) / {step:.0f}) AS integer)"
    try:
        found = _found(rows, place=place)
    except EmptyResultSet:
        return Overview(total=0, is_more=False, facets=(), bars=())
    total = sum(item.count for item in found if not item.of)
    bars = _bars([item for item in found if item.of == "bar"], start=start, step=step, until=until)
    # Before the oldest one that was counted there may be any number: nothing is drawn there, not even a gap.
    counted = dropwhile(lambda bar: not bar.total, bars) if total >= BOUND else bars
    return Overview(total=total, is_more=total >= BOUND, facets=_facets(found), bars=list(counted))


def _facets(found: Sequence[_Count]) -> list[Facet]:
    columns = {key: FIELDS[key].column for key in FACETS}
    return [
        Facet(key, [(item.value, item.count) for item in found if item.of == column]) for key, column in columns.items()
    ]


def _bars(found: Sequence[_Count], *, start: float, step: float, until: datetime) -> list[Bar]:
    """All of the window, the empty ones too, so that a gap is seen as one."""
    many = max(int((until.timestamp() - start) // step) + 1, 1)
    counts: list[dict[str, int]] = [{} for _ in range(many)]
    for item in found:
        if 0 <= int(item.value) < many:
            counts[int(item.value)][item.word] = item.count
    edges = [datetime.fromtimestamp(start + step * number, UTC) for number in range(many + 1)]
    return [
        Bar(start=first, end=last, counts=inside) for (first, last), inside in zip(pairwise(edges), counts, strict=True)
    ]


def bounded_count(rows: QuerySet[Receipt], *, bound: int) -> int:
    """How many there are, or `bound` where there are at least so many."""
    return rows.order_by("-issued_at", "-id").values("pk")[:bound].count()
