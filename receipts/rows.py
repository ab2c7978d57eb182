"""Writing several rows in one statement: the decision path pays for round trips, not for rows.

PostgreSQL takes inserts and updates together as one statement with common table expressions; SQLite, which has no round
trip, takes them one after the other. Either way each update must meet exactly the row that its caller has locked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache, partial
from itertools import chain
from typing import Any

from django.db import DataError, connection
from django.db.models import (
    AutoField,
    BooleanField,
    CharField,
    DateTimeField,
    Field,
    ForeignKey,
    IntegerField,
    Model,
    TextField,
)
from psycopg.errors import DivisionByZero

from receipts.driver import numbered_cursor
from receipts.durability import NOT_WAITING, can_commit_ahead, commit_ahead

# A change's model, the fields that it sets, and those that it goes by.
Kind = tuple[type[Model], tuple[str, ...], tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Update:
    """New values for the one row of `model` whose primary key is `key`, if it has still the values of `before`."""

    model: type[Model]
    key: str
    values: Mapping[str, Any]
    before: Mapping[str, Any] = field(default_factory=dict)

    @property
    def kind(self) -> Kind:
        """What its statement is made of."""
        return self.model, tuple(self.values), tuple(self.before)


class LostRowError(RuntimeError):
    """A row isn't there any more, or not as it was read. The transaction must not go on."""


def insert_many(rows: Sequence[Model]) -> None:
    """New rows of one model, in one statement. Raises IntegrityError as `save` would.

    `bulk_create` has a placeholder for each value, and the driver's reading of those costs more than the insertion.
    """
    if not rows:
        return
    model = type(rows[0])
    if connection.vendor != "postgresql":
        model._default_manager.bulk_create(rows)
        return
    with numbered_cursor() as cursor:
        cursor.execute(_numbered(_arrays_sql(model)), _columns_of(rows))
    _mark_stored(rows)


def _mark_stored(rows: Iterable[Model]) -> None:
    for row in rows:
        row._state.adding = False
        row._state.db = connection.alias


# What a statement is made of: the models of new rows, each with whether there are several, and the kinds of changes.
Shape = tuple[tuple[tuple[type[Model], bool], ...], tuple[Kind, ...]]


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows to insert and updates to make, collected along the way and written at its end."""

    inserts: list[Model] = field(default_factory=list)
    updates: list[Update] = field(default_factory=list)

    def change(self, update: Update) -> None:
        """Adds a change. A row that was to be changed already gets the later values, from what the first one found."""
        for place, earlier in enumerate(self.updates):
            if (earlier.model, earlier.key) == (update.model, update.key):
                self.updates[place] = replace(earlier, values={**earlier.values, **update.values})
                return
        self.updates.append(update)

    def write(self, *, is_last: bool = False) -> None:
        """One statement for all. Raises IntegrityError as `save` would, and `LostRowError`.

        With `is_last` the transaction is over with it, and its locks are others' before the disk has been waited for.
        """
        if connection.vendor != "postgresql":
            _write_in_turn(self)
        elif is_last and can_commit_ahead():
            _write_last(self)
        else:
            _write_together(self)
        _mark_stored(self.inserts)

    @property
    def _statement(self) -> tuple[Shape, list[Any]]:
        """What it is made of, and its values."""
        tables: dict[type[Model], list[Model]] = {}
        for row in self.inserts:
            tables.setdefault(type(row), []).append(row)
        shape = tuple((model, len(rows) > 1) for model, rows in tables.items())
        new = (_columns_of(rows) if len(rows) > 1 else _insert_values(rows[0]) for rows in tables.values())
        changed = map(_update_values, self.updates)
        return (shape, tuple(each.kind for each in self.updates)), [*chain(*new, *changed)]

    def require_all(self, updated: int) -> None:
        """Raises `LostRowError` where fewer rows were met than were to be updated."""
        if updated != len(self.updates):
            raise LostRowError("A row was not there to be updated, or not as it was read.")


Convert = Callable[[Any], Any]
# What a row's columns are: how its values are got from the model's fields, where they aren't what the driver takes.
Columns = tuple[tuple[str, str, Convert | None], ...]
# Fields whose values the driver takes as they are. Asking each field each time costs more than the database's work.
_TAKEN_AS_THEY_ARE = (CharField, TextField, IntegerField, BooleanField, DateTimeField)


def _conversion(item: Field[Any, Any]) -> Convert | None:
    kept = item.target_field if isinstance(item, ForeignKey) else item
    is_plain = isinstance(kept, _TAKEN_AS_THEY_ARE) and connection.vendor == "postgresql"
    return None if is_plain else partial(item.get_db_prep_save, connection=connection)


@lru_cache(maxsize=64)
def _columns(model: type[Model]) -> Columns:
    fields = (item for item in model._meta.concrete_fields if not isinstance(item, AutoField))
    return tuple((str(item.column), item.attname, _conversion(item)) for item in fields)


@lru_cache(maxsize=64)
def _changes(model: type[Model], names: tuple[str, ...]) -> Columns:
    fields: list[Any] = [model._meta.get_field(name) for name in names]
    return tuple((str(item.column), item.attname, _conversion(item)) for item in fields)


def _insert_values(row: Model) -> list[Any]:
    return [
        getattr(row, name) if convert is None else convert(getattr(row, name))
        for _, name, convert in _columns(type(row))
    ]


def _update_values(change: Update) -> list[Any]:
    given, before = _converted(change.model, change.values), _converted(change.model, change.before)
    return [*given, change.key, *before]


def _converted(model: type[Model], values: Mapping[str, Any]) -> list[Any]:
    columns = _changes(model, tuple(values))
    return [
        value if convert is None else convert(value)
        for value, (_, _, convert) in zip(values.values(), columns, strict=True)
    ]


@lru_cache(maxsize=64)
def _insert_sql(model: type[Model]) -> str:
    names = ", ".join(f'"{column}"' for column, _, _ in _columns(model))
    places = ", ".join(["%s"] * len(_columns(model)))
    # Names come from our own models; every value is a parameter.
    return f'INSERT INTO "{model._meta.db_table}" ({names}) VALUES ({places})'  # noqa: S608


def _columns_of(rows: Sequence[Model]) -> list[list[Any]]:
    return [*map(list, zip(*map(_insert_values, rows), strict=True))]


@lru_cache(maxsize=64)
def _arrays_sql(model: type[Model]) -> str:
    """Takes an array for each column, so that the statement is as long for a thousand rows as for two."""
    types = [item.db_type(connection) or "" for item in model._meta.concrete_fields if not isinstance(item, AutoField)]
    # A cast to a length shortens what is too long; the column refuses it.
    arrays = ", ".join(f"%s::{type_.partition('(')[0]}[]" for type_ in types)
    names = ", ".join(f'"{column}"' for column, _, _ in _columns(model))
    return f'INSERT INTO "{model._meta.db_table}" ({names}) SELECT * FROM unnest({arrays})'  # noqa: S608


@lru_cache(maxsize=64)
def _update_sql(kind: Kind) -> str:
    model, names, before = kind
    changes = ", ".join(f'"{column}" = %s' for column, _, _ in _changes(model, names))
    held = "".join(f' AND "{column}" = %s' for column, _, _ in _changes(model, before))
    return f'UPDATE "{model._meta.db_table}" SET {changes} WHERE "{model._meta.pk.column}" = %s{held}'  # noqa: S608


@lru_cache(maxsize=64)
def _joined_sql(shape: Shape, *, is_last: bool) -> str:
    """Says how many rows were updated; the last one of a transaction fails unless it is all of them."""
    inserted, updated = shape
    new = (_arrays_sql(model) if are_many else _insert_sql(model) for model, are_many in inserted)
    parts = [f"i{number} AS ({sql})" for number, sql in enumerate(new)]
    parts += [f"u{number} AS ({_update_sql(each)} RETURNING 1)" for number, each in enumerate(updated)]
    counts = " + ".join(f"(SELECT count(*) FROM u{number})" for number in range(len(updated))) or "0"  # noqa: S608
    all_met = f"1 / (CASE WHEN {counts} = {len(updated)} THEN 1 ELSE 0 END), {NOT_WAITING}"
    return _numbered(f"WITH {', '.join(parts)} SELECT {all_met if is_last else counts}")


def _numbered(sql: str) -> str:
    first, *rest = sql.split("%s")
    return first + "".join(f"${number}{part}" for number, part in enumerate(rest, start=1))


def _write_together(batch: Batch) -> None:
    with numbered_cursor() as cursor:
        shape, values = batch._statement
        cursor.execute(_joined_sql(shape, is_last=False), values)
        batch.require_all(int(cursor.fetchone()[0]))


def _write_last(batch: Batch) -> None:
    shape, values = batch._statement
    try:
        commit_ahead(_joined_sql(shape, is_last=True), values)
    except DataError as error:
        if isinstance(error.__cause__, DivisionByZero):
            batch.require_all(-1)
        raise


def _write_in_turn(batch: Batch) -> None:
    with connection.cursor() as cursor:
        for row in batch.inserts:
            cursor.execute(_insert_sql(type(row)), _insert_values(row))
        changes = ((_update_sql(each.kind), _update_values(each)) for each in batch.updates)
        batch.require_all(sum(cursor.execute(sql, values).rowcount for sql, values in changes))
