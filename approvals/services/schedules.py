"""On-call schedules, changed from the pages: the order of turns, and who steps in for a while."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time

from django.core.exceptions import ValidationError

from approvals.models import Change, Cover, Schedule, Turn, User
from approvals.selectors.members import reviewers
from approvals.services.administration import Actor, record_change, record_difference, told_values
from approvals.services.routes import keeping_routes_open
from approvals.services.teams import locked_person
from receipts.clock import database_now
from receipts.problems import ProblemError, not_found


@dataclass(frozen=True, slots=True)
class Plan:
    """What a schedule says. `order` are user names; `handover` is a wall-clock time of `zone`."""

    name: str
    zone: str
    starts_on: date
    handover: time
    turn_days: int
    order: tuple[str, ...]


def save_schedule(plan: Plan, *, replaces: str, actor: Actor) -> Schedule:
    """Makes a schedule, or gives the one that is called `replaces` this plan; it keeps its covers.

    Raises `not_found`, `invalid_schedule`, `unknown_person`, and `dead_end`.
    """
    with keeping_routes_open():
        row = _locked(replaces) if replaces else Schedule()
        before = told_values(row) if replaces else None
        for name in ("name", "zone", "starts_on", "handover", "turn_days"):
            setattr(row, name, getattr(plan, name))
        _require_valid(row)
        row.save()
        _take_turns(row, order=plan.order)
        record_difference(row, before=before, actor=actor)
    return row


def add_cover(*, schedule: str, username: str, starts_at: datetime, ends_at: datetime, actor: Actor) -> Cover:
    """Puts somebody on call for a while, whoever's turn it is. Raises `not_found`, `invalid_schedule`,
    `unknown_person`, `dead_end`."""
    with keeping_routes_open():
        row = _locked(schedule)
        at = database_now()
        if ends_at <= max(starts_at, at):
            raise _invalid("That time is over, or ends before it begins.", param="ends_at")
        person = _on_duty(username, param="username")
        cover = Cover.objects.create(schedule=row, person=person, starts_at=max(starts_at, at), ends_at=ends_at)
        record_change(Change.ADDED, of=cover, actor=actor)
    return cover


def end_cover(cover_id: int, *, actor: Actor) -> None:
    """Ends it now, or takes it back where it hasn't begun. Raises `not_found`, and `dead_end` for a gap it leaves."""
    with keeping_routes_open():
        at = database_now()
        cover = Cover.objects.select_for_update().filter(pk=cover_id, ends_at__gt=at).first()
        if cover is None:
            raise not_found("cover")
        if cover.starts_at >= at:
            record_change(Change.DELETED, of=cover, actor=actor)
            cover.delete()
            return
        cover.ends_at = at
        cover.save(update_fields=["ends_at"])
        record_change(Change.CHANGED, of=cover, actor=actor, fields=["ends_at"])


def _locked(name: str) -> Schedule:
    row = Schedule.objects.select_for_update().filter(name=name).first()
    if row is None:
        raise not_found("schedule")
    return row


def _take_turns(row: Schedule, *, order: tuple[str, ...]) -> None:
    if len(set(order)) < len(order):
        raise _invalid("Somebody is named twice; the turns go round.", param="order")
    # In one order, so that two who plan the same people don't wait for each other.
    on_duty = {username: _on_duty(username, param="order") for username in sorted(order)}
    people = [on_duty[username] for username in order]
    row.turns.all().delete()
    Turn.objects.bulk_create([Turn(schedule=row, person=each, position=place) for place, each in enumerate(people)])


def _on_duty(username: str, *, param: str) -> User:
    person = locked_person(username, param=param)
    if not reviewers().filter(pk=person.pk).exists():
        raise _invalid(f"{username} may not review, and could decide nothing on call.", param=param)
    return person


def _require_valid(row: Schedule) -> None:
    try:
        row.full_clean()
    except ValidationError as error:
        param, messages = next(iter(error.message_dict.items()))
        raise _invalid(f"{param}: {messages[0]}", param=param) from error


def _invalid(why: str, *, param: str) -> ProblemError:
    return ProblemError("invalid_schedule", status=409, why=why, fix="Correct it and send it again.", param=param)
