"""A host opens sessions for the agents that it may run, and can't tell others from none."""

from __future__ import annotations

import pytest

from decisions.models import Agent, Host
from decisions.services.children import open_child
from decisions.services.identity import authenticate
from decisions.services.sessions import NewSession, open_session
from receipts.access import Caller
from receipts.problems import ProblemError
from tests.factories import ALICE, Cast, begin_session, make_agent, make_cast, make_host

YES, NO = "", "unknown_agent"


@pytest.fixture
def cast(db: None) -> Cast:
    return make_cast()


def opened(host: Caller, agent: str) -> str:
    try:
        open_session(caller=host, new=NewSession(original_request="Go.", human=ALICE, agent=agent))
    except ProblemError as problem:
        return problem.code
    return YES


def test_a_list_says_which_agents_a_host_runs_and_keeps_other_hosts_from_them(cast: Cast) -> None:
    other_host, key = make_host("other-host")
    make_agent("spare-agent")
    mine, theirs = cast.host, authenticate(key)
    agents = ("demo-agent", "spare-agent")
    assert [opened(mine, name) for name in agents] == [opened(theirs, name) for name in agents] == [YES, YES]

    other_host.agents.add(Agent.objects.get(name="spare-agent"))
    assert [opened(mine, name) for name in agents] == [YES, NO]
    assert [opened(theirs, name) for name in agents] == [NO, YES]

    Host.objects.get(pk=mine.id).agents.add(*Agent.objects.filter(name__in=agents))
    assert [opened(mine, name) for name in agents] == [YES, YES]
    assert opened(mine, "nobody") == NO


def test_a_child_goes_to_an_agent_that_the_host_runs(cast: Cast) -> None:
    make_agent("spare-agent")
    parent = begin_session(cast)
    new = NewSession(original_request="", agent="spare-agent", parent_session_id=parent)
    assert open_child(caller=cast.host, new=new).agent.name == "spare-agent"
    make_host("other-host")[0].agents.add(Agent.objects.get(name="spare-agent"))
    with pytest.raises(ProblemError) as problem:
        open_child(caller=cast.host, new=new)
    assert problem.value.code == "unknown_agent"
