"""AARM for agents: ask before acting, act only on a yes, report what came of it."""

from aarm.client import AsyncClient, Client
from aarm.errors import (
    AarmError,
    ConfigurationError,
    Denied,
    Expired,
    NotAllowedError,
    NotJsonError,
    Pending,
    ProtocolError,
    RefusedError,
    Unavailable,
)
from aarm.guard import Guard
from aarm.guarded import Change, Guarded
from aarm.records import (
    Claim,
    Decision,
    Effective,
    OutcomeStatus,
    Question,
    ReceiptReference,
    Session,
    Verdict,
    Waiting,
)

__version__ = "0.1.0"

__all__ = [
    "AarmError",
    "AsyncClient",
    "Change",
    "Claim",
    "Client",
    "ConfigurationError",
    "Decision",
    "Denied",
    "Effective",
    "Expired",
    "Guard",
    "Guarded",
    "NotAllowedError",
    "NotJsonError",
    "OutcomeStatus",
    "Pending",
    "ProtocolError",
    "Question",
    "ReceiptReference",
    "RefusedError",
    "Session",
    "Unavailable",
    "Verdict",
    "Waiting",
    "__version__",
]
