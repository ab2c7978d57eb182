"""Races on real PostgreSQL: every thread has its own connection, and a barrier lets them all go at once."""

from __future__ import annotations

import os
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial

import pytest
from django.db import connection, connections

from approvals.lifecycle.quorum import Verdict
from approvals.models import ApprovalRequest, OutboxEvent, User, Vote
from approvals.services.expiry import expire_due
from approvals.services.requests import cancel_request
from approvals.services.votes import cast_vote
from decisions.intake.bodies import DecideBody
from decisions.models import Claim, Decision, IdempotentAnswer, Scope
from decisions.services.cancellation import cancel_decision
from decisions.services.claims import ClaimRequest, claim_decision
from decisions.services.pauses import pause_actions, target_named
from decisions.services.submission import submit_action
from receipts.models import Chain, Receipt
from receipts.problems import ProblemError
from receipts.selectors import envelope_of, published_jwks
from receipts.signing.keys import KeySet
from receipts.signing.verify import verify_chain
from tests.factories import MAIL, Cast, StepUp, ballot_of, begin_session, make_cast, make_person, open_step_up, vote

pytestmark = pytest.mark.django_db(transaction=True)
# Of every race of the catalogue's section A.
TRIALS = 1_000 if "AARM_NIGHTLY" in os.environ else 100
# A claim asks again whether everything still holds. Every so many trials there are 64 of them, else 8.
CROWDED = 10


@dataclass(frozen=True, slots=True)
class Crowd:
    """Threads that start together. Each keeps its connection for the whole test."""

    pool: ThreadPoolExecutor

    def race(self, actions: Sequence[Callable[[], object]]) -> list[str]:
        """Runs all actions at once; for each `ok`, or the code of the problem that it met."""
        barrier = threading.Barrier(len(actions))

        def run(action: Callable[[], object]) -> str:
            barrier.wait(timeout=30)
            try:
                action()
            except ProblemError as problem:
                return problem.code
            return "ok"

        return list(self.pool.map(run, actions))


@pytest.fixture
def crowd() -> Iterator[Crowd]:
    assert connection.vendor == "postgresql", "SQLite hides every race."
    with ThreadPoolExecutor(max_workers=64) as pool:
        yield Crowd(pool=pool)
        barrier = threading.Barrier(64)

        def close(_: int) -> None:
            # All threads have to be here at once, or one of them would close twice and another not at all.
            barrier.wait(timeout=30)
            connections.close_all()

        list(pool.map(close, range(64)))


@pytest.fixture
def cast() -> Cast:
    return make_cast()


def voting(
    step: StepUp, person: User, verdict: Verdict = Verdict.APPROVE, *, surface: str = "web"
) -> Callable[[], object]:
    ballot = replace(ballot_of(step, person, verdict=verdict), surface=surface)
    return lambda: cast_vote(approval_id=step.approval.pk, person=person, ballot=ballot)


def claiming(cast: Cast, step: StepUp, *, key: str = "first") -> Callable[[], object]:
    wanted = ClaimRequest(action_digest=str(step.answer["action_digest"]))
    return partial(
        claim_decision, caller=cast.agent, decision_id=str(step.answer["decision_id"]), wanted=wanted, key=key
    )


def end_by_clock(step: StepUp) -> None:
    """Sets the deadline to now, so that the vote that is under way and the sweeper meet at it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE approvals_approvalrequest SET expires_at = aarm_now() WHERE id = %s AND state = 'PENDING'",
            [step.approval.pk],
        )
    expire_due()


def assert_sound(step: StepUp) -> ApprovalRequest:
    """One terminal receipt for one outcome, a receipt a vote, and a chain that an outsider can verify."""
    row = ApprovalRequest.objects.get(pk=step.approval.pk)
    receipts = list(Receipt.objects.filter(stream=row.stream).order_by("position"))
    types = Counter(receipt.type for receipt in receipts)
    assert row.state != "PENDING"
    assert types["approval_terminal"] == 1, (row.state, types)
    assert types["vote"] == Vote.objects.filter(request=row).count()
    assert receipts[-1].digest == Chain.objects.get(stream=row.stream).head
    verify_chain([envelope_of(receipt) for receipt in receipts], keys=KeySet.from_jwks(published_jwks()))
    return row


@pytest.mark.case("APR-26")
def test_two_quorum_completing_votes_never_leave_a_request_stuck(cast: Cast, crowd: Crowd) -> None:
    session = begin_session(cast, request="Please delete the old rows and clean up.")
    control = open_step_up(cast, name="database.delete", parameters={"table": "old"}, session_id=session)
    assert vote(control, cast.bob).state == "PENDING"
    assert vote(control, cast.dave).state == "APPROVED"

    for trial in range(TRIALS):
        step = open_step_up(cast, name="database.delete", parameters={"table": f"t{trial}"}, request="Delete the rows.")
        outcomes = crowd.race([voting(step, cast.bob), voting(step, cast.dave)])
        assert outcomes == ["ok", "ok"], trial
        assert assert_sound(step).state == "APPROVED", trial
        assert OutboxEvent.objects.filter(topic="approval_moved", reference=step.approval.pk).count() == 1


@pytest.mark.case("APR-25")
def test_a_deny_and_a_completing_approval_give_one_outcome(cast: Cast, crowd: Crowd) -> None:
    seen: Counter[str] = Counter()
    for trial in range(TRIALS):
        # What was turned down is not asked again.
        step = open_step_up(cast, parameters={**MAIL, "subject": f"Trial {trial}"})
        outcomes = crowd.race([voting(step, cast.bob), voting(step, cast.carol, Verdict.DENY)])
        assert sorted(outcomes) == ["already_resolved", "ok"], trial
        row = assert_sound(step)
        assert row.state == ("APPROVED" if outcomes[0] == "ok" else "DENIED"), trial
        seen[row.state] += 1
    assert set(seen) <= {"APPROVED", "DENIED"}


@pytest.mark.case("APR-27")
def test_vote_timeout_cancel_and_pause_at_once_give_one_outcome(cast: Cast, crowd: Crowd) -> None:
    for trial in range(TRIALS):
        session = begin_session(cast)
        # What was turned down is not asked again.
        step = open_step_up(cast, session_id=session, parameters={**MAIL, "subject": f"Trial {trial}"})

        def cancel(step: StepUp = step) -> object:
            return cancel_request(approval_id=step.approval.pk, resolution="withdrawn_by_agent")

        def sweep(step: StepUp = step) -> None:
            end_by_clock(step)

        # The pause of its session, too, holds up what may be done with it and not what people come to.
        target = target_named(Scope.SESSION, name=session)
        pause = partial(pause_actions, target, reason="It looks wrong.", actor=None)
        outcomes = crowd.race([voting(step, cast.bob), cancel, sweep, expire_due, pause])
        assert set(outcomes) <= {"ok", "already_resolved", "expired"}, trial
        row = assert_sound(step)
        assert row.state in {"APPROVED", "EXPIRED", "CANCELLED"}, trial
        assert (row.state == "APPROVED") == (outcomes[0] == "ok"), trial


@pytest.mark.case("APR-22", "APR-23")
def test_one_person_on_three_surfaces_and_under_two_accounts_has_one_vote(cast: Cast, crowd: Crowd) -> None:
    other = make_person("bob-ops", teams=("security-team",), email="ops@corp.example")
    User.objects.filter(pk=other.pk).update(main=cast.bob)
    other.refresh_from_db()
    for trial in range(TRIALS):
        step = open_step_up(cast, name="database.delete", parameters={"table": f"t{trial}"}, request="Delete the rows.")
        ballots = [(cast.bob, "web"), (cast.bob, "api"), (other, "web")]
        outcomes = crowd.race([voting(step, person, surface=surface) for person, surface in ballots])
        assert sorted(outcomes)[-1] == "ok", trial
        assert set(outcomes) <= {"ok", "already_counted", "already_voted"}, trial
        assert outcomes.count("ok") == 1, trial
        assert Vote.objects.filter(request=step.approval).count() == 1, trial
        assert vote(step, cast.dave).state == "APPROVED", trial
        assert_sound(step)


@pytest.mark.case("APR-30")
def test_an_agent_that_withdraws_while_a_reviewer_approves_gives_one_outcome(cast: Cast, crowd: Crowd) -> None:
    for trial in range(TRIALS):
        # What was turned down is not asked again.
        step = open_step_up(cast, parameters={**MAIL, "subject": f"Trial {trial}"})
        withdrawing = partial(cancel_decision, caller=cast.agent, decision_id=str(step.answer["decision_id"]))
        approving, _ = crowd.race([voting(step, cast.bob), withdrawing])
        row = assert_sound(step)
        assert (approving, row.state) in {("ok", "APPROVED"), ("already_resolved", "CANCELLED")}, trial
        if row.state == "CANCELLED":
            assert row.resolution == "withdrawn_by_agent", trial


@pytest.mark.case("APR-31")
def test_after_a_pause_was_acknowledged_nothing_of_its_session_is_claimed(cast: Cast, crowd: Crowd) -> None:
    for trial in range(TRIALS):
        session = begin_session(cast)
        raced = open_step_up(cast, session_id=session)
        later = open_step_up(cast, session_id=session, parameters={**MAIL, "subject": "Later"})
        for step in (raced, later):
            vote(step, cast.bob)
        pausing = partial(
            pause_actions, target_named(Scope.SESSION, name=session), reason="It looks wrong.", actor=None
        )
        claimed, paused = crowd.race([claiming(cast, raced), pausing])
        assert (paused, claimed) in {("ok", "ok"), ("ok", "paused"), ("ok", "not_approved")}, trial
        # Both have been answered, so whatever comes now comes after the acknowledgement.
        assert set(crowd.race([claiming(cast, raced, key="again"), claiming(cast, later)])) <= {
            "already_consumed",
            "paused",
            "not_approved",
        }, trial
        assert Claim.objects.filter(decision__session_id=session).count() == (claimed == "ok"), trial


@pytest.mark.case("APR-05")
def test_of_64_claims_one_succeeds(cast: Cast, crowd: Crowd) -> None:
    for trial in range(TRIALS):
        step = open_step_up(cast)
        vote(step, cast.bob)
        decision_id, claims = str(step.answer["decision_id"]), 8 if trial % CROWDED else 64
        outcomes = Counter(crowd.race([claiming(cast, step, key=f"claim-{number}") for number in range(claims)]))
        assert outcomes == {"ok": 1, "already_consumed": claims - 1}, trial
        assert Claim.objects.filter(decision_id=decision_id).count() == 1
        assert Receipt.objects.filter(decision_id=decision_id, type="claim").count() == 1


@pytest.mark.case("APR-38", "APR-39")
def test_a_retried_decision_is_one_decision_with_the_same_bytes(cast: Cast, crowd: Crowd) -> None:
    for trial in range(TRIALS):
        session = begin_session(cast)
        body = DecideBody.model_validate(
            {"session_id": session, "tool": "email", "operation": "send", "parameters": dict(MAIL)}
        )
        answers: list[bytes] = []

        def ask(body: DecideBody = body, answers: list[bytes] = answers, trial: int = trial) -> object:
            answers.append(submit_action(caller=cast.agent, body=body, key=f"key-{trial}").content)
            return None

        assert crowd.race([ask] * 16) == ["ok"] * 16, trial
        assert len(set(answers)) == 1, trial
        assert Decision.objects.filter(session_id=session).count() == 1, trial
        assert IdempotentAnswer.objects.filter(key=f"key-{trial}").count() == 1, trial
        other = body.model_copy(update={"parameters": {**MAIL, "subject": "Another"}})
        with pytest.raises(ProblemError) as problem:
            submit_action(caller=cast.agent, body=other, key=f"key-{trial}")
        assert (problem.value.code, problem.value.status) == ("idempotency_mismatch", 422)


def test_parallel_actions_of_one_session_never_fork_its_chains(cast: Cast, crowd: Crowd) -> None:
    session = begin_session(cast)

    def ask(number: int) -> Callable[[], object]:
        body = DecideBody.model_validate(
            {"session_id": session, "tool": "database", "operation": "query", "parameters": {"limit": number}}
        )
        return lambda: submit_action(caller=cast.agent, body=body, key="")

    for _ in range(10):
        assert set(crowd.race([ask(number) for number in range(32)])) == {"ok"}
    receipts = Receipt.objects.filter(session_id=session).order_by("position")
    assert receipts.count() == 320
    verify_chain([envelope_of(receipt) for receipt in receipts], keys=KeySet.from_jwks(published_jwks()))
