"""Requests as the selectors hand them to the pages, without a database behind them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from approvals.lifecycle.quorum import Ballot, Stage, Verdict, tally
from approvals.lifecycle.snapshot import Provenance, RiskLevel, Snapshot, Source
from approvals.lifecycle.states import State
from approvals.models import ApprovalRequest
from approvals.selectors import ShownRequest, ShownVote

NOW = datetime(2026, 11, 3, 14, 0, tzinfo=UTC)
SNAPSHOT = Snapshot(
    tool="email",
    operation="send",
    parameters={"to": "ana@partner.example", "subject": "Q4"},
    original_request="Send the deck.",
    request_provenance=Provenance.ATTESTED,
    agent="demo-agent",
    session="ses_1",
    consequence="Sends an e-mail to ana@partner.example.",
    reason="It leaves the company.",
    policy_id="demo",
    policy_version="1",
    policy_hash="sha256:" + "0" * 64,
    risk_level=RiskLevel.HIGH,
    source=Source.STEP_UP,
    rule_id="email-outside",
    human="alice@corp.example",
    nonce="secret",
)


def snapshot(**changes: Any) -> Snapshot:
    return replace(SNAPSHOT, **changes)


def request(**columns: Any) -> ApprovalRequest:
    """A row that was never saved."""
    given = {"opened_at": NOW - timedelta(hours=1), "expires_at": NOW + timedelta(hours=1)} | columns
    return ApprovalRequest(id="apr_1", tool="email", operation="send", **given)


def said(name: str, verdict: Verdict = Verdict.APPROVE) -> ShownVote:
    words: dict[str, Any] = {"reason": "", "private_note": "", "why_not": ""}
    return ShownVote(name=name, verdict=verdict, at=NOW, surface="web", verified_by="session", **words)


def shown(state: State, *, row: ApprovalRequest | None = None, votes: tuple[ShownVote, ...] = ()) -> ShownRequest:
    ballots = [Ballot(person=vote.name, verdict=Verdict(vote.verdict), groups=frozenset({"team"})) for vote in votes]
    return ShownRequest(
        row=row or request(),
        state=state,
        snapshot=SNAPSHOT.to_dict(),
        tally=tally((Stage("team", 2),), ballots=ballots, requester=None),
        votes=votes,
        why_not="",
        at=NOW,
    )
