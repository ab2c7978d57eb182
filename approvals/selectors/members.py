"""From the names in a route to accounts: who is in a group or role, on call, or stands by a human."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet

from approvals.lifecycle import schedule as turns
from approvals.lifecycle.parties import Party, PartyKind, read_party
from approvals.models import Cover, Schedule, Stander, User
from approvals.selectors.parties import accounts_called
from receipts.identifiers import folded

Members = Mapping[str, frozenset[int]]


@dataclass(frozen=True, slots=True)
class Asked:
    """For whom people are looked for, and when; `at` is None for everybody who could be on call at some time."""

    human: str
    at: datetime | None


def reviewers() -> QuerySet[User]:
    """Everybody who may vote at all."""
    by_group, by_right = Q(groups__permissions__codename="review"), Q(user_permissions__codename="review")
    return User.objects.filter(Q(is_superuser=True) | by_group | by_right, is_active=True).distinct()


def members_of(names: Collection[str], *, asked: Asked) -> Members:
    """The accounts behind each name, whether or not they may review. A name of nothing has nobody."""
    by_kind: dict[PartyKind, dict[str, Party]] = {}
    for name in names:
        party = read_party(name)
        by_kind.setdefault(party.kind, {})[name] = party
    found: dict[str, frozenset[int]] = {}
    for kind, parties in by_kind.items():
        by_name = _MEMBERS[kind]({party.name for party in parties.values()}, asked)
        found |= {text: by_name.get(party.name, frozenset()) for text, party in parties.items()}
    return found


def _in_groups(names: Collection[str], asked: Asked) -> Members:
    rows = User.objects.filter(groups__name__in=names).values_list("groups__name", "pk")
    found: dict[str, set[int]] = {}
    for name, account in rows:
        found.setdefault(name, set()).add(account)
    return {name: frozenset(accounts) for name, accounts in found.items()}


def _by_name(names: Collection[str], asked: Asked) -> Members:
    return {name: frozenset({account.pk}) for name, account in accounts_called(names).items()}


def _on_call(names: Collection[str], asked: Asked) -> Members:
    rows = Schedule.objects.filter(name__in=names).prefetch_related("turns", "covers")
    return {row.name: _people_of(row, at=asked.at) for row in rows}


def _people_of(row: Schedule, *, at: datetime | None) -> frozenset[int]:
    if at is None:
        turns_of, covers = row.turns.all(), row.covers.all()
        return frozenset([*(turn.person_id for turn in turns_of), *(cover.person_id for cover in covers)])
    person = turns.on_call(schedule_of(row), at=at)
    return frozenset({int(person)} if person else ())


def schedule_of(row: Schedule) -> turns.Schedule:
    """The schedule as the pure rules know it; people are accounts' numbers as text."""
    return turns.Schedule(
        people=tuple(str(turn.person_id) for turn in row.turns.all()),
        starts_on=row.starts_on,
        handover=row.handover,
        turn_days=row.turn_days,
        zone=ZoneInfo(row.zone),
        covers=tuple(_cover(cover) for cover in row.covers.all()),
    )


def _cover(row: Cover) -> turns.Cover:
    return turns.Cover(person=str(row.person_id), starts_at=row.starts_at, ends_at=row.ends_at)


def _standing_by(names: Collection[str], asked: Asked) -> Members:
    if not asked.human.strip():
        return {}
    found: dict[str, set[int]] = {}
    for row in Stander.objects.filter(human__iexact=folded(asked.human), relation__in=names):
        found.setdefault(row.relation, set()).add(row.person_id)
    return {name: frozenset(accounts) for name, accounts in found.items()}


_MEMBERS: Mapping[PartyKind, Callable[[Collection[str], Asked], Members]] = {
    PartyKind.GROUP: _in_groups,
    PartyKind.ROLE: _in_groups,
    PartyKind.USER: _by_name,
    PartyKind.SCHEDULE: _on_call,
    PartyKind.HUMAN: _standing_by,
}


def best_attended() -> dict[str, frozenset[int]]:
    """By relation, those who stand by the human who has most of them: what a policy may ask for at most."""
    counted: dict[tuple[str, str], set[int]] = {}
    for row in Stander.objects.order_by("pk"):
        counted.setdefault((row.relation, row.human), set()).add(row.person_id)
    best: dict[str, frozenset[int]] = {}
    for (relation, _), people in counted.items():
        best[relation] = max(best.get(relation, frozenset()), frozenset(people), key=len)
    return best
