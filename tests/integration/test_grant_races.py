"""Grants on real PostgreSQL, used by many at once: so many uses, and not one more."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from functools import partial

import pytest

from approvals.models import ApprovalRequest, Grant
from approvals.services.granting import revoke_grant
from decisions.services.policies import publish_policy
from tests.factories import Cast, begin_session, make_cast, open_step_up
from tests.integration.test_grants import ASKED, RULES, WIDE, ask, grant
from tests.integration.test_races import TRIALS, Crowd, crowd

__all__ = ["crowd"]
pytestmark = pytest.mark.django_db(transaction=True)
ASKING = 64


@pytest.fixture
def cast() -> Cast:
    made = make_cast()
    publish_policy(text=RULES % ("1", 2), source="grants.yaml", actor=None)
    return made


@pytest.mark.case("APR-34")
def test_of_64_that_ask_at_once_exactly_as_many_are_answered_as_were_granted(cast: Cast, crowd: Crowd) -> None:
    session = begin_session(cast)
    grant(open_step_up(cast, name="mail.send", parameters=ASKED, session_id=session), cast.bob)
    effective: Counter[str] = Counter()

    def asking(number: int) -> None:
        answer = ask(cast, session, to=f"p{number}@partner.example")
        effective[answer["effective"]] += 1

    assert crowd.race([partial(asking, number) for number in range(ASKING)]) == ["ok"] * ASKING
    assert effective == {"ALLOW": WIDE.uses, "PENDING": ASKING - WIDE.uses}
    uses = ApprovalRequest.objects.exclude(grant=None).order_by("grant_use").values_list("grant_use", "state")
    assert list(uses) == [(number, "APPROVED") for number in range(1, WIDE.uses + 1)]
    assert Grant.objects.get().left == 0


@pytest.mark.case("APR-34")
def test_no_use_is_counted_twice_and_none_is_lost(cast: Cast, crowd: Crowd) -> None:
    for trial in range(TRIALS):
        session = begin_session(cast)
        step = open_step_up(cast, name="mail.send", parameters=ASKED, session_id=session)
        grant(step, cast.bob, wish=replace(WIDE, uses=2))
        asks = [partial(ask, cast, session, to=f"p{number}@partner.example") for number in range(3)]
        assert crowd.race(asks) == ["ok"] * 3, trial
        answered = ApprovalRequest.objects.filter(grant__request=step.approval).order_by("grant_use")
        assert list(answered.values_list("grant_use", flat=True)) == [1, 2], trial
        assert Grant.objects.get(request=step.approval).left == 0, trial


def test_after_a_revocation_has_been_answered_nothing_is_approved_by_the_grant(cast: Cast, crowd: Crowd) -> None:
    session = begin_session(cast)
    grant(open_step_up(cast, name="mail.send", parameters=ASKED, session_id=session), cast.bob)
    found = Grant.objects.get()
    ends = [partial(revoke_grant, grant_id=found.pk, person=cast.carol)]
    asks = [partial(ask, cast, session, copies=number) for number in range(2, 5)]
    assert crowd.race([*asks, *ends]) == ["ok"] * 4
    used = Grant.objects.get().used
    assert used == ApprovalRequest.objects.filter(grant=found).count()
    assert ask(cast, session, copies=5)["effective"] == "PENDING"
    assert Grant.objects.get().used == used
