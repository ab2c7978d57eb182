"""What tells who people are outside of requests, and how it goes when they are erased.

An account that can sign in keeps its name: whoever decides has to answer for it. Closing it is an admin's act, which
asks whether a route would lead to nobody; erasing the person then takes what is left.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce
from operator import or_

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.contrib.admin.models import LogEntry
from django.contrib.auth.hashers import make_password
from django.db.models import Model, Q

from approvals.models import SignInLink, Stander, User
from receipts.erasers import Eraser
from receipts.identifiers import folded
from receipts.ports import all_names_of
from receipts.selectors.mentions import erased_name, mentioned

SLICE = 500
_WAYS_IN: tuple[type[Model], ...] = (EmailAddress, SocialAccount, Authenticator, SignInLink)


def lock_account(subject: str) -> None:
    """Waits for whoever writes a row that refers to the account, such as a vote, and holds up who would."""
    list(User.objects.select_for_update().filter(person_id=subject))


def erase_standers(subject: str) -> int:
    """Who stands in a relation to the person: agents act for nobody of that name any more."""
    named = [Q(human__iexact=folded(name)) for name in all_names_of(subject)]
    return Stander.objects.filter(reduce(or_, named)).delete()[0] if named else 0


def erase_admin_log(subject: str) -> int:
    """What Django's admin wrote of rows that were called by the person's name. Who changed which row stays."""
    who = mentioned(subject)
    rows = LogEntry.objects.order_by("pk").iterator(SLICE)
    found = [row.pk for row in rows if who.is_in(f"{row.object_repr} {row.change_message}")]
    return LogEntry.objects.filter(pk__in=found).update(object_repr="", change_message="")


def erase_account(subject: str) -> int:
    """The name, the address and every way to sign in of an account that was closed."""
    found = User.objects.filter(person_id=subject, is_active=False).exclude(username=erased_name(subject))
    users = list(found.values_list("pk", flat=True))
    for way in _WAYS_IN:
        way._default_manager.filter(user__in=users).delete()
    names = {"username": erased_name(subject), "first_name": "", "last_name": "", "email": ""}
    return User.objects.filter(pk__in=users).update(password=make_password(None), **names)


ERASERS: Mapping[str, Eraser] = {
    "standers": erase_standers,
    "admin_log": erase_admin_log,
}
"""By the names under which the receipt of an erasure counts them."""
FORGETTERS: Mapping[str, Eraser] = {"accounts": erase_account}
