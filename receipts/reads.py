"""Reading one row, with the rows that it points to, by SQL that is put together once.

Django compiles a queryset anew for every request, which on the decision path costs more than the database does. This
does for single rows what `select_related` and `select_for_update` do, and no more.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Generic, TypeVar

from django.db import connection
from django.db.models import Field, ForeignKey, Model

from receipts.driver import together

Row = TypeVar("Row", bound=Model)
Other = TypeVar("Other", bound=Model)
Converters = tuple[tuple[int, tuple[Callable[..., Any], ...], Any], ...]


def _fields(model: type[Model]) -> tuple[Field[Any, Any], ...]:
    return tuple(model._meta.concrete_fields)


@dataclass(frozen=True)
class RowRead(Generic[Row]):
    """`model`, aliased `r`, where `where` holds. `related` are foreign keys to follow, aliased by their names.

    `extra` are expressions by the name of the attribute that takes their value; one that differs between databases is
    written for each, by vendor. With `is_locked` the row of `model`,
    and no other, is locked until the transaction ends; SQLite, whose transactions hold the whole file, needs no lock.

    A statement sees what was committed before it began. With `is_awaited` the lock is therefore waited for by another
    one before it, in the same round trip: `related` and `extra` are then as new as the row, however long the wait was.
    """

    model: type[Row]
    where: str
    related: tuple[str, ...] = ()
    extra: Mapping[str, str | Mapping[str, str]] = field(default_factory=dict)
    is_locked: bool = False
    is_awaited: bool = False

    @cached_property
    def _keys(self) -> tuple[ForeignKey[Any, Any], ...]:
        return tuple(self.model._meta.get_field(name) for name in self.related)  # type: ignore[misc]

    @cached_property
    def _models(self) -> tuple[tuple[str, type[Model]], ...]:
        return (("r", self.model), *((key.name, key.related_model) for key in self._keys))

    @cached_property
    def _lock(self) -> str:
        # Rows that refer to it may come meanwhile: whoever pauses writes one while all who decide wait for the pause.
        return " FOR NO KEY UPDATE OF r" if self.is_locked and connection.features.has_select_for_update_of else ""

    @cached_property
    def _sql(self) -> str:
        columns = [f'{alias}."{item.column}"' for alias, model in self._models for item in _fields(model)]
        joins = "".join(
            f' LEFT JOIN "{key.related_model._meta.db_table}" {key.name} ON {key.name}.id = r."{key.column}"'
            for key in self._keys
        )
        table = self.model._meta.db_table
        # Names and conditions are the product's own; every value is a parameter.
        more = (each if isinstance(each, str) else each[connection.vendor] for each in self.extra.values())
        chosen = ", ".join([*columns, *more])
        return f'SELECT {chosen} FROM "{table}" r{joins} WHERE {self.where}{self._lock}'  # noqa: S608

    @cached_property
    def _waiting(self) -> str:
        """The statement that waits, if one does. What it finds is locked again by the one that reads."""
        if not (self.is_awaited and self._lock):
            return ""
        return f'SELECT 1 FROM "{self.model._meta.db_table}" r WHERE {self.where}{self._lock}'  # noqa: S608

    @cached_property
    def _converters(self) -> Converters:
        """Where a column's value isn't what the database driver returns: JSON, and SQLite's times."""
        columns = [item for _, model in self._models for item in _fields(model)]
        found = []
        for place, item in enumerate(columns):
            expression = item.cached_col
            wanted = (*connection.ops.get_db_converters(expression), *item.get_db_converters(connection))
            if wanted:
                found.append((place, wanted, expression))
        return tuple(found)

    def one(self, *parameters: str) -> Row | None:
        """The row that `where` finds with these parameters, in the order of the placeholders; `extra` has the first."""
        asked = self.asked(*parameters)
        with together() if self._waiting else nullcontext():
            asked.send()
        return asked.found()

    def asked(self, *parameters: str) -> Asked[Row]:
        """The same, to be sent with others by `both`."""
        return Asked(self, parameters)

    def all(self, *parameters: str) -> list[Row]:
        """As `one`, every row."""
        with connection.cursor() as cursor:
            cursor.execute(self._sql, list(parameters))
            found = cursor.fetchall()
        return [self._loaded(list(values)) for values in found]

    def _loaded(self, values: list[Any]) -> Row:
        for place, converters, expression in self._converters:
            for convert in converters:
                values[place] = convert(values[place], expression, connection)
        row, rest = _instance(self.model, values)
        for key in self._keys:
            related, rest = _instance(key.related_model, rest)
            key.set_cached_value(row, related if related.pk is not None else None)
        for name, value in zip(self.extra, rest, strict=True):
            setattr(row, name, value)
        return row


@dataclass(slots=True)
class Asked(Generic[Row]):
    """One row, by its parameters: sent, and then fetched."""

    read: RowRead[Row]
    parameters: tuple[str, ...]
    cursor: Any = None

    def send(self) -> None:
        """One statement or two. The parameters of `where` are the last ones."""
        if self.read._waiting:
            with connection.cursor() as cursor:
                cursor.execute(self.read._waiting, self.parameters[-self.read.where.count("%s") :])
        self.cursor = connection.cursor()
        self.cursor.execute(self.read._sql, self.parameters)

    def found(self) -> Row | None:
        """The row."""
        values = self.cursor.fetchone()
        self.cursor.close()
        return None if values is None else self.read._loaded(list(values))


def both(first: Asked[Row], second: Asked[Other]) -> tuple[Row | None, Other | None]:
    """Two rows, the second read after the first, in one round trip."""
    with together():
        first.send()
        second.send()
    return first.found(), second.found()


def _instance(model: type[Row], values: Sequence[Any]) -> tuple[Row, Sequence[Any]]:
    fields = _fields(model)
    row = model.from_db(connection.alias, [item.attname for item in fields], values[: len(fields)])
    return row, values[len(fields) :]
