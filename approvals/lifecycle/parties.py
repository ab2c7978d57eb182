"""Whom a route names: a group, a role, one account, who is on call, who stands by the human for whom the agent acts."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from approvals.lifecycle.errors import RouteError


class PartyKind(StrEnum):
    """What a name is the name of."""

    GROUP = "group"
    ROLE = "role"
    USER = "user"
    SCHEDULE = "schedule"
    HUMAN = "human"


class Relation(StrEnum):
    """How somebody stands to the human for whom an agent acts."""

    MANAGER = "manager"
    DATA_OWNER = "data-owner"


@dataclass(frozen=True, slots=True)
class Party:
    """One name that a route asks. `name` is a group's, a role's, an account's, a schedule's, or a `Relation`."""

    kind: PartyKind
    name: str


def read_party(text: str) -> Party:
    """The party that is written as `NAME` (a group) or `KIND:NAME`.

    Raises `RouteError` for a kind that there is none of, and for a relation that nobody can stand in.
    """
    kind, colon, name = text.partition(":")
    if not colon:
        return Party(kind=PartyKind.GROUP, name=text)
    if kind not in set(PartyKind) - {PartyKind.GROUP} or not name:
        raise _unreadable(text)
    if kind == PartyKind.HUMAN and name not in set(Relation):
        raise _unreadable(text)
    return Party(kind=PartyKind(kind), name=name)


def _unreadable(text: str) -> RouteError:
    return RouteError(
        f"{text!a} names nobody who could be asked.",
        fix="Name a group, or user:NAME, role:NAME, schedule:NAME, human:manager or human:data-owner.",
    )
