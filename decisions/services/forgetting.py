"""Answers are kept for retries for some days and then deleted: who asks again later asks anew."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta

from approvals.lifecycle.states import NON_TERMINAL
from approvals.selectors.standing import state_at
from decisions.engine.verdict import Effective
from decisions.models import Decision, IdempotentAnswer
from decisions.selectors import approval_of, effective_at
from receipts.clock import database_now

KEPT_DAYS = 7
SLICE = 500
MOST_SLICES = 40


def forget_answers() -> int:
    """Deletes the answers that are old enough, except those to actions that may still be run; how many.

    They are looked at in the order in which they were made, so that no index has to be kept for it.
    """
    last = forgotten = 0
    for _ in range(MOST_SLICES):
        rows = list(IdempotentAnswer.objects.filter(pk__gt=last).order_by("pk")[:SLICE])
        old = [row for row in rows if row.created_at < database_now() - timedelta(days=KEPT_DAYS)]
        forgotten += _forgotten(old)
        if len(old) < SLICE:
            break
        last = old[-1].pk
    return forgotten


def _forgotten(rows: Sequence[IdempotentAnswer]) -> int:
    """A retry must find that its action was submitted for as long as it might be run."""
    decided = {row.pk: json.loads(bytes(row.answer)).get("decision_id") for row in rows if row.answer}
    related = ("approval", "deferral__approval")
    found = Decision.objects.filter(pk__in=set(decided.values()) - {None}).select_related(*related)
    at = database_now()
    waiting = {decision.pk for decision in found if _may_still_run(decision, at=at)}
    keys = [row.pk for row in rows if decided.get(row.pk) not in waiting]
    return IdempotentAnswer.objects.filter(pk__in=keys).delete()[0]


def _may_still_run(decision: Decision, *, at: datetime) -> bool:
    """Whether it waits, or was approved and can still be claimed: submitted anew, it could be run twice."""
    approval = approval_of(decision)
    is_open = approval is not None and state_at(approval, at) in NON_TERMINAL
    return is_open or effective_at(decision, at=at) is Effective.PENDING
