"""What stands behind a receipt: policy, context and view as of then, its session, and who was shown what."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client

from decisions.models import ContextEntry, PolicyVersion, Session
from decisions.services.leases import end_due_leases
from receipts.models import Payload, Receipt
from receipts.signing.statement import ReceiptType, parse_statement
from tests.factories import MAIL, REQUEST, Cast, StepUp, begin_session, decide, open_step_up, vote
from tests.integration.scenario import claim, report
from tests.web.reading import Element, read, signed_in
from tests.web.tampering import tamper

POLICY, CONTEXT, VIEW = "Policy as of then", "Context as of then", "What the reviewer saw"


@pytest.fixture
def step(cast: Cast) -> StepUp:
    found = open_step_up(cast)
    vote(found, cast.bob, reason="Alice told me.")
    return found


def receipt_of(step: StepUp, kind: ReceiptType = ReceiptType.VOTE) -> Receipt:
    return Receipt.objects.get(decision_id=step.answer["decision_id"], type=kind.value)


def exhibit(page: Element, title: str) -> Element:
    (found,) = [part for part in page.tagged("section") if part.attributes.get("aria-label") == title]
    return found


def alter(table: str, column: str, value: str | bytes, *, key: str) -> None:
    """As somebody who owns the tables could."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(f'ALTER TABLE "{table}" DISABLE TRIGGER aarm_row_guard')
        cursor.execute(f'UPDATE "{table}" SET {column} = %s WHERE id = %s', [value, key])
        cursor.execute(f'ALTER TABLE "{table}" ENABLE ALWAYS TRIGGER aarm_row_guard')


def test_policy_context_and_view_are_shown_as_they_were_and_compared(cast: Cast, victor: Client, step: StepUp) -> None:
    page = read(victor.get(f"/r/{receipt_of(step).pk}"))
    for title in (POLICY, CONTEXT, VIEW):
        assert "Its digest is the one that was signed." in exhibit(page, title).text
    assert "email-outside" in exhibit(page, POLICY).text
    assert "Entry 2 of the session, action" in exhibit(page, CONTEXT).text
    assert (
        f"Code {step.approval.code}, projection web/1, on web, identity verified by session" in exhibit(page, VIEW).text
    )
    assert "ana@partner.example" not in page.text


def test_what_the_reviewer_saw_is_opened_with_the_values(cast: Cast, victor: Client, step: StepUp) -> None:
    shown = read(victor.post(f"/r/{receipt_of(step).pk}/values"))
    assert "ana@partner.example" in exhibit(shown, VIEW).text
    assert REQUEST in exhibit(shown, VIEW).text


def test_evidence_that_was_altered_is_told_from_what_was_signed(cast: Cast, victor: Client, step: StepUp) -> None:
    version = PolicyVersion.objects.get()
    alter("decisions_policyversion", "text", version.text.replace("HIGH", "LOW"), key=version.pk)
    entry = ContextEntry.objects.get(session=receipt_of(step).session_id, position=2)
    alter("decisions_contextentry", "body", bytes(entry.body).replace(b"STEP_UP", b"ALLOW"), key=str(entry.pk))
    page = read(victor.get(f"/r/{receipt_of(step).pk}"))
    for title in (POLICY, CONTEXT):
        assert "Its digest is NOT the one that was signed." in exhibit(page, title).text
    assert "Its digest is the one that was signed." in exhibit(page, VIEW).text


def test_evidence_that_is_gone_is_said_to_be(cast: Cast, victor: Client, step: StepUp) -> None:
    Payload.objects.filter(pk=step.approval.snapshot_id).update(content=None)
    page = read(victor.get(f"/r/{receipt_of(step).pk}"))
    assert "It is not kept any more" in exhibit(page, VIEW).text


@pytest.mark.case("RCP-29", "CTX-06")
def test_an_action_that_nobody_reported_on_is_shown_as_unknown_and_what_is_said_later_beside_it(
    cast: Cast, bob: Client, victor: Client, step: StepUp, move_clock: Callable[[float], None]
) -> None:
    claim(cast, step.answer)
    assert victor.get("/receipts?q=outcome:unknown").content.count(b"data-row") == 0
    move_clock(settings.AARM_CLAIM_LEASE_SECONDS + 1)
    assert end_due_leases() == 1
    (unknown,) = read(victor.get("/receipts?q=outcome:unknown")).of_class("row")
    assert "unknown" in unknown.text
    assert "doesn't know how it ended" in read(victor.get(f"/r/{unknown.attributes['id']}")).text
    assert "The agent doesn't know how it ended." in read(bob.get(step.path)).text
    report(cast, step.answer, "succeeded")
    assert len(read(victor.get("/receipts?q=outcome:unknown,succeeded")).of_class("row")) == 2


def test_who_is_shown_values_is_on_record(cast: Cast, bob: Client, step: StepUp) -> None:
    receipt = receipt_of(step)
    bob.get(f"/r/{receipt.pk}")
    assert not Receipt.objects.filter(type=ReceiptType.DISCLOSURE.value).exists()
    assert signed_in(cast.carol).post(f"/r/{receipt.pk}/values").status_code == 404
    bob.post(f"/r/{receipt.pk}/values")
    shown = Receipt.objects.get(type=ReceiptType.DISCLOSURE.value)
    body = parse_statement(bytes(shown.body)).body
    assert body == {"actor": {"person": cast.bob.person_id}, "disclosure": {"receipt": receipt.pk}}
    page = read(signed_in(cast.victor).get(f"/r/{shown.pk}"))
    assert page.tagged("h1")[0].text == f"bob was shown the values of {receipt.pk}."


@pytest.fixture
def session(cast: Cast) -> str:
    """Three actions, of which the last one brought labels."""
    found = begin_session(cast)
    decide(cast, found, "email.send", parameters={**MAIL, "to": "bob@corp.example"})
    decide(cast, found, "database.drop", parameters={"table": "orders"})
    decide(cast, found, "database.query", parameters={"table": "customers", "limit": 10})
    return found


def test_a_session_is_told_step_by_step(cast: Cast, victor: Client, session: str) -> None:
    page = read(victor.get(f"/s/{session}"))
    assert page.tagged("h1")[0].text == "Session of demo-agent for alice@corp.example"
    assert "3 actions: 2 allowed, 1 denied. Data seen: PII from step 4." in page.text
    steps = page.of_class("walk__step")
    assert [step.attributes["id"] for step in steps] == ["step-1", "step-2", "step-3", "step-4"]
    assert "database.drop DENY" in steps[2].text
    assert "seen: PII" in steps[3].text
    links = [link.attributes["href"] for step in steps for link in step.of_class("walk__end")[0].tagged("a")]
    assert [read(victor.get(link)).tagged("h1")[0].text for link in links] == [
        "email.send was allowed.",
        "database.drop was denied.",
        "database.query was allowed.",
    ]
    assert "4 of 4 entries linked" in page.by_id("checks").text
    assert "3 of 3 receipts linked" in page.by_id("checks").text


@pytest.mark.parametrize(
    ("only", "steps"),
    [
        ("actions", [2, 3, 4]),
        ("flagged", [3]),
        ("data", [4]),
        ("decision:ALLOW", [2, 4]),
        ("data:PII", [4]),
        ("x", [1, 2, 3, 4]),
    ],
)
def test_steps_can_be_left_out(cast: Cast, victor: Client, session: str, only: str, steps: list[int]) -> None:
    page = read(victor.get(f"/s/{session}?only={only}"))
    assert [step.attributes["id"] for step in page.of_class("walk__step")] == [f"step-{number}" for number in steps]
    assert "3 actions" in page.text


def test_the_first_broken_link_of_each_chain_is_named(cast: Cast, victor: Client, session: str) -> None:
    entry = ContextEntry.objects.get(session=session, position=3)
    alter("decisions_contextentry", "body", bytes(entry.body).replace(b"DENY", b"ALLW"), key=str(entry.pk))
    tamper(Receipt.objects.get(session_id=session, position=2), previous_digest="sha256:" + "0" * 64)
    checks = read(victor.get(f"/s/{session}")).by_id("checks").text
    assert "2 of 4 entries linked; the first that is not: 3" in checks
    assert "2 of 3 receipts linked; the first that is not: 2" in checks


def test_the_original_request_is_shown_to_who_asks_for_it(cast: Cast, victor: Client, session: str) -> None:
    page = read(victor.get(f"/s/{session}"))
    assert REQUEST not in page.text
    assert REQUEST in read(victor.post(f"/s/{session}/request")).text
    body = parse_statement(bytes(Receipt.objects.get(type=ReceiptType.DISCLOSURE.value).body)).body
    assert body["disclosure"] == {"session": session}
    Payload.objects.filter(pk=Session.objects.get(pk=session).request_id).update(
        content=None, erased_at=Receipt.objects.latest("issued_at").issued_at
    )
    assert "It was erased." in read(victor.get(f"/s/{session}")).text


def test_sessions_are_for_auditors(cast: Cast, bob: Client, victor: Client, session: str) -> None:
    assert bob.get(f"/s/{session}").status_code == 403
    assert bob.post(f"/s/{session}/request").status_code == 403
    assert victor.get("/s/ses_nobody").status_code == 404
