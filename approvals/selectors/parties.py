"""Accounts in routes: by the random id where it is kept or signed, by the name where people read it.

A name that was signed could never be erased. A policy may name an account either way.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from django.db.models import Q

from approvals.lifecycle.parties import PartyKind, read_party
from approvals.lifecycle.route import Route
from approvals.models import User


def accounts_called(names: Collection[str]) -> dict[str, User]:
    """The account of each of these ids and user names. Whoever is called like another's id isn't that other."""
    users = list(User.objects.filter(Q(username__in=names) | Q(person_id__in=names)))
    return {user.get_username(): user for user in users} | {user.person_id: user for user in users}


def by_ids(route: Route) -> Route:
    """The route with `user:usr_…` for each `user:NAME`. A name that is nobody's stays: nobody can vote as it."""
    parties = _accounts_in(route.parties)
    found = accounts_called(parties.values()) if parties else {}
    return route.renamed({text: _party(found[name].person_id) for text, name in parties.items() if name in found})


def by_names(parties: Collection[str]) -> Mapping[str, str]:
    """Each party as people call it; what has another name than it is kept by. That of an erased person is their id."""
    ids = _accounts_in(parties)
    if not ids:
        return {}
    people = User.objects.filter(person_id__in=ids.values(), is_active=True)
    names = dict(people.values_list("person_id", "username"))
    return {text: _party(names[of]) for text, of in ids.items() if of in names}


def _accounts_in(parties: Collection[str]) -> dict[str, str]:
    read = {text: read_party(text) for text in parties}
    return {text: party.name for text, party in read.items() if party.kind is PartyKind.USER}


def _party(name: str) -> str:
    return f"{PartyKind.USER.value}:{name}"
