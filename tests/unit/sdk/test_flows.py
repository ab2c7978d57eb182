"""Waiting and repeating, played by hand: the flows do no I/O, so no time has to pass."""

from __future__ import annotations

import json
from typing import Any

import pytest

from aarm import Effective, ProtocolError, Question, Unavailable, flows
from aarm.answers import Lost, Reply
from aarm.calls import Call, post
from aarm.flows import Flow, Pause

OURS = "sha256:" + "1" * 64


def pending(**headers: float) -> Reply:
    return Reply(200, json.dumps(answer()).encode(), **headers)


def answer(**changed: Any) -> dict[str, Any]:
    """A STEP_UP that waits."""
    return {
        "decision_id": "dec_1",
        "decision": "STEP_UP",
        "effective": "PENDING",
        "request_digest": OURS,
        **changed,
    }


def allowed() -> Reply:
    found = answer(effective="ALLOW", parameters={}, receipt={"id": "rct_1", "digest": OURS})
    return Reply(200, json.dumps(found).encode())


def wait(**options: Any) -> Flow[Any]:
    return flows.wait_for("dec_1", request_digest=OURS, **options)


def ended(flow: Flow[Any], result: Reply | Lost | None) -> Any:
    with pytest.raises(StopIteration) as done:
        flow.send(result)
    return done.value.value


def pause_after(flow: Flow[Any], result: Reply | Lost) -> float:
    step = flow.send(result)
    assert isinstance(step, Pause)
    return step.seconds


def test_a_long_poll_is_repeated_until_the_decision_is_final() -> None:
    flow = wait()
    step = next(flow)
    assert isinstance(step, Call)
    assert (step.path, step.hold_seconds) == ("/api/v1/decisions/dec_1?wait=30", 30)
    assert 0 < pause_after(flow, pending()) <= flows.MIN_POLL_INTERVAL_SECONDS
    assert isinstance(flow.send(None), Call)
    assert ended(flow, allowed()).effective is Effective.ALLOW


def test_what_a_reviewer_asks_is_answered_once_and_the_waiting_goes_on() -> None:
    asked = {"id": "qst_1", "text": "Why her?", "asked_at": "2030-01-02T03:04:05Z", "answered": False}
    settled = asked | {"id": "qst_2", "answered": True}
    silent = asked | {"id": "qst_3", "text": "And?"}
    reply = Reply(200, json.dumps(answer(questions=[asked, settled, silent])).encode())
    heard: list[str] = []

    def say(question: Question) -> str | None:
        heard.append(question.text)
        return "Alice named her." if question.text == "Why her?" else None

    flow = wait(on_question=say)
    next(flow)
    said = flow.send(reply)
    assert isinstance(said, Call)
    assert (said.path, said.body) == (
        "/api/v1/decisions/dec_1/answers",
        b'{"answer":"Alice named her.","question_id":"qst_1"}',
    )
    # Somebody answered in its place, which is no reason to stop waiting.
    assert isinstance(flow.send(Reply(409, b"{}")), Pause)
    flow.send(None)
    assert isinstance(flow.send(reply), Pause)
    flow.send(None)
    assert heard == ["Why her?", "And?"]
    assert ended(flow, allowed()).effective is Effective.ALLOW


def test_questions_that_cannot_be_read_are_no_answer_of_this_server() -> None:
    for wrong in ("Why?", ["Why?"], [{"id": "../x"}]):
        flow = wait()
        next(flow)
        with pytest.raises(ProtocolError):
            flow.send(Reply(200, json.dumps(answer(questions=wrong)).encode()))


def test_retry_after_is_honoured_while_waiting() -> None:
    flow = wait()
    next(flow)
    assert pause_after(flow, pending(retry_after_seconds=7)) == 7


def test_a_pause_does_not_outlast_the_deadline() -> None:
    flow = wait(timeout_seconds=3)
    step = next(flow)
    assert isinstance(step, Call)
    assert step.path.endswith("?wait=2")
    assert pause_after(flow, pending(retry_after_seconds=7)) <= 3


def test_the_last_look_after_the_deadline_is_what_counts() -> None:
    for last, effective in ((pending(), Effective.PENDING), (allowed(), Effective.ALLOW)):
        flow = wait(timeout_seconds=0)
        step = next(flow)
        assert isinstance(step, Call)
        assert step.path == "/api/v1/decisions/dec_1"
        assert ended(flow, last).effective is effective


def test_a_restart_of_the_server_strands_no_waiter() -> None:
    flow = wait()
    next(flow)
    for delay in flows.BACKOFF_SECONDS:
        assert pause_after(flow, Lost("refused", is_unsent=True)) == delay
        assert isinstance(flow.send(None), Call)
    assert pause_after(flow, Lost("refused", is_unsent=True)) == flows.OUTAGE_PAUSE_SECONDS
    assert isinstance(flow.send(None), Call)
    assert ended(flow, allowed()).effective is Effective.ALLOW


def test_a_long_outage_ends_the_waiting_without_an_allow() -> None:
    flow = wait(outage_seconds=0)
    next(flow)
    for _ in flows.BACKOFF_SECONDS:
        pause_after(flow, Lost("refused", is_unsent=True))
        flow.send(None)
    with pytest.raises(Unavailable, match="refused"):
        flow.send(Lost("refused", is_unsent=True))


def test_a_call_without_key_is_sent_again_only_if_it_never_left() -> None:
    unsent = flows.exchange(post("sessions", body={}))
    next(unsent)
    assert pause_after(unsent, Lost("refused", is_unsent=True)) == flows.BACKOFF_SECONDS[0]
    sent = flows.exchange(post("sessions", body={}))
    next(sent)
    with pytest.raises(Unavailable, match="reset"):
        sent.send(Lost("reset", is_unsent=False))


def test_a_retry_waits_as_long_as_the_server_asks_within_reason() -> None:
    flow = flows.exchange(post("x", body={}, idempotency_key="idk_1"))
    next(flow)
    assert pause_after(flow, Reply(503, b"", retry_after_seconds=3)) == 3
    flow.send(None)
    with pytest.raises(Unavailable):
        flow.send(Reply(503, b"", retry_after_seconds=flows.MAX_RETRY_PAUSE_SECONDS + 1))


def test_what_an_answer_may_leave_out_is_left_out() -> None:
    flow = flows.get_decision("dec_1", request_digest=OURS)
    next(flow)
    bare = answer(approval={"id": "apr_1", "state": "PENDING"})
    found = ended(flow, Reply(200, json.dumps(bare).encode()))
    assert found.waiting.expires_at is found.waiting.url is found.waiting.code is None
    assert (found.reason, found.reason_code, found.receipt) == ("", "", None)


def test_keys_are_fresh() -> None:
    assert len({flows.new_key() for _ in range(100)}) == 100
