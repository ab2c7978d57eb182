"""Keeping routes open: a change of people, groups, turns or absences that would close one is taken back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction

from approvals.lifecycle.dead_ends import DeadEnd, Fault, opened_by
from approvals.ports import hold_routes, routes
from approvals.selectors.routes import dead_ends_now
from approvals.services.asking import watch_from
from receipts.clock import database_now
from receipts.problems import ProblemError


@contextmanager
def keeping_routes_open() -> Iterator[None]:
    """Raises `dead_end` and takes back what is done inside, if by it a route of the policy that holds would lead to
    nobody at a time at which it led to somebody before.

    One such change happens at a time: of two that each take away one of the last two people, the second is refused.
    Whatever waits is looked at again once the change holds, so that whoever has come is asked (CHN-28).
    """
    with transaction.atomic():
        hold_routes()
        found, at = routes(), database_now()
        # First, since requests are locked before chains of receipts.
        watch_from(at)
        before = dead_ends_now(found, at=at)
        yield
        after = dead_ends_now(found, at=at)
        for rules, ends in after.items():
            opened = opened_by(before[rules], ends)
            if opened:
                raise ProblemError("dead_end", status=409, why=_why(rules, opened[0]), fix=_FIX)


_FIX = "Put somebody else there first, or publish a policy that asks others."


def _why(rules: tuple[str, ...], end: DeadEnd) -> str:
    more = f" and {len(rules) - 1} more" if len(rules) > 1 else ""
    times = f"from {end.starts_at:%Y-%m-%d %H:%M} to {end.ends_at:%Y-%m-%d %H:%M} UTC"
    return f"Nothing that {rules[0]}{more} asks about could be approved {times}: {fault_in_words(end)}."


def fault_in_words(end: DeadEnd) -> str:
    """What is wrong, as the part of a sentence."""
    if end.fault is Fault.NOBODY:
        return f"behind {end.name} there is nobody who may review"
    if end.fault is Fault.TOO_FEW:
        return f"{end.wanted} different people of {end.name} are needed, and there are {end.there}"
    return f"{end.wanted} different people are needed for all of it, and there are {end.there}"
