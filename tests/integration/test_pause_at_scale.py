"""The kill switch with a thousand actions approved and not yet claimed, and four processes that are claiming them."""

from __future__ import annotations

import sys
import time
from collections import Counter

import pytest

from approvals.models import ApprovalRequest
from decisions.models import Claim, Scope
from decisions.services.pauses import Target, pause_actions, sweep_pauses
from receipts.models import Receipt
from receipts.selectors.accounting import accounts
from tests.factories import MAIL, Cast, begin_session, make_cast, open_step_up, vote
from tests.integration.deciders import Order, deciders, own_database
from tests.waiting import wait_until

PROCESSES, EACH = 4, 250


def _order(cast: Cast) -> Order:
    """Claims of what was approved, one after the other."""
    session, actions = begin_session(cast), []
    for number in range(EACH):
        step = open_step_up(cast, session_id=session, parameters={**MAIL, "subject": f"Deck {number}"})
        assert vote(step, cast.bob).state == "APPROVED"
        named = {name: str(step.answer[name]) for name in ("decision_id", "action_digest")}
        actions.append(("claim", named))
    return Order(key=cast.agent_key, session=session, actions=actions)


@pytest.mark.nightly
@pytest.mark.case("APR-31")
@pytest.mark.django_db(transaction=True)
def test_of_a_thousand_approved_actions_none_is_claimed_once_the_pause_is_acknowledged(
    capsys: pytest.CaptureFixture[str],
) -> None:
    cast = make_cast()
    orders = [_order(cast) for _ in range(PROCESSES)]
    with deciders(PROCESSES, variables=own_database()) as crew:
        for child, order in zip(crew, orders, strict=True):
            child.tell(order)
        wait_until(Claim.objects.exists, "something is claimed")
        started = time.monotonic()
        pause = pause_actions(Target(Scope.EVERYTHING), reason="It looks wrong.", actor=None)
        taken, acknowledged = time.monotonic() - started, Claim.objects.count()
        came_to = Counter(str(answer["claim"]) for child in crew for answer in child.heard())
    assert Claim.objects.count() == acknowledged == came_to["ok"]
    assert came_to["ok"] + came_to["paused"] == PROCESSES * EACH
    assert pause.in_flight == acknowledged
    while sweep_pauses():
        pass
    states = Counter(ApprovalRequest.objects.values_list("state", flat=True))
    assert states["REVOKED"] == PROCESSES * EACH - acknowledged
    assert Receipt.objects.filter(type="approval_terminal").count() >= states["REVOKED"]
    assert [each.noun for each in accounts() if not each.is_even] == []
    with capsys.disabled():
        sys.stdout.write(f"acknowledged in {taken:.2f} s, {acknowledged} claimed before\n")
