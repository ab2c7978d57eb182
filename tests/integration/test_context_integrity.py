"""A session whose record was altered in the database: found, said, and nothing permitted in it any more (CTX-07)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from django.conf import LazySettings
from django.db import connection
from django.test.utils import CaptureQueriesContext

from decisions.models import ContextWatch, Decision, Session
from decisions.selectors import verification_of
from decisions.services.claims import ClaimRequest, claim_decision
from decisions.services.deferrals import add_evidence
from decisions.services.endings import end_session
from decisions.services.outcomes import Report, report_outcome
from decisions.services.replay import reevaluate
from decisions.services.sessions import add_message
from decisions.services.watching import Part, verify_slice
from receipts.models import Alarm, Receipt
from receipts.problems import ProblemError
from receipts.services.checkpoints import sign_due_checkpoint
from receipts.services.sequencing import sequence_waiting
from receipts.signing.canonical import JSON
from tests.factories import Cast, begin_session, decide, make_cast, open_step_up, vote
from tests.integration.tampered_sessions import (
    FORGED_DIGEST,
    alter_entry,
    alter_session,
    forge_body,
    put_back,
    remove_entry,
)

READ = "files.read"
CUSTOMERS: Mapping[str, JSON] = {"table": "customers", "limit": 10}
INSIDE: Mapping[str, JSON] = {"to": "bob@corp.example", "subject": "Hello"}


@pytest.fixture
def cast(db: None) -> Cast:
    return make_cast()


def long_session(cast: Cast, *, actions: int = 6) -> str:
    session = begin_session(cast)
    for _ in range(actions):
        assert decide(cast, session, "email.send", parameters=INSIDE)["effective"] == "ALLOW"
    return session


def state_with(session_id: str, **changes: Any) -> dict[str, Any]:
    state: dict[str, Any] = Session.objects.get(pk=session_id).state
    return state | changes


# What shows at the very next decision: the row, and the last entry.
AT_ONCE: dict[str, Callable[[str], object]] = {
    "a label taken away": lambda session: alter_session(session, state=state_with(session, kinds=[])),
    "a fact put in": lambda session: alter_session(
        session, state=state_with(session, facts={"maintenance_window": {"value": "open", "trust": "attested"}})
    ),
    "no state that could be read": lambda session: alter_session(session, state=[]),
    "another human": lambda session: alter_session(session, human_id=None),
    "a scope widened": lambda session: alter_session(session, scope=["admin"]),
    "a request called attested": lambda session: alter_session(session, request_provenance="asserted"),
    "a length cut": lambda session: alter_session(session, length=3),
    "a head forged": lambda session: alter_session(session, head=FORGED_DIGEST),
    "a seal removed": lambda session: alter_session(session, seal=""),
    "the last entry removed": lambda session: remove_entry(session, position=length_of(session)),
    "the last entry forged": lambda session: forge_body(session, position=length_of(session)),
}
# What only following the chain shows.
IN_THE_BACKGROUND: dict[str, Callable[[str], object]] = {
    "an older entry forged": lambda session: forge_body(session, position=3),
    "an older body altered": lambda session: alter_entry(session, position=3, body=b"{}"),
    "an older digest altered": lambda session: alter_entry(session, position=3, digest=FORGED_DIGEST),
    "an older entry removed": lambda session: remove_entry(session, position=3),
    "the first entry removed": lambda session: remove_entry(session, position=1),
}


def length_of(session_id: str) -> int:
    return Session.objects.get(pk=session_id).length


def require_denied(cast: Cast, session: str) -> None:
    """The next decision is a DENY with a receipt, and so is the one after it; both can be put again."""
    control = begin_session(cast)
    entries = Session.objects.get(pk=session).entries.count()
    for _ in range(2):
        answer = decide(cast, session, "email.send", parameters=INSIDE)
        assert (answer["decision"], answer["reason_code"]) == ("DENY", "context_integrity"), answer
        decision = Decision.objects.select_related("receipt", "payload").get(pk=answer["decision_id"])
        assert (decision.receipt.type, decision.receipt.decision) == ("decision", "DENY")
        again = reevaluate(decision)
        assert getattr(again, "reason_code", None) == "context_integrity", again
    assert Session.objects.get(pk=session).entries.count() == entries, "Nothing is added to a record that is broken."
    assert Alarm.objects.filter(code="CONTEXT", subject=session, acknowledged_at=None).count() == 1
    assert decide(cast, control, "email.send", parameters=INSIDE)["effective"] == "ALLOW"


@pytest.mark.case("CTX-07")
@pytest.mark.parametrize("change", AT_ONCE.values(), ids=AT_ONCE)
def test_an_altered_row_or_last_entry_is_denied_at_the_next_decision(
    cast: Cast, change: Callable[[str], object]
) -> None:
    session = long_session(cast)
    decide(cast, session, "database.query", parameters=CUSTOMERS)
    assert verification_of(Session.objects.get(pk=session), after="")["is_intact"]
    change(session)
    assert not verification_of(Session.objects.get(pk=session), after="")["is_intact"]
    require_denied(cast, session)


@pytest.mark.case("CTX-07")
@pytest.mark.parametrize("change", IN_THE_BACKGROUND.values(), ids=IN_THE_BACKGROUND)
def test_an_altered_older_entry_is_found_in_the_background_and_denied_from_then_on(
    cast: Cast, change: Callable[[str], object]
) -> None:
    session, other = long_session(cast), long_session(cast)
    assert verify_slice(Part.OPEN) == length_of(session) + length_of(other)
    assert not Alarm.objects.exists()
    change(session)
    found = verification_of(Session.objects.get(pk=session), after="")
    assert not found["is_intact"], found
    assert verify_slice(Part.OPEN) == 0, "The round is over, and the next one begins."
    verify_slice(Part.OPEN)
    require_denied(cast, session)
    assert decide(cast, other, "email.send", parameters=INSIDE)["effective"] == "ALLOW"


def touch_customers(cast: Cast, session: str) -> None:
    done = decide(cast, session, "database.query", parameters=CUSTOMERS)
    report = Report(status="succeeded", values={"output": "ada@corp.example"})
    report_outcome(caller=cast.agent, decision_id=done["decision_id"], report=report, key="")


@pytest.mark.case("CTX-07")
@pytest.mark.parametrize("actions", [0, 3], ids=["and left there", "and went on from there"])
def test_a_session_that_was_put_back_to_an_earlier_state_is_found_by_its_receipts(cast: Cast, actions: int) -> None:
    session, other = long_session(cast), long_session(cast)
    touch_customers(cast, session)
    with put_back(session):
        touch_customers(cast, session)
    for _ in range(actions):
        assert decide(cast, session, "email.send", parameters=INSIDE)["effective"] == "ALLOW"
    assert verify_slice(Part.OPEN) == length_of(session) + length_of(other)
    require_denied(cast, session)
    assert decide(cast, other, "email.send", parameters=INSIDE)["effective"] == "ALLOW"


def test_putting_back_what_was_altered_does_not_bring_the_session_back(cast: Cast) -> None:
    session = long_session(cast)
    before = Session.objects.get(pk=session).state
    alter_session(session, state=state_with(session, count=0))
    assert decide(cast, session, READ, parameters={})["reason_code"] == "context_integrity"
    alter_session(session, state=before)
    require_denied(cast, session)


def test_an_approval_can_not_be_claimed_in_a_session_that_was_altered(cast: Cast) -> None:
    step, control = open_step_up(cast), open_step_up(cast)
    for each in (step, control):
        vote(each, cast.bob)
    alter_session(Decision.objects.get(pk=step.answer["decision_id"]).session_id, profile="other")

    def claim(answer: Any) -> object:
        wanted = ClaimRequest(action_digest=answer["action_digest"])
        return claim_decision(caller=cast.agent, decision_id=answer["decision_id"], wanted=wanted, key="")

    assert claim(control.answer)
    with pytest.raises(ProblemError) as problem:
        claim(step.answer)
    assert problem.value.code == "context_integrity"
    assert Receipt.objects.filter(type="claim_refused").count() == 1
    assert Alarm.objects.filter(code="CONTEXT").count() == 1


def test_what_waits_in_a_session_that_was_altered_is_denied_and_outcomes_are_still_kept(cast: Cast) -> None:
    session = begin_session(cast)
    done = decide(cast, session, "email.send", parameters=INSIDE)
    held = decide(cast, session, "credentials.rotate", parameters={})
    alter_session(session, service="other")
    deferral = add_evidence(
        caller=cast.host, deferral_id=held["deferral"]["id"], field="maintenance_window", value="open", source=""
    )
    assert deferral.state == "DENIED"
    report = Report(status="succeeded", values={"output": "sent"})
    report_outcome(caller=cast.agent, decision_id=done["decision_id"], report=report, key="")
    assert Receipt.objects.filter(type="outcome").count() == 1
    with pytest.raises(ProblemError) as problem:
        add_message(caller=cast.host, session_id=session, role="user", text="Go on.")
    assert problem.value.code == "context_integrity"
    end_session(caller=cast.host, session_id=session)
    assert Session.objects.get(pk=session).ended_at is not None
    assert length_of(session) == 3


def test_an_alarm_about_a_session_keeps_neither_checkpoints_nor_other_sessions_waiting(cast: Cast) -> None:
    session = long_session(cast)
    alter_session(session, intent="other")
    require_denied(cast, session)
    sequence_waiting()
    assert sign_due_checkpoint() is not None


def test_a_slice_has_an_end_and_the_next_one_goes_on_where_it_ended(cast: Cast, settings: LazySettings) -> None:
    settings.AARM_CONTEXT_CHECK_ENTRIES = 4
    long, short = long_session(cast, actions=9), begin_session(cast)
    # Which of the two comes first is up to their ids.
    assert sorted(verify_slice(Part.OPEN) for _ in range(5)) == [0, 1, 2, 4, 4]
    watch = ContextWatch.objects.get(pk="open")
    assert watch.round_started_at is not None
    assert watch.round_ended_at is not None
    forge_body(long, position=8)
    end_session(caller=cast.host, session_id=short)
    assert [verify_slice(Part.OPEN) for _ in range(3)] == [4, 4, 0], "Entry 9 does not follow what entry 8 is now."
    assert Session.objects.get(pk=long).broken_at is not None
    assert [verify_slice(Part.ENDED) for _ in range(2)] == [2, 0]


def test_the_check_costs_a_decision_no_statement_however_long_its_session_is(cast: Cast) -> None:
    short, long = begin_session(cast), long_session(cast, actions=40)
    counts = []
    for session in (short, long):
        decide(cast, session, READ, parameters={})
        with CaptureQueriesContext(connection) as captured:
            decide(cast, session, READ, parameters={})
        counts.append(len([each for each in captured if "SAVEPOINT" not in each["sql"]]))
    assert counts[0] == counts[1]
    # One of them only waits for the session, in the round trip of the next two.
    assert counts[0] <= 6, captured.captured_queries


def test_a_secret_key_that_was_replaced_still_opens_what_it_sealed(cast: Cast, settings: LazySettings) -> None:
    session = long_session(cast)
    old, settings.SECRET_KEY = settings.SECRET_KEY, "another" * 6
    settings.SECRET_KEY_FALLBACKS = [old]
    assert decide(cast, session, "email.send", parameters=INSIDE)["effective"] == "ALLOW"
    settings.SECRET_KEY_FALLBACKS = []
    # Sealed anew with the last decision.
    assert decide(cast, session, "email.send", parameters=INSIDE)["effective"] == "ALLOW"
    other = begin_session(cast)
    settings.SECRET_KEY = old
    assert decide(cast, other, "email.send", parameters=INSIDE)["reason_code"] == "context_integrity"


@pytest.mark.parametrize(
    "value", [1e20, -1e300, 1e-7, 0.1 + 0.2, -0.0, 1.0, 2**53 - 1, "ä\u2028\U0001f600", [{"": None}]]
)
def test_a_fact_comes_back_from_the_database_as_it_was_sealed(cast: Cast, value: Any) -> None:
    session = begin_session(cast)
    held = decide(cast, session, "credentials.rotate", parameters={})
    add_evidence(caller=cast.host, deferral_id=held["deferral"]["id"], field="odd", value=value, source="")
    assert decide(cast, session, "email.send", parameters=INSIDE)["effective"] == "ALLOW"
