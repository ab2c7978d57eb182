"""What one person may delegate at one time is bounded, however many processes open sessions at once (CTX-09)."""

from __future__ import annotations

from collections import Counter

import pytest

from decisions.models import Session
from tests.factories import make_agent, make_cast
from tests.integration.deciders import Order, deciders, own_database

PROCESSES, TRIALS, FAN_OUT = 4, 10, 2


@pytest.mark.case("CTX-09")
@pytest.mark.django_db(transaction=True)
def test_sessions_that_open_at_once_do_not_exceed_what_one_person_may_delegate() -> None:
    cast, names = make_cast(), [f"worker-{number}" for number in range(PROCESSES)]
    for name in names:
        make_agent(name)
    variables = {**own_database(), "AARM_DELEGATION_FAN_OUT": str(FAN_OUT)}
    with deciders(PROCESSES, variables=variables) as crew:
        for trial in range(TRIALS):
            human = f"person-{trial}@corp.example"
            for child, name in zip(crew, names, strict=True):
                child.tell(Order(key=cast.host_key, session="", actions=[("open", {"human": human, "agent": name})]))
            found = Counter(answer["open"] for child in crew for answer in child.heard())
            assert found == {"ok": FAN_OUT, "invalid_delegation": PROCESSES - FAN_OUT}, trial
            assert Session.objects.filter(human__identifier=human).count() == FAN_OUT
