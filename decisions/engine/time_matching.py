"""Reading `time:`: windows on a zone's wall clock, and moments before and after which a rule holds."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches

from decisions.engine.conditions import Comparison, Condition
from decisions.engine.field_matching import either, joined, read_operator
from decisions.engine.fields import Field, FieldKind
from decisions.engine.readers import Entry, nearest, read_items, read_mapping, shown, wrong_type
from decisions.engine.source import Findings, Node, Place, Scalar
from decisions.engine.times import zone_names
from decisions.engine.vocabulary import Reading
from decisions.engine.windows import DAYS, MINUTES, Window, parse_clock

_KEYS = {name: name for name in ("days", "from", "to", "zone", "after", "before")}
_WINDOW = ("days", "from", "to", "zone")
_TIME = Field(FieldKind.TIME)
_EVERY_DAY = frozenset(range(len(DAYS)))


def read_time(node: Node, *, reading: Reading) -> Condition | None:
    """What `time:` asks: one mapping, or a list of which one must hold."""
    items = read_items(node, wanted="a time window", findings=reading.findings)
    if items is None:
        return None
    return either(_read_one(item, reading=reading) for item in items)


def _read_one(node: Node, *, reading: Reading) -> Condition | None:
    entries = read_mapping(node, keys=_KEYS, what="`time`", findings=reading.findings)
    if entries is None:
        return None
    if not entries:
        fix = "Write at least `from`, `to` and `zone`, or `after` or `before`."
        reading.findings.report(node.place, code="empty_match", why="No time is named.", fix=fix)
        return None
    asked = [_read_window(entries, place=node.place, reading=reading)] if entries.keys() & set(_WINDOW) else []
    for name in ("after", "before"):
        if name in entries:
            key = Scalar(name, name, entries[name].place)
            asked.append(read_operator(key, entries[name].node, field=_TIME, reading=reading))
    return joined(asked)


def _read_window(entries: Mapping[str, Entry], *, place: Place, reading: Reading) -> Condition | None:
    findings = reading.findings
    zone = _read_zone(entries, place=place, findings=findings)
    days = _read_days(entries, findings=findings)
    first = _read_clock(entries, name="from", absent=0, findings=findings)
    last = _read_clock(entries, name="to", absent=MINUTES, findings=findings)
    if zone is None or days is None or first is None or last is None:
        return None
    if first in (last, MINUTES):
        why, fix = "The window has no length.", "Let `to` lie after `from`; leave both out for the whole day."
        findings.report(place, code="out_of_range", why=why, fix=fix)
        return None
    return Comparison(_TIME, "window", Window(days=days, first=first, last=last, zone=zone))


def _read_zone(entries: Mapping[str, Entry], *, place: Place, findings: Findings) -> str | None:
    if "zone" not in entries:
        why = "A time of day means nothing without a zone."
        findings.report(place, code="missing_key", why=why, fix="Add `zone: Europe/Berlin`, or `zone: UTC`.")
        return None
    node = entries["zone"].node
    name = node.value if isinstance(node, Scalar) else None
    if isinstance(name, str) and name in zone_names():
        return name
    why = f"{shown(node)} is no zone of the IANA database."
    similar = get_close_matches(str(name), zone_names(), n=1)
    fix = f"Did you mean `{similar[0]}`?" if similar else "Write a name such as `Europe/Berlin`, or `UTC`."
    findings.report(node.place, code="unknown_value", why=why, fix=fix)
    return None


def _read_days(entries: Mapping[str, Entry], *, findings: Findings) -> frozenset[int] | None:
    if "days" not in entries:
        return _EVERY_DAY
    items = read_items(entries["days"].node, wanted="a day", findings=findings)
    if items is None:
        return None
    days = [_read_day(item, findings=findings) for item in items]
    return None if None in days else frozenset(day for day in days if day is not None)


def _read_day(node: Node, *, findings: Findings) -> int | None:
    word = node.value if isinstance(node, Scalar) else None
    if isinstance(word, str) and word in DAYS:
        return DAYS.index(word)
    findings.report(
        node.place, code="unknown_value", why=f"{shown(node)} is no day.", fix=nearest(str(word), known=DAYS)
    )
    return None


def _read_clock(entries: Mapping[str, Entry], *, name: str, absent: int, findings: Findings) -> int | None:
    if name not in entries:
        return absent
    node = entries[name].node
    minute = parse_clock(node.value) if isinstance(node, Scalar) and isinstance(node.value, str) else None
    if minute is None:
        wrong_type(node, wanted='a time of day such as `"09:00"`', findings=findings)
    return minute
