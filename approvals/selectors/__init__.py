"""Reading requests and who may decide them."""

from approvals.selectors.gaps import gaps_ahead
from approvals.selectors.lists import Inbox, ListedRequest, inbox_of
from approvals.selectors.people import names_of
from approvals.selectors.persons import is_same_person
from approvals.selectors.requests import (
    ShownRequest,
    ShownVote,
    approval_answer,
    open_among,
    page_of,
    pending_count_for,
    pending_for,
    request_for,
    shown_to,
    visible_to,
    waiting_for,
)
from approvals.selectors.roster import has_enough_reviewers, reviewers_by_group
from approvals.selectors.standing import current_tally, newest_of, state_at

__all__ = [
    "Inbox",
    "ListedRequest",
    "ShownRequest",
    "ShownVote",
    "approval_answer",
    "current_tally",
    "gaps_ahead",
    "has_enough_reviewers",
    "inbox_of",
    "is_same_person",
    "names_of",
    "newest_of",
    "open_among",
    "page_of",
    "pending_count_for",
    "pending_for",
    "request_for",
    "reviewers_by_group",
    "shown_to",
    "state_at",
    "visible_to",
    "waiting_for",
]
