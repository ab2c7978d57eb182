"""Two administrators on real PostgreSQL at once: of the last two people one stays."""

from __future__ import annotations

from functools import partial

import pytest

from approvals.models import User
from approvals.services.teams import join_team, leave_team
from decisions.services.policies import publish_policy
from tests.factories import Cast, make_cast
from tests.integration.test_races import Crowd, crowd

__all__ = ["crowd"]
pytestmark = pytest.mark.django_db(transaction=True)
TEAM, ROUNDS = "security-team", 5
RULES = """
policy: {id: routes, version: "1"}
rules: [{id: asks, match: any, action: STEP_UP, approvers: [security-team]}]
"""


def members() -> set[str]:
    return set(User.objects.filter(groups__name=TEAM, is_active=True).values_list("username", flat=True))


@pytest.fixture
def cast() -> Cast:
    made = make_cast()
    publish_policy(text=RULES, source="routes.yaml", actor=None)
    for name in members() - {"bob", "carol"}:
        leave_team(team=TEAM, username=name, actor=None)
    return made


def test_of_two_who_each_take_away_one_of_the_last_two_people_one_is_refused(cast: Cast, crowd: Crowd) -> None:
    leave_team(team=TEAM, username="carol", actor=None)
    join_team(team=TEAM, username="carol", actor=None)
    for _ in range(ROUNDS):
        assert members() == {"bob", "carol"}, "the control: one alone may go, as carol has"
        goings = [partial(leave_team, team=TEAM, username=name, actor=None) for name in ("bob", "carol")]
        assert sorted(crowd.race(goings)) == ["dead_end", "ok"]
        (left,) = members()
        join_team(team=TEAM, username="carol" if left == "bob" else "bob", actor=None)
