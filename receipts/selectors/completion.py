"""What may follow in the search box: names of fields, and values that recent receipts have."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from django.db.models import QuerySet

from receipts.models import Receipt
from receipts.ports import Finder
from receipts.selectors.fields import FIELDS, Field, Kind, field_name
from receipts.selectors.grammar import is_term

RECENT = 5000
MOST = 10
TIMES = ("24h", "7d", "30d", "90d", "all")
_LAST = re.compile(r'(?P<before>(?:.*\s)?)(?P<not>-?)(?:(?P<key>[A-Za-z_]+):)?(?P<begun>"[^"]*|[^\s":]*)\Z', re.DOTALL)


@dataclass(frozen=True, slots=True)
class Suggestion:
    """The whole text of the box with the suggestion taken, the part of it that is new, and what that means."""

    text: str
    word: str
    about: str


def _recent(rows: QuerySet[Receipt], field: Field) -> set[str]:
    return set(rows.order_by("-issued_at", "-id").values_list(field.column, flat=True)[:RECENT]) - {""}


def _columns(rows: QuerySet[Receipt], field: Field, begun: str, find: Finder) -> Iterable[tuple[str, str]]:
    return ((value, "") for value in sorted(_recent(rows, field)))


def _people(rows: QuerySet[Receipt], field: Field, begun: str, find: Finder) -> Iterable[tuple[str, str]]:
    """Of those who are named so, whom the reader's own receipts name: a box that completes is no directory."""
    there = _recent(rows, field)
    return ((name, found) for found, name in sorted(find(begun).items()) if found in there)


def _times(rows: QuerySet[Receipt], field: Field, begun: str, find: Finder) -> Iterable[tuple[str, str]]:
    return ((time, "") for time in TIMES)


_SOURCES: Mapping[Kind, Callable[[QuerySet[Receipt], Field, str, Finder], Iterable[tuple[str, str]]]] = {
    Kind.WORD: _columns,
    Kind.ACTION: _columns,
    Kind.LEVEL: _columns,
    Kind.PERSON: _people,
    Kind.SINCE: _times,
    Kind.UNTIL: _times,
}


def _values(rows: QuerySet[Receipt], field: Field, *, begun: str, find: Finder) -> Iterable[tuple[str, str]]:
    if field.known:
        return ((value, "") for value in field.known)
    return _SOURCES[field.kind](rows, field, begun, find)


def suggestions(rows: QuerySet[Receipt], *, text: str, find: Finder) -> list[Suggestion]:
    """What the last word of `text` may become, best first; nothing where nobody could say."""
    last = _LAST.match(text)
    if last is None:
        return []
    begun, start = last["begun"].lstrip('"').lower(), last["before"] + last["not"]
    if last["key"] is None:
        keys = [(f"{key}:", field.about) for key, field in FIELDS.items() if begun and key.startswith(begun)]
        return [Suggestion(start + word, word, about) for word, about in keys[:MOST]]
    key = field_name(last["key"])
    if key is None:
        return []
    found = _values(rows, FIELDS[key], begun=begun, find=find)
    fitting = [(is_term(key, value).text, about) for value, about in found if value.lower().startswith(begun)]
    return [Suggestion(f"{start}{word} ", word, about) for word, about in fitting[:MOST]]
