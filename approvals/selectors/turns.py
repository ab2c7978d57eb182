"""Who is on call now and next, and who is away."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import QuerySet

from approvals.lifecycle.schedule import next_change, on_call
from approvals.models import Cover, Delegation, Schedule, User
from approvals.selectors.members import reviewers, schedule_of
from receipts.problems import not_found

MOST_SPELLS = 6
LOOK_AHEAD = timedelta(days=60)


@dataclass(frozen=True, slots=True)
class Spell:
    """From `starts_at` on `username` is on call, or nobody; `is_able` says whether they may review."""

    starts_at: datetime
    username: str
    is_able: bool


@dataclass(frozen=True, slots=True)
class Rota:
    """A schedule, its turns in order, the covers that are not over, and who is on call: now, and then."""

    row: Schedule
    order: tuple[str, ...]
    covers: tuple[Cover, ...]
    spells: tuple[Spell, ...]


def rotas(*, at: datetime) -> list[Rota]:
    """Every schedule by name, in a handful of queries."""
    rows = Schedule.objects.prefetch_related("turns__person", "covers__person").order_by("name")
    able = frozenset(reviewers().values_list("pk", flat=True))
    return [_rota(row, at=at, able=able) for row in rows]


def schedule_named(name: str) -> Schedule:
    """One of them. Raises `not_found`."""
    found = Schedule.objects.filter(name=name).first()
    if found is None:
        raise not_found("schedule")
    return found


def _rota(row: Schedule, *, at: datetime, able: frozenset[int]) -> Rota:
    people = {str(turn.person_id): turn.person for turn in row.turns.all()}
    people |= {str(cover.person_id): cover.person for cover in row.covers.all()}
    return Rota(
        row=row,
        order=tuple(turn.person.username for turn in row.turns.all()),
        covers=tuple(sorted((each for each in row.covers.all() if each.ends_at > at), key=lambda each: each.starts_at)),
        spells=tuple(_spells(row, people=people, able=able, at=at)),
    )


def _spells(row: Schedule, *, people: dict[str, User], able: frozenset[int], at: datetime) -> list[Spell]:
    schedule = schedule_of(row)
    found: list[Spell] = []
    start: datetime | None = at
    while start is not None and start < at + LOOK_AHEAD and len(found) < MOST_SPELLS:
        account = on_call(schedule, at=start)
        person = people[account] if account else None
        new = Spell(start, person.username if person else "", is_able=person is not None and person.pk in able)
        if not found or found[-1].username != new.username:
            found.append(new)
        start = next_change(schedule, after=start)
    return found


def absences(*, at: datetime) -> QuerySet[Delegation]:
    """Who is or will be away from everything, the next first."""
    rows = Delegation.objects.select_related("person", "deputy").filter(ends_at__gt=at, request__isnull=True)
    return rows.order_by("starts_at", "pk")
