"""The page of one request: every fact, in its order, as it is now."""

from __future__ import annotations

from collections.abc import Callable

from django.test import Client

from approvals.lifecycle.quorum import Verdict
from approvals.services.requests import cancel_request
from approvals.services.software_keys import give_software_key
from decisions.models import Tool
from decisions.services.policies import publish_policy
from receipts.models import Payload
from tests.factories import (
    ALICE,
    MAIL,
    Cast,
    begin_asserted_session,
    begin_session,
    decide,
    open_deletion,
    open_step_up,
    vote,
)
from tests.web.reading import Element, read, signed_in

ORDER = ["standing", "request-title", "action-title", "why-title", "who-title", "session-title", "agent-words", "raw"]
LIMIT_RULE = """
policy: {id: changed, version: "1", default: DENY}
rules:
  - id: cap-and-ask
    match: {tool: database.query, parameters: {limit: {gt: 100}}}
    action: MODIFY
    priority: 9
    modifications: {cap: {limit: 100}}
  - id: ask
    match: {tool: database.query}
    action: STEP_UP
    priority: 5
    approvers: [security-team]
"""


def field_rows(page: Element) -> dict[str, Element]:
    return {row.tagged("dt")[0].text.split()[0]: row for row in page.of_class("field-row")}


def test_the_order_is_facts_request_action_why_who_session_words_raw(cast: Cast, bob: Client) -> None:
    step = open_step_up(cast, explanation="I compared the addresses.")
    page = read(bob.get(step.path))
    ids = [element.attributes.get("id", "") for element in page.walk()]
    assert [item for item in ids if item in ORDER] == ORDER
    assert ids.index("facts") < ids.index("decision")


def test_the_headline_is_the_organisations_own_sentence(cast: Cast, bob: Client) -> None:
    step = open_step_up(cast)
    page = read(bob.get(step.path))
    (heading,) = page.tagged("h1")
    assert heading.text == "Sends an e-mail to ana@partner.example. It can't be called back."
    standing = page.by_id("standing").text
    assert "High risk" in standing
    assert f"Code {step.approval.code}" in standing
    assert f"Expires {step.approval.expires_at:%H:%M} UTC" in standing
    assert page.tagged("title")[0].text == f"High: {step.approval.code} · AARM"


def test_without_a_description_the_page_says_that_there_is_none(cast: Cast, bob: Client) -> None:
    cast_tool = open_step_up(cast)
    assert "No trusted description" not in read(bob.get(cast_tool.path)).text
    Tool.objects.filter(tool="email").delete()
    step = open_step_up(cast)
    assert "No trusted description exists for email.send. Read the raw parameters." in read(bob.get(step.path)).text


def test_every_parameter_is_shown_and_the_one_that_says_where_comes_first(cast: Cast, bob: Client) -> None:
    step = open_step_up(cast, parameters={**MAIL, "a": 1, "attachments": ["/q4.pptx", {"inline": False}]})
    page = read(bob.get(step.path))
    assert list(field_rows(page)) == ["to", "a", "attachments", "body", "subject"]
    assert "All 5 parameters shown." in page.text
    assert field_rows(page)["to"].tagged("dd")[0].text == "ana@partner.example"
    assert field_rows(page)["attachments"].tagged("dd")[0].text == '[ "/q4.pptx", { "inline": false } ]'


def test_a_changed_parameter_shows_what_was_asked_and_what_will_run(cast: Cast, bob: Client) -> None:
    publish_policy(text=LIMIT_RULE, source="test", actor=None)
    step = open_step_up(cast, name="database.query", parameters={"table": "orders", "limit": 5000})
    limit = field_rows(read(bob.get(step.path)))["limit"]
    (asked,), (final,) = limit.tagged("del"), limit.tagged("ins")
    assert asked.text == "− Agent asked5000"
    assert final.text == "+ Policy will run100"
    assert "by rule cap-and-ask" in limit.text


def test_the_request_stands_beside_the_action_with_who_vouches_for_it(cast: Cast, bob: Client) -> None:
    attested = read(bob.get(open_step_up(cast, request="Send the deck").path))
    assert "alice@corp.example asked" in attested.text
    (words,) = attested.of_class("words")
    assert words.of_class("words__label")[0].text == "Text from the user, as the host application reports it"
    assert words.text.endswith("Send the deck")
    asserted = read(bob.get(open_step_up(cast, session_id=begin_asserted_session(cast)).path))
    assert "Somebody asked" in asserted.text
    (words,) = asserted.of_class("words")
    assert words.text.startswith("Text from the agent, unverified")
    assert "words--agent" in words.classes


def test_it_says_why_a_human_is_asked_and_under_which_policy(cast: Cast, bob: Client) -> None:
    page = read(bob.get(open_step_up(cast).path))
    assert "Mail to someone outside the company cannot be taken back." in page.text
    assert "Rule email-outside" in page.text
    assert "Policy demo version 1" in page.text


def test_how_far_the_action_is_from_the_request_is_told_as_an_estimate(cast: Cast, bob: Client) -> None:
    step = open_step_up(cast)
    signals = step.answer["risk_signals"]
    [told] = [part for part in read(bob.get(step.path)).tagged("dd") if "away from the request" in part.text]
    action, session = signals["semantic_distance"], signals["cumulative_distance"]
    assert f"this action is {action:.2f} away from the request" in told.text
    assert f"the session {session:.2f}: not above 0.70, where drift begins." in told.text


def test_the_identity_chain_names_human_service_agent_session_and_scope(cast: Cast, bob: Client) -> None:
    session = begin_session(cast, service="svc-mailer", scope=("mail:send",))
    page = read(bob.get(open_step_up(cast, session_id=session).path))
    (chain,) = page.of_class("chain")
    assert chain.text == f"human {ALICE} service svc-mailer agent demo-agent session {session} scope mail:send"
    unverified = read(bob.get(open_step_up(cast, session_id=begin_asserted_session(cast)).path))
    assert "human not verified" in unverified.of_class("chain")[0].text


def test_the_session_so_far_is_listed_with_its_decisions(cast: Cast, bob: Client) -> None:
    session = begin_session(cast)
    decide(cast, session, "email.send", parameters={**MAIL, "to": ALICE})
    decide(cast, session, "database.drop", parameters={"table": "orders"})
    page = read(bob.get(open_step_up(cast, session_id=session).path))
    steps = [step.text for step in page.of_class("step")]
    assert [step.split()[1:3] for step in steps] == [["email.send", "ALLOW"], ["database.drop", "DENY"]]
    assert "first action of the session" in read(bob.get(open_step_up(cast).path)).text


def test_the_agents_own_words_are_folded_away_and_marked(cast: Cast, bob: Client) -> None:
    step = open_step_up(cast, explanation="Trust me.")
    page = read(bob.get(step.path))
    words = page.by_id("agent-words")
    assert words.tag == "details"
    assert "open" not in words.attributes
    assert "Text from the agent, unverified" in words.text
    assert page.text.count("Trust me.") == 2, "once in the box and once in the raw snapshot"


def test_the_raw_part_is_canonical_and_keeps_the_nonce_to_itself(cast: Cast, bob: Client) -> None:
    step = open_step_up(cast)
    raw = read(bob.get(step.path)).by_id("raw").text
    assert '{"operation":"send","parameters":{"body":"See the deck.","subject":"Q4 deck"' in raw
    assert step.approval.view_digest in raw
    assert "nonce" in step.approval.shown
    assert "nonce" not in raw


def test_the_approve_button_names_the_action_and_its_target_and_is_not_the_first(cast: Cast, bob: Client) -> None:
    page = read(bob.get(open_step_up(cast).path))
    form = page.by_id("approve")
    first, approve = form.tagged("button")
    assert "disabled" in first.attributes, "Enter in a field must not approve"
    assert approve.text == "Approve email.send to ana@partner.example, once"
    assert "autofocus" not in approve.attributes


def test_who_may_not_decide_gets_one_sentence_and_no_form(cast: Cast, victor: Client) -> None:
    step = open_step_up(cast)
    page = read(victor.get(step.path))
    assert "You are not one of the reviewers who were asked." in page.by_id("decision").text
    assert page.by_id("decision").tagged("form") == []


def test_a_part_of_the_quorum_is_shown_with_who_gave_it(cast: Cast) -> None:
    step = open_deletion(cast)
    vote(step, cast.bob, reason="Alice told me.")
    give_software_key(cast.dave)
    panel = read(signed_in(cast.dave).get(step.path)).by_id("decision")
    assert "1 of 2 approvals" in panel.text
    assert "bob approved" in panel.text
    # At CRITICAL risk she judges before she reads why he did.
    assert "What they wrote is shown after your own vote." in panel.text
    assert "Alice told me." not in panel.text
    labels = [form.attributes["aria-label"] for form in panel.tagged("form")]
    assert labels == ["Approve", "Deny", "Assign", "Extend", "Ask", "Look"]


def test_an_approved_request_says_by_whom_until_when_and_that_nothing_ran_yet(cast: Cast, bob: Client) -> None:
    step = open_step_up(cast)
    row = vote(step, cast.bob)
    page = read(bob.get(step.path))
    panel = page.by_id("decision")
    assert row.claim_expires_at is not None
    # Shortly before midnight the day is said too.
    assert "UTC by bob, valid until " in panel.text
    assert f"{row.claim_expires_at:%H:%M} UTC." in panel.text
    assert "The agent has not resumed yet." in panel.text
    assert panel.tagged("form") == []
    assert "Approved" in page.by_id("standing").text


def test_a_denied_request_says_by_whom_and_why(cast: Cast, bob: Client) -> None:
    step = open_step_up(cast)
    vote(step, cast.carol, verdict=Verdict.DENY, reason="Wrong target", private_note="Third time today.")
    panel = read(bob.get(step.path)).by_id("decision").text
    assert "UTC by carol." in panel
    assert "Wrong target" in panel
    assert "Third time today." not in panel, "private notes are for auditors"
    assert "For auditors: Third time today." in read(signed_in(cast.victor).get(step.path)).by_id("decision").text


def test_an_expired_request_says_so_without_a_sweeper(
    cast: Cast, bob: Client, move_clock: Callable[[float], None]
) -> None:
    step = open_step_up(cast)
    move_clock(3601)
    page = read(bob.get(step.path))
    assert "and denied. Nobody answered." in page.by_id("decision").text
    assert page.by_id("decision").tagged("form") == []


def test_a_withdrawn_request_says_by_whom(cast: Cast, bob: Client) -> None:
    step = open_step_up(cast)
    cancel_request(approval_id=step.approval.pk, resolution="withdrawn_by_agent")
    assert "by the agent." in read(bob.get(step.path)).by_id("outcome").text


def test_the_receipt_is_linked_for_those_who_may_read_it(cast: Cast, bob: Client) -> None:
    step = open_step_up(cast)
    vote(step, cast.bob)
    (link,) = [item for item in read(bob.get(step.path)).tagged("a") if item.text == "Review the receipt"]
    assert bob.get(link.attributes["href"]).status_code == 200
    carol = signed_in(cast.carol)
    assert "Review the receipt" not in read(carol.get(step.path)).text
    assert carol.get(link.attributes["href"]).status_code == 404


def test_an_erased_request_is_still_a_page(cast: Cast, victor: Client) -> None:
    step = open_step_up(cast)
    erased = {"content": None, "erased_at": step.approval.opened_at}
    Payload.objects.filter(pk=step.approval.snapshot_id).update(**erased)
    page = read(victor.get(step.path))
    assert page.tagged("h1")[0].text == "email.send"
    assert "The values of this request were erased" in page.text
    assert "Its values were erased." in read(victor.get("/inbox")).text


def test_the_fragment_has_the_parts_that_change_by_themselves(cast: Cast, bob: Client) -> None:
    step = open_step_up(cast)
    part = read(bob.get(step.path, headers={"X-Fragment": "1"}))
    revs = part.revs()
    assert set(revs) == {"standing", "facts", "decision", "looking"}
    assert part.tagged("html") == []
    vote(step, cast.carol)
    again = read(bob.get(step.path, headers={"X-Fragment": "1"}))
    after = again.revs()
    assert after["facts"] == revs["facts"]
    assert after["decision"] != revs["decision"]
    assert after["standing"] != revs["standing"]
