"""A chain of delegation passes on no more than it was given, to nobody twice, and not for longer than it says."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decisions.intake.delegation import (
    CLOCK_TOLERANCE,
    Bounds,
    Hop,
    check_chain,
    check_fan_out,
    granted_scope,
    has_lapsed,
)
from decisions.intake.errors import IntakeError

AT = datetime(2026, 6, 1, 12, tzinfo=UTC)
BOUNDS = Bounds(hops=3, fan_out=2)
ALL = frozenset({"mail:read", "mail:send", "files:read"})
HUMAN, AGENT = "hum_alice", "agt_worker"


def hop(delegator: str, delegatee: str, scope: frozenset[str] = ALL, **more: datetime) -> Hop:
    times = {"issued_at": AT - timedelta(hours=1), "expires_at": AT + timedelta(hours=1)} | more
    return Hop(delegator, delegatee, scope, **times)


PLANNED = (hop(HUMAN, "agt_planner"), hop("agt_planner", AGENT, frozenset({"mail:read"})))


def fault_of(*chain: Hop, bounds: Bounds = BOUNDS, human: str = HUMAN, agent: str = AGENT) -> IntakeError | None:
    try:
        check_chain(chain, human=human, agent=agent, bounds=bounds, at=AT)
    except IntakeError as error:
        return error
    return None


def test_a_chain_that_narrows_from_the_human_to_the_agent_holds() -> None:
    assert fault_of() is None
    assert fault_of(hop(HUMAN, AGENT)) is None
    assert fault_of(*PLANNED) is None
    assert granted_scope(PLANNED, asked=frozenset()) == {"mail:read"}


@pytest.mark.case("CTX-09")
@pytest.mark.parametrize(
    ("chain", "param", "word"),
    [
        pytest.param((hop("hum_bob", AGENT),), 0, "begin", id="somebody else's authority"),
        pytest.param((hop(HUMAN, "agt_planner"),), 0, "end with the agent", id="to another agent"),
        pytest.param((PLANNED[0], hop("agt_other", AGENT)), 1, "begin", id="a hop is missing"),
        pytest.param((PLANNED[0], hop("agt_planner", AGENT, ALL | {"admin"})), 1, "more than", id="widens"),
        pytest.param((hop(HUMAN, HUMAN),), 0, "comes back", id="to oneself"),
        pytest.param((hop(HUMAN, AGENT), hop(AGENT, AGENT)), 1, "comes back", id="an agent to itself"),
        pytest.param((hop(HUMAN, AGENT), hop(AGENT, "agt_b"), hop("agt_b", AGENT)), 2, "comes back", id="a cycle"),
        pytest.param((hop(HUMAN, AGENT), hop(AGENT, HUMAN)), 1, "comes back", id="back to the human"),
        pytest.param((hop(HUMAN, AGENT, expires_at=AT),), 0, "expired", id="expired this moment"),
        pytest.param((replace(PLANNED[0], expires_at=AT - timedelta(1)), PLANNED[1]), 0, "ends before", id="no time"),
        pytest.param((hop(HUMAN, AGENT, issued_at=AT + timedelta(minutes=2)),), 0, "future", id="from the future"),
    ],
)
def test_a_forged_widened_cyclic_or_expired_chain_is_refused(chain: tuple[Hop, ...], param: int, word: str) -> None:
    fault = fault_of(*chain)
    assert fault is not None
    assert (fault.code, fault.param, word in fault.why) == ("invalid_delegation", f"delegation.{param}", True)


@pytest.mark.case("CTX-09")
def test_a_chain_has_as_many_hops_as_are_permitted_and_no_more() -> None:
    parties = [HUMAN, "agt_a", "agt_b", AGENT]
    chain = [hop(*pair) for pair in pairwise(parties)]
    assert fault_of(*chain) is None
    fault = fault_of(*chain, bounds=replace(BOUNDS, hops=2))
    assert fault is not None
    assert fault.param == "delegation.2"


def test_a_clock_that_is_a_little_ahead_breaks_no_chain() -> None:
    assert fault_of(hop(HUMAN, AGENT, issued_at=AT + CLOCK_TOLERANCE)) is None


def test_a_hop_holds_until_its_last_moment() -> None:
    one = hop(HUMAN, AGENT)
    assert not has_lapsed(one, at=one.expires_at - timedelta(microseconds=1))
    assert has_lapsed(one, at=one.expires_at)


@pytest.mark.case("CTX-09")
def test_a_session_takes_part_of_what_was_delegated_and_never_more() -> None:
    assert granted_scope((), asked=ALL) == ALL
    assert granted_scope(PLANNED[:1], asked=frozenset({"files:read"})) == {"files:read"}
    with pytest.raises(IntakeError, match="goes beyond"):
        granted_scope(PLANNED, asked=frozenset({"mail:send"}))
    with pytest.raises(IntakeError, match="goes beyond"):
        granted_scope((hop(HUMAN, AGENT, frozenset()),), asked=frozenset({"mail:send"}))


@pytest.mark.case("CTX-09")
def test_one_party_delegates_to_so_many_others_at_one_time() -> None:
    known = [hop(HUMAN, "agt_1"), hop("agt_elsewhere", "agt_2"), hop("agt_elsewhere", "agt_3"), hop(HUMAN, "agt_1")]
    check_fan_out((hop(HUMAN, AGENT),), others=known, bounds=BOUNDS)
    check_fan_out((hop(HUMAN, "agt_1"),), others=[*known, hop(HUMAN, AGENT)], bounds=BOUNDS)
    with pytest.raises(IntakeError, match="2 others"):
        check_fan_out((hop(HUMAN, AGENT),), others=[*known, hop(HUMAN, "agt_4")], bounds=BOUNDS)


_PARTIES = st.sampled_from([HUMAN, "agt_a", "agt_b", AGENT])
_SCOPES = st.frozensets(st.sampled_from(sorted(ALL)))
_MOMENTS = st.integers(-5, 5).map(lambda hours: AT + timedelta(hours=hours))
_HOPS = st.builds(Hop, _PARTIES, _PARTIES, _SCOPES, _MOMENTS, _MOMENTS)


@given(st.lists(_HOPS, min_size=1, max_size=4))
def test_whatever_is_taken_leads_from_the_human_to_the_agent_and_only_narrows(chain: list[Hop]) -> None:
    if fault_of(*chain) is not None:
        return
    assert (chain[0].delegator, chain[-1].delegatee) == (HUMAN, AGENT)
    parties = [HUMAN, *(each.delegatee for each in chain)]
    assert len(set(parties)) == len(parties) <= BOUNDS.hops + 1
    for place, each in enumerate(chain):
        assert all(later.scope <= each.scope for later in chain[place:])
        assert each.issued_at < each.expires_at
        assert each.expires_at > AT
