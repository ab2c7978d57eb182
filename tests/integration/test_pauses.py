"""The kill switch: what people stop is permitted by no process any more, and what was approved is taken back."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from django.db import connection, connections, transaction

from approvals.models import AdminChange, ApprovalRequest, User
from approvals.services.people import team_group
from decisions.models import Agent, Claim, Decision, Deferral, Pause, Scope, Session
from decisions.selectors.pauses import standing_pauses
from decisions.services.children import open_child
from decisions.services.claims import ClaimRequest, claim_decision
from decisions.services.deferrals import add_evidence, expire_due
from decisions.services.outcomes import Report, report_outcome
from decisions.services.pauses import Target, may_pause, pause_actions, resume_actions, sweep_pauses, target_named
from decisions.services.replay import reevaluate
from decisions.services.sessions import NewSession, locked_session
from receipts.models import Receipt
from receipts.problems import ProblemError
from receipts.selectors import envelope_of
from receipts.selectors.accounting import accounts
from tests.factories import MAIL, Cast, StepUp, begin_session, decide, make_cast, open_step_up, vote
from tests.integration.deciders import Order, deciders, own_database
from tests.waiting import wait_until

INSIDE: dict[str, Any] = {"to": "bob@corp.example", "subject": "Notes", "body": "See them."}
EVERYTHING = Target(Scope.EVERYTHING)
PROCESSES, EACH = 4, 2


@pytest.fixture
def cast(db: None) -> Cast:
    return make_cast()


def write(cast: Cast, session: str) -> dict[str, Any]:
    return decide(cast, session, "email.send", parameters=INSIDE)


def stop(target: Target, *, by: User | None = None) -> Pause:
    return pause_actions(target, reason="It looks wrong.", actor=by)


def claim(cast: Cast, step: StepUp) -> str:
    """`ok`, or the code of the problem."""
    wanted = ClaimRequest(action_digest=str(step.answer["action_digest"]))
    try:
        claim_decision(caller=cast.agent, decision_id=str(step.answer["decision_id"]), wanted=wanted, key="")
    except ProblemError as problem:
        return problem.code
    return "ok"


def approved(cast: Cast, *, session: str = "") -> StepUp:
    step = open_step_up(cast, session_id=session)
    assert vote(step, cast.bob).state == "APPROVED"
    return step


def begin_child(cast: Cast, parent: str) -> str:
    new = NewSession(original_request="", parent_session_id=parent)
    return open_child(caller=cast.agent, new=new).pk


def own_by(cast: Cast, name: str) -> None:
    Agent.objects.filter(pk=cast.agent.id).update(owner=team_group(name))


TARGETS: dict[str, Callable[[Cast, str], Target]] = {
    "everything": lambda cast, session: EVERYTHING,
    "team": lambda cast, session: target_named(Scope.TEAM, name="crew"),
    "agent": lambda cast, session: target_named(Scope.AGENT, name="demo-agent"),
    "session": lambda cast, session: target_named(Scope.SESSION, name=session),
}


@pytest.mark.case("APR-31")
def test_what_a_session_has_handed_on_stops_with_it(cast: Cast) -> None:
    parent, other = begin_session(cast), begin_session(cast)
    child = begin_child(cast, parent)
    below = begin_child(cast, child)
    given, left = approved(cast, session=below), approved(cast, session=below)
    pause = stop(target_named(Scope.SESSION, name=child))
    assert write(cast, parent)["decision"] == write(cast, other)["decision"] == "ALLOW"
    for session in (child, below, begin_child(cast, below)):
        assert write(cast, session)["reason_code"] == "paused"
    assert claim(cast, given) == "paused"
    assert sweep_pauses() == 1
    resume_actions(pause.pk, actor=None)
    assert write(cast, below)["decision"] == "ALLOW"
    assert claim(cast, given) == claim(cast, left) == "not_approved"


@pytest.mark.case("APR-31")
@pytest.mark.parametrize("scope", TARGETS)
def test_what_is_stopped_is_denied_with_a_receipt_that_names_the_pause(cast: Cast, scope: str) -> None:
    own_by(cast, "crew")
    session = begin_session(cast)
    assert write(cast, session)["decision"] == "ALLOW"
    pause = stop(TARGETS[scope](cast, session))
    answer = write(cast, session)
    assert (answer["decision"], answer["effective"], answer["reason_code"]) == ("DENY", "DENY", "paused")
    decision = Decision.objects.get(pk=answer["decision_id"])
    assert pause.pk in decision.ruling["reason"]
    assert pause.pk.encode() in envelope_of(Receipt.objects.get(pk=decision.receipt_id)).payload
    again = reevaluate(decision)
    assert getattr(again, "reason_code", None) == "paused"
    resume_actions(pause.pk, actor=None)
    assert write(cast, session)["decision"] == "ALLOW"


@pytest.mark.parametrize("scope", ["team", "agent", "session"])
def test_what_is_not_in_the_scope_goes_on(cast: Cast, scope: str) -> None:
    session, other = begin_session(cast), begin_session(cast)
    stranger = Agent.objects.create(name="stranger", owner=team_group("crew"))
    targets = {
        "team": target_named(Scope.TEAM, name="crew"),
        "agent": Target(Scope.AGENT, agent=stranger),
        "session": Target(Scope.SESSION, session=Session.objects.get(pk=other)),
    }
    stop(targets[scope])
    assert write(cast, session)["decision"] == "ALLOW"


def test_nothing_is_asked_of_people_or_counted_while_it_is_stopped(cast: Cast) -> None:
    session = begin_session(cast)
    stop(EVERYTHING)
    assert decide(cast, session, "email.send", parameters=MAIL)["reason_code"] == "paused"
    assert ApprovalRequest.objects.count() == 0


@pytest.mark.case("APR-31")
def test_what_was_approved_before_is_taken_back_by_the_claim_that_meets_the_pause(cast: Cast) -> None:
    free = approved(cast)
    assert claim(cast, free) == "ok"
    step = approved(cast)
    stop(EVERYTHING)
    assert claim(cast, step) == "paused"
    assert ApprovalRequest.objects.get(pk=step.approval.pk).state == "REVOKED"
    assert claim(cast, step) == "not_approved"
    assert Claim.objects.count() == 1


@pytest.mark.case("APR-31")
def test_a_pause_that_is_over_has_taken_back_what_was_approved_before_it(cast: Cast) -> None:
    before = approved(cast)
    pause = stop(EVERYTHING)
    waiting = ApprovalRequest.objects.count()
    resume_actions(pause.pk, actor=None)
    after = approved(cast)
    assert claim(cast, before) == "paused"
    assert claim(cast, after) == "ok"
    assert waiting == 1


def test_the_sweeper_takes_back_what_nobody_claims_and_leaves_what_waits(cast: Cast) -> None:
    steps = [approved(cast) for _ in range(3)]
    pending, session = open_step_up(cast), begin_session(cast)
    spared = approved(cast, session=session)
    Session.objects.filter(pk=session).update(agent=Agent.objects.create(name="other"))
    pause = stop(target_named(Scope.AGENT, name="demo-agent"))
    assert sweep_pauses(limit=2) == 2
    assert Pause.objects.get(pk=pause.pk).swept_at is None
    assert sweep_pauses() == 1
    assert sweep_pauses() == 0
    assert Pause.objects.get(pk=pause.pk).swept_at is not None
    states = Counter(ApprovalRequest.objects.values_list("state", flat=True))
    assert states == {"REVOKED": 3, "PENDING": 1, "APPROVED": 1}
    assert ApprovalRequest.objects.get(pk=pending.approval.pk).state == "PENDING"
    assert ApprovalRequest.objects.get(pk=spared.approval.pk).state == "APPROVED"
    assert Receipt.objects.filter(type="approval_terminal", stream=steps[0].approval.stream).count() == 2


def test_what_waits_for_evidence_goes_on_waiting_and_is_judged_when_it_goes_on(cast: Cast) -> None:
    session = begin_session(cast)
    held = decide(cast, session, "credentials.rotate", parameters={"name": "crm"})
    assert held["decision"] == "DEFER", held
    pause = stop(EVERYTHING)
    deferral_id = held["deferral"]["id"]
    add_evidence(caller=cast.host, deferral_id=deferral_id, field="maintenance_window", value="open", source="ops")
    expire_due()
    assert Deferral.objects.get(pk=deferral_id).state == "PENDING"
    resume_actions(pause.pk, actor=None)
    assert Deferral.objects.get(pk=deferral_id).state == "ALLOWED"


def test_claims_that_are_out_are_counted_and_may_still_report(cast: Cast) -> None:
    done, out = approved(cast), approved(cast)
    assert (claim(cast, done), claim(cast, out)) == ("ok", "ok")
    report = Report(status="succeeded", values={"output": "sent"})
    report_outcome(caller=cast.agent, decision_id=str(done.answer["decision_id"]), report=report, key="")
    pause = stop(EVERYTHING)
    assert pause.in_flight == 1
    answer = report_outcome(caller=cast.agent, decision_id=str(out.answer["decision_id"]), report=report, key="")
    assert answer.status == 200


@pytest.mark.case("APR-31")
def test_a_pause_waits_for_the_decision_under_way_and_the_next_one_waits_for_the_pause(transactional_db: None) -> None:
    cast = make_cast()
    session, other = begin_session(cast), begin_session(cast)
    answers: list[str] = []

    def in_thread(work: Callable[[], object]) -> threading.Thread:
        def run() -> None:
            work()
            connections.close_all()

        thread = threading.Thread(target=run)
        thread.start()
        return thread

    def waiting() -> int:
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
            return int(cursor.fetchone()[0])

    with transaction.atomic():
        assert locked_session(caller=cast.agent, session_id=session).pause is None
        pausing = in_thread(lambda: answers.append(stop(EVERYTHING).scope))
        wait_until(lambda: waiting() == 1, "the pause waits")
        late = in_thread(lambda: answers.append(str(write(cast, other)["reason_code"])))
        wait_until(lambda: waiting() == 2, "the next decision waits")
        assert answers == []
    pausing.join()
    late.join()
    assert sorted(answers) == ["everything", "paused"]


@pytest.mark.case("APR-31")
@pytest.mark.django_db(transaction=True)
def test_four_processes_permit_nothing_of_any_scope_once_its_pause_is_acknowledged() -> None:
    cast = make_cast()
    own_by(cast, "crew")
    came_to: Counter[str] = Counter()
    with deciders(PROCESSES, variables=own_database()) as crew:
        for target_of in TARGETS.values():
            session = begin_session(cast)
            orders = [_order(cast, session) for _ in crew]
            before = _permitted()
            for child, order in zip(crew, orders, strict=True):
                child.tell(order)
            wait_until(partial(_has_changed, before), "something is permitted")
            pause = stop(target_of(cast, session))
            acknowledged = _permitted()
            for child in crew:
                came_to.update(_came_to(answer) for answer in child.heard())
            assert _permitted() == acknowledged
            resume_actions(pause.pk, actor=None)
    # Both sides of the moment were hit.
    assert came_to["ALLOW"] + came_to["ok"] >= len(TARGETS)
    assert came_to["paused"] >= len(TARGETS)


def _permitted() -> tuple[int, int]:
    return Decision.objects.filter(decision="ALLOW").count(), Claim.objects.count()


def _has_changed(before: tuple[int, int]) -> bool:
    return _permitted() != before


def _order(cast: Cast, session: str) -> Order:
    """Claims and actions of one session in turns."""
    actions: list[tuple[str, Any]] = []
    for _ in range(EACH):
        answer = approved(cast, session=session).answer
        named = {"decision_id": answer["decision_id"], "action_digest": answer["action_digest"]}
        actions += [("claim", named), ("email.send", INSIDE)]
    return Order(key=cast.agent_key, session=session, actions=actions)


def _came_to(answer: dict[str, Any]) -> str:
    if "claim" in answer:
        return str(answer["claim"])
    return "paused" if answer["reason_code"] == "paused" else str(answer["decision"])


@pytest.mark.parametrize(
    ("who", "may"),
    [("bob", {"agent"}), ("dave", set()), ("victor", set()), ("peggy", set()), ("trent", {"agent", "everything"})],
)
def test_reviewers_stop_what_their_team_owns_and_administrators_everything(cast: Cast, who: str, may: set[str]) -> None:
    own_by(cast, "security-team")
    targets = {"agent": target_named(Scope.AGENT, name="demo-agent"), "everything": EVERYTHING}
    assert {name for name, target in targets.items() if _stops_and_resumes(target, by=getattr(cast, who))} == may


def _stops_and_resumes(target: Target, *, by: User) -> bool:
    """Whether they may; a refusal leaves nothing behind."""
    if may_pause(by, target=target):
        return resume_actions(stop(target, by=by).pk, actor=by).resumed_by == by
    with pytest.raises(ProblemError) as refused:
        stop(target, by=by)
    assert (refused.value.code, standing_pauses()) == ("forbidden", [])
    return False


def test_a_reviewer_does_not_let_go_on_what_an_administrator_stopped(cast: Cast) -> None:
    own_by(cast, "security-team")
    target = target_named(Scope.AGENT, name="demo-agent")
    for by in (cast.trent, None):
        pause = stop(target, by=by)
        with pytest.raises(ProblemError, match="may not"):
            resume_actions(pause.pk, actor=cast.bob)
        resume_actions(pause.pk, actor=cast.trent)
    pause = stop(target, by=cast.bob)
    assert resume_actions(pause.pk, actor=cast.carol).resumed_by == cast.carol


def test_stopping_twice_is_one_pause_and_going_on_twice_is_refused(cast: Cast) -> None:
    first, second = stop(EVERYTHING, by=cast.trent), stop(EVERYTHING)
    assert first.pk == second.pk
    assert [each.pk for each in standing_pauses()] == [first.pk]
    resume_actions(first.pk, actor=None)
    with pytest.raises(ProblemError) as refused:
        resume_actions(first.pk, actor=None)
    assert refused.value.code == "not_paused"


def test_every_pause_and_its_end_leave_receipts_that_add_up(cast: Cast) -> None:
    resume_actions(stop(EVERYTHING, by=cast.trent).pk, actor=cast.trent)
    changes = AdminChange.objects.filter(kind="decisions.pause").order_by("changed_at")
    assert [(each.what, each.actor) for each in changes] == [
        ("added", cast.trent.person_id),
        ("changed", cast.trent.person_id),
    ]
    assert [each.noun for each in accounts() if not each.is_even] == []
