"""People, requests for their approval, their votes, and what is still to be announced."""

from approvals.models.deliveries import OutboxEvent
from approvals.models.people import SignInLink, User
from approvals.models.requests import ApprovalRequest
from approvals.models.votes import Vote

__all__ = ["ApprovalRequest", "OutboxEvent", "SignInLink", "User", "Vote"]
