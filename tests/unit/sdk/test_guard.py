"""When a guarded function runs, with what, how often, and what is told about it."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta

import pytest

from aarm import (
    Change,
    Client,
    Decision,
    Denied,
    Expired,
    Guard,
    Pending,
    ProtocolError,
    RefusedError,
    Unavailable,
)
from tests.unit.sdk import faults
from tests.unit.sdk.agents import KINDS, Call, Kind, MailError, play
from tests.unit.sdk.contract_server import ContractServer, Ruling

BOTH = pytest.mark.parametrize("kind", KINDS)


@BOTH
def test_an_allowed_function_runs_once_and_its_outcome_is_reported(
    server: ContractServer, guard: Guard, kind: Kind
) -> None:
    ending = play(kind, guard)
    assert ending.result == {"sent": "bob@corp.example"}
    assert ending.runs == [{"to": "bob@corp.example", "limit": 500}]
    asked = server.requests("decide")[0].body
    assert (asked["tool"], asked["operation"]) == ("email", "send")
    assert asked["parameters"] == {"to": "bob@corp.example", "limit": 500}
    assert [one.body for one in server.requests("outcome")] == [
        {"status": "succeeded", "output": {"sent": "bob@corp.example"}}
    ]
    assert server.requests("claim") == []
    assert ending.last is not None
    assert ending.last.decision is Decision.ALLOW
    assert ending.last.receipt is not None
    assert (ending.last.changes, ending.last.note) == ((), "Executed as asked.")
    assert ending.last.outcome_error is None


@BOTH
def test_a_modified_action_runs_with_the_servers_parameters_and_says_so(
    server: ContractServer, guard: Guard, kind: Kind
) -> None:
    server.rulings["database.query"] = Ruling("MODIFY", changes={"limit": 100})
    ending = play(kind, guard, Call(tool="database.query"))
    assert ending.runs == [{"to": "bob@corp.example", "limit": 100}]
    assert ending.last is not None
    assert ending.last.changes == (Change(name="limit", before=500, after=100),)
    assert ending.last.note == "Executed with changes made by policy: limit → 100."


@BOTH
def test_an_action_that_needs_approval_waits_is_claimed_and_runs_once(
    server: ContractServer, client: Client, kind: Kind
) -> None:
    told: list[tuple[str | None, str | None, datetime | None]] = []
    guard = Guard(client, on_pending=lambda url, code, expires_at: told.append((url, code, expires_at)))
    server.rulings["email.send"] = Ruling("STEP_UP")
    server.on_poll = lambda decision_id: server.approve(decision_id, to="carol@corp.example")
    ending = play(kind, guard)
    assert ending.runs == [{"to": "carol@corp.example", "limit": 500}]
    assert [one.name for one in server.received] == ["sessions", "decide", "poll", "claim", "outcome"]
    assert server.requests("poll")[0].path.endswith("?wait=30")
    assert server.requests("claim")[0].body == {"action_digest": "sha256:" + "a" * 64}
    [(url, code, expires_at)] = told
    assert url == f"{server.url}/a/apr_2"
    assert code == "K7QF-2M9D-X4TB"
    assert expires_at == datetime(2030, 1, 2, 3, 4, 5, 678_000, tzinfo=UTC)
    assert ending.last is not None
    assert ending.last.note == 'Executed with changes made by a reviewer: to → "carol@corp.example".'


@BOTH
def test_a_guard_answers_what_a_reviewer_asks_and_runs_nothing_for_it(
    server: ContractServer, client: Client, kind: Kind
) -> None:
    server.rulings["email.send"] = Ruling("STEP_UP")
    server.on_poll = server.ask
    ending = play(kind, Guard(client, on_question=lambda question: f"You asked: {question.text}"))
    (said,) = server.requests("answers")
    assert said.body == {"question_id": "qst_1", "answer": "You asked: Why her?"}
    assert said.path.endswith(f"/decisions/{server.pending_id}/answers")
    assert len(server.requests("poll")) == 2
    assert len(ending.runs) == 1


@BOTH
def test_a_lost_answer_to_the_claim_is_fetched_again_under_the_same_key(
    server: ContractServer, guard: Guard, kind: Kind
) -> None:
    server.rulings["email.send"] = Ruling("STEP_UP")
    server.on_poll = server.approve
    server.fail("claim", faults.dropped, times=1)
    ending = play(kind, guard)
    assert len(ending.runs) == 1
    keys = [one.idempotency_key for one in server.requests("claim")]
    assert len(keys) == 2
    assert keys[0] == keys[1] is not None


@BOTH
def test_a_claim_that_somebody_else_took_runs_nothing(server: ContractServer, guard: Guard, kind: Kind) -> None:
    server.rulings["email.send"] = Ruling("STEP_UP")
    server.on_poll = server.approve
    assert len(play(kind, guard).runs) == 1
    server.fail("claim", faults.problem(409, name="already_consumed"))
    ending = play(kind, guard)
    assert ending.runs == []
    assert isinstance(ending.error, RefusedError)
    assert (ending.error.status, ending.error.code) == (409, "already_consumed")


@BOTH
@pytest.mark.parametrize(
    ("state", "error"), [("DENIED", Denied), ("CANCELLED", Denied), ("REVOKED", Denied), ("EXPIRED", Expired)]
)
def test_an_approval_that_is_not_given_runs_nothing(
    server: ContractServer, guard: Guard, kind: Kind, state: str, error: type[Denied | Expired]
) -> None:
    server.rulings["email.send"] = Ruling("STEP_UP")
    server.on_poll = lambda decision_id: server.resolve(decision_id, effective="DENY", state=state)
    ending = play(kind, guard)
    assert ending.runs == []
    assert type(ending.error) is error
    assert server.requests("claim") == []


@BOTH
def test_an_approval_without_a_digest_to_claim_runs_nothing(server: ContractServer, guard: Guard, kind: Kind) -> None:
    server.rulings["email.send"] = Ruling("STEP_UP")
    server.on_poll = server.approve
    assert len(play(kind, guard).runs) == 1
    server.fail("poll", faults.without("action_digest"))
    ending = play(kind, guard)
    assert ending.runs == []
    assert isinstance(ending.error, ProtocolError)
    assert len(server.requests("claim")) == 1


@BOTH
def test_an_approval_that_expires_before_the_claim_runs_nothing(
    server: ContractServer, guard: Guard, kind: Kind
) -> None:
    server.rulings["email.send"] = Ruling("STEP_UP")
    server.on_poll = server.approve
    server.fail("claim", faults.problem(410, name="expired"))
    ending = play(kind, guard)
    assert ending.runs == []
    assert isinstance(ending.error, Expired)


@BOTH
def test_a_denial_carries_the_reason_and_the_receipt(server: ContractServer, guard: Guard, kind: Kind) -> None:
    server.rulings["email.send"] = Ruling("DENY")
    ending = play(kind, guard)
    assert ending.runs == []
    assert isinstance(ending.error, Denied)
    assert ending.error.reason == "The rule for email.send says DENY"
    assert ending.error.reason_code == "rule_matched"
    assert not ending.error.retryable
    assert ending.error.decision_id == "dec_2"
    assert ending.error.receipt is not None
    assert ending.error.receipt.id == "rct_2"
    assert str(ending.error).startswith("The action was denied: The rule for email.send says DENY.")
    assert server.requests("outcome") == []


@BOTH
def test_wait_return_raises_at_once_with_what_is_needed_to_go_on(
    server: ContractServer, guard: Guard, client: Client, kind: Kind
) -> None:
    server.rulings["email.send"] = Ruling("STEP_UP")
    ending = play(kind, guard, Call(options={"wait": "return"}))
    assert ending.runs == []
    assert isinstance(ending.error, Pending)
    assert server.requests("poll") == []
    assert ending.error.url == f"{server.url}/a/apr_2"
    assert ending.error.approval_code == "K7QF-2M9D-X4TB"
    assert ending.error.expires_at is not None
    server.approve(ending.error.decision_id)
    later = client.wait_for(ending.error.decision_id, request_digest=ending.error.request_digest)
    assert later.action_digest is not None
    assert client.claim(later.decision_id, action_digest=later.action_digest).parameters["to"] == "bob@corp.example"


@BOTH
def test_a_patience_that_ends_raises_pending(server: ContractServer, guard: Guard, kind: Kind) -> None:
    server.rulings["email.send"] = Ruling("STEP_UP")
    ending = play(kind, guard, Call(options={"wait": timedelta(milliseconds=50)}))
    assert ending.runs == []
    assert isinstance(ending.error, Pending)
    assert len(server.requests("poll")) >= 1


@BOTH
def test_a_deferral_without_page_or_code_tells_when_it_ends(server: ContractServer, guard: Guard, kind: Kind) -> None:
    told: list[object] = []
    options = {"wait": "return", "on_pending": lambda *known: told.extend(known)}
    server.rulings["credentials.rotate"] = Ruling("DEFER")
    ending = play(kind, guard, Call(tool="credentials.rotate", options=options))
    assert isinstance(ending.error, Pending)
    assert told == [None, None, datetime(2030, 1, 2, 3, 4, 5, 678_000, tzinfo=UTC)]


@BOTH
def test_a_function_that_fails_is_reported_by_class_only_and_raises_its_own_error(
    server: ContractServer, guard: Guard, kind: Kind
) -> None:
    ending = play(kind, guard, Call(raising=MailError))
    assert isinstance(ending.error, MailError)
    assert [one.body for one in server.requests("outcome")] == [{"status": "failed", "error": "MailError"}]


@BOTH
def test_an_interrupt_leaves_the_outcome_unknown(server: ContractServer, guard: Guard, kind: Kind) -> None:
    ending = play(kind, guard, Call(raising=KeyboardInterrupt))
    assert isinstance(ending.error, KeyboardInterrupt)
    assert [one.body for one in server.requests("outcome")] == [{"status": "unknown", "error": "KeyboardInterrupt"}]


@BOTH
def test_a_report_that_fails_does_not_hide_the_result_but_shows(
    server: ContractServer, guard: Guard, kind: Kind, caplog: pytest.LogCaptureFixture
) -> None:
    server.fail("outcome", faults.problem(503, name="unavailable"))
    ending = play(kind, guard)
    assert ending.result == {"sent": "bob@corp.example"}
    assert ending.last is not None
    assert isinstance(ending.last.outcome_error, Unavailable)
    [record] = [one for one in caplog.records if one.name == "aarm"]
    assert record.levelno == logging.WARNING
    assert "was not reported" in record.getMessage()


@BOTH
def test_a_report_that_fails_does_not_hide_the_functions_error(
    server: ContractServer, guard: Guard, kind: Kind
) -> None:
    server.fail("outcome", faults.content(b"garbage"))
    assert isinstance(play(kind, guard, Call(raising=MailError)).error, MailError)


def test_last_never_describes_an_earlier_call(server: ContractServer, guard: Guard) -> None:
    @guard("email.send")
    def send(to: str) -> str:
        assert guard.last is not None
        return to

    with guard.session(session_id="ses_1"):
        assert send("bob@corp.example") == "bob@corp.example"
        assert guard.last is not None
        server.rulings["email.send"] = Ruling("DENY")
        with pytest.raises(Denied):
            send("bob@corp.example")
        assert guard.last is None
