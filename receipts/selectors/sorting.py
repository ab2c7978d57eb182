"""Pages in the order of a column. What is sorted are the newest matches, as many as are counted: no page sorts a table.

The cursor says which time was the newest when the first page was made, so that what comes later moves nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Case, CharField, Expression, F, Q, QuerySet, Value, When
from django.db.models.functions import Concat

from receipts.models import Receipt
from receipts.selectors import overview, paging
from receipts.selectors.conditions import instant
from receipts.selectors.fields import LEVELS
from receipts.selectors.paging import Page, invalid_cursor

# One text for each row. Risks go by how high they are, not by the alphabet; names are no column, and so no order.
_KEYS: Mapping[str, Expression | F] = {
    "what": Concat("type", Value(" "), "tool", Value("."), "operation", output_field=CharField()),
    "result": Case(When(outcome="", then=F("decision")), default=F("outcome")),
    "rule": F("rule_id"),
    "risk": Case(
        *(When(risk_level=level, then=Value(str(place))) for place, level in enumerate(LEVELS, start=1)),
        default=Value(""),
        output_field=CharField(),
    ),
}
SORTED = tuple(_KEYS)
_ON, _BACK = "on", "back"


@dataclass(frozen=True, slots=True)
class Order:
    """By which of `SORTED`, and whether its last value comes first. Where they are alike, the newest comes first."""

    name: str
    is_falling: bool = False


@dataclass(frozen=True, slots=True)
class _Row:
    """What a row is sorted by."""

    id: str
    at: datetime
    key: str


@dataclass(frozen=True, slots=True)
class _Place:
    """The row next to which a page begins, and on which side of it; `newest` bounds what is sorted at all."""

    row: _Row
    newest: datetime
    is_back: bool

    @property
    def text(self) -> str:
        side = _BACK if self.is_back else _ON
        return "~".join((side, self.newest.isoformat(), self.row.at.isoformat(), self.row.id, self.row.key))

    def beyond(self, *, is_rising: bool) -> Q:
        """What lies on that side, where keys rise in the direction of reading or fall."""
        after = Q(sort_key__gt=self.row.key) if is_rising else Q(sort_key__lt=self.row.key)
        times, ids = ("issued_at__gt", "pk__gt") if self.is_back else ("issued_at__lt", "pk__lt")
        later = Q(**{times: self.row.at}) | Q(**{"issued_at": self.row.at, ids: self.row.id})
        return after | (Q(sort_key=self.row.key) & later)


def order_of(text: str) -> Order | None:
    """What an address says: `rule`, or `-rule` for its last value first. None for anything else."""
    name = text.removeprefix("-")
    return Order(name, text.startswith("-")) if name in _KEYS else None


def _place(cursor: str) -> _Place:
    parts = cursor.split("~", 4)
    if len(parts) != 5 or parts[0] not in (_ON, _BACK):
        raise invalid_cursor()
    side, newest, at, id_, key = parts
    bound, moment = instant(newest), instant(at)
    if bound is None or moment is None or "\0" in cursor:
        raise invalid_cursor()
    return _Place(_Row(id_, moment, key), bound, is_back=side == _BACK)


def _read(rows: QuerySet[Receipt], *, order: Order, place: _Place | None, newest: datetime) -> list[_Row]:
    """One row more than a page, in the direction in which it is read."""
    is_back = bool(place and place.is_back)
    is_rising = order.is_falling == is_back
    bounded = rows.filter(issued_at__lte=newest).order_by("-issued_at", "-id").values("pk")[: overview.BOUND]
    found = Receipt.objects.filter(pk__in=bounded).annotate(sort_key=_KEYS[order.name])
    if place:
        found = found.filter(place.beyond(is_rising=is_rising))
    key, last = ("sort_key" if is_rising else "-sort_key"), ("" if is_back else "-")
    ordered = found.order_by(key, f"{last}issued_at", f"{last}id")
    return [_Row(*row) for row in ordered.values_list("pk", "issued_at", "sort_key")[: paging.PAGE + 1]]


def _receipts(shown: Sequence[_Row]) -> list[Receipt]:
    """Only the rows of the page are fetched whole."""
    found = Receipt.objects.select_related("payload").in_bulk([row.id for row in shown])
    return [found[row.id] for row in shown if row.id in found]


def sorted_page(rows: QuerySet[Receipt], *, order: Order, cursor: str, at: datetime) -> Page:
    """The page at `cursor`, or the first one as of `at`. Raises `invalid_cursor`."""
    place = _place(cursor) if cursor else None
    is_back, newest = bool(place and place.is_back), place.newest if place else at
    read = _read(rows, order=order, place=place, newest=newest)
    has_beyond, shown = len(read) > paging.PAGE, read[: paging.PAGE]
    shown = shown[::-1] if is_back else shown
    has_next, has_previous = (True, has_beyond) if is_back else (has_beyond, place is not None)
    return Page(
        rows=_receipts(shown),
        next=_Place(shown[-1], newest, is_back=False).text if shown and has_next else None,
        previous=_Place(shown[0], newest, is_back=True).text if shown and has_previous else None,
    )
