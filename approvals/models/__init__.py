"""People, requests for their approval, their votes, what is still to be announced, and who changed what."""

from approvals.models.administration import AdminChange, Change
from approvals.models.attention import AttentionMiss
from approvals.models.deliveries import OutboxEvent
from approvals.models.passkeys import PasskeyChallenge
from approvals.models.people import SignInLink, User
from approvals.models.requests import ApprovalRequest
from approvals.models.votes import Vote

__all__ = [
    "AdminChange",
    "ApprovalRequest",
    "AttentionMiss",
    "Change",
    "OutboxEvent",
    "PasskeyChallenge",
    "SignInLink",
    "User",
    "Vote",
]
