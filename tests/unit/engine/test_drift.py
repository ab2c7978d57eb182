"""What distances add up to over a session (CTX-16), and what rules see of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import decisions
from decisions.engine.action import Action
from decisions.engine.context import Trust
from decisions.engine.distance import UNIT, distance, passages_of, said_by
from decisions.engine.drift import Drift, cumulative, furthest, hundredths, threshold_of
from decisions.engine.parser import compile_policy, parse_policy
from decisions.engine.verdict import Decision
from tests.unit.engine.scenes import policy_in, ruling

DISTANCES = st.lists(st.integers(0, UNIT), max_size=80)
REQUEST = "Summarise the open invoices of the Johnson account and mail the summary to Ana."
ASKED = Action("invoices", "search", {"account": "Johnson", "status": "open"})


def together(*distances: int | None) -> int | None:
    found: int | None = 0
    for each in distances:
        found = cumulative(found, distance=each)
    return found


def drifted(*distances: int | None) -> list[bool]:
    """Whether it counts as drift after each action."""
    after = (together(*distances[:number]) for number in range(1, len(distances) + 1))
    return [Drift(None, each, 0.7).signals["drift_detected"] is True for each in after]


def steps(*actions: Action) -> list[int | None]:
    return [distance(passages_of(REQUEST), said=said_by(action)) for action in actions]


@pytest.mark.case("CTX-16")
def test_a_session_that_diverges_slowly_over_fifty_steps_counts_as_drift_and_one_that_does_not_never() -> None:
    slowly = [int(UNIT * (0.35 + 0.6 * number / 49)) for number in range(50)]
    found = drifted(*slowly)
    assert found.index(True) in range(20, 45)
    assert all(found[found.index(True) :])
    assert not any(drifted(*[int(0.5 * UNIT), int(0.7 * UNIT)] * 25))


@pytest.mark.case("CTX-16")
def test_a_jump_is_seen_at_once_in_its_own_distance_and_in_the_session_after_a_few_more() -> None:
    calm = steps(ASKED) * 10
    jump = steps(Action("payroll", "export", {"employee": "Miller", "format": "csv"})) * 6
    assert max(filter(None, calm)) < 0.7 * UNIT < min(filter(None, jump))
    found = drifted(*calm, *jump)
    assert found.index(True) in range(11, 16)
    # One action that is far by itself, as honest ones are, is no drift.
    assert not any(drifted(*calm, *jump[:1], *calm))


@pytest.mark.case("CTX-16")
def test_synonyms_are_far_although_they_mean_the_same_which_asks_people_too_often_and_hides_nothing() -> None:
    [asked], [synonym] = steps(ASKED), steps(Action("bills", "find", {"customer": "Johnson", "state": "unpaid"}))
    [other] = steps(Action("payroll", "export", {"employee": "Miller", "format": "csv"}))
    assert asked is not None
    assert synonym is not None
    assert other is not None
    assert asked < synonym < other
    assert any(drifted(*[synonym] * 20))


def test_calm_actions_in_between_hide_little_of_a_drift() -> None:
    far, near = int(0.98 * UNIT), int(0.4 * UNIT)
    alternating = [far, near] * 20
    assert any(drifted(*alternating))
    # A mean would not have seen it.
    assert sum(alternating) / len(alternating) < 0.7 * UNIT


@given(distances=DISTANCES)
def test_the_cumulative_distance_stays_between_none_and_the_furthest(distances: list[int]) -> None:
    found = together(*distances)
    assert found is not None
    assert 0 <= found <= max(distances, default=0)


@given(before=st.integers(0, UNIT), near=st.integers(0, UNIT), far=st.integers(0, UNIT))
def test_a_further_action_never_leaves_a_session_nearer(before: int, near: int, far: int) -> None:
    lower, upper = sorted((near, far))
    nearer, further = cumulative(before, distance=lower), cumulative(before, distance=upper)
    assert nearer is not None
    assert further is not None
    assert nearer <= further


def test_what_was_once_unknown_stays_unknown() -> None:
    assert together(UNIT, None, UNIT) is None
    assert (furthest(3, 5), furthest(3, None), furthest(None, 3)) == (5, None, None)
    assert Drift(None, None, 0.5).signals == {}
    assert Drift(400_000, None, 0.5).signals == {"semantic_distance": 0.4, "alignment": 0.6}


@pytest.mark.parametrize(
    ("profile", "threshold"),
    [("narrow_service", 0.65), ("analyst", 0.75), ("Research", 0.85), ("coding", 0.9), ("mail", 0.7), (None, 0.7)],
)
def test_how_far_an_agent_may_go_depends_on_its_kind(profile: str | None, threshold: float) -> None:
    assert threshold_of(profile, default=0.7) == threshold


def test_it_counts_as_drift_above_the_threshold_as_it_is_told_and_not_at_it() -> None:
    at, above = Drift(UNIT, 704_999, 0.7).signals, Drift(UNIT, 705_000, 0.7).signals
    assert (at["cumulative_distance"], at["drift_detected"]) == (0.7, False)
    assert (above["cumulative_distance"], above["drift_detected"]) == (0.71, True)
    assert [hundredths(each) for each in (0, 4_999, 5_000, UNIT)] == [0, 0, 0.01, 1]


RULES = """
- {id: mail, match: {tool: mail.send}, action: ALLOW}
- {id: drift, match: {risk_signals: {drift_detected: true}}, action: STEP_UP, approvers: [g], priority: 9}
"""


@pytest.mark.parametrize("name", ["semantic_distance", "cumulative_distance", "alignment"])
def test_signals_of_a_request_that_only_the_agent_states_are_absent_unless_the_rule_takes_its_word(name: str) -> None:
    condition = f"match: {{tool: mail.send, risk_signals: {{{name}: {{lt: 0.7}}}}}}"
    wary = policy_in("", rules=f"- {{id: near, {condition}, action: ALLOW}}")
    trusting = policy_in("", rules=f"- {{id: near, {condition}, action: ALLOW, trust: asserted}}")
    for policy, trust, decision in [
        (wary, Trust.ATTESTED, Decision.ALLOW),
        (wary, Trust.ASSERTED, Decision.DEFER),
        (trusting, Trust.ASSERTED, Decision.ALLOW),
    ]:
        found = ruling(policy, "mail.send", request_trust=trust, risk_signals={name: 0.2})
        assert (found.decision, found.confidence) == (decision, {Decision.DEFER: 0, Decision.ALLOW: 1}[decision]) or (
            policy is trusting and found.confidence == 0.5
        )
    assert ruling(trusting, "mail.send", request_trust=Trust.ASSERTED).decision is Decision.DEFER


def test_what_nothing_computed_holds_back_what_a_rule_about_drift_would_stop() -> None:
    policy = policy_in("", rules=RULES)
    told = {True: Decision.STEP_UP, False: Decision.ALLOW}
    for value, decision in told.items():
        assert ruling(policy, "mail.send", risk_signals={"drift_detected": value}).decision is decision
    unknown = ruling(policy, "mail.send")
    assert (unknown.decision, unknown.context_needed) == (Decision.DEFER, ("risk_signals.drift_detected",))


def test_the_rule_that_the_starter_policy_offers_asks_people_about_mail_and_permits_nothing() -> None:
    text = (Path(decisions.__file__).parent / "policies" / "starter.yaml").read_text("utf-8")
    rule = text[text.index("  # - id: mail-of-a-session-adrift") :].replace("  # ", "  ")
    policy = compile_policy(parse_policy(text + rule, source="starter.yaml"))
    for name, drift, decision in [
        ("email.send", True, Decision.STEP_UP),
        ("email.send", False, Decision.ALLOW),
        ("email.send", None, Decision.ALLOW),
        ("payroll.export", True, Decision.DENY),
    ]:
        found = ruling(policy, name, {"to": "bob@corp.example"}, risk_signals={"drift_detected": drift})
        assert found.decision is decision, (name, drift)


def test_an_alignment_with_a_request_that_only_the_agent_states_is_below_no_threshold_and_above_none() -> None:
    policy = policy_in("thresholds: {alignment: 0.5}", rules="- {id: mail, match: {tool: mail.send}, action: ALLOW}")
    for trust, decision in [(Trust.ATTESTED, Decision.ALLOW), (Trust.ASSERTED, Decision.DEFER)]:
        found = ruling(policy, "mail.send", request_trust=trust, risk_signals={"alignment": 0.9})
        assert found.decision is decision
