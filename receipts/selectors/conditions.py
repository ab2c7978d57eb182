"""From a question to the rows that answer it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from django.db.models import Q, QuerySet

from receipts.models import Receipt
from receipts.ports import Finder, named
from receipts.problems import ProblemError
from receipts.selectors.fields import COLUMN_OF_PREFIX, FIELDS, LEVELS, TIMES, Field, Kind
from receipts.selectors.grammar import Operator, Question, Term
from receipts.selectors.text import Clause, Needle, exactly, narrowed
from receipts.words import LETTERS

_AGO = re.compile(r"(\d{1,4})([mhdw])")
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
EVER = "all"
_ID = re.compile(r"([a-z]{3})_[0-9a-z]{20,36}")


@dataclass(frozen=True, slots=True)
class Condition:
    """What a row's columns must say, and what its words must hold; the clauses of a column are implied by it."""

    columns: Q = field(default_factory=Q)
    clause: Clause | None = None


@dataclass(frozen=True, slots=True)
class Asking:
    """When somebody asks, and how the names that they write become ids."""

    at: datetime
    find: Finder = named

    def moment(self, term: Term) -> datetime | None:
        """The term's time; None for `all`. Raises `invalid_time`."""
        if term.values == (EVER,):
            return None
        moment = moment_of(term.values[0], at=self.at)
        if moment is None:
            raise ProblemError(
                "invalid_time",
                status=400,
                why="A time is RFC 3339.",
                fix="Write 2026-01-31T00:00:00Z, 2026-01-31, or how long ago: 7d, 24h, 30m.",
                param=term.key,
            )
        return moment


def instant(text: str) -> datetime | None:
    """An RFC 3339 time in UTC, or None."""
    try:
        # A plus sign in a query string arrives as a space.
        moment = datetime.fromisoformat(text.replace(" ", "+"))
        # At the ends of the calendar the time in UTC doesn't exist, and SQLite needs it.
        return moment.astimezone(UTC) if moment.tzinfo else None
    except (ValueError, OverflowError):
        return None


def moment_of(text: str, *, at: datetime) -> datetime | None:
    """A time as people write it: `7d` before `at`, a day in UTC, or RFC 3339."""
    ago = _AGO.fullmatch(text)
    if ago is not None:
        return at - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
    return instant(f"{text}T00:00:00Z" if _DAY.fullmatch(text) else text)


def window_of(question: Question, *, asking: Asking) -> tuple[datetime | None, datetime | None]:
    """From when until when is asked about; None where no end is named."""
    found = {term.key: asking.moment(term) for term in question.terms if term.key in TIMES}
    return found.get("since"), found.get("until")


def _exactly(column: str, values: Iterable[str]) -> Condition:
    chosen = list(values)
    clause = exactly(column, *chosen) if column in LETTERS else None
    return Condition(Q(**{f"{column}__in": chosen}), clause)


def _word(term: Term, field: Field, asking: Asking) -> Condition:
    return _exactly(field.column, dict.fromkeys(form for value in term.values for form in field.spellings(value)))


def _action(term: Term, field: Field, asking: Asking) -> Condition:
    """`email` is a tool; `email.send` may also be one and its operation."""
    columns, needles = Q(), []
    for value in term.values:
        tool, _, operation = value.rpartition(".")
        columns |= Q(tool=value) | (Q(tool=tool, operation=operation) if tool else Q())
        needles += [Needle(name, column="tool") for name in (value, tool) if name]
    return Condition(columns, Clause(tuple(needles)))


_RANGES: Mapping[Operator, Callable[[int], tuple[str, ...]]] = {
    Operator.IS: lambda place: LEVELS[place : place + 1],
    Operator.AT_LEAST: lambda place: LEVELS[place:],
    Operator.ABOVE: lambda place: LEVELS[place + 1 :],
    Operator.AT_MOST: lambda place: LEVELS[: place + 1],
    Operator.BELOW: lambda place: LEVELS[:place],
}


def _level(term: Term, field: Field, asking: Asking) -> Condition:
    places = [LEVELS.index(value.upper()) for value in term.values if value.upper() in LEVELS]
    return _exactly(field.column, dict.fromkeys(level for place in places for level in _RANGES[term.operator](place)))


def _person(term: Term, field: Field, asking: Asking) -> Condition:
    """By id, or by the present name in one of the directories."""
    ids = [found for value in term.values for found in ([value] if _ID.fullmatch(value) else asking.find(value))]
    return _exactly(field.column, dict.fromkeys(ids))


def _since(term: Term, field: Field, asking: Asking) -> Condition:
    moment = asking.moment(term)
    return Condition(Q(issued_at__gte=moment)) if moment else Condition()


def _until(term: Term, field: Field, asking: Asking) -> Condition:
    moment = asking.moment(term)
    return Condition(Q(issued_at__lt=moment)) if moment else Condition()


_KINDS: Mapping[Kind, Callable[[Term, Field, Asking], Condition]] = {
    Kind.WORD: _word,
    Kind.ACTION: _action,
    Kind.LEVEL: _level,
    Kind.PERSON: _person,
    Kind.SINCE: _since,
    Kind.UNTIL: _until,
}


def column_of_id(text: str) -> str:
    """The column in which this id stands, or nothing where it isn't one of ours."""
    found = _ID.fullmatch(text)
    return COLUMN_OF_PREFIX.get(found[1], "") if found else ""


def _free(term: Term, *, asking: Asking) -> Condition:
    """An id finds what it names; other text is looked for among the words, and among people's names."""
    text = term.values[0]
    column = column_of_id(text)
    if column:
        same = Q(**{column: text})
        return Condition(~same if term.is_negated else same)
    people = tuple(Needle(found, column="agent_id") for found in asking.find(text))
    return Condition(clause=Clause((Needle(text), *people), is_negated=term.is_negated, is_free=True))


def condition_of(term: Term, *, asking: Asking) -> Condition:
    """What one term asks of a row."""
    if not term.key:
        return _free(term, asking=asking)
    found = _KINDS[FIELDS[term.key].kind](term, FIELDS[term.key], asking)
    # What is excluded is compared as columns alone: the clause is only implied, and would exclude too much.
    return Condition(~found.columns) if term.is_negated else found


def matching(
    rows: QuerySet[Receipt], *, question: Question, asking: Asking, is_counted: bool = False
) -> QuerySet[Receipt]:
    """Receipts for which every term holds. Raises `invalid_time`.

    To list a few of them, the index of words finds rare combinations. To count very many (`is_counted`), the columns
    are read along the index of times, which has them all, and words are asked for only where the question has some.
    """
    conditions = [condition_of(term, asking=asking) for term in question.terms]
    for condition in conditions:
        rows = rows.filter(condition.columns)
    clauses = [condition.clause for condition in conditions if condition.clause]
    is_needed = not is_counted or any(clause.is_free for clause in clauses)
    return narrowed(rows, clauses=clauses, is_counted=is_counted) if is_needed else rows
