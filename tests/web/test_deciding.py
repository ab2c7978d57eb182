"""The two plain forms: what they record, what they refuse, and that nothing written into them is lost."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from django.test import Client

from approvals.forms import MAX_WORDS
from approvals.lifecycle.quorum import Verdict
from approvals.lifecycle.states import State
from approvals.models import ApprovalRequest, Vote
from decisions.models import Credential
from receipts.selectors import opened_values
from tests.factories import (
    ALICE,
    MAIL,
    SECURITY,
    Cast,
    StepUp,
    confirmation,
    make_person,
    open_deletion,
    open_step_up,
    vote,
)
from tests.web.reading import Element, ballot, read, signed_in


def state_of(step: StepUp) -> str:
    return ApprovalRequest.objects.get(pk=step.approval.pk).state


def fields(form: Element) -> dict[str, str]:
    """What a browser would send if nothing were written."""
    inputs = [item.attributes for item in form.tagged("input") if item.attributes["type"] == "hidden"]
    return {item["name"]: item["value"] for item in inputs}


def forms(page: Element) -> dict[str, Element]:
    return {form.attributes["aria-label"]: form for form in page.by_id("decision").tagged("form")}


def send(client: Client, form: Element, **words: str) -> Element:
    """Presses the form's button and follows to the page that says what came of it. The target is typed if asked for."""
    asked = form.all(lambda item: item.attributes.get("id") == "confirm-target")
    typed = {"confirm_target": str(MAIL["to"])} if asked else {}
    reply = client.post(form.attributes["action"], fields(form) | typed | words)
    assert reply.status_code == 303, reply.content.decode()
    page, _, fragment = reply.headers["Location"].partition("#")
    assert fragment == "decision"
    return read(client.get(page))


def test_approving_by_the_pages_own_form_approves(cast: Cast, bob: Client) -> None:
    step = open_step_up(cast)
    page = send(bob, forms(read(bob.get(step.path)))["Approve"], reason="Alice told me.")
    assert state_of(step) == State.APPROVED
    assert "by bob" in page.by_id("outcome").text
    (cast_vote,) = Vote.objects.all()
    assert (cast_vote.person, cast_vote.verdict, cast_vote.surface) == (cast.bob, "approve", "web")
    assert opened_values(cast_vote.words)["reason"] == "Alice told me."


def test_denying_by_the_pages_own_form_denies_and_keeps_both_texts(cast: Cast, bob: Client) -> None:
    step = open_step_up(cast)
    form = forms(read(bob.get(step.path)))["Deny"]
    send(bob, form, preset="wrong_target", reason="Ana left.", private_note="Third time.")
    assert state_of(step) == State.DENIED
    words = opened_values(Vote.objects.get().words)
    assert words == {"reason": "Wrong target: Ana left.", "private_note": "Third time."}


def test_denying_needs_no_reason(cast: Cast, bob: Client) -> None:
    step = open_step_up(cast)
    send(bob, forms(read(bob.get(step.path)))["Deny"])
    assert opened_values(Vote.objects.get().words) == {"reason": "", "private_note": ""}


def test_the_first_of_two_approvals_says_that_another_is_needed(cast: Cast, bob: Client) -> None:
    step = open_deletion(cast)
    given = confirmation(step.approval, cast.bob)
    sent = given | {"assertion": json.dumps(given["assertion"])}
    page = send(bob, forms(read(bob.get(step.path)))["Approve"], **sent)
    assert state_of(step) == State.PENDING
    assert "1 of 2 approvals" in page.by_id("decision").text
    assert "You have already voted." in page.by_id("decision").text
    assert "signed with a passkey" in page.by_id("decision").text


@pytest.mark.case("CHN-29")
def test_without_a_passkey_the_page_offers_to_add_one_and_still_denies(cast: Cast, bob: Client) -> None:
    step = open_deletion(cast)
    page = read(bob.get(step.path))
    assert list(forms(page)) == ["Deny", "Assign", "Extend", "Ask", "Look"]
    assert "takes a passkey, and you have none" in page.by_id("approve").text
    assert page.by_id("approve").tagged("a")[0].attributes["href"] == "/accounts/passkeys/add/"
    assert bob.post(f"{step.path}/approve", ballot(step.approval)).status_code == 403
    assert Vote.objects.count() == 0
    send(bob, forms(page)["Deny"])
    assert state_of(step) == State.DENIED


def test_another_target_than_the_actions_is_refused_and_stays_to_be_corrected(cast: Cast, bob: Client) -> None:
    step = open_step_up(cast)
    for typed in ("", "ana@partnor.example"):
        reply = bob.post(f"{step.path}/approve", ballot(step.approval, confirm_target=typed, reason="Fine."))
        page = read(reply)
        assert (reply.status_code, Vote.objects.count()) == (403, 0)
        assert "target of this action" in page.of_class("banner--bad")[0].text
        assert page.by_id("confirm-target").attributes["value"] == typed
        assert page.by_id("approve-reason").raw_text.strip() == "Fine."
    assert bob.post(f"{step.path}/approve", ballot(step.approval)).status_code == 303


@pytest.mark.case("APR-32")
def test_a_form_of_another_view_is_refused_and_keeps_what_was_written(cast: Cast, bob: Client) -> None:
    step = open_step_up(cast)
    stale = ballot(step.approval, reason="Looked fine.") | {"view_digest": "sha256:" + "0" * 64}
    reply = bob.post(f"{step.path}/approve", stale)
    page = read(reply)
    assert reply.status_code == 409
    assert "Changed while you were reading" in page.text
    assert page.by_id("approve-reason").raw_text.strip() == "Looked fine."
    assert page.by_id("deny-reason").raw_text.strip() == ""
    assert (state_of(step), Vote.objects.count()) == (State.PENDING, 0)
    # The control: the same words with what the page now carries are a vote.
    send(bob, forms(page)["Approve"], reason="Looked fine.")
    assert state_of(step) == State.APPROVED


@pytest.mark.case("APR-32")
def test_a_form_of_another_version_is_refused(cast: Cast, bob: Client) -> None:
    step = open_step_up(cast)
    later = ballot(step.approval, reason="Never", preset="other", private_note="x") | {"version": "2"}
    reply = bob.post(f"{step.path}/deny", later)
    page = read(reply)
    assert (reply.status_code, state_of(step)) == (409, State.PENDING)
    assert "open" in page.by_id("deny").attributes
    (chosen,) = [
        item.attributes["value"] for item in page.by_id("deny").tagged("input") if "checked" in item.attributes
    ]
    assert chosen == "other"
    assert page.by_id("deny-reason").raw_text.strip() == "Never"
    assert page.by_id("deny-note").raw_text.strip() == "x"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("view_digest", ""),
        ("view_digest", "sha256:xyz"),
        ("version", ""),
        ("version", "0"),
        ("version", "one"),
        ("reason", "x" * (MAX_WORDS + 1)),
        ("reason", "a\x00b"),
    ],
)
@pytest.mark.parametrize("way", ["approve", "deny"])
def test_a_form_that_is_not_ours_is_refused(cast: Cast, bob: Client, way: str, field: str, value: str) -> None:
    step = open_step_up(cast)
    reply = bob.post(f"{step.path}/{way}", ballot(step.approval) | {field: value})
    assert reply.status_code == 400
    assert field in read(reply).of_class("banner--bad")[0].text
    assert (state_of(step), Vote.objects.count()) == (State.PENDING, 0)
    assert bob.post(f"{step.path}/{way}", ballot(step.approval)).status_code == 303


@pytest.mark.parametrize("preset", ["nonsense", "Wrong target"])
def test_a_reason_that_is_not_on_the_list_is_refused(cast: Cast, bob: Client, preset: str) -> None:
    step = open_step_up(cast)
    assert bob.post(f"{step.path}/deny", ballot(step.approval, preset=preset)).status_code == 400
    assert Vote.objects.count() == 0


@pytest.mark.case("DEC-23")
def test_without_the_pages_token_nothing_is_recorded(cast: Cast) -> None:
    client = signed_in(cast.bob, enforce_csrf_checks=True)
    step = open_step_up(cast)
    form = forms(read(client.get(step.path)))["Approve"]
    without = {name: value for name, value in fields(form).items() if name != "csrfmiddlewaretoken"}
    refused = client.post(form.attributes["action"], without)
    assert refused.status_code == 403
    assert "Reload the page" in read(refused).text or "page is older" in read(refused).text
    assert Vote.objects.count() == 0
    foreign = client.post(form.attributes["action"], fields(form), headers={"Origin": "https://evil.example"})
    assert foreign.status_code == 403
    assert Vote.objects.count() == 0
    whole = fields(form) | {"confirm_target": str(MAIL["to"])}
    assert client.post(form.attributes["action"], whole).status_code == 303
    assert Vote.objects.count() == 1


@pytest.mark.case("APR-07")
def test_who_asked_cannot_approve_by_the_page(cast: Cast) -> None:
    alice = signed_in(make_person("alice", teams=(SECURITY,), email=ALICE))
    step = open_step_up(cast)
    page = read(alice.get(step.path))
    assert "You cannot decide: you are the requester." in page.by_id("decision").text
    reply = alice.post(f"{step.path}/approve", ballot(step.approval, reason="Mine."))
    assert reply.status_code == 403
    assert "You wrote: Mine." in read(reply).text
    assert (state_of(step), Vote.objects.count()) == (State.PENDING, 0)
    assert signed_in(cast.bob).post(f"{step.path}/approve", ballot(step.approval)).status_code == 303


@pytest.mark.case("APR-06")
def test_another_teams_request_is_not_found_by_any_of_its_addresses(cast: Cast) -> None:
    mallory, step = signed_in(cast.mallory), open_step_up(cast)
    absent = "/a/apr_00000000000000000000000000"
    for path in (step.path, absent):
        assert mallory.get(path).status_code == 404
        assert mallory.post(f"{path}/approve", ballot(step.approval)).status_code == 404
        assert mallory.post(f"{path}/deny", ballot(step.approval)).status_code == 404
    assert read(mallory.get(step.path)).text == read(mallory.get(absent)).text
    assert Vote.objects.count() == 0


def test_an_auditor_reads_and_does_not_decide(cast: Cast, victor: Client) -> None:
    step = open_step_up(cast)
    assert victor.get(step.path).status_code == 200
    assert victor.post(f"{step.path}/approve", ballot(step.approval)).status_code == 403
    assert Vote.objects.count() == 0


@pytest.mark.case("APR-14")
def test_a_role_that_was_lost_since_the_page_was_loaded_is_lost(cast: Cast, bob: Client) -> None:
    step = open_step_up(cast)
    form = forms(read(bob.get(step.path)))["Approve"]
    cast.bob.groups.remove(*cast.bob.groups.filter(name="reviewer"))
    assert bob.post(form.attributes["action"], fields(form)).status_code == 403
    assert Vote.objects.count() == 0


def test_a_second_decision_is_told_what_the_first_one_was(cast: Cast, bob: Client) -> None:
    step = open_step_up(cast)
    vote(step, cast.carol, verdict=Verdict.DENY)
    reply = bob.post(f"{step.path}/approve", ballot(step.approval, reason="Fine by me."))
    page = read(reply)
    assert reply.status_code == 409
    assert "This request is denied." in page.of_class("banner--bad")[0].text
    assert "You wrote: Fine by me." in page.text
    assert "by carol." in page.by_id("outcome").text
    assert state_of(step) == State.DENIED


@pytest.mark.case("APR-28")
def test_a_decision_after_the_deadline_is_refused_with_the_sweeper_dead(
    cast: Cast, bob: Client, move_clock: Callable[[float], None]
) -> None:
    step = open_step_up(cast)
    form = forms(read(bob.get(step.path)))["Approve"]
    move_clock(3601)
    reply = bob.post(form.attributes["action"], fields(form))
    assert reply.status_code == 409
    assert "This request is expired." in read(reply).text
    assert (state_of(step), Vote.objects.count()) == (State.EXPIRED, 0)


def test_an_identity_that_no_longer_holds_can_be_denied_and_not_approved(cast: Cast, bob: Client) -> None:
    step = open_step_up(cast)
    Credential.objects.filter(agent_id=cast.agent.id).update(revoked_at=step.approval.opened_at)
    reply = bob.post(f"{step.path}/approve", ballot(step.approval))
    assert reply.status_code == 409
    assert "The key that asked was revoked or has expired." in read(reply).text
    assert bob.post(f"{step.path}/deny", ballot(step.approval)).status_code == 303


@pytest.mark.parametrize("method", ["get", "head", "put", "delete", "patch"])
def test_only_a_post_decides(cast: Cast, bob: Client, method: str) -> None:
    step = open_step_up(cast)
    for way in ("approve", "deny"):
        assert getattr(bob, method)(f"{step.path}/{way}", ballot(step.approval)).status_code == 405
    assert Vote.objects.count() == 0
