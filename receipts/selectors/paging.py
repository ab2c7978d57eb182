"""Pages of receipts by keyset: a page costs the same however far it is from the newest one, in both directions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet

from receipts.models import Receipt
from receipts.problems import ProblemError
from receipts.selectors.conditions import instant

PAGE = 50
NEWER = "newer"


@dataclass(frozen=True, slots=True)
class Page:
    """Rows in the order of the list; `next` is the cursor of the page that follows, `previous` of the one before."""

    rows: Sequence[Receipt]
    next: str | None
    previous: str | None


@dataclass(frozen=True, slots=True)
class _Cursor:
    """The row next to which the page begins, and on which side of it."""

    at: datetime
    id: str
    is_newer: bool

    @property
    def beyond(self) -> Q:
        # The first half alone says where in the index to begin; an alternative would not.
        if self.is_newer:
            return Q(issued_at__gte=self.at) & (Q(issued_at__gt=self.at) | Q(pk__gt=self.id))
        return Q(issued_at__lte=self.at) & (Q(issued_at__lt=self.at) | Q(pk__lt=self.id))


def invalid_cursor() -> ProblemError:
    """What an unreadable cursor is answered with."""
    return ProblemError("invalid_cursor", status=400, why="The cursor isn't one of ours.", fix="Start without one.")


def _cursor(text: str) -> _Cursor:
    side, _, place = text.partition("~") if text.startswith(f"{NEWER}~") else ("", "", text)
    time, _, last = place.partition("~")
    moment = instant(time)
    if moment is None or not last:
        raise invalid_cursor()
    return _Cursor(at=moment, id=last, is_newer=side == NEWER)


def _place(row: Receipt, *, is_newer: bool) -> str:
    return f"{f'{NEWER}~' if is_newer else ''}{row.issued_at.isoformat()}~{row.pk}"


def newer_than(row: Receipt | None, *, at: datetime) -> str:
    """The cursor of what is newer than the row; without one, of what comes after `at`."""
    return _place(row, is_newer=True) if row else f"{NEWER}~{at.isoformat()}~0"


def beyond(cursor: str) -> Q:
    """What lies on the far side of a cursor. Raises `invalid_cursor`."""
    return _cursor(cursor).beyond


def page_of(rows: QuerySet[Receipt], *, cursor: str, is_oldest_first: bool = False) -> Page:
    """The page at `cursor`, or the first one. Raises `invalid_cursor`."""
    start = _cursor(cursor) if cursor else None
    reads_newer = start.is_newer if start else is_oldest_first
    order = ("issued_at", "id") if reads_newer else ("-issued_at", "-id")
    # One row more than a page says whether there is another beyond it; behind the cursor there is at least its own row.
    found = list((rows.filter(start.beyond) if start else rows).order_by(*order)[: PAGE + 1])
    has_beyond, read = len(found) > PAGE, found[:PAGE]
    shown = read if reads_newer == is_oldest_first else read[::-1]
    has_next, has_previous = (has_beyond, start is not None) if shown is read else (start is not None, has_beyond)
    return Page(
        rows=shown,
        next=_place(shown[-1], is_newer=is_oldest_first) if shown and has_next else None,
        previous=_place(shown[0], is_newer=not is_oldest_first) if shown and has_previous else None,
    )
