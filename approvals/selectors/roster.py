"""Who may vote: current members of a request's groups who may review, and who is never counted."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from unicodedata import normalize

from django.contrib.auth.models import Group
from django.db.models import Q

from approvals.lifecycle.quorum import is_reachable
from approvals.lifecycle.route import Route
from approvals.models import User

REVIEW = "approvals.review"


def is_requester(person: User, *, requester: str) -> bool:
    """Whether the person who asked and this account are the same, by address or by name (APR-07, APR-08)."""
    wanted = _folded(requester)
    return bool(wanted) and wanted in {_folded(person.email), _folded(person.get_username())}


def _folded(name: str) -> str:
    return normalize("NFKC", normalize("NFKC", name).strip().casefold())


def eligible_groups(person: User, *, route: Route) -> frozenset[str]:
    """The route's groups in which this person may vote now."""
    if not person.is_active or not person.has_perm(REVIEW):
        return frozenset()
    names = {stage.group for stage in route.stages}
    return frozenset(person.groups.filter(name__in=names).values_list("name", flat=True))


def _reviewers(groups: Iterable[str]) -> dict[str, frozenset[str]]:
    roster: dict[str, set[str]] = {name: set() for name in groups}
    may_review = Q(is_superuser=True) | Q(groups__permissions__codename="review")
    # Two filters, because the group that permits and the group that is asked are seldom the same one.
    people = User.objects.filter(may_review, is_active=True).filter(groups__name__in=list(roster)).distinct()
    for person in people.prefetch_related("groups"):
        for group in person.groups.all():
            if group.name in roster:
                roster[group.name].add(person.person_id)
    return {name: frozenset(found) for name, found in roster.items()}


def reviewers_by_group(*, asked: Collection[str]) -> dict[str, int]:
    """How many people may vote in each group of `asked` that there is, and in each other group that is no role."""
    wanted = Q(name__in=list(asked)) | Q(permissions__isnull=True)
    names = list(Group.objects.filter(wanted).values_list("name", flat=True).distinct())
    return {name: len(people) for name, people in _reviewers(names).items()}


def requester_ids(requester: str) -> frozenset[str]:
    """The accounts of the person who asked."""
    if not requester:
        return frozenset()
    same = Q(email__iexact=requester) | Q(username__iexact=requester)
    return frozenset(User.objects.filter(same).values_list("person_id", flat=True))


def has_enough_reviewers(*, route: Route, requester: str) -> bool:
    """Whether the people there are now could approve at all; if not, asking would only wait (APR-19)."""
    own = requester_ids(requester)
    roster = {name: found - own for name, found in _reviewers(stage.group for stage in route.stages).items()}
    return is_reachable(route.stages, roster=roster, requester=None)


def is_same_person(one: User, other: User) -> bool:
    """Whether two accounts are one person's: the same account, or one that bears the other's address or name."""
    names = (other.email, other.get_username())
    return one.pk == other.pk or any(is_requester(one, requester=name) for name in names)
