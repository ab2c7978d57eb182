"""Which accounts are one person's: linked ones, and those with the same address."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from django.db.models import Q

from approvals.models import User
from receipts.identifiers import folded


def is_named(account: User, *, name: str) -> bool:
    """Whether `name` is the account's address or user name."""
    wanted = folded(name)
    return bool(wanted) and wanted in {folded(account.email), folded(account.get_username())}


def accounts_of(accounts: Collection[User]) -> dict[int, User]:
    """These accounts and all others of the same people, by number."""
    if not accounts:
        return {}
    mains = {account.main_id or account.pk for account in accounts}
    same = Q(pk__in=mains) | Q(main_id__in=mains)
    for email in {account.email for account in accounts if account.email.strip()}:
        same |= Q(email__iexact=email)
    found = {account.pk: account for account in accounts}
    found |= {account.pk: account for account in User.objects.filter(same)}
    # A second look finds the accounts that are linked to one with the same address.
    return found if len(found) == len(accounts) else accounts_of(found.values())


def accounts_named(name: str) -> dict[int, User]:
    """The accounts of whoever bears this address or user name: those that may not decide what they asked for."""
    if not name.strip():
        return {}
    bearers = User.objects.filter(Q(email__iexact=name) | Q(username__iexact=name))
    return accounts_of(list(bearers))


def persons_among(accounts: Iterable[User]) -> Mapping[int, str]:
    """For each account the random id that stands for its person: the smallest among the given accounts of the same."""
    of: dict[int, str] = {}
    by_mark: dict[object, str] = {}
    for account in sorted(accounts, key=lambda account: account.person_id):
        marks = [account.main_id or account.pk, *([folded(account.email)] if account.email.strip() else [])]
        person = min([by_mark[mark] for mark in marks if mark in by_mark], default=account.person_id)
        by_mark.update(dict.fromkeys(marks, person))
        of[account.pk] = person
    return of


def is_same_person(one: User, other: User) -> bool:
    """Whether two accounts are one person's: linked, or with the same address, or one named after the other."""
    if any(is_named(one, name=name) for name in (other.email, other.get_username())):
        return True
    return other.pk in accounts_of([one])
