"""From names in a route to people: who is asked, who counts, who never does, and who takes whose place."""

from __future__ import annotations

from collections.abc import Callable
from datetime import time, timedelta

import pytest

from approvals.lifecycle.quorum import Verdict
from approvals.models import ApprovalRequest, Asking, Cover, Delegation, Schedule, Stander, Turn, User
from approvals.selectors import shown_to, visible_to, waiting_for
from approvals.services.expiry import expire_due
from approvals.services.people import Role
from decisions.services.claims import ClaimRequest, claim_decision
from decisions.services.policies import publish_policy
from receipts.clock import database_now
from receipts.problems import ProblemError
from tests.factories import ALICE, Cast, StepUp, begin_session, decide, make_cast, make_person, open_step_up, vote

MoveClock = Callable[[float], None]
APPROVE, DENY = Verdict.APPROVE, Verdict.DENY


def publish(approvers: str) -> None:
    text = f"""
policy: {{id: routes, version: "1"}}
rules: [{{id: asks, match: any, action: STEP_UP, hold: 0, timeout: 1h, approvers: {approvers}}}]
"""
    publish_policy(text=text, source="routes.yaml", actor=None)


@pytest.fixture
def cast(db: None) -> Cast:
    return make_cast()


def asked(step: StepUp) -> dict[str, str]:
    rows = Asking.objects.filter(request=step.approval).select_related("person")
    return {row.person.username: row.party for row in rows}


def refused(step: StepUp, person: User, code: str) -> None:
    with pytest.raises(ProblemError) as problem:
        vote(step, person)
    assert problem.value.code == code


def claim(cast: Cast, step: StepUp) -> int:
    wanted = ClaimRequest(action_digest=str(step.answer["action_digest"]))
    return claim_decision(caller=cast.agent, decision_id=str(step.answer["decision_id"]), wanted=wanted, key="").status


def put_on_call(*people: User, name: str = "on-call") -> Schedule:
    start = (database_now() - timedelta(days=1)).date()
    row = Schedule.objects.create(name=name, zone="UTC", starts_on=start, handover=time(0), turn_days=365)
    Turn.objects.bulk_create([Turn(schedule=row, person=each, position=place) for place, each in enumerate(people)])
    return row


def send_away(person: User, *, deputy: User, seconds: float = 1000) -> Delegation:
    now = database_now()
    row = Delegation(person=person, deputy=deputy, starts_at=now, ends_at=now + timedelta(seconds=seconds))
    row.full_clean()
    row.save()
    return row


@pytest.mark.parametrize(
    ("approvers", "who"),
    [
        ("[user:dave]", {"dave": "user:dave"}),
        ("[role:auditor]", {"victor": "role:auditor"}),
        ("[schedule:on-call]", {"carol": "schedule:on-call"}),
        ("[human:manager]", {"mallory": "human:manager"}),
        ("[human:data-owner, data-owner]", {"bob": "human:data-owner", "dave": "data-owner"}),
        ("[{group: security-team, count: 2}, user:dave]",
         {"bob": "security-team", "carol": "security-team", "dave": "user:dave"}),
    ],
)  # fmt: skip
def test_every_kind_of_name_asks_the_people_behind_it_and_nobody_else(
    cast: Cast, approvers: str, who: dict[str, str]
) -> None:
    put_on_call(cast.carol, cast.bob)
    cast.victor.groups.add(cast.bob.groups.get(name="reviewer"))
    Stander.objects.create(human=ALICE, relation="manager", person=cast.mallory)
    Stander.objects.create(human=ALICE, relation="data-owner", person=cast.bob)
    Stander.objects.create(human="somebody@corp.example", relation="manager", person=cast.carol)
    publish(approvers)
    step = open_step_up(cast, name="x.y")
    # One account is asked by its id, which is what votes' receipts repeat.
    dave = f"user:{cast.dave.person_id}"
    assert asked(step) == {name: dave if party == "user:dave" else party for name, party in who.items()}
    people = {person.username: person for person in User.objects.all()}
    for name in ("bob", "carol", "dave", "mallory"):
        assert visible_to(people[name]).filter(pk=step.approval.pk).exists() == (name in who)
        if name not in who:
            refused(step, people[name], "not_eligible")
    states = [vote(step, people[name]).state for name in who]
    assert states == ["PENDING"] * (len(who) - 1) + ["APPROVED"]
    assert claim(cast, step) == 200


@pytest.mark.case("APR-19", "APR-20")
@pytest.mark.parametrize(
    "approvers",
    ["[user:nobody]", "[user:peggy]", "[role:reviewers]", "[schedule:nights]", "[human:manager]",
     "[{group: 'schedule:on-call', count: 2}]", "[user:bob, user:bob-at-home]"],
)  # fmt: skip
def test_a_name_behind_which_too_few_may_decide_denies_at_once(cast: Cast, approvers: str) -> None:
    put_on_call(cast.carol, cast.bob)
    home = make_person("bob-at-home", email="bob.home@mail.example")
    User.objects.filter(pk=home.pk).update(main=cast.bob)
    publish(approvers)
    answer = decide(cast, begin_session(cast), "x.y", parameters={})
    assert (answer["decision"], answer["reason_code"]) == ("DENY", "no_eligible_reviewer")


@pytest.mark.case("APR-07", "APR-08")
@pytest.mark.parametrize("link", ["main", "other", "address", "deputy"])
def test_the_requester_decides_under_none_of_their_accounts_and_through_no_deputy(cast: Cast, link: str) -> None:
    alice = make_person("alice", teams=("security-team",))
    other = make_person("al", teams=("security-team",), email="al@mail.example")
    if link == "main":
        User.objects.filter(pk=other.pk).update(main=alice)
    elif link == "other":
        User.objects.filter(pk=alice.pk).update(main=other)
    elif link == "address":
        User.objects.filter(pk=other.pk).update(email=ALICE.upper())
    else:
        other.groups.remove(other.groups.get(name="security-team"))
        send_away(alice, deputy=other)
    step = open_step_up(cast)
    assert "alice" not in asked(step)
    assert "al" not in asked(step)
    refused(step, alice, "self_approval")
    refused(step, other, "not_eligible" if link == "deputy" else "self_approval")
    assert not waiting_for(alice).filter(pk=step.approval.pk).exists()
    assert vote(step, cast.bob).state == "APPROVED"


@pytest.mark.case("APR-22", "APR-23")
@pytest.mark.parametrize("link", ["main", "address"])
def test_two_accounts_of_one_person_have_one_vote(cast: Cast, link: str) -> None:
    publish("[{group: security-team, count: 2}]")
    second = make_person("bob-ops", teams=("security-team",), email="ops@corp.example")
    change = {"main": cast.bob} if link == "main" else {"email": cast.bob.email.upper()}
    User.objects.filter(pk=second.pk).update(**change)
    step = open_step_up(cast, name="x.y")
    assert vote(step, cast.bob).state == "PENDING"
    refused(step, User.objects.get(pk=second.pk), "already_voted")
    assert vote(step, cast.carol).state == "APPROVED"


@pytest.mark.case("APR-23", "APR-12")
def test_accounts_that_turn_out_to_be_one_persons_count_once_from_then_on(cast: Cast) -> None:
    publish("[{group: security-team, count: 2}]")
    second = make_person("bob-ops", teams=("security-team",), email="ops@corp.example")
    step = open_step_up(cast, name="x.y")
    vote(step, cast.bob)
    assert vote(step, second).state == "APPROVED"
    User.objects.filter(pk=second.pk).update(main=cast.bob)
    with pytest.raises(ProblemError) as problem:
        claim(cast, step)
    assert problem.value.code == "not_approved"
    assert ApprovalRequest.objects.get(pk=step.approval.pk).state == "SUPERSEDED"


@pytest.mark.case("APR-18")
def test_who_was_asked_is_kept_and_who_counts_is_looked_up_and_the_quorum_never_drops(cast: Cast) -> None:
    publish("[{group: security-team, count: 2}]")
    step = open_step_up(cast, name="x.y")
    assert vote(step, cast.bob).state == "PENDING"
    cast.bob.groups.remove(cast.bob.groups.get(name="security-team"))
    newcomer = make_person("erin", teams=("security-team",))
    assert asked(step) == {"bob": "security-team", "carol": "security-team"}
    assert vote(step, newcomer).state == "PENDING", "Bob counts no longer, so two are needed still."
    assert vote(step, cast.carol).state == "APPROVED"
    assert claim(cast, step) == 200


@pytest.mark.case("APR-36")
def test_a_deputy_votes_in_the_place_of_whoever_is_away_and_only_while_they_are(
    cast: Cast, move_clock: MoveClock
) -> None:
    publish("[{group: security-team, count: 2}]")
    erin = make_person("erin")
    send_away(cast.bob, deputy=erin, seconds=100)
    step, late = open_step_up(cast, name="x.y"), open_step_up(cast, name="x.z")
    assert asked(step) == {"erin": "security-team", "carol": "security-team"}
    assert waiting_for(erin).filter(pk=step.approval.pk).exists()
    refused(step, cast.bob, "not_eligible")
    assert vote(step, erin).state == "PENDING"
    move_clock(200)
    refused(late, erin, "not_eligible")
    assert vote(step, cast.bob).state == "PENDING", "One place, whoever votes in it."
    assert vote(step, cast.carol).state == "APPROVED"
    assert claim(cast, step) == 200


@pytest.mark.case("APR-36", "APR-12")
@pytest.mark.parametrize("loss", ["delegation", "holder", "deputy"])
def test_a_deputys_vote_falls_with_what_it_rested_on(cast: Cast, loss: str) -> None:
    publish("[user:bob]")
    erin = make_person("erin")
    row = send_away(cast.bob, deputy=erin)
    step = open_step_up(cast, name="x.y")
    assert vote(step, erin).state == "APPROVED"
    if loss == "delegation":
        row.delete()
    else:
        User.objects.filter(pk=(cast.bob if loss == "holder" else erin).pk).update(is_active=False)
    with pytest.raises(ProblemError) as problem:
        claim(cast, step)
    assert problem.value.code == "not_approved"


def test_an_approval_given_on_call_outlives_the_turn_but_not_the_schedule(cast: Cast, move_clock: MoveClock) -> None:
    publish("[schedule:on-call]")
    schedule = put_on_call(cast.carol)
    now = database_now()
    cover = Cover.objects.create(
        schedule=schedule, person=cast.bob, starts_at=now - timedelta(hours=1), ends_at=now + timedelta(seconds=60)
    )
    first, second = open_step_up(cast, name="x.y"), open_step_up(cast, name="x.z")
    assert asked(first) == {"bob": "schedule:on-call"}
    assert vote(first, cast.bob).state == vote(second, cast.bob).state == "APPROVED"
    move_clock(120)
    assert claim(cast, first) == 200
    cover.delete()
    with pytest.raises(ProblemError):
        claim(cast, second)


@pytest.mark.case("APR-11", "APR-25")
def test_one_of_each_group_is_needed_and_one_no_of_either_ends_it(cast: Cast) -> None:
    publish("[security-team, data-owner]")
    both = make_person("erin", teams=("security-team", "data-owner"))
    first, second = open_step_up(cast, name="x.y"), open_step_up(cast, name="x.z")
    assert vote(first, both).state == "PENDING", "One person, one seat."
    assert [len(people) for _, people in shown_to(cast.bob, first.approval).tally.filled] == [1, 0]
    assert vote(first, cast.bob).state == "APPROVED"
    vote(second, cast.bob)
    assert vote(second, cast.dave, verdict=DENY).state == "DENIED"
    assert expire_due() == 0


def test_a_role_without_the_right_to_review_asks_nobody(cast: Cast) -> None:
    assert not cast.peggy.has_perm("approvals.review")
    make_person("erin", roles=(Role.AUDITOR,))
    publish("[role:auditor]")
    assert decide(cast, begin_session(cast), "x.y", parameters={})["reason_code"] == "no_eligible_reviewer"
