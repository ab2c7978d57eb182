"""Values of what was denied, or never claimed, end after their own months; those of what ran stay."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.conf import LazySettings

from approvals.lifecycle.quorum import Verdict
from approvals.models import ApprovalRequest
from decisions.models import Decision
from decisions.services.claims import ClaimRequest, claim_decision
from receipts.models import Payload, Receipt
from receipts.selectors import check_receipt, opened_values
from receipts.selectors.accounting import accounts
from receipts.selectors.privacy import said_of
from receipts.services.erasure import Actor, place_hold
from receipts.services.unrun import end_due_unrun
from tests.factories import Cast, StepUp, begin_session, decide, make_cast, open_step_up, vote

DAY = 86400.0
Move = Callable[[float], None]
TABLE = {"table": "customers"}


@pytest.fixture
def cast(db: None) -> Cast:
    return make_cast()


@pytest.fixture(autouse=True)
def one_month(settings: LazySettings) -> None:
    settings.AARM_DENIED_RETENTION_MONTHS = 1


def step_up(cast: Cast, session: str, subject: str) -> StepUp:
    return open_step_up(cast, session_id=session, parameters={"to": "ana@partner.example", "subject": subject})


def claimed(cast: Cast, step: StepUp) -> str:
    vote(step, cast.bob)
    decision = str(step.answer["decision_id"])
    wanted = ClaimRequest(action_digest=str(step.answer["action_digest"]))
    claim_decision(caller=cast.agent, decision_id=decision, wanted=wanted, key="claim-of-it")
    return decision


def values_of(decision: object) -> list[Payload]:
    """What a decision left: its own payload, what its requests showed, what was written about them."""
    receipts = Receipt.objects.filter(decision_id=str(decision))
    shown = ApprovalRequest.objects.filter(pk__in=receipts.values("approval_id"))
    ids = [*receipts.values_list("payload_id", flat=True), *shown.values_list("snapshot_id", flat=True)]
    return list(Payload.objects.filter(pk__in=[each for each in ids if each]))


def is_kept(decision: object) -> bool:
    """Whether all of it can be read; fails where only some can."""
    (kept,) = {bool(opened_values(row)) for row in values_of(decision)}
    return kept


def test_what_never_ran_ends_after_its_own_months_and_what_ran_stays(cast: Cast, move_clock: Move) -> None:
    session = begin_session(cast)
    allowed = decide(cast, session, "email.send", parameters={"to": "bob@corp.example"})["decision_id"]
    denied = decide(cast, session, "database.drop", parameters=TABLE)["decision_id"]
    waits = decide(cast, session, "credentials.rotate", parameters={"name": "ci"})["decision_id"]
    ran = claimed(cast, step_up(cast, session, "one"))
    unclaimed, refused = step_up(cast, session, "two"), step_up(cast, session, "three")
    vote(unclaimed, cast.bob)
    vote(refused, cast.bob, verdict=Verdict.DENY)
    never = [denied, waits, unclaimed.answer["decision_id"], refused.answer["decision_id"]]
    assert end_due_unrun() is None, "not yet"
    assert [is_kept(each) for each in (allowed, ran, *never)] == [True] * 6
    move_clock(70 * DAY)
    later = decide(cast, begin_session(cast), "database.drop", parameters=TABLE)["decision_id"]
    count = sum(len(values_of(each)) for each in never)
    receipt = end_due_unrun()
    assert receipt is not None
    said = said_of(receipt)
    assert (said["what"], said["ground"], said["rows"]["payloads"], said["held"]) == ("erasure", "never_ran", count, 0)
    assert [is_kept(each) for each in never] == [False] * 4
    assert [is_kept(each) for each in (allowed, ran, later)] == [True] * 3
    assert set(ApprovalRequest.objects.filter(state__in=["DENIED", "APPROVED"]).values_list("likeness", flat=True)) == {
        ""
    }
    assert end_due_unrun() is None, "once a month"
    assert [check.sentence for row in Receipt.objects.all() for check in check_receipt(row) if not check.is_good] == []
    assert [account.noun for account in accounts() if not account.is_even] == []


def test_what_people_are_held_for_stays_and_goes_once_they_are_not(cast: Cast, move_clock: Move) -> None:
    session = begin_session(cast)
    denied = decide(cast, session, "database.drop", parameters=TABLE)["decision_id"]
    subject = str(Decision.objects.get(pk=denied).payload.subject)
    place_hold(subject, actor=Actor(login="operator"), reason="A claim is pending.")
    hers = decide(cast, begin_session(cast, human="zoe@corp.example"), "database.drop", parameters=TABLE)["decision_id"]
    move_clock(70 * DAY)
    receipt = end_due_unrun()
    assert receipt is not None
    assert said_of(receipt)["held"] == 1
    assert is_kept(denied)
    assert not is_kept(hers)


def test_a_hold_on_everybody_and_a_setting_of_nothing_stop_it(
    cast: Cast, move_clock: Move, settings: LazySettings
) -> None:
    denied = decide(cast, begin_session(cast), "database.drop", parameters=TABLE)["decision_id"]
    move_clock(70 * DAY)
    settings.AARM_DENIED_RETENTION_MONTHS = 0
    assert end_due_unrun() is None
    settings.AARM_DENIED_RETENTION_MONTHS = 1
    place_hold("", actor=Actor(login="operator"), reason="An inquiry.")
    assert end_due_unrun() is None
    assert is_kept(denied)


def test_every_slice_is_reached(cast: Cast, move_clock: Move, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("receipts.services.unrun.SLICE", 2)
    session = begin_session(cast)
    denied = [decide(cast, session, "database.drop", parameters=TABLE)["decision_id"] for _ in range(5)]
    move_clock(70 * DAY)
    assert end_due_unrun() is not None
    assert not any(is_kept(each) for each in denied)
