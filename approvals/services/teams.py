"""Who is in which team, changed from the pages."""

from __future__ import annotations

from django.contrib.auth.models import Group

from approvals.models import User
from approvals.selectors.teams import teams
from approvals.services.administration import Actor, record_difference, told_values
from approvals.services.routes import keeping_routes_open
from receipts.problems import ProblemError, not_found


def join_team(*, team: str, username: str, actor: Actor) -> None:
    """Makes somebody a member; what waits for the team asks them too. Raises `not_found`, `unknown_person`."""
    _change(team=team, username=username, belongs=True, actor=actor)


def leave_team(*, team: str, username: str, actor: Actor) -> None:
    """Takes somebody out. Raises `dead_end` where a route needs them, `not_found`, `unknown_person`."""
    _change(team=team, username=username, belongs=False, actor=actor)


def _change(*, team: str, username: str, belongs: bool, actor: Actor) -> None:
    group: Group | None = teams().filter(name=team).first()
    if group is None:
        raise not_found("team")
    with keeping_routes_open():
        person = locked_person(username, param="username")
        before = told_values(person)
        (person.groups.add if belongs else person.groups.remove)(group)
        record_difference(person, before=before, actor=actor)


def locked_person(username: str, *, param: str) -> User:
    """The active account of this name, locked. Raises `unknown_person`."""
    # Votes that refer to the account may come meanwhile: who casts one holds a request that this may wait for.
    found = User.objects.select_for_update(no_key=True).filter(username=username, is_active=True).first()
    if found is None:
        raise ProblemError(
            "unknown_person", status=400, why="Nobody has this user name.", fix="Check the spelling.", param=param
        )
    return found
