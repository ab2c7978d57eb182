"""What a search page shows: a page of receipts that were verified as they were read, and the numbers beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import QuerySet

from receipts.access import Caller
from receipts.clock import database_now
from receipts.models import Receipt
from receipts.selectors.conditions import Asking, column_of_id, matching, window_of
from receipts.selectors.grammar import Question, is_term
from receipts.selectors.overview import Overview, bounded_count, overview_of
from receipts.selectors.paging import Page, beyond, newer_than, page_of
from receipts.selectors.reconciliation import Reconciled, reconciled
from receipts.selectors.search import sees_all, visible_to
from receipts.selectors.sorting import order_of, sorted_page
from receipts.selectors.verification import faults_in

DEFAULT_WINDOW = "7d"
WIDER = ("30d", "90d", "all")
FEW = 1000
"""Up to so many are counted to say what a wider window would find."""
MOST_NEWER = 100
OLDEST = "oldest"
"""The order that reads the list of times from its other end; `sorting.SORTED` names all others."""


@dataclass(frozen=True, slots=True)
class Results:
    """`question` is what was asked with its window; `is_default` says that the window was ours.

    `faults` are sentences by the id of a shown receipt that is not what was signed. `wider` is the nearest window that
    finds something, and how many, where this one finds nothing. `is_newest` says that nothing newer lay before the
    page, and `newest` is the cursor that leads to what has come since. Who may see every receipt is also told how the
    page compares with the log, where it is a stretch of time.
    """

    question: Question
    is_default: bool
    at: datetime
    page: Page
    faults: Mapping[str, str]
    overview: Overview
    wider: tuple[str, int] | None
    is_newest: bool
    newest: str
    reconciled: Reconciled | None


def with_window(question: Question) -> Question:
    """The question, about the last days unless it names a time, a session or a receipt."""
    is_pointed = any(not term.key and column_of_id(term.values[0]) for term in question.terms)
    if is_pointed or question.names("since", "until", "session"):
        return question
    return question.having(is_term("since", DEFAULT_WINDOW))


def _first_at(*, at: datetime) -> datetime:
    """When the oldest receipt of all was issued: that of the matches could only be found by reading all others."""
    first = Receipt.objects.order_by("issued_at", "id").values_list("issued_at", flat=True).first()
    return first or at


def _wider(rows: QuerySet[Receipt], *, question: Question, asking: Asking) -> tuple[str, int] | None:
    since, _ = window_of(question, asking=asking)
    for window in WIDER if since else ():
        asked = question.without_keys("since", "until").having(is_term("since", window))
        count = bounded_count(matching(rows, question=asked, asking=asking), bound=FEW)
        if count:
            return window, count
    return None


def newer_count(caller: Caller, *, asked: Question, cursor: str) -> int:
    """How many answers to the question have come since the page of that cursor, at most `MOST_NEWER`."""
    rows = matching(visible_to(caller), question=asked, asking=Asking(at=database_now()))
    return bounded_count(rows.filter(beyond(cursor)), bound=MOST_NEWER)


def known_sort(text: str) -> str:
    """The order that an address names; the newest first where it names none that there is."""
    return text if text == OLDEST or order_of(text) else ""


def _page(rows: QuerySet[Receipt], *, question: Question, asking: Asking, cursor: str, sort: str) -> Page:
    order = order_of(sort)
    found = matching(rows, question=question, asking=asking, is_counted=order is not None)
    if order:
        return sorted_page(found, order=order, cursor=cursor, at=asking.at)
    return page_of(found, cursor=cursor, is_oldest_first=sort == OLDEST)


def results_of(caller: Caller, *, asked: Question, cursor: str, sort: str = "") -> Results:
    """`sort` is an order that `known_sort` knows. Raises `invalid_time` and `invalid_cursor`."""
    asking, rows = Asking(at=database_now()), visible_to(caller)
    question = with_window(asked)
    since, until = window_of(question, asking=asking)
    page = _page(rows, question=question, asking=asking, cursor=cursor, sort=sort)
    counted = matching(rows, question=question, asking=asking, is_counted=True)
    overview = overview_of(
        counted,
        since=since or _first_at(at=asking.at),
        until=min(until or asking.at, asking.at + timedelta(minutes=1)),
    )
    is_empty = not page.rows and not cursor
    return Results(
        question=question,
        is_default=question != asked,
        at=asking.at,
        page=page,
        faults=faults_in(page.rows),
        overview=overview,
        wider=_wider(rows, question=question, asking=asking) if is_empty else None,
        is_newest=not cursor and not sort,
        newest=newer_than(page.rows[0] if page.rows else None, at=asking.at),
        reconciled=reconciled(page.rows) if sees_all(caller) and sort in ("", OLDEST) else None,
    )
