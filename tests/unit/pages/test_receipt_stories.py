"""What a receipt's page tells, read from the signed body."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from receipts.pages import KINDS, ids_in, report_of, sections_of, story_of, values_for
from receipts.pages.bodies import text_at, value_at
from receipts.pages.checks import CheckReport, CheckState
from receipts.pages.facts import Fact
from receipts.selectors import Check
from receipts.signing.algorithms import Algorithm
from receipts.signing.statement import ReceiptType, Statement

BODY: dict[str, Any] = {
    "action": {"id": "act_1", "tool": "email", "operation": "send", "action_digest": "sha256:1"},
    "identity": {"agent": "agt_1", "human": "hum_1", "host": None, "scope": ["mail:send", "mail:read"]},
    "decision": {"result": "ALLOW", "reason": "Within the company.", "policy": {"id": "demo", "version": "1"}},
    "vote": {"approver": "usr_1", "verdict": "deny", "groups": ["security-team"]},
    "deferral": {"needs": ["maintenance_window"], "state": "ALLOWED"},
}
NAMES = {"agt_1": "demo-agent", "hum_1": "alice@corp.example", "usr_1": "bob"}


def statement(kind: ReceiptType, **sections: Any) -> Statement:
    return Statement(
        id="rct_1", type=kind, stream="session/s", position=1, previous=None,
        issued_at=datetime(2026, 11, 3, tzinfo=UTC), key_id="k", algorithm=Algorithm.ED25519, deployment="aarm",
        body=BODY | sections,
    )  # fmt: skip


def story(kind: ReceiptType, **sections: Any) -> tuple[str, ...]:
    return story_of(statement(kind, **sections), names=NAMES)


def test_every_kind_of_receipt_has_a_name_and_a_story() -> None:
    assert set(KINDS) == set(ReceiptType)
    for kind in ReceiptType:
        first = story(kind)[0]
        assert first.endswith(".")
        assert story_of(Statement(**{**_members(statement(kind)), "body": {}}), names={}), "an empty body is no failure"


def _members(found: Statement) -> dict[str, Any]:
    return {name: getattr(found, name) for name in Statement.__dataclass_fields__}


@pytest.mark.parametrize(
    ("result", "words"),
    [
        ("ALLOW", "email.send was allowed."),
        ("DENY", "email.send was denied."),
        ("MODIFY", "email.send was allowed with changes."),
        ("STEP_UP", "email.send was put before a human."),
        ("DEFER", "email.send was deferred until more is known."),
        ("NEWER", "email.send was decided."),
    ],
)
def test_a_decision_is_told_by_its_result(result: str, words: str) -> None:
    decision = BODY["decision"] | {"result": result}
    assert story(ReceiptType.DECISION, decision=decision) == (
        words,
        "demo-agent asked for it on behalf of alice@corp.example.",
        "Within the company.",
    )


def test_a_vote_is_told_by_who_cast_it() -> None:
    assert story(ReceiptType.VOTE)[0] == "bob denied email.send."
    assert story(ReceiptType.VOTE, vote={"verdict": "approve"})[0] == "Somebody approved email.send."


@pytest.mark.parametrize(
    ("kind", "status", "words"),
    [
        (ReceiptType.APPROVAL_TERMINAL, "EXPIRED", "The request for email.send expired, which denies it."),
        (ReceiptType.DEFERRAL_TERMINAL, "ESCALATED", "The deferred action email.send was put before a human."),
        (ReceiptType.APPROVAL_TERMINAL, "NEWER", "The request for email.send ended."),
        (ReceiptType.OUTCOME, "failed", "demo-agent ran email.send and reports that it failed."),
        (ReceiptType.OUTCOME, "newer", "demo-agent ran email.send and reports an outcome."),
        (ReceiptType.CLAIM, "CLAIMED", "demo-agent took up email.send."),
        (ReceiptType.CLAIM_REFUSED, "DENY", "demo-agent tried to take up email.send and was refused."),
    ],
)
def test_what_follows_is_told_by_its_status(kind: ReceiptType, status: str, words: str) -> None:
    assert story(kind, outcome={"status": status})[0] == words


def test_a_policy_is_told_by_who_published_it() -> None:
    policy = {"id": "demo", "version": "2"}
    words = "bob published the policy demo version 2."
    assert story(ReceiptType.POLICY_PUBLISHED, policy=policy, actor={"person": "usr_1"})[0] == words
    words = "The set-up published the policy demo version 2."
    assert story(ReceiptType.POLICY_PUBLISHED, policy=policy, actor={"person": None})[0] == words


def test_who_has_no_name_any_more_is_told_by_the_signed_id() -> None:
    assert story_of(statement(ReceiptType.VOTE), names={})[0] == "usr_1 denied email.send."


def test_members_are_read_by_path_and_absent_ones_are_nothing() -> None:
    assert value_at(BODY, "decision.policy.id") == "demo"
    assert value_at(BODY, "decision.policy.id.deeper") is None
    assert value_at(BODY, "nothing.here") is None
    assert text_at(BODY, "identity.scope") == "mail:send, mail:read"
    assert text_at(BODY, "decision.policy") == '{"id":"demo","version":"1"}'
    assert text_at(BODY, "identity.host") == ""
    assert ids_in(BODY) == {"agt_1", "hum_1", "usr_1"}


def test_sections_hold_what_is_there_and_leave_out_what_is_not() -> None:
    sections = {section.title: section.rows for section in sections_of(BODY, names=NAMES)}
    assert list(sections) == ["Action", "Decision", "Vote", "Deferral", "Identity", "Policy"]
    assert Fact("Agent", "demo-agent (agt_1)") in sections["Identity"]
    assert Fact("Action digest", "sha256:1", is_code=True) in sections["Action"]
    assert [fact.term for fact in sections["Action"]] == ["Tool", "Operation", "Action", "Action digest"]


def test_a_report_counts_what_was_checked_and_not_what_was_erased() -> None:
    good, bad = Check(is_good=True, sentence="a"), Check(is_good=False, sentence="b")
    report = report_of([good, good], is_erased=True)
    assert (report.is_valid, report.sentence) == (True, "2 of 2 checks passed on this server")
    assert report.lines[-1].state is CheckState.SKIPPED
    report = report_of([good, bad], is_erased=False)
    assert (report.is_valid, report.sentence) == (False, "1 of 2 checks failed on this server")
    assert not CheckReport(()).is_valid, "no check is no pass"


@pytest.mark.parametrize(
    ("kind", "is_auditor", "shown", "withheld"),
    [
        ("vote", False, ["reason"], 1),
        ("vote", True, ["private_note", "reason"], 0),
        ("outcome", False, [], 2),
        ("outcome", True, ["private_note", "reason"], 0),
    ],
)
def test_values_are_for_those_who_may_see_them(kind: str, is_auditor: bool, shown: list[str], withheld: int) -> None:
    values = {"reason": "Because.", "private_note": "Between us.", "empty": ""}
    found = values_for(values, kind=kind, is_auditor=is_auditor)
    assert ([item.path for item in found.shown], found.withheld) == (shown, withheld)
