"""Erasing a person: the values are gone from the database, and everything that was signed still verifies."""

from __future__ import annotations

import io
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount
from django.conf import LazySettings
from django.contrib.admin.models import ADDITION, LogEntry
from django.core.management import CommandError, call_command

from approvals.models import User
from approvals.selectors import shown_to, waiting_for
from approvals.selectors.requests import approval_answer
from decisions.models import Human, Pause, Scope, Session
from decisions.services.pauses import pause_actions, target_named
from decisions.services.policies import publish_policy
from receipts.master_keys import master_keys
from receipts.models import LegalHold, Payload, Receipt, SubjectKey
from receipts.pages import ids_in, sections_of
from receipts.pages.bodies import value_at
from receipts.ports import names_of
from receipts.problems import ProblemError
from receipts.sealing import SealingError
from receipts.selectors import check_receipt, disclosure_of, opened_values, published_jwks, signed_form
from receipts.selectors.accounting import accounts
from receipts.selectors.subject_keys import forget_keys
from receipts.services.erasure import Actor, Ground, erase_subject, place_hold, release_hold
from receipts.services.retention import end_retention
from receipts.services.saved import save_view
from receipts.services.sealing import month_of, rotate_master_key
from receipts.services.subject_export import export_subject
from receipts.signing.canonical import load_strict
from receipts.signing.statement import parse_statement
from tests.factories import Cast, begin_session, decide, make_agent, make_cast, make_person, open_step_up, vote
from tests.privacy.people import Told, payloads_of, tables_with, tell
from tests.verifiers.python import python_verdict
from tests.verifiers.questions import Question

NAMING = """
policy: {{id: naming, version: "1"}}
rules:
  - {{id: asks, match: any, action: STEP_UP, hold: 0, timeout: 1h, approvers: ["user:{name}"],
      escalation: [{{after: 10m, to: ["user:{name}", security-team]}}]}}
"""
ALICE, CHARLIE, REVIEWER = "alicecanary7391", "charliecanary5520", "bobcanary8812"


@pytest.fixture
def cast(db: None) -> Cast:
    return make_cast()


def erase(told: Told) -> Receipt:
    return erase_subject(told.subject, actor=Actor(login="operator"), ground=Ground.CONSENT_WITHDRAWN)


def said_by(receipt: Receipt) -> dict[str, Any]:
    document: Any = load_strict(bytes(receipt.body))
    found: dict[str, Any] = document["body"]["privacy"]
    return found


def chain_of(told: Told) -> Question:
    receipts = Receipt.objects.filter(stream=f"session/{told.session}").order_by("position")
    lines = "\n".join(json.dumps(signed_form(receipt)) for receipt in receipts)
    return Question(file=lines.encode(), keys=json.dumps(published_jwks()).encode())


@pytest.mark.case("PRV-02")
def test_an_erased_person_is_in_no_table_and_the_other_one_still_is(cast: Cast, tmp_path: Path) -> None:
    alice, charlie = tell(cast, ALICE), tell(cast, CHARLIE)
    # The control: these tables repeat values in the clear, and the search finds them.
    before = tables_with(ALICE)
    assert {"decisions_human", "decisions_session", "decisions_idempotentanswer"} <= set(before)
    assert {"approvals_stander", "decisions_pause", "django_admin_log"} <= set(before)
    assert "receipts_payload" not in before, "values are sealed"
    assert opened_values(Session.objects.get(pk=alice.session).request) == {"text": f"Write to {ALICE}."}
    erase(alice)
    assert tables_with(ALICE) == []
    assert set(tables_with(CHARLIE)) == set(before)
    assert not Pause.objects.filter(session=alice.session).exclude(reason="").exists()
    assert all(row.content is None and row.erased_at for row in payloads_of(alice))
    assert all(opened_values(row) for row in payloads_of(charlie))
    assert python_verdict(chain_of(alice), folder=tmp_path) == (0, None)
    assert [check.sentence for row in Receipt.objects.all() for check in check_receipt(row) if not check.is_good] == []
    assert [account.noun for account in accounts() if not account.is_even] == []


@pytest.mark.case("PRV-02")
def test_a_reviewer_keeps_the_name_while_the_account_is_open_and_loses_it_with_the_next_erasure(cast: Cast) -> None:
    tell(cast, ALICE)
    names = {"username": REVIEWER, "email": f"{REVIEWER}@corp.example", "first_name": "Robert", "last_name": "Jones"}
    User.objects.filter(pk=cast.bob.pk).update(**names)
    EmailAddress.objects.create(user=cast.bob, email=f"{REVIEWER}@corp.example")
    SocialAccount.objects.create(user=cast.bob, provider="idp", uid="1", extra_data={"name": REVIEWER})
    log = LogEntry.objects.create(user=cast.victor, object_repr=REVIEWER, action_flag=ADDITION)
    said = io.StringIO()
    words = ["privacy", "erase", "--yes", "--ground", "no_longer_necessary", cast.bob.person_id]
    call_command(*words, stdout=said)
    assert "Deactivate it, and erase again." in said.getvalue()
    assert {"approvals_user", "account_emailaddress", "socialaccount_socialaccount"} == set(tables_with(REVIEWER))
    User.objects.filter(pk=cast.bob.pk).update(is_active=False)
    # Somebody else's words, which are found by a name that the same erasure takes away, by whichever of them.
    for number, name in enumerate((REVIEWER, "Robert Jones", "robert")):
        target = target_named(Scope.AGENT, name=make_agent(f"agent-{number}")[0].name)
        pause_actions(target, reason=f"{name} is away.", actor=cast.trent)
    save_view(cast.victor, name="his", question=f"{REVIEWER} since:7d", team_id=None)
    assert {"decisions_pause", "receipts_savedview"} <= set(tables_with(REVIEWER))
    said = io.StringIO()
    call_command(*words, stdout=said)
    assert "Deactivate" not in said.getvalue()
    assert tables_with(REVIEWER) == tables_with("Robert Jones") == []
    assert not Pause.objects.exclude(reason="").exists()
    erased = User.objects.get(pk=cast.bob.pk)
    assert (erased.person_id, erased.has_usable_password()) == (cast.bob.person_id, False)
    assert LogEntry.objects.get(pk=log.pk).user_id == cast.victor.pk
    assert said_by(Receipt.objects.filter(stream="system/privacy").latest("position"))["rows"]["accounts"] == 1
    with pytest.raises(CommandError, match="No such subject"):
        call_command(*words)


@pytest.mark.case("PRV-02")
def test_an_account_that_a_policy_names_is_in_requests_and_votes_by_its_id_alone(cast: Cast) -> None:
    User.objects.filter(pk=cast.bob.pk).update(username=REVIEWER)
    publish_policy(text=NAMING.format(name=REVIEWER), source="naming.yaml", actor=None)
    named = set(tables_with(REVIEWER))
    step = open_step_up(cast, name="x.y")
    # Who is called like somebody's id isn't that somebody.
    impostor = make_person(cast.bob.person_id)
    with pytest.raises(ProblemError, match="not one of the reviewers"):
        vote(step, impostor)
    assert vote(step, cast.bob).state == "APPROVED"
    assert set(tables_with(REVIEWER)) == named == {"approvals_user", "decisions_policyversion"}
    receipt = Receipt.objects.get(type="vote")
    party = f"user:{cast.bob.person_id}"
    body = parse_statement(bytes(receipt.body)).body
    assert value_at(body, "vote.groups") == [party]
    # People read the name, for as long as there is one.
    shown = approval_answer(shown_to(cast.bob, step.approval))
    assert shown["quorum"]["stages"][0]["group"] == f"user:{REVIEWER}"
    facts = [fact for section in sections_of(body, names=names_of(ids_in(body))) for fact in section.rows]
    assert f"{REVIEWER} ({party})" in [fact.value for fact in facts if fact.term == "As a member of"]
    User.objects.filter(pk=cast.bob.pk).update(is_active=False)
    erase_subject(cast.bob.person_id, actor=Actor(login="operator"), ground=Ground.OBJECTION)
    assert tables_with(REVIEWER) == ["decisions_policyversion"], "what authors name in a policy stays in it"
    again = approval_answer(shown_to(cast.carol, step.approval))
    assert again["quorum"]["stages"][0]["group"] == party


def test_an_erasure_leaves_a_receipt_that_says_what_was_asked_and_nothing_of_the_values(cast: Cast) -> None:
    alice = tell(cast, ALICE)
    count = len(payloads_of(alice))
    receipt = erase(alice)
    said = said_by(receipt)
    assert (said["what"], said["subject"], said["ground"]) == ("erasure", alice.subject, "consent_withdrawn")
    assert (said["rows"]["payloads"], said["rows"]["keys"], said["rows"]["humans"]) == (count, 1, 1)
    assert b"operator" not in bytes(receipt.body)
    with pytest.raises(ProblemError, match="No such subject"):
        erase(alice)


def test_an_action_whose_values_were_erased_is_not_carried_out(cast: Cast) -> None:
    alice = tell(cast, ALICE)
    allowed = decide(cast, alice.session, "email.send", parameters={"to": "bob@corp.example"}, key="again")
    assert allowed["decision"] == "ALLOW"
    erase(alice)
    with pytest.raises(ProblemError) as caught:
        decide(cast, alice.session, "email.send", parameters={"to": "bob@corp.example"}, key="again")
    assert (caught.value.status, caught.value.code) == (410, "erased")


def test_who_comes_again_after_an_erasure_is_somebody_new(cast: Cast) -> None:
    alice = tell(cast, ALICE)
    erase(alice)
    session = begin_session(cast, human=f"{ALICE}@corp.example")
    assert Session.objects.get(pk=session).human_id != alice.subject
    assert Human.objects.get(pk=alice.subject).identifier == f"erased:{alice.subject}"


@pytest.mark.case("PRV-02")
@pytest.mark.parametrize("state", ["PENDING", "HELD", "APPROVED"])
def test_what_waits_for_a_person_s_action_is_withdrawn_with_them(cast: Cast, state: str) -> None:
    approvers = "{group: security-team, count: 2}" if state == "PENDING" else "security-team"
    hold = 30 if state == "HELD" else 0
    text = f"""
policy: {{id: waits, version: "1"}}
rules: [{{id: asks, match: any, action: STEP_UP, hold: {hold}, timeout: 1h, approvers: [{approvers}]}}]
"""
    publish_policy(text=text, source="waits.yaml", actor=None)
    step = open_step_up(cast, name="x.y", human=f"{ALICE}@corp.example")
    assert vote(step, cast.bob).state == state
    subject = Session.objects.get(pk=step.approval.stream.partition("/")[2]).human_id or ""
    erase_subject(subject, actor=Actor(login="operator"), ground=Ground.OBJECTION)
    step.approval.refresh_from_db()
    assert step.approval.resolution == "erased"
    assert step.approval.state == ("REVOKED" if state == "APPROVED" else "CANCELLED")
    said = parse_statement(bytes(Receipt.objects.filter(type="approval_terminal").latest("position").body)).body
    assert said["outcome"] == {"status": step.approval.state, "why": "erased"}
    assert not waiting_for(cast.carol).exists()
    assert tables_with(ALICE) == []


@pytest.mark.case("PRV-02")
def test_an_open_session_ends_with_its_person_and_collects_nothing_more(cast: Cast) -> None:
    alice = tell(cast, ALICE)
    erase(alice)
    assert Session.objects.get(pk=alice.session).ended_by == "erasure"
    assert Receipt.objects.filter(type="session_ended", stream=f"session/{alice.session}").count() == 1
    with pytest.raises(ProblemError) as caught:
        decide(cast, alice.session, "email.send", parameters={"to": f"{ALICE}@corp.example"}, key="later")
    assert caught.value.code == "session_ended"
    assert not SubjectKey.objects.filter(subject=alice.subject).exists()
    assert tables_with(ALICE) == []


def test_what_a_process_seals_with_a_destroyed_key_is_erased_too(cast: Cast) -> None:
    alice = tell(cast, ALICE)
    row = payloads_of(alice)[0]
    assert opened_values(row)
    SubjectKey.objects.filter(pk=row.key_id).delete()
    forget_keys()
    row.refresh_from_db()
    assert row.content is not None
    assert opened_values(row) == {}
    assert disclosure_of(row, commitments=["/text"]) == {"/text": None}


def test_sealed_values_open_in_their_own_row_only(cast: Cast) -> None:
    alice = tell(cast, ALICE)
    one, other = payloads_of(alice)[:2]
    one.content = other.content
    with pytest.raises(SealingError):
        opened_values(one)


def test_a_lost_master_key_allows_nothing(cast: Cast, settings: LazySettings, tmp_path: Path) -> None:
    session = begin_session(cast)
    forget_keys()
    settings.AARM_PAYLOAD_KEY_PATH = tmp_path / "nowhere"
    with pytest.raises(ProblemError) as caught:
        decide(cast, session, "email.send", parameters={"to": "bob@corp.example"})
    assert (caught.value.status, caught.value.code) == (503, "payload_key_unavailable")
    assert not (tmp_path / "nowhere").exists(), "a new key would hide the loss of the old one"


def test_a_new_master_key_wraps_all_keys_and_the_old_one_goes_with_the_next(
    cast: Cast, settings: LazySettings, tmp_path: Path
) -> None:
    SubjectKey.objects.all().delete()
    settings.AARM_PAYLOAD_KEY_PATH = tmp_path / "keys"
    forget_keys()
    alice = tell(cast, ALICE)
    (first,) = master_keys()
    assert rotate_master_key() == SubjectKey.objects.count() > 0
    second = next(iter(master_keys()))
    assert list(master_keys()) == [second, first]
    assert set(SubjectKey.objects.values_list("master_id", flat=True)) == {second}
    forget_keys()
    assert all(opened_values(row) for row in payloads_of(alice))
    rotate_master_key()
    assert first not in master_keys()
    forget_keys()
    assert all(opened_values(row) for row in payloads_of(alice))


@pytest.mark.case("PRV-03")
def test_a_legal_hold_beats_erasure_and_retention_and_each_leaves_a_receipt(cast: Cast) -> None:
    alice, charlie = tell(cast, ALICE), tell(cast, CHARLIE)
    place_hold(alice.subject, actor=Actor(login="operator"), reason="A claim is pending.")
    with pytest.raises(ProblemError) as caught:
        erase(alice)
    assert caught.value.code == "legal_hold"
    # Everything is of this month, so the end of retention is that of a month to come.
    end_retention("9999-01", actor=Actor(login="operator"))
    assert all(opened_values(row) for row in payloads_of(alice))
    assert not any(opened_values(row) for row in payloads_of(charlie))
    release_hold(alice.subject, actor=Actor(login="operator"), reason="Settled.")
    erase(alice)
    assert not any(opened_values(row) for row in payloads_of(alice))
    stream = Receipt.objects.filter(stream="system/privacy").order_by("position")
    said = [said_by(row)["what"] for row in stream]
    assert said == ["hold_placed", "erasure", "hold_released", "erasure"]


def test_retention_ends_month_by_month_and_a_hold_on_everybody_stops_it(cast: Cast) -> None:
    alice = tell(cast, ALICE)
    month = month_of(payloads_of(alice)[0].created_at)
    end_retention(month, actor=Actor(login="operator"))
    assert all(opened_values(row) for row in payloads_of(alice))
    place_hold("", actor=Actor(login="operator"), reason="An inquiry.")
    with pytest.raises(ProblemError, match="legal hold"):
        end_retention("9999-01", actor=Actor(login="operator"))
    with pytest.raises(ProblemError, match="legal hold"):
        erase(alice)


def test_a_person_is_handed_all_of_their_values_and_that_is_on_record(cast: Cast) -> None:
    alice, charlie = tell(cast, ALICE), tell(cast, CHARLIE)
    handed = b"".join(export_subject(alice.subject, actor=Actor(login="operator")))
    who, *lines = handed.splitlines()
    assert json.loads(who) == {"kind": "subject", "subject": alice.subject, "known_as": f"{ALICE}@corp.example"}
    told = [json.loads(line) for line in lines]
    kinds = Counter(line["kind"] for line in told)
    assert kinds["values"] == len(payloads_of(alice))
    sessions = Session.objects.filter(human=alice.subject)
    assert kinds["session"] == sessions.count() > 0
    named = Receipt.objects.filter(human_id=alice.subject)
    assert {row.pk for row in named} <= {line["id"] for line in told if line["kind"] == "receipt"}
    # Nobody else is in it, not even by id.
    others = {cast.bob.person_id, cast.carol.person_id, cast.victor.person_id, charlie.subject}
    assert [other for other in others if other.encode() in handed] == []
    assert handed.count(ALICE.encode()) > 4
    assert CHARLIE.encode() not in handed
    record = Receipt.objects.filter(type="disclosure").latest("position")
    assert alice.subject.encode() in bytes(record.body)
    erase(charlie)
    assert b"".join(export_subject(charlie.subject, actor=Actor(login="operator"))).count(b'"values":null') > 4


def test_a_reviewer_is_handed_their_account_and_votes_and_nobody_elses(cast: Cast) -> None:
    step = open_step_up(cast)
    vote(step, cast.bob)
    save_view(cast.bob, name="Mine", question="tool:email", team_id=None)
    handed = b"".join(export_subject(cast.bob.person_id, actor=Actor(login="operator")))
    told = [json.loads(line) for line in handed.splitlines()]
    of_kind = {
        kind: [line for line in told if line["kind"] == kind] for kind in ("account", "vote", "asked", "receipt")
    }
    assert [line["username"] for line in of_kind["account"]] == [cast.bob.username]
    assert [(line["request"], line["verdict"]) for line in of_kind["vote"]] == [(step.approval.pk, "approve")]
    assert [line["request"] for line in of_kind["asked"]] == [step.approval.pk]
    assert ("vote", ["approver"]) in [(line["type"], line["named_as"][:1]) for line in of_kind["receipt"]]
    assert [line["question"] for line in told if line["kind"] == "saved_view"] == ["tool:email"]
    assert cast.carol.person_id.encode() not in handed
    assert b"password" not in handed


def test_the_command_erases_only_after_the_id_was_typed(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    alice = tell(cast, ALICE)
    given = ("privacy", "erase", "--ground", "objection", alice.subject)
    monkeypatch.setattr("sys.stdin", io.StringIO("yes\n"))
    with pytest.raises(CommandError, match="Nothing was changed"):
        call_command(*given)
    assert tables_with(ALICE) != []
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{alice.subject}\n"))
    call_command(*given)
    assert tables_with(ALICE) == []


def test_holds_are_placed_listed_and_released_by_command(cast: Cast, tmp_path: Path) -> None:
    alice, out = tell(cast, ALICE), io.StringIO()
    call_command("privacy", "hold", alice.subject, "--reason", "A claim.")
    call_command("privacy", "holds", stdout=out)
    assert out.getvalue().startswith(f"{alice.subject} since ")
    with pytest.raises(CommandError, match="legal hold"):
        call_command("privacy", "erase", "--ground", "objection", "--yes", alice.subject)
    call_command("privacy", "release", alice.subject, "--reason", "Over.")
    assert not LegalHold.objects.filter(released_at=None).exists()
    call_command("privacy", "export", str(tmp_path / "values.jsonl"), alice.subject)
    assert ALICE in (tmp_path / "values.jsonl").read_text()
    call_command("privacy", "retain", "--before", "9999-01", "--yes")
    assert not Payload.objects.filter(subject=alice.subject, erased_at=None).exists()
