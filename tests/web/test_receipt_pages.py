"""The receipt pages: found, told, checked, and taken away to be verified without this server."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from django.test import Client

from approvals.models import User
from decisions.services.claims import ClaimRequest, claim_decision
from decisions.services.outcomes import Report, report_outcome
from receipts.models import Payload, Receipt
from receipts.selectors.paging import PAGE
from receipts.signing.__main__ import main
from receipts.signing.statement import ReceiptType
from tests.factories import MAIL, Cast, StepUp, begin_session, decide, open_step_up, vote
from tests.web.reading import Element, read, signed_in
from tests.web.tampering import tamper


def finished(cast: Cast, *, by: User | None = None) -> StepUp:
    """An action that was asked for, approved, claimed and reported."""
    step = open_step_up(cast)
    vote(step, by or cast.bob, reason="Alice told me.", private_note="Checked twice.")
    wanted = ClaimRequest(action_digest=step.answer["action_digest"])
    claim_decision(caller=cast.agent, decision_id=step.answer["decision_id"], wanted=wanted, key="")
    report = Report(status="succeeded", values={"output": "Card 4111 1111 1111 1111 was charged."})
    report_outcome(caller=cast.agent, decision_id=step.answer["decision_id"], report=report, key="")
    return step


def of_kind(step: StepUp, kind: ReceiptType) -> Receipt:
    return Receipt.objects.get(decision_id=step.answer["decision_id"], type=kind.value)


def page_of(client: Client, receipt: Receipt) -> Element:
    return read(client.get(f"/r/{receipt.pk}"))


def opened_page(client: Client, receipt: Receipt) -> Element:
    """The page after its button was pressed."""
    (form,) = page_of(client, receipt).by_id("values").tagged("form")
    return read(client.post(form.attributes["action"]))


def rows(client: Client, query: str = "") -> list[str]:
    return [row.text for row in read(client.get(f"/receipts{query}")).of_class("row")]


@pytest.mark.parametrize(
    ("kind", "sentence"),
    [
        (ReceiptType.DECISION, "email.send was put before a human."),
        (ReceiptType.VOTE, "bob approved email.send."),
        (ReceiptType.APPROVAL_TERMINAL, "The request for email.send was approved."),
        (ReceiptType.CLAIM, "demo-agent took up email.send."),
        (ReceiptType.OUTCOME, "demo-agent ran email.send and reports that it succeeded."),
    ],
)
def test_every_step_of_an_action_tells_its_own_story(cast: Cast, bob: Client, kind: ReceiptType, sentence: str) -> None:
    step = finished(cast)
    page = page_of(bob, of_kind(step, kind))
    assert page.tagged("h1")[0].text == sentence
    assert "checks passed on this server" in page.by_id("checks").text
    assert page.of_class("check--failed") == []


def test_the_steps_of_one_action_are_linked_in_their_order(cast: Cast, bob: Client) -> None:
    step = finished(cast)
    page = page_of(bob, of_kind(step, ReceiptType.VOTE))
    (timeline,) = page.of_class("timeline")
    links = timeline.tagged("a")
    assert [link.text for link in links] == ["Decision", "Vote", "Approval ended", "Claim", "Outcome"]
    assert [link.attributes.get("aria-current") for link in links] == [None, "page", None, None, None]
    assert all(bob.get(link.attributes["href"]).status_code == 200 for link in links)
    said = [part.text for part in timeline.of_class("timeline__said")]
    assert said == ["STEP_UP", "bob approved on web, known by session", "APPROVED", "succeeded"]


def test_what_was_signed_beside_the_body_is_shown_too(cast: Cast, victor: Client) -> None:
    receipt = of_kind(finished(cast), ReceiptType.VOTE)
    (block,) = [part for part in page_of(victor, receipt).tagged("section") if "Signature" in part.attributes.values()]
    for said in (receipt.digest, receipt.previous_digest, receipt.key_id, receipt.stream, "Place in it 2", "Ed25519"):
        assert said is not None
        assert said in block.text


def test_identity_policy_and_approval_are_told_from_the_signed_bytes(cast: Cast, victor: Client) -> None:
    step = finished(cast)
    text = page_of(victor, of_kind(step, ReceiptType.VOTE)).text
    assert f"bob ({cast.bob.person_id})" in text
    assert "alice@corp.example (hum_" in text
    assert "Identity verified by session" in text
    assert "As a member of security-team" in text
    assert "Policy demo Version 1" in text
    assert step.approval.view_digest in text
    assert "Original request attested" in text


def test_the_limits_of_the_proof_are_always_said(cast: Cast, bob: Client) -> None:
    text = page_of(bob, of_kind(finished(cast), ReceiptType.DECISION)).by_id("checks").text
    assert "What this does not prove" in text
    assert "That a human read the text they decided on." in text


@pytest.mark.case("RCP-27")
def test_an_altered_search_column_is_found_on_the_page(cast: Cast, bob: Client) -> None:
    receipt = of_kind(finished(cast), ReceiptType.DECISION)
    tamper(receipt, decision="ALLOW")
    checks = page_of(bob, receipt).by_id("checks")
    assert "1 of 4 checks failed on this server" in checks.text
    assert "Searchable columns differ from what was signed: decision." in checks.of_class("check--failed")[0].text
    assert "email.send was put before a human." in page_of(bob, receipt).text, "facts come from the signed bytes"


def test_altered_bytes_end_every_claim(cast: Cast, victor: Client) -> None:
    receipt = of_kind(finished(cast), ReceiptType.DECISION)
    tamper(receipt, body=bytes(receipt.body).replace(b"HIGH", b"LOW!"))
    checks = page_of(victor, receipt).by_id("checks")
    assert "1 of 1 checks failed on this server" in checks.text
    assert "Do not rely on this receipt." in checks.text
    tamper(receipt, body=b"\xff not a receipt")
    assert page_of(victor, receipt).tagged("h1")[0].text == "This receipt can't be read."


def test_values_are_opened_for_those_who_may_see_them(cast: Cast, bob: Client, victor: Client) -> None:
    step = finished(cast)
    decision, given, outcome = (
        of_kind(step, kind) for kind in (ReceiptType.DECISION, ReceiptType.VOTE, ReceiptType.OUTCOME)
    )
    assert "ana@partner.example" not in page_of(bob, decision).text, "looking is not asking"
    assert "ana@partner.example" in opened_page(bob, decision).text
    by_bob = opened_page(bob, given).text
    assert "Alice told me." in by_bob
    assert "Checked twice." not in by_bob
    assert "1 value for auditors only." in by_bob
    assert "4111" not in read(bob.post(f"/r/{outcome.pk}/values")).text
    assert "Checked twice." in opened_page(victor, given).text
    assert "4111 1111" in opened_page(victor, outcome).text


def test_erased_values_are_said_to_be_erased_and_the_receipt_stays_valid(cast: Cast, victor: Client) -> None:
    receipt = of_kind(finished(cast), ReceiptType.DECISION)
    Payload.objects.filter(pk=receipt.payload_id).update(content=None, erased_at=receipt.issued_at)
    page = read(victor.post(f"/r/{receipt.pk}/values"))
    assert "ana@partner.example" not in page.text
    assert "They were erased." in page.text
    assert page.of_class("check--failed") == []
    skipped = [line for line in page.of_class("check--skipped") if line not in page.by_id("anchors").of_class("check")]
    assert len(skipped) == 1


@pytest.mark.case("APR-06")
def test_only_those_who_voted_and_auditors_see_a_receipt(cast: Cast) -> None:
    step = finished(cast)
    receipt = of_kind(step, ReceiptType.OUTCOME)
    paths = (f"/r/{receipt.pk}", f"/r/{receipt.pk}/envelope.json")
    answers = {
        person.username: [signed_in(person).get(path).status_code for path in paths]
        for person in (cast.bob, cast.carol, cast.mallory, cast.victor, cast.trent, cast.peggy)
    }
    assert answers == {
        "bob": [200, 200], "carol": [404, 404], "mallory": [404, 404],
        "victor": [200, 200], "trent": [200, 200], "peggy": [403, 403],
    }  # fmt: skip
    assert len(rows(signed_in(cast.bob))) == 5
    assert rows(signed_in(cast.carol)) == []


def test_the_envelope_that_is_taken_away_verifies_without_the_server(cast: Cast, bob: Client, tmp_path: Path) -> None:
    receipt = of_kind(finished(cast), ReceiptType.OUTCOME)
    page = page_of(bob, receipt)
    links = {link.text: link.attributes for link in page.tagged("a") if "download" in link.attributes}
    for name in ("receipt.json", "keys.json"):
        link = links[f"Download {name}"]
        assert link["download"] == name
        (tmp_path / name).write_bytes(bob.get(link["href"]).content)
    assert bob.get(links["Download receipt.json"]["href"]).headers["Content-Disposition"].startswith("attachment")
    commands = [command.text for command in page.of_class("command")]
    assert commands[1] == "./run -m receipts.signing verify --keys keys.json receipt.json"
    arguments = ["verify", "--keys", str(tmp_path / "keys.json"), str(tmp_path / "receipt.json")]
    assert main(arguments) == 0
    altered = json.loads((tmp_path / "receipt.json").read_text())
    altered["payload"] = altered["payload"][:-8] + "AAAA" + altered["payload"][-4:]
    (tmp_path / "receipt.json").write_text(json.dumps(altered))
    assert main(arguments) != 0


def test_the_newest_come_first_and_name_who_and_what(cast: Cast, victor: Client) -> None:
    finished(cast)
    found = rows(victor)
    kinds = [row.split(" UTC ")[1].split(" email")[0] for row in found[:5]]
    assert (kinds[:2], kinds[-1]) == (["Outcome", "Claim"], "Decision")
    assert set(kinds[2:4]) == {"Vote by bob:", "Approval ended"}, "both were signed at one moment"
    assert "demo-agent for alice@corp.example" in found[0]
    assert "succeeded" in found[0]
    assert "STEP_UP" in found[4]


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("?q=email", 6),
        ("?q=no-such-word", 0),
        ("?type=vote", 1),
        ("?decision=ALLOW", 1),
        ("?decision=allow&tool=email&operation=send", 1),
        ("?outcome=succeeded", 1),
        ("?risk=high", 5),
        ("?rule=email-outside", 5),
        ("?until=2001-01-01T00:00:00Z", 0),
        ("?since=2001-01-01T00:00:00Z&type=claim", 1),
        ("?session=ses_nobody", 0),
    ],
)
def test_every_filter_narrows(cast: Cast, victor: Client, query: str, count: int) -> None:
    finished(cast)
    decide(cast, begin_session(cast), "email.send", parameters={**MAIL, "to": "bob@corp.example"})
    assert len(rows(victor, query)) == count


def test_what_was_asked_stays_in_the_form(cast: Cast, victor: Client) -> None:
    page = read(victor.get("/receipts?q=<b>&decision=DENY&rule=nobody&type=vote"))
    assert page.by_id("q").attributes["value"] == '"<b>" decision:DENY rule:nobody type:vote'
    assert [chip.text for chip in page.of_class("chip--term")] == [
        'Take away "<b>"', "Take away decision:DENY", "Take away rule:nobody", "Take away type:vote",
    ]  # fmt: skip
    assert "No receipt matches" in page.text


@pytest.mark.case("API-16", "API-17")
@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("?since=yesterday", "A time is RFC 3339."),
        ("?colour=red", "Receipts have no filter 'colour'."),
        ("?cursor=x", "The cursor isn't one of ours."),
    ],
)
def test_a_question_that_makes_no_sense_is_answered_beside_it(
    cast: Cast, victor: Client, query: str, says: str
) -> None:
    reply = victor.get(f"/receipts{query}")
    assert reply.status_code == 400
    assert says in read(reply).of_class("banner--bad")[0].text
    assert read(reply).tagged("form")


@pytest.mark.parametrize("words", ["'; DROP TABLE x; --", "%", "_", "\\", "(.*)+$", "x" * 10_000])
def test_words_are_words_and_not_a_language(cast: Cast, victor: Client, words: str) -> None:
    finished(cast)
    reply = victor.get("/receipts", {"q": words})
    assert reply.status_code == 200
    assert read(reply).of_class("row") == []


def test_older_receipts_follow_without_a_gap_or_a_repeat(cast: Cast, victor: Client) -> None:
    session = begin_session(cast)
    for number in range(PAGE):
        decide(cast, session, "email.send", parameters={**MAIL, "to": "bob@corp.example", "subject": str(number)})
    first = read(victor.get("/receipts?tool=email&type=decision"))
    assert len(first.of_class("row")) == PAGE
    assert "Show older receipts" not in first.text
    whole = read(victor.get("/receipts"))
    (older,) = [link for link in whole.tagged("a") if link.text == "Show older receipts"]
    rest = read(victor.get(f"/receipts{older.attributes['href']}"))
    ids = [row.attributes["id"] for page in (whole, rest) for row in page.of_class("row")]
    assert len(ids) == len(set(ids)) == Receipt.objects.count()


def test_a_policys_receipt_names_it_and_who_published_it(cast: Cast, victor: Client) -> None:
    receipt = Receipt.objects.get(type=ReceiptType.POLICY_PUBLISHED.value)
    page = page_of(victor, receipt)
    assert page.tagged("h1")[0].text == "The set-up published the policy demo version 1."
    assert page.of_class("timeline") == []


def test_the_first_run_says_what_will_appear(cast: Cast, bob: Client) -> None:
    assert "No receipts yet" in read(bob.get("/receipts")).text
