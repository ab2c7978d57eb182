"""Conditions on the words of receipts, as each database understands them (`receipts.words` says what is kept)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import connection
from django.db.models import BooleanField, F, Func, Q, QuerySet, TextField, Value
from django.db.models.expressions import RawSQL
from django.db.models.functions import StrIndex
from django.db.models.lookups import GreaterThan

from receipts.models import Receipt
from receipts.words import INDEXED_COLUMNS, LETTERS, TABLE

_TOKEN = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True)
class Needle:
    """Something to be found: the exact value of a column, or else words in a row of which the last may go on.

    A single letter doesn't: exact values are kept under one, and would all begin so.
    """

    text: str
    column: str = ""

    @property
    def tokens(self) -> list[str]:
        """The words in it. Text of punctuation alone has none, and finds nothing."""
        return _TOKEN.findall(self.text.lower())

    @property
    def goes_on(self) -> bool:
        """Whether longer words are meant too."""
        return not self.column and len(self.tokens[-1]) > 1


@dataclass(frozen=True, slots=True)
class Clause:
    """Any of the needles, or with `is_negated` none of them. `is_free` text is found by its words alone."""

    needles: tuple[Needle, ...]
    is_negated: bool = False
    is_free: bool = False


def exactly(column: str, *values: str) -> Clause:
    """The column has one of the values."""
    return Clause(tuple(Needle(value, column=column) for value in values))


class _Words(Func):
    """What PostgreSQL's index of words is made of."""

    function = "aarm_receipt_words"
    output_field = TextField()

    def __init__(self) -> None:
        super().__init__(*map(F, INDEXED_COLUMNS))


class _Matches(Func):
    """The condition that this index answers."""

    template = "(%(expressions)s::tsquery)"
    arg_joiner = " @@ "
    output_field = BooleanField()

    def __init__(self, query: str) -> None:
        super().__init__(_Words(), Value(query))


def _lexeme(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("'", "''")
    return f"'{escaped}'"


def _in_postgresql(needle: Needle) -> str:
    if needle.column:
        return _lexeme(f"{LETTERS[needle.column]}:{needle.text}")
    return " <-> ".join(map(_lexeme, needle.tokens)) + (":*" if needle.goes_on else "")


def _in_sqlite(needle: Needle) -> str:
    # Tokens are letters and digits: nothing in them can end the quotes.
    return f'"{" ".join(needle.tokens)}"' + ("*" if needle.goes_on else "")


def _with_tokens(clause: Clause) -> list[Needle]:
    return [needle for needle in clause.needles if needle.column or needle.tokens]


def _either(clause: Clause) -> str:
    return "({})".format(" | ".join(f"({_in_postgresql(needle)})" for needle in _with_tokens(clause)))


def _tsquery(clause: Clause) -> str:
    return f"!{_either(clause)}" if clause.is_negated else _either(clause)


class _Said(Func):
    """All words of a row as they are written, in small letters."""

    function = "lower"
    arg_joiner = " || ' ' || "
    output_field = TextField()

    def __init__(self) -> None:
        super().__init__(*(F(name) for name in INDEXED_COLUMNS if not name.endswith("_id") or name == "rule_id"))


def _may_be(needle: Needle) -> Q:
    """Holds wherever the needle could. To look for letters costs a fraction of taking a text apart into words."""
    if not needle.column:
        return Q(*(GreaterThan(StrIndex(_Said(), Value(token)), 0) for token in needle.tokens))
    # Columns with one letter are searched as one.
    alike = [name for name, letter in LETTERS.items() if letter == LETTERS[needle.column]]
    return Q(*((name, needle.text) for name in alike), _connector=Q.OR)


def _may_have(clause: Clause) -> Q:
    return Q(*map(_may_be, _with_tokens(clause)), _connector=Q.OR)


def _read_through(rows: QuerySet[Receipt], clauses: Sequence[Clause]) -> QuerySet[Receipt]:
    """The same rows as without, where so many are read that no index of words helps."""
    for clause in clauses:
        if clause.is_negated:
            rows = rows.filter(~(_may_have(clause) & Q(_Matches(_either(clause)))))
        elif clause.is_free:
            rows = rows.filter(_may_have(clause))
    return rows


def _narrow_postgresql(rows: QuerySet[Receipt], clauses: Sequence[Clause], is_counted: bool) -> QuerySet[Receipt]:
    if is_counted:
        rows = _read_through(rows, clauses)
        clauses = [clause for clause in clauses if not clause.is_negated]
    return rows.filter(_Matches(" & ".join(map(_tsquery, clauses)))) if clauses else rows


def _narrow_sqlite(rows: QuerySet[Receipt], clauses: Sequence[Clause], is_counted: bool) -> QuerySet[Receipt]:
    """Exact values are compared as columns anyway; only free text needs its table."""
    for clause in clauses:
        if clause.is_free:
            either = " OR ".join(map(_in_sqlite, _with_tokens(clause)))
            found = RawSQL(f"SELECT id FROM {TABLE} WHERE {TABLE} MATCH %s", [either])  # noqa: S608, S611
            rows = rows.exclude(pk__in=found) if clause.is_negated else rows.filter(pk__in=found)
    return rows


_DIALECTS = {"postgresql": _narrow_postgresql, "sqlite": _narrow_sqlite}


def narrowed(rows: QuerySet[Receipt], *, clauses: Sequence[Clause], is_counted: bool = False) -> QuerySet[Receipt]:
    """The rows for which all clauses hold. One that has nothing to be found finds nothing, and excludes nothing.

    `is_counted`: very many of them are wanted.
    """
    if any(not _with_tokens(clause) and not clause.is_negated for clause in clauses):
        return rows.none()
    useful = [clause for clause in clauses if _with_tokens(clause)]
    return _DIALECTS[connection.vendor](rows, useful, is_counted) if useful else rows
