"""PostgreSQL with the two roles of production, one that owns the tables and one that uses them; or SQLite without."""

from __future__ import annotations

import os
import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

import psycopg
from psycopg import sql


@dataclass(frozen=True, slots=True)
class TwoRoles:
    """The names in the server, and an address for each role."""

    database: str
    owner: str
    application: str
    owner_url: str
    application_url: str


def _url_as(url: str, *, database: str, role: str, password: str) -> str:
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{role}:{quote(password)}@{host}", path=f"/{database}"))


def _administer(url: str, *statements: sql.Composed) -> None:
    with psycopg.connect(urlunsplit(urlsplit(url)._replace(path="/postgres")), autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement)


def create_database(url: str) -> TwoRoles:
    """On the server of `url`, whose role must be allowed to create roles and databases."""
    name, password = f"aarm_{secrets.token_hex(4)}", secrets.token_hex(16)
    owner, application = f"{name}_owner", f"{name}_application"
    create = sql.SQL("CREATE ROLE {} LOGIN NOSUPERUSER PASSWORD {}")
    _administer(
        url,
        create.format(sql.Identifier(owner), sql.Literal(password)),
        create.format(sql.Identifier(application), sql.Literal(password)),
        sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(name), sql.Identifier(owner)),
    )
    return TwoRoles(
        database=name,
        owner=owner,
        application=application,
        owner_url=_url_as(url, database=name, role=owner, password=password),
        application_url=_url_as(url, database=name, role=application, password=password),
    )


def drop_database(url: str, *, roles: TwoRoles) -> None:
    """Removes what `create_database` made, with whoever is still connected."""
    drop = sql.SQL("DROP ROLE {}")
    _administer(
        url,
        sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(roles.database)),
        drop.format(sql.Identifier(roles.application)),
        drop.format(sql.Identifier(roles.owner)),
    )


@contextmanager
def empty_database(name: str, *, folder: Path) -> Iterator[tuple[str, Any, str]]:
    """The address of an empty database, how to connect to it, and its placeholder."""
    if name == "sqlite":
        file = folder / "site.sqlite3"
        yield f"sqlite:///{file}", lambda: sqlite3.connect(file), "?"
        return
    roles = create_database(os.environ["DATABASE_URL"])
    yield roles.owner_url, lambda: psycopg.connect(roles.owner_url), "%s"
    drop_database(os.environ["DATABASE_URL"], roles=roles)
