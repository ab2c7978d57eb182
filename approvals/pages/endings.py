"""How a request ended, in sentences: a table from its state to words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from approvals.lifecycle.quorum import Verdict
from approvals.lifecycle.states import State
from approvals.selectors import ShownRequest, ShownVote


@dataclass(frozen=True, slots=True)
class Ending:
    """How a request ended, in two tracks: the approval, and what the agent made of it."""

    kind: str
    sentence: str
    operation: str = ""


def instant(at: datetime, *, now: datetime) -> str:
    """`14:03 UTC`, with the date unless it is today."""
    return at.strftime("%H:%M UTC") if at.date() == now.date() else at.strftime("%Y-%m-%d %H:%M UTC")


def people(names: Sequence[str]) -> str:
    """`Ana`, `Ana and Bob`, `Ana, Bob and Carol`."""
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))


_REPORTS = {
    "succeeded": "The agent reports that it succeeded.",
    "failed": "The agent reports that it failed.",
    "unknown": "The agent doesn't know how it ended.",
}


def ending_of(shown: ShownRequest, *, reported: str) -> Ending | None:
    """The outcome, or nothing while it is pending. `reported` is what the agent said came of it, if anything."""
    tell = _ENDINGS.get(shown.state)
    return None if tell is None else tell(shown, reported)


def _by(votes: Iterable[ShownVote], verdict: Verdict) -> str:
    names = people([vote.name for vote in votes if vote.verdict == verdict])
    return f" by {names}" if names else ""


def _resolved(shown: ShownRequest) -> str:
    at = shown.row.resolved_at
    return f" {instant(at, now=shown.at)}" if at else ""


def _approved_by(shown: ShownRequest) -> str:
    answer = shown.answered_by
    if answer is not None:
        return f"Approved{_resolved(shown)} by a grant of {people(answer.by)}, use {answer.use} of {answer.uses}"
    return f"Approved{_resolved(shown)}{_by(shown.votes, Verdict.APPROVE)}"


def _held(shown: ShownRequest, reported: str) -> Ending:
    until = shown.row.release_at
    released = f" The agent is told at {instant(until, now=shown.at)}." if until else ""
    return Ending("wait", f"{_approved_by(shown)}.", f"It can still be undone.{released}")


def _approved(shown: ShownRequest, reported: str) -> Ending:
    until = shown.row.claim_expires_at
    valid = f", valid until {instant(until, now=shown.at)}" if until else ""
    return Ending("good", f"{_approved_by(shown)}{valid}.", "The agent has not resumed yet.")


def _claimed(shown: ShownRequest, reported: str) -> Ending:
    report = _REPORTS.get(reported, "The agent has taken it up.")
    return Ending("bad" if reported == "failed" else "good", f"{_approved_by(shown)}.", report)


def _denied(shown: ShownRequest, reported: str) -> Ending:
    return Ending("bad", f"Denied{_resolved(shown)}{_by(shown.votes, Verdict.DENY)}.", "The agent may not run it.")


def _expired(shown: ShownRequest, reported: str) -> Ending:
    until = shown.row.claim_expires_at
    if until is not None:
        words = f"Approved, but the agent did not resume by {instant(until, now=shown.at)}."
        return Ending("bad", words, "The approval can no longer be used.")
    missing = "Too few answered" if shown.votes else "Nobody answered"
    expired = instant(shown.row.expires_at, now=shown.at)
    return Ending("bad", f"Expired {expired} and denied. {missing}.", "The agent may not run it.")


def _cancelled(shown: ShownRequest, reported: str) -> Ending:
    by = shown.row.resolution.removeprefix("withdrawn_by_")
    who = f" by the {by}" if by in {"agent", "host"} else ""
    return Ending("wait", f"Withdrawn{_resolved(shown)}{who}.", "Nothing is left to decide.")


def _superseded(shown: ShownRequest, reported: str) -> Ending:
    return Ending("wait", f"Replaced{_resolved(shown)} by a newer request.", "Approvals do not carry over.")


def _revoked(shown: ShownRequest, reported: str) -> Ending:
    return Ending("bad", f"Revoked{_resolved(shown)}.", "The approval can no longer be used.")


_ENDINGS = {
    State.HELD: _held,
    State.APPROVED: _approved,
    State.CLAIMED: _claimed,
    State.DENIED: _denied,
    State.EXPIRED: _expired,
    State.CANCELLED: _cancelled,
    State.SUPERSEDED: _superseded,
    State.REVOKED: _revoked,
}
