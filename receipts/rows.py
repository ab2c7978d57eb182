"""Writing several rows in one statement: the decision path pays for round trips, not for rows.

PostgreSQL takes inserts and updates together as one statement with common table expressions; SQLite, which has no round
trip, takes them one after the other. Either way each update must meet exactly the row that its caller has locked.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from django.db import connection
from django.db.models import AutoField, Field, Model


@dataclass(frozen=True, slots=True)
class Update:
    """New values for the one row of `model` whose primary key is `key`."""

    model: type[Model]
    key: str
    values: Mapping[str, Any]


class LostRowError(RuntimeError):
    """A row that was locked isn't there any more. The transaction must not go on."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows to insert and updates to make, collected along the way and written at its end."""

    inserts: list[Model] = field(default_factory=list)
    updates: list[Update] = field(default_factory=list)

    def write(self) -> None:
        """One statement for all. Raises IntegrityError as `save` would, and `LostRowError`."""
        inserting, updating = [_insert(row) for row in self.inserts], [_update(change) for change in self.updates]
        together = _write_together if connection.vendor == "postgresql" else _write_in_turn
        if together(inserting, updating) != len(updating):
            raise LostRowError("A locked row was not there to be updated.")
        for row in self.inserts:
            row._state.adding = False
            row._state.db = connection.alias


@lru_cache(maxsize=64)
def _columns(model: type[Model]) -> tuple[Field[Any, Any], ...]:
    return tuple(item for item in model._meta.concrete_fields if not isinstance(item, AutoField))


@lru_cache(maxsize=64)
def _insert_sql(model: type[Model]) -> str:
    names = ", ".join(f'"{item.column}"' for item in _columns(model))
    places = ", ".join(["%s"] * len(_columns(model)))
    # Names come from our own models; every value is a parameter.
    return f'INSERT INTO "{model._meta.db_table}" ({names}) VALUES ({places})'  # noqa: S608


@lru_cache(maxsize=64)
def _update_sql(model: type[Model], names: tuple[str, ...]) -> str:
    options = model._meta
    changes = ", ".join(f'"{options.get_field(name).column}" = %s' for name in names)  # type: ignore[union-attr]
    key = options.pk.column
    return f'UPDATE "{options.db_table}" SET {changes} WHERE "{key}" = %s'  # noqa: S608


def _insert(row: Model) -> tuple[str, list[Any]]:
    model = type(row)
    values = [item.get_db_prep_save(getattr(row, item.attname), connection) for item in _columns(model)]
    return _insert_sql(model), values


def _update(change: Update) -> tuple[str, list[Any]]:
    fields = [change.model._meta.get_field(name) for name in change.values]
    values = [
        item.get_db_prep_save(value, connection)  # type: ignore[union-attr]
        for item, value in zip(fields, change.values.values(), strict=True)
    ]
    return _update_sql(change.model, tuple(change.values)), [*values, change.key]


def _write_together(inserting: list[tuple[str, list[Any]]], updating: list[tuple[str, list[Any]]]) -> int:
    parts = [f"i{number} AS ({sql})" for number, (sql, _) in enumerate(inserting)]
    parts += [f"u{number} AS ({sql} RETURNING 1)" for number, (sql, _) in enumerate(updating)]
    counts = " + ".join(f"(SELECT count(*) FROM u{number})" for number in range(len(updating))) or "0"  # noqa: S608
    values = [value for _, found in (*inserting, *updating) for value in found]
    with connection.cursor() as cursor:
        cursor.execute(f"WITH {', '.join(parts)} SELECT {counts}", values)
        return int(cursor.fetchone()[0])


def _write_in_turn(inserting: list[tuple[str, list[Any]]], updating: list[tuple[str, list[Any]]]) -> int:
    with connection.cursor() as cursor:
        for sql, values in inserting:
            cursor.execute(sql, values)
        return sum(cursor.execute(sql, values).rowcount for sql, values in updating)
