"""People and the routes to them, requests for their approval, their votes, what is still to be announced and done."""

from approvals.models.administration import AdminChange, Change
from approvals.models.asking import Asking, Timer
from approvals.models.attention import AttentionMiss
from approvals.models.deliveries import OutboxEvent
from approvals.models.grants import Grant
from approvals.models.looking import Looking
from approvals.models.marks import Mark
from approvals.models.passkeys import PasskeyChallenge
from approvals.models.people import SignInLink, User
from approvals.models.questions import Answer, Question
from approvals.models.requests import ApprovalRequest
from approvals.models.reveals import Reveal
from approvals.models.routes import Cover, Delegation, Schedule, Stander, Turn
from approvals.models.votes import Vote

__all__ = [
    "AdminChange",
    "Answer",
    "ApprovalRequest",
    "Asking",
    "AttentionMiss",
    "Change",
    "Cover",
    "Delegation",
    "Grant",
    "Looking",
    "Mark",
    "OutboxEvent",
    "PasskeyChallenge",
    "Question",
    "Reveal",
    "Schedule",
    "SignInLink",
    "Stander",
    "Timer",
    "Turn",
    "User",
    "Vote",
]
