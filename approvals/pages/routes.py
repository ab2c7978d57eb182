"""Routes in words and clock times, as the page about them shows them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from approvals.lifecycle.dead_ends import DeadEnd
from approvals.lifecycle.ladder import Asked, Rung, RungKind
from approvals.lifecycle.parties import PartyKind, read_party
from approvals.lifecycle.quorum import Stage
from approvals.selectors.routes import LOOK_AHEAD, Previews, RoutePreview
from approvals.services.routes import fault_in_words

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_SAYS: Mapping[RungKind, str] = {
    RungKind.OPENED: "Asked at once",
    RungKind.ESCALATED: "Asked too",
    RungKind.JOINED: "Asked when they come",
    RungKind.DENIED: "Denied, if nobody has answered",
}
NOBODY_NEW = "nobody who wasn't asked before"


@dataclass(frozen=True, slots=True)
class RungLine:
    """One line of the ladder. `people` is empty where nobody is asked for the first time, and `gaps` are the names
    behind which nobody stands then."""

    at: datetime
    says: str
    names: str
    people: tuple[str, ...]
    gaps: tuple[str, ...]
    is_end: bool


@dataclass(frozen=True, slots=True)
class DeadEndLine:
    """Why nothing can be approved, and when; `is_always`: as far as turns and absences are looked at."""

    why: str
    starts_at: datetime
    ends_at: datetime
    is_always: bool


@dataclass(frozen=True, slots=True)
class RouteLine:
    """A route: the rules that ask so, who has to approve, the whole ladder in a sentence, and by line."""

    rules: tuple[str, ...]
    needs: str
    sentence: str
    rungs: tuple[RungLine, ...]
    dead_ends: tuple[DeadEndLine, ...]


def instant_of(*, now: datetime, weekday: int | None, at: time | None) -> datetime:
    """The next such weekday and time from `now` on, in its zone; what isn't given is left as it is now."""
    if weekday is None and at is None:
        return now
    found = datetime.combine(now.date(), at or now.time(), tzinfo=now.tzinfo)
    if weekday is not None:
        found += timedelta(days=(weekday - found.weekday()) % 7)
    if found < now:
        found += timedelta(days=1 if weekday is None else 7)
    return found


def lines_of(found: Previews) -> tuple[RouteLine, ...]:
    """Every route."""
    return tuple(_line(each, usernames=found.usernames) for each in found.routes)


def _line(preview: RoutePreview, *, usernames: Mapping[str, str]) -> RouteLine:
    rungs = tuple(_rung(each, usernames=usernames) for each in preview.rungs)
    opened_at = preview.rungs[0].at
    closed = [end for end in preview.dead_ends if end.starts_at <= opened_at < end.ends_at]
    parts = " → ".join(_in_short(each, opened_at=opened_at) for each in rungs)
    happens = f"denied at once, since {fault_in_words(closed[0])}" if closed else parts
    return RouteLine(
        rules=preview.named.rules,
        needs=needs_of(preview.named.route.stages),
        sentence=f"If it fires {WEEKDAYS[opened_at.weekday()]} {opened_at:%H:%M}: {happens}",
        rungs=rungs,
        dead_ends=tuple(_dead_end(each) for each in preview.dead_ends),
    )


def needs_of(stages: tuple[Stage, ...]) -> str:
    """Who has to approve, in words."""
    return " and ".join(f"{stage.count} of {stage.group}" for stage in stages)


def _rung(rung: Rung, *, usernames: Mapping[str, str]) -> RungLine:
    return RungLine(
        at=rung.at,
        says=_SAYS[rung.kind],
        names=", ".join(rung.names) if rung.kind is not RungKind.JOINED else "",
        people=tuple(_person(each, usernames=usernames) for each in rung.asked) or _unknown(rung),
        gaps=tuple(name for name in rung.empty if read_party(name).kind is PartyKind.SCHEDULE),
        is_end=rung.kind is RungKind.DENIED,
    )


def _person(asked: Asked, *, usernames: Mapping[str, str]) -> str:
    name = usernames[asked.account]
    return name if asked.account == asked.holder else f"{name} for {usernames[asked.holder]}"


def _unknown(rung: Rung) -> tuple[str, ...]:
    """Who stands by the human isn't known before it is known whose agent asks."""
    parties = [read_party(name) for name in rung.names]
    return tuple(f"their {party.name}" for party in parties if party.kind is PartyKind.HUMAN)


def _in_short(line: RungLine, *, opened_at: datetime) -> str:
    later = line.at - opened_at
    form = "%a %d %b %H:%M" if later >= timedelta(days=1) else "%H:%M:%S" if later % timedelta(minutes=1) else "%H:%M"
    when = format(line.at, form)
    asked = (*line.people, *(f"nobody on call in {name}" for name in line.gaps))
    who = "denied" if line.is_end else ", ".join(asked) or NOBODY_NEW
    return f"{who} {when}"


def _dead_end(end: DeadEnd) -> DeadEndLine:
    is_always = end.ends_at - end.starts_at >= LOOK_AHEAD
    return DeadEndLine(fault_in_words(end), end.starts_at, end.ends_at, is_always=is_always)


def preview_answer(found: Previews) -> list[dict[str, object]]:
    """The same for programs; times are ISO 8601."""
    return [
        {
            "rules": list(line.rules),
            "stages": [{"name": stage.group, "count": stage.count} for stage in preview.named.route.stages],
            "sentence": line.sentence,
            "ladder": [_rung_answer(rung, usernames=found.usernames) for rung in preview.rungs],
            "dead_ends": [_dead_end_answer(end) for end in preview.dead_ends],
        }
        for preview, line in zip(found.routes, lines_of(found), strict=True)
    ]


def _rung_answer(rung: Rung, *, usernames: Mapping[str, str]) -> dict[str, object]:
    asked = [
        {"name": each.name, "person": usernames[each.account], "in_place_of": usernames[each.holder]}
        for each in rung.asked
    ]
    names = {"names": list(rung.names), "asked": asked, "empty": list(rung.empty)}
    return {"at": rung.at.isoformat(), "kind": rung.kind.value} | names


def _dead_end_answer(end: DeadEnd) -> dict[str, object]:
    return {
        "kind": end.fault.value,
        "name": end.name or None,
        "wanted": end.wanted,
        "there": end.there,
        "starts_at": end.starts_at.isoformat(),
        "ends_at": end.ends_at.isoformat(),
        "why": fault_in_words(end),
    }
