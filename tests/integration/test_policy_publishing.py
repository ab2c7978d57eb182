"""Publishing: whole or not at all, by two people where that is asked for, back to earlier versions the same way."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from approvals.models import User
from decisions.models import ActivePolicy, PolicyProposal, PolicyVersion, RefusedPolicy
from decisions.services.packs import PolicyFiles
from decisions.services.policies import files_of, policy_of, publish_policy
from decisions.services.proposals import approve_proposal, propose_policy, submit_policy
from receipts.models import Receipt
from receipts.problems import ProblemError
from tests.factories import Cast, begin_session, decide, make_cast, make_person

ONE = 'policy: {id: mine, version: "1"}\nrules:\n  - {id: a, match: {tool: x.y}, action: ALLOW}\n'
TWO = ONE.replace('"1"', '"2"').replace("ALLOW", "DENY")
BROKEN = ONE.replace("action", "acton")
FAILING = ONE + "cases:\n  - {action: {tool: x.y, parameters: {}}, expect: {decision: DENY}}\n"
EMPTY = 'policy: {id: mine, version: "3", default: ALLOW}\nrules: []\n'


@pytest.fixture
def cast(db: None) -> Cast:
    return make_cast()


def files(text: str) -> PolicyFiles:
    return PolicyFiles(text=text, source="mine.yaml")


def refused(text: str, **more: Any) -> ProblemError:
    """The problem with which publishing this is refused."""
    with pytest.raises(ProblemError) as problem:
        publish_policy(text=text, source="mine.yaml", actor=None, **more)
    return problem.value


def state() -> tuple[str, int, int]:
    return ActivePolicy.objects.get().version_id, PolicyVersion.objects.count(), Receipt.objects.count()


def says(check: str) -> str:
    """What `/readyz` says of one part, whatever it comes to."""
    checks = Client().get("/readyz").json()["checks"]
    found: str = next(item["says"] for item in checks if item["name"] == check)
    return found


def shown(person: User, page: str) -> str:
    """A page as this person sees it."""
    client = Client()
    client.force_login(person)
    return client.get(page).content.decode()


@pytest.mark.case("POL-08")
@pytest.mark.parametrize(
    ("text", "code"), [(BROKEN, "invalid_policy"), (FAILING, "failing_cases")], ids=["broken", "failing"]
)
def test_what_is_not_in_order_changes_nothing_and_is_told_until_something_is_published(
    cast: Cast, text: str, code: str
) -> None:
    before = state()
    problem = refused(text)
    assert (problem.code, state()) == (code, before)
    assert "mine.yaml:" in problem.why
    assert RefusedPolicy.objects.get().faults[0]["place"].startswith("mine.yaml:")
    assert "mine.yaml could not be published" in says("policy")
    seen = {page: shown(cast.trent, page) for page in ("/receipts", "/admin/")}
    assert [page for page, text in seen.items() if "mine.yaml could not be published" not in text] == []
    assert "could not be published" not in shown(cast.bob, "/inbox"), "It is no reviewer's affair."
    publish_policy(text=ONE, source="mine.yaml", actor=None)
    assert (RefusedPolicy.objects.count(), says("policy")) == (0, "good")
    assert "could not be published" not in shown(cast.trent, "/receipts")


def test_a_rule_whose_name_no_receipt_could_hold_is_refused(cast: Cast) -> None:
    included = {"file:more.yaml": ONE.replace("id: mine", f"id: {'m' * 128}")}
    problem = refused("include: [{file: more.yaml}]\n" + TWO, included=included)
    assert (problem.code, "has a name of 130 characters" in problem.why) == ("invalid_policy", True)


@pytest.mark.case("POL-09")
def test_a_policy_without_rules_has_to_be_meant(cast: Cast) -> None:
    before = state()
    assert (refused(EMPTY).code, state()) == ("empty_policy", before)
    assert publish_policy(text=EMPTY, source="mine.yaml", actor=None, allows_empty=True).policy_id == "mine"


@pytest.mark.case("POL-09")
def test_without_any_policy_nothing_is_allowed(cast: Cast) -> None:
    session = begin_session(cast)
    assert decide(cast, session, "email.send", parameters={"to": "bob@corp.example"})["decision"] == "ALLOW"
    ActivePolicy.objects.all().delete()
    with pytest.raises(ProblemError) as problem:
        decide(cast, session, "email.send", parameters={"to": "bob@corp.example"})
    assert (problem.value.code, problem.value.status) == ("no_policy", 503)


def test_a_stored_text_that_is_not_what_its_hash_says_decides_nothing(cast: Cast) -> None:
    version = publish_policy(text=ONE, source="mine.yaml", actor=None)
    session = begin_session(cast)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE decisions_policyversion DISABLE TRIGGER aarm_row_guard")
        cursor.execute("UPDATE decisions_policyversion SET text = %s WHERE id = %s", [EMPTY, version.pk])
    policy_of.cache_clear()
    with pytest.raises(ProblemError) as problem:
        decide(cast, session, "x.y", parameters={})
    assert (problem.value.code, problem.value.status) == ("no_policy", 503)


@pytest.mark.case("POL-18")
def test_an_earlier_version_comes_back_the_way_that_every_version_goes(cast: Cast) -> None:
    first, second = (publish_policy(text=text, source="mine.yaml", actor=cast.peggy) for text in (ONE, TWO))
    again = submit_policy(files_of(first), actor=cast.peggy)
    assert isinstance(again, PolicyVersion)
    assert (again.digest, again.text) == (first.digest, first.text)
    assert again.pk not in (first.pk, second.pk)
    assert ActivePolicy.objects.get().version_id == again.pk
    receipts = Receipt.objects.filter(type="policy_published").order_by("-position")
    assert json.loads(bytes(receipts[0].body))["body"]["policy"]["row"] == again.pk


@pytest.fixture
def four_eyes(settings: Any, cast: Cast) -> Cast:
    settings.AARM_POLICY_FOUR_EYES = True
    return cast


@pytest.mark.case("POL-18", "POL-19")
def test_with_four_eyes_what_one_person_proposes_another_publishes(four_eyes: Cast) -> None:
    before = ActivePolicy.objects.get().version_id
    proposal = submit_policy(files(ONE), actor=four_eyes.peggy)
    assert isinstance(proposal, PolicyProposal)
    assert ActivePolicy.objects.get().version_id == before, "Nothing holds that one person alone has said."
    version = approve_proposal(proposal.pk, actor=four_eyes.trent)
    assert (version.text, version.digest) == (proposal.text, proposal.digest)
    assert (version.proposal, version.published_by) == (proposal, four_eyes.trent)
    receipts = Receipt.objects.filter(stream="system/policy").order_by("-position")[:2]
    published, proposed = (json.loads(bytes(receipt.body))["body"] for receipt in receipts)
    assert proposed["administration"] == {"what": "policy_proposed", "proposal": proposal.pk}
    assert proposed["actor"]["person"] == published["actor"]["author"] == four_eyes.peggy.person_id
    assert published["actor"]["person"] == four_eyes.trent.person_id


@pytest.mark.case("POL-19")
def test_nobody_approves_what_is_their_own(four_eyes: Cast) -> None:
    proposal = propose_policy(files(ONE), author=four_eyes.peggy)
    # The same person under another account, by the address.
    twin = make_person("peggy2", roles=(), email="PEGGY@corp.example")
    for person in (four_eyes.peggy, twin):
        with pytest.raises(ProblemError) as problem:
            approve_proposal(proposal.pk, actor=person)
        assert problem.value.code == "own_proposal"
    assert approve_proposal(proposal.pk, actor=four_eyes.trent).digest == proposal.digest


@pytest.mark.case("POL-19")
def test_a_proposal_that_nobody_else_could_approve_is_refused(four_eyes: Cast) -> None:
    for author in (None, four_eyes.peggy):
        if author is not None:
            four_eyes.trent.is_active = False
            four_eyes.trent.save()
        with pytest.raises(ProblemError) as problem:
            propose_policy(files(ONE), author=author)
        assert problem.value.code == "no_second_person"
    assert PolicyProposal.objects.count() == 0


def test_a_proposal_falls_with_the_policy_that_it_was_compared_with(four_eyes: Cast) -> None:
    one, two = (propose_policy(files(text), author=four_eyes.peggy) for text in (ONE, TWO))
    approve_proposal(one.pk, actor=four_eyes.trent)
    for proposal, code in ((two, "proposal_outdated"), (one, "already_resolved")):
        with pytest.raises(ProblemError) as problem:
            approve_proposal(proposal.pk, actor=four_eyes.trent)
        assert problem.value.code == code
    assert PolicyVersion.objects.filter(policy_id="mine").count() == 1


def test_what_is_not_in_order_cannot_be_proposed(four_eyes: Cast) -> None:
    with pytest.raises(ProblemError) as problem:
        propose_policy(files(BROKEN), author=four_eyes.peggy)
    assert (problem.value.code, PolicyProposal.objects.count()) == ("invalid_policy", 0)
